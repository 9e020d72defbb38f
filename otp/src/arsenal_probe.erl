%% SPDX-License-Identifier: Apache-2.0
%%
%% The probe: the only code of arsenal's that runs inside a watched node. It is sent there over distribution, tells what it reads to
%% processes on the hidden C node ("watchers"), and leaves without a trace when the last of them is gone. doc/probe.md is its contract.
%%
%%     attach/2     called over erpc: finds or starts the holder, and hands it one more watcher
%%     the holder   one process for the node, registered under the module's name: ticks, restarts, acknowledgements, leaving
%%     filter/2     the log filter that catches supervisor restarts; it runs in the supervisors themselves
%%     the walker   a short-lived process of low priority that looks at every process, within a budget
%%
%% Two rules hold everywhere. Nothing here may hurt the node: every loop, queue and term is bounded, and a reading that fails is left
%% out. And nothing may wait for the C side: a C node that is connected but does not read would suspend whoever sends to it.
-module(arsenal_probe).

-export([attach/2, filter/2, wrapped/1]).
-export([holder/0, place_filter/1, walk/3]).    % for spawn only: a function that is named is found again in a crash dump

%% Restarts
-define(IN_FLIGHT_MAX, 10000).     % restarts under way from the filter to the holder; more are only counted
-define(IN_FLIGHT_LEAN, 100).      % from here on a flood is under way, and terms are cut shorter
-define(QUEUE_MAX, 1000).          % restarts kept for a watcher that does not take them
-define(BATCH_MAX, 200).           % restarts in one message
-define(RETRY_MS, 100).
-define(TEXT_MAX, 1024).           % bytes of a printed term
-define(BUDGET, {200, 1024}).      % of a term: nodes, and bytes of binaries and strings
-define(LEAN_BUDGET, {20, 128}).

%% Slots of the atomics that filter and holder share
-define(IN_FLIGHT, 1).
-define(LOST, 2).
-define(ORPHANED, 3).
-define(PACKAGED, 4).              % 1: the module is the application's own, and stays
-define(SLOTS, 4).

%% The walk
-define(CHUNK, 64).                % processes between two looks at the clock
-define(PAUSE_MS, 100).
-define(PAUSE_MAX_MS, 5000).       % a longer pause is made of several, so that the holder hears from the walker
-define(WALK_MIN_MS, 1000).
-define(WALK_STUCK_MS, 30000).
-define(WALK_AGAIN_MS, 60000).     % after a walk that was stuck
-define(TOP, 5).
-define(REMEMBERED, 1000).         % processes whose reductions are kept from one walk to the next
-define(WHOLE_HEAPS, 2000).        % up to so many processes, every walk asks all for their whole heap; of more, only a part
-define(TURNS_MAX, 8).             % but in so many walks all of them
-define(LONG_QUEUE, 100).
-define(AT_ONCE, 1000000000).      % a budget that never makes the walk pause
-define(AT_ONCE_MAX, 20000).       % processes; more are never walked over at once
-define(AT_ONCE_GAP_MS, 1000).     % between two walks of that kind
-define(AT_ONCE_WAIT_MS, 500).     % a tick that was asked for waits no longer for its walk
-define(DICTIONARY_WORDS, 1000000).% a process with a larger heap is not asked for its whole dictionary

%% Collecting
-define(SLOW_MS, 5000).            % /proc and cgroup files are read no more often than this
-define(WIDE, 16).                 % schedulers; readings that wake every scheduler are taken at the slow pace where there are more
-define(FD_LIST_MAX, 10000).
-define(FILE_MAX, 65536).

%% Life
-define(FIRST_WATCHER_MS, 5000).
-define(PURGE_MAX, 50000).         % processes; purging asks each of them
-define(NOTICE_GAP_MS, 60000).
-define(UNANSWERED_MAX, 1000).     % restarts sent to a watcher on this node before it must have answered

-record(watcher, {
    pid, monitor, interval, budget, ack_timeout,
    is_local,                      % on this node: the router of an application
    next,                          % when the next tick is due (all times: monotonic milliseconds)
    seq = 0,
    hurried = false,               % its next tick waits for the walk at once
    left_out = false,              % a tick was due while the last one was not answered (of a local watcher)
    sent = 0,                      % restarts since the last answer
    unanswered = none,             % when the oldest tick without an answer was sent
    queue = queue:new(),           % restarts not yet sent, oldest first
    queued = 0,
    lost = 0,
    retry = none,                  % when to try to send again, after a send that would have blocked
    top = []
}).

-record(state, {
    watchers = [],
    leave_at,                      % without watchers, when to go
    counters,                      % shared with the filter
    placer = none,                 % {Pid, Monitor} of the process that puts the filter in its place
    capture = {blind, <<>>},       % or {log_filter, Note}
    put_back_said,                 % when it was last said that the filter was put back
    walker = none,                 % {Pid, Monitor}
    walk_heard = 0,                % when the walker last showed life
    walk_started = 0,
    walk_after,                    % the next walk does not start before this
    walk_stuck = false,
    walk_self = {0, 0},            % the walker's memory and reductions so far
    at_once = false,               % the walk is one without pauses, and watchers wait for its end
    at_once_after,                 % the next one of that kind does not start before this
    walker_reductions = 0,         % of all walkers before this one
    remembered = none,             % what the last walk found that the next one needs, see result/2
    queues = [],                   % metrics of the last finished walk
    slow = [],                     % metrics of the last slow reading
    slow_after,
    fds_after,
    accounting = false,            % microstate accounting was on when last asked
    collect_us = 0
}).

%%% ------------------------------------------------------------------ attach

attach(Watcher, Options) when is_pid(Watcher), is_map(Options) ->
    case checked_options(Options) of
        {ok, Checked} -> attach(Watcher, Checked, 5);
        {error, _} = Error -> Error
    end;
attach(_Watcher, _Options) ->
    {error, badarg}.

%% Two attaches at once may both start a holder: the one that cannot register ends as `taken`, and its caller takes the other's.
attach(_Watcher, _Options, 0) ->
    {error, leaving};
attach(Watcher, Options, Tries) ->
    case find_or_start() of
        leaving -> {error, leaving};
        Holder ->
            case ask(Holder, Watcher, Options) of
                taken -> attach(Watcher, Options, Tries - 1);
                Answer -> Answer
            end
    end.

%% While the module is being removed, its name belongs to the cleaner (see leave/1), which is no holder.
find_or_start() ->
    case whereis(?MODULE) of
        undefined ->
            spawn_opt(?MODULE, holder, [], [{message_queue_data, off_heap}, {fullsweep_after, 10}]);
        Pid ->
            case process_info(Pid, initial_call) of
                {initial_call, {?MODULE, holder, 0}} -> Pid;
                _ -> leaving
            end
    end.

ask(Holder, Watcher, Options) ->
    Monitor = erlang:monitor(process, Holder),
    Holder ! {attach, {self(), Monitor}, Watcher, Options},
    receive
        {Monitor, Answer} ->
            erlang:demonitor(Monitor, [flush]),
            Answer;
        {'DOWN', Monitor, process, Holder, {shutdown, taken}} -> taken;
        {'DOWN', Monitor, process, Holder, _} -> {error, leaving}
    after 5000 ->
        erlang:demonitor(Monitor, [flush]),
        Holder ! {detach, Watcher},
        {error, timeout}
    end.

checked_options(Options) ->
    Wanted = [{interval, 5000, 10, 3600000}, {budget, 5, 1, 1000}, {ack_timeout, 10000, 100, 3600000}],
    case maps:get(packaged, Options, false) of
        Packaged when is_boolean(Packaged) -> checked_options(Wanted, Options, #{packaged => Packaged});
        _ -> {error, {bad_option, packaged}}
    end.

checked_options([{Key, Default, Min, Max} | Wanted], Options, Checked) ->
    case maps:get(Key, Options, Default) of
        Value when is_integer(Value), Value >= Min, Value =< Max ->
            checked_options(Wanted, Options, Checked#{Key => Value});
        _ ->
            {error, {bad_option, Key}}
    end;
checked_options([], _Options, Checked) ->
    {ok, Checked}.

%%% ------------------------------------------------------------------ the holder

%% Spawned from a process whose group leader is on the C node: the first thing to do is to get rid of that.
holder() ->
    group_leader(local_leader(), self()),
    try register(?MODULE, self()) of
        true -> serve()
    catch
        error:badarg -> exit({shutdown, taken})
    end.

local_leader() ->
    case whereis(user) of
        undefined -> whereis(init);
        User -> User
    end.

serve() ->
    Now = now_ms(),
    erlang:system_flag(scheduler_wall_time, true),
    State = #state{counters = atomics:new(?SLOTS, []),
                   leave_at = Now + ?FIRST_WATCHER_MS,
                   put_back_said = Now - ?NOTICE_GAP_MS,
                   walk_after = Now, at_once_after = Now, slow_after = Now, fds_after = Now},
    loop(first_placing(State)).

%% A failure ends the probe, not the node's peace of mind: no error report, but a notice, and a reason for whoever monitors.
loop(State) ->
    try step(State) of
        {go, Next} -> loop(Next);
        leave -> leave(State)
    catch
        Class:Reason:Stack ->
            Why = printed(shortened({Class, Reason, Stack})),
            notice(State, warning, <<"the probe failed and leaves: ", Why/binary>>),
            leave(State),
            exit({shutdown, {failed, Why}})
    end.

step(#state{watchers = [], leave_at = LeaveAt} = State) ->
    case LeaveAt - now_ms() of
        Left when Left > 0 -> listen(State, Left);
        _ -> leave
    end;
step(State) ->
    Now = now_ms(),
    Next = tend_walk(run_due(drop_silent(State, Now), Now), Now),
    listen(Next, max(0, next_time(Next) - now_ms())).

listen(State, Timeout) ->
    receive
        Message -> {go, handle(Message, State)}
    after Timeout ->
        {go, State}
    end.

handle({restart, Restart}, State) ->
    take_restarts(Restart, State);
handle({ack, Pid, Seq}, State) ->
    with_watcher(Pid, State, fun(Watcher) -> answered(Watcher, Seq) end);
handle({collect, Pid}, State) ->
    walk_at_once(Pid, State);
handle({attach, From, Pid, Options}, State) ->
    add_watcher(From, Pid, Options, State);
handle({detach, Pid}, State) ->
    drop_watcher(Pid, State);
handle({walking, Pid, Memory, Reductions}, #state{walker = {Pid, _}} = State) ->
    State#state{walk_heard = now_ms(), walk_self = {Memory, Reductions}};
handle({walked, Pid, Result}, #state{walker = {Pid, _}} = State) ->
    take_walk(Result, State);
handle({'DOWN', Monitor, process, Pid, _Reason}, State) ->
    gone(Pid, Monitor, State);
handle(_Other, State) ->
    State.

gone(Pid, Monitor, #state{walker = {Pid, Monitor}} = State) ->
    end_walk(State);
gone(Pid, Monitor, #state{placer = {Pid, Monitor}} = State) ->
    placed(State#state{placer = none});
gone(Pid, _Monitor, State) ->
    drop_watcher(Pid, State).

next_time(#state{watchers = Watchers, walker = Walker, walk_heard = Heard, walk_after = After}) ->
    WalkTime = case Walker of
                   none -> After;
                   _ -> Heard + ?WALK_STUCK_MS
               end,
    lists:min([WalkTime | lists:append([watcher_times(Watcher) || Watcher <- Watchers])]).

watcher_times(#watcher{next = Next, retry = Retry, unanswered = Since, ack_timeout = Timeout, is_local = Local}) ->
    [Next | [Retry || Retry =/= none]] ++ [Since + Timeout || Since =/= none, not Local].

%%% ------------------------------------------------------------------ watchers

add_watcher({Caller, Tag}, Pid, Options, State) ->
    #{interval := Interval, budget := Budget, ack_timeout := AckTimeout, packaged := Packaged} = Options,
    Rest = drop_watcher(Pid, State),
    Watcher = #watcher{pid = Pid, monitor = erlang:monitor(process, Pid), interval = Interval, budget = Budget,
                       ack_timeout = AckTimeout, is_local = node(Pid) =:= node(), next = now_ms()},
    Caller ! {Tag, {ok, self(), info(State)}},
    Added = Rest#state{watchers = [Watcher | Rest#state.watchers]},
    case Packaged of
        true ->
            atomics:put(State#state.counters, ?PACKAGED, 1),
            walk_at_once(Pid, Added);
        false ->
            Added
    end.

info(#state{capture = {Capture, Note}}) ->
    Info = #{otp_release => list_to_binary(erlang:system_info(otp_release)),
             erts_version => list_to_binary(erlang:system_info(version)),
             schedulers_online => erlang:system_info(schedulers_online),
             os_pid => list_to_integer(os:getpid()),
             uptime_ms => uptime_ms(),
             restart_capture => Capture,
             capture_note => Note},
    case application:get_key(elixir, vsn) of
        {ok, Version} -> Info#{elixir => unicode:characters_to_binary(Version)};
        undefined -> Info
    end.

%% An answer to an older tick shows life too; the wait for the ones after it begins anew.
answered(#watcher{seq = Seq, left_out = true} = Watcher, Seq) ->
    answered(Watcher#watcher{left_out = false, next = now_ms()}, Seq);
answered(#watcher{seq = Seq} = Watcher, Seq) ->
    flush_if_time(Watcher#watcher{unanswered = none, sent = 0}, now_ms());
answered(Watcher, _Older) ->
    Watcher#watcher{unanswered = now_ms()}.

with_watcher(Pid, State, Fun) ->
    State#state{watchers = [case Watcher of
                                #watcher{pid = Pid} -> Fun(Watcher);
                                _ -> Watcher
                            end || Watcher <- State#state.watchers]}.

drop_watcher(Pid, #state{watchers = Watchers} = State) ->
    case lists:keytake(Pid, #watcher.pid, Watchers) of
        {value, #watcher{monitor = Monitor}, Rest} ->
            erlang:demonitor(Monitor, [flush]),
            State#state{watchers = Rest, leave_at = now_ms()};
        false ->
            State
    end.

%% A watcher that answers no tick is on a C node that does not read. Its connection would sooner or later suspend processes of this
%% node that send to it, so it is cut, without waiting for the news of it.
%% A local one that does not answer (it is suspended) endangers nobody: its ticks are left out, its restarts wait.
drop_silent(#state{watchers = Watchers} = State, Now) ->
    lists:foldl(fun cut_off/2, State,
                [Pid || #watcher{pid = Pid, unanswered = Since, ack_timeout = Timeout, is_local = false} <- Watchers,
                        Since =/= none, Now - Since >= Timeout]).

cut_off(Pid, State) ->
    erlang:disconnect_node(node(Pid)),
    drop_watcher(Pid, State).

deliver(Pid, Message) ->
    erlang:send(Pid, Message, [nosuspend, noconnect]) =:= ok.

notice(#state{watchers = Watchers}, Level, Text) ->
    [deliver(Pid, {arsenal_notice, Level, Text}) || #watcher{pid = Pid} <- Watchers],
    ok.

%%% ------------------------------------------------------------------ ticks

%% Watchers that are due within a few milliseconds share one collection.
run_due(#state{watchers = Watchers} = State, Now) ->
    case lists:any(fun(#watcher{next = Next}) -> Next =< Now end, Watchers) of
        true -> tick(State, Now);
        false -> State#state{watchers = [flush_if_time(Watcher, Now) || Watcher <- Watchers]}
    end.

tick(State, Now) ->
    {Metrics, Schedulers, Collected} = collect(check_capture(State, Now), Now),
    Lost = atomics:exchange(State#state.counters, ?LOST, 0),
    %% The clock that logger's times and DateTime.utc_now/0 are of, also after a step.
    Time = os:system_time(millisecond),
    Watchers = [tick_watcher(add_lost(Watcher, Lost), Now, {Time, Metrics, Schedulers})
                || Watcher <- Collected#state.watchers],
    Collected#state{watchers = Watchers}.

tick_watcher(#watcher{next = Next} = Watcher, Now, _Sample) when Next > Now + 5 ->
    flush_if_time(Watcher, Now);
tick_watcher(#watcher{is_local = true, unanswered = Since, interval = Interval} = Watcher, Now, _Sample) when Since =/= none ->
    Watcher#watcher{left_out = true, hurried = false, next = Now + Interval};
tick_watcher(Watcher, Now, {Time, Metrics, Schedulers}) ->
    #watcher{pid = Pid, seq = Last, next = Due, interval = Interval, unanswered = Unanswered, top = Top} = Watcher,
    Seq = Last + 1,
    Sent = deliver(Pid, {arsenal_tick, Seq, Time, Metrics, Schedulers, Top}),
    flush(Watcher#watcher{seq = Seq, hurried = false,
                          next = max(Due + Interval, Now + Interval div 2),
                          unanswered = case Unanswered of none -> Now; _ -> Unanswered end,
                          top = case Sent of true -> []; false -> Top end}, Now).

%%% ------------------------------------------------------------------ restarts: from the filter to the watchers

take_restarts(First, #state{counters = Counters, watchers = Watchers} = State) ->
    Restarts = [First | more_restarts(?BATCH_MAX - 1)],
    Count = length(Restarts),
    atomics:sub(Counters, ?IN_FLIGHT, Count),
    Lost = atomics:exchange(Counters, ?LOST, 0),
    Described = [described(Restart) || Restart <- Restarts],
    Now = now_ms(),
    State#state{watchers = [flush_if_time(enqueue(Described, Count, add_lost(Watcher, Lost)), Now) || Watcher <- Watchers]}.

more_restarts(0) -> [];
more_restarts(Left) ->
    receive
        {restart, Restart} -> [Restart | more_restarts(Left - 1)]
    after 0 ->
        []
    end.

%% Terms over the limit come as cut copies; printing them is the holder's work, not the supervisor's.
described({Time, Kind, Name, Pid, Child, ChildPid, Reason, Type, Start}) ->
    {Time, Kind, Name, Pid, carried(Child), ChildPid, carried(Reason), carried(Type), Start}.

carried({t, _} = Whole) -> Whole;
carried({x, Cut}) -> {x, printed(Cut)}.

add_lost(#watcher{lost = Before} = Watcher, Lost) ->
    Watcher#watcher{lost = Before + Lost}.

enqueue(Restarts, Count, #watcher{queue = Queue, queued = Queued, lost = Lost} = Watcher) ->
    Longer = queue:join(Queue, queue:from_list(Restarts)),
    case Queued + Count - ?QUEUE_MAX of
        Over when Over > 0 ->
            {_Oldest, Kept} = queue:split(Over, Longer),
            Watcher#watcher{queue = Kept, queued = ?QUEUE_MAX, lost = Lost + Over};
        _ ->
            Watcher#watcher{queue = Longer, queued = Queued + Count}
    end.

%% A local watcher must answer now and then; where it has had a good many restarts since its last answer, it is given a tick to answer.
flush_if_time(#watcher{is_local = true, sent = Sent} = Watcher, Now) when Sent >= ?UNANSWERED_MAX ->
    case Watcher of
        #watcher{unanswered = none} -> Watcher#watcher{next = Now};
        _ -> Watcher
    end;
flush_if_time(#watcher{retry = none, queued = Queued} = Watcher, Now) when Queued > 0 -> flush(Watcher, Now);
flush_if_time(#watcher{retry = Retry} = Watcher, Now) when is_integer(Retry), Retry =< Now -> flush(Watcher, Now);
flush_if_time(Watcher, _Now) -> Watcher.

flush(#watcher{queued = 0, lost = 0} = Watcher, _Now) ->
    Watcher#watcher{retry = none};
flush(#watcher{pid = Pid, queue = Queue, queued = Queued, lost = Lost} = Watcher, Now) ->
    Count = min(Queued, ?BATCH_MAX),
    {Batch, Rest} = queue:split(Count, Queue),
    case deliver(Pid, {arsenal_restarts, Lost, queue:to_list(Batch)}) of
        true -> flush(Watcher#watcher{queue = Rest, queued = Queued - Count, lost = 0, sent = Watcher#watcher.sent + Count}, Now);
        false -> Watcher#watcher{retry = Now + ?RETRY_MS}
    end.

%%% ------------------------------------------------------------------ restarts: the log filter

%% Runs in the process that logs, for every log event of the node. It changes nothing (`ignore`), and nothing may escape from it: a
%% filter that fails is removed by logger, with an error report.
filter(#{msg := {report, #{label := {supervisor, Context}, report := Report}}} = Event, Holder)
  when Context =:= child_terminated; Context =:= start_error; Context =:= shutdown ->
    try caught(Context, Report, Event, Holder) catch _:_ -> ok end,
    ignore;
filter(#{msg := {report, #{label := {error_logger, error_report}, report := Report}},
         meta := #{error_logger := #{type := supervisor_report}}} = Event, Holder) ->
    try caught(field(errorContext, Report), Report, Event, Holder) catch _:_ -> ok end,
    ignore;
filter(_Event, _Holder) ->
    ignore.

caught(Context, Report, #{meta := Meta}, {Holder, Counters}) ->
    Offender = field(offender, Report),
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

%%% ------------------------------------------------------------------ restarts: cutting terms

%% {t, Copy} of any term within the size limit, else {x, Text}, its printed and cut form. For the application's router, too.
wrapped(Simple) when is_atom(Simple); is_pid(Simple) -> {t, Simple};
wrapped(Term) -> carried(packed(Term, ?BUDGET)).

%% {t, Copy} of a term within the budget, else {x, Cut}: a copy with `...` in place of what was left out. The work done is bounded by
%% the budget, however large the term. A copy it is, for a part of a binary would keep the whole of it alive.
packed(Term, Budget) ->
    try cut(Term, Budget, whole) of
        {Copy, _Left} -> {t, Copy}
    catch
        throw:too_large -> {x, element(1, cut(Term, Budget, share))}
    end.

shortened(Term) ->
    element(1, cut(Term, ?BUDGET, share)).

%% The budget is {Nodes, Bytes}. In mode `whole` the first thing that does not fit ends it; in mode `share` it is left out, and
%% no element of a tuple but the last gets more than half of what is left: in {Huge, Stacktrace} the stacktrace has its place, too.
cut(_Term, {Nodes, Bytes} = Left, Mode) when Nodes =< 0; Bytes =< 0 ->
    left_out(Left, Mode);
cut([], {Nodes, Bytes}, _Mode) ->
    {[], {Nodes - 1, Bytes}};
cut(List, {Nodes, Bytes}, Mode) when is_list(List) ->
    cut_list(List, {Nodes - 1, Bytes}, Mode);
cut(Tuple, {Nodes, Bytes} = Left, Mode) when is_tuple(Tuple) ->
    case Mode =:= whole andalso tuple_size(Tuple) > Nodes of
        true -> left_out(Left, Mode);
        false -> cut_tuple(1, Tuple, [], {Nodes - 1, Bytes}, Mode)
    end;
cut(Map, {Nodes, Bytes} = Left, Mode) when is_map(Map) ->
    case Mode =:= whole andalso map_size(Map) > Nodes of
        true -> left_out(Left, Mode);
        false -> cut_map(maps:next(maps:iterator(Map)), #{}, {Nodes - 1, Bytes}, Mode)
    end;
cut(Binary, {Nodes, Bytes}, _Mode) when is_binary(Binary), byte_size(Binary) =< Bytes ->
    {binary:copy(Binary), {Nodes - 1, Bytes - byte_size(Binary)}};
cut(Binary, {Nodes, Bytes}, share) when is_binary(Binary) ->
    Size = min(Bytes, 200),
    {<<(binary:part(Binary, 0, Size))/binary, "...">>, {Nodes - 1, Bytes - Size}};
cut(Bits, {Nodes, Bytes}, _Mode) when is_bitstring(Bits), not is_binary(Bits), bit_size(Bits) =< 8 * Bytes ->
    {list_to_bitstring(bitstring_to_list(Bits)), {Nodes - 1, Bytes - (bit_size(Bits) + 7) div 8}};
cut(Integer, {Nodes, Bytes}, _Mode) when is_integer(Integer), Integer < 1 bsl 256, Integer > -(1 bsl 256) ->
    {Integer, {Nodes - 1, Bytes}};
cut(Fun, Left, Mode) when is_function(Fun) ->
    cut_fun(erlang:fun_info(Fun, type), Fun, Left, Mode);
cut(Simple, {Nodes, Bytes}, _Mode)
  when is_atom(Simple); is_float(Simple); is_pid(Simple); is_port(Simple); is_reference(Simple) ->
    {Simple, {Nodes - 1, Bytes}};
cut(_Other, Left, Mode) ->
    left_out(Left, Mode).

left_out(_Left, whole) -> throw(too_large);
left_out({Nodes, Bytes}, share) -> {'...', {Nodes - 1, Bytes}}.

%% A character of a string counts as a byte: a stacktrace is full of file names.
cut_list([], Left, _Mode) ->
    {[], Left};
cut_list([Char | Rest], {Nodes, Bytes}, Mode) when is_integer(Char), Char >= 0, Char < 256, Bytes > 0 ->
    {Tail, Left} = cut_list(Rest, {Nodes, Bytes - 1}, Mode),
    {[Char | Tail], Left};
cut_list([Head | Rest], {Nodes, Bytes} = Left, Mode) when Nodes > 0, Bytes > 0 ->
    {Copy, Left1} = cut(Head, Left, Mode),
    {Tail, Left2} = cut_list(Rest, Left1, Mode),
    {[Copy | Tail], Left2};
cut_list([_ | _], Left, Mode) ->
    left_out(Left, Mode);
cut_list(ImproperTail, Left, Mode) ->
    cut(ImproperTail, Left, Mode).

cut_tuple(I, Tuple, Copies, Left, _Mode) when I > tuple_size(Tuple) ->
    {list_to_tuple(lists:reverse(Copies)), Left};
cut_tuple(_I, _Tuple, Copies, {Nodes, Bytes} = Left, Mode) when Nodes =< 0; Bytes =< 0 ->
    {More, Left1} = left_out(Left, Mode),
    {list_to_tuple(lists:reverse(Copies, [More])), Left1};
cut_tuple(I, Tuple, Copies, {Nodes, Bytes}, share) when I < tuple_size(Tuple), Nodes > 1, Bytes > 1 ->
    {KeptNodes, KeptBytes} = {Nodes div 2, Bytes div 2},
    {Copy, {Nodes1, Bytes1}} = cut(element(I, Tuple), {Nodes - KeptNodes, Bytes - KeptBytes}, share),
    cut_tuple(I + 1, Tuple, [Copy | Copies], {Nodes1 + KeptNodes, Bytes1 + KeptBytes}, share);
cut_tuple(I, Tuple, Copies, Left, Mode) ->
    {Copy, Left1} = cut(element(I, Tuple), Left, Mode),
    cut_tuple(I + 1, Tuple, [Copy | Copies], Left1, Mode).

cut_map(none, Copy, Left, _Mode) ->
    {Copy, Left};
cut_map(_Next, Copy, {Nodes, Bytes} = Left, Mode) when Nodes =< 0; Bytes =< 0 ->
    {More, Left1} = left_out(Left, Mode),
    {Copy#{More => More}, Left1};
cut_map({Key, Value, Iterator}, Copy, Left, Mode) ->
    {KeyCopy, Left1} = cut(Key, Left, Mode),
    {ValueCopy, Left2} = cut(Value, Left1, Mode),
    cut_map(maps:next(Iterator), Copy#{KeyCopy => ValueCopy}, Left2, Mode).

%% A local fun carries its environment, which may be anything: its printed form must do.
cut_fun({type, external}, Fun, {Nodes, Bytes}, _Mode) -> {Fun, {Nodes - 1, Bytes}};
cut_fun(_Local, _Fun, Left, whole) -> left_out(Left, whole);
cut_fun(_Local, Fun, {Nodes, Bytes}, share) -> {list_to_binary(erlang:fun_to_list(Fun)), {Nodes - 1, Bytes}}.

%% Only for terms that are small or cut already: a limit that io_lib would keep costs more than the printing.
printed(Term) ->
    within(unicode:characters_to_binary(io_lib:format("~0tp", [Term])), ?TEXT_MAX).

%% The first bytes of a text, ending between two characters.
within(Text, Max) when byte_size(Text) =< Max -> Text;
within(Text, Max) ->
    case unicode:characters_to_binary(binary:part(Text, 0, Max)) of
        {incomplete, Good, _} -> Good;
        Good -> Good
    end.

%%% ------------------------------------------------------------------ restarts: keeping the filter in its place

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

%%% ------------------------------------------------------------------ collecting

%% Every reading takes the same time however many processes there are. Those that make every scheduler wake up stand together.
collect(State, Now) ->
    Begin = erlang:monotonic_time(microsecond),
    SlowTime = Now >= State#state.slow_after,
    Heavy = case SlowTime orelse erlang:system_info(schedulers_online) =< ?WIDE of
                true -> [fun memory/0, fun io/0, fun gc/0];
                false -> []
            end,
    Schedulers = scheduler_times(),
    GcTime = [Metric || SlowTime orelse State#state.accounting, Metric <- attempt(fun gc_time/0)],
    Metrics = lists:append([attempt(Read) || Read <- Heavy ++ [fun tables/0, fun queues/0, fun work/0, fun topology/0]]),
    Slow = #state{slow = SlowMetrics} = read_slow(State, Now),
    All = Metrics ++ GcTime ++ State#state.queues ++ SlowMetrics ++ own_cost(State) ++ capture_metric(State),
    {All, Schedulers, Slow#state{accounting = GcTime =/= [], collect_us = erlang:monotonic_time(microsecond) - Begin}}.

attempt(Read) ->
    try [Metric || {_, Value} = Metric <- Read(), is_number(Value)] catch _:_ -> [] end.

scheduler_times() ->
    try
        Online = erlang:system_info(schedulers_online),
        lists:sort([Scheduler || {Id, _, _} = Scheduler <- erlang:statistics(scheduler_wall_time), Id =< Online])
    catch
        _:_ -> []
    end.

memory() ->
    Memory = erlang:memory(),
    [{Metric, proplists:get_value(Key, Memory)}
     || {Metric, Key} <- [{vm_memory_total, total}, {vm_memory_processes, processes},
                          {vm_memory_processes_used, processes_used}, {vm_memory_system, system},
                          {vm_memory_atom, atom}, {vm_memory_atom_used, atom_used}, {vm_memory_binary, binary},
                          {vm_memory_code, code}, {vm_memory_ets, ets}]].

io() ->
    {{input, Input}, {output, Output}} = erlang:statistics(io),
    [{io_input, Input}, {io_output, Output}].

gc() ->
    {Collections, Words, _} = erlang:statistics(garbage_collection),
    [{gc_collections, Collections}, {gc_words_reclaimed, Words}].

%% Only where somebody has switched microstate accounting on. To ask is as dear as all the rest together, so whether it is on
%% is asked at the slow pace.
gc_time() ->
    case erlang:statistics(microstate_accounting) of
        undefined -> [];
        Threads ->
            Ticks = lists:sum([maps:get(gc, Counters, 0) + maps:get(gc_full, Counters, 0) || #{counters := Counters} <- Threads]),
            [{gc_time_ms, erlang:convert_time_unit(Ticks, perf_counter, millisecond)}]
    end.

tables() ->
    [{Key, erlang:system_info(Key)}
     || Key <- [process_count, process_limit, port_count, port_limit, atom_count, atom_limit, ets_count, ets_limit]].

queues() ->
    [DirtyIo, DirtyCpu | _] = lists:reverse(erlang:statistics(run_queue_lengths_all)),
    [{run_queue, erlang:statistics(total_run_queue_lengths)},
     {run_queue_all, erlang:statistics(total_run_queue_lengths_all)},
     {dirty_cpu_run_queue, DirtyCpu}, {dirty_io_run_queue, DirtyIo},
     {active_tasks, erlang:statistics(total_active_tasks)}].

work() ->
    {Reductions, _} = erlang:statistics(reductions),
    {Switches, _} = erlang:statistics(context_switches),
    {Runtime, _} = erlang:statistics(runtime),
    [{reductions, Reductions}, {context_switches, Switches}, {runtime_ms, Runtime}, {wallclock_ms, uptime_ms()},
     {dist_links, length(nodes(connected))}].

topology() ->
    [{schedulers_online, erlang:system_info(schedulers_online)},
     {dirty_cpu_schedulers_online, erlang:system_info(dirty_cpu_schedulers_online)},
     {wordsize, erlang:system_info(wordsize)}
     | [{Key, erlang:system_info(Key)} || Key <- [schedulers, dirty_cpu_schedulers, dirty_io_schedulers,
                                                  logical_processors, thread_pool_size]]].

own_cost(#state{walk_self = {Memory, Reductions}, walker_reductions = Before, collect_us = Micros}) ->
    {memory, Own} = process_info(self(), memory),
    {reductions, OwnReductions} = process_info(self(), reductions),
    [{probe_memory, Own + Memory}, {probe_reductions, OwnReductions + Before + Reductions}, {probe_collect_us, Micros}].

capture_metric(#state{capture = {log_filter, _}}) -> [{restart_capture, 1}];
capture_metric(_State) -> [{restart_capture, 0}].

%% Not statistics(wall_clock), whose second number is the time since anybody's last call.
uptime_ms() ->
    erlang:convert_time_unit(erlang:monotonic_time() - erlang:system_info(start_time), native, millisecond).

now_ms() ->
    erlang:monotonic_time(millisecond).

%%% ------------------------------------------------------------------ collecting: the operating system

%% Between two readings the last one is told again.
read_slow(#state{slow_after = After} = State, Now) when Now < After ->
    State;
read_slow(#state{slow = Before, fds_after = FdsAfter} = State, Now) ->
    {Fds, NextFds} = case Now < FdsAfter of
                         true -> {[Metric || {open_fds, _} = Metric <- Before], FdsAfter};
                         false -> read_fds(Now)
                     end,
    Slow = lists:append([attempt(Read) || Read <- [fun load/0, fun host_memory/0, fun resident/0, fun max_fds/0]]) ++ Fds,
    State#state{slow = Slow, slow_after = Now + ?SLOW_MS, fds_after = NextFds}.

load() ->
    [One, Five, Fifteen | _] = words(contents("/proc/loadavg")),
    [{load1, binary_to_float(One)}, {load5, binary_to_float(Five)}, {load15, binary_to_float(Fifteen)}].

resident() ->
    [{rss_bytes, kilobytes(<<"VmRSS:">>, contents("/proc/self/status"))}].

max_fds() ->
    [Soft] = [Limit || [<<"Max">>, <<"open">>, <<"files">>, Limit | _] <- table(contents("/proc/self/limits"))],
    [{max_fds, binary_to_integer(Soft)}].

%% Since Linux 6.2 the folder's size is the number of its entries; before that they must be listed, which is done more rarely
%% when there are many.
read_fds(Now) ->
    Count = count_fds(),
    Pause = case Count of
                [{open_fds, Many}] when Many > ?FD_LIST_MAX -> 12 * ?SLOW_MS;
                _ -> ?SLOW_MS
            end,
    {Count, Now + Pause}.

count_fds() ->
    attempt(fun() ->
                {ok, Info} = file:read_file_info("/proc/self/fd", [raw]),
                case element(2, Info) of
                    Size when Size > 0 -> [{open_fds, Size}];
                    _ ->
                        {ok, Names} = prim_file:list_dir("/proc/self/fd"),   % file:list_dir/1 would ask the file server
                        [{open_fds, length(Names)}]
                end
            end).

%% What this VM may use, and what is left of it: the host's memory, or less where a control group says so.
host_memory() ->
    MemInfo = contents("/proc/meminfo"),
    Total = kilobytes(<<"MemTotal:">>, MemInfo),
    Available = kilobytes(<<"MemAvailable:">>, MemInfo),
    Groups = [{Limit, Left} || {Limit, Left} <- group_limits(), Limit < Total],
    [{memory_limit, lists:min([Total | [Limit || {Limit, _} <- Groups]])},
     {memory_available, lists:min([Available | [Left || {_, Left} <- Groups]])}].

group_limits() ->
    Groups = [binary:split(Line, <<":">>, [global]) || Line <- lines(contents("/proc/self/cgroup"))],
    case [Found || [<<"0">>, <<>>, Path] <- Groups, Found <- limits(v2, Path)] of
        [] -> [Found || [_, Controllers, Path] <- Groups,
                        lists:member(<<"memory">>, binary:split(Controllers, <<",">>, [global])),
                        Found <- limits(v1, Path)];
        Limits -> Limits
    end.

%% A group and all its parents. In a container without a namespace of its own, the path is not there, and the mount point is the group.
limits(Version, Path) ->
    {Mounts, Files} = group_files(Version),
    [Limit || Mount <- Mounts, Folder <- folders(binary_to_list(Path)), Limit <- group_limit(Mount ++ Folder, Files)].

group_files(v2) ->
    {["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], {"/memory.max", "/memory.current", <<"inactive_file">>}};
group_files(v1) ->
    {["/sys/fs/cgroup/memory"], {"/memory.limit_in_bytes", "/memory.usage_in_bytes", <<"total_inactive_file">>}}.

folders("/") -> [""];
folders(Path) -> [Path | folders(filename:dirname(Path))].

%% Page cache that nobody has used lately is given up when memory is needed, so it counts as free.
group_limit(Folder, {LimitFile, UsageFile, InactiveKey}) ->
    try
        Limit = binary_to_integer(hd(words(contents(Folder ++ LimitFile)))),
        Usage = binary_to_integer(hd(words(contents(Folder ++ UsageFile)))),
        [Inactive] = [binary_to_integer(Value) || [Key, Value] <- table(contents(Folder ++ "/memory.stat")), Key =:= InactiveKey],
        [{Limit, max(0, Limit - max(0, Usage - Inactive))}]
    catch
        _:_ -> []
    end.

%% Read raw: the node's file server may be busy, and need not know.
contents(Name) ->
    {ok, File} = file:open(Name, [read, raw, binary]),
    try
        {ok, Data} = file:read(File, ?FILE_MAX),
        Data
    after
        file:close(File)
    end.

lines(Data) -> binary:split(Data, <<"\n">>, [global, trim_all]).
words(Line) -> binary:split(Line, [<<" ">>, <<"\t">>, <<"\n">>], [global, trim_all]).
table(Data) -> [words(Line) || Line <- lines(Data)].

kilobytes(Key, Data) ->
    [Value] = [Number || [Name, Number | _] <- table(Data), Name =:= Key],
    binary_to_integer(Value) * 1024.

%%% ------------------------------------------------------------------ the walk, seen from the holder

tend_walk(#state{watchers = [_ | _], walker = none, walk_after = After} = State, Now) when Now >= After ->
    Budget = lists:min([Budget || #watcher{budget = Budget} <- State#state.watchers]),
    start_walk(Budget, low, State, Now);
tend_walk(#state{walker = {_, _}, walk_heard = Heard} = State, Now) when Now - Heard >= ?WALK_STUCK_MS ->
    State#state.walk_stuck orelse
        notice(State, warning, <<"the walk over the processes got no answer for 30 s, most likely from a process inside a long NIF: "
                                 "it is stopped, and begun again every minute or so">>),
    Stopped = stop_walker(State),
    Stopped#state{walk_after = Now + ?WALK_AGAIN_MS, walk_stuck = true};
tend_walk(State, _Now) ->
    State.

start_walk(Budget, Priority, State, Now) ->
    Args = [self(), Budget, State#state.remembered],
    Walker = spawn_opt(?MODULE, walk, Args, [monitor, {priority, Priority}]),
    State#state{walker = Walker, walk_started = Now, walk_heard = Now, walk_after = Now + walk_gap(State)}.

%% A tick at once, and where it costs little, a walk before it.
walk_at_once(Pid, #state{at_once = true} = State) ->
    hurry(Pid, State, now_ms());
walk_at_once(Pid, #state{at_once_after = After} = State) ->
    Now = now_ms(),
    case Now >= After andalso not State#state.walk_stuck andalso erlang:system_info(process_count) =< ?AT_ONCE_MAX of
        true ->
            Walking = start_walk(?AT_ONCE, normal, stop_walker(State), Now),
            hurry(Pid, Walking#state{at_once = true, at_once_after = Now + ?AT_ONCE_GAP_MS}, Now);
        false ->
            with_watcher(Pid, State, fun(Watcher) -> Watcher#watcher{next = Now} end)
    end.

hurry(Pid, State, Now) ->
    with_watcher(Pid, State, fun(Watcher) -> Watcher#watcher{next = Now + ?AT_ONCE_WAIT_MS, hurried = true} end).

walk_over(#state{at_once = true, watchers = Watchers} = State) ->
    Now = now_ms(),
    State#state{at_once = false,
                watchers = [case Watcher of
                                #watcher{hurried = true} -> Watcher#watcher{next = Now, hurried = false};
                                _ -> Watcher
                            end || Watcher <- Watchers]};
walk_over(State) ->
    State.

walk_gap(#state{watchers = Watchers}) ->
    max(?WALK_MIN_MS, lists:min([Interval || #watcher{interval = Interval} <- Watchers])).

take_walk({Queues, Top, Remembered, DebtMs}, State) ->
    Now = now_ms(),
    Took = (Now - State#state.walk_started) * 1000,
    walk_over(State#state{queues = [{probe_walk_us, Took} | Queues],
                          remembered = Remembered,
                          walk_after = max(State#state.walk_after, Now + DebtMs),
                          walk_stuck = false,
                          watchers = [Watcher#watcher{top = Top} || Watcher <- State#state.watchers]}).

stop_walker(#state{walker = none} = State) ->
    State;
stop_walker(#state{walker = {Pid, Monitor}} = State) ->
    erlang:demonitor(Monitor, [flush]),
    exit(Pid, kill),
    end_walk(State).

end_walk(#state{walk_self = {_, Reductions}, walker_reductions = Before} = State) ->
    walk_over(State#state{walker = none, walk_self = {0, 0}, walker_reductions = Before + Reductions}).

%%% ------------------------------------------------------------------ the walk, in a process of its own

-record(walk, {
    holder, budget,
    remembered,                    % as in the holder's state
    turn, turns,                   % this walk asks every process that falls to its turn for its whole heap
    heaviest = [],                 % and those that were the largest before
    slice_began,                   % microseconds
    debt = 0,                      % microseconds worked and not yet rested for
    scanned = 0, sum = 0, max = 0, long = 0,
    by_queue, by_heap, by_reductions
}).

%% Asks every process only for what it need not be scheduled to answer, all in one call. A process inside a long NIF makes even that
%% wait: hence a process of its own, which the holder can kill.
walk(Holder, Budget, Remembered) ->
    try
        Count = erlang:system_info(process_count),
        {LastTurn, Heaviest} = case Remembered of
                                   {_When, _Reductions, Turn, Pids} -> {Turn, Pids};
                                   none -> {0, []}
                               end,
        Walk = #walk{holder = Holder, budget = Budget, remembered = Remembered, slice_began = now_us(),
                     turn = LastTurn + 1, turns = min(?TURNS_MAX, 1 + Count div ?WHOLE_HEAPS), heaviest = Heaviest,
                     by_queue = ranking(?TOP), by_heap = ranking(?TOP), by_reductions = ranking(?REMEMBERED)},
        Walked = walk_chunk(all_processes(), ?CHUNK, Walk),
        Holder ! {walked, self(), result(Walked, Count)},
        report_life(Walked)
    catch
        _:Reason -> exit({shutdown, Reason})
    end.

%% An iterator where there is one (OTP 28): a list of a million pids is 16 MB.
all_processes() ->
    case erlang:function_exported(erlang, processes_iterator, 0) of
        true -> erlang:processes_iterator();
        false -> processes()
    end.

next_process([Pid | Rest]) -> {Pid, Rest};
next_process([]) -> none;
next_process(Iterator) -> erlang:processes_next(Iterator).

walk_chunk(Processes, 0, Walk) ->
    walk_chunk(Processes, ?CHUNK, rest_if_spent(Walk));
walk_chunk(Processes, Left, Walk) ->
    case next_process(Processes) of
        none -> Walk;
        {Pid, Rest} -> walk_chunk(Rest, Left - 1, look_at(Pid, Walk))
    end.

look_at(Pid, #walk{holder = Holder} = Walk) when Pid =:= Holder; Pid =:= self() ->
    Walk;
look_at(Pid, Walk) ->
    case process_info(Pid, [message_queue_len, reductions, heap_key(Pid, Walk)]) of
        [{_, Length}, {_, Reductions}, {_, HeapInfo}] ->
            Heap = heap_words(HeapInfo),
            #walk{scanned = Scanned, sum = Sum, max = Max, long = Long} = Walk,
            Walk#walk{scanned = Scanned + 1, sum = Sum + Length, max = max(Max, Length),
                      long = case Length > ?LONG_QUEUE of true -> Long + 1; false -> Long end,
                      by_queue = rank(Length, Pid, Walk#walk.by_queue),
                      by_heap = rank(Heap, Pid, Walk#walk.by_heap),
                      by_reductions = rank(Reductions, Pid, Walk#walk.by_reductions)};
        undefined ->
            Walk
    end.

%% `heap_size` is the young generation only, and what leaks is in the old one. `garbage_collection_info` knows both, and needs the process
%% as little, but takes six times as long: hence the turns.
heap_key(Pid, #walk{turn = Turn, turns = Turns, heaviest = Heaviest}) ->
    case (Turns =:= 1) orelse (erlang:phash2(Pid, Turns) =:= Turn rem Turns) orelse lists:member(Pid, Heaviest) of
        true -> garbage_collection_info;
        false -> heap_size
    end.

heap_words(Young) when is_integer(Young) -> Young;
heap_words(Info) ->
    lists:sum([Words || {Key, Words} <- Info, Key =:= heap_block_size orelse Key =:= old_heap_block_size orelse Key =:= mbuf_size]).

%% The budget: so many thousandths of one scheduler, counted in wall time, which errs on the careful side.
rest_if_spent(#walk{budget = Budget} = Walk) ->
    Now = now_us(),
    Debt = Walk#walk.debt + Now - Walk#walk.slice_began,
    case Debt >= Budget * ?PAUSE_MS of
        true ->
            pause(Debt div Budget, Walk),
            Walk#walk{debt = 0, slice_began = now_us()};
        false ->
            Walk#walk{debt = Debt, slice_began = Now}
    end.

pause(Ms, Walk) ->
    report_life(Walk),
    timer:sleep(min(Ms, ?PAUSE_MAX_MS)),
    case Ms > ?PAUSE_MAX_MS of
        true -> pause(Ms - ?PAUSE_MAX_MS, Walk);
        false -> ok
    end.

report_life(#walk{holder = Holder}) ->
    [{memory, Memory}, {reductions, Reductions}] = process_info(self(), [memory, reductions]),
    Holder ! {walking, self(), Memory, Reductions}.

now_us() ->
    erlang:monotonic_time(microsecond).

%%% The largest so many of a stream, at little cost: {Keep, Count, Floor, Entries} is cut back to Keep when it has grown to twice that.

ranking(Keep) -> {Keep, 0, 0, []}.

rank(Value, _Pid, {_Keep, _Count, Floor, _Entries} = Ranking) when Value =< Floor ->
    Ranking;
rank(Value, Pid, {Keep, Count, _Floor, Entries}) when Count + 1 >= 2 * Keep ->
    Kept = lists:sublist(lists:reverse(lists:sort([{Value, Pid} | Entries])), Keep),
    {Floor, _} = lists:last(Kept),
    {Keep, Keep, Floor, Kept};
rank(Value, Pid, {Keep, Count, Floor, Entries}) ->
    {Keep, Count + 1, Floor, [{Value, Pid} | Entries]}.

ranked(Keep, Entries) ->
    lists:sublist(lists:reverse(lists:sort(Entries)), Keep).

%%% What the walk found. Only now, and only for the few at the top, come the questions that a process must be scheduled to answer.

result(Walk, Count) ->
    #walk{scanned = Scanned, sum = Sum, max = Max, long = Long, by_queue = {_, _, _, ByQueue}, by_heap = {_, _, _, ByHeap},
          by_reductions = {_, _, _, ByReductions}} = Walk,
    Seen = {erlang:monotonic_time(millisecond), maps:from_list([{Pid, Reductions} || {Reductions, Pid} <- ByReductions]),
            Walk#walk.turn, [Pid || {_, Pid} <- ranked(?TOP, ByHeap)]},
    Rates = rates(Walk#walk.remembered, Seen),
    Winners = [Pid || {_, Pid} <- ranked(?TOP, ByQueue) ++ ranked(?TOP, ByHeap) ++ ranked(?TOP, Rates)],
    RateOf = maps:from_list([{Pid, Rate} || {Rate, Pid} <- Rates]),
    Known = lists:append([described_process(Pid, maps:get(Pid, RateOf, 0)) || Pid <- lists:usort(Winners)]),
    Queues = [{mq_max, Max}, {mq_average, Sum / max(1, Scanned)}, {mq_long, Long}, {mq_scanned, Scanned},
              {mq_total, max(Count, Scanned)}],
    Top = [{message_queue, top(ranked(?TOP, ByQueue), Known, queue)},
           {memory, top(ranked(?TOP, ByHeap), Known, memory)},
           {reductions, top(ranked(?TOP, Rates), Known, rate)}],
    Debt = Walk#walk.debt + now_us() - Walk#walk.slice_began,
    {Queues, Top, Seen, Debt div Walk#walk.budget}.

%% Reductions per second, of the processes that the walk before this one remembers, too.
rates({Then, Before, _, _}, {Now, After, _, _}) when Now > Then ->
    [{(Reductions - Old) * 1000 div (Now - Then), Pid}
     || {Pid, Reductions} <- maps:to_list(After), Old <- [maps:get(Pid, Before, none)], is_integer(Old), Reductions > Old];
rates(_None, _Seen) ->
    [].

top(Ranked, Known, Kind) ->
    Found = [{value(Kind, Value, Process), Process} || {Value, Pid} <- Ranked, {Key, Process} <- Known, Key =:= Pid],
    [setelement(3, Process, Value) || {Value, Process} <- lists:reverse(lists:sort(Found))].

%% Processes are ranked by the size of their heap, which they need not be scheduled to tell, and told with their whole memory.
value(memory, _HeapWords, Process) -> element(7, Process);
value(_Kind, Value, _Process) -> Value.

described_process(Pid, Rate) ->
    case process_info(Pid, [registered_name, initial_call, current_function, message_queue_len, memory, heap_size]) of
        [{_, Registered}, {_, Initial}, {_, Current}, {_, Length}, {_, Memory}, {_, Heap}] ->
            Words = dictionary_words(Pid, Heap),
            [{Pid, {Pid, process_name(Registered, Words), 0, mfa(proplists:get_value('$initial_call', Words), Initial),
                    mfa(Current, undefined), Length, Memory, Rate}}];
        undefined ->
            []
    end.

process_name([], Words) ->
    case proplists:get_value('$process_label', Words) of
        undefined -> <<>>;
        Label when is_binary(Label), byte_size(Label) =< 200 -> printable(Label);
        Label -> within(printed(shortened(Label)), 200)
    end;
process_name(Registered, _Words) ->
    atom_to_binary(Registered, utf8).

printable(Label) ->
    case io_lib:printable_unicode_list(unicode:characters_to_list(Label)) of
        true -> Label;
        false -> within(printed(Label), 200)
    end.

mfa({M, F, A}, _Else) when is_atom(M), is_atom(F), is_integer(A) ->
    <<(atom_to_binary(M, utf8))/binary, ":", (atom_to_binary(F, utf8))/binary, "/", (integer_to_binary(A))/binary>>;
mfa(_, {_, _, _} = Else) -> mfa(Else, undefined);
mfa(_, _) -> <<>>.

%% Single keys can be asked for since OTP 26.2. Before, the whole dictionary is copied, so it is asked for only where it cannot be huge.
dictionary_words(Pid, Heap) ->
    Keys = ['$initial_call', '$process_label'],
    try process_info(Pid, [{dictionary, Key} || Key <- Keys]) of
        undefined -> [];
        Found -> [{Key, Value} || {{dictionary, Key}, Value} <- Found, Value =/= undefined]
    catch
        error:badarg when Heap =< ?DICTIONARY_WORDS ->
            case process_info(Pid, dictionary) of
                {dictionary, Dictionary} -> [Word || {Key, _} = Word <- Dictionary, lists:member(Key, Keys)];
                undefined -> []
            end;
        error:badarg -> []
    end.

%%% ------------------------------------------------------------------ leaving

%% The module cannot delete itself, so a process that runs none of it does (of a packaged one, which stays, the filter is removed). That process gets the module's name meanwhile, so that
%% nobody starts a holder in code that is about to go (an attach answers `leaving`).
leave(State) ->
    _ = stop_walker(State),
    erlang:system_flag(scheduler_wall_time, false),
    Cleaner = spawn_cleaner(State#state.counters),
    unregister(?MODULE),
    try register(?MODULE, Cleaner) of
        true -> ok
    catch
        %% A new holder was quicker: the module stays, and that holder puts its own filter in the place of ours.
        error:badarg -> exit(Cleaner, kill)
    end,
    refuse_attaches().

refuse_attaches() ->
    receive
        {attach, {Caller, Tag}, _Pid, _Options} ->
            Caller ! {Tag, {error, leaving}},
            refuse_attaches()
    after 0 ->
        ok
    end.

%% First a moment's sleep, for the holder to hand over its name and be gone. The name is free again as soon as the module is deleted.
%% Purging is always of the soft kind: a supervisor may be inside the filter at this moment, and the other kind of purge would kill
%% it. It asks every process, so large nodes are spared it as far as possible: they keep the old code until the module leaves again (to
%% delete a module that has old code is an error that is logged).
spawn_cleaner(Counters) ->
    Remove = [{fun timer:sleep/1, [10]}, {fun logger:remove_primary_filter/1, [?MODULE]}],
    case atomics:get(Counters, ?PACKAGED) of
        1 -> spawn(lists, zipwith, one_by_one(Remove));
        0 -> spawn(lists, zipwith, one_by_one(Remove ++ removal()))
    end.

removal() ->
    SoftPurge = {fun code:soft_purge/1, [?MODULE]},
    Delete = {fun code:delete/1, [?MODULE]},
    PurgeAgain = [SoftPurge, {fun timer:sleep/1, [200]}, SoftPurge],
    ToDelete = [SoftPurge || erlang:check_old_code(?MODULE)] ++ [Delete],
    case erlang:system_info(process_count) > ?PURGE_MAX of
        true -> ToDelete;
        false -> ToDelete ++ [{fun erlang:spawn/3, [lists, zipwith, one_by_one(PurgeAgain)]}]
    end.

%% A program made of calls, for a process that must not run code of this module.
one_by_one(Calls) ->
    {Functions, Arguments} = lists:unzip(Calls),
    [fun erlang:apply/2, Functions, Arguments].
