%% SPDX-License-Identifier: Apache-2.0
%% From the filter to the watchers: restarts wait in bounded queues, and floods are counted. Part of arsenal_probe.erl.

take_restarts(First, #state{counters = Counters, watchers = Watchers} = State) ->
    Restarts = [First | more_restarts(?BATCH_MAX - 1)],
    Count = length(Restarts),
    atomics:sub(Counters, ?IN_FLIGHT, Count),
    Lost = atomics:exchange(Counters, ?LOST, 0),
    {Unique, Counted} = unique(Restarts, State),
    {Told, Noted} = note_supervisors([described(Restart) || Restart <- Unique], Counted),
    Now = now_ms(),
    Noted#state{watchers = [flush_if_time(enqueue(Told, length(Told), add_lost(Watcher, Lost)), Now) || Watcher <- Watchers]}.

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
