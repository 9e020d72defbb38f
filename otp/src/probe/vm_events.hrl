%% SPDX-License-Identifier: Apache-2.0
%% What the VM tells by itself: queues that grow long, collections and schedulings that take long, busy links. Part of arsenal_probe.erl.
%%
%% From OTP 28 on by a trace session of our own, which nobody else notices. Before, there is one system monitor for the node: it is
%% taken only while nobody has it, given back in the end, and never taken again from whoever takes it.
%%
%% The events go to a process of its own, the listener, which counts them and tells the holder at most once a second. When they are too
%% many it wants to hear none for a while: they would harm the node more than they tell.

-define(EVENT_KINDS, [{long_message_queue, ?QUEUE_THRESHOLDS}, {long_gc, ?LONG_GC_MS}, {long_schedule, ?LONG_SCHEDULE_MS},
                      {busy_dist_port, true}]).

%% ---- seen from the holder

start_listener(#state{counters = Counters} = State) ->
    State#state{listener = spawn_opt(?MODULE, listen_to_vm, [self(), Counters], [monitor, {message_queue_data, off_heap}])}.

stop_listener(#state{listener = none} = State) ->
    State;
stop_listener(#state{listener = {Pid, Monitor}} = State) ->
    %% Its end gives back what it has: the VM sees to that.
    end_process(Pid, Monitor),
    State#state{listener = none, vm_counts = []}.

take_vm_events(Counts, Events, LongQueues, State) ->
    Asked = lists:foldl(fun(Pid, Next) -> tell_follower({long_queue, Pid}, Next) end, State#state{vm_counts = Counts}, LongQueues),
    case Events of
        [] -> Asked;
        _ -> tell_follower({vm_events, Events}, Asked)
    end.

take_vm_survey(Rows, #state{watchers = Watchers, vm_counts = Counts} = State) ->
    Time = os:system_time(millisecond),
    Aged = [setelement(5, Row, max(0, Time - element(5, Row))) || Row <- Rows],
    Survey = {arsenal_survey, Time, vm_events, lists:sum([Count || {_, Count} <- Counts]), Aged},
    [deliver(Pid, Survey) || #watcher{pid = Pid, left_out = false} <- Watchers],
    State#state{vm_survey = Survey}.

%% ---- the listener

-record(listener, {
    holder,
    counters,
    source,                        % {session, Session} | system_monitor | none
    may_take = true,               % the system monitor: nobody took it from us
    counts = #{},
    events = [],                   % [{Kind, Pid, Value, Milliseconds}], the newest first
    long_queues = [],
    heard = 0,                     % since the last report
    report = none,                 % when the next one is due
    reported,                      % when the last one was made
    check                          % when to look who has the monitor, or to listen again after a flood
}).

listen_to_vm(Holder, Counters) ->
    erlang:monitor(process, Holder),
    Now = now_ms(),
    Kinds = [long_gc, long_schedule, busy_dist_port],
    Listener = #listener{holder = Holder, counters = Counters, counts = maps:from_list([{Kind, 0} || Kind <- Kinds]),
                         reported = Now - ?LISTEN_GAP_MS},
    listening(listen_again(Listener, Now)).

listening(#listener{report = Report, check = Check} = Listener) ->
    Due = case Report of none -> Check; _ -> min(Report, Check) end,
    receive
        {monitor, Who, Kind, Info} -> listening(heard(Kind, Who, Info, Listener));
        {'DOWN', _, process, _, _} ->
            close_source(Listener),
            outlive(?FIRST_WATCHER_MS div ?OUTLIVE_MS, Listener#listener.counters);
        _ -> listening(Listener)
    after max(0, Due - now_ms()) ->
        listening(checked(reported(Listener, now_ms()), now_ms()))
    end.

%% The holder was killed; when it leaves, the listener ends before it. Somebody may attach again soon. If nobody does, nothing stays behind, though
%% no supervisor may ever run the filter again.
outlive(0, Counters) -> orphaned(Counters);
outlive(Left, Counters) ->
    timer:sleep(?OUTLIVE_MS),
    case whereis(?MODULE) =:= undefined andalso atomics:get(Counters, ?CLEANED) of
        0 -> outlive(Left - 1, Counters);
        _ -> ok
    end.

heard(_Kind, _Who, _Info, #listener{source = none} = Listener) ->
    Listener;
heard(Kind, Who, Info, #listener{heard = Heard} = Listener) ->
    Now = now_ms(),
    Next = due(noted(Kind, Who, Info, Listener#listener{heard = Heard + 1})),
    case Heard >= ?EVENTS_FLOOD of
        true -> flooded(Next, Now);
        false -> case Now >= Next#listener.report of
                     true -> reported(Next, Now);
                     false -> Next
                 end
    end.

due(#listener{report = none, reported = Reported} = Listener) -> Listener#listener{report = Reported + ?LISTEN_GAP_MS};
due(Listener) -> Listener.

%% A queue that has become short again is no news.
noted(long_message_queue, Pid, true, #listener{long_queues = Queues} = Listener) ->
    event(long_message_queue, Pid, 0, Listener#listener{long_queues = lists:sublist([Pid | lists:delete(Pid, Queues)], ?FOLLOWED_MAX)});
noted(long_message_queue, _Pid, _False, Listener) ->
    Listener;
noted(Kind, Who, Info, #listener{counts = Counts} = Listener) ->
    case Counts of
        #{Kind := Count} -> event(Kind, Who, took_ms(Info), Listener#listener{counts = Counts#{Kind := Count + 1}});
        _ -> Listener
    end.

took_ms([{timeout, Ms} | _]) -> Ms;
took_ms(_) -> 0.

event(Kind, Who, Value, #listener{events = Events} = Listener) ->
    Listener#listener{events = lists:sublist([{Kind, Who, Value, os:system_time(millisecond)} | Events], ?EVENTS_KEPT)}.

reported(#listener{report = Due} = Listener, Now) when Due =:= none; Due > Now ->
    Listener;
reported(Listener, Now) ->
    #listener{holder = Holder, events = Events, long_queues = Queues} = Listener,
    Holder ! {vm_events, self(), event_metrics(Listener), Events, Queues},
    Listener#listener{long_queues = [], heard = 0, report = none, reported = Now}.

%% What nobody counts is left out, not told as 0.
event_metrics(#listener{source = none}) -> [];
event_metrics(#listener{counts = #{long_gc := Gc, long_schedule := Schedule, busy_dist_port := Busy}}) ->
    [{long_gc_count, Gc}, {long_schedule_count, Schedule}, {busy_dist_port_count, Busy}].

flooded(Listener, Now) ->
    close_source(Listener),
    #listener{holder = Holder} = Listener,
    Holder ! {say, info, <<"the VM tells of too many events at once: they are not counted for a minute">>},
    reported(Listener#listener{source = none, report = Now, check = Now + ?LISTEN_AGAIN_MS}, Now).

checked(#listener{check = Check} = Listener, Now) when Now < Check ->
    Listener;
checked(#listener{source = none} = Listener, Now) ->
    listen_again(Listener, Now);
checked(#listener{source = system_monitor, holder = Holder} = Listener, Now) ->
    case has_monitor() of
        true ->
            Listener#listener{check = Now + ?MONITOR_CHECK_MS};
        false ->
            Holder ! {say, info, <<"somebody else has become the node's system monitor: VM events are no longer counted">>},
            reported(Listener#listener{source = none, may_take = false, check = Now + ?LISTEN_AGAIN_MS, report = Now}, Now)
    end;
checked(Listener, Now) ->
    Listener#listener{check = Now + ?LISTEN_AGAIN_MS}.

listen_again(#listener{may_take = MayTake} = Listener, Now) ->
    Source = open_source(MayTake),
    Check = case Source of
                system_monitor -> ?MONITOR_CHECK_MS;
                _ -> ?LISTEN_AGAIN_MS
            end,
    reported(Listener#listener{source = Source, check = Now + Check, report = Now}, Now).

open_source(MayTake) ->
    try
        case otp_release() >= 28 of
            true -> open_session();
            false -> take_monitor(MayTake)
        end
    catch
        _:_ -> none
    end.

open_session() ->
    Session = trace:session_create(?MODULE, self(), []),
    [trace:system(Session, Kind, Threshold) || {Kind, Threshold} <- ?EVENT_KINDS],
    {session, Session}.

%% Whoever was quicker between the question and the deed gets it back.
take_monitor(true) ->
    case erlang:system_monitor() of
        undefined ->
            case set_monitor(?EVENT_KINDS) of
                undefined -> system_monitor;
                {Pid, Settings} ->
                    erlang:system_monitor(Pid, Settings),
                    none
            end;
        _ -> none
    end;
take_monitor(false) ->
    none.

%% Queues are known to it from OTP 27 on.
set_monitor([Queues | Others]) ->
    Settings = [case Kind of {Name, true} -> Name; _ -> Kind end || Kind <- Others],
    try erlang:system_monitor(self(), [Queues | Settings])
    catch error:badarg -> erlang:system_monitor(self(), Settings)
    end.

has_monitor() ->
    case erlang:system_monitor() of
        {Pid, _} -> Pid =:= self();
        undefined -> false
    end.

close_source(#listener{source = {session, Session}}) ->
    trace:session_destroy(Session);
close_source(#listener{source = system_monitor}) ->
    has_monitor() andalso erlang:system_monitor(undefined);
close_source(_Listener) ->
    ok.

%% ---- in the process that follows queues: it may wait for the process it asks

described_event({Kind, Who, Value, Time}) when is_pid(Who) ->
    case node(Who) =:= node() andalso process_info(Who, [registered_name, initial_call, message_queue_len, heap_size]) of
        [{_, Registered}, {_, Initial}, {_, Length}, {_, Heap}] ->
            Words = dictionary_words(Who, Heap),
            Name = case process_name(Registered, Words) of
                       <<>> -> mfa(proplists:get_value('$initial_call', Words), Initial);
                       Known -> Known
                   end,
            {Kind, list_to_binary(pid_to_list(Who)), Name, case Kind of long_message_queue -> Length; _ -> Value end, Time};
        _ ->
            {Kind, list_to_binary(pid_to_list(Who)), <<>>, Value, Time}
    end;
described_event({Kind, Who, Value, Time}) ->
    {Kind, list_to_binary(erlang:port_to_list(Who)), <<>>, Value, Time}.
