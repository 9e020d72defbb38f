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

enqueue(Restarts, Count, #watcher{queue = Queue, queued = Queued} = Watcher) ->
    Longer = queue:join(Queue, queue:from_list(Restarts)),
    case Queued + Count - ?QUEUE_MAX of
        Over when Over > 0 ->
            {Oldest, Kept} = queue:split(Over, Longer),
            lists:foldl(fun fold/2, Watcher#watcher{queue = Kept, queued = ?QUEUE_MAX}, queue:to_list(Oldest));
        _ ->
            Watcher#watcher{queue = Longer, queued = Queued + Count}
    end.

%% What waits too long becomes a count of its like, and only where there are too many of different kinds, a mere number.
fold({Time, Kind, Name, Pid, Child, ChildPid, Reason, Type, Start}, #watcher{folds = Folds, lost = Lost} = Watcher) ->
    Key = {Kind, Name, Pid, Child, Reason, Type, Start},
    case Folds of
        #{Key := {_, _, Times}} -> Watcher#watcher{folds = Folds#{Key := {Time, undefined, Times + 1}}};
        _ when map_size(Folds) < ?FOLDS_MAX -> Watcher#watcher{folds = Folds#{Key => {Time, ChildPid, 1}}};
        _ -> Watcher#watcher{lost = Lost + 1}
    end.

unfolded({{Kind, Name, Pid, Child, Reason, Type, Start}, {Time, ChildPid, Times}}) ->
    {Time, Kind, Name, Pid, Child, ChildPid, Reason, Type, Start, Times}.

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
flush(#watcher{folds = Folds} = Watcher, Now) when map_size(Folds) > 0 ->
    Older = lists:sublist(maps:to_list(Folds), ?BATCH_MAX),
    Rest = maps:without([Key || {Key, _} <- Older], Folds),
    send_restarts([unfolded(Fold) || Fold <- Older], length(Older), Watcher#watcher{folds = Rest}, Watcher, Now);
flush(#watcher{queue = Queue, queued = Queued} = Watcher, Now) ->
    Count = min(Queued, ?BATCH_MAX),
    {Batch, Rest} = queue:split(Count, Queue),
    send_restarts(queue:to_list(Batch), Count, Watcher#watcher{queue = Rest, queued = Queued - Count}, Watcher, Now).

send_restarts(Restarts, Count, Sent, #watcher{pid = Pid, lost = Lost} = Watcher, Now) ->
    case deliver(Pid, {arsenal_restarts, Lost, Restarts}) of
        true -> flush(Sent#watcher{lost = 0, sent = Watcher#watcher.sent + Count}, Now);
        false -> Watcher#watcher{retry = Now + ?RETRY_MS}
    end.
