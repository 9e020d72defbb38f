%% SPDX-License-Identifier: Apache-2.0
%%
%% An application with arsenal's server in its supervision tree, for the system tests: `embedded_sup` with the server and a process that
%% subscribes to everything and keeps what it got.
-module(embedded).

-export([start/1, stop/0, init/1, server/0, collector/0]).
-export([start_collector/0, collect/1, events/1]).
-export([cast_load/3, total/0, total/1, engine_pid/0, wait_engine/1, kill_engine/1]).

start(Options) ->
    Parent = self(),
    Pid = spawn(fun() ->
                    {ok, Sup} = supervisor:start_link({local, embedded_sup}, ?MODULE, Options),
                    Parent ! {self(), Sup},
                    receive stop -> ok end,
                    exit(shutdown)
                end),
    register(embedded_owner, Pid),
    receive {Pid, Sup} -> Sup end.

%% Returns when the tree is gone.
stop() ->
    Monitor = erlang:monitor(process, embedded_sup),
    embedded_owner ! stop,
    receive {'DOWN', Monitor, _, _, _} -> ok end.

init(Options) ->
    {ok, {#{strategy => one_for_one, intensity => 0, period => 1},        % whoever dies takes the tree down, so that nothing is hidden
          [arsenal:child_spec(Options),
           #{id => collector, start => {?MODULE, start_collector, []}}]}}.

server() -> whereis(arsenal:name()).
collector() -> whereis(embedded_collector).

%%% what a subscriber gets

start_collector() ->
    Parent = self(),
    Pid = spawn_link(fun() ->
                         register(embedded_collector, self()),
                         ok = arsenal:subscribe_to_events([all]),
                         Parent ! {self(), ready},
                         collect([])
                     end),
    receive {Pid, ready} -> {ok, Pid} end.

collect(Events) ->
    receive
        {arsenal_analytics_event, Type, Data} -> ?MODULE:collect([{Type, Data} | Events]);
        {events, From, Tag} -> From ! {Tag, lists:reverse(Events)}, ?MODULE:collect(Events);
        Other -> ?MODULE:collect([{strange, Other} | Events])
    end.

%% How many events there were of a type.
events(Type) ->
    Tag = make_ref(),
    embedded_collector ! {events, self(), Tag},
    receive {Tag, Events} -> length([Data || {Seen, Data} <- Events, Seen =:= Type]) end.

%%% load and deaths

%% Processes that report restarts of children of their own, PerTick each 10 ms, Most each at most, until total/1 stops them.
cast_load(Processes, PerTick, Most) ->
    [spawn(fun() -> cast_loop({by_hand, I}, PerTick, Most, 0) end) || I <- lists:seq(1, Processes)].

cast_loop(Child, PerTick, Most, Count) ->
    receive
        {stop, From} -> From ! {self(), Count}
    after 10 ->
        More = min(PerTick, Most - Count),
        [ok = arsenal:track_restart(hand_sup, Child, {reason, N rem 5}) || N <- lists:seq(1, More)],
        cast_loop(Child, PerTick, Most, Count + More)
    end.

%% stop the load: how many casts were made
total(Pids) when is_list(Pids) ->
    [Pid ! {stop, self()} || Pid <- Pids],
    lists:sum([receive {Pid, Count} -> Count end || Pid <- Pids]);
total(Supervisor) ->
    {ok, #{total_restarts := Total}} = call({get_restart_statistics, Supervisor}),
    Total.

total() -> total(all).

%% A sanitizer's engine takes its time with a burst.
call(Request) -> gen_server:call(arsenal:name(), Request, 60000).

engine_pid() ->
    case call(get_server_stats) of
        {ok, #{engine_os_pid := Pid}} when is_integer(Pid) -> Pid;
        {error, engine_restarting} -> undefined
    end.

wait_engine(Old) ->
    case engine_pid() of
        Pid when is_integer(Pid), Pid =/= Old -> Pid;
        _ -> erlang:yield(), wait_engine(Old)
    end.

%% kill -9; how many ms until there is a new one that answers
kill_engine(Pid) ->
    From = erlang:monotonic_time(microsecond),
    [] = os:cmd("kill -9 " ++ integer_to_list(Pid)),
    New = wait_engine(Pid),
    {New, (erlang:monotonic_time(microsecond) - From) div 1000}.
