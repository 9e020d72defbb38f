%% SPDX-License-Identifier: Apache-2.0
%%
%% Tests of the process walk, the queues that are followed, and the VM's own events. Run by probe_test, whose nodes and watchers they use; most
%% have a subject of their own, as they count what happens on it. Alone, on any OTP release:
%%
%%     erl -noshell -pa DIR -eval 'walk_test:main("DIR/arsenal_probe_<hash>.beam")'
-module(walk_test).

-export([main/1, tests/0]).
%% Run on the subject:
-export([on_subject/2, init/1, handle_call/3, handle_cast/2]).

-import(probe_test, [with_node/3, with_watcher/2, attach/3, tell/3, call/4, call/5, until/2, ticks/2, walks/2, messages/3, metric/2,
                     clean_within/3]).

main(Beam) -> probe_test:main(Beam, ".", tests()).

tests() ->
    [{"rankings say who a process is", fun who_it_is/1},
     {"binaries are counted once", fun binaries/1},
     {"a deep queue is followed, and never read", fun deep_queue/1},
     {"a queue that the VM tells of", fun long_queue_event/1},
     {"idle processes are not woken", fun idle_stay_idle/1},
     {"processes that come and go", fun turnover/1},
     {"processes that cannot answer", fun blocked/1},
     {"the system monitor is borrowed", fun borrowed_monitor/1},
     {"what the VM tells", fun vm_events/1},
     {"a walk that fails is told", fun failed_walk/1},
     {"what a walk costs", fun walk_cost/1}].

%% A subject and a watcher that is attached to it.
watching(Env, Options, Test) ->
    with_node(subject, Env, fun(Subject) ->
        watching_it(Subject, Env, Options, Test)
    end).

watching_it(Subject, Env, Options, Test) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, Holder, _}} = attach(Watcher, Env#{subject => Subject}, Options),
        Test(#{subject => Subject, watcher => Watcher, pid => Pid, holder => Holder, module => maps:get(module, Env)})
    end).

otp(#{subject := Subject}) -> list_to_integer(call(Subject, erlang, system_info, [otp_release])).

%% The process of a pid in the newest ranking of a kind.
newest(#{watcher := Watcher, pid := Pid}, Kind, Process) ->
    Rankings = [Ranking || {arsenal_tick, _, _, _, _, Top} <- ticks(Watcher, Pid), {K, Ranking} <- Top, K =:= Kind],
    case Rankings of
        [] -> none;
        _ -> case [P || #{pid := P0} = P <- lists:last(Rankings), P0 =:= Process] of [Found] -> Found; [] -> none end
    end.

wait_for(Test, Kind, Process, Wanted, Ms) ->
    case until(fun() -> case newest(Test, Kind, Process) of none -> false; Found -> Wanted(Found) end end, Ms) of
        ok -> newest(Test, Kind, Process);
        timeout -> error({not_seen, Kind, newest(Test, Kind, Process)})
    end.

any(_) -> true.

who_it_is(Env) ->
    watching(Env, #{interval => 200, budget => 100}, fun(#{subject := Subject} = Test) ->
        {Server, Sup} = call(Subject, ?MODULE, on_subject, [server, 60000]),
        #{name := <<"walk_test_server">>, initial_call := <<"walk_test:init/1">>, current_function := <<"gen_server:loop/", _/binary>>,
          application := <<"kernel">>, ancestors := Ancestors, memory := Memory, message_queue_len := 0, reductions := _} =
            wait_for(Test, memory, Server, fun any/1, 15000),
        true = Memory > 1000000,
        [<<"walk_test_sup">> | _] = Ancestors,
        true = length(Ancestors) =< 5,
        Labelled = call(Subject, ?MODULE, on_subject, [labelled, 200000]),
        #{name := <<"the label">>, application := <<>>, ancestors := []} = wait_for(Test, memory, Labelled, fun any/1, 15000),
        call(Subject, erlang, exit, [Sup, kill]),
        ok = until(fun() -> newest(Test, memory, Server) =:= none end, 20000)
    end).

binaries(Env) ->
    watching(Env, #{interval => 200, budget => 100}, fun(#{subject := Subject} = Test) ->
        Pid = call(Subject, ?MODULE, on_subject, [binaries, {50, 200000}]),
        #{value := Size, binary := Size, memory := Memory} = wait_for(Test, binary, Pid, fun(P) -> maps:get(value, P) =:= 10000000 end, 15000),
        true = Memory < 1000000,
        {ok, io_lib:format("~b bytes", [Size])}
    end).

deep_queue(Env) ->
    watching(Env, #{interval => 200, budget => 100}, fun(#{subject := Subject, watcher := Watcher, pid := Pid} = Test) ->
        Queue = call(Subject, ?MODULE, on_subject, [queue, 50000]),
        %% It may be looked at while it is still being filled.
        First = wait_for(Test, message_queue, Queue, fun(P) -> maps:get(value, P) =:= 50000 end, 15000),
        false = maps:is_key(memory, First),
        false = maps:is_key(binary, First),
        #{name := <<"walk_test_queue">>, message_queue_len := 50000} = First,
        Filler = call(Subject, ?MODULE, on_subject, [fill, {Queue, 100}]),
        %% A rate may also be that of the first 50,000.
        #{fill_rate := Rate} = wait_for(Test, message_queue, Queue,
                                        fun(#{value := Length} = P) -> Length > 50000 andalso maps:get(fill_rate, P, 0) > 1000 end, 15000),
        ok = until(fun() ->
            Ticks = ticks(Watcher, Pid),
            metric(mq_fill_rate, Ticks) > 1000 andalso metric(mq_max, Ticks) > 50000
        end, 20000),
        call(Subject, erlang, exit, [Filler, kill]),
        call(Subject, erlang, exit, [Queue, kill]),
        ok = until(fun() -> metric(mq_max, ticks(Watcher, Pid)) < 100 andalso metric(mq_fill_rate, ticks(Watcher, Pid)) =:= 0 end, 20000),
        none = newest(Test, message_queue, Queue),
        {ok, io_lib:format("~b messages/s", [Rate])}
    end).

%% With an interval and a budget at which neither walk nor tick would find it.
long_queue_event(Env) ->
    with_node(subject, Env, fun(Subject) ->
        Idle = call(Subject, ?MODULE, on_subject, [idle, 50000], 60000),
        watching_it(Subject, Env, #{interval => 60000, budget => 1}, fun(#{watcher := Watcher, pid := Pid} = Test) ->
            ok = until(fun() -> length(ticks(Watcher, Pid)) >= 1 end, 20000),
            case otp(Test) >= 27 of
                false -> {skipped, "before OTP 27 the VM tells of no queues"};
                true ->
                    timer:sleep(1500),
                    Begin = erlang:monotonic_time(millisecond),
                    Queue = call(Subject, ?MODULE, on_subject, [queue, 20000]),
                    #{name := <<"walk_test_queue">>} = wait_for(Test, message_queue, Queue, fun any/1, 10000),
                    Took = erlang:monotonic_time(millisecond) - Begin,
                    #{fill_rate := _} = wait_for(Test, message_queue, Queue, fun(P) -> maps:is_key(fill_rate, P) end, 5000),
                    true = metric(mq_max, ticks(Watcher, Pid)) >= 20000,
                    call(Subject, ?MODULE, on_subject, [stop, Idle]),
                    true = Took < 3000,
                    {ok, io_lib:format("~b ms after", [Took])}
            end
        end)
    end).

%% One walk without a pause over 50,000 processes that do nothing.
idle_stay_idle(Env) ->
    with_node(subject, Env, fun(Subject) ->
        Idle = call(Subject, ?MODULE, on_subject, [idle, 50000], 60000),
        watching_it(Subject, Env, #{interval => 1000, budget => 1000}, fun(#{watcher := Watcher, pid := Pid}) ->
            Before = call(Subject, ?MODULE, on_subject, [switches, none]),
            Walks = length(walks(Watcher, Pid)),
            ok = until(fun() -> length(walks(Watcher, Pid)) >= Walks + 2 end, 30000),
            Switches = call(Subject, ?MODULE, on_subject, [switches, none]) - Before,
            true = metric(mq_scanned, ticks(Watcher, Pid)) > 50000,
            call(Subject, ?MODULE, on_subject, [stop, Idle]),
            true = Switches < 5000,
            {ok, io_lib:format("~b context switches in two walks or more over 50,000", [Switches])}
        end)
    end).

turnover(Env) ->
    watching(Env, #{interval => 200, budget => 1000}, fun(#{subject := Subject, watcher := Watcher, pid := Pid}) ->
        Storm = call(Subject, ?MODULE, on_subject, [storm, 2]),
        Walks = length(walks(Watcher, Pid)),
        Since = erlang:monotonic_time(millisecond),
        Begin = call(Subject, ?MODULE, on_subject, [spawned, Storm]),
        ok = until(fun() -> length(walks(Watcher, Pid)) >= Walks + 3 end, 30000),
        Spawned = call(Subject, ?MODULE, on_subject, [spawned, Storm]) - Begin,
        call(Subject, ?MODULE, on_subject, [stop, Storm]),
        true = Spawned > 1000,
        [] = [Notice || {arsenal_notice, _, _} = Notice <- messages(Watcher, Pid, arsenal_notice)],
        Ms = erlang:monotonic_time(millisecond) - Since,
        {ok, io_lib:format("~b processes came and went in three walks, ~b a second", [Spawned, Spawned * 1000 div Ms])}
    end).

%% One that is suspended with a long queue, and one in a dirty native function.
blocked(Env) ->
    watching(Env, #{interval => 200, budget => 100}, fun(#{subject := Subject, watcher := Watcher, pid := Pid} = Test) ->
        {Suspended, Dirty} = call(Subject, ?MODULE, on_subject, [blocked, 5000]),
        #{message_queue_len := 2000} = wait_for(Test, message_queue, Suspended, fun any/1, 15000),
        Walks = length(walks(Watcher, Pid)),
        ok = until(fun() -> length(walks(Watcher, Pid)) >= Walks + 2 end, 20000),
        [call(Subject, erlang, exit, [Blocked, kill]) || Blocked <- [Suspended, Dirty]],
        ok
    end).

borrowed_monitor(Env) ->
    with_node(subject, Env, fun(Subject) ->
        case list_to_integer(call(Subject, erlang, system_info, [otp_release])) >= 28 of
            true -> {skipped, "a trace session of its own from OTP 28 on"};
            false -> borrowed(Subject, Env)
        end
    end).

borrowed(Subject, #{module := Module} = Env) ->
    Monitor = fun() -> call(Subject, erlang, system_monitor, []) end,
    Own = call(Subject, ?MODULE, on_subject, [monitor, none]),
    {Own, _} = Theirs = Monitor(),
    watching_it(Subject, Env, #{interval => 100}, fun(#{watcher := Watcher, pid := Pid}) ->
        ok = until(fun() -> length(ticks(Watcher, Pid)) >= 5 end, 20000),
        Theirs = Monitor(),
        undefined = metric(long_gc_count, ticks(Watcher, Pid)),
        tell(Watcher, Pid, detach),
        true = clean_within(Subject, Module, 10000)
    end),
    Theirs = Monitor(),
    call(Subject, erlang, exit, [Own, kill]),
    ok = until(fun() -> Monitor() =:= undefined end, 20000),
    watching_it(Subject, Env, #{interval => 100}, fun(#{watcher := Watcher, pid := Pid}) ->
        ok = until(fun() -> metric(long_gc_count, ticks(Watcher, Pid)) =:= 0 end, 20000),
        {_, Settings} = Monitor(),
        true = proplists:get_value(long_gc, Settings) =:= 1000,
        Taker = call(Subject, ?MODULE, on_subject, [monitor, none]),
        {Taker, _} = Taken = Monitor(),
        ok = until(fun() -> metric(long_gc_count, ticks(Watcher, Pid)) =:= undefined end, 20000),
        [_] = [Text || {arsenal_notice, info, Text} <- messages(Watcher, Pid, arsenal_notice), string:find(Text, "system monitor") =/= nomatch],
        tell(Watcher, Pid, detach),
        true = clean_within(Subject, Module, 10000),
        Taken = Monitor(),
        call(Subject, erlang, exit, [Taker, kill]),
        ok = until(fun() -> Monitor() =:= undefined end, 20000)
    end),
    watching_it(Subject, Env, #{interval => 100}, fun(#{watcher := Watcher, pid := Pid}) ->
        ok = until(fun() -> Monitor() =/= undefined end, 20000),
        tell(Watcher, Pid, detach),
        true = clean_within(Subject, Module, 10000)
    end),
    ok = until(fun() -> Monitor() =:= undefined end, 20000).

vm_events(Env) ->
    watching(Env, #{interval => 200}, fun(#{subject := Subject, watcher := Watcher, pid := Pid} = Test) ->
        ok = until(fun() -> metric(long_schedule_count, ticks(Watcher, Pid)) =:= 0 end, 20000),
        Long = call(Subject, ?MODULE, on_subject, [long_schedule, 900]),
        ok = until(fun() -> metric(long_schedule_count, ticks(Watcher, Pid)) >= 1 end, 20000),
        Surveys = fun() -> [Survey || {arsenal_survey, _, vm_events, _, _} = Survey <- messages(Watcher, Pid, arsenal_survey)] end,
        ok = until(fun() -> Surveys() =/= [] end, 20000),
        {arsenal_survey, _, vm_events, Total, Rows} = lists:last(Surveys()),
        true = Total >= 1,
        LongText = list_to_binary(call(Subject, erlang, pid_to_list, [Long])),
        [{long_schedule, LongText, <<"walk_test_long">>, Ms, Age} | _] = [Row || {long_schedule, _, _, _, _} = Row <- Rows],
        true = Ms >= 500,
        true = Age >= 0 andalso Age < 60000,
        tell(Watcher, Pid, detach),
        true = clean_within(Subject, maps:get(module, Test), 10000),
        ok = until(fun() -> call(Subject, ?MODULE, on_subject, [sessions, none]) =:= [] end, 20000),
        {ok, io_lib:format("~b ms without a break", [Ms])}
    end).

failed_walk(Env) ->
    with_node(subject, Env, fun(Subject) ->
        Idle = call(Subject, ?MODULE, on_subject, [idle, 20000], 60000),
        watching_it(Subject, Env, #{interval => 1000, budget => 1}, fun(#{module := Module, watcher := Watcher, pid := Pid}) ->
            Walkers = fun() -> call(Subject, ?MODULE, on_subject, [born_as, {Module, walk, 3}]) end,
            ok = until(fun() -> Walkers() =/= [] end, 20000),
            [call(Subject, erlang, exit, [Walker, kill]) || Walker <- Walkers()],
            Told = fun(Level, Text) ->
                       [N || {arsenal_notice, L, Said} = N <- messages(Watcher, Pid, arsenal_notice), L =:= Level, string:find(Said, Text) =/= nomatch]
                   end,
            ok = until(fun() -> length(Told(warning, "missing: the walk over the processes")) =:= 1 end, 20000),
            call(Subject, ?MODULE, on_subject, [stop, Idle]),
            ok = until(fun() -> length(Told(info, "come again")) =:= 1 end, 30000),
            ok
        end)
    end).

walk_cost(Env) ->
    with_node(subject, Env, fun(Subject) ->
        Idle = call(Subject, ?MODULE, on_subject, [idle, 100000], 60000),
        watching_it(Subject, Env, #{interval => 1000, budget => 1000}, fun(#{watcher := Watcher, pid := Pid}) ->
            ok = until(fun() -> length(walks(Watcher, Pid)) >= 6 end, 60000),
            Ticks = ticks(Watcher, Pid),
            Times = lists:usort([proplists:get_value(probe_walk_us, Metrics, 0) || {_, _, _, Metrics, _, _} <- Ticks]),
            call(Subject, ?MODULE, on_subject, [stop, Idle]),
            {ok, io_lib:format("100,000 processes in ~p us; ~b bytes of rankings", [Times, byte_size(term_to_binary(lists:last(walks(Watcher, Pid))))])}
        end)
    end).

%%% ------------------------------------------------------------------ on the subject

on_subject(server, Size) ->
    process_flag(trap_exit, true),
    Master = application_controller:get_master(kernel),
    Own = group_leader(),
    group_leader(Master, self()),
    {ok, Sup} = supervisor:start_link({local, walk_test_sup}, ?MODULE, sup),
    group_leader(Own, self()),
    unlink(Sup),
    {ok, Server} = supervisor:start_child(Sup, #{id => a, start => {gen_server, start_link, [{local, walk_test_server}, ?MODULE, Size, []]}}),
    {Server, Sup};
on_subject(labelled, Size) ->
    forever(fun() ->
                put('$process_label', <<"the label">>),
                group_leader(whereis(init), self()),
                lists:seq(1, Size)
            end);
%% Each binary twice, as two references.
on_subject(binaries, {Count, Size}) ->
    forever(fun() ->
                Self = self(),
                Binaries = [binary:copy(<<N>>, Size) || N <- lists:seq(1, Count)],
                [Self ! Binary || Binary <- Binaries],
                Again = [receive Binary -> Binary end || Binary <- Binaries],
                garbage_collect(),
                {Binaries, Again}
            end);
on_subject(queue, Length) ->
    Queue = forever(fun() -> register(walk_test_queue, self()) end),
    [Queue ! N || N <- lists:seq(1, Length)],
    Queue;
on_subject(fill, {Queue, Count}) ->
    spawn(fun Fill() -> [Queue ! N || N <- lists:seq(1, Count)], receive after 10 -> Fill() end end);
on_subject(idle, Count) ->
    [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, Count)];
on_subject(stop, Pids) ->
    [Pid ! stop || Pid <- Pids],
    ok;
on_subject(born_as, Start) ->
    [Pid || Pid <- processes(), process_info(Pid, initial_call) =:= {initial_call, Start}];
on_subject(switches, _) ->
    element(1, erlang:statistics(context_switches));
on_subject(storm, Count) ->
    Counter = counters:new(1, []),
    persistent_term:put(walk_test_storm, Counter),
    [spawn(fun() -> storm(Counter) end) || _ <- lists:seq(1, Count)];
on_subject(spawned, _Storm) ->
    counters:get(persistent_term:get(walk_test_storm), 1);
on_subject(blocked, Ms) ->
    Suspended = forever(fun() -> ok end),
    forever(fun() -> erlang:suspend_process(Suspended) end),
    [Suspended ! N || N <- lists:seq(1, 2000)],
    Dirty = spawn(fun Wait() -> erts_debug:dirty_io(wait, Ms), Wait() end),
    {Suspended, Dirty};
on_subject(monitor, _) ->
    Self = self(),
    Pid = spawn(fun() -> erlang:system_monitor(self(), [{large_heap, 100000000}]), Self ! {self(), set}, receive stop -> ok end end),
    receive {Pid, set} -> Pid end;
%% To compare two terms that are small, but not to one who goes into every branch, takes long and lets nobody else run.
on_subject(long_schedule, Ms) ->
    spawn(fun() ->
              register(walk_test_long, self()),
              without_a_break(Ms, 20),
              receive never -> ok end
          end);
on_subject(sessions, _) ->
    try [Session || {Name, _} = Session <- trace:session_info(all), Name =/= legacy] catch error:undef -> [] end.

without_a_break(Ms, Depth) ->
    {A, B} = {branches(Depth, a), branches(Depth, a)},
    {Us, true} = timer:tc(fun() -> A =:= B end),
    Us < Ms * 1000 andalso without_a_break(Ms, Depth + 1).

branches(0, Leaf) -> {Leaf};
branches(Depth, Leaf) -> Branch = branches(Depth - 1, Leaf), {Branch, Branch}.

storm(Counter) ->
    receive
        stop -> ok
    after 1 ->
        [spawn(fun() -> ok end) || _ <- lists:seq(1, 100)],
        counters:add(Counter, 1, 100),
        storm(Counter)
    end.

%% A process that does something and keeps what came of it.
forever(Fun) ->
    Self = self(),
    Pid = spawn(fun() ->
                    Kept = Fun(),
                    Self ! {self(), begun},
                    receive {never, From} -> From ! Kept end
                end),
    receive {Pid, begun} -> Pid end.

init(sup) -> {ok, {#{strategy => one_for_one}, []}};
init(Size) -> {ok, lists:seq(1, Size)}.

handle_call(_, _, State) -> {reply, ok, State}.
handle_cast(_, State) -> {noreply, State}.
