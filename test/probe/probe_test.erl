%% SPDX-License-Identifier: Apache-2.0
%%
%% Tests of the probe against real nodes. The node that runs this program watches nothing itself: it starts a *subject*, the node to
%% be watched, and *watchers*, hidden nodes that stand in for arsenal's C node, and talks to them over their standard input and output,
%% so that no connection exists but the one under test.
%%
%%     erl -noshell -pa DIR -eval 'probe_test:main("DIR/arsenal_probe_<hash>.beam", "DEMO_DIR")'
%%
%% DEMO_DIR holds the beams of the demo application, whose faults are watched as well.
-module(probe_test).

-export([main/2, main/3]).
%% Run on the watcher's node:
-export([watch/3, watcher/3, watched/1, counted/1]).
%% Run on the subject:
-export([hang_files/1, count_canaries/2, thrown_by/3, start_link_worker/1, start_link_failing/2, init/1, in_subject/2, footprint/1, hold/1,
         holder_info/1, stop_own/2]).

%% For the tests in other files:
-export([call/4, call/5, with_watcher/2, attach/3, messages/3, restarts/3, restarts_so_far/2, until/2, supervisor/4, stop_supervisors/2,
         worker/2, crash/4, crash_by/5, tell/3, with_node/3, ticks/2, walks/2, metric/2, clean_within/3]).

-define(SUBJECT_COOKIE, "probe_test").

main(Beam, DemoDir) ->
    main(Beam, DemoDir, tests() ++ walk_test:tests() ++ groups_test:tests()).

main(Beam, DemoDir, Tests) ->
    try run(Beam, filename:absname(DemoDir), Tests) of
        Failed -> halt(min(Failed, 1))
    catch
        Class:Reason:Stack ->
            io:format("probe: ~p~n", [{Class, Reason, Stack}]),
            halt(1)
    end.

run(Beam, DemoDir, Tests) ->
    {module, Module} = lists:keyfind(module, 1, beam_lib:info(Beam)),
    {ok, Code} = file:read_file(Beam),
    Env = start_epmd(#{module => Module, beam => Beam, code => Code, demo => DemoDir}),
    Results = try
                  Subject = start_node(subject, Env),
                  prepare_subject(Subject, Env),
                  [run_test(Test, Env#{subject => Subject}) || Test <- Tests]
              after
                  %% Peers end by themselves when their standard input is closed.
                  stop_epmd(Env)
              end,
    Count = fun(Outcome) -> length([x || Result <- Results, Result =:= Outcome]) end,
    io:format("probe: ~b passed, ~b failed, ~b skipped~n", [Count(passed), Count(failed), Count(skipped)]),
    Count(failed).

tests() ->
    [{"attach, ticks, detach", fun attach_and_detach/1},
     {"a large node keeps the module, and nothing else", fun large_node_keeps_the_module/1},
     {"a node that stops in order says so", fun stop_is_told/1},
     {"where the crash dump would be", fun crash_dump_is_told/1},
     {"applications and their versions", fun applications_are_told/1},
     {"files that hang do not stop the ticks", fun files_hang/1},
     {"watcher node killed", fun watcher_killed/1},
     {"restarts of permanent, transient and temporary children", fun restarts_by_type/1},
     {"DynamicSupervisor", fun dynamic_supervisor/1},
     {"supervisor2", fun supervisor2/1},
     {"reports of the error_logger kind", fun error_logger_reports/1},
     {"start_error and gave_up", fun start_error_and_gave_up/1},
     {"the filter stays first", fun filter_stays_first/1},
     {"levels that mute", fun muted/1},
     {"the trace sees what the levels stop", fun traces/1},
     {"the trace gives way to another tracer", fun gives_way/1},
     {"the canary is in no log, whatever the level", fun canary_is_quiet/1},
     {"what the canary did not see is not seen", fun canary_unseen/1},
     {"another arsenal's canary is left to its own filter", fun canary_of_another/1},
     {"terms of every kind are cut", fun terms_are_cut/1},
     {"a flood of restarts", fun flood/1},
     {"a flood for a watcher that does not take it is folded", fun folded/1},
     {"no acknowledgement: disconnected", fun no_ack/1},
     {"an answer that a late holder has not read yet counts", fun late_holder/1},
     {"a watcher node that is stopped stalls nobody", fun stopped_watcher/1},
     {"the walk finds the long queue", fun walk_finds/1},
     {"tables, those without a name counted together", fun surveyed_tables/1},
     {"links of the distribution", fun surveyed_links/1},
     {"allocators", fun surveyed_allocators/1},
     {"two watchers", fun two_watchers/1},
     {"attaches at once share a holder", fun attach_at_once/1},
     {"wrong options", fun wrong_options/1},
     {"a killed holder leaves no filter", fun holder_killed/1},
     {"no atoms grow", fun atoms_stay/1},
     {"what it costs", fun cost/1},
     {"the log stays silent", fun silent_log/1},
     {"the demo's faults happen", fun demo_faults/1},
     {"the demo ends with its standard input", fun demo_ends/1}] ++ supervisors_test:tests() ++ requests_test:tests().

run_test({Name, Test}, Env) ->
    Begin = now_ms(),
    {Outcome, Note} = try Test(Env) of
                          {skipped, Why} -> {skipped, Why};
                          {ok, Text} -> {passed, Text};
                          _ -> {passed, ""}
                      catch
                          Class:Reason:Stack -> {failed, io_lib:format("~tP", [{Class, Reason, Stack}, 60])}
                      end,
    io:format("~-8s ~s (~b ms) ~ts~n", [Outcome, Name, now_ms() - Begin, Note]),
    settle(Env, Outcome),
    Outcome.

%% Whatever a test did, the next one finds the subject without a probe.
settle(#{subject := Subject, module := Module}, Outcome) ->
    case clean_within(Subject, Module, 10000) of
        {still_there, What} when Outcome =/= failed -> io:format("         of the probe there is still: ~p~n", [What]);
        _ -> ok
    end.

%%% ------------------------------------------------------------------ the tests

attach_and_detach(#{subject := Subject, module := Module} = Env) ->
    Before = call(Subject, ?MODULE, footprint, [Module]),
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, Holder, Info}} = attach(Watcher, Env, #{interval => 100}),
        {whole, log_filter} = {maps:get(restart_capture, Info), maps:get(capture_source, Info)},
        <<>> = maps:get(capture_note, Info),
        true = maps:get(otp_release, Info) =:= list_to_binary(erlang:system_info(otp_release)),
        true = is_integer(maps:get(os_pid, Info)),
        ok = until(fun() -> length(ticks(Watcher, Pid)) >= 15 andalso metric(alloc_blocks_bytes, ticks(Watcher, Pid)) =/= undefined end, 20000),
        [{arsenal_tick, 1, _, _, _, _} | _] = Ticks = ticks(Watcher, Pid),
        {arsenal_tick, Seq, Time, Metrics, Schedulers, _} = lists:last(Ticks),
        true = Seq >= 15,
        true = abs(Time - erlang:system_time(millisecond)) < 5000,
        true = lists:all(fun({Name, Value}) -> is_atom(Name) andalso is_number(Value) end, Metrics),
        [] = [Name || Name <- metric_names(), not lists:keymember(Name, 1, Metrics)],
        true = length(Metrics) =:= length(lists:ukeysort(1, Metrics)),
        [{1, _, _} | _] = Schedulers,
        true = length(Schedulers) =:= maps:get(schedulers_online, Info),
        true = metric(mq_scanned, Ticks) > 20,
        true = metric(rss_bytes, Ticks) < metric(memory_limit, Ticks),
        {group_leader, Leader} = call(Subject, erlang, process_info, [Holder, group_leader]),
        true = node(Leader) =:= node(Holder),
        #{holder := true, filter_first := true} = call(Subject, ?MODULE, footprint, [Module]),
        Pid ! stop,
        tell(Watcher, Pid, detach),
        true = clean_within(Subject, Module, 10000)
    end),
    After = call(Subject, ?MODULE, footprint, [Module]),
    {Before, Before} = {Before, After},
    ok.

%% To purge it would have every process run. With fewer processes it goes as ever.
large_node_keeps_the_module(#{module := Module} = Env) ->
    with_node(subject, Env, fun(Subject) ->
        Idle = call(Subject, walk_test, on_subject, [idle, 50000], 60000),
        Large = Env#{subject => Subject},
        attach_and_go(Large),
        true = {still_there, [loaded]} =:= clean_within(Subject, Module, 1000),
        attach_and_go(Large),
        true = {still_there, [loaded]} =:= clean_within(Subject, Module, 1000),
        call(Subject, walk_test, on_subject, [stop, Idle]),
        ok = until(fun() -> call(Subject, erlang, system_info, [process_count]) < 1000 end, 20000),
        attach_and_go(Large),
        true = clean_within(Subject, Module, 10000),
        ok
    end).

stop_is_told(Env) ->
    with_node(subject, Env, fun(Subject) ->
        with_watcher(Env, fun(Watcher) ->
            {Pid, {ok, _, _}} = attach(Watcher, Env#{subject => Subject}, #{interval => 200}),
            [] = messages(Watcher, Pid, arsenal_stopping),
            call(Subject, init, stop, []),
            ok = until(fun() -> messages(Watcher, Pid, arsenal_stopping) =/= [] end, 20000),
            [{arsenal_stopping, Time}] = messages(Watcher, Pid, arsenal_stopping),
            true = abs(Time - erlang:system_time(millisecond)) < 5000,
            ok
        end)
    end).

%% What is loaded is told when somebody attaches, in order, and as much as there is room for.
applications_are_told(Env) ->
    with_node(subject, Env, fun(Subject) ->
        with_watcher(Env, fun(Watcher) ->
            Told = fun() ->
                       {Pid, {ok, _, Info}} = attach(Watcher, Env#{subject => Subject}, #{interval => 1000}),
                       Pid ! stop,
                       maps:get(applications, Info)
                   end,
            Split = fun(Text) -> binary:split(Text, <<"\n">>, [global, trim]) end,
            Load = fun(Name, Version) -> call(Subject, application, load, [{application, Name, [{vsn, Version}]}]) end,
            ok = Load(shop, "1.4.2"),
            Some = Told(),
            true = string:find(Some, "\n\n") =:= nomatch,
            Lines = Split(Some),
            true = lists:member(<<"shop 1.4.2">>, Lines),
            true = lists:any(fun(Line) -> string:prefix(Line, "kernel ") =/= nomatch end, Lines),
            true = Lines =:= lists:sort(Lines),
            [ok = Load(list_to_atom("app" ++ integer_to_list(N)), lists:duplicate(40, $1)) || N <- lists:seq(1, 200)],
            Many = Told(),
            true = byte_size(Many) =< 4001,
            <<"\n\n">> = binary:part(Many, byte_size(Many), -2),
            true = length(Split(Many)) > 50,
            ok = Load(zzz_bad, [$1, {no, text}]),
            true = length(Split(Told())) > 50,
            ok
        end)
    end).

crash_dump_is_told(Env) ->
    with_node(subject, Env, fun(Subject) ->
        with_watcher(Env, fun(Watcher) ->
            Told = fun() ->
                       {Pid, {ok, _, Info}} = attach(Watcher, Env#{subject => Subject}, #{interval => 1000}),
                       Pid ! stop,
                       maps:get(crash_dump, Info, none)
                   end,
            {ok, Folder} = call(Subject, file, get_cwd, []),
            Default = Told(),
            true = Default =:= unicode:characters_to_binary(filename:join(Folder, "erl_crash.dump")),
            call(Subject, os, putenv, ["ERL_CRASH_DUMP", "/var/tmp/of.dump"]),
            <<"/var/tmp/of.dump">> = Told(),
            call(Subject, os, putenv, ["ERL_CRASH_DUMP", lists:duplicate(600, $x)]),
            none = Told(),
            ok
        end)
    end).

%% All schedulers for dirty I/O are stuck, as on a disk that does not answer.
files_hang(Env) ->
    with_node(subject, Env, fun(Subject) ->
        with_watcher(Env, fun(Watcher) ->
            {Pid, {ok, _, _}} = attach(Watcher, Env#{subject => Subject}, #{interval => 200}),
            ok = until(fun() -> metric(rss_bytes, ticks(Watcher, Pid)) =/= undefined end, 20000),
            Stuck = call(Subject, ?MODULE, hang_files, [15000]),
            ok = until(fun() -> is_missed(<<"/proc/self/status">>, Watcher, Pid) end, 20000),
            Seen = length(ticks(Watcher, Pid)),
            ok = until(fun() -> length(ticks(Watcher, Pid)) >= Seen + 5 end, 5000),
            undefined = metric(rss_bytes, ticks(Watcher, Pid)),
            [call(Subject, erlang, exit, [Each, kill]) || Each <- Stuck],
            ok = until(fun() -> metric(rss_bytes, ticks(Watcher, Pid)) =/= undefined end, 30000)
        end)
    end).

is_missed(What, Watcher, Pid) ->
    lists:any(fun(Notice) -> is_notice(warning, What, Notice) end, messages(Watcher, Pid, arsenal_notice)).

%% On the subject.
hang_files(Ms) ->
    [spawn(fun() -> erts_debug:dirty_io(wait, Ms) end) || _ <- lists:seq(1, 2 * erlang:system_info(dirty_io_schedulers))].

attach_and_go(Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        ok = until(fun() -> length(ticks(Watcher, Pid)) >= 1 end, 20000),
        tell(Watcher, Pid, detach)
    end).

metric_names() ->
    [vm_memory_total, vm_memory_processes, vm_memory_processes_used, vm_memory_system, vm_memory_atom, vm_memory_atom_used,
     vm_memory_binary, vm_memory_code, vm_memory_ets, process_count, process_limit, port_count, port_limit, atom_count, atom_limit,
     ets_count, ets_limit, run_queue, run_queue_all, dirty_cpu_run_queue, dirty_io_run_queue, active_tasks, io_input, io_output,
     gc_collections, gc_words_reclaimed, reductions, context_switches, runtime_ms, wallclock_ms, load1, load5, load15, memory_limit,
     memory_available, rss_bytes, open_fds, max_fds, schedulers, schedulers_online, dirty_cpu_schedulers, dirty_cpu_schedulers_online,
     dirty_io_schedulers, wordsize, mq_max, mq_average, mq_long, mq_scanned, mq_total, restart_capture, restart_capture_partial, dist_links, probe_reductions,
     probe_memory, probe_collect_us, probe_walk_us, probe_busy_us, dirty_cpu_active, dirty_cpu_total, dirty_io_active, dirty_io_total,
     socket_count, persistent_term_count, persistent_term_memory, module_count, logger_queue, alloc_carriers_bytes, alloc_blocks_bytes,
     alloc_external_bytes].

watcher_killed(#{subject := Subject, module := Module} = Env) ->
    Before = call(Subject, ?MODULE, footprint, [Module]),
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 100}),
        ok = until(fun() -> length(ticks(Watcher, Pid)) >= 3 end, 20000),
        kill_node(Watcher),
        Begin = now_ms(),
        true = clean_within(Subject, Module, 10000),
        Took = now_ms() - Begin,
        {Before, Before} = {Before, call(Subject, ?MODULE, footprint, [Module])},
        {ok, io_lib:format("clean after ~b ms", [Took])}
    end).

restarts_by_type(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        Sup = supervisor(Subject, probe_test_sup, [worker(a, permanent), worker({b, 2}, transient), worker(c, temporary)]),
        Begin = now_ms(),
        OldA = crash(Subject, Sup, a, {boom, 1}),
        [{Time, child_terminated, probe_test_sup, Sup, {t, a}, OldA, {t, {boom, 1}}, {t, permanent},
          {?MODULE, start_link_worker, 1}}] = restarts(Watcher, Pid, 1),
        Latency = now_ms() - Begin,
        true = abs(Time - erlang:system_time(millisecond)) < 5000,
        %% A temporary child's end and a transient child's normal end are no restarts; the next real one is told, and nothing else.
        _ = crash(Subject, Sup, c, {boom, 2}),
        OldB = crash(Subject, Sup, {b, 2}, {boom, 3}),
        [_, {_, child_terminated, probe_test_sup, Sup, {t, {b, 2}}, OldB, {t, {boom, 3}}, {t, transient}, _}] = restarts(Watcher, Pid, 2),
        _ = crash(Subject, Sup, {b, 2}, shutdown),
        _ = crash(Subject, Sup, a, normal),
        [_, _, {_, child_terminated, probe_test_sup, Sup, {t, a}, _, {t, normal}, {t, permanent}, _}] = restarts(Watcher, Pid, 3),
        %% An unnamed supervisor goes by its pid. A real crash brings its stacktrace whole.
        Unnamed = supervisor(Subject, undefined, [worker(d, permanent)]),
        _ = crash(Subject, Unnamed, d, badarith),
        [{_, child_terminated, Unnamed, Unnamed, {t, d}, _, {t, {badarith, [_ | _]}}, _, _}]
            = lists:nthtail(3, restarts(Watcher, Pid, 4)),
        stop_supervisors(Subject, [Sup, Unnamed]),
        {ok, io_lib:format("told within ~b ms, two trips over the test's pipe included", [Latency])}
    end).

dynamic_supervisor(#{subject := Subject} = Env) ->
    case filelib:wildcard("/usr/lib/elixir/lib/elixir/ebin") ++ filelib:wildcard(filename:join(code:lib_dir(), "elixir/ebin")) of
        [] -> {skipped, "no Elixir here"};
        [Ebin | _] ->
            true = call(Subject, code, add_pathz, [Ebin]),
            with_watcher(Env, fun(Watcher) -> dynamic_supervisor(Subject, Watcher, Env) end)
    end.

dynamic_supervisor(Subject, Watcher, Env) ->
    {ok, _} = call(Subject, application, ensure_all_started, [elixir]),
    {Pid, {ok, _, Info}} = attach(Watcher, Env, #{interval => 1000}),
    true = is_binary(maps:get(elixir, Info)),
    Options = [{strategy, one_for_one}, {max_restarts, 100}, {name, probe_test_dynamic}],
    {ok, Sup} = call(Subject, ?MODULE, hold, [{'Elixir.DynamicSupervisor', start_link, [Options]}]),
    Spec = #{id => ignored, start => {?MODULE, start_link_worker, [x]}, restart => permanent},
    {ok, Child} = call(Subject, 'Elixir.DynamicSupervisor', start_child, [Sup, Spec]),
    call(Subject, erlang, exit, [Child, {boom, dynamic}]),
    [{_, child_terminated, probe_test_dynamic, Sup, {t, undefined}, Child, {t, {boom, dynamic}}, {t, permanent},
      {?MODULE, start_link_worker, 1}}] = restarts(Watcher, Pid, 1),
    stop_supervisors(Subject, [Sup]).

supervisor2(#{subject := Subject} = Env) ->
    case filelib:wildcard("/usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins/rabbit_common-*/ebin/supervisor2.beam") of
        [] -> {skipped, "no RabbitMQ here"};
        [Beam | _] ->
            true = call(Subject, code, add_pathz, [filename:dirname(Beam)]),
            with_watcher(Env, fun(Watcher) ->
                {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
                Child = {rabbit_child, {?MODULE, start_link_worker, [x]}, {permanent, 1}, 1000, worker, [?MODULE]},
                {ok, Sup} = call(Subject, ?MODULE, hold,
                                 [{supervisor2, start_link, [{local, probe_test_sup2}, ?MODULE, {{one_for_one, 5, 10}, [Child]}]}]),
                Old = crash_by(Subject, supervisor2, Sup, rabbit_child, {boom, 2}),
                [{_, child_terminated, probe_test_sup2, Sup, {t, rabbit_child}, Old, {t, {boom, 2}}, {t, {permanent, 1}}, _}]
                    = restarts(Watcher, Pid, 1),
                %% Traced, also what it writes no report of.
                #{level := Level} = call(Subject, logger, get_primary_config, []),
                ok = call(Subject, logger, set_primary_config, [level, none]),
                ok = until(fun() -> source(Watcher, Pid) =:= {whole, trace} end, 20000),
                Second = crash_by(Subject, supervisor2, Sup, rabbit_child, {boom, 3}),
                [_, {_, child_terminated, probe_test_sup2, Sup, {t, rabbit_child}, Second, {t, {boom, 3}}, {t, {permanent, 1}}, _}]
                    = restarts(Watcher, Pid, 2),
                Asking = {asking_child, {?MODULE, start_link_worker, [x]}, transient, 1000, worker, [?MODULE]},
                {ok, _} = call(Subject, supervisor2, start_child, [Sup, Asking]),
                _ = crash_by(Subject, supervisor2, Sup, asking_child, {shutdown, other}),
                {ok, _} = call(Subject, supervisor2, restart_child, [Sup, asking_child]),
                Third = crash_by(Subject, supervisor2, Sup, asking_child, {shutdown, restart}),
                [_, _, {_, child_terminated, _, Sup, {t, asking_child}, Third, _, _, _}] = restarts(Watcher, Pid, 3),
                ok = call(Subject, logger, set_primary_config, [level, Level]),
                stop_supervisors(Subject, [Sup])
            end)
    end.

%% As supervisors of third parties write them.
error_logger_reports(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        Report = [{supervisor, {local, some_sup3}}, {errorContext, child_terminated}, {reason, died},
                  {offender, [{pid, self()}, {name, old_style}, {mfa, {m, f, []}}, {restart_type, permanent}, {delay, 5}]}],
        call(Subject, error_logger, error_report, [supervisor_report, Report]),
        call(Subject, error_logger, error_report, [something_else, Report]),
        [{_, child_terminated, some_sup3, _, {t, old_style}, _, {t, died}, {t, permanent}, undefined}] = restarts(Watcher, Pid, 1)
    end).

start_error_and_gave_up(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        call(Subject, persistent_term, put, [probe_test_fail, false]),
        Spec = #{id => e, start => {?MODULE, start_link_failing, [probe_test_fail, 1]}},
        Sup = supervisor(Subject, probe_test_giving_up, #{intensity => 3, period => 60}, [Spec]),
        call(Subject, persistent_term, put, [probe_test_fail, true]),
        Old = crash(Subject, Sup, e, {boom, last}),
        ok = until(fun() -> lists:keymember(gave_up, 2, restarts_so_far(Watcher, Pid)) end, 20000),
        Restarts = restarts_so_far(Watcher, Pid),
        [child_terminated, start_error, start_error, start_error, gave_up] = [element(2, Restart) || Restart <- Restarts],
        [{t, {boom, last}}, {t, will_not_start}, _, _, {t, reached_max_restart_intensity}] = [element(7, Restart) || Restart <- Restarts],
        [Old] = lists:usort([element(6, Restart) || Restart <- Restarts])
    end).

filter_stays_first(#{subject := Subject, module := Module} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 200}),
        Muting = {fun logger_filters:domain/2, {stop, sub, [otp, sasl]}},
        ok = call(Subject, logger, add_primary_filter, [probe_test_mute, Muting]),
        ok = until(fun() -> maps:get(filter_first, call(Subject, ?MODULE, footprint, [Module])) end, 20000),
        {value, _} = lists:search(fun(N) -> is_notice(info, "put back", N) end, messages(Watcher, Pid, arsenal_notice)),
        #{filters := [{Module, _}, {probe_test_mute, Muting} | _]} = call(Subject, logger, get_primary_config, []),
        Sup = supervisor(Subject, probe_test_sup, [worker(a, permanent)]),
        _ = crash(Subject, Sup, a, seen_although_muted),
        [{_, child_terminated, _, _, _, _, {t, seen_although_muted}, _, _}] = restarts(Watcher, Pid, 1),
        stop_supervisors(Subject, [Sup]),
        %% Removed altogether, it comes back as well, without a second notice so soon.
        ok = call(Subject, logger, remove_primary_filter, [Module]),
        ok = until(fun() -> maps:get(filter_first, call(Subject, ?MODULE, footprint, [Module])) end, 20000),
        ok = call(Subject, logger, remove_primary_filter, [probe_test_mute]),
        1 = length(messages(Watcher, Pid, arsenal_notice))
    end).

%% With a foreign tracer there is no second source before OTP 27.
muted(Env) -> before_sessions(fun muted_with_a_foreign_tracer/1, Env).

%% Since OTP 27 every tracer has a session of its own, and nobody is in another's way.
before_sessions(Test, Env) ->
    case code:which(trace) =/= non_existing of
        true -> {skipped, "tracers are in nobody's way on this release"};
        false -> Test(Env)
    end.

muted_with_a_foreign_tracer(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        ok = call(Subject, ?MODULE, in_subject, [foreign_tracer, start]),
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 100}),
        Shown = fun() -> metric(restart_capture, ticks(Watcher, Pid)) end,
        ok = until(fun() -> Shown() =:= 1 end, 20000),
        #{level := Level} = call(Subject, logger, get_primary_config, []),
        ok = call(Subject, logger, set_primary_config, [level, none]),
        ok = until(fun() -> Shown() =:= 0 end, 20000),
        ok = call(Subject, logger, set_primary_config, [level, Level]),
        ok = until(fun() -> Shown() =:= 1 end, 20000),
        ok = call(Subject, logger, set_module_level, [supervisor, none]),
        ok = until(fun() -> Shown() =:= 0 end, 20000),
        1 = metric(restart_capture_partial, ticks(Watcher, Pid)),
        {Second, {ok, _, #{restart_capture := partial, capture_note := <<_, _/binary>>}}} = attach(Watcher, Env, #{}),
        tell(Watcher, Second, detach),
        ok = call(Subject, logger, unset_module_level, [supervisor]),
        ok = until(fun() -> Shown() =:= 1 end, 20000),
        %% The reason for the second is told in two steps: the tracer is found a moment later.
        [blind, whole, partial, whole] = without_repeats(captures(Watcher, Pid)),
        ok = call(Subject, ?MODULE, in_subject, [foreign_tracer, stop])
    end).

without_repeats([Same, Same | Rest]) -> without_repeats([Same | Rest]);
without_repeats([First | Rest]) -> [First | without_repeats(Rest)];
without_repeats([]) -> [].

source(Watcher, Pid) ->
    case messages(Watcher, Pid, arsenal_capture) of
        [] -> none;
        Captures -> {_, Capture, Source, _} = lists:last(Captures), {Capture, Source}
    end.

traces(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, #{capture_source := log_filter}}} = attach(Watcher, Env, #{interval => 100}),
        #{level := Level} = call(Subject, logger, get_primary_config, []),
        ok = call(Subject, logger, set_primary_config, [level, none]),
        ok = until(fun() -> source(Watcher, Pid) =:= {whole, trace} end, 20000),
        Sup = supervisor(Subject, probe_test_sup, [worker(a, permanent), worker({b, 2}, transient), worker(c, temporary)]),
        OldA = crash(Subject, Sup, a, {boom, 1}),
        [{_, child_terminated, probe_test_sup, Sup, {t, a}, OldA, {t, {boom, 1}}, {t, permanent},
          {?MODULE, start_link_worker, 1}} = First] = restarts(Watcher, Pid, 1),
        _ = crash(Subject, Sup, c, {boom, 2}),
        _ = crash(Subject, Sup, {b, 2}, {shutdown, x}),
        OldD = crash(Subject, Sup, a, lists:seq(1, 100000)),
        [First, {_, child_terminated, _, Sup, {t, a}, OldD, {x, _}, _, _}] = restarts(Watcher, Pid, 2),
        %% Supervisors that give up, as the filter tells it, but for the reason of a failed start.
        call(Subject, persistent_term, put, [probe_test_fail, false]),
        Spec = #{id => e, start => {?MODULE, start_link_failing, [probe_test_fail, 1]}},
        GivingUp = supervisor(Subject, probe_test_giving_up, #{intensity => 3, period => 60}, [Spec]),
        call(Subject, persistent_term, put, [probe_test_fail, true]),
        OldE = crash(Subject, GivingUp, e, {boom, last}),
        ok = until(fun() -> lists:keymember(gave_up, 2, restarts_so_far(Watcher, Pid)) end, 20000),
        Last = lists:nthtail(2, restarts_so_far(Watcher, Pid)),
        [child_terminated, start_error, start_error, start_error, gave_up] = [element(2, Restart) || Restart <- Last],
        [GivingUp] = lists:usort([element(4, Restart) || Restart <- Last]),
        [OldE] = lists:usort([element(6, Restart) || Restart <- Last]),
        %% Not one that was ended by its parent, with all of its restarts used.
        Ended = supervisor(Subject, probe_test_ended, #{intensity => 1, period => 60}, [worker(f, permanent), worker(g, permanent)]),
        _ = crash(Subject, Ended, f, {boom, one}),
        8 = length(restarts(Watcher, Pid, 8)),
        ok = call(Subject, supervisor, terminate_child, [Ended, g]),
        stop_supervisors(Subject, [Sup, Ended]),
        %% Back to the filter: nothing twice, nothing lost meanwhile.
        Busy = supervisor(Subject, probe_test_busy, [worker(h, permanent)]),
        ok = call(Subject, logger, set_primary_config, [level, Level]),
        Crashed = crash_until(Subject, Busy, h, fun() -> source(Watcher, Pid) =:= {whole, log_filter} end),
        ok = until(fun() -> length(restarts_so_far(Watcher, Pid)) >= 8 + length(Crashed) end, 20000),
        Crashed = [element(6, Restart) || Restart <- lists:nthtail(8, restarts_so_far(Watcher, Pid))],
        stop_supervisors(Subject, [Busy]),
        {ok, io_lib:format("~b restarts while the source changed", [length(Crashed)])}
    end).

crash_until(Subject, Sup, Id, Condition) ->
    Pid = crash(Subject, Sup, Id, {boom, busy}),
    case Condition() of
        true -> [Pid];
        false -> [Pid | crash_until(Subject, Sup, Id, Condition)]
    end.

gives_way(Env) -> before_sessions(fun gives_way_to_another/1, Env).

gives_way_to_another(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 100}),
        #{level := Level} = call(Subject, logger, get_primary_config, []),
        ok = call(Subject, logger, set_primary_config, [level, none]),
        ok = until(fun() -> source(Watcher, Pid) =:= {whole, trace} end, 20000),
        ok = call(Subject, ?MODULE, in_subject, [foreign_tracer, start]),
        ok = until(fun() -> source(Watcher, Pid) =:= {blind, none} end, 20000),
        true = call(Subject, ?MODULE, in_subject, [foreign_tracer, works]),
        ok = call(Subject, ?MODULE, in_subject, [foreign_tracer, stop]),
        ok = until(fun() -> source(Watcher, Pid) =:= {whole, trace} end, 20000),
        ok = call(Subject, logger, set_primary_config, [level, Level]),
        ok = until(fun() -> source(Watcher, Pid) =:= {whole, log_filter} end, 20000)
    end).

captures(Watcher, Pid) -> [Capture || {_, Capture, _, _} <- messages(Watcher, Pid, arsenal_capture)].

canary_is_quiet(#{subject := Subject, module := Module} = Env) ->
    #{level := Level} = call(Subject, logger, get_primary_config, []),
    Log = call(Subject, persistent_term, get, [probe_test_log]),
    ok = call(Subject, logger, set_primary_config, [level, all]),
    Lines = fun() -> {ok, Text} = file:read_file(Log), Text end,
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, #{restart_capture := whole}}} = attach(Watcher, Env, #{interval => 100}),
        ok = call(Subject, ?MODULE, in_subject, [count_canaries, none]),
        %% It flies again after a change.
        ok = call(Subject, logger, set_primary_config, [level, none]),
        ok = until(fun() -> source(Watcher, Pid) =:= {whole, trace} end, 20000),
        ok = call(Subject, logger, set_primary_config, [level, all]),
        ok = until(fun() -> source(Watcher, Pid) =:= {whole, log_filter} end, 20000),
        ok = until(fun() -> call(Subject, ?MODULE, in_subject, [canaries, none]) > 0 end, 20000),
        Canaries = call(Subject, ?MODULE, in_subject, [canaries, none]),
        true = Canaries > 0,
        ok = call(Subject, logger, remove_primary_filter, [arsenal_probe_count]),
        ok = until(fun() -> metric(restart_capture, ticks(Watcher, Pid)) =:= 1 end, 20000),
        0 = all_counted(Watcher, Pid),
        %% A restart of somebody else's is in the log, its progress too.
        Sup = supervisor(Subject, probe_test_sup, [worker(a, permanent)]),
        _ = crash(Subject, Sup, a, {boom, logged}),
        _ = restarts(Watcher, Pid, 1),
        ok = until(fun() -> string:find(Lines(), "{boom,logged}") =/= nomatch end, 20000),
        ok = until(fun() -> string:find(Lines(), "Started: ") =/= nomatch end, 20000),
        nomatch = string:find(Lines(), "canary"),
        nomatch = string:find(Lines(), atom_to_list(Module)),
        stop_supervisors(Subject, [Sup]),
        ok = call(Subject, logger, set_primary_config, [level, Level]),
        ok
    end).

canary_of_another(#{subject := Subject, module := Module} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 100}),
        Filtered = fun(Canary) -> call(Subject, ?MODULE, in_subject, [filtered, {Module, {Canary, canary_child, []}}]) end,
        stop = Filtered(Module),
        ignore = Filtered(arsenal_probe_other),
        _ = call(Subject, ?MODULE, in_subject, [report, after_the_canaries]),
        [{_, child_terminated, _, _, _, _, {t, after_the_canaries}, _, _}] = restarts(Watcher, Pid, 1),
        ok
    end).

%% Here something stops the reports that the probe takes for another probe's filter.
canary_unseen(Env) -> before_sessions(fun canary_unseen_beside_a_foreign_tracer/1, Env).

canary_unseen_beside_a_foreign_tracer(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        ok = call(Subject, ?MODULE, in_subject, [foreign_tracer, start]),
        Deaf = {fun logger_filters:domain/2, {stop, sub, [otp, sasl]}},
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 100}),
        ok = call(Subject, logger, add_primary_filter, [arsenal_probe_deaf, Deaf]),
        %% The canary flies after a change of the configuration.
        #{level := Level} = call(Subject, logger, get_primary_config, []),
        ok = call(Subject, logger, set_primary_config, [level, none]),
        ok = until(fun() -> source(Watcher, Pid) =:= {blind, none} end, 20000),
        ok = call(Subject, logger, set_primary_config, [level, Level]),
        Note = fun() -> element(4, lists:last(messages(Watcher, Pid, arsenal_capture))) end,
        ok = until(fun() -> string:find(Note(), "trial") =/= nomatch end, 20000),
        {blind, none} = source(Watcher, Pid),
        0 = metric(restart_capture, ticks(Watcher, Pid)),
        ok = call(Subject, logger, remove_primary_filter, [arsenal_probe_deaf]),
        ok = until(fun() -> source(Watcher, Pid) =:= {whole, log_filter} end, 20000),
        [blind, whole] = without_repeats(captures(Watcher, Pid)),
        ok = call(Subject, ?MODULE, in_subject, [foreign_tracer, stop])
    end).

%% The terms are made on the subject, where the time that the filter takes is measured, too.
terms_are_cut(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        Kinds = [binary_100_mb, long_list, deep_list, improper, big_map, map, big_tuple, deep_tuple, local_fun, external_fun, bits, bignum,
                 references, latin1_string, wide_string, float, with_stack, part_of_binary, improper_report],
        Times = [{Kind, call(Subject, ?MODULE, in_subject, [cut, Kind])} || Kind <- Kinds],
        Restarts = lists:zip(Kinds, restarts(Watcher, Pid, length(Kinds))),
        Reason = fun(Kind) -> {_, Restart} = lists:keyfind(Kind, 1, Restarts), element(7, Restart) end,
        [] = [Kind || Kind <- [binary_100_mb, long_list, deep_list, big_map, big_tuple, deep_tuple, local_fun, bignum, wide_string, with_stack],
                      element(1, Reason(Kind)) =/= x],
        [] = [Kind || Kind <- [improper, map, bits, external_fun, references, latin1_string, float, part_of_binary], element(1, Reason(Kind)) =/= t],
        [] = [Kind || Kind <- Kinds, {x, Text} <- [Reason(Kind)], byte_size(Text) > 1024 orelse not is_list(unicode:characters_to_list(Text))],
        {t, [1, 2 | improper]} = Reason(improper),
        {t, undefined} = Reason(improper_report),
        {t, Part} = Reason(part_of_binary),
        true = binary:referenced_byte_size(Part) < 1000,
        {x, WithStack} = Reason(with_stack),
        {match, _} = re:run(WithStack, "some_function"),
        {Slowest, Micros} = lists:last(lists:keysort(2, Times)),
        true = Micros < 20000,
        {ok, io_lib:format("slowest in the supervisor: ~p ~b us", [Slowest, Micros])}
    end).

flood(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, Holder, _}} = attach(Watcher, Env, #{interval => 200}),
        {Emitted, Took, Longest} = call(Subject, ?MODULE, in_subject, [flood, {Holder, 10000, 2000}], 60000),
        ok = until(fun() -> all_counted(Watcher, Pid) >= Emitted end, 60000),
        {Carried, Lost} = counted(Watcher, Pid),
        {Emitted, Emitted} = {Emitted, Carried + Lost},
        true = Longest =< 10100,
        %% As fast as one process can, and with terms that must be cut: more than is carried, but every one is counted.
        {Hard, HardTook, HardLongest} = call(Subject, ?MODULE, in_subject, [flood_hard, {Holder, 100000}], 60000),
        ok = until(fun() -> all_counted(Watcher, Pid) >= Emitted + Hard end, 120000),
        {Sum, Sum} = {Emitted + Hard, all_counted(Watcher, Pid)},
        true = HardLongest =< 10100,
        HardCarried = element(1, counted(Watcher, Pid)) - Carried,
        {ok, io_lib:format("~b in ~b ms: ~b carried, ~b lost, mailbox at most ~b; unthrottled, huge terms: ~b in ~b ms, ~b carried, mailbox ~b",
                           [Emitted, Took, Carried, Lost, Longest, Hard, HardTook, HardCarried, HardLongest])}
    end).

folded(#{subject := Subject, module := Module} = Env) ->
    load(Subject, Env),
    {Counts, Lost} = call(Subject, ?MODULE, in_subject, [slow_watcher, {Module, 20000}], 60000),
    {20000, 20000} = {20000, lists:sum(maps:values(Counts)) + Lost},
    50 = map_size(Counts),
    true = Lost > 0 orelse lists:usort(maps:values(Counts)) =:= [400],
    {ok, io_lib:format("~b lost, 1,000 carried each by itself", [Lost])}.

no_ack(#{subject := Subject, module := Module} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 100, ack_timeout => 1000}),
        ok = until(fun() -> length(ticks(Watcher, Pid)) >= 15 end, 20000),
        true = is_connected(Subject, Watcher),
        tell(Watcher, Pid, be_silent),
        Begin = now_ms(),
        ok = until(fun() -> not is_connected(Subject, Watcher) end, 20000),
        Took = now_ms() - Begin,
        true = Took > 700,
        true = clean_within(Subject, Module, 10000),
        %% With an interval longer than the time-out, an answered tick is never held against the watcher.
        {Slow, {ok, _, _}} = attach(Watcher, Env, #{interval => 3000, ack_timeout => 2000}),
        ok = until(fun() -> length(ticks(Watcher, Slow)) >= 3 end, 40000),
        {ok, io_lib:format("after ~b ms", [Took])}
    end).

late_holder(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, Holder, _}} = attach(Watcher, Env, #{interval => 500, ack_timeout => 3000}),
        ok = until(fun() -> length(ticks(Watcher, Pid)) >= 2 end, 20000),
        tell(Watcher, Pid, be_silent),
        Seen = length(ticks(Watcher, Pid)),
        ok = until(fun() -> length(ticks(Watcher, Pid)) > Seen end, 5000),
        {arsenal_tick, Seq, _, _, _, _} = lists:last(ticks(Watcher, Pid)),
        ok = call(Subject, ?MODULE, in_subject, [late, {Holder, 4000, [something_else, {ack, Pid, Seq}]}]),
        Now = length(ticks(Watcher, Pid)),
        ok = until(fun() -> length(ticks(Watcher, Pid)) > Now + 1 end, 5000),
        true = is_connected(Subject, Watcher)
    end).

stopped_watcher(Env) ->
    with_watcher(Env, fun(Watcher) ->
        {_, {ok, Holder, _}} = attach(Watcher, Env, #{interval => 100, ack_timeout => 1500}),
        OsPid = os_pid(Watcher),
        os:cmd("kill -STOP " ++ OsPid),
        %% A stopped node does not notice that its standard input is closed: it would outlive the tests.
        try stopped_watcher(Watcher, Holder, Env) after os:cmd("kill -CONT " ++ OsPid) end
    end).

stopped_watcher(Watcher, Holder, #{subject := Subject, module := Module}) ->
    {_, _, _} = call(Subject, ?MODULE, in_subject, [flood, {Holder, 5000, 1000}], 60000),
    ok = until(fun() -> not is_connected(Subject, Watcher) end, 20000),
    true = clean_within(Subject, Module, 10000).

walk_finds(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Queue, Busy, Fat} = call(Subject, ?MODULE, in_subject, [culprits, 5000]),
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 200}),
        ok = until(fun() -> length(walks(Watcher, Pid)) >= 3 end, 20000),
        Top = lists:last(walks(Watcher, Pid)),
        [message_queue, memory, reductions, binary] = [Kind || {Kind, _} <- Top],
        true = lists:all(fun({_, Processes}) -> length(Processes) =< 10 end, Top),
        [#{pid := Queue, name := <<"probe_test_queue">>, value := 5000, message_queue_len := 5000} | _] = proplists:get_value(message_queue, Top),
        [#{pid := Fat, name := <<"the fat one">>, value := Memory, memory := Memory} | _] = proplists:get_value(memory, Top),
        true = Memory > 2000000,
        [#{pid := Busy, value := Rate, current_function := Current, reductions := Rate} | _] = proplists:get_value(reductions, Top),
        true = Rate > 100000,
        <<"probe_test:", _/binary>> = Current,
        Ticks = ticks(Watcher, Pid),
        5000 = metric(mq_max, Ticks),
        1 = metric(mq_long, Ticks),
        true = metric(mq_scanned, Ticks) >= metric(mq_total, Ticks) - 5,
        [call(Subject, erlang, exit, [Culprit, kill]) || Culprit <- [Queue, Busy, Fat]],
        {ok, io_lib:format("busiest: ~b reductions/s", [Rate])}
    end).

surveyed_tables(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        Owners = call(Subject, ?MODULE, in_subject, [tables, 20]),
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 200}),
        {Total, Rows} = survey(tables, Watcher, Pid),
        true = Total >= length(Rows),
        true = length(Rows) =< 50,
        Sizes = [element(6, Row) || Row <- Rows],
        Sizes = lists:reverse(lists:sort(Sizes)),
        {_, true, <<"probe_test_owner">>, 1, 50000, Bytes} = lists:keyfind(<<"probe_test_large">>, 1, Rows),
        Bytes = call(Subject, ets, info, [probe_test_large, memory]) * call(Subject, erlang, system_info, [wordsize]),
        {_, false, <<"probe_test_owner">>, 10, 10000, _} = lists:keyfind(<<"probe_test_cache">>, 1, Rows),
        {_, false, <<"many processes">>, 20, 20000, _} = lists:keyfind(<<"probe_test_own">>, 1, Rows),
        [call(Subject, erlang, exit, [Owner, kill]) || Owner <- Owners],
        ok
    end).

surveyed_links(#{subject := {_, Name} = Subject} = Env) ->
    with_watcher(Env, fun({_, WatcherName} = Watcher) -> with_watcher(Env, fun({_, OtherName} = Other) ->
        pong = call(Other, net_adm, ping, [Name]),
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 200}),
        {2, Rows} = survey(links, Watcher, Pid),
        {_, hidden, up, tcp, false, true, Numbers} = lists:keyfind(atom_to_binary(WatcherName), 1, Rows),
        {_, hidden, up, tcp, false, false, _} = lists:keyfind(atom_to_binary(OtherName), 1, Rows),
        Missing = [Key || Key <- [in_packets, out_packets, queue_bytes, recv_oct, recv_cnt, send_oct, send_cnt, send_pend, port_input,
                                  port_output, port_memory, port_queue],
                          not is_integer(proplists:get_value(Key, Numbers))],
        [] = Missing,
        true = proplists:get_value(recv_oct, Numbers) > 100,
        [_, _] = call(Subject, erlang, nodes, [connected]),
        ok
    end) end).

surveyed_allocators(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 200}),
        {_, Rows} = survey(allocators, Watcher, Pid),
        Sum = fun(Key) -> lists:sum([proplists:get_value(Key, Numbers, 0) || {_, _, Numbers} <- Rows]) end,
        {Carriers, Blocks} = call(Subject, ?MODULE, in_subject, [allocators, none]),
        %% The node lives on meanwhile.
        true = abs(Sum(carriers_size) - Carriers) < Carriers div 2,
        true = abs(Sum(blocks_size) - Blocks) < Blocks div 2,
        true = Sum(blocks_size) < Sum(carriers_size),
        {_, mbcs, Heaps} = hd([Row || {<<"eheap_alloc">>, mbcs, _} = Row <- Rows]),
        true = proplists:get_value(carriers, Heaps) > 0,
        true = proplists:get_value(blocks, Heaps) > 10,
        ok = until(fun() -> metric(alloc_carriers_bytes, ticks(Watcher, Pid)) =:= Sum(carriers_size) end, 20000),
        {ok, io_lib:format("~b rows, ~.1f % of the carriers in use", [length(Rows), 100 * Sum(blocks_size) / Sum(carriers_size)])}
    end).

two_watchers(#{subject := Subject, module := Module} = Env) ->
    with_watcher(Env, fun(Watcher) -> with_watcher(Env, fun(Other) ->
        {Pid, {ok, Holder, _}} = attach(Watcher, Env, #{interval => 100}),
        {Slow, {ok, Holder, _}} = attach(Other, Env, #{interval => 1000}),
        ok = until(fun() -> length(ticks(Other, Slow)) >= 3 end, 20000),
        true = length(ticks(Watcher, Pid)) > 4 * length(ticks(Other, Slow)),
        Sup = supervisor(Subject, probe_test_sup, [worker(a, permanent)]),
        _ = crash(Subject, Sup, a, {boom, both}),
        [Same] = restarts(Watcher, Pid, 1),
        [Same] = restarts(Other, Slow, 1),
        kill_node(Watcher),
        Seen = length(ticks(Other, Slow)),
        ok = until(fun() -> length(ticks(Other, Slow)) >= Seen + 3 end, 20000),
        #{holder := true} = call(Subject, ?MODULE, footprint, [Module]),
        tell(Other, Slow, detach),
        true = clean_within(Subject, Module, 10000),
        stop_supervisors(Subject, [Sup])
    end) end).

attach_at_once(#{subject := Subject, module := Module} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        load(Subject, Env),
        Pids = [start_watcher(Watcher, Env, #{interval => 500}) || _ <- lists:seq(1, 20)],
        Answers = [answer(Watcher, Pid) || Pid <- Pids],
        [_] = lists:usort([Holder || {ok, Holder, _} <- Answers]),
        20 = length([ok || {ok, _, _} <- Answers]),
        ok = until(fun() -> lists:all(fun(Pid) -> ticks(Watcher, Pid) =/= [] end, Pids) end, 20000),
        [tell(Watcher, Pid, detach) || Pid <- Pids],
        %% The next attach meets a holder that is leaving, or one that has left: it never succeeds with one that dies.
        Again = [begin
                     load(Subject, Env),
                     {Pid, Answer} = attach(Watcher, Env, #{interval => 500}),
                     case Answer of
                         {ok, _, _} ->
                             ok = until(fun() -> length(ticks(Watcher, Pid)) >= 2 end, 20000),
                             tell(Watcher, Pid, detach),
                             attached;
                         Refused ->
                             Refused
                     end
                 end || _ <- lists:seq(1, 20)],
        true = clean_within(Subject, Module, 10000),
        {ok, io_lib:format("of 20 right after a detach: ~b attached", [length([x || attached <- Again])])}
    end).

wrong_options(#{subject := Subject, module := Module} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        load(Subject, Env),
        {_, {error, {bad_option, interval}}} = attach(Watcher, Env, #{interval => 0}),
        {_, {error, {bad_option, budget}}} = attach(Watcher, Env, #{budget => many}),
        #{registered := false} = call(Subject, ?MODULE, footprint, [Module]),
        call(Subject, code, delete, [Module]),
        call(Subject, code, purge, [Module])
    end).

holder_killed(#{subject := Subject, module := Module} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {_, {ok, Holder, _}} = attach(Watcher, Env, #{interval => 1000}),
        call(Subject, erlang, exit, [Holder, kill]),
        ok = until(fun() -> not maps:get(holder, call(Subject, ?MODULE, footprint, [Module])) end, 20000),
        call(Subject, ?MODULE, in_subject, [report, now_nobody_listens]),
        true = clean_within(Subject, Module, 10000),
        %% Without a report nobody runs the filter: another process sees to it, when nobody has attached for a while.
        {_, {ok, Unheard, _}} = attach(Watcher, Env, #{interval => 1000}),
        call(Subject, erlang, exit, [Unheard, kill]),
        true = clean_within(Subject, Module, 10000),
        %% And a new attach after a kill takes over from the filter that stayed.
        {_, {ok, Second, _}} = attach(Watcher, Env, #{interval => 1000}),
        call(Subject, erlang, exit, [Second, kill]),
        {Third, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        call(Subject, ?MODULE, in_subject, [report, heard_again]),
        [_] = restarts(Watcher, Third, 1)
    end).

atoms_stay(#{subject := Subject, module := Module} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        Cycle = fun() ->
                    {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 50}),
                    ok = until(fun() -> ticks(Watcher, Pid) =/= [] end, 20000),
                    tell(Watcher, Pid, detach),
                    true = clean_within(Subject, Module, 10000)
                end,
        [Cycle() || _ <- lists:seq(1, 5)],
        Before = call(Subject, erlang, system_info, [atom_count]),
        [Cycle() || _ <- lists:seq(1, 100)],
        {Before, Before} = {Before, call(Subject, erlang, system_info, [atom_count])},
        ok
    end).

%% Figures rather than limits; the limits here only catch what is grossly wrong.
cost(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        Idle = call(Subject, ?MODULE, in_subject, [idle, 1000]),
        {Pid, {ok, Holder, _}} = attach(Watcher, Env, #{interval => 100}),
        ok = until(fun() -> length(ticks(Watcher, Pid)) >= 60 end, 20000),
        Ticks = lists:nthtail(10, ticks(Watcher, Pid)),
        Times = lists:sort([proplists:get_value(probe_collect_us, Metrics) || {_, _, _, Metrics, _, _} <- Ticks]),
        {CpuUs, WallUs} = call(Subject, ?MODULE, holder_info, [Holder], 20000),
        call(Subject, ?MODULE, in_subject, [stop_idle, Idle]),
        Median = lists:nth(length(Times) div 2, Times),
        true = Median < 20000,
        {ok, io_lib:format("1,000 processes: collection ~b us median, ~b us longest; the whole node ~.2f % of one core at 10 ticks/s; "
                           "probe ~b bytes; tick ~b bytes",
                           [Median, lists:last(Times), 100 * CpuUs / WallUs, metric(probe_memory, Ticks),
                            byte_size(term_to_binary(lists:last(Ticks)))])}
    end).

%% All that was attached, detached and killed above left no word in the subject's log. (Its own crashes, of which the tests made many, are
%% filtered: what counts is whatever speaks of the probe, and errors that are no reports of a supervisor.)
silent_log(#{subject := Subject, module := Module}) ->
    {ok, Log} = file:read_file(call(Subject, persistent_term, get, [probe_test_log])),
    [] = [Line || Line <- binary:split(Log, <<"\n">>, [global]),
                  Word <- [atom_to_binary(Module), <<"removed_failing">>, <<"Error in process">>],
                  binary:match(Line, Word) =/= nomatch, binary:match(Line, <<"{probe_test,crash,">>) =:= nomatch],
    ok.

%% Five times as fast as people watch it.
demo_faults(#{demo := Dir} = Env) ->
    {Peer, _} = Demo = start_node(subject, Env),
    true = call(Demo, code, add_patha, [Dir]),
    ok = call(Demo, logger, remove_handler, [default]),
    try with_watcher(Env, fun(Watcher) -> demo_faults(Demo, Watcher, Env#{subject := Demo}) end) after peer:stop(Peer) end.

demo_faults(Demo, Watcher, Env) ->
    {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 100, budget => 100}),
    ok = call(Demo, arsenal_demo, run, [5]),
    ok = until(fun() -> call(Demo, arsenal_demo, is_on, [cpu]) end, 30000),
    ok = until(fun() -> not call(Demo, arsenal_demo, is_on, [cpu]) end, 20000),
    Times = fun(Child) -> [Time || {Time, child_terminated, _, _, {t, Id}, _, _, _, _} <- restarts_so_far(Watcher, Pid), Id =:= Child] end,
    Least = [{flaky_worker, 4}, {reporter, 4}, {connector, 10}, {gateway, 4}, {ledger, 3}, {cache, 1}],
    %% On a busy machine it takes longer; the schedule goes round.
    ok = until(fun() -> lists:all(fun({Child, Count}) -> length(Times(Child)) >= Count end, Least) end, 60000),
    true = abs(length(Times(gateway)) - length(Times(ledger))) =< 1,
    Restarts = restarts_so_far(Watcher, Pid),
    Gaps = lists:sort(gaps(Times(reporter))),
    true = abs(lists:nth((length(Gaps) + 1) div 2, Gaps) - 3000) =< 600,
    [_ | _] = [Cache || {_, _, demo_catalog_sup, _, {t, cache}, _, {t, {cache_too_large, _}}, _, _} = Cache <- Restarts],
    Ticks = ticks(Watcher, Pid),
    Highest = fun(Name) -> lists:max([proplists:get_value(Name, Metrics, 0) || {_, _, _, Metrics, _, _} <- Ticks]) end,
    true = Highest(mq_max) > 10000,
    true = Highest(vm_memory_processes) > 100000000,
    Tops = lists:append(tops(Watcher, Pid)),
    Seen = fun(Kind, Key, Text) -> [] =/= [P || {K, Ps} <- Tops, K =:= Kind, P <- Ps, maps:get(Key, P) =:= Text] end,
    true = Seen(message_queue, name, <<"demo_mailer">>),
    true = Seen(memory, name, <<"demo_cache">>),
    true = Seen(reductions, initial_call, <<"arsenal_demo_worker:spin/0">>),
    {ok, io_lib:format("~b restarts, longest queue ~b, process memory up to ~b MB",
                       [length(Restarts), Highest(mq_max), Highest(vm_memory_processes) div 1000000])}.

gaps([First, Second | Rest]) -> [Second - First | gaps([Second | Rest])];
gaps(_) -> [].

%% With the very arguments that `arsenal demo` uses: no EPMD, a port that the caller chose.
demo_ends(#{demo := Dir, env := Env}) ->
    Port = free_port(),
    Erl = open_port({spawn_executable, os:find_executable("erl")},
                    [{args, ["-noshell", "-pa", Dir, "-name", "arsenal_demo@127.0.0.1", "-start_epmd", "false", "-erl_epmd_port",
                             integer_to_list(Port), "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "-s", "arsenal_demo", "main"]},
                     {env, [Variable || {"HOME", _} = Variable <- Env] ++ [{"ERL_EPMD_PORT", integer_to_list(free_port())}]},
                     {line, 200}]),
    {os_pid, OsPid} = erlang:port_info(Erl, os_pid),
    receive {Erl, {data, {eol, "demo  " ++ _}}} -> ok after 10000 -> error(no_schedule) end,
    {ok, Socket} = gen_tcp:connect({127, 0, 0, 1}, Port, []),
    gen_tcp:close(Socket),
    port_close(Erl),
    Begin = now_ms(),
    ok = until(fun() -> not filelib:is_dir("/proc/" ++ integer_to_list(OsPid)) end, 20000),
    {ok, io_lib:format("~b ms after", [now_ms() - Begin])}.

free_port() ->
    {ok, Socket} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Socket),
    gen_tcp:close(Socket),
    Port.

%%% ------------------------------------------------------------------ nodes

%% An EPMD of our own on a free port, so that nothing is left behind and nothing is met.
start_epmd(Env) ->
    Port = free_port(),
    Number = integer_to_list(Port),
    Epmd = open_port({spawn_executable, filename:join([code:root_dir(), "erts-" ++ erlang:system_info(version), "bin", "epmd"])},
                     [{args, ["-address", "127.0.0.1", "-port", Number]}, exit_status, stderr_to_stdout]),
    ok = until(fun() ->
                   case gen_tcp:connect({127, 0, 0, 1}, Port, []) of
                       {ok, Probe} -> gen_tcp:close(Probe);
                       {error, _} -> false
                   end =:= ok
               end, 5000),
    Home = filename:join(["/tmp", "arsenal-probe-test-" ++ os:getpid()]),
    ok = filelib:ensure_dir(filename:join(Home, ".erlang.cookie")),
    ok = file:write_file(filename:join(Home, ".erlang.cookie"), ?SUBJECT_COOKIE),
    ok = file:change_mode(filename:join(Home, ".erlang.cookie"), 8#400),
    Env#{epmd => Epmd, home => Home, env => [{"HOME", Home}, {"ERL_EPMD_PORT", Number}, {"ERL_EPMD_ADDRESS", "127.0.0.1"}]}.

stop_epmd(#{epmd := Epmd, home := Home}) ->
    {os_pid, Pid} = erlang:port_info(Epmd, os_pid),
    os:cmd("kill " ++ integer_to_list(Pid)),
    file:del_dir_r(Home).

start_node(Kind, #{env := Env}) ->
    Name = lists:flatten(io_lib:format("~s_~s_~b@127.0.0.1", [Kind, os:getpid(), erlang:unique_integer([positive])])),
    Hidden = case Kind of watcher -> ["-hidden"]; subject -> [] end,
    {ok, Peer, _} = peer:start(#{connection => standard_io, env => Env, wait_boot => 20000,
                              args => ["-name", Name | Hidden] ++ ["-connect_all", "false", "-start_epmd", "false", "-kernel",
                                       "inet_dist_use_interface", "{127,0,0,1}", "+sbwt", "none"]}),
    {Peer, list_to_atom(Name)}.

call(Node, M, F, A) -> call(Node, M, F, A, 30000).
call({Peer, _}, M, F, A, Timeout) -> peer:call(Peer, M, F, A, Timeout).

os_pid(Node) -> call(Node, os, getpid, []).

kill_node(Node) ->
    os:cmd("kill -9 " ++ os_pid(Node)).

with_watcher(Env, Test) ->
    with_node(watcher, Env, Test).

with_node(Kind, Env, Test) ->
    Node = {Peer, _} = start_node(Kind, Env),
    load_self(Node),
    try Test(Node) after catch peer:stop(Peer) end.

load_self(Node) ->
    [begin
         {Module, Code, File} = code:get_object_code(Module),
         {module, Module} = call(Node, code, load_binary, [Module, File, Code])
     end || Module <- [?MODULE, walk_test, groups_test]].

%% The subject's log goes to a file.
prepare_subject(Subject, #{home := Home}) ->
    load_self(Subject),
    Log = filename:join(Home, "subject.log"),
    ok = call(Subject, logger, remove_handler, [default]),
    ok = call(Subject, logger, add_primary_filter, [probe_test_own, {fun ?MODULE:stop_own/2, none}]),
    ok = call(Subject, logger, add_handler, [probe_test, logger_std_h, #{config => #{file => Log}}]),
    call(Subject, persistent_term, put, [probe_test_log, Log]).

is_connected(Subject, {_, Name}) ->
    lists:member(Name, call(Subject, erlang, nodes, [connected])).

clean_within(Subject, Module, Ms) ->
    Leftovers = fun() ->
                    Footprint = call(Subject, ?MODULE, footprint, [Module]),
                    [Key || Key <- [loaded, old, registered, filter, traced, wall_time], maps:get(Key, Footprint)]
                end,
    case until(fun() -> Leftovers() =:= [] end, Ms) of
        ok -> true;
        timeout -> {still_there, Leftovers()}
    end.

until(Condition, Ms) -> until(Condition, now_ms() + Ms, 10).

until(Condition, Deadline, Pause) ->
    case Condition() of
        true -> ok;
        false ->
            case now_ms() < Deadline of
                true -> timer:sleep(Pause), until(Condition, Deadline, Pause);
                false -> timeout
            end
    end.

now_ms() -> erlang:monotonic_time(millisecond).

%%% ------------------------------------------------------------------ watchers

%% As the C side does: load the module if it is not there, then attach from a process whose group leader is far away.
attach(Watcher, #{subject := Subject} = Env, Options) ->
    load(Subject, Env),
    Pid = start_watcher(Watcher, Env, Options),
    {Pid, answer(Watcher, Pid)}.

load(Subject, #{module := Module, beam := Beam, code := Code}) ->
    case call(Subject, code, is_loaded, [Module]) of
        false -> {module, Module} = call(Subject, code, load_binary, [Module, Beam, Code]);
        _ -> ok
    end.

start_watcher(Watcher, #{subject := {_, Name}, module := Module}, Options) ->
    call(Watcher, ?MODULE, watch, [Name, Module, Options]).

answer(Watcher, Pid) ->
    ok = until(fun() -> element(1, call(Watcher, ?MODULE, watched, [Pid])) =/= none end, 20000),
    element(1, call(Watcher, ?MODULE, watched, [Pid])).

tell(Watcher, Pid, What) -> call(Watcher, erlang, send, [Pid, What]).

messages(Watcher, Pid, Tag) ->
    [Message || Message <- element(2, call(Watcher, ?MODULE, watched, [Pid])), element(1, Message) =:= Tag].

ticks(Watcher, Pid) -> messages(Watcher, Pid, arsenal_tick).

tops(Watcher, Pid) -> [Top || {arsenal_tick, _, _, _, _, [_ | _] = Top} <- ticks(Watcher, Pid)].

survey(Kind, Watcher, Pid) ->
    Surveys = fun() -> [{Total, Rows} || {arsenal_survey, _, Of, Total, Rows} <- messages(Watcher, Pid, arsenal_survey), Of =:= Kind] end,
    ok = until(fun() -> Surveys() =/= [] end, 20000),
    lists:last(Surveys()).

%% Those of walks; in between come rankings of the queues alone.
walks(Watcher, Pid) -> [Top || [_, _ | _] = Top <- tops(Watcher, Pid)].

restarts_so_far(Watcher, Pid) ->
    lists:append([Restarts || {arsenal_restarts, _, Restarts} <- messages(Watcher, Pid, arsenal_restarts)]).

restarts(Watcher, Pid, Count) ->
    _ = until(fun() -> length(restarts_so_far(Watcher, Pid)) >= Count end, 10000),
    restarts_so_far(Watcher, Pid).

%% {Carried, Lost}
counted(Watcher, Pid) -> call(Watcher, ?MODULE, counted, [Pid]).

all_counted(Watcher, Pid) ->
    {Carried, Lost} = counted(Watcher, Pid),
    Carried + Lost.

metric(_Name, []) -> none;
metric(Name, Ticks) ->
    {arsenal_tick, _, _, Metrics, _, _} = lists:last(Ticks),
    proplists:get_value(Name, Metrics).

is_notice(Level, Word, {arsenal_notice, Level, Text}) -> string:find(Text, Word) =/= nomatch;
is_notice(_, _, _) -> false.

watch(Subject, Module, Options) ->
    spawn(?MODULE, watcher, [Subject, Module, Options]).

watcher(Subject, Module, Options) ->
    Self = self(),
    spawn_link(fun() ->
                   Answer = try erpc:call(Subject, Module, attach, [Self, Options]) catch C:R -> {C, R} end,
                   Self ! {answer, Answer}
               end),
    watcher_loop(true, none, []).

watcher_loop(Acks, Answer, Messages) ->
    receive
        {answer, Given} ->
            %% A tick may be here before it is known whom to answer, as in the C side.
            case Given of
                {ok, Holder, _} -> [Holder ! {ack, self(), Seq} || {arsenal_tick, Seq, _, _, _, _} <- lists:sublist(Messages, 1), Acks];
                _ -> ok
            end,
            watcher_loop(Acks, Given, Messages);
        {arsenal_tick, Seq, _, _, _, _} = Tick ->
            case Answer of
                {ok, Holder, _} when Acks -> Holder ! {ack, self(), Seq};
                _ -> ok
            end,
            watcher_loop(Acks, Answer, [Tick | Messages]);
        be_silent -> watcher_loop(false, Answer, Messages);
        detach ->
            {ok, Holder, _} = Answer,
            Holder ! {detach, self()},
            watcher_loop(Acks, Answer, Messages);
        {watched, From} ->
            From ! {self(), {Answer, lists:reverse(Messages)}},
            watcher_loop(Acks, Answer, Messages);
        {counted, From} ->
            %% Here rather than where it is asked, for a flood is too much to be copied at every look.
            Batches = [{length(Restarts), Lost} || {arsenal_restarts, Lost, Restarts} <- Messages],
            {Carried, Lost} = lists:unzip(Batches),
            From ! {self(), {lists:sum(Carried), lists:sum(Lost)}},
            watcher_loop(Acks, Answer, Messages);
        Message -> watcher_loop(Acks, Answer, [Message | Messages])
    end.

counted(Pid) ->
    Pid ! {counted, self()},
    receive {Pid, Counted} -> Counted after 10000 -> error(no_answer) end.

watched(Pid) ->
    Pid ! {watched, self()},
    receive {Pid, Watched} -> Watched after 10000 -> error(no_answer) end.

%%% ------------------------------------------------------------------ on the subject

stop_own(#{meta := #{probe_test := true}}, _) -> stop;
stop_own(_, _) -> ignore.

footprint(Module) ->
    #{filters := Filters, level := Level} = logger:get_primary_config(),
    #{loaded => code:is_loaded(Module) =/= false orelse lists:keymember(Module, 1, code:all_loaded()),
      old => erlang:check_old_code(Module),
      registered => whereis(Module) =/= undefined,
      holder => case whereis(Module) of
                    undefined -> false;
                    Pid -> process_info(Pid, initial_call) =:= {initial_call, {Module, holder, 0}}
                end,
      filter => lists:keymember(Module, 1, Filters),
      filter_first => Filters =/= [] andalso element(1, hd(Filters)) =:= Module,
      others => lists:keydelete(Module, 1, Filters),
      level => Level,
      traced => erlang:trace_info(new, tracer) =/= {tracer, []}
                orelse erlang:trace_info({supervisor, do_restart, 3}, traced) =/= {traced, false},
      wall_time => erlang:statistics(scheduler_wall_time) =/= undefined}.

count_canaries(#{msg := {report, #{label := {supervisor, child_terminated}, report := Report}}}, Counter) ->
    case proplists:get_value(mfargs, proplists:get_value(offender, Report)) of
        {_, canary_child, _} -> counters:add(Counter, 1, 1);
        _ -> ok
    end,
    ignore;
count_canaries(_, _) -> ignore.

%% Starts a supervisor that does not die with the process that a call runs in.
hold({M, F, A}) ->
    Caller = self(),
    spawn(fun() ->
              Caller ! {held, self(), apply(M, F, A)},
              receive stop -> ok end
          end),
    receive {held, _, Answer} -> Answer end.

supervisor(Subject, Name, Children) -> supervisor(Subject, Name, #{intensity => 1000, period => 1}, Children).

supervisor(Subject, Name, Flags, Children) ->
    Args = case Name of undefined -> []; _ -> [{local, Name}] end ++ [?MODULE, {Flags, Children}],
    {ok, Sup} = call(Subject, ?MODULE, hold, [{supervisor, start_link, Args}]),
    Sup.

thrown_by(M, F, A) ->
    try apply(M, F, A) catch throw:Thrown -> Thrown end.

stop_supervisors(Subject, Sups) ->
    [call(Subject, erlang, exit, [Sup, kill]) || Sup <- Sups],
    ok.

init({Flags, Children}) -> {ok, {Flags, Children}}.

worker(Id, Restart) -> #{id => Id, start => {?MODULE, start_link_worker, [Id]}, restart => Restart}.

start_link_worker(_) ->
    {ok, spawn_link(fun() -> receive {crash, Reason} -> crash(Reason) end end)}.

crash(badarith) -> 1 + persistent_term:get(probe_test_log);
crash(Reason) -> exit(Reason).

start_link_failing(Key, _) ->
    case persistent_term:get(Key) of
        true -> {error, will_not_start};
        false -> start_link_worker(Key)
    end.

crash(Subject, Sup, Id, Reason) -> crash_by(Subject, supervisor, Sup, Id, Reason).

crash_by(Subject, Module, Sup, Id, Reason) ->
    {Id, Pid, _, _} = lists:keyfind(Id, 1, call(Subject, Module, which_children, [Sup])),
    call(Subject, erlang, send, [Pid, {crash, Reason}]),
    ok = until(fun() -> not call(Subject, erlang, is_process_alive, [Pid]) end, 20000),
    Pid.

%% A watcher on the node itself that does not answer before all is over: how many restarts it is told of, for each child.
in_subject(slow_watcher, {Module, Count}) ->
    {ok, Holder, _} = Module:attach(self(), #{interval => 100}),
    [begin
         report_offender({flood, N rem 7}, [{pid, self()}, {id, N rem 50}, {mfargs, {m, f, []}}, {restart_type, permanent}]),
         N rem 100 =:= 0 andalso timer:sleep(5)
     end || N <- lists:seq(1, Count)],
    Counted = slow_watcher(Holder, Count, #{}, 0),
    Holder ! {detach, self()},
    Counted;
%% dbg, which traces every process: its first call is all the warning that there is.
in_subject(foreign_tracer, start) ->
    Counter = counters:new(1, []),
    persistent_term:put(probe_test_traced, Counter),
    {ok, _} = dbg:tracer(process, {fun(_, _) -> counters:add(Counter, 1, 1) end, none}),
    {ok, _} = dbg:p(all, [c]),
    {ok, _} = dbg:tp(lists, seq, 2, []),
    ok;
in_subject(foreign_tracer, works) ->
    Counter = persistent_term:get(probe_test_traced),
    spawn(lists, seq, [1, 2]),
    until(fun() -> counters:get(Counter, 1) > 0 end, 2000) =:= ok;
in_subject(foreign_tracer, stop) ->
    dbg:stop(),
    ok;
%% A filter that stands before the probe's, which takes it for another probe's.
in_subject(count_canaries, none) ->
    Counter = counters:new(1, []),
    persistent_term:put(probe_test_canaries, Counter),
    logger:add_primary_filter(arsenal_probe_count, {fun ?MODULE:count_canaries/2, Counter});
in_subject(canaries, none) ->
    counters:get(persistent_term:get(probe_test_canaries), 1);
in_subject(filtered, {Module, Start}) ->
    #{filters := Filters} = logger:get_primary_config(),
    {Module, {Filter, Extra}} = lists:keyfind(Module, 1, Filters),
    Report = [{supervisor, {local, probe_test_sup}}, {errorContext, child_terminated}, {reason, canary},
              {offender, [{pid, self()}, {id, canary}, {mfargs, Start}, {restart_type, permanent}]}],
    Filter(#{level => error, meta => #{pid => self()},
             msg => {report, #{label => {supervisor, child_terminated}, report => Report}}}, Extra);
%% A holder that does not run for a while, and what is in its queue then.
in_subject(late, {Holder, Ms, Messages}) ->
    erlang:suspend_process(Holder),
    [Holder ! Message || Message <- Messages],
    timer:sleep(Ms),
    erlang:resume_process(Holder),
    ok;
in_subject(report, Reason) ->
    report(Reason);
in_subject(cut, improper_report) ->
    report_offender(undefined, [{pid, self()}, {id, i}, {restart_type, permanent} | improper]);
in_subject(cut, Kind) ->
    Term = term(Kind),
    report(Term);
in_subject(flood, {Holder, Rate, Ms}) ->
    Begin = now_ms(),
    Longest = flood(Holder, Rate, Begin, Begin + Ms, 0, 0),
    Longest;
in_subject(flood_hard, {Holder, Count}) ->
    Term = {term(long_list), term(map), lists:duplicate(100, term(bits))},
    Begin = now_ms(),
    Longest = lists:foldl(fun(N, Most) ->
                              report(Term),
                              case N rem 100 of 0 -> max(Most, queue_length(Holder)); _ -> Most end
                          end, 0, lists:seq(1, Count)),
    {Count, now_ms() - Begin, Longest};
in_subject(culprits, Length) ->
    Queue = spawn(fun() -> register(probe_test_queue, self()), receive never -> ok end end),
    [Queue ! N || N <- lists:seq(1, Length)],
    Busy = spawn(fun Spin() -> spin(100000), receive after 1 -> Spin() end end),
    Fat = spawn(fun() ->
                    put('$process_label', <<"the fat one">>),
                    Fat = lists:seq(1, 200000),
                    %% As in a leak that has gone on for long: all of it is in the old generation of the heap.
                    [garbage_collect(self(), [{type, minor}]) || _ <- [1, 2, 3]],
                    receive Pid -> Pid ! Fat end
                end),
    {Queue, Busy, Fat};
in_subject(tables, Count) ->
    Me = self(),
    Fill = fun(Table, Objects) -> ets:insert(Table, [{N, N} || N <- lists:seq(1, Objects)]) end,
    Own = [spawn(fun() -> Fill(ets:new(probe_test_own, []), 1000), Me ! filled, receive stop -> ok end end) || _ <- lists:seq(1, Count)],
    Owner = spawn(fun() ->
                      register(probe_test_owner, self()),
                      Fill(ets:new(probe_test_large, [named_table]), 50000),
                      [Fill(ets:new(probe_test_cache, []), 1000) || _ <- lists:seq(1, 10)],
                      Me ! filled,
                      receive stop -> ok end
                  end),
    [receive filled -> ok end || _ <- [Owner | Own]],
    [Owner | Own];
%% {Carriers, Blocks}, by what recon_alloc does.
in_subject(allocators, none) ->
    Parts = [Part || Allocator <- erlang:system_info(alloc_util_allocators),
                     {instance, _, Instance} <- erlang:system_info({allocator_sizes, Allocator}), {_, Part} <- Instance],
    {lists:sum([element(2, Item) || Part <- Parts, Item <- Part, element(1, Item) =:= carriers_size]),
     lists:sum([element(2, Item) || Part <- Parts, {blocks, Types} <- Part, {_, Items} <- Types, Item <- Items, element(1, Item) =:= size])};
in_subject(idle, Count) ->
    [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, Count)];
in_subject(stop_idle, Pids) ->
    [Pid ! stop || Pid <- Pids],
    ok.

slow_watcher(Holder, Left, Counts, Lost) when Left > 0 ->
    receive
        {arsenal_tick, Seq, _, _, _, _} ->
            Holder ! {ack, self(), Seq},
            slow_watcher(Holder, Left, Counts, Lost);
        {arsenal_restarts, More, Restarts} ->
            Told = [{Child, case Restart of {_, _, _, _, _, _, _, _, _, Times} -> Times; _ -> 1 end}
                    || Restart <- Restarts, {t, Child} <- [element(5, Restart)]],
            Sum = lists:foldl(fun({Child, Times}, Sums) -> maps:update_with(Child, fun(N) -> N + Times end, Times, Sums) end, Counts, Told),
            slow_watcher(Holder, Left - More - lists:sum([Times || {_, Times} <- Told]), Sum, Lost + More)
    after 10000 ->
        {Counts, Lost}
    end;
slow_watcher(_Holder, _Left, Counts, Lost) ->
    {Counts, Lost}.

spin(0) -> ok;
spin(N) -> spin(N - 1).

flood(Holder, Rate, Begin, End, Sent, Longest) ->
    Now = now_ms(),
    case Now >= End of
        true -> {Sent, Now - Begin, Longest};
        false ->
            Due = (Now - Begin + 1) * Rate div 1000 - Sent,
            [report({flood, N}) || N <- lists:seq(1, Due)],
            timer:sleep(1),
            flood(Holder, Rate, Begin, End, Sent + max(0, Due), max(Longest, queue_length(Holder)))
    end.

queue_length(Pid) ->
    case process_info(Pid, message_queue_len) of
        {_, Length} -> Length;
        undefined -> 0
    end.

report(Reason) ->
    report_offender(Reason, [{pid, self()}, {id, child}, {mfargs, {m, f, [1]}}, {restart_type, permanent}]).

%% As supervisor.erl does it. The time told is that of the filters: no handler gets to see these.
report_offender(Reason, Offender) ->
    {Micros, _} = timer:tc(fun() -> logger:log(error, #{label => {supervisor, child_terminated},
                        report => [{supervisor, {local, probe_test_flood}}, {errorContext, child_terminated},
                                   {offender, Offender} | [{reason, Reason} || Reason =/= undefined]]},
               #{domain => [otp, sasl], probe_test => true, error_logger => #{tag => error_report, type => supervisor_report}}) end),
    Micros.

term(binary_100_mb) -> binary:copy(<<"0123456789">>, 10000000);
term(long_list) -> lists:seq(1, 1000000);
term(deep_list) -> lists:foldl(fun(_, List) -> [List] end, [], lists:seq(1, 1000000));
term(improper) -> [1, 2 | improper];
term(big_map) -> maps:from_list([{N, N} || N <- lists:seq(1, 100000)]);
term(map) -> #{a => 1, <<"b">> => #{c => [self()]}};
term(big_tuple) -> erlang:make_tuple(1000000, x);
term(deep_tuple) -> lists:foldl(fun(_, Tuple) -> {Tuple, x} end, {}, lists:seq(1, 100000));
term(local_fun) -> Large = lists:seq(1, 100000), fun() -> Large end;
term(external_fun) -> {fun lists:map/2};
term(bits) -> <<1:3>>;
term(bignum) -> 1 bsl 100000;
term(references) -> {self(), make_ref(), hd(erlang:ports())};
term(latin1_string) -> "gr\xfc\xdfe";
term(wide_string) -> lists:duplicate(2000, 16#1F600);
term(float) -> {1.5, -0.0};
term(with_stack) -> {{badmatch, lists:duplicate(10000, <<"x">>)}, [{some_module, some_function, 3, [{file, "some_file.erl"}, {line, 7}]}]};
term(part_of_binary) -> binary:part(binary:copy(<<"x">>, 1000000), 0, 100).

%% The node's CPU time over two seconds with the probe at work.
holder_info(Holder) ->
    true = is_process_alive(Holder),
    {Before, _} = erlang:statistics(runtime),
    Begin = erlang:monotonic_time(microsecond),
    timer:sleep(2000),
    {After, _} = erlang:statistics(runtime),
    {(After - Before) * 1000, erlang:monotonic_time(microsecond) - Begin}.
