%% SPDX-License-Identifier: Apache-2.0
%%
%% Tests of what the probe finds out about supervisors that restart. probe_test runs them, and has the nodes and watchers.
-module(supervisors_test).

-export([tests/0]).
%% Run on the subject:
-export([fill/2, look/2, start_trapping/1, not_a_supervisor/0]).

-import(probe_test, [call/4, call/5, with_watcher/2, attach/3, messages/3, restarts/3, restarts_so_far/2, until/2, supervisor/4,
                     stop_supervisors/2, worker/2, crash/4, crash_by/5, tell/3]).

tests() ->
    [{"facts of a supervisor", fun facts/1},
     {"one_for_all and rest_for_one: who is restarted along", fun siblings/1},
     {"DynamicSupervisor and supervisor2 tell, too", fun other_kinds/1},
     {"a first start that fails is no restart", fun first_start/1},
     {"one that gives up, and its own supervisor", fun gave_up/1},
     {"200,000 dynamic children cost the supervisor no more than one", fun dynamic_children/1},
     {"a suspended supervisor is asked once", fun suspended/1},
     {"what is no supervisor is left alone", fun no_supervisor/1},
     {"a state of another shape is unknown", fun other_shapes/1}].

load_self(#{subject := Subject}) ->
    {?MODULE, Code, File} = code:get_object_code(?MODULE),
    {module, ?MODULE} = call(Subject, code, load_binary, [?MODULE, File, Code]).

facts(Watcher, Pid) ->
    lists:append([Facts || {arsenal_supervisors, Time, Facts} <- messages(Watcher, Pid, arsenal_supervisors),
                           abs(Time - erlang:system_time(millisecond)) < 60000]).

facts_of(Sup, Count, Watcher, Pid) ->
    Told = fun() -> [Facts || Facts <- facts(Watcher, Pid), element(2, Facts) =:= Sup] end,
    ok = until(fun() -> length(Told()) >= Count end, 20000),
    Told().

facts(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        Sup = supervisor(Subject, probe_test_facts, #{intensity => 5, period => 60}, [worker(a, permanent), worker(b, transient)]),
        Before = call(Subject, sys, get_state, [Sup]),
        _ = crash(Subject, Sup, a, boom),
        [{probe_test_facts, Sup, supervisor, one_for_one, 5, 60, 1, {Age}, 2, []}] = facts_of(Sup, 1, Watcher, Pid),
        true = Age =< 1,
        %% Restarts come before what they mean.
        [arsenal_restarts, arsenal_supervisors] =
            [element(1, M) || M <- all_messages(Watcher, Pid), lists:member(element(1, M), [arsenal_restarts, arsenal_supervisors])],
        [crash(Subject, Sup, Id, boom) || Id <- [a, b, a]],
        ok = until(fun() -> element(7, lists:last(facts_of(Sup, 1, Watcher, Pid))) =:= 4 end, 20000),
        {_, _, _, _, 5, 60, 4, Ages, 2, []} = lists:last(facts_of(Sup, 2, Watcher, Pid)),
        4 = tuple_size(Ages),
        true = lists:sort(tuple_to_list(Ages)) =:= tuple_to_list(Ages),
        %% Its state is what it would be without us: nothing but pids and restarts has changed.
        After = call(Subject, sys, get_state, [Sup]),
        {Same, Same} = {[element(I, Before) || I <- [1, 2, 3, 6, 7]], [element(I, After) || I <- [1, 2, 3, 6, 7]]},
        {message_queue_len, 0} = call(Subject, erlang, process_info, [Sup, message_queue_len]),
        stop_supervisors(Subject, [Sup])
    end).

all_messages(Watcher, Pid) -> element(2, call(Watcher, probe_test, watched, [Pid])).

%% The children as they are, by pid, before and after, show what the siblings told are worth.
siblings(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        Children = [worker({c, 1}, permanent), worker(t, temporary), worker({c, 2}, transient), worker({c, 3}, permanent),
                    worker({c, 4}, permanent)],
        All = supervisor(Subject, undefined, #{strategy => one_for_all, intensity => 50, period => 1}, Children),
        {c, [{c, 4}, {c, 3}, {c, 1}]} = {c, restarted_along(Subject, All, {c, 2})},
        [{All, All, supervisor, one_for_all, 50, 1, _, _, 4, [{t, {c, 4}}, {t, {c, 3}}, {t, {c, 2}}, {t, {c, 1}}]}]
            = facts_of(All, 1, Watcher, Pid),
        Rest = supervisor(Subject, undefined, #{strategy => rest_for_one, intensity => 50, period => 1}, Children),
        [{c, 4}, {c, 3}] = restarted_along(Subject, Rest, {c, 2}),
        [{_, _, supervisor, rest_for_one, 50, 1, _, _, 5, [{t, {c, 4}}, {t, {c, 3}}, {t, {c, 2}}, {t, {c, 1}}]}]
            = facts_of(Rest, 1, Watcher, Pid),
        %% One temporary child before the failing one stays, and is not in the list; of many, the last started are told.
        Many = supervisor(Subject, undefined, #{strategy => one_for_all, intensity => 50, period => 1},
                          [worker({lists:duplicate(100, x), N}, permanent) || N <- lists:seq(1, 150)]),
        _ = crash(Subject, Many, {lists:duplicate(100, x), 150}, boom),
        [{_, _, supervisor, one_for_all, _, _, _, _, 150, Ids}] = facts_of(Many, 1, Watcher, Pid),
        100 = length(Ids),
        {t, {_, 150}} = hd(Ids),
        stop_supervisors(Subject, [All, Rest, Many])
    end).

%% Those of the permanent and transient siblings that have another pid afterwards, the last started first.
restarted_along(Subject, Sup, Failing) ->
    Which = fun() -> [{Id, Child} || {Id, Child, _, _} <- call(Subject, supervisor, which_children, [Sup])] end,
    Before = Which(),
    _ = crash(Subject, Sup, Failing, boom),
    ok = until(fun() -> lists:all(fun({Id, Child}) -> is_pid(Child) andalso {Id, Child} =/= lists:keyfind(Failing, 1, Before) end, Which()) end,
               3000),
    [Id || {Id, Child} <- Which(), Id =/= Failing, {_, Old} <- [lists:keyfind(Id, 1, Before)], Old =/= Child].

other_kinds(#{subject := Subject} = Env) ->
    case call(Subject, code, which, ['Elixir.DynamicSupervisor']) =/= non_existing andalso call(Subject, code, which, [supervisor2]) =/= non_existing of
        false -> {skipped, "no Elixir or no RabbitMQ here"};
        true -> with_watcher(Env, fun(Watcher) -> other_kinds(Subject, Watcher, Env) end)
    end.

other_kinds(Subject, Watcher, Env) ->
    {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
    {ok, Dynamic} = call(Subject, probe_test, hold, [{'Elixir.DynamicSupervisor', start_link, [[{strategy, one_for_one}, {max_restarts, 7}, {max_seconds, 9}]]}]),
    Spec = #{id => ignored, start => {probe_test, start_link_worker, [x]}, restart => permanent},
    [{ok, Child} | _] = [call(Subject, 'Elixir.DynamicSupervisor', start_child, [Dynamic, Spec]) || _ <- [1, 2, 3]],
    call(Subject, erlang, exit, [Child, boom]),
    [{Dynamic, Dynamic, dynamic_supervisor, one_for_one, 7, 9, 1, {_}, 3, []}] = facts_of(Dynamic, 1, Watcher, Pid),
    Children = [{{r, N}, {probe_test, start_link_worker, [x]}, permanent, 1000, worker, [probe_test]} || N <- [1, 2, 3]],
    {ok, Two} = call(Subject, probe_test, hold, [{supervisor2, start_link, [probe_test, {{rest_for_one, 5, 10}, Children}]}]),
    _ = crash_by(Subject, supervisor2, Two, {r, 2}, boom),
    [{Two, Two, supervisor, rest_for_one, 5, 10, 1, {_}, 3, [{t, {r, 3}}, {t, {r, 2}}, {t, {r, 1}}]}] = facts_of(Two, 1, Watcher, Pid),
    stop_supervisors(Subject, [Dynamic, Two]).

first_start(#{subject := Subject} = Env) ->
    load_self(Env),
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        call(Subject, persistent_term, put, [probe_test_fail, true]),
        Failing = #{id => e, start => {probe_test, start_link_failing, [probe_test_fail, 1]}},
        {error, _} = call(Subject, ?MODULE, start_trapping, [{#{}, [Failing]}]),
        call(Subject, persistent_term, put, [probe_test_fail, false]),
        %% Under one_for_all the sibling that cannot be started again is reported without a pid: that is an attempt to restart.
        Sup = supervisor(Subject, undefined, #{strategy => one_for_all, intensity => 2, period => 60}, [worker(a, permanent), Failing]),
        call(Subject, persistent_term, put, [probe_test_fail, true]),
        _ = crash(Subject, Sup, a, boom),
        ok = until(fun() -> lists:keymember(gave_up, 2, restarts_so_far(Watcher, Pid)) end, 20000),
        [{child_terminated, {t, a}}, {start_error, {t, e}}, {start_error, {t, e}}, {gave_up, {t, e}}]
            = [{element(2, R), element(5, R)} || R <- restarts_so_far(Watcher, Pid)]
    end).

gave_up(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        Inner = #{id => inner, type => supervisor, start => {supervisor, start_link, [probe_test, {#{intensity => 1, period => 60}, [worker(a, permanent)]}]}},
        Outer = supervisor(Subject, probe_test_outer, #{intensity => 3, period => 60}, [Inner]),
        [{inner, InnerPid, _, _}] = call(Subject, supervisor, which_children, [Outer]),
        First = crash(Subject, InnerPid, a, boom),
        _ = restarts(Watcher, Pid, 1),
        Second = crash(Subject, InnerPid, a, boom),
        %% The last end of the child was no restart; that of the supervisor is one of its parent's.
        [{_, child_terminated, InnerPid, InnerPid, {t, a}, First, _, _, _},
         {_, child_terminated, InnerPid, InnerPid, {t, a}, Second, _, _, _},
         {_, gave_up, InnerPid, InnerPid, {t, a}, Second, {t, reached_max_restart_intensity}, _, _},
         {_, child_terminated, probe_test_outer, Outer, {t, inner}, InnerPid, {t, shutdown}, _, _}] = restarts(Watcher, Pid, 4),
        [{probe_test_outer, Outer, supervisor, one_for_one, 3, 60, 1, _, 1, []}] = facts_of(Outer, 1, Watcher, Pid),
        stop_supervisors(Subject, [Outer])
    end).

start_trapping(Args) ->
    process_flag(trap_exit, true),
    supervisor:start_link(probe_test, Args).

%%% ------------------------------------------------------------------ what it costs

dynamic_children(#{subject := Subject, module := Module} = Env) ->
    load_self(Env),
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env, #{interval => 60000}),
        Spec = #{id => x, start => {probe_test, start_link_worker, []}},
        Sup = supervisor(Subject, undefined, #{strategy => simple_one_for_one, intensity => 5, period => 60}, [Spec]),
        {ok, _} = call(Subject, supervisor, start_child, [Sup, [1]]),
        {One, OneBytes} = call(Subject, ?MODULE, look, [Sup, Module]),
        {Many, ManyBytes} = try
                                Child = call(Subject, ?MODULE, fill, [Sup, 200000], 120000),
                                Look = call(Subject, ?MODULE, look, [Sup, Module]),
                                call(Subject, erlang, exit, [Child, boom]),
                                [{_, _, supervisor, simple_one_for_one, 5, 60, 1, _, 200001, []}] = facts_of(Sup, 1, Watcher, Pid),
                                Look
                            after
                                stop_supervisors(Subject, [Sup]),
                                %% A node of so many processes would keep the module's old code, also for the tests that follow.
                                ok = until(fun() -> call(Subject, erlang, system_info, [process_count]) < 10000 end, 60000)
                            end,
        %% Far from what so many children are; a message that is still outside of the heap counts, too.
        true = Many =< One + 1000,
        true = ManyBytes =< OneBytes + 100000,
        {ok, io_lib:format("~b reductions with one child, ~b with 200,000; memory ~b and ~b bytes more", [One, Many, OneBytes, ManyBytes])}
    end).

fill(Sup, Count) ->
    {ok, First} = supervisor:start_child(Sup, [1]),
    [supervisor:start_child(Sup, [1]) || _ <- lists:seq(2, Count)],
    First.

%% {Reductions, Bytes} that one question costs the supervisor.
look(Sup, Module) ->
    garbage_collect(Sup),
    Ask = fun() -> try sys:replace_state(Sup, fun Module:throw_facts/1) catch error:{callback_failed, _, {throw, {Module, _}}} -> ok end end,
    Costs = fun() -> [{_, Reductions}, {_, Memory}] = process_info(Sup, [reductions, memory]), {Reductions, Memory} end,
    {Reductions, Memory} = Costs(),
    ok = Ask(),
    {Reductions1, Memory1} = Costs(),
    {Reductions1 - Reductions, Memory1 - Memory}.

suspended(#{subject := Subject} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, Holder, _}} = attach(Watcher, Env, #{interval => 200}),
        Slow = supervisor(Subject, undefined, #{intensity => 50, period => 60}, [worker(a, permanent)]),
        Quick = supervisor(Subject, undefined, #{intensity => 50, period => 60}, [worker(b, permanent)]),
        call(Subject, probe_test, hold, [{erlang, suspend_process, [Slow]}]),
        %% It restarts nothing while it is suspended, so that it restarted is told for it; the real one is by another supervisor.
        call(Subject, erlang, send, [Holder, {restart, {erlang:system_time(millisecond), child_terminated, Slow, Slow, {t, a}, undefined, {t, boom}, {t, permanent}, undefined}}]),
        _ = restarts(Watcher, Pid, 1),
        Queue = fun() -> element(2, call(Subject, erlang, process_info, [Slow, message_queue_len])) end,
        ok = until(fun() -> Queue() =:= 1 end, 20000),
        _ = crash(Subject, Quick, b, boom),
        [_] = facts_of(Quick, 1, Watcher, Pid),
        [begin
             call(Subject, erlang, send, [Holder, {restart, {erlang:system_time(millisecond), child_terminated, Slow, Slow, {t, a}, undefined, {t, boom}, {t, permanent}, undefined}}]),
             _ = crash(Subject, Quick, b, boom),
             true = length(facts_of(Quick, N + 1, Watcher, Pid)) > N
         end || N <- [1, 2]],
        1 = Queue(),
        [] = [Facts || Facts <- facts(Watcher, Pid), element(2, Facts) =:= Slow],
        true = call(Subject, erlang, is_process_alive, [Holder]),
        stop_supervisors(Subject, [Slow, Quick])
    end).

no_supervisor(#{subject := Subject} = Env) ->
    load_self(Env),
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, Holder, _}} = attach(Watcher, Env, #{interval => 200}),
        Bare = call(Subject, ?MODULE, not_a_supervisor, []),
        Sup = supervisor(Subject, undefined, #{intensity => 50, period => 60}, [worker(b, permanent)]),
        call(Subject, erlang, send, [Holder, {restart, {erlang:system_time(millisecond), child_terminated, Bare, Bare, {t, a}, undefined, {t, boom}, {t, permanent}, undefined}}]),
        _ = restarts(Watcher, Pid, 1),
        _ = crash(Subject, Sup, b, boom),
        [_] = facts_of(Sup, 1, Watcher, Pid),
        {message_queue_len, 0} = call(Subject, erlang, process_info, [Bare, message_queue_len]),
        call(Subject, erlang, exit, [Bare, kill]),
        stop_supervisors(Subject, [Sup])
    end).

not_a_supervisor() -> spawn(fun() -> receive never -> ok end end).

%% Whatever the state is, the function throws, and says so.
other_shapes(#{subject := Subject, module := Module} = Env) ->
    with_watcher(Env, fun(Watcher) ->
        {_, {ok, _, _}} = attach(Watcher, Env, #{interval => 1000}),
        Shapes = [undefined, [], #{}, {state}, {state, a, b, c, d, e, f, g, h, i, j}, erlang:make_tuple(1000, state),
                  {state, n, one_for_one, {[], #{}}, undefined, infinity, 5, [], 0, m, a},
                  {state, n, one_for_all, {improper, #{}}, undefined, 1, 5, [], 0, m, a},
                  {state, n, simple_one_for_one, x, {other, y}, 1, 5, [1 | 2], 0, m, a},
                  {state, n, one_for_all, {[a | b], #{a => x}}, undefined, 1, 5, [x], 0, m, a},
                  #{'__struct__' => 'Elixir.DynamicSupervisor', strategy => one_for_one, max_restarts => x, max_seconds => 5, restarts => [],
                    children => #{}}],
        [begin
             {badrpc_or_throw, {Module, Facts}} = {badrpc_or_throw, call(Subject, probe_test, thrown_by, [Module, throw_facts, [Shape]])},
             8 = tuple_size(Facts)
         end || Shape <- Shapes]
    end).
