%% SPDX-License-Identifier: Apache-2.0
%% Whether restarts are seen: keeping the filter in its place, and saying what it cannot see. Part of arsenal_probe.erl.

%% Elixir's Logger has a primary filter that stops supervisor reports, so ours must stand before it. A restart of the Logger application,
%% somebody's new filter or another log level changes that. To look costs microseconds, so it is done oftener than any tick.
check_capture(#state{capture_after = After} = State, Now) when Now < After ->
    State;
check_capture(State, Now) ->
    Kept = case in_place() orelse State#state.placer =/= none of
               true -> State;
               false -> place(say_put_back(State, Now))
           end,
    tell_capture(prove(judge(choose_source(forget_seen(Kept#state{capture_after = Now + ?CAPTURE_MS}, Now), Now)), Now)).

forget_seen(#state{trace = off, seen = {_, _}, seen_until = Until} = State, Now) when Now >= Until -> State#state{seen = off};
forget_seen(State, _Now) -> State.

%% Once in a while at most: somebody may want the first place as stubbornly as we do.
say_put_back(#state{put_back_said = Said} = State, Now) when Now - Said < ?NOTICE_GAP_MS ->
    State;
say_put_back(State, Now) ->
    notice(State, info, <<"the filter that catches restarts was removed or was no longer the first: it is put back">>),
    State#state{put_back_said = Now}.

%% Filters of other probes do not count: they let everything through.
in_place() ->
    #{filters := Filters} = logger:get_primary_config(),
    in_place(Filters, self()).

in_place([{?MODULE, {_, {Holder, _}}} | _], Holder) -> true;
in_place([{?MODULE, _} | _], _Holder) -> false;
in_place([{Other, _} | Rest], Holder) ->
    lists:prefix("arsenal_probe", atom_to_list(Other)) andalso in_place(Rest, Holder);
in_place([], _Holder) -> false.

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

%% Else it could, where Logger is busy, add the filter after all else was removed.
stop_placer(#state{placer = none}) -> ok;
stop_placer(#state{placer = {Pid, Monitor}}) -> end_process(Pid, Monitor).

placed(State) ->
    Now = now_ms(),
    tell_capture(prove(judge(choose_source(State#state{canary_after = Now, canary_saw = []}, Now)), Now)).

first_placing(State) ->
    Placing = #state{placer = {Pid, Monitor}} = place(State),
    receive
        {'DOWN', Monitor, process, Pid, _} -> placed(Placing#state{placer = none})
    after 2000 ->
        choose_source(judge(Placing), now_ms())
    end.

%%% What is seen

%% What the canary did not see is not seen, whatever the configuration says.
judge(State) ->
    {Source, Kinds} = Heard = heard(State),
    Proved = case State#state.heard of
                 Heard -> State;
                 _ -> State#state{heard = Heard, canary_saw = [], canary_after = now_ms()}
             end,
    Proved#state{capture = unless_unproved(verdict(Source, [{Kind, unless_unseen(Kind, Why, Proved)} || {Kind, Why} <- Kinds]), Proved)}.

%% Better news waits for the canary.
unless_unproved({Capture, _, _}, #state{canary_saw = [], capture = {Before, _, _} = Kept})
  when Before =:= blind, Capture =/= blind; Before =:= partial, Capture =:= whole ->
    Kept;
unless_unproved(Verdict, _State) ->
    Verdict.

unless_unseen(Kind, heard, #state{canary_saw = Saw}) ->
    case lists:member({Kind, unseen}, Saw) of
        true -> <<"a restart made for a trial was not seen, although the log levels allow it">>;
        false -> heard
    end;
unless_unseen(_Kind, Why, _State) ->
    Why.

%% {Source, [{Kind of supervisor, heard | Why not}]}
heard(#state{trace = armed}) ->
    {trace, [{Kind, heard} || Kind <- canary_kinds()]};
heard(State) ->
    {log_filter, [{Kind, with_refusal(Why, State)} || {Kind, Why} <- logged(State)]}.

with_refusal(heard, _State) -> heard;
with_refusal(Why, #state{trace_refused = none}) -> Why;
with_refusal(Why, #state{trace_refused = Refused}) -> <<Why/binary, ", and ", Refused/binary>>.

%% Events that the levels stop are seen by no filter. The levels are the node's business; they are never changed.
logged(State) ->
    #{level := Level} = logger:get_primary_config(),
    InPlace = in_place() orelse State#state.placer =/= none,
    [{Kind, case InPlace of
                true -> level_of(Kind, Level);
                false -> <<"the log filter is not in its place">>
            end} || Kind <- canary_kinds()].

level_of(supervisor, Primary) ->
    case logger:get_module_level(supervisor) of
        [{supervisor, Level}] -> at_level(Level, <<"the log level set for the module supervisor is above error">>);
        [] -> at_level(Primary, <<"the primary log level is above error">>)
    end;
level_of(_Kind, Primary) ->
    at_level(Primary, <<"the primary log level is above error">>).

at_level(Level, Why) ->
    case lists:member(Level, [critical, alert, emergency, none]) of
        true -> Why;
        false -> heard
    end.

verdict(Source, Kinds) ->
    case [{Kind, Why} || {Kind, Why} <- Kinds, Why =/= heard] of
        [] -> {whole, Source, <<>>};
        [{_, Why} | _] = Deaf when length(Deaf) =:= length(Kinds) -> {blind, none, <<"restarts are not seen: ", Why/binary>>};
        [{Kind, Why}] -> {partial, Source, <<"restarts of ", (atom_to_binary(Kind))/binary, " are not seen: ", Why/binary>>}
    end.

%%% Which source

%% The filter where it sees everything, else the trace. Both at once while one takes over from the other: the holder takes a restart once
%% (unique/2), so that none is lost and none is doubled.
choose_source(State, Now) ->
    case filter_suffices(State, Now) of
        true -> end_trace(State#state{trace_refused = none}, Now);
        false -> want_trace(State, Now)
    end.

filter_suffices(#state{distrust_until = Until}, Now) when Now < Until -> false;
filter_suffices(State, _Now) -> lists:all(fun({_, Why}) -> Why =:= heard end, logged(State)).

want_trace(#state{tracer = none, trace_after = After} = State, Now) when Now >= After ->
    case trace_refused() of
        none -> start_tracer(State#state{trace_refused = none}, Now);
        Refused -> State#state{trace_refused = Refused}
    end;
want_trace(#state{trace = ending} = State, _Now) ->
    State#state{trace = armed};
want_trace(State, _Now) ->
    State.

%% First the filter counts again, and only when it surely does so the trace ends.
end_trace(#state{trace = armed, counters = Counters} = State, Now) ->
    atomics:put(Counters, ?TRACE, ?TRACE_BOTH),
    State#state{trace = ending, trace_end = Now + ?TRACE_OVERLAP_MS};
end_trace(#state{trace = ending, trace_end = End, tracer = {Pid, _}} = State, Now) when Now >= End ->
    Pid ! {stop, self()},
    State;
end_trace(State, _Now) ->
    State.

%% It sees from now on; the filter goes on until the canary has shown so.
trace_armed(#state{counters = Counters} = State) ->
    atomics:put(Counters, ?TRACE, ?TRACE_BOTH),
    judged(State#state{trace = armed, seen = {#{}, #{}}}).

trace_ended(#state{counters = Counters} = State) ->
    atomics:put(Counters, ?TRACE, ?TRACE_OFF),
    Now = now_ms(),
    %% One that gave way was quicker than the other's tracer.
    Refused = case State#state.trace of
                  ending -> none;
                  _ -> <<"another tool traces this node">>
              end,
    judged(State#state{tracer = none, trace = off, trace_refused = Refused, trace_after = Now + ?TRACE_AGAIN_MS,
                       seen_until = Now + ?TRACE_OVERLAP_MS}).

judged(State) ->
    Now = now_ms(),
    tell_capture(prove(judge(State), Now)).

%% A child ends once, a supervisor gives up once.
unique(Restarts, #state{seen = off} = State) ->
    {Restarts, State};
unique(Restarts, #state{seen = Seen} = State) ->
    {Unique, Longer} = lists:foldl(fun once/2, {[], Seen}, Restarts),
    {lists:reverse(Unique), State#state{seen = Longer}}.

once(Restart, {Unique, {New, Old} = Seen}) ->
    case identity(Restart) of
        none -> {[Restart | Unique], Seen};
        Key when is_map_key(Key, New); is_map_key(Key, Old) -> {Unique, Seen};
        Key when map_size(New) >= ?SEEN_MAX -> {[Restart | Unique], {#{Key => []}, New}};
        Key -> {[Restart | Unique], {New#{Key => []}, Old}}
    end.

identity({_, child_terminated, _, _, _, ChildPid, _, _, _}) when is_pid(ChildPid) -> ChildPid;
identity({_, gave_up, _, Supervisor, _, _, _, _, _}) -> {gave_up, Supervisor};
identity(_) -> none.

%%% What proves it

%% The canary flies at attach, after a change, and now and then; where nothing is seen anyway, or while the filter is not there to stop its
%% reports, it stays in its cage.
prove(#state{canary = none, placer = none, canary_after = After} = State, Now) when Now >= After ->
    case in_place() andalso lists:keymember(heard, 2, element(2, State#state.heard)) of
        true -> release_canary(State#state{canary_after = Now + ?CANARY_MS});
        false -> State
    end;
prove(State, _Now) ->
    State.

%% What one saw under another configuration is of no use. One that did not see is asked again soon: the node may be about to change its
%% logging.
take_canary(_Saw, #state{heard = Heard, canary_for = Other} = State) when Heard =/= Other ->
    State;
take_canary(Saw, #state{heard = {Source, _}} = State) ->
    Now = now_ms(),
    Unseen = lists:keymember(unseen, 2, Saw),
    Asked = case Unseen of
                true -> State#state{canary_saw = Saw, canary_after = Now + ?CANARY_AGAIN_MS};
                false -> State#state{canary_saw = Saw}
            end,
    Proved = case {Source, Unseen} of
                 {log_filter, true} -> Asked#state{distrust_until = Now + ?DISTRUST_MS};
                 {log_filter, false} -> Asked#state{distrust_until = Now};
                 {trace, false} -> trace_proved(Saw, Asked);
                 {trace, true} -> Asked
             end,
    tell_capture(judge(Proved)).

%% Now the trace counts alone.
trace_proved(Saw, #state{trace = armed, counters = Counters} = State) ->
    lists:keymember(unknown, 2, Saw) orelse atomics:put(Counters, ?TRACE, ?TRACE_ALONE),
    State;
trace_proved(_Saw, State) ->
    State.

%% Watchers hear of every change, and so does one that could not be told.
tell_capture(#state{capture = {Capture, Source, Note} = Told, watchers = Watchers} = State) ->
    State#state{watchers = [case Watcher of
                                #watcher{told = Told} -> Watcher;
                                #watcher{pid = Pid} ->
                                    case deliver(Pid, {arsenal_capture, Capture, Source, Note}) of
                                        true -> Watcher#watcher{told = Told};
                                        false -> Watcher
                                    end
                            end || Watcher <- Watchers]}.
