%% SPDX-License-Identifier: Apache-2.0
%% What a supervisor that restarts may still do before it gives up, and whom it restarts along: asked of the supervisor itself, by a
%% process of its own. Part of arsenal_probe.erl.
%%
%% It is asked by sys:replace_state/3 with a function that takes its few small facts and throws them. OTP catches the exception,
%% leaves the state as it is, and returns the reason to the caller; nothing is logged (OTP 25, 27, 29; supervisor, supervisor2, DynamicSupervisor).
%% sys:get_state/2 would copy the whole state: with 200,000 dynamic children that is a heap of tens of megabytes in the supervisor
%% and again in the caller, and there is no telling beforehand, for the size of the heap says little about the size of the state. What is done in the supervisor here
%% does not depend on the number of its children. The price: the function is ours, so it may do nothing but throw.

%%% ------------------------------------------------------------------ seen from the holder

%% Takes note of who restarted, before the restarts go to the watchers. A start that failed without anything of that supervisor's
%% having ended before is a first start: no restart, and left out.
note_supervisors(Restarts, #state{looking = Looking} = State) ->
    {Told, #looking{known = Known} = Noted} = lists:mapfoldl(fun note_restart/2, Looking, Restarts),
    Due = lists:any(fun(#sup{due = Due}) -> Due end, maps:values(Known)),
    {[Restart || Restart <- Told, Restart =/= first_start], announce_look(Due, State#state{looking = Noted})}.

note_restart({_, child_terminated, Name, Pid, _, _, _, _, _} = Restart, #looking{known = Known} = Looking) when node(Pid) =:= node() ->
    Now = now_ms(),
    Sup = case Known of
              #{Pid := Before} -> Before#sup{due = true, seen = Now};
              _ -> #sup{name = Name, after_ms = Now, seen = Now}
          end,
    {Restart, Looking#looking{known = (make_room(Pid, Known))#{Pid => Sup}}};
note_restart({_, start_error, _, Pid, _, undefined, _, _, _}, #looking{known = Known} = Looking) when not is_map_key(Pid, Known) ->
    {first_start, Looking};
note_restart({_, gave_up, _, Pid, _, _, _, _, _} = Restart, #looking{known = Known} = Looking) ->
    {Restart, Looking#looking{known = maps:remove(Pid, Known)}};
note_restart(Restart, Looking) ->
    {Restart, Looking}.

%% Whoever restarted longest ago makes room.
make_room(Pid, Known) when is_map_key(Pid, Known); map_size(Known) < ?SUPERVISORS_MAX -> Known;
make_room(_Pid, Known) ->
    {_, Oldest} = lists:min([{Seen, Pid} || {Pid, #sup{seen = Seen}} <- maps:to_list(Known)]),
    maps:remove(Oldest, Known).

announce_look(true, #state{looking = #looking{timer = none, looker = none, last = Last} = Looking} = State) ->
    Wait = max(?LOOK_SOON_MS, Last + ?LOOK_GAP_MS - now_ms()),
    State#state{looking = Looking#looking{timer = erlang:send_after(Wait, self(), look)}};
announce_look(_Due, State) ->
    State.

look(#state{looking = #looking{known = Known} = Looking} = State) ->
    Now = now_ms(),
    Due = lists:sort([{After, Pid, Name} || {Pid, #sup{name = Name, due = true, after_ms = After}} <- maps:to_list(Known), After =< Now]),
    Batch = [{Pid, Name} || {_LongestWaiting, Pid, Name} <- lists:sublist(Due, ?LOOK_BATCH)],
    Idle = Looking#looking{timer = none, last = Now},
    case Batch of
        [] ->
            State#state{looking = Idle};
        _ ->
            Asked = lists:foldl(fun({Pid, _}, Map) -> update_sup(Pid, fun(Sup) -> Sup#sup{due = false, after_ms = Now} end, Map) end, Known, Batch),
            Looker = spawn_monitor(?MODULE, look_at_supervisors, [self(), Batch]),
            State#state{looking = Idle#looking{known = Asked, looker = Looker}}
    end.

update_sup(Pid, Fun, Known) ->
    case Known of
        #{Pid := Sup} -> Known#{Pid := Fun(Sup)};
        _ -> Known
    end.

%% A watcher hears of restarts first: they are in the facts already. Where they wait, the supervisor is looked at again.
looked(Pid, _Time, gone, State) ->
    know(fun(Known) -> maps:remove(Pid, Known) end, State);
looked(Pid, _Time, silent, State) ->
    know_sup(Pid, fun(Sup) -> Sup#sup{due = true, after_ms = now_ms() + ?LOOK_SILENT_MS} end, remark(Pid, no_answer, State));
looked(Pid, Time, Facts, #state{watchers = Watchers} = State) ->
    Told = [Queued =:= 0 andalso deliver(Watcher, {arsenal_supervisors, Time, [Facts]})
            || #watcher{pid = Watcher, queued = Queued} <- Watchers],
    know_sup(Pid, fun(#sup{due = Due} = Sup) -> Sup#sup{due = Due orelse lists:member(false, Told)} end, State).

know(Fun, #state{looking = #looking{known = Known} = Looking} = State) ->
    State#state{looking = Looking#looking{known = Fun(Known)}}.

know_sup(Pid, Fun, State) ->
    know(fun(Known) -> update_sup(Pid, Fun, Known) end, State).

looker_gone(#state{looking = #looking{known = Known} = Looking} = State) ->
    Now = now_ms(),
    Due = lists:any(fun(#sup{due = Due, after_ms = After}) -> Due andalso After =< Now end, maps:values(Known)),
    announce_look(Due, State#state{looking = Looking#looking{looker = none}}).

stop_looking(#state{looking = #looking{timer = Timer, looker = Looker}}) ->
    Timer =:= none orelse erlang:cancel_timer(Timer),
    case Looker of
        none -> ok;
        {Pid, Monitor} -> end_process(Pid, Monitor)
    end.

%%% ------------------------------------------------------------------ the looker, a process of its own

look_at_supervisors(Holder, Batch) ->
    [Holder ! {looked, Pid, os:system_time(millisecond), look_at_one(Pid, Name)} || {Pid, Name} <- Batch],
    ok.

%% Only processes that proc_lib started understand the question; what else writes supervisor reports is left alone.
look_at_one(Pid, Name) ->
    try is_proc_lib(Pid) andalso sys:replace_state(Pid, fun ?MODULE:throw_facts/1, ?LOOK_TIMEOUT_MS) of
        _ -> gone
    catch
        error:{callback_failed, _, {throw, {?MODULE, Facts}}} -> carried_facts(Name, Pid, Facts);
        error:{callback_failed, _, _} -> carried_facts(Name, Pid, unknown_facts(other));
        exit:{timeout, _} -> silent;
        _:_ -> gone
    end.

is_proc_lib(Pid) ->
    case process_info(Pid, initial_call) of
        {initial_call, {proc_lib, _, _}} -> true;
        _ -> false
    end.

carried_facts(Name, Pid, {Kind, Strategy, Intensity, Period, Used, Ages, Count, Children}) ->
    %% A list of small numbers would be a string on the wire.
    {Name, Pid, Kind, Strategy, Intensity, Period, Used, list_to_tuple(Ages), Count, [carried(Child) || Child <- Children]}.

%%% ------------------------------------------------------------------ in the supervisor

%% Runs in the supervisor, and must end with an exception whatever the state is. Its work is bounded: so many restarts and children.
throw_facts(State) ->
    throw({?MODULE, facts(State)}).

%% supervisor's record has had its first fields since OTP 21; newer ones follow them. supervisor2 (RabbitMQ) has the same.
facts(State) when element(1, State) =:= state, tuple_size(State) >= 11, tuple_size(State) =< 32 ->
    [state, _Name, Strategy, Children, Dynamics, Intensity, Period, Restarts | _] = tuple_to_list(State),
    case {Strategy, Children} of
        {simple_one_for_one, _} -> facts(supervisor, Strategy, Intensity, Period, Restarts, dynamic_count(Dynamics), []);
        {_, {Ids, ById}} when is_list(Ids), is_map(ById) ->
            facts(supervisor, Strategy, Intensity, Period, Restarts, map_size(ById), restarted_along(Strategy, Ids, ById));
        _ -> unknown_facts(other)
    end;
facts(#{'__struct__' := 'Elixir.DynamicSupervisor', strategy := Strategy, max_restarts := Intensity, max_seconds := Period,
        restarts := Restarts, children := Children}) when is_map(Children) ->
    facts(dynamic_supervisor, Strategy, Intensity, Period, Restarts, map_size(Children), []);
facts(_) ->
    unknown_facts(other).

facts(Kind, Strategy, Intensity, Period, Restarts, Count, Children)
  when is_atom(Strategy), is_integer(Intensity), Intensity >= 0, is_integer(Period), Period > 0, is_list(Restarts) ->
    {Used, Ages} = spent(Restarts, erlang:monotonic_time(second), Period, 0, []),
    {Kind, Strategy, Intensity, Period, Used, Ages, Count, Children};
facts(Kind, _Strategy, _Intensity, _Period, _Restarts, _Count, _Children) ->
    unknown_facts(Kind).

unknown_facts(Kind) ->
    {Kind, undefined, undefined, undefined, undefined, [], undefined, []}.

dynamic_count({maps, Map}) when is_map(Map) -> map_size(Map);
dynamic_count({mapsets, Map}) when is_map(Map) -> map_size(Map);
dynamic_count({sets, Set}) ->
    try sets:size(Set) catch _:_ -> undefined end;
dynamic_count(_) -> undefined.

%% The times of the restarts in the period, newest first, as ages in seconds: OTP's own rule, a restart counts for Period seconds of its
%% clock's, both ends included.
spent([Time | Older], Now, Period, Used, Ages) when is_integer(Time), Time >= Now - Period, Used < ?SPENT_MAX ->
    spent(Older, Now, Period, Used + 1, case Used < ?AGES_MAX of true -> [Now - Time | Ages]; false -> Ages end);
spent(_Older, _Now, _Period, Used, Ages) ->
    {Used, lists:reverse(Ages)}.

%% The ids of those that a restart of a sibling restarts, the last started first. Temporary children are not restarted.
restarted_along(Strategy, Ids, ById) when Strategy =:= one_for_all; Strategy =:= rest_for_one ->
    restarted_ids(Ids, ById, ?SIBLINGS_MAX);
restarted_along(_Strategy, _Ids, _ById) ->
    [].

restarted_ids([Id | Ids], ById, Left) when Left > 0 ->
    case ById of
        #{Id := Child} when element(5, Child) =:= temporary -> restarted_ids(Ids, ById, Left - 1);
        #{Id := _} -> [packed(Id, ?BUDGET) | restarted_ids(Ids, ById, Left - 1)];
        _ -> restarted_ids(Ids, ById, Left - 1)
    end;
restarted_ids(_Ids, _ById, _Left) ->
    [].
