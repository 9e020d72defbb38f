%% SPDX-License-Identifier: Apache-2.0
%% The canary: a restart of our own making, by which the capture proves that it sees. Part of arsenal_probe.erl.

%% A supervisor of each kind, of our own, restarts a child that was made to exit. The capture knows the child by its start function: it
%% is told to the canary's process, counts nowhere, and its reports are stopped in the filter, so that they are in no log. The child is a plain process,
%% whose exit nobody reports but its supervisor.
release_canary(#state{heard = {Source, Kinds} = Heard} = State) ->
    State#state{canary = spawn_monitor(?MODULE, canary, [self(), Source, [Kind || {Kind, heard} <- Kinds]]), canary_for = Heard}.

canary_kinds() ->
    [supervisor | ['DynamicSupervisor' || erlang:module_loaded('Elixir.DynamicSupervisor')]].

canary(Holder, Source, Kinds) ->
    erlang:monitor(process, Holder),
    Holder ! {canary, self(), [{Kind, flown(Kind, Source)} || Kind <- Kinds]}.

%% `unknown` if the restart did not happen in time: on a node that is that busy nothing is proved. Without a holder nobody wants to know, and the
%% filter, which keeps the reports out of the log, is about to go.
flown(Kind, Source) ->
    try fly(Kind, Source)
    catch
        exit:shutdown -> exit(shutdown);
        _:_ -> unknown
    end.

fly(Kind, Source) ->
    {ok, Supervisor} = canary_supervisor(Kind),
    try restart_once(Kind, Source) after end_supervisor(Supervisor) end.

restart_once(Kind, Source) ->
    exit(canary_up(Kind), canary),
    _ = canary_up(Kind),
    receive
        {canary_seen, Kind, Source} -> seen;
        {'DOWN', _, process, _Holder, _} -> exit(shutdown)
    after ?CANARY_SEEN_MS ->
        unseen
    end.

canary_up(Kind) ->
    receive
        {canary_up, Kind, Pid} -> Pid;
        {'DOWN', _, process, _Holder, _} -> exit(shutdown)
    after ?CANARY_RESTART_MS ->
        exit(slow)
    end.

canary_supervisor(supervisor) ->
    supervisor:start_link(?MODULE, canary_spec(supervisor));
canary_supervisor(Kind) ->
    {ok, Pid} = 'Elixir.DynamicSupervisor':start_link([{strategy, one_for_one}]),
    {ok, _} = 'Elixir.DynamicSupervisor':start_child(Pid, canary_spec(Kind)),
    {ok, Pid}.

canary_spec(Kind) ->
    #{id => canary, start => {?MODULE, canary_child, [self(), Kind]}, restart => permanent, shutdown => brutal_kill}.

%% The callback of the supervisor.
init(Spec) ->
    {ok, {#{strategy => one_for_one, intensity => 3, period => 5}, [Spec]}}.

canary_child(Canary, Kind) ->
    {ok, spawn_link(?MODULE, canary_bird, [Canary, Kind])}.

canary_bird(Canary, Kind) ->
    Canary ! {canary_up, Kind, self()},
    receive never -> ok end.

%% In the way of a parent that ends: no report is written of it.
end_supervisor(Supervisor) ->
    Monitor = erlang:monitor(process, Supervisor),
    unlink(Supervisor),
    exit(Supervisor, shutdown),
    receive
        {'DOWN', Monitor, process, Supervisor, _} -> ok
    after ?CANARY_SEEN_MS ->
        exit(Supervisor, kill)
    end.

%% Its supervisor ends with it, for the canary's process is its parent.
stop_canary(#state{canary = none}) -> ok;
stop_canary(#state{canary = {Pid, Monitor}}) ->
    exit(Pid, shutdown),
    receive {'DOWN', Monitor, process, Pid, _} -> ok after 1000 -> ok end.

%%% In the capture

%% The canary of this module or of another arsenal's: {Module, Args}, or `none`.
canary_of({Module, canary_child, Args}) when is_atom(Module) ->
    case lists:prefix("arsenal_probe", atom_to_list(Module)) of
        true -> {Module, Args};
        false -> none
    end;
canary_of(_Start) ->
    none.

canary_seen({?MODULE, [Canary, Kind]}, Source) when is_pid(Canary), node(Canary) =:= node() -> Canary ! {canary_seen, Kind, Source};
canary_seen(_OfAnother, _Source) -> ok.
