%% SPDX-License-Identifier: Apache-2.0
%% Surveys: what is looked at beside the counters, at a pace of its own. Seen from the holder first, then the process of low priority that
%% does one of them. Part of arsenal_probe.erl.

%% How often, in milliseconds. Some wake every scheduler, so that machines with many are spared most of them.
surveys() ->
    Gap = case erlang:system_info(schedulers_online) =< ?WIDE of
              true -> ?SURVEY_MS;
              false -> ?SURVEY_WIDE_MS
          end,
    [{counts, ?SLOW_MS}, {links, ?SLOW_MS}, {ports, ?SLOW_MS}, {allocators, Gap}, {tables, Gap}].

tend_survey(#state{watchers = [_ | _], surveyor = none, surveys_due = [{Kind, _} | _]} = State, Now) ->
    case survey_time(State) =< Now of
        true -> start_survey(Kind, State, Now);
        false -> State
    end;
tend_survey(#state{surveyor = {_, _, Kind}, survey_heard = Heard} = State, Now) when Now - Heard >= ?WALK_STUCK_MS ->
    Stopped = read_ended(Kind, stuck, stop_surveyor(State)),
    survey_due(Kind, Now + ?WALK_AGAIN_MS, Stopped#state{survey_metrics = lists:keydelete(Kind, 1, Stopped#state.survey_metrics)});
tend_survey(State, _Now) ->
    State.

%% Half the walk's budget. Each kind is as late as the one before it lets it be; the one longest due comes first.
start_survey(Kind, #state{watchers = Watchers} = State, Now) ->
    Budget = max(1, lists:min([Budget || #watcher{budget = Budget} <- Watchers]) div 2),
    Ours = lists:usort([node(Pid) || #watcher{pid = Pid, is_local = false} <- Watchers]),
    {Pid, Monitor} = spawn_opt(?MODULE, survey, [self(), Kind, Budget, Ours], [monitor, {priority, low}]),
    Every = proplists:get_value(Kind, surveys()),
    survey_due(Kind, Now + Every, tables_begun(Kind, Now, State#state{surveyor = {Pid, Monitor, Kind}, survey_heard = Now})).

survey_due(Kind, Time, #state{surveys_due = Due} = State) ->
    State#state{surveys_due = lists:keysort(2, lists:keystore(Kind, 1, Due, {Kind, Time}))}.

%% Tables that have grown by a tenth, and by more than a little, since they were looked at are due soon: whoever asks which of them it is
%% should not have to wait for half a minute.
hurry_tables(Metrics, #state{tables = {NotBefore, Before, {Bytes, Count}}, surveys_due = Due} = State) ->
    Now = {proplists:get_value(vm_memory_ets, Metrics, Bytes), proplists:get_value(ets_count, Metrics, Count)},
    Looked = State#state{tables = {NotBefore, Before, Now}},
    case have_grown(Before, Now) of
        true -> survey_due(tables, min(NotBefore, proplists:get_value(tables, Due)), Looked);
        false -> Looked
    end.

have_grown({Bytes, Count}, {BytesNow, CountNow}) ->
    BytesNow > Bytes + max(?TABLES_GROWN_BYTES, Bytes div 10) orelse CountNow > Count + max(?TABLES_GROWN, Count div 10).

%% Before is what the last tick told: what came between it and the survey is looked at twice.
tables_begun(tables, Now, #state{tables = {_, _, Known}} = State) -> State#state{tables = {Now + ?TABLES_AGAIN_MS, Known, Known}};
tables_begun(_Kind, _Now, State) -> State.

tables_done(tables, NotBefore, #state{tables = {Begun, Before, Known}} = State) -> State#state{tables = {max(Begun, NotBefore), Before, Known}};
tables_done(_Kind, _NotBefore, State) -> State.

%% On a busy node a walk and a survey at once would delay each other: a survey waits a moment for the walk to be over.
survey_time(#state{surveyor = none, walker = none, surveys_due = [{_Kind, Due} | _]}) -> Due;
survey_time(#state{surveyor = none, surveys_due = [{_Kind, Due} | _]}) -> Due + ?SURVEY_WAIT_MS;
survey_time(#state{survey_heard = Heard}) -> Heard + ?WALK_STUCK_MS.

%% Whoever has just come gets a round of all of them.
survey_anew(State) ->
    State#state{surveys_due = [{Kind, now_ms()} || {Kind, _Every} <- surveys()]}.

take_survey(Kind, {Survey, Metrics}, DebtMs, #state{surveys_due = Due, survey_metrics = Known, failed = Failed} = State) ->
    tell_survey(Kind, Survey, State),
    Rested = now_ms() + DebtMs,
    NotBefore = max(proplists:get_value(Kind, Due), Rested),
    survey_due(Kind, NotBefore, (tables_done(Kind, Rested, State))#state{survey_metrics = lists:keystore(Kind, 1, Known, {Kind, Metrics}), failed = lists:delete(Kind, Failed)}).

%% A watcher on this node that does not read is told no more than it has asked for.
tell_survey(_Kind, none, _State) ->
    ok;
tell_survey(Kind, {Total, Rows}, #state{watchers = Watchers}) ->
    Time = os:system_time(millisecond),
    [deliver(Pid, {arsenal_survey, Time, Kind, Total, Rows}) || #watcher{pid = Pid, left_out = false} <- Watchers],
    ok.

survey_metrics(#state{survey_metrics = Known}) ->
    lists:append([Metrics || {_Kind, Metrics} <- Known]).

stop_surveyor(#state{surveyor = none} = State) ->
    State;
stop_surveyor(#state{surveyor = {Pid, Monitor, _Kind}} = State) ->
    end_process(Pid, Monitor),
    end_survey(State).

end_survey(#state{survey_self = Cost} = State) ->
    spent(Cost, State#state{surveyor = none, survey_self = {0, 0, 0}}).

%% What a process has cost that is no more.
spent({_Memory, Reductions, Busy}, #state{spent = {ReductionsBefore, BusyBefore}} = State) ->
    State#state{spent = {ReductionsBefore + Reductions, BusyBefore + Busy}}.

%%% ------------------------------------------------------------------ the survey, in a process of its own

%% A survey is {Total, Rows}, or `none` for one of metrics only.
survey(Holder, Kind, Budget, Ours) ->
    try
        {Result, Pace} = survey(Kind, Ours, pace(Holder, Budget)),
        Paced = worked(Pace),
        Holder ! {surveyed, self(), Kind, Result, debt_ms(Paced)},
        report_life(Paced)
    catch
        _:Reason -> exit({shutdown, Reason})
    end.

survey(counts, _Ours, Pace) -> {{none, counts()}, Pace};
survey(allocators, _Ours, Pace) -> survey_allocators(Pace);
survey(links, Ours, Pace) -> survey_links(Ours, Pace);
survey(ports, _Ours, Pace) -> survey_ports(Pace);
survey(tables, _Ours, Pace) -> survey_tables(Pace).

%%% Numbers that may take a moment.

counts() ->
    lists:append([attempt(Read) || Read <- [fun sockets/0, fun persistent_terms/0, fun modules/0, fun logger_queue/0]]).

%% Asked for only where somebody uses it: to ask would load it.
sockets() ->
    case erlang:module_loaded(socket) of
        true ->
            #{counters := #{num_sockets := Count}} = socket:info(),
            [{socket_count, Count}];
        false ->
            [{socket_count, 0}]
    end.

persistent_terms() ->
    #{count := Count, memory := Memory} = persistent_term:info(),
    [{persistent_term_count, Count}, {persistent_term_memory, Memory}].

modules() ->
    [{module_count, length(erlang:loaded())}].

%% The longest of the logger's own queues: its server, its proxy, Elixir's, and the process of each handler.
logger_queue() ->
    Handlers = [Name || Id <- lists:sublist(logger:get_handler_ids(), ?LOGGER_HANDLERS_MAX), Name <- handler_processes(Id)],
    Lengths = [Length || Name <- [logger, logger_proxy, error_logger, 'Elixir.Logger' | Handlers], is_pid(whereis(Name)),
                         {message_queue_len, Length} <- [process_info(whereis(Name), message_queue_len)]],
    [{logger_queue, lists:max(Lengths)}].

%% Their names are made of the module's and the handler's: one that no process has is no atom yet, and shall not become one.
handler_processes(Id) ->
    lists:append([try [list_to_existing_atom(Module ++ "_" ++ atom_to_list(Id))] catch error:badarg -> [] end
                  || Module <- ["logger_std_h", "logger_disk_log_h"]]).
