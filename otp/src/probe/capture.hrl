%% SPDX-License-Identifier: Apache-2.0
%% Keeping the filter in its place, and saying what it cannot see. Part of arsenal_probe.erl.

%% Elixir's Logger has a primary filter that stops supervisor reports, so ours must stand before it. A restart of the Logger application,
%% or somebody's new filter, changes that: it is looked after with every tick.
check_capture(State, Now) ->
    case in_place(State) orelse State#state.placer =/= none of
        true -> tell_capture(State);
        false -> place(say_put_back(State, Now))
    end.

%% Once in a while at most: somebody may want the first place as stubbornly as we do.
say_put_back(#state{put_back_said = Said} = State, Now) when Now - Said < ?NOTICE_GAP_MS ->
    State;
say_put_back(State, Now) ->
    notice(State, info, <<"the filter that catches restarts was removed or was no longer the first: it is put back">>),
    State#state{put_back_said = Now}.

%% Filters of other probes do not count: they let everything through.
in_place(State) ->
    #{filters := Filters} = logger:get_primary_config(),
    in_place(Filters, ?MODULE, filter_with(State)).

in_place([{Id, Filter} | _], Id, Filter) -> true;
in_place([{Other, _} | Rest], Id, Filter) ->
    lists:prefix("arsenal_probe", atom_to_list(Other)) andalso Other =/= Id andalso in_place(Rest, Id, Filter);
in_place([], _Id, _Filter) -> false.

filter_with(#state{counters = Counters}) ->
    {fun ?MODULE:filter/2, {self(), Counters}}.

%% Logger is a process that others may keep busy, so another process than the holder asks it.
place(State) ->
    State#state{placer = spawn_monitor(?MODULE, place_filter, [filter_with(State)])}.

%% Adding puts a filter in front, and, unlike setting the whole list, cannot undo what somebody else does at the same time.
place_filter(Filter) ->
    try
        _ = logger:remove_primary_filter(?MODULE),
        logger:add_primary_filter(?MODULE, Filter)
    catch
        _:_ -> ok
    end.

placed(State) ->
    case State#state.watchers of
        [] -> State#state{capture = capture(State)};
        _ -> tell_capture(State)
    end.

first_placing(State) ->
    Placing = #state{placer = {Pid, Monitor}} = place(State),
    receive
        {'DOWN', Monitor, process, Pid, _} -> placed(Placing#state{placer = none})
    after 2000 ->
        placed(Placing)
    end.

%% One notice when capture turns blind or limited, one when it is whole again.
tell_capture(#state{capture = Before} = State) ->
    case capture(State) of
        Before -> State;
        {_, <<>>} = Whole ->
            notice(State, info, <<"restarts are caught again">>),
            State#state{capture = Whole};
        {_, Note} = Limited ->
            notice(State, warning, Note),
            State#state{capture = Limited}
    end.

%% What no filter sees: events that the levels stop. The levels are the node's business; they are never changed.
capture(State) ->
    #{level := Level} = logger:get_primary_config(),
    ModuleLevels = logger:get_module_level(),
    Primary = heard(Level),
    Supervisor = heard(proplists:get_value(supervisor, ModuleLevels, Level)),
    case in_place(State) of
        false -> {blind, <<"restarts are not seen: the log filter is not in its place">>};
        true when Primary, Supervisor -> {log_filter, <<>>};
        true when Primary -> {blind, <<"restarts are not seen: the log level set for the module supervisor is above error">>};
        true when Supervisor -> {log_filter, <<"restarts of DynamicSupervisor are not seen: the primary log level is above error">>};
        true -> {blind, <<"restarts are not seen: the primary log level is above error">>}
    end.

heard(Level) -> not lists:member(Level, [critical, alert, emergency, none]).
