%% SPDX-License-Identifier: Apache-2.0
%% The log filter: it runs in the process that logs, for every log event of the node. Part of arsenal_probe.erl.

%% Runs in the process that logs, for every log event of the node. It changes nothing (`ignore`), but for the canary's reports, which
%% are nobody's business (`stop`). Nothing may escape from it: a filter that fails is removed by logger, with an error report.
filter(#{msg := {report, #{label := {supervisor, Context}, report := Report}}} = Event, Holder)
  when Context =:= child_terminated; Context =:= start_error; Context =:= shutdown; Context =:= progress ->
    try caught(Context, Report, Event, Holder) catch _:_ -> ignore end;
filter(#{msg := {report, #{label := {error_logger, error_report}, report := Report}},
         meta := #{error_logger := #{type := supervisor_report}}} = Event, Holder) ->
    try caught(field(errorContext, Report), Report, Event, Holder) catch _:_ -> ignore end;
filter(_Event, _Holder) ->
    ignore.

caught(progress, Report, _Event, _Holder) ->
    case canary_of(field(mfargs, field(started, Report))) of
        none -> ignore;
        _ -> stop
    end;
caught(Context, Report, #{meta := Meta}, Holder) ->
    Offender = field(offender, Report),
    case canary_of(field(mfargs, Offender)) of
        none ->
            caught_of(Context, Report, Offender, Meta, Holder),
            ignore;
        Canary ->
            Context =:= child_terminated andalso canary_seen(Canary),
            stop
    end.

caught_of(Context, Report, Offender, Meta, {Holder, Counters}) ->
    Type = field(restart_type, Offender),
    Kind = kind(Context, field(reason, Report), Type),
    %% A node may log for processes of other nodes; their restarts are theirs to tell.
    Here = node(maps:get(pid, Meta, self())) =:= node(),
    case Kind =/= none andalso Here of
        true -> hand_over(Kind, Report, Offender, Type, Meta, Holder, Counters);
        false -> ok
    end.

kind(_Context, _Reason, temporary) -> none;
kind(child_terminated, _Reason, _Type) -> child_terminated;
kind(start_error, _Reason, _Type) -> start_error;
kind(shutdown, reached_max_restart_intensity, _Type) -> gave_up;
kind(_Context, _Reason, _Type) -> none.

hand_over(Kind, Report, Offender, Type, Meta, Holder, Counters) ->
    case atomics:add_get(Counters, ?IN_FLIGHT, 1) of
        InFlight when InFlight =< ?IN_FLIGHT_MAX ->
            Budget = case InFlight > ?IN_FLIGHT_LEAN of true -> ?LEAN_BUDGET; false -> ?BUDGET end,
            {Name, Pid} = supervisor(field(supervisor, Report)),
            Holder ! {restart, {event_time(Meta), Kind, Name, Pid, packed(child_id(Offender), Budget),
                                child_pid(field(pid, Offender)), packed(field(reason, Report), Budget),
                                packed(Type, Budget), start(field(mfargs, Offender))}};
        _ ->
            atomics:sub(Counters, ?IN_FLIGHT, 1),
            atomics:add(Counters, ?LOST, 1)
    end,
    is_process_alive(Holder) orelse orphaned(Counters).

%% Somebody killed the holder, and nobody has attached since: the filter sees to it that nothing stays behind.
orphaned(Counters) ->
    case whereis(?MODULE) =:= undefined andalso atomics:exchange(Counters, ?ORPHANED, 1) of
        0 -> spawn_cleaner(Counters);
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
supervisor({local, Name}) when is_atom(Name) -> local_supervisor(Name);
supervisor(Name) when is_atom(Name), Name =/= undefined -> local_supervisor(Name);
supervisor({global, Name}) when is_atom(Name) -> {Name, self()};
supervisor({Pid, _Module}) when is_pid(Pid) -> own_name(Pid);
supervisor(Pid) when is_pid(Pid) -> own_name(Pid);
supervisor(_) -> own_name(self()).

local_supervisor(Name) ->
    case whereis(Name) of
        Pid when is_pid(Pid) -> {Name, Pid};
        _ -> {Name, self()}
    end.

own_name(Pid) when Pid =:= self() ->
    case process_info(Pid, registered_name) of
        {registered_name, Name} -> {Name, Pid};
        [] -> {Pid, Pid}
    end;
own_name(Pid) ->
    {Pid, Pid}.
