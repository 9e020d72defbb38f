%% SPDX-License-Identifier: Apache-2.0
%% The call trace: what sees restarts where the log levels stop the reports. Part of arsenal_probe.erl.

%% A process of its own is the tracer. The match specifications pick a few fields of the supervisor's state, which may be huge, and are never given
%% the arguments whole. A reason cannot be cut there: it comes as it is, one copy more of what the child's exit signal has copied already, and is cut here; the
%% queue is off the heap, and in a flood it is emptied by mere counting. From OTP 27 on the trace has a session of its own. Before, a node has one
%% tracer: ours is there only while nobody else traces, and gives way at once.
start_tracer(#state{counters = Counters} = State, Now) ->
    Options = [monitor, {priority, high}, {message_queue_data, off_heap}, {fullsweep_after, 10}],
    State#state{tracer = spawn_opt(?MODULE, tracer, [self(), Counters], Options), trace_after = Now + ?TRACE_AGAIN_MS}.

%% Setting a flag on every process stops the whole node for a moment, the longer the more there are. Why not, if it may not be.
trace_refused() ->
    case erlang:system_info(process_count) > ?TRACE_MAX of
        true -> <<"too many processes to trace">>;
        false ->
            case not has_sessions() andalso foreign_tracer() of
                true -> <<"another tool traces this node">>;
                false -> none
            end
    end.

has_sessions() -> otp_release() >= 27.

otp_release() -> list_to_integer(erlang:system_info(otp_release)).

foreign_tracer() ->
    lists:any(fun(Name) -> whereis(Name) =/= undefined end, [dbg, recon_trace_tracer, recon_trace_formatter, redbug, tracer])
        orelse lists:any(fun is_traced_by_another/1, [new | [Pid || Name <- [init, kernel_sup, logger, application_controller],
                                                                   Pid <- [whereis(Name)], is_pid(Pid), Pid =/= self()]]).

is_traced_by_another(Process) ->
    case erlang:trace_info(Process, tracer) of
        {tracer, Tracer} when is_pid(Tracer) -> Tracer =/= self();
        {tracer, []} -> false;
        {tracer, _} -> true;
        _ -> false
    end.

tracer(Holder, Counters) ->
    Monitor = erlang:monitor(process, Holder),
    case try arm() catch _:_ -> failed end of
        foreign -> ok;
        failed -> has_sessions() orelse disarm(legacy);
        Session ->
            Holder ! {traced, self()},
            tracing(Session, {Holder, Counters}, Monitor, #{})
    end.

%% Near are the supervisors whose next step shows whether they give up: {Child, Start, …} of the restart that may be one too many.
tracing(Session, To, Monitor, Near) ->
    receive
        {trace, _, call, {Module, _, _}, foreign} when Module =:= dbg; Module =:= erlang; Module =:= error_handler ->
            disarm(Session);
        {trace, Supervisor, call, _, What} ->
            tracing(Session, To, Monitor, traced(What, Supervisor, To, Near));
        {stop, Holder} when Holder =:= element(1, To) ->
            disarm(Session),
            last_ones(delivered(Session), To, Near);
        {'DOWN', Monitor, process, _, _} ->
            disarm(Session)
    after ?CAPTURE_MS ->
        case still_armed(Session) of
            true ->
                _ = set_patterns(Session),
                tracing(Session, To, Monitor, Near);
            false ->
                disarm(Session)
        end
    end.

%% What was traced before the end of the trace is counted.
last_ones(Reference, To, Near) ->
    receive
        {trace, Supervisor, call, _, What} -> last_ones(Reference, To, traced(What, Supervisor, To, Near));
        {trace_delivered, all, Reference} -> ok
    after 1000 ->
        ok
    end.

traced({ended, ChildPid, Id, Type, Start, Reason, Name}, Supervisor, To, Near) ->
    hand_over({os:system_time(millisecond), child_terminated, Name, Id, ChildPid, Reason, Type, Start}, Supervisor, To),
    maps:remove(Supervisor, Near);
traced({again, ChildPid, Id, Type, Start, Name, IsAgain, IsNear}, Supervisor, To, Near) ->
    Time = os:system_time(millisecond),
    %% The attempt before failed; its reason is not among the fields.
    IsAgain =:= true andalso
        hand_over({Time, start_error, Name, Id, ChildPid, undefined, Type, Start}, Supervisor, To),
    case IsNear =:= true andalso map_size(Near) < ?NEAR_MAX of
        true -> Near#{Supervisor => {Time, gave_up, Name, Id, ChildPid, reached_max_restart_intensity, Type, Start}};
        false -> maps:remove(Supervisor, Near)
    end;
traced(goes_on, Supervisor, _To, Near) ->
    maps:remove(Supervisor, Near);
traced(deletes, Supervisor, To, Near) ->
    case maps:take(Supervisor, Near) of
        {GaveUp, Rest} -> hand_over(GaveUp, Supervisor, To), Rest;
        error -> Near
    end;
traced({canary, Module, Args}, _Supervisor, _To, Near) ->
    canary_seen(canary_of({Module, canary_child, Args}), trace),
    Near;
traced(_Other, _Supervisor, _To, Near) ->
    Near.

stop_tracer(#state{tracer = none}) -> ok;
stop_tracer(#state{tracer = {Pid, Monitor}}) ->
    Pid ! {stop, self()},
    receive {'DOWN', Monitor, process, Pid, _} -> ok after 2000 -> exit(Pid, kill) end.

%%% The session, or the node's one tracer

arm() ->
    case has_sessions() of
        true ->
            Session = trace:session_create(?MODULE, self(), []),
            set_patterns(Session),
            trace:process(Session, all, true, [call, arity]),
            Session;
        false ->
            case foreign_tracer() of
                true -> foreign;
                false ->
                    set_patterns(legacy),
                    erlang:trace(all, true, [call, arity]),
                    legacy
            end
    end.

%% Legacy flags go with the tracer: to clear them would clear those of others, too.
disarm(legacy) ->
    [erlang:trace_pattern(Function, false, [local])
     || {Function, Spec} <- patterns(legacy), erlang:trace_info(Function, match_spec) =:= {match_spec, Spec}],
    ok;
disarm(Session) ->
    trace:process(Session, all, false, [call, arity]).

delivered(legacy) -> erlang:trace_delivered(all);
delivered(Session) -> trace:delivered(Session, all).

still_armed(legacy) ->
    not foreign_tracer() andalso erlang:trace_info(new, tracer) =:= {tracer, self()};
still_armed(_Session) ->
    true.

%% A module may be loaded later, or anew, which clears its trace.
set_patterns(Session) ->
    [set_pattern(Session, Function, Spec) || {Function, Spec} <- patterns(Session), info(Session, Function) =:= {traced, false}].

info(legacy, Function) -> erlang:trace_info(Function, traced);
info(Session, Function) -> trace:info(Session, Function, traced).

set_pattern(legacy, Function, Spec) -> erlang:trace_pattern(Function, Spec, [local]);
set_pattern(Session, Function, Spec) -> trace:function(Session, Function, Spec, [local]).

%%% What is picked

patterns(legacy) ->
    Foreign = [{'_', [], [{message, foreign}]}],
    [{{dbg, start, 0}, Foreign}, {{dbg, start, 1}, Foreign}, {{dbg, tracer, 0}, Foreign}, {{dbg, tracer, 2}, Foreign},
     {{erlang, trace, 3}, Foreign},
     {{error_handler, undefined_function, 3}, [{[dbg, '_', '_'], [], [{message, foreign}]}]} | patterns(session)];
patterns(_Session) ->
    of_supervisor(supervisor) ++ of_supervisor(supervisor2) ++ of_dynamic().

%% The records #child{pid, id, mfargs, restart_type, …} and #state{name, strategy, children, dynamics, intensity, period, restarts, …} are
%% the same in all releases, and in RabbitMQ's supervisor2.
of_supervisor(Module) ->
    State = fun(Var) -> {'=:=', {element, 1, Var}, state} end,
    Child = fun(Var, Type) -> fields({element, 2, Var}, {element, 3, Var}, Type, {element, 4, Var}) end,
    Restarts = fun(Var) -> {length, {element, 8, Var}} end,
    Intensity = fun(Var) -> {element, 6, Var} end,
    [{{Module, do_restart, 3},
      [{['$1', '$2', '$3'], [State('$3'), {'=:=', {element, 2, {element, 4, '$2'}}, canary_child}], [canary({element, 4, '$2'})]},
       {['$1', '$2', '$3'], [State('$3'), is_restart(Module, '$1', {element, 5, '$2'})],
        [told(ended, Child('$2', {element, 5, '$2'}) ++ ['$1', {element, 2, '$3'}])]}]},
     {{Module, restart, 2},
      [{['$1', '$2'], [State('$2'), {'=/=', {element, 2, {element, 4, '$1'}}, canary_child},
                       {'orelse', {is_tuple, {element, 2, '$1'}}, {'>=', Restarts('$2'), Intensity('$2')}}],
        [told(again, Child('$1', {element, 5, '$1'}) ++ [{element, 2, '$2'}, {is_tuple, {element, 2, '$1'}},
                                                         {'>=', Restarts('$2'), Intensity('$2')}])]}]},
     {{Module, restart, 3},
      [{['_', '_', '$1'], [State('$1'), {'>=', Restarts('$1'), {'-', Intensity('$1'), 1}}], [{message, goes_on}]}]},
     {{Module, del_child, 2},
      [{['_', '$1'], [State('$1'), {'>=', Restarts('$1'), {'-', Intensity('$1'), 1}}], [{message, deletes}]}]}].

of_dynamic() ->
    Module = 'Elixir.DynamicSupervisor',
    Restarts = fun(Var) -> {length, {map_get, restarts, Var}} end,
    Intensity = fun(Var) -> {map_get, max_restarts, Var} end,
    IsAgain = {'=:=', {element, 1, {map_get, '$1', {map_get, children, '$3'}}}, restarting},
    [{{Module, maybe_restart_child, 5},
      [{['$1', '_', '_', '$4', '_'], [{'=:=', {element, 2, {element, 1, '$4'}}, canary_child}], [canary({element, 1, '$4'})]},
       {['$1', '$2', '$3', '$4', '$5'], [is_restart(Module, '$2', '$1')],
        [told(ended, fields('$3', undefined, '$1', {element, 1, '$4'}) ++ ['$2', {map_get, name, '$5'}])]}]},
     {{Module, restart_child, 3},
      [{['$1', '$2', '$3'], [{'=/=', {element, 2, {element, 1, '$2'}}, canary_child},
                             {'orelse', IsAgain, {'>=', Restarts('$3'), Intensity('$3')}}],
        [told(again, fields('$1', undefined, {element, 2, '$2'}, {element, 1, '$2'}) ++
                         [{map_get, name, '$3'}, IsAgain, {'>=', Restarts('$3'), Intensity('$3')}])]}]},
     {{Module, restart_child, 4},
      [{['_', '_', '_', '$1'], [{'>=', Restarts('$1'), {'-', Intensity('$1'), 1}}], [{message, goes_on}]}]},
     {{Module, delete_child, 2},
      [{['_', '$1'], [{'>=', Restarts('$1'), {'-', Intensity('$1'), 1}}], [{message, deletes}]}]}].

told(What, Fields) -> {message, {list_to_tuple([What | Fields])}}.

fields(Pid, Id, Type, Start) ->
    [Pid, Id, Type, {{{element, 1, Start}, {element, 2, Start}, {length, {element, 3, Start}}}}].

canary(Start) -> {message, {{canary, {element, 1, Start}, {element, 3, Start}}}}.

%% As the supervisors decide it. supervisor2 has types of its own, and a reason that asks for a restart.
is_restart(Module, Reason, Type) ->
    Normal = [{'=:=', Reason, normal}, {'=:=', Reason, shutdown},
              {'andalso', {is_tuple, Reason}, {'=:=', {size, Reason}, 2}, {'=:=', {element, 1, Reason}, shutdown}}],
    Always = [{'=:=', Type, permanent}, {'andalso', {is_tuple, Type}, {'=:=', {element, 1, Type}, permanent}}],
    Asked = [{'=:=', Reason, {const, {shutdown, restart}}} || Module =:= supervisor2],
    {'andalso', {'=/=', Type, temporary}, list_to_tuple(['orelse', {'not', list_to_tuple(['orelse' | Normal])} | Always ++ Asked])}.
