%% SPDX-License-Identifier: Apache-2.0
%%
%% An ordinary node, and what goes wrong on nodes: each fault is real, of a process with a name, switched on and off by a call, and bounded.
%%
%%     start/1       a supervision tree: so many processes that mostly wait, some that work, and the faults' own, which do nothing yet
%%     on/2, off/1   a fault of faults/0 begins, at a rate (its unit is beside it); it is over, and what it took is given back (atoms are not)
%%     eaten/1       how much it has taken since it began, and of which limit: {Taken, Limit}
-module(faults).
-behaviour(supervisor).

-export([start/1, faults/0, on/2, off/1, eaten/1]).
-export([init/1, supervisor/2, idle_group/2, fault/1, server/1, crasher/1]).
-export([idle/0, worker/1, clerk/0, leaked/0, busy/0]).

%% {Fault, the process to be named, unit of the rate, most that it takes}
faults() ->
    [{process_leak, faults_dispatcher, processes_per_second, 12000},
     {memory_fast, faults_hoarder, bytes_per_second, 500000000},
     {memory_slow, faults_archivist, bytes_per_second, 300000000},
     {binary_leak, faults_courier, bytes_per_second, 400000000},
     {queue_growth, faults_mailbox, messages_per_second, 300000},
     {stuck, faults_cashier, messages_per_second, 300000},
     {cpu_hog, faults_miner, processes, 1},
     {run_queue_flood, faults_herder, processes, 1000},
     {atom_leak, faults_parser, atoms_per_second, 15000},
     {ets_growth, faults_librarian, bytes_per_second, 300000000},
     {port_leak, faults_connector, ports_per_second, 900},
     {restart_storm, faults_flapper, milliseconds, none},
     {cascade, faults_gateway, milliseconds, none}].

%%% ------------------------------------------------------------------ the tree

start(Count) ->
    _ = logger:remove_handler(default),
    persistent_term:put(?MODULE, #{}),
    {ok, Pid} = supervisor:start_link({local, faults_sup}, ?MODULE, {tree, Count}),
    unlink(Pid),
    ok.

supervisor(Name, Children) -> supervisor:start_link({local, Name}, ?MODULE, {children, Children}).

init({tree, Count}) ->
    faults_taken = ets:new(faults_taken, [named_table, public]),
    Groups = [{idle_group, N} || N <- lists:seq(1, 10)],
    {ok, {#{intensity => 1000, period => 1},
          [sup(faults_work_sup, [worker_spec({clerk, clerk, []})] ++ [worker_spec({{worker, N}, worker, [N]}) || N <- lists:seq(1, 20)])]
          ++ [#{id => Id, start => {?MODULE, idle_group, [N, Count div 10]}} || {_, N} = Id <- Groups]
          ++ [sup(faults_service_sup, [fault_spec(Fault) || Fault <- services()])]
          ++ [sup(faults_restart_sup, [crash_spec(Name) || Name <- [faults_flapper, faults_gateway, faults_ledger, faults_printer]])]}};
init({children, Children}) ->
    {ok, {#{strategy => one_for_one, intensity => 1000, period => 1}, Children}}.

sup(Name, Children) -> #{id => Name, type => supervisor, start => {?MODULE, supervisor, [Name, Children]}}.

worker_spec({Id, Function, Args}) -> #{id => Id, start => {?MODULE, server, [{Function, Args}]}, shutdown => brutal_kill}.

fault_spec({Fault, Name}) -> #{id => Fault, start => {?MODULE, fault, [{Fault, Name}]}, shutdown => brutal_kill}.

crash_spec(Name) -> #{id => Name, start => {?MODULE, crasher, [Name]}, shutdown => brutal_kill}.

services() -> [{Fault, Name} || {Fault, Name, _, Most} <- faults(), Most =/= none].

%% A tenth of them each; they wait, and every hundredth wakes up now and then.
idle_group(N, Count) ->
    proc_lib:start_link(erlang, apply, [fun() ->
        register(list_to_atom("faults_sessions_" ++ integer_to_list(N)), self()),
        _ = [proc_lib:spawn_link(?MODULE, idle, []) || _ <- lists:seq(1, Count)],
        proc_lib:init_ack({ok, self()}),
        idle()
    end, []]).

idle() ->
    receive nothing -> ok
    after 20000 + rand:uniform(40000) -> idle()
    end.

server({Function, Args}) -> {ok, proc_lib:spawn_link(?MODULE, Function, Args)}.

%% The background: work, messages, garbage, a table that changes.
worker(N) ->
    timer:sleep(150 + rand:uniform(100)),
    _ = lists:sum([erlang:phash2({N, K}) || K <- lists:seq(1, 500 + rand:uniform(1000))]),
    whereis(faults_clerk) =/= undefined andalso (faults_clerk ! {entry, N, binary:copy(<<N>>, 200 + rand:uniform(400))}),
    worker(N).

clerk() ->
    register(faults_clerk, self()),
    ets:new(faults_ledger_book, [named_table, public]),
    clerk_loop().

clerk_loop() ->
    receive {entry, N, Text} -> ets:insert(faults_ledger_book, {{N, rand:uniform(200)}, Text}) end,
    clerk_loop().

%%% ------------------------------------------------------------------ switching

on(Fault, Rate) ->
    persistent_term:put(?MODULE, maps:put(Fault, Rate, persistent_term:get(?MODULE))),
    poke(Fault).

off(Fault) ->
    persistent_term:put(?MODULE, maps:remove(Fault, persistent_term:get(?MODULE))),
    poke(Fault).

rate(Fault) -> maps:get(Fault, persistent_term:get(?MODULE), off).

poke(Fault) ->
    {Fault, Name, _, _} = lists:keyfind(Fault, 1, faults()),
    case whereis(Name) of
        Pid when is_pid(Pid), Fault =:= stuck -> Pid ! {answer, none}, ok;
        Pid when is_pid(Pid), Fault =/= queue_growth -> Pid ! poke, ok;
        _ -> ok
    end.

eaten(Fault) ->
    Taken = case ets:lookup(faults_taken, Fault) of
                [{_, N}] -> N;
                [] -> 0
            end,
    {Taken, limit(Fault)}.

limit(process_leak) -> erlang:system_info(process_limit);
limit(atom_leak) -> erlang:system_info(atom_limit);
limit(port_leak) -> erlang:system_info(port_limit);
limit(_) -> none.

%%% ------------------------------------------------------------------ faults that take something, tick by tick

fault({Fault, Name}) ->
    proc_lib:start_link(erlang, apply, [fun() ->
        register(Name, self()),
        proc_lib:init_ack({ok, self()}),
        _ = rand:seed(exsss),
        serve(Fault)
    end, []]).

-define(TICK_MS, 100).

%% Those that are sent messages have a customer of their own.
serve(queue_growth) ->
    Self = self(),
    spawn_link(fun() -> customer(queue_growth, Self) end),
    mailbox(queue_growth);
serve(stuck) ->
    Self = self(),
    spawn_link(fun() -> customer(stuck, Self) end),
    mailbox(stuck);
serve(Fault) ->
    dormant(Fault).

dormant(Fault) ->
    case rate(Fault) of
        off ->
            receive poke -> ok after 5000 -> ok end,
            dormant(Fault);
        Rate ->
            taken(Fault, 0),
            active(Fault, Rate, 0, begin_with(Fault))
    end.

active(Fault, Rate, Taken, Held) ->
    receive after ?TICK_MS -> ok end,
    case rate(Fault) of
        off ->
            give_back(Fault, Held),
            erlang:garbage_collect(),
            dormant(Fault);
        _ ->
            Portion = portion(Fault, Rate, Taken),
            Next = take(Fault, Portion, Taken, Held),
            taken(Fault, Taken + Portion),
            active(Fault, Rate, Taken + Portion, Next)
    end.

taken(Fault, N) -> ets:insert(faults_taken, {Fault, N}).

portion(Fault, Rate, Taken) ->
    {Fault, _, Unit, Most} = lists:keyfind(Fault, 1, faults()),
    Wanted = case Unit of
                 processes -> Rate - Taken;
                 _ -> due(Rate)
             end,
    max(0, min(Wanted, Most - Taken)).

%% Rates below one a tick come as one now and then.
due(Rate) ->
    Whole = Rate * ?TICK_MS div 1000,
    Rest = Rate * ?TICK_MS rem 1000,
    Whole + case rand:uniform(1000) =< Rest of true -> 1; false -> 0 end.

begin_with(ets_growth) -> ets:new(faults_catalogue, [named_table, public]);
begin_with(_) -> [].

take(process_leak, N, _, Held) -> [proc_lib:spawn(?MODULE, leaked, []) || _ <- lists:seq(1, N)] ++ Held;
take(memory_fast, Bytes, _, Held) -> [lists:seq(1, Bytes div 16) | Held];
take(memory_slow, Bytes, _, Held) -> [lists:seq(1, Bytes div 16) | Held];
take(binary_leak, Bytes, _, Held) -> [binary:copy(<<0>>, Bytes div 10) || Bytes > 0, _ <- lists:seq(1, 10)] ++ Held;
take(atom_leak, N, Taken, Held) -> _ = [list_to_atom("faults_parsed_" ++ integer_to_list(Taken + K)) || K <- lists:seq(1, N)], Held;
take(ets_growth, Bytes, Taken, Held) ->
    _ = [ets:insert(faults_catalogue, {Taken + K, lists:seq(1, 56)}) || K <- lists:seq(1, Bytes, 1024)],
    Held;
take(port_leak, N, _, Held) -> [Socket || _ <- lists:seq(1, N), {ok, Socket} <- [gen_udp:open(0, [{ip, {127, 0, 0, 1}}, {active, false}])]] ++ Held;
take(cpu_hog, N, _, Held) -> [spawn_link(fun() -> register(faults_hog, self()), spin() end) || N > 0] ++ Held;
take(run_queue_flood, N, _, Held) -> [spawn_link(?MODULE, busy, []) || _ <- lists:seq(1, N)] ++ Held.

give_back(ets_growth, _) -> ets:delete(faults_catalogue);
give_back(port_leak, Sockets) -> [gen_udp:close(Socket) || Socket <- Sockets];
give_back(Fault, Pids) when Fault =:= process_leak; Fault =:= cpu_hog; Fault =:= run_queue_flood ->
    [begin unlink(Pid), exit(Pid, kill) end || Pid <- Pids];
give_back(_, _) -> ok.

leaked() -> receive never -> ok end.

spin() ->
    _ = lists:foldl(fun(N, Sum) -> Sum + erlang:phash2(N) end, 0, lists:seq(1, 1000)),
    spin().

%% Works for a moment whenever it is let, for ever.
busy() ->
    _ = lists:foldl(fun(N, Sum) -> Sum + erlang:phash2(N) end, 0, lists:seq(1, 200)),
    erlang:yield(),
    busy().

%%% ------------------------------------------------------------------ queues

customer(Fault, Server) ->
    receive after ?TICK_MS -> ok end,
    case {rate(Fault), process_info(Server, message_queue_len)} of
        {off, _} -> Server ! {order, 0};
        {Rate, {_, Length}} ->
            {Fault, _, _, Most} = lists:keyfind(Fault, 1, faults()),
            _ = [Server ! {order, N} || N <- lists:seq(1, min(due(Rate), Most - Length))],
            taken(Fault, Length)
    end,
    customer(Fault, Server).

%% The one is too slow, the other waits for an answer that does not come.
mailbox(Fault) ->
    receive _ -> ok end,
    case {Fault, rate(Fault)} of
        {_, off} -> ok;
        {queue_growth, _} -> receive after 20 -> ok end;
        {stuck, _} -> wait_for_answer()
    end,
    mailbox(Fault).

wait_for_answer() -> receive {answer, _} -> ok end.

%%% ------------------------------------------------------------------ restarts

crasher(Name) ->
    proc_lib:start_link(erlang, apply, [fun() ->
        register(Name, self()),
        proc_lib:init_ack({ok, self()}),
        crash(Name)
    end, []]).

crash(faults_flapper) ->
    die_after(restart_storm, {connect_failed, econnrefused});
crash(faults_gateway) ->
    die_after(cascade, {tls_alert, handshake_failure});
crash(faults_ledger) ->
    follow(faults_gateway, 300, gateway_lost);
crash(faults_printer) ->
    follow(faults_ledger, 500, ledger_lost).

die_after(Fault, Reason) ->
    case rate(Fault) of
        off ->
            receive poke -> ok after 5000 -> ok end,
            die_after(Fault, Reason);
        Ms ->
            receive after Ms -> exit(Reason) end
    end.

follow(Name, Ms, Reason) ->
    case whereis(Name) of
        undefined ->
            receive after 20 -> follow(Name, Ms, Reason) end;
        Pid ->
            Monitor = erlang:monitor(process, Pid),
            receive {'DOWN', Monitor, process, Pid, _} -> ok end,
            receive after Ms + rand:uniform(100) -> exit(Reason) end
    end.
