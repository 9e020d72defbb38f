%% SPDX-License-Identifier: Apache-2.0
%% The log filter: it runs in the process that logs, for every log event of the node. Part of arsenal_probe.erl.

%% Runs in the process that logs, for every log event of the node. It changes nothing (`ignore`), but for our canary's reports, which
%% are nobody's business (`stop`). Those of another arsenal's go on to that one's own filter, which must see them. Nothing may escape from it: a filter that fails is removed by logger, with an error report.
filter(#{msg := {report, #{label := {supervisor, Context}, report := Report}}} = Event, Holder)
  when Context =:= child_terminated; Context =:= start_error; Context =:= shutdown; Context =:= progress ->
    try caught(Context, Report, Event, Holder) catch _:_ -> ignore end;
filter(#{msg := {report, #{label := {error_logger, error_report}, report := Report}},
         meta := #{error_logger := #{type := supervisor_report}}} = Event, Holder) ->
    try caught(field(errorContext, Report), Report, Event, Holder) catch _:_ -> ignore end;
filter(_Event, _Holder) ->
    ignore.

caught(progress, Report, _Event, _To) ->
    case canary_of(field(mfargs, field(started, Report))) of
        {?MODULE, _} -> stop;
        _ -> ignore
    end;
caught(Context, Report, #{meta := Meta}, To) ->
    Offender = field(offender, Report),
    case canary_of(field(mfargs, Offender)) of
        none ->
            caught_of(Context, Report, Offender, Meta, To),
            ignore;
        {?MODULE, _} = Canary ->
            Context =:= child_terminated andalso canary_seen(Canary, log_filter),
            stop;
        _OfAnother ->
            ignore
    end.

caught_of(Context, Report, Offender, Meta, {_, Counters} = To) ->
    Type = field(restart_type, Offender),
    Kind = kind(Context, field(reason, Report), Type),
    %% A node may log for processes of other nodes; their restarts are theirs to tell.
    Here = node(maps:get(pid, Meta, self())) =:= node(),
    case Kind =/= none andalso Here andalso not is_traced(Kind, atomics:get(Counters, ?TRACE)) of
        true ->
            hand_over({event_time(Meta), Kind, field(supervisor, Report), child_id(Offender), field(pid, Offender),
                       field(reason, Report), Type, start(field(mfargs, Offender))}, self(), To);
        false ->
            ok
    end.

%% While the trace takes over or ends, both see a restart, and the holder takes it once; a failed attempt has nothing it could be known by.
is_traced(_Kind, ?TRACE_OFF) -> false;
is_traced(start_error, ?TRACE_BOTH) -> true;
is_traced(_Kind, ?TRACE_BOTH) -> false;
is_traced(_Kind, ?TRACE_ALONE) -> true.

kind(_Context, _Reason, temporary) -> none;
kind(child_terminated, _Reason, _Type) -> child_terminated;
kind(start_error, _Reason, _Type) -> start_error;
kind(shutdown, reached_max_restart_intensity, _Type) -> gave_up;
kind(_Context, _Reason, _Type) -> none.

%% By a supervisor itself or on behalf of it.
hand_over({Time, Kind, Supervisor, Id, ChildPid, Reason, Type, Start}, By, {Holder, Counters}) ->
    case atomics:add_get(Counters, ?IN_FLIGHT, 1) of
        InFlight when InFlight =< ?IN_FLIGHT_MAX ->
            Budget = case InFlight > ?IN_FLIGHT_LEAN of true -> ?LEAN_BUDGET; false -> ?BUDGET end,
            {Name, Pid} = supervisor(Supervisor, By),
            Holder ! {restart, {Time, Kind, Name, Pid, packed(Id, Budget), child_pid(ChildPid), packed(Reason, Budget),
                                packed(Type, Budget), Start}};
        _ ->
            atomics:sub(Counters, ?IN_FLIGHT, 1),
            atomics:add(Counters, ?LOST, 1)
    end,
    orphaned(Counters).

%% Somebody killed the holder, and nobody has attached since: the filter sees to it that nothing stays behind. Whether the name has an owner is
%% looked up without waiting; is_process_alive/1 waits for a process that has signals to handle.
orphaned(Counters) ->
    case whereis(?MODULE) =:= undefined andalso atomics:exchange(Counters, ?CLEANED, 1) of
        0 -> clean_up(Counters);
        _ -> ok
    end.

%% A report is a property list of a handful of keys. Only its beginning is looked at, whatever it is.
field(Key, List) -> field(Key, List, 16).

field(Key, [{Key, Value} | _], _Left) -> Value;
field(Key, [_ | Rest], Left) when Left > 0 -> field(Key, Rest, Left - 1);
field(_Key, _Rest, _Left) -> undefined.

%% Reports of old supervisors call the child's id its name.
child_id(Offender) ->
    case field(id, Offender) of
        undefined -> field(name, Offender);
        Id -> Id
    end.

child_pid(Pid) when is_pid(Pid) -> Pid;
child_pid({restarting, Pid}) when is_pid(Pid) -> Pid;
child_pid(_) -> undefined.

start({M, F, Args}) when is_atom(M), is_atom(F) -> {M, F, arity(Args, 0)};
start(_) -> undefined.

arity([_ | Rest], Count) when Count < 255 -> arity(Rest, Count + 1);
arity(_, Count) -> Count.

event_time(#{time := Microseconds}) when is_integer(Microseconds) -> Microseconds div 1000;
event_time(_) -> os:system_time(millisecond).

%% A supervisor goes by its registered name, or else by its pid. It writes the report itself, so it is this very process,
%% unless the name it goes by belongs to another.
supervisor({local, Name}, By) when is_atom(Name) -> local_supervisor(Name, By);
supervisor(Name, By) when is_atom(Name), Name =/= undefined -> local_supervisor(Name, By);
supervisor({global, Name}, By) when is_atom(Name) -> {Name, By};
supervisor({Pid, _Module}, By) when is_pid(Pid) -> own_name(Pid, By);
supervisor(Pid, By) when is_pid(Pid) -> own_name(Pid, By);
supervisor(_, By) -> own_name(By, By).

local_supervisor(Name, By) ->
    case whereis(Name) of
        Pid when is_pid(Pid) -> {Name, Pid};
        _ -> {Name, By}
    end.

own_name(Pid, By) when Pid =:= By ->
    case process_info(Pid, registered_name) of
        {registered_name, Name} -> {Name, Pid};
        _ -> {Pid, Pid}
    end;
own_name(Pid, _By) ->
    {Pid, Pid}.
