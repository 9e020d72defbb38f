%% SPDX-License-Identifier: Apache-2.0
%%
%% The API with the real engine, as the package has it (priv/arsenal, or ARSENAL_PORT_PROGRAM).
-module(arsenal_tests).
-include_lib("eunit/include/eunit.hrl").

-export([start_crashing/0, init/1]).

-import(arsenal_testing, [until/1, until/2, burst/3, flush/0, kill_engine/1]).

all_test_() ->
    [{Name, {timeout, 120, fun() -> arsenal_testing:silent(Test) end}} || {Name, Test} <- tests()].

tests() ->
    [{"answers have the documented shapes", fun shapes/0}, {"terms come back as they went in", fun terms/0},
     {"restarts of supervisors are found", fun found/0}, {"a report by hand and a caught one are one", fun counted_once/0},
     {"events", fun events/0}, {"what comes right after a subscription", fun right_after/0}, {"a burst of casts", fun burst_of_casts/0}, {"a flood is folded", fun flood/0},
     {"a day of history", fun day/0}, {"whoever asked for a day has gone", fun day_for_nobody/0}, {"the engine ends while it tells of a day", fun day_cut_off/0},
     {"what runs out, and when", fun capacity/0}, {"who will fail next, and when", fun patterns/0}, {"selection", fun selection/0}, {"wrong starts", fun wrong_starts/0}, {"the state", fun state/0},
     {"killed again and again, with a store", fun killed_with_store/0}, {"killed without a store", fun killed_without_store/0},
     {"the store outlives the server", fun store_outlives/0}, {"wrong arguments raise", fun wrong_arguments/0}].

with_server(Options, Test) ->
    {ok, Server} = arsenal:start_link(Options),
    unlink(Server),
    try Test(Server) after
        arsenal_testing:stop(Server),
        flush()
    end.

shapes() ->
    with_server([{monitoring_interval, 100}], fun(_) ->
        {ok, #{overall_status := Status, process_count := Count, memory_usage := #{total := _, processes := _, system := _, atom := _, binary := _,
               code := _, ets := _}, cpu_usage := Cpu, restart_rate := _, message_queue_lengths := #{max := _, average := _,
               processes_with_long_queues := _}, anomalies := [], recommendations := Recommendations, last_check := #{'__struct__' := 'Elixir.DateTime'}}} =
            arsenal:get_system_health(),
        ?assert(lists:member(Status, [healthy, warning, critical])),
        ?assert(Count > 10),
        ?assert(is_float(Cpu)),
        ?assert(lists:all(fun is_binary/1, Recommendations)),
        {ok, #{cpu := #{utilization := _, load_average := _, scheduler_utilization := _}, memory := #{total := _, used := _, available := _,
               processes := _, system := _}, processes := #{count := _, limit := Limit, utilization := _, runnable := _, running := _},
               io := #{input := _, output := _}, gc := #{collections := _, words_reclaimed := _, time_spent := _},
               timestamp := #{'__struct__' := 'Elixir.DateTime'}}} = arsenal:get_performance_metrics(),
        until(fun() ->
                  {ok, #{levels := Levels}} = arsenal:get_memory_account(),
                  [limit, resident, carriers, blocks] = [Name || #{name := Name} <- Levels],
                  lists:all(fun(#{bytes := Bytes, excess := Excess, parts := Parts}) ->
                                is_integer(Bytes) andalso is_integer(Excess) andalso Bytes + Excess =:= lists:sum([Part || #{bytes := Part} <- Parts])
                            end, Levels)
              end),
        ?assertEqual({ok, []}, arsenal:get_patterns()),
        {ok, #{by := message_queue, processes := Processes}} = arsenal:top_processes(),
        ?assert(length(Processes) =< 10),
        ?assertEqual(erlang:system_info(process_limit), Limit),
        {ok, #{total_restarts := 0, most_restarted_children := [], restart_reasons := #{}, time_between_restarts := _, patterns := []}} =
            arsenal:get_restart_statistics(),
        {ok, #{uptime := Uptime, restart_events_tracked := 0, performance_samples := _, health_checks := _, active_subscriptions := 0,
               monitoring_interval := 100, retention_period := 86400000, last_health_check := _, engine_os_pid := _}} = arsenal:get_server_stats(),
        ?assert(Uptime < 60000),
        until(fun() -> {ok, #{performance_samples := Samples}} = arsenal:get_server_stats(), Samples >= 3 end),
        Now = erlang:system_time(millisecond),
        {ok, #{time_range := #{start := _, 'end' := _}, metrics := Metrics, restarts := [], health_checks := _, events := _}} =
            arsenal:get_historical_data(Now - 60000, Now),
        ?assert(length(Metrics) >= 3),
        %% A check that was asked for is seen by the next call.
        {ok, #{last_check := Before}} = arsenal:get_system_health(),
        ok = arsenal:force_health_check(),
        {ok, #{last_check := After}} = arsenal:get_system_health(),
        ?assertNotEqual(Before, After)
    end).

terms() ->
    Terms = [atom, "text", <<"binary">>, <<1:3>>, 5, 1 bsl 100, -1.5, {a, [b | c]}, #{k => {v}}, self(), make_ref(), [], {}, #{}, [1, 2, 3], 'Elixir.X'],
    with_server([], fun(_) ->
        [ok = arsenal:track_restart(Term, Term, Term) || Term <- Terms],
        {ok, #{total_restarts := Total, restart_reasons := Reasons}} = arsenal:get_restart_statistics(),
        ?assertEqual(length(Terms), Total),
        ?assertEqual(lists:sort(Terms), lists:sort(maps:keys(Reasons))),
        [?assertMatch({ok, #{total_restarts := 1, restart_reasons := #{Term := 1}, most_restarted_children := [{Term, 1}]}},
                      arsenal:get_restart_statistics(Term)) || Term <- Terms],
        Now = erlang:system_time(millisecond),
        {ok, #{restarts := Restarts}} = arsenal:get_historical_data(Now - 60000, Now),
        ?assertEqual(Terms, [Reason || #{supervisor := Supervisor, child_id := Child, reason := Reason} <- Restarts, Supervisor =:= Child, Child =:= Reason])
    end).

%%% a day of history: the router and the engine go on with everything else while it is under way

-define(DAY, 17280).               % samples, 5 s apart

with_day(Test) ->
    with_server([{name, day} | arsenal_day:options()], fun(Server) ->
        {First, Last} = arsenal_day:live(Server, 5000, ?DAY),
        Test(Server, First, Last)
    end).

day() ->
    with_day(fun(Server, First, Last) ->
        ok = arsenal:track_restart(Server, s, c, before),
        Day = gen_server:send_request(Server, {get_historical_data, First, Last}),
        Other = gen_server:send_request(Server, {arsenal_binary, {get_historical_data, First, Last}}),
        Small = [gen_server:send_request(Server, {arsenal_binary, get_server_stats}) || _ <- lists:seq(1, 1000)],
        ok = arsenal:track_restart(Server, s, c, meanwhile),
        %% All of these are answered before what was asked for first.
        [{reply, <<131, _/binary>>} = gen_server:wait_response(Request, 60000) || Request <- Small],
        ?assertEqual(timeout, gen_server:wait_response(Other, 0)),
        {reply, {ok, #{metrics := Metrics, health_checks := Checks, restarts := [#{reason := before}]}}} = gen_server:wait_response(Day, 60000),
        ?assertEqual({?DAY, ?DAY}, {length(Metrics), length(Checks)}),
        {reply, Parts} = gen_server:wait_response(Other, 60000),
        ?assert(length(Parts) > 100),
        {ok, #{metrics := Again}} = binary_to_term(iolist_to_binary(Parts)),
        ?assertEqual(Metrics, Again),
        {ok, #{metrics := Some}} = arsenal:get_historical_data(Server, First + 5000, First + 3600000),
        ?assertEqual(lists:sublist(Metrics, 2, 720), Some),
        %% What is asked for after a restart was reported knows it.
        {ok, #{restarts := Restarts}} = arsenal:get_historical_data(Server, 0, Last + 60000),
        ?assertEqual([before, meanwhile], [Reason || #{reason := Reason} <- Restarts])
    end).

%% An hour in which a hundred atoms are made every second, and nothing else grows: the million is full within two hours more.
capacity() ->
    with_server(arsenal_day:options(), fun(Server) ->
        {ok, #{atoms := #{trend := false, full_at := nil, time_left := nil, text := <<_, _/binary>>}}} = arsenal:plan_capacity(),
        {_, Last} = arsenal_day:live(Server, 5000, 720, fun(N, _, Metrics) ->
            {atom_count, Count} = lists:keyfind(atom_count, 1, Metrics),
            lists:keyreplace(atom_count, 1, Metrics, {atom_count, Count + 500 * N})
        end),
        {ok, #{atoms := Atoms, ports := Ports} = Capacity} = arsenal:plan_capacity(Server),
        ?assertEqual([atoms, cpu, ets, file_descriptors, memory, ports, processes], lists:sort(maps:keys(Capacity))),
        #{current := Current, limit := Limit, unit := <<"count">>, utilization := Share, trend := true, growth_per_hour := Growth,
          growth_range := #{low := Low, high := High}, confidence := _, horizon := Horizon, span := Span, time_left := Left, full_at := Full, earliest := Earliest} = Atoms,
        ?assertEqual(erlang:system_info(atom_limit), Limit),
        ?assert(abs(Share - 100 * Current / Limit) < 0.01),
        ?assert(abs(Growth - 360000) < 36000 andalso Low =< Growth andalso Growth =< High),
        ?assert(Span > 0 andalso Horizon > Span),
        ?assert(abs(Left / 3600000 - (Limit - Current) / 360000) < 0.2),
        {ok, FullMs} = arsenal_args:milliseconds(Full),
        {ok, EarliestMs} = arsenal_args:milliseconds(Earliest),
        ?assert(Last < EarliestMs andalso EarliestMs =< FullMs),
        ?assert(abs(FullMs - Last - Left) < 60000),
        ?assertMatch(#{trend := false, full_at := nil}, Ports),
        ?assertEqual({ok, []}, arsenal:predict_failures(Server))
    end).

%% Two hours of a child that fails every five minutes, and of another one that fails ten seconds after the memory was large.
patterns() ->
    Full = [70, 190, 405, 610, 701, 932, 1105, 1300],
    with_server(arsenal_day:options(), fun(Server) ->
        {_, Last} = arsenal_day:live(Server, 5000, 1440, fun(N, TimeMs, Metrics) ->
            N rem 60 =:= 30 andalso fails(Server, clockwork_sup, {poller, 1}, TimeMs),
            lists:member(N - 2, Full) andalso fails(Server, greedy_sup, cache, TimeMs),
            memory(Metrics, case lists:member(N, Full) of true -> 2000000000; false -> 300000000 + rand:uniform(5000000) end)
        end),
        {ok, Patterns} = arsenal:get_patterns(Server),
        [#{child_id := {poller, 1}, supervisor := clockwork_sup, interval := 300, last_restart := LastRestart, confidence := Sure}] =
            [Pattern || #{type := periodic_restart} = Pattern <- Patterns],
        {ok, LastMs} = arsenal_args:milliseconds(LastRestart),
        ?assert(Last - LastMs < 300000 andalso Sure > 0.5),
        [#{child_id := cache, supervisor := greedy_sup, resource_type := memory, metric := vm_memory_total, resource_threshold := Threshold,
           fired := Fired}] = [Pattern || #{type := resource_correlated} = Pattern <- Patterns],
        ?assert(Threshold > 300000000 andalso Threshold =< 2000000000 andalso Fired > 0.5),
        {ok, Predictions} = arsenal:predict_failures(Server),
        [#{type := periodic_restart, supervisor := clockwork_sup, next_failure := Next, earliest := Earliest, latest := Latest, confidence := _}] =
            [Prediction || #{child_id := {poller, 1}} = Prediction <- Predictions],
        [EarliestMs, NextMs, LatestMs] = [element(2, arsenal_args:milliseconds(Time)) || Time <- [Earliest, Next, Latest]],
        ?assert(EarliestMs =< NextMs andalso NextMs =< LatestMs),
        ?assert(abs(NextMs - LastMs - 300000) < 30000),
        [#{type := resource_correlated, supervisor := greedy_sup, resource_type := memory, trigger := Threshold, present := Present, distance := Distance}] =
            [Prediction || #{child_id := cache} = Prediction <- Predictions],
        ?assertEqual(Threshold - Present, Distance)
    end).

fails(Server, Supervisor, Child, TimeMs) ->
    gen_server:cast(Server, {track_restart, Supervisor, Child, boom, TimeMs}).

memory(Metrics, Bytes) ->
    lists:keystore(vm_memory_total, 1, Metrics, {vm_memory_total, Bytes}).

day_for_nobody() ->
    with_day(fun(Server, First, Last) ->
        Callers = [spawn(fun() -> arsenal:get_historical_data(Server, First, Last) end) || _ <- lists:seq(1, 10)],
        until(fun() -> {ok, #{calls_waiting := Waiting}} = arsenal:get_server_stats(Server), Waiting >= 10 end),
        [exit(Caller, kill) || Caller <- Callers],
        until(fun() -> {ok, #{calls_waiting := Waiting}} = arsenal:get_server_stats(Server), Waiting =:= 0 end),
        {ok, #{metrics := [_ | _]}} = arsenal:get_historical_data(Server, First, First + 60000)
    end).

day_cut_off() ->
    with_day(fun(Server, First, Last) ->
        Requests = [gen_server:send_request(Server, {get_historical_data, First, Last}) || _ <- lists:seq(1, 10)],
        kill_engine(Server),
        Answers = [begin {reply, Answer} = gen_server:wait_response(Request, 60000), Answer end || Request <- Requests],
        ?assertEqual({error, engine_restarting}, lists:last(Answers)),
        until(fun() -> element(1, arsenal:get_server_stats(Server)) =:= ok end),
        ?assertMatch({ok, #{metrics := []}}, arsenal:get_historical_data(Server, First, Last))
    end).

%%% a supervisor with children that can be crashed

init([]) ->
    {ok, {#{intensity => 1000, period => 1}, [#{id => Id, start => {?MODULE, start_crashing, []}} || Id <- [one, two]]}}.

start_crashing() ->
    {ok, spawn_link(fun() -> receive {crash, Reason} -> exit(Reason) end end)}.

crash(Supervisor, Id, Reason) ->
    {Id, Pid, _, _} = lists:keyfind(Id, 1, supervisor:which_children(Supervisor)),
    Pid ! {crash, Reason},
    until(fun() -> {Id, New, _, _} = lists:keyfind(Id, 1, supervisor:which_children(Supervisor)), is_pid(New) andalso New =/= Pid end).

with_supervisor(Test) ->
    {ok, Supervisor} = supervisor:start_link({local, arsenal_tests_sup}, ?MODULE, []),
    unlink(Supervisor),
    try Test(Supervisor) after
        Monitor = erlang:monitor(process, Supervisor),
        exit(Supervisor, shutdown),
        receive {'DOWN', Monitor, _, _, _} -> ok end
    end.

attached() ->
    until(fun() -> {ok, #{performance_samples := Samples}} = arsenal:get_server_stats(), Samples > 0 end).

total(Supervisor) ->
    case arsenal:get_restart_statistics(Supervisor) of
        {ok, #{total_restarts := Total}} -> Total;
        {error, engine_restarting} ->
            receive after 5 -> ok end,
            total(Supervisor)
    end.

found() ->
    with_server([{monitoring_interval, 100}], fun(_) ->
        with_supervisor(fun(Supervisor) ->
            attached(),
            ok = arsenal:subscribe_to_events([restart]),
            crash(Supervisor, one, {boom, 1}),
            receive {arsenal_analytics_event, restart, Event} ->
                ?assertMatch(#{supervisor := arsenal_tests_sup, child_id := one, reason := {boom, 1}, restart_count := 1}, Event)
            end,
            crash(Supervisor, two, boom),
            until(fun() -> total(arsenal_tests_sup) =:= 2 end),
            ?assertEqual(2, total(Supervisor))
        end)
    end).

counted_once() ->
    with_server([{monitoring_interval, 100}], fun(_) ->
        with_supervisor(fun(Supervisor) ->
            attached(),
            ok = arsenal:track_restart(Supervisor, one, boom),
            crash(Supervisor, one, boom),
            crash(Supervisor, two, boom),
            until(fun() -> total(arsenal_tests_sup) =:= 2 end),
            ok = arsenal:track_restart(arsenal_tests_sup, two, boom),
            ?assertEqual(2, total(Supervisor))
        end)
    end).

events() ->
    with_server([], fun(_) ->
        ok = arsenal:subscribe_to_events([all], fun(#{severity := high}) -> true end),
        [ok = arsenal:track_restart(s, worker, boom) || _ <- lists:seq(1, 6)],
        receive {arsenal_analytics_event, anomaly, Anomaly} ->
            ?assertMatch(#{type := restart_anomaly, severity := high, child_id := worker, supervisor := s}, Anomaly)
        after 5000 -> error(no_anomaly)
        end,
        ok = arsenal:unsubscribe_from_events()
    end).

%% On a busy machine the server finds both in its queue at once.
right_after() ->
    with_server([], fun(Server) ->
        true = erlang:suspend_process(Server),
        Alias = make_ref(),
        Server ! {'$gen_call', {self(), Alias}, {subscribe_to_events, self(), [restart], undefined}},
        ok = arsenal:track_restart(s, worker, boom),
        true = erlang:resume_process(Server),
        receive {Alias, ok} -> ok end,
        receive {arsenal_analytics_event, restart, Event} -> ?assertMatch(#{supervisor := s, child_id := worker}, Event)
        after 20000 -> error(no_event)
        end
    end).

burst_of_casts() ->
    with_server([], fun(_) ->
        burst(100, 1000, fun(I) -> arsenal:track_restart(s, I rem 10, killed) end),
        until(fun() -> total(all) =:= 100000 end),
        ?assertMatch({ok, #{casts_folded := 0}}, arsenal:get_server_stats())
    end).

%% Stopped, the engine takes in nothing; more casts than are kept are folded, and none is lost.
flood() ->
    with_server([], fun(_) ->
        {ok, #{engine_os_pid := Pid}} = arsenal:get_server_stats(),
        "" = os:cmd("kill -STOP " ++ integer_to_list(Pid)),
        burst(10, 20000, fun(I) -> arsenal:track_restart(s, I rem 10, killed) end),
        "" = os:cmd("kill -CONT " ++ integer_to_list(Pid)),
        until(fun() -> total(all) =:= 200000 end),
        {ok, #{casts_folded := Folded}} = arsenal:get_server_stats(),
        ?assert(Folded > 0)
    end).

selection() ->
    with_server([{only, [{supervisors, [wanted]}]}, {except, #{children => [noisy]}}], fun(_) ->
        [ok = arsenal:track_restart(Supervisor, Child, r) || Supervisor <- [wanted, other], Child <- [quiet, noisy]],
        ?assertEqual(1, total(all)),
        ?assertEqual(0, total(other))
    end),
    {error, {engine, Text}} = start([{only, [{metrics, [nonsense]}]}]),
    ?assertMatch({match, _}, re:run(Text, "nonsense")).

start(Options) ->
    gen_server:start(arsenal_server, Options, []).

wrong_starts() ->
    {error, {engine, NoFolder}} = start([{store, "/nowhere/at/all.db"}]),
    ?assertMatch({match, _}, re:run(NoFolder, "/nowhere/at/all.db")),
    {error, {engine, NoAddress}} = start([{http, "nonsense"}]),
    ?assertMatch({match, _}, re:run(NoAddress, "nonsense")),
    Store = store(),
    with_server([{store, Store}], fun(_) ->
        {error, {engine, InUse}} = start([{store, Store}]),
        ?assertMatch({match, _}, re:run(InUse, filename:basename(Store)))
    end).

state() ->
    with_server([{monitoring_interval, 100}, {max_history_size, 2}], fun(Server) ->
        [ok = arsenal:track_restart(s, c, N) || N <- lists:seq(1, 5)],
        until(fun() -> {ok, #{performance_samples := Samples}} = arsenal:get_server_stats(), Samples >= 3 end),
        ?assertMatch(#{'__struct__' := 'Elixir.Arsenal.AnalyticsServer', restart_history := [#{reason := 5}, #{reason := 4}],
                       performance_history := [_, _], health_history := [_, _], event_subscriptions := [], monitoring_interval := 100,
                       retention_period := 86400000, last_health_check := #{}, anomaly_thresholds := #{}, baseline_metrics := _}, sys:get_state(Server))
    end).

%%% the engine's deaths

store() -> filename:join(arsenal_testing:folder(), "history.db").

killed_with_store() ->
    with_server([{store, store()}, {monitoring_interval, 100}], fun(Server) ->
        ok = arsenal:subscribe_to_events([all]),
        Casters = [spawn_monitor(fun() -> [begin arsenal:track_restart(s, I rem 10, r), receive after 1 -> ok end end || I <- lists:seq(1, 2000)] end)
                   || _ <- lists:seq(1, 10)],
        [kill_engine(Server) || _ <- lists:seq(1, 20)],
        [receive {'DOWN', Monitor, process, _, normal} -> ok end || {_, Monitor} <- Casters],
        ?assertEqual(20000, total(all)),
        ?assertEqual(20000, total(s)),
        ?assertEqual(Server, whereis(arsenal:name())),
        ?assertMatch({ok, #{engine_restarts := 20, active_subscriptions := 1, casts_set_aside := 0}}, arsenal:get_server_stats())
    end).

killed_without_store() ->
    with_server([{monitoring_interval, 100}], fun(Server) ->
        ok = arsenal:track_restart(s, c, r),
        ?assertEqual(1, total(all)),
        kill_engine(Server),
        ?assertEqual(0, total(all)),
        ok = arsenal:track_restart(s, c, r),
        ?assertEqual(1, total(all)),
        attached()
    end).

store_outlives() ->
    Store = store(),
    with_server([{store, Store}], fun(_) -> ok = arsenal:track_restart(s, c, kept) end),
    with_server([{store, Store}], fun(_) ->
        %% Totals are a server's own, history is the store's.
        ?assertEqual(0, total(all)),
        Now = erlang:system_time(millisecond),
        ?assertMatch({ok, #{restarts := [#{reason := kept}]}}, arsenal:get_historical_data(Now - 60000, Now))
    end).

wrong_arguments() ->
    with_server([], fun(_) ->
        [?assertError(badarg, Call()) || Call <- [fun() -> arsenal:subscribe_to_events([nonsense]) end,
                                                  fun() -> arsenal:subscribe_to_events([all], not_a_fun) end,
                                                  fun() -> arsenal:get_historical_data(2, 1) end,
                                                  fun() -> arsenal:get_system_health("name") end]],
        ?assertEqual(0, total(all)),
        ?assertMatch({ok, #{active_subscriptions := 0}}, arsenal:get_server_stats())
    end),
    ?assertExit({noproc, _}, arsenal:get_system_health()),
    ?assertEqual(ok, arsenal:track_restart(s, c, r)),
    ?assertEqual(ok, arsenal:force_health_check()).
