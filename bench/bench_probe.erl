%% SPDX-License-Identifier: Apache-2.0
%%
%% What bench_probe.py puts into the node that is watched: a crowd of processes with a small steady load, the peers to measure against,
%% processes that keep every scheduler busy with one that measures what it waits there, and a look at which idle processes had to run.
%%
%% The crowd of N: gen_servers that nobody speaks to, but for a tenth of them (10,000 at most) that get a cast in turn, 200 a second together;
%% and twenty with a large heap and some mail, so that those at the top of any ranking are none of the idle ones.
-module(bench_probe).
-behaviour(gen_server).

-export([crowd/1, load/1]).
-export([works/1, peer/2, peer_stop/0, peer_looks/0]).
-export([saturate/0, relax/0, delays/1]).
-export([remember/0, touched/0, disturb/1]).
-export([member/1, init/1, handle_call/3, handle_cast/2]).

-define(LOAD_GAP_MS, 100).
-define(LOAD_BATCH, 20).
-define(BURNERS, 4).                                                     % for each scheduler
-define(PEERS, [recon, recon_window, observer_cli, prometheus, original]).

%%% ------------------------------------------------------------------ the crowd

%% Started by a process of its own, whose heap holds the pids: the caller's would be one more large heap.
crowd(N) ->
    started(crowd, fun(Started) ->
                       Decoys = [proc_lib:spawn(?MODULE, member, [lists:seq(1, 20000)]) || _ <- lists:seq(1, 20)],
                       [Pid ! mail || Pid <- Decoys, _ <- lists:seq(1, 20)],
                       Count = max(0, N - 20 - erlang:system_info(process_count)),
                       Active = [proc_lib:spawn(?MODULE, member, [none]) || _ <- lists:seq(1, min(10000, Count div 10))],
                       Idle = [proc_lib:spawn(?MODULE, member, [none]) || _ <- lists:seq(1, Count - length(Active))],
                       Started(),
                       crowd_loop(Idle, Active, none)
                   end).

crowd_loop(Idle, Active, Seen) ->
    receive
        {remember, From, Tag} ->
            Now = [{Pid, Reductions} || Pid <- Idle, {reductions, Reductions} <- [process_info(Pid, reductions)]],
            From ! {Tag, length(Now)},
            crowd_loop(Idle, Active, Now);
        {touched, From, Tag} ->
            Changed = [Pid || {Pid, Reductions} <- Seen, process_info(Pid, reductions) =/= {reductions, Reductions}],
            From ! {Tag, length(Changed)},
            crowd_loop(Idle, Active, Seen);
        {active, From, Tag} ->
            From ! {Tag, Active},
            crowd_loop(Idle, Active, Seen);
        {disturb, Count, From, Tag} ->
            From ! {Tag, length([process_info(Pid, memory) || Pid <- lists:sublist(Idle, Count)])},
            crowd_loop(Idle, Active, Seen)
    end.

member([_ | _] = Ballast) ->
    receive {never, Ballast} -> ok end;
member(none) ->
    gen_server:enter_loop(?MODULE, [], #{calls => 0, ballast => [1, 2, 3]}).

init(State) -> {ok, State}.
handle_call(_Request, _From, State) -> {reply, ok, State}.
handle_cast(work, #{calls := Calls} = State) ->
    _ = lists:sum(lists:seq(1, 200)),
    {noreply, State#{calls := Calls + 1}}.

load(on) ->
    Active = ask(crowd, fun(From, Tag) -> {active, From, Tag} end),
    started(load, fun(Started) -> Started(), load_loop(Active, Active) end);
load(off) ->
    ended(load).

load_loop([], All) -> load_loop(All, All);
load_loop(Active, All) ->
    {Now, Later} = lists:split(min(?LOAD_BATCH, length(Active)), Active),
    [gen_server:cast(Pid, work) || Pid <- Now],
    receive after ?LOAD_GAP_MS -> load_loop(Later, All) end.

%%% ------------------------------------------------------------------ which idle processes had to run

%% A process that is scheduled, if only to answer a signal, counts a reduction; to be asked for its reductions it need not be scheduled.
remember() -> ask(crowd, fun(From, Tag) -> {remember, From, Tag} end).
touched() -> ask(crowd, fun(From, Tag) -> {touched, From, Tag} end).

%% What a scan with an expensive key does, to so many: proof that touched/0 would see it.
disturb(Count) -> ask(crowd, fun(From, Tag) -> {disturb, Count, From, Tag} end).

%%% ------------------------------------------------------------------ peers

%% Whether its modules are here, and can be loaded by this release: compiled by an older one they may not.
works(original) -> true;
works(Peer) ->
    Modules = case Peer of
                  prometheus -> [prometheus_text_format, prometheus_registry];
                  observer_cli -> [observer_cli, recon, recon_lib];
                  _ -> [recon, recon_lib]
              end,
    lists:all(fun(Module) -> code:ensure_loaded(Module) =:= {module, Module} end, Modules).

%% Looks every Interval ms, or as soon as the last look has ended if that takes longer.
peer(Name, Interval) ->
    persistent_term:put({?MODULE, looks}, atomics:new(1, [])),
    case lists:member(Name, ?PEERS) andalso peer_look(Name, Interval) of
        Look when is_function(Look) ->
            started(peer, fun(Started) -> Started(), peer_loop(Look, Interval, erlang:monotonic_time(millisecond)) end);
        observer_cli ->
            started(peer, fun(Started) ->
                              group_leader(spawn_link(fun screen/0), self()),
                              Started(),
                              observer_cli:start(Interval)
                          end)
    end.

peer_stop() -> ended(peer).

%% How many looks have ended since it started.
peer_looks() -> atomics:get(persistent_term:get({?MODULE, looks}), 1).

looked() -> atomics:add(persistent_term:get({?MODULE, looks}), 1, 1).

peer_loop(Look, Interval, Due) ->
    Look(),
    looked(),
    Next = max(Due + Interval, erlang:monotonic_time(millisecond)),
    receive after max(0, Next - erlang:monotonic_time(millisecond)) -> peer_loop(Look, Interval, Next) end.

peer_look(recon, _) -> fun() -> recon:proc_count(memory, 10) end;
%% Two scans, a second apart.
peer_look(recon_window, _) -> fun() -> recon:proc_window(reductions, 10, 1000) end;
peer_look(observer_cli, _) -> observer_cli;
peer_look(prometheus, _) ->
    {ok, _} = application:ensure_all_started(prometheus),
    fun prometheus_text_format:format/0;
%% Three passes over all processes, with a task for each question.
peer_look(original, _) ->
    fun() -> [[one_answer(Pid, Key) || Pid <- processes()] || Key <- [message_queue_len, status, status]] end.

%% As Task.async and Task.await do it.
one_answer(Pid, Key) ->
    Task = proc_lib:spawn_link(fun() -> receive {Ref, asked} -> Ref ! {Ref, process_info(Pid, Key)} end end),
    Ref = erlang:monitor(process, Task, [{alias, demonitor}]),
    Task ! {Ref, asked},
    receive {Ref, Answer} -> erlang:demonitor(Ref, [flush]), Answer end.

%% A terminal that nobody looks at and nobody types on.
screen() ->
    receive
        {io_request, From, Ref, Request} ->
            case Request of
                {put_chars, _, _} -> looked(), From ! {io_reply, Ref, ok};
                {put_chars, _, M, F, A} -> _ = apply(M, F, A), looked(), From ! {io_reply, Ref, ok};
                {get_geometry, columns} -> From ! {io_reply, Ref, 140};
                {get_geometry, rows} -> From ! {io_reply, Ref, 50};
                {get_line, _, _} -> waits;
                {get_until, _, _, _, _, _} -> waits;
                _ -> From ! {io_reply, Ref, {error, request}}
            end,
            screen();
        _ ->
            screen()
    end.

%%% ------------------------------------------------------------------ a node without a free moment

saturate() ->
    started(burners, fun(Started) ->
                         [spawn_link(fun() -> burn(0) end) || _ <- lists:seq(1, ?BURNERS * erlang:system_info(schedulers_online))],
                         Started(),
                         receive never -> ok end
                     end).

relax() -> ended(burners).

burn(N) -> burn((N * 7 + 1) band 16#ffffff).

%% Microseconds that a message there and back took, again and again for that long. Both have their turn behind the busy ones, as any process
%% of an application has.
delays(Milliseconds) ->
    Parent = self(),
    Tag = make_ref(),
    spawn_link(fun() ->
                   Echo = spawn_link(fun echo/0),
                   Times = delays(Echo, erlang:monotonic_time(millisecond) + Milliseconds, []),
                   Parent ! {Tag, Times}
               end),
    receive {Tag, Times} -> Times end.

delays(Echo, End, Times) ->
    From = erlang:monotonic_time(microsecond),
    Echo ! {self(), From},
    receive From -> ok end,
    Now = erlang:monotonic_time(microsecond),
    receive after 1 -> ok end,
    case Now div 1000 < End of
        true -> delays(Echo, End, [Now - From | Times]);
        false -> [Now - From | Times]
    end.

echo() -> receive {From, Tag} -> From ! Tag, echo() end.

%%% ------------------------------------------------------------------ processes with a name

%% Runs Work(Started) in a process registered as Name; returns when Started() was called.
started(Name, Work) ->
    Parent = self(),
    Tag = make_ref(),
    {_, Monitor} = spawn_monitor(fun() -> register(Name, self()), Work(fun() -> Parent ! {Tag, started} end) end),
    receive
        {Tag, started} -> erlang:demonitor(Monitor, [flush]), ok;
        {'DOWN', Monitor, process, _, Reason} -> error({Name, Reason})
    end.

ended(Name) ->
    case whereis(Name) of
        undefined -> error({not_running, Name});
        Pid ->
            Monitor = erlang:monitor(process, Pid),
            exit(Pid, kill),
            receive {'DOWN', Monitor, process, _, _} -> ok end
    end.

ask(Name, Question) ->
    Tag = make_ref(),
    Name ! Question(self(), Tag),
    receive {Tag, Answer} -> Answer end.
