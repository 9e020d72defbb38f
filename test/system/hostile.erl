%% SPDX-License-Identifier: Apache-2.0
%%
%% Nodes that are odd, overloaded or unwilling. Runs inside subject nodes; those that last are processes registered by their name.
-module(hostile).

-export([forbid_loading/0, code_gatekeeper/1, stick_code_server/0]).
-export([overload/1, storm/1, storm_count/0, stop/1]).
-export([odd_tree/0, odd_names/0, crash_in/2, whereis_name/1, register_name/2, unregister_name/1, send/2]).
-export([account/0]).

%%% ------------------------------------------------------------------ code

%% Whoever asks the code server to load something is refused; everything else it answers as ever.
forbid_loading() ->
    Server = whereis(code_server),
    Gatekeeper = spawn(?MODULE, code_gatekeeper, [Server]),
    unregister(code_server),
    register(code_server, Gatekeeper),
    ok.

code_gatekeeper(Server) ->
    receive
        {code_call, From, Request} when element(1, Request) =:= load_binary; element(1, Request) =:= load_module ->
            From ! {code_server, {error, not_allowed_here}};
        Message ->
            Server ! Message
    end,
    code_gatekeeper(Server).

%% It is there, and answers nobody, until stop(stuck_code_server).
stick_code_server() -> keep(stuck_code_server, fun() -> erlang:suspend_process(whereis(code_server)) end).

%%% ------------------------------------------------------------------ load

%% So many processes that always want to run.
overload(Count) ->
    keep(overload, fun() -> [spawn_link(fun spin/0) || _ <- lists:seq(1, Count)] end).

spin() -> spin().

%% Processes that end at once, so many a second.
storm(PerSecond) ->
    Counter = counters:new(1, [write_concurrency]),
    persistent_term:put({?MODULE, storm}, Counter),
    keep(storm, fun() -> spawn_link(fun() -> storm(PerSecond, Counter, erlang:monotonic_time(millisecond), 0) end) end).

storm(PerSecond, Counter, Since, Done) ->
    Due = (erlang:monotonic_time(millisecond) - Since) * PerSecond div 1000,
    [spawn(fun() -> ok end) || _ <- lists:seq(Done + 1, Due)],
    counters:add(Counter, 1, Due - Done),
    receive after 1 -> storm(PerSecond, Counter, Since, Due) end.

storm_count() -> counters:get(persistent_term:get({?MODULE, storm}), 1).

keep(Name, Work) ->
    Parent = self(),
    Pid = spawn(fun() -> register(Name, self()), Work(), Parent ! {self(), begun}, subject:sleep_forever() end),
    receive {Pid, begun} -> ok end.

stop(Name) -> exit(whereis(Name), kill), ok.

%%% ------------------------------------------------------------------ names and ids

%% Everything that can be the id of a child.
odd_ids() ->
    Huge = binary:copy(<<"x">>, 2000000),
    [Huge, <<0, 255, 254, 7, 27, "[2J">>, <<1:3>>, [], "\e]0;title\a", [a | b], [1, [2 | Huge] | tail],
     lists:duplicate(1000000, $a), lists:seq(1, 200000), {}, list_to_tuple(lists:seq(1, 100000)),
     deep(100000), #{}, maps:from_list([{N, N} || N <- lists:seq(1, 10000)]), #{#{a => [b]} => fun erlang:now/0},
     1 bsl 100000, -1.0e308, 0.1, self(), make_ref(), hd(erlang:ports()), fun lists:map/2, fun() -> Huge end,
     'an \'atom\'', '', 'Ünïcödé ∀x', list_to_atom(lists:duplicate(255, 16#1F600)), '\e[31m\n\r\0', undefined, <<"Ünïcödé"/utf8>>,
     "\"quoted\" \\ </script><script>alert(1)</script>", [$a, -1, 16#110000, 16#D800], {'EXIT', {badarg, []}}, '$end_of_table'].

deep(Depth) -> lists:foldl(fun(_, Term) -> [Term] end, bottom, lists:seq(1, Depth)).

%% A supervisor with all of them; how many there are.
odd_tree() ->
    tree({local, odd_sup}, odd_ids()),
    length(odd_ids()).

%% Supervisors of odd names, each with the child `one`.
odd_names() ->
    Names = [{local, ''}, {local, '\e[2J <b>"x"\\\n'}, {local, list_to_atom(lists:duplicate(255, 16#1F600))}, {local, '#{a => 1}'},
             {global, {any, [term | improper], <<255>>}}, {global, binary:copy(<<"g">>, 100000)}, {via, ?MODULE, #{deep(1000) => 1}},
             none],
    [tree(Name, [one]) || Name <- Names].

tree(Name, Ids) ->
    Parent = self(),
    Keeper = spawn(fun() ->
                       Init = {tree, {1000000, 1}, Ids},
                       {ok, Pid} = case Name of
                                       none -> supervisor:start_link(subject, Init);
                                       _ -> supervisor:start_link(Name, subject, Init)
                                   end,
                       Parent ! {self(), Pid},
                       subject:sleep_forever()
                   end),
    receive {Keeper, Pid} -> Pid after 60000 -> error({not_started, Name}) end.

%% Every child of the supervisor once; returns when all are back.
crash_in(Supervisor, Reason) ->
    Pids = [Pid || {_, Pid} <- subject:children_pids(Supervisor)],
    Monitors = [begin M = erlang:monitor(process, Pid), Pid ! {crash, Reason}, M end || Pid <- Pids],
    [receive {'DOWN', M, _, _, _} -> ok end || M <- Monitors],
    length(Pids) =:= length(subject:children_pids(Supervisor)) orelse crash_wait(Supervisor, length(Pids), 500),
    length(Pids).

crash_wait(_Supervisor, _Count, 0) -> error(not_restarted);
crash_wait(Supervisor, Count, Left) ->
    timer:sleep(10),
    length(subject:children_pids(Supervisor)) =:= Count orelse crash_wait(Supervisor, Count, Left - 1).

%% A registry for {via, …}.
register_name(Name, Pid) -> persistent_term:put({?MODULE, Name}, Pid), yes.
unregister_name(Name) -> persistent_term:erase({?MODULE, Name}).
whereis_name(Name) -> persistent_term:get({?MODULE, Name}, undefined).
send(Name, Message) -> whereis_name(Name) ! Message.

%%% ------------------------------------------------------------------ what a node is made of

%% Everything that could grow by being watched again and again. Heaps are made as small as they can be first.
account() ->
    [erlang:garbage_collect(Pid) || Pid <- processes()],
    erlang:garbage_collect(),
    Sessions = try trace:session_info(all) catch error:undef -> [] end,
    #{atoms => erlang:system_info(atom_count), modules => length(code:all_loaded()), loaded => length(erlang:loaded()),
      processes => erlang:system_info(process_count), ports => erlang:system_info(port_count), tables => length(ets:all()),
      persistent_terms => maps:get(count, persistent_term:info()), registered => length(registered()),
      sessions => length([S || S <- Sessions, is_tuple(S)]), nodes => length(nodes(known)),
      code_bytes => erlang:memory(code), atom_bytes => erlang:memory(atom_used), ets_bytes => erlang:memory(ets),
      binary_bytes => erlang:memory(binary), process_bytes => erlang:memory(processes_used), system_bytes => erlang:memory(system)}.
