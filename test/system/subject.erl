%% SPDX-License-Identifier: Apache-2.0
%%
%% What the system tests put into every subject node: a way in that is not Erlang distribution (the tests look at what is connected, so
%% they must not be connected themselves), and load, faults and measurements that need to run inside.
%%
%%     start/0       a server on a loopback port, written to $SUBJECT_PORT_FILE: Erlang expressions in, terms out
%%     traces/1      everything a monitor could leave behind on this node
%%     tree/3        a supervisor with children that fail on request
%%     meter/2       calls a gen_server every few milliseconds and keeps how long that took
%%     flood/2       restart reports at a rate, by one process
%%     hoard/2       a process that lets its messages lie
-module(subject).

-export([start/0, listener/1, connection/1]).
-export([now_us/0, kill/1, traces/1]).
-export([tree/3, start_child/1, work/1, init/1, handle_call/3, handle_cast/2]).
-export([crash_load/3, crash_once/2, crash_all/2, busy_load/1, burn/0, stop_load/1]).
-export([meter/2, meter_read/1, meter_reset/1, watch_suspended/1]).
-export([flood/2, quiet/0, fill/1, sleep_forever/0, children_pids/1, idle/1, hoard/2]).

%%% ------------------------------------------------------------------ the way in

start() ->
    Parent = self(),
    Pid = spawn(fun() -> listener(Parent) end),
    receive {Pid, ready} -> ok after 5000 -> error(no_listener) end.

listener(Parent) ->
    register(subject, self()),
    group_leader(whereis(init), self()),
    {ok, Listen} = gen_tcp:listen(0, [binary, {packet, 4}, {active, false}, {ip, {127, 0, 0, 1}}, {reuseaddr, true}, {backlog, 64}]),
    {ok, Port} = inet:port(Listen),
    File = os:getenv("SUBJECT_PORT_FILE"),
    ok = file:write_file(File ++ ".tmp", integer_to_binary(Port)),
    ok = file:rename(File ++ ".tmp", File),
    Parent ! {self(), ready},
    accept(Listen).

accept(Listen) ->
    {ok, Socket} = gen_tcp:accept(Listen),
    Pid = spawn(?MODULE, connection, [Socket]),
    ok = gen_tcp:controlling_process(Socket, Pid),
    accept(Listen).

connection(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, Text} ->
            ok = gen_tcp:send(Socket, term_to_binary(evaluate(Text))),
            connection(Socket);
        {error, _} ->
            gen_tcp:close(Socket)
    end.

evaluate(Text) ->
    try
        {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Text)),
        {ok, Expressions} = erl_parse:parse_exprs(Tokens),
        {value, Value, _} = erl_eval:exprs(Expressions, erl_eval:new_bindings()),
        {ok, Value}
    catch
        Class:Reason:Stack ->
            {error, iolist_to_binary(io_lib:format("~p:~p ~p", [Class, Reason, Stack]))}
    end.

%%% ------------------------------------------------------------------ looking

now_us() -> os:system_time(microsecond).

%% The time is that just before the kill.
kill(Pid) ->
    Time = now_us(),
    exit(Pid, kill),
    Time.

%% What of a monitor with this prefix is on the node, and the settings that it may have changed.
traces(Prefix) ->
    Ours = fun(Atom) when is_atom(Atom) -> lists:prefix(Prefix, atom_to_list(Atom)); (_) -> false end,
    Modules = [M || {M, _} <- code:all_loaded(), Ours(M)],
    Loaded = [M || M <- erlang:loaded(), Ours(M)],
    Old = [M || M <- known_atoms(Prefix), erlang:check_old_code(M)],
    #{primary := Primary, handlers := Handlers} = #{primary => logger:get_primary_config(), handlers => logger:get_handler_config()},
    #{modules => Modules,
      loaded => Loaded,
      old_code => Old,
      registered => [Name || Name <- registered(), Ours(Name)],
      processes => [printed({Pid, Why}) || Pid <- processes(), Why <- [runs_ours(Pid, Ours)], Why =/= false],
      hidden => [Node || Node <- nodes(hidden), Ours(Node)],
      connected => [Node || Node <- nodes(connected), Ours(Node)],
      visible => [Node || Node <- nodes(), Ours(Node)],
      filters => printed(maps:get(filters, Primary)),
      primary => printed(maps:remove(filters, Primary)),
      handlers => printed(lists:sort([{Id, Module, Level, Filters} || #{id := Id, module := Module, level := Level, filters := Filters} <- Handlers])),
      module_levels => printed(lists:sort(logger:get_module_level())),
      scheduler_wall_time => erlang:statistics(scheduler_wall_time) =/= undefined,
      msacc => accounting(),
      system_monitor => printed(erlang:system_monitor()),
      system_profile => printed(erlang:system_profile()),
      trace_new => printed(erlang:trace_info(new_processes, flags)),
      traced => [printed(Pid) || Pid <- processes(), traced(Pid)],
      trace_patterns => [printed(F) || F <- [{supervisor, do_restart, 3}, {supervisor, restart, 2}], patterned(F)]}.

%% Microstate accounting gives its counters on or off; only on do they move.
accounting() ->
    Read = fun() -> [maps:get(counters, Thread) || Thread <- erlang:statistics(microstate_accounting)] end,
    Before = Read(),
    timer:sleep(5),
    Read() =/= Before.

printed(Term) -> iolist_to_binary(io_lib:format("~0p", [Term])).

%% check_old_code needs the module's name, which all_loaded no longer gives when only old code is left.
known_atoms(Prefix) -> known_atoms(Prefix, 0, []).

known_atoms(Prefix, N, Found) ->
    try binary_to_term(<<131, 75, N:24>>) of
        Atom ->
            case lists:prefix(Prefix, atom_to_list(Atom)) of
                true -> known_atoms(Prefix, N + 1, [Atom | Found]);
                false -> known_atoms(Prefix, N + 1, Found)
            end
    catch
        error:badarg -> Found
    end.

runs_ours(Pid, _Ours) when Pid =:= self() -> false;
runs_ours(Pid, Ours) ->
    case process_info(Pid, [initial_call, current_function, current_stacktrace, registered_name, dictionary, group_leader]) of
        undefined -> false;
        Info ->
            Seen = [M || {M, _, _} <- [proplists:get_value(initial_call, Info), proplists:get_value(current_function, Info)]]
                ++ [M || {M, _, _, _} <- proplists:get_value(current_stacktrace, Info)]
                ++ [M || {M, _, _} <- [proplists:get_value('$initial_call', proplists:get_value(dictionary, Info))]]
                ++ [node(proplists:get_value(group_leader, Info))],
            case [M || M <- Seen, Ours(M)] of
                [] -> false;
                _ -> proplists:delete(dictionary, Info)
            end
    end.

traced(Pid) ->
    case erlang:trace_info(Pid, flags) of
        {flags, []} -> false;
        undefined -> false;
        _ -> true
    end.

patterned(F) ->
    case erlang:trace_info(F, traced) of
        {traced, false} -> false;
        {traced, undefined} -> false;
        _ -> true
    end.

%%% ------------------------------------------------------------------ a tree that fails on request

%% tree(Name, Budget, Ids): a supervisor registered as Name with one permanent child for each id. Budget: {Intensity, Period}, or all its flags.
tree(Name, Budget, Ids) ->
    Parent = self(),
    spawn(fun() ->
                  {ok, Pid} = supervisor:start_link({local, Name}, ?MODULE, {tree, Budget, Ids}),
                  Parent ! {self(), Pid},
                  sleep_forever()
          end),
    receive {_, Pid} when is_pid(Pid) -> Pid end.

%% Also a gen_server that answers at once.
init(echo) -> {ok, none};
init({tree, {Intensity, Period}, Ids}) ->
    init({tree, #{strategy => one_for_one, intensity => Intensity, period => Period}, Ids});
%% In supervisor2's form.
init({tree, {_, _, _} = Flags, Children}) ->
    {ok, {Flags, Children}};
init({tree, Flags, Ids}) ->
    Child = fun(Id) -> #{id => Id, start => {?MODULE, start_child, [Id]}, restart => permanent, shutdown => brutal_kill} end,
    {ok, {Flags, [Child(Id) || Id <- Ids]}}.

handle_call(Request, _From, State) -> {reply, Request, State}.
handle_cast(_Message, State) -> {noreply, State}.

start_child(Id) ->
    {ok, proc_lib:spawn_link(?MODULE, work, [Id])}.

work(Id) ->
    receive
        {crash, Reason} -> exit(Reason);
        _ -> work(Id)
    end.

children_pids(Supervisor) ->
    [{Id, Pid} || {Id, Pid, _, _} <- supervisor:which_children(Supervisor), is_pid(Pid)].

sleep_forever() ->
    receive never -> ok end.

%%% ------------------------------------------------------------------ load

%% Crashes children in turn, PerSecond a second, each with a reason of Size bytes.
crash_load(Supervisor, PerSecond, Size) ->
    spawn(fun() -> crash_loop(Supervisor, max(1, PerSecond div 100), binary:copy(<<"x">>, Size), 1) end).

crash_loop(Supervisor, Batch, Text, N) ->
    [Pid ! {crash, {why, N, Text}} || {_, Pid} <- lists:sublist(children_pids(Supervisor), 1 + N rem 10, Batch)],
    receive stop -> ok after 10 -> crash_loop(Supervisor, Batch, Text, N + 1) end.

%% Crashes one child and waits until it is back; the time just before the crash.
crash_once(Supervisor, {Id, Reason}) ->
    {Id, Pid} = lists:keyfind(Id, 1, children_pids(Supervisor)),
    Monitor = erlang:monitor(process, Pid),
    Time = now_us(),
    Pid ! {crash, Reason},
    receive {'DOWN', Monitor, _, _, _} -> ok end,
    wait_back(Supervisor, Id, Pid, 500),
    Time.

wait_back(_Supervisor, Id, _Old, 0) -> error({not_restarted, Id});
wait_back(Supervisor, Id, Old, Left) ->
    case lists:keyfind(Id, 1, children_pids(Supervisor)) of
        {Id, New} when New =/= Old -> New;
        _ -> timer:sleep(10), wait_back(Supervisor, Id, Old, Left - 1)
    end.

%% Crashes all children again and again for that long; each pid once, so that the number of restarts is known when all are back.
crash_all(Supervisor, Milliseconds) ->
    crash_all(Supervisor, erlang:monotonic_time(millisecond) + Milliseconds, #{}, 0).

crash_all(Supervisor, End, Told, Count) ->
    Pids = [Pid || {_, Pid} <- children_pids(Supervisor)],
    case erlang:monotonic_time(millisecond) < End of
        true ->
            New = [Pid || Pid <- Pids, not is_map_key(Pid, Told)],
            [Pid ! {crash, hot} || Pid <- New],
            crash_all(Supervisor, End, maps:from_list([{Pid, told} || Pid <- Pids]), Count + length(New));
        false ->
            case [Pid || Pid <- Pids, is_map_key(Pid, Told)] of
                [] -> Count;
                _ -> timer:sleep(10), crash_all(Supervisor, End, Told, Count)
            end
    end.

%% N processes that work in bursts and talk to each other.
busy_load(N) -> [spawn(?MODULE, burn, []) || _ <- lists:seq(1, N)].

burn() ->
    lists:sum(lists:seq(1, 20000)),
    _ = term_to_binary(lists:seq(1, 500)),
    receive stop -> ok after 20 -> burn() end.

stop_load(Pids) when is_list(Pids) -> [Pid ! stop || Pid <- Pids], ok;
stop_load(Pid) -> Pid ! stop, ok.

%% Memory is cheap, the process table is not: N processes that wait.
fill(N) -> [spawn_opt(?MODULE, sleep_forever, [], [{min_heap_size, 12}]) || _ <- lists:seq(1, N)], N.

%%% ------------------------------------------------------------------ measurements

%% Calls a server every Gap ms: the times in microseconds. `echo` is a gen_server of its own that answers at once; a supervisor is asked
%% for its children's number.
meter(echo, Gap) ->
    {ok, Echo} = gen_server:start(?MODULE, echo, []),
    spawn(fun() -> meter_loop(fun() -> x = gen_server:call(Echo, x, infinity) end, Gap, []) end);
meter(Supervisor, Gap) ->
    spawn(fun() -> meter_loop(fun() -> supervisor:count_children(Supervisor) end, Gap, []) end).

meter_loop(Call, Gap, Times) ->
    From = erlang:monotonic_time(microsecond),
    Call(),
    meter_wait(Call, Gap, [erlang:monotonic_time(microsecond) - From | Times]).

meter_wait(Call, Gap, Times) ->
    receive
        {read, From, Tag} -> From ! {Tag, lists:reverse(Times)}, meter_wait(Call, Gap, Times);
        reset -> meter_wait(Call, Gap, []);
        stop -> ok
    after Gap ->
        meter_loop(Call, Gap, Times)
    end.

meter_reset(Pid) -> Pid ! reset, ok.

meter_read(Pid) ->
    Tag = make_ref(),
    Pid ! {read, self(), Tag},
    receive {Tag, Times} -> Times after 20000 -> error(meter_stuck) end.

%% Looks at all processes every Gap ms; {read, …} gives {Looks, [{Pid, What}] seen suspended twice in a row}. Who sends to a full link stays
%% suspended. The code server sends to nobody outside and does not count: the VM suspends it whenever a module comes or goes, until all
%% schedulers have turned (1 to 40 ms, measured; more where the machine is overloaded).
watch_suspended(Gap) ->
    spawn(fun() -> suspended_loop(Gap, 0, [], []) end).

suspended_loop(Gap, Looks, Last, Seen) ->
    Now = [Pid || Pid <- processes() -- [whereis(code_server)], process_info(Pid, status) =:= {status, suspended}],
    New = [{printed(Pid), printed(process_info(Pid, [registered_name, current_function, initial_call]))} || Pid <- Now, lists:member(Pid, Last)],
    suspended_wait(Gap, Looks + 1, Now, lists:sublist(New ++ Seen, 100)).

suspended_wait(Gap, Looks, Last, Seen) ->
    receive
        {read, From, Tag} -> From ! {Tag, {Looks, Seen}}, suspended_wait(Gap, Looks, Last, Seen);
        reset -> suspended_wait(Gap, 0, [], []);
        stop -> ok
    after Gap ->
        suspended_loop(Gap, Looks, Last, Seen)
    end.

%%% ------------------------------------------------------------------ floods

%% Nobody wants 50,000 reports on stdout, and the default handler's own overload protection would thin them out after us anyway.
quiet() -> logger:remove_handler(default).

%% Count reports of restarts at PerSecond, by one process, in the very shape that supervisor gives them. Returns when all are out.
flood(Count, PerSecond) ->
    From = erlang:monotonic_time(millisecond),
    flood(Count, PerSecond, From, 0),
    erlang:monotonic_time(millisecond) - From.

flood(Count, _PerSecond, _From, Count) -> ok;
flood(Count, PerSecond, From, Sent) ->
    Due = min(Count, (erlang:monotonic_time(millisecond) - From + 1) * PerSecond div 1000),
    [flood_report(N) || N <- lists:seq(Sent + 1, Due)],
    case Due =:= Sent of
        true -> timer:sleep(1);
        false -> ok
    end,
    flood(Count, PerSecond, From, Due).

flood_report(N) ->
    Report = [{supervisor, {local, flood_sup}},
              {errorContext, child_terminated},
              {reason, {flooded, N rem 7}},
              {offender, [{pid, self()}, {id, {worker, N rem 50}}, {mfargs, {subject, start_child, [x]}},
                          {restart_type, permanent}, {significant, false}, {shutdown, brutal_kill}, {child_type, worker}]}],
    logger:log(error, #{label => {supervisor, child_terminated}, report => Report},
               #{domain => [otp, sasl], report_cb => fun supervisor:format_log/2, logger_formatter => #{title => "SUPERVISOR REPORT"},
                 error_logger => #{tag => error_report, type => supervisor_report, report_cb => fun supervisor:format_log/1}}).

%%% ------------------------------------------------------------------ many processes, many messages

idle(Count) ->
    [spawn(fun sleep_forever/0) || _ <- lists:seq(1, Count)],
    ok.

hoard(Name, Count) ->
    Pid = spawn(fun() -> register(Name, self()), sleep_forever() end),
    [Pid ! N || N <- lists:seq(1, Count)],
    ok.
