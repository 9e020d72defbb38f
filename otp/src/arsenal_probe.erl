%% SPDX-License-Identifier: Apache-2.0
%%
%% The probe: the only code of arsenal's that runs inside a watched node. It is sent there over distribution, tells what it reads to
%% processes on the hidden C node ("watchers"), and leaves without a trace when the last of them is gone. doc/probe.md is its contract.
%%
%%     attach/2     called over erpc: finds or starts the holder, and hands it one more watcher
%%     the holder   one process for the node, registered under the module's name: ticks, restarts, acknowledgements, leaving
%%     filter/2     the log filter that catches supervisor restarts; it runs in the supervisors themselves
%%     the canary   a restart of our own making, that shows whether they are caught
%%     requests     what a watcher asks for is found out by a process for each question
%%     the walker   a short-lived process of low priority that looks at every process, within a budget
%%     the surveyor one like it for tables, links and whatever else takes long
%%     the follower a process that looks at long message queues every second, while there are any
%%     the listener a process that the VM tells of long queues, collections and schedulings; it cleans up after a holder that was killed
%%
%% It is one module, for each costs the node an atom, and purging it asks every process; its parts are files of their own, in probe/.
%%
%% Two rules hold everywhere. Nothing here may hurt the node: every loop, queue and term is bounded, and a reading that fails is left
%% out. And nothing may wait for the C side: a C node that is connected but does not read would suspend whoever sends to it.
-module(arsenal_probe).

-export([attach/2, filter/2, wrapped/1, throw_facts/1]).
%% For spawn only: a function that is named is found again in a crash dump.
-export([holder/0, place_filter/1, walk/3, survey/4, follow/2, listen_to_vm/2, answer_request/5, help/2, tell_figures/2, look_at_supervisors/2]).
-export([canary/3, canary_child/2, canary_bird/2, init/1, tracer/2, read_host/2]).

%% Restarts
-define(IN_FLIGHT_MAX, 10000).     % restarts under way from the filter to the holder; more are only counted
-define(IN_FLIGHT_LEAN, 100).      % from here on a flood is under way, and terms are cut shorter
-define(QUEUE_MAX, 1000).          % restarts kept for a watcher that does not take them
-define(FOLDS_MAX, 1000).          % kinds of restarts that are counted apart when the queue is full
-define(BATCH_MAX, 200).           % restarts in one message
-define(RETRY_MS, 100).
-define(TEXT_MAX, 1024).           % bytes of a printed term
-define(BUDGET, {200, 1024}).      % of a term: nodes, and bytes of binaries and strings
-define(LEAN_BUDGET, {20, 128}).

-define(CAPTURE_MS, 500).          % between two looks at what the capture depends on
-define(CANARY_MS, 60000).
-define(CANARY_AGAIN_MS, 10000).   % after one that was not seen
-define(CANARY_SEEN_MS, 1000).     % from the restart to the capture's word of it
-define(CANARY_RESTART_MS, 5000).
-define(TRACE_MAX, 100000).        % processes; where there are more, nothing is traced
-define(TRACE_AGAIN_MS, 2000).     % between two tries to trace
-define(TRACE_OVERLAP_MS, 1000).   % in which both sources count
-define(DISTRUST_MS, 600000).      % after a canary that the filter did not see
-define(NEAR_MAX, 1000).           % supervisors that may be about to give up
-define(SEEN_MAX, 20000).          % children remembered while both sources count

%% Looking at supervisors that restart
-define(SUPERVISORS_MAX, 200).     % supervisors that are known to restart; of more, those that restarted last
-define(LOOK_SOON_MS, 20).         % after a restart
-define(LOOK_GAP_MS, 1000).        % between two looks
-define(LOOK_BATCH, 20).           % supervisors in one look, one after the other
-define(LOOK_TIMEOUT_MS, 1000).
-define(LOOK_SILENT_MS, 600000).   % one that did not answer is left alone for so long
-define(SPENT_MAX, 1000).          % restarts of its list that are counted
-define(AGES_MAX, 100).            % and told one by one
-define(SIBLINGS_MAX, 100).        % children that are looked at, the last started first

%% Slots of the atomics that filter and holder share
-define(IN_FLIGHT, 1).
-define(LOST, 2).
-define(CLEANED, 3).               % 1: a cleaner has been started
-define(PACKAGED, 4).              % 1: the module is the application's own, and stays
-define(TRACE, 5).                 % whether the trace sees restarts, too
-define(SLOTS, 5).

-define(TRACE_OFF, 0).
-define(TRACE_BOTH, 1).            % so does the filter
-define(TRACE_ALONE, 2).           % the filter hands nothing over

%% The walk
-define(CHUNK, 64).                % processes between two looks at the clock
-define(CHUNK_US, 400).            % most that is counted for one, several times what it takes,
-define(CHUNK_LEAST_US, 50).       % or three times the quickest of its kind, but this at the least; and where there are messages:
-define(MESSAGES_A_US, 50).        % messages that asking their process goes through in a microsecond (100), on a machine half as fast
-define(DESCRIBING_US, 5000).     % most that is counted for what is asked of the winners
-define(PAUSE_MS, 500).            % each end of a pause wakes a scheduler, which spins for a while before it sleeps again
-define(HEAP_MIN_WORDS, 10000).
-define(ALIVE_US, 2000000).        % between two signs of life
-define(PAUSE_MAX_MS, 5000).       % a longer pause is made of several, so that the holder hears from the walker
-define(WALK_ANEW_MS, 60000).      % between two walks that are begun anew as schedulers have become busy
-define(WALK_MIN_MS, 1000).
-define(WALK_STUCK_MS, 30000).
-define(WALK_AGAIN_MS, 60000).     % after a walk that was stuck
-define(CHUNKS_MORE, 100).         % a walk ends after twice as many processes as there were, and so many chunks
-define(TOP, 10).
-define(REMEMBERED, 1000).         % processes whose reductions are kept from one walk to the next
-define(WHOLE_HEAPS, 2000).        % up to so many processes, every walk asks all for their whole heap; of more, only a part
-define(TURNS_MAX, 8).             % but in so many walks all of them
-define(LONG_QUEUE, 100).
-define(DEEP_QUEUE, 10000).        % messages; a process with more is asked nothing that goes through its queue
-define(SMALL_HEAP, 65536).        % words; a process with more is not asked for the list of its binaries
-define(ANCESTORS, 5).
-define(AT_ONCE, 1000000000).      % a budget that never makes the walk pause
-define(AT_ONCE_MAX, 20000).       % processes; more are never walked over at once
-define(AT_ONCE_GAP_MS, 1000).     % between two walks of that kind
-define(AT_ONCE_WAIT_MS, 500).     % a tick that was asked for waits no longer for its walk
-define(DICTIONARY_WORDS, 1000000).% a process with a larger heap is not asked for its whole dictionary

%% Surveys
-define(SURVEY_MS, 30000).         % of tables and allocators
-define(SURVEY_WIDE_MS, 180000).   % where there are more schedulers than WIDE: allocators wake all of them
-define(SURVEY_WAIT_MS, 1000).
-define(TABLES_AGAIN_MS, 5000).    % after a survey of tables, where they grow
-define(TABLES_GROWN_BYTES, 4000000).
-define(TABLES_GROWN, 20).
-define(TABLES_MAX, 50).
-define(TABLE_OWNERS_MAX, 4).      % owners of unnamed tables of one name that have a row each
-define(GROUPS_MAX, 500).         % processes and calls that are counted apart
-define(GROUPS_TOLD, 20).
-define(GROUPS_RUNNABLE, 5).       % more of them, which have most processes that wait for a scheduler
-define(GROUPS_DESCRIBED, 3).      % of each list, those that have grown of which one process is described
-define(GROUPS_GROWN, 8).          % processes counted, or a tenth
-define(LINKS_LOOKED_AT, 1000).
-define(LINKS_MAX, 100).
-define(LINKED_MAX, 10).           % links of a process that are followed on the way to a socket
-define(LOGGER_HANDLERS_MAX, 20).

%% Queues that are followed
-define(FOLLOW_MS, 1000).
-define(FOLLOWED_MAX, 20).
-define(READINGS, 6).              % of a queue's length, from which its rate comes
-define(URGENT_GAP_MS, 500).       % between two ticks out of turn

%% VM events
-define(QUEUE_THRESHOLDS, {5000, 10000}).
-define(LONG_GC_MS, 1000).
-define(LONG_SCHEDULE_MS, 500).
-define(EVENTS_KEPT, 20).
-define(EVENTS_FLOOD, 1000).       % so many between two reports are too many
-define(LISTEN_GAP_MS, 1000).      % between two reports
-define(LISTEN_AGAIN_MS, 60000).   % after a flood, or while somebody else is the system monitor
-define(MONITOR_CHECK_MS, 5000).

%% Collecting
-define(SLOW_MS, 5000).            % /proc and cgroup files are read no more often than this
-define(WIDE, 16).                 % schedulers; readings that wake every scheduler are taken at the slow pace where there are more
-define(FD_LIST_MAX, 10000).
-define(FD_PAUSE_MS, 60000).       % between two counts, where there are more
-define(HOST_WAIT_MS, 100).        % for the files of the host
-define(FIXED_MS, 60000).          % limits, and whether microstate accounting is on, are looked at no more often
-define(FILE_MAX, 65536).
-define(PATH_MAX, 500).            % bytes of a path that is told
-define(VERSIONS_MAX, 4000).       % bytes of the applications' versions

%% Requests, and the supervision tree
-define(REQUESTS_MAX, 2).
-define(REQUEST_MS, 7000).         % then the process that works on it is killed
-define(REQUEST_WORDS, 8000000).   % of its heap
-define(SEND_TRIES, 10).
-define(REMARKS_MAX, 2000).        % supervisors remembered that did not answer, or have very many children
-define(ASK_AGAIN_MS, 30000).      % before one of them is asked again, if its queue is empty
-define(TREE_MS, 4000).            % after that nobody is asked any more
-define(FIGURES_MS, 1000).         % that the figures may take beyond
-define(PATIENCE_MS, 500).         % for the first supervisor that does not answer; half of it for the next
-define(PATIENCE_MIN_MS, 50).
-define(LOOK_MS, 200).
-define(ROWS_MAX, 2000).
-define(TREE_BYTES, 800000).       % less than what makes a link busy
-define(DEPTH_MAX, 64).
-define(CHILDREN_MAX, 200).        % of a supervisor whose children are listed
-define(CROWD, 10000).             % whose children are counted no oftener than that:
-define(COUNT_AGAIN_MS, 60000).
-define(SAMPLED_MAX, 20000).       % of one whose links are looked at
-define(SAMPLE, 20).
-define(TOPS_MAX, 10).             % of an application's starter
-define(HINTS_MAX, 50).
-define(NAMES_MAX, 2000).
-define(LABELS_MAX, 500).          % processes that are asked for their label, which they must be scheduled to tell
-define(SUPERVISOR_WORDS, 50000000).% a supervisor with a larger heap is not asked for its dictionary (before OTP 26.2)

%% Life
-define(FIRST_WATCHER_MS, 5000).
-define(OUTLIVE_MS, 50).           % between two looks for another holder, after one was killed
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
    folds = #{},                   % restarts that are older than the queue: {Kind, Supervisor, …} => {Time, ChildPid, Times}
    told,                          % the capture as it knows it
    retry = none,                  % when to try to send again, after a send that would have blocked
    top = []
}).

-record(request, {pid, monitor, watcher, id, until}).

%% Supervisors that restart: those that are known to have, by their pids, and who looks at them (probe/supervisors.hrl).
-record(looking, {
    known = #{},
    timer = none,                  % the next look is announced
    looker = none,                 % {Pid, Monitor}
    last                           % when the last look began
}).

-record(sup, {
    name,                          % as in its restarts
    due = true,                    % it restarted since it was looked at
    after_ms,                      % not to be looked at before this; the last look, or the first restart
    seen                           % its last restart
}).

-record(state, {
    watchers = [],
    requests = [],                 % under way
    remarks = #{},                 % of supervisors: Pid => {no_answer | Counts, when}, see remark/3
    leave_at,                      % without watchers, when to go
    counters,                      % shared with the filter
    kernel,                        % monitor of the process whose end tells that the node stops
    placer = none,                 % {Pid, Monitor} of the process that puts the filter in its place
    capture = {new, none, <<>>},   % {whole | partial | blind, log_filter | trace | none, Note}
    capture_after,                 % when to look at it again
    heard = none,                  % {Source, what the configuration says of each kind of supervisor}
    tracer = none,                 % {Pid, Monitor}
    trace = off,                   % or armed, or ending
    trace_after,                   % when it may be tried
    trace_end,                     % when the tracer is told to stop
    trace_refused = none,          % why there is none
    distrust_until,                % the filter does not see what it should
    seen = off,                    % or {New, Old}: whose restarts were counted while both sources count
    seen_until,
    canary = none,                 % {Pid, Monitor}
    canary_for,                    % what was heard when it was released
    canary_after,
    canary_saw = [],               % [{Kind, seen | unseen | unknown}] of the last one
    put_back_said,                 % when it was last said that the filter was put back
    walker = none,                 % {Pid, Monitor}
    walk_heard = 0,                % when the walker last showed life
    walk_after,                    % the next walk does not start before this
    walk_stuck = false,
    walk_self = {0, 0, 0},         % what the walker costs so far: memory, reductions, busy microseconds
    busy,                          % {processes wait for a scheduler, as of the last tick; no walk is begun anew for that before this}
    at_once = false,               % the walk is one without pauses, and watchers wait for its end
    at_once_after,                 % the next one of that kind does not start before this
    spent = {0, 0},                % reductions and busy microseconds of walkers and surveyors before these, the latter of the holder, too
    remembered = none,             % what the last walk found that the next one needs, see result/2
    surveyor = none,               % {Pid, Monitor, Kind}
    survey_heard = 0,
    survey_self = {0, 0, 0},       % as walk_self
    surveys_due = [],              % [{Kind, Time}], soonest first
    survey_metrics = [],           % [{Kind, Metrics}]
    tables,                        % {not to be surveyed before this, {Bytes, Number} of them before the last survey, the same now}
    queues = [],                   % metrics of the last finished walk
    follower = none,               % {Pid, Monitor}
    follower_heard = none,         % when it last answered; none: nothing is expected of it
    other_queues = none,           % length of the longest queue that the last walk did not give to it
    followed = [],                 % metrics that replace the last walk's
    urgent_after,                  % no tick out of turn before this
    listener = none,               % {Pid, Monitor}
    vm_counts = [],                % metrics
    vm_survey = none,              % the last one
    host_reader = none,            % {Pid, Monitor}
    slow = [],                     % metrics of the last slow reading
    slow_after,
    fds_after,
    fixed,                         % {Until, none | what the host's reader found that hardly ever changes}
    looking,                       % #looking{}
    failed = [],                   % walk, or kinds of surveys, that ended without a result
    missed = [],                   % what was last said not to come
    accounting_after,
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
    Wanted = [{interval, 5000, 10, 3600000}, {budget, 3, 1, 1000}, {ack_timeout, 10000, 100, 3600000}],
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
    State = start_listener(#state{counters = atomics:new(?SLOTS, []),
                                  kernel = erlang:monitor(process, kernel_safe_sup),
                                  looking = #looking{last = Now - ?LOOK_GAP_MS},
                                  leave_at = Now + ?FIRST_WATCHER_MS,
                                  put_back_said = Now - ?NOTICE_GAP_MS, capture_after = Now, canary_after = Now,
                                  trace_after = Now, distrust_until = Now,
                                  walk_after = Now, tables = {Now, {0, 0}, {0, 0}}, busy = {false, Now}, at_once_after = Now, slow_after = Now, fds_after = Now, fixed = {Now, none}, accounting_after = Now, urgent_after = Now}),
    try first_placing(State) of
        Placed -> loop(Placed)
    catch
        Class:Reason:Stack -> fail({Class, Reason, Stack}, State)
    end.

loop(State) ->
    try step(State) of
        {go, Next} -> loop(Next);
        leave -> leave(State)
    catch
        Class:Reason:Stack -> fail({Class, Reason, Stack}, State)
    end.

%% A failure ends the probe, not the node's peace of mind: no error report, but a notice, and a reason for whoever monitors.
fail(Failure, State) ->
    Why = printed(shortened(Failure)),
    notice(State, warning, <<"the probe failed and leaves: ", Why/binary>>),
    leave(State),
    exit({shutdown, {failed, Why}}).

step(#state{watchers = [], leave_at = LeaveAt} = State) ->
    case LeaveAt - now_ms() of
        Left when Left > 0 -> listen(State, Left);
        _ -> leave
    end;
step(State) ->
    Now = now_ms(),
    Next = tend_follower(tend_survey(tend_walk(run_due(check_capture(drop_late_requests(drop_silent(State, Now), Now), Now), Now), Now), Now), Now),
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
handle({request, Pid, Id, What}, State) ->
    take_request(Pid, Id, What, State);
handle({remark, Worker, Pid, What}, #state{requests = Requests} = State) ->
    case lists:keymember(Worker, #request.pid, Requests) of
        true -> remark(Pid, What, State);
        false -> State
    end;
handle({attach, From, Pid, Options}, State) ->
    add_watcher(From, Pid, Options, State);
handle({detach, Pid}, State) ->
    drop_watcher(Pid, State);
handle({alive, Pid, Cost}, #state{walker = {Pid, _}} = State) ->
    State#state{walk_heard = now_ms(), walk_self = Cost};
handle({alive, Pid, Cost}, #state{surveyor = {Pid, _, _}} = State) ->
    State#state{survey_heard = now_ms(), survey_self = Cost};
handle({surveyed, Pid, Kind, Result, DebtMs}, #state{surveyor = {Pid, _, Kind}} = State) ->
    take_survey(Kind, Result, DebtMs, State);
handle({groups, Pid, Rows}, #state{walker = {Pid, _}} = State) ->
    tell_survey(groups, {length(Rows), Rows}, State),
    State;
handle({walked, Pid, Result}, #state{walker = {Pid, _}} = State) ->
    take_walk(Result, State);
handle({traced, Pid}, #state{tracer = {Pid, _}} = State) ->
    trace_armed(State);
handle({canary, Pid, Saw}, #state{canary = {Pid, _}} = State) ->
    take_canary(Saw, State);
handle({deep_queue, Pid}, State) ->
    tell_follower({long_queue, Pid}, State);
handle({followed, Pid, Metrics, Processes, Urgent}, #state{follower = {Pid, _}} = State) ->
    take_followed(Metrics, Processes, Urgent, State);
handle({vm_events, Pid, Counts, Events, LongQueues}, #state{listener = {Pid, _}} = State) ->
    take_vm_events(Counts, Events, LongQueues, State);
handle({vm_survey, Pid, Rows}, #state{follower = {Pid, _}} = State) ->
    take_vm_survey(Rows, State);
handle({say, Level, Text}, State) ->
    notice(State, Level, Text),
    State;
handle({'DOWN', Monitor, process, Pid, Reason}, State) ->
    case lists:keyfind(Monitor, #request.monitor, State#state.requests) of
        #request{} = Request -> request_ended(Request, Reason, State);
        false -> gone(Pid, Monitor, Reason, State)
    end;
handle(look, State) ->
    look(State);
handle({looked, Pid, Time, Facts}, State) ->
    looked(Pid, Time, Facts, State);
handle(_Other, State) ->
    State.

gone(_Pid, Monitor, Reason, #state{kernel = Monitor} = State) ->
    stopping(Reason, State);
gone(Pid, Monitor, Reason, #state{walker = {Pid, Monitor}} = State) ->
    read_ended(walk, Reason, end_walk(State));
gone(Pid, Monitor, Reason, #state{surveyor = {Pid, Monitor, Kind}} = State) ->
    read_ended(Kind, Reason, end_survey(State));
gone(Pid, Monitor, Reason, #state{host_reader = {Pid, Monitor}} = State) ->
    take_host(Reason, State);
gone(Pid, Monitor, _Reason, #state{placer = {Pid, Monitor}} = State) ->
    placed(State#state{placer = none});
gone(Pid, Monitor, _Reason, #state{tracer = {Pid, Monitor}} = State) ->
    trace_ended(State);
gone(Pid, Monitor, _Reason, #state{canary = {Pid, Monitor}} = State) ->
    State#state{canary = none};
gone(Pid, Monitor, _Reason, #state{looking = #looking{looker = {Pid, Monitor}}} = State) ->
    looker_gone(State);
gone(Pid, Monitor, _Reason, #state{follower = {Pid, Monitor}} = State) ->
    State#state{follower = none, follower_heard = none, followed = []};
gone(Pid, Monitor, _Reason, #state{listener = {Pid, Monitor}} = State) ->
    State#state{listener = none, vm_counts = []};
gone(Pid, _Monitor, _Reason, State) ->
    drop_watcher(Pid, State).

%% A node that stops in order ends this supervisor first of all that is in the application kernel, and the distribution some moments later.
stopping(shutdown, #state{watchers = Watchers} = State) ->
    _ = [deliver(Pid, {arsenal_stopping, os:system_time(millisecond)}) || #watcher{pid = Pid} <- Watchers],
    State;
stopping(_Other, State) ->
    State.

next_time(#state{watchers = Watchers, walker = Walker, walk_heard = Heard, walk_after = After, capture_after = CaptureAfter} = State) ->
    WalkTime = case Walker of
                   none -> After;
                   _ -> Heard + ?WALK_STUCK_MS
               end,
    lists:min([WalkTime, survey_time(State), CaptureAfter | request_times(State) ++ lists:append([watcher_times(Watcher) || Watcher <- Watchers])]).

watcher_times(#watcher{next = Next, retry = Retry, unanswered = Since, ack_timeout = Timeout, is_local = Local}) ->
    [Next | [Retry || Retry =/= none]] ++ [Since + Timeout || Since =/= none, not Local].

%%% ------------------------------------------------------------------ watchers

add_watcher({Caller, Tag}, Pid, Options, State) ->
    #{interval := Interval, budget := Budget, ack_timeout := AckTimeout, packaged := Packaged} = Options,
    Rest = drop_watcher(Pid, State),
    Watcher = #watcher{pid = Pid, monitor = erlang:monitor(process, Pid), interval = Interval, budget = Budget,
                       ack_timeout = AckTimeout, told = State#state.capture, is_local = node(Pid) =:= node(), next = now_ms()},
    Caller ! {Tag, {ok, self(), info(State)}},
    State#state.vm_survey =/= none andalso deliver(Pid, State#state.vm_survey),
    Added = tell_fresh_again(survey_anew(Rest#state{watchers = [Watcher | Rest#state.watchers]})),
    case Packaged of
        true ->
            atomics:put(State#state.counters, ?PACKAGED, 1),
            walk_at_once(Pid, Added);
        false ->
            Added
    end.

info(#state{capture = {Capture, Source, Note}}) ->
    Info = #{otp_release => list_to_binary(erlang:system_info(otp_release)),
             erts_version => list_to_binary(erlang:system_info(version)),
             schedulers_online => erlang:system_info(schedulers_online),
             os_pid => list_to_integer(os:getpid()),
             uptime_ms => uptime_ms(),
             restart_capture => Capture,
             capture_source => Source,
             capture_note => Note},
    with_versions(with_elixir(with_crash_dump(Info))).

%% Where the VM would leave a crash dump; not by the file server, which may be busy. No binaries are matched here: OTP 29 does not load what OTP 25
%% makes of that.
with_crash_dump(Info) ->
    try crash_dump() of
        Path when byte_size(Path) =< ?PATH_MAX -> Info#{crash_dump => Path};
        _TooLong -> Info
    catch
        _:_ -> Info
    end.

crash_dump() ->
    Path = case os:getenv("ERL_CRASH_DUMP") of
               false -> "erl_crash.dump";
               "" -> "erl_crash.dump";
               Named -> Named
           end,
    {ok, Folder} = prim_file:get_cwd(),
    Whole = unicode:characters_to_binary(filename:absname(Path, Folder)),
    true = is_binary(Whole),
    Whole.

with_elixir(Info) ->
    case application:get_key(elixir, vsn) of
        {ok, Version} -> Info#{elixir => unicode:characters_to_binary(Version)};
        undefined -> Info
    end.

%% The versions of all applications that are loaded, from the controller's table: nobody is asked. An empty line at the end says that there are more.
with_versions(Info) ->
    Lines = [version(Application) || Application <- lists:sort(application:loaded_applications())],
    Info#{applications => iolist_to_binary(at_most(Lines, ?VERSIONS_MAX))}.

version({Name, _Description, Version}) ->
    try
        Line = unicode:characters_to_binary([atom_to_list(Name), $\s, Version, $\n]),
        true = is_binary(Line),
        Line
    catch
        _:_ -> <<>>
    end.

at_most([Line | Lines], Room) when byte_size(Line) =< Room -> [Line | at_most(Lines, Room - byte_size(Line))];
at_most([], _) -> [];
at_most(_, _) -> [$\n].

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

%% But it may be the holder that was late (a reading waits for a scheduler inside a long NIF): an answer that is here already counts.
cut_off(Pid, State) ->
    receive
        {ack, Pid, _} = Ack -> handle(Ack, State)
    after 0 ->
        end_connection(node(Pid), lists:keyfind(node(Pid), 1, erlang:system_info(dist_ctrl))),
        drop_watcher(Pid, State)
    end.

%% Over TLS the connection belongs to a process, which sends. While the other side does not read, it hangs in that and does not hear that it should end, and
%% net_kernel, asked to disconnect, would wait for it.
end_connection(_Node, {_, Pid}) when is_pid(Pid) -> exit(Pid, kill);
end_connection(Node, _Port) -> erlang:disconnect_node(Node).

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
    Begin = now_us(),
    {Metrics, Schedulers, Collected} = collect(State, Now),
    Lost = atomics:exchange(State#state.counters, ?LOST, 0),
    %% The clock that logger's times and DateTime.utc_now/0 are of, also after a step.
    Time = os:system_time(millisecond),
    Watchers = [tick_watcher(add_lost(Watcher, Lost), Now, {Time, Metrics, Schedulers})
                || Watcher <- Collected#state.watchers],
    {Reductions, Busy} = Collected#state.spent,
    hurry_walk(Metrics, Now, hurry_tables(Metrics, Collected#state{watchers = Watchers, spent = {Reductions, Busy + now_us() - Begin}})).

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
                          unanswered = case Unanswered of none -> now_ms(); _ -> Unanswered end,
                          top = case Sent of true -> []; false -> Top end}, Now).

-include("probe/restarts.hrl").
-include("probe/supervisors.hrl").
-include("probe/filter.hrl").
-include("probe/terms.hrl").
-include("probe/capture.hrl").
-include("probe/canary.hrl").
-include("probe/trace.hrl").
-include("probe/collect.hrl").
-include("probe/host.hrl").
-include("probe/freshness.hrl").
-include("probe/pace.hrl").
-include("probe/walk.hrl").
-include("probe/survey.hrl").
-include("probe/tables.hrl").
-include("probe/groups.hrl").
-include("probe/links.hrl").
-include("probe/allocators.hrl").
-include("probe/requests.hrl").
-include("probe/tree.hrl").
-include("probe/processes.hrl").
-include("probe/queues.hrl").
-include("probe/vm_events.hrl").

%%% ------------------------------------------------------------------ leaving

leave(State) ->
    _ = stop_listener(stop_follower(stop_surveyor(stop_walker(State)))),
    stop_canary(State),
    stop_tracer(State),
    lists:foreach(fun kill_request/1, State#state.requests),
    stop_looking(State),
    stop_placer(State),
    stop_host_reader(State),
    erlang:system_flag(scheduler_wall_time, false),
    atomics:put(State#state.counters, ?CLEANED, 1),
    unregister(?MODULE),
    clean_up(State#state.counters),
    refuse_attaches().

end_process(Pid, Monitor) ->
    erlang:demonitor(Monitor, [flush]),
    exit(Pid, kill).

refuse_attaches() ->
    receive
        {attach, {Caller, Tag}, _Pid, _Options} ->
            Caller ! {Tag, {error, leaving}},
            refuse_attaches()
    after 0 ->
        ok
    end.

%% The module cannot delete itself, so a process that runs none of it does (of a packaged one, which stays, the filter is removed). That process gets the module's name meanwhile, so that
%% nobody starts a holder in code that is about to go (an attach answers `leaving`).
clean_up(Counters) ->
    Cleaner = spawn_cleaner(Counters),
    try register(?MODULE, Cleaner) of
        true -> ok
    catch
        %% A new holder was quicker: the module stays, and that holder puts its own filter in the place of ours.
        error:badarg -> exit(Cleaner, kill)
    end.

%% First a moment's sleep, for the cleaner to get its name and the holder to be gone. The name is free again as soon as the module is deleted.
%% Purging is always of the soft kind: a supervisor may be inside the filter at this moment, and the other kind of purge would kill
%% it. It asks every process, so large nodes are spared it: there the module stays, with nobody in it, and the next attach finds it.
spawn_cleaner(Counters) ->
    Remove = [{fun timer:sleep/1, [10]}, {fun logger:remove_primary_filter/1, [?MODULE]}],
    Stays = atomics:get(Counters, ?PACKAGED) =:= 1 orelse erlang:system_info(process_count) > ?PURGE_MAX,
    spawn(lists, zipwith, one_by_one(Remove ++ case Stays of true -> []; false -> removal() end)).

%% To delete a module that has old code is an error that is logged.
removal() ->
    SoftPurge = {fun code:soft_purge/1, [?MODULE]},
    PurgeAgain = [SoftPurge, {fun timer:sleep/1, [200]}, SoftPurge],
    [SoftPurge || erlang:check_old_code(?MODULE)] ++
        [{fun code:delete/1, [?MODULE]}, {fun erlang:spawn/3, [lists, zipwith, one_by_one(PurgeAgain)]}].

%% A program made of calls, for a process that must not run code of this module.
one_by_one(Calls) ->
    {Functions, Arguments} = lists:unzip(Calls),
    [fun erlang:apply/2, Functions, Arguments].
