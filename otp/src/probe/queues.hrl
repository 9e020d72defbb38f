%% SPDX-License-Identifier: Apache-2.0
%% The message queues that are followed: a long one that a walk or the VM has found once is looked at every second. Part of arsenal_probe.erl.
%%
%% To look is a process of its own, as whoever asks a process inside a long NIF waits: the holder starts it when there is something
%% to follow, and kills it when it is not heard any more.

%% ---- seen from the holder

follow_found(Others, Processes, State) ->
    Long = [Process || #{message_queue_len := Length} = Process <- Processes, Length > ?LONG_QUEUE],
    Next = State#state{other_queues = Others, followed = lists:keydelete(mq_max, 1, State#state.followed)},
    case Long =/= [] orelse State#state.follower =/= none of
        true -> tell_follower({found, Long, Others}, Next);
        false -> Next#state{followed = [{mq_fill_rate, 0}]}
    end.

tell_follower(Message, #state{follower = none} = State) ->
    tell_follower(Message, State#state{follower = spawn_opt(?MODULE, follow, [self(), State#state.other_queues], [monitor])});
tell_follower(Message, #state{follower = {Pid, _}, follower_heard = Heard} = State) ->
    Pid ! Message,
    State#state{follower_heard = case Heard of none -> now_ms(); _ -> Heard end}.

%% The figures of the last walk are replaced by those of now, and so is its ranking.
take_followed(Metrics, Processes, Urgent, #state{watchers = Watchers} = State) ->
    Now = now_ms(),
    Next = State#state{followed = Metrics,
                       follower_heard = case Processes of [] -> none; _ -> Now end,
                       watchers = [Watcher#watcher{top = lists:keystore(message_queue, 1, Watcher#watcher.top, {message_queue, Processes})}
                                   || Watcher <- Watchers]},
    case Urgent andalso Now >= State#state.urgent_after of
        true -> Next#state{urgent_after = Now + ?URGENT_GAP_MS,
                           watchers = [Watcher#watcher{next = Now} || Watcher <- Next#state.watchers]};
        false -> Next
    end.

tend_follower(#state{follower_heard = Heard} = State, Now) when is_integer(Heard), Now - Heard >= ?WALK_STUCK_MS ->
    stop_follower(State);
tend_follower(State, _Now) ->
    State.

stop_follower(#state{follower = none} = State) ->
    State;
stop_follower(#state{follower = {Pid, Monitor}} = State) ->
    end_process(Pid, Monitor),
    State#state{follower = none, follower_heard = none, followed = []}.

%% ---- the process that looks

-record(queue, {
    pid,
    process,                       % as described_process/2 has it
    readings                       % [{Milliseconds, Length}], the newest first
}).

-record(follower, {
    holder,
    queues = [],
    others,                        % length of the longest one that is not followed, at the last walk; none: there was no walk yet
    next = infinity,               % when to look again
    urgent = false                 % the next look is one that watchers wait for
}).

follow(Holder, Others) ->
    erlang:monitor(process, Holder),
    following(#follower{holder = Holder, others = Others}).

following(#follower{holder = Holder} = Follower) ->
    receive
        {found, Processes, Others} ->
            following(tell_queues(false, found(Processes, Follower#follower{others = Others})));
        {long_queue, Pid} ->
            following(long_queue(Pid, Follower));
        {vm_events, Events} ->
            Holder ! {vm_survey, self(), [described_event(Event) || Event <- Events]},
            following(tell_queues(false, Follower));
        {'DOWN', _, process, _, _} ->
            ok
    after wait(Follower) ->
        following(tell_queues(Follower#follower.urgent, look_at_queues(Follower#follower{urgent = false})))
    end.

wait(#follower{next = infinity}) -> infinity;
wait(#follower{next = Next}) -> max(0, Next - now_ms()).

tell_queues(Urgent, #follower{holder = Holder, queues = Queues} = Follower) ->
    Holder ! {followed, self(), queue_metrics(Follower), told_queues(Queues), Urgent},
    Follower#follower{next = next_look(Follower)}.

next_look(#follower{queues = []}) -> infinity;
next_look(#follower{next = Next}) ->
    Now = now_ms(),
    case is_integer(Next) andalso Next > Now of
        true -> Next;
        false -> Now + ?FOLLOW_MS
    end.

%% A queue that is new is told of at once, and again with the next look, when it has a rate.
long_queue(Pid, #follower{queues = Queues} = Follower) ->
    case lists:keymember(Pid, #queue.pid, Queues) of
        true -> tell_queues(false, Follower);
        false -> tell_queues(true, (found(described_process(Pid, applications()), Follower))#follower{next = now_ms() + ?FOLLOW_MS, urgent = true})
    end.

found(Processes, #follower{queues = Queues} = Follower) ->
    Now = now_ms(),
    New = [#queue{pid = Pid, process = Process,
                  readings = case lists:keyfind(Pid, #queue.pid, Queues) of
                                 #queue{readings = Readings} -> Readings;
                                 false -> [{Now, maps:get(message_queue_len, Process)}]
                             end} || #{pid := Pid} = Process <- Processes],
    Follower#follower{queues = longest(New ++ [Queue || Queue <- Queues, not lists:keymember(Queue#queue.pid, #queue.pid, New)])}.

longest(Queues) ->
    lists:sublist(lists:sort(fun(A, B) -> queue_length(A) >= queue_length(B) end, Queues), ?FOLLOWED_MAX).

queue_length(#queue{readings = [{_, Length} | _]}) -> Length.

look_at_queues(#follower{queues = Queues} = Follower) ->
    Now = now_ms(),
    Follower#follower{queues = longest([Looked || Queue <- Queues, Looked <- looked(Queue, Now)])}.

looked(#queue{pid = Pid, readings = Readings} = Queue, Now) ->
    case process_info(Pid, message_queue_len) of
        {_, Length} when Length > ?LONG_QUEUE ->
            [Queue#queue{readings = lists:sublist([{Now, Length} | Readings], ?READINGS)}];
        _ ->
            []
    end.

%% Messages a second, over the last few looks; of one look, none.
fill_rates(Queues) ->
    [{(Length - Before) * 1000 div (Now - Then), Pid}
     || #queue{pid = Pid, readings = [{Now, Length} | _] = Readings} <- Queues, {Then, Before} <- [lists:last(Readings)], Now > Then].

%% A walk is not over yet where `others` is not known: then what is not followed may be longer, and is known to the VM alone.
queue_metrics(#follower{queues = Queues, others = Others}) ->
    Lengths = [Others || is_integer(Others)] ++ [queue_length(Queue) || Queue <- Queues],
    Rates = [Rate || {Rate, _} <- fill_rates(Queues)],
    [{mq_max, lists:max(Lengths)} || Lengths =/= []] ++ [{mq_fill_rate, lists:max([0 | Rates])} || Rates =/= [] orelse Queues =:= []].

%% The longest ones, and in any case the one that grows fastest.
told_queues([]) ->
    [];
told_queues(Queues) ->
    {First, Rest} = lists:split(min(?TOP, length(Queues)), Queues),
    Rates = fill_rates(Queues),
    {_, Fastest} = lists:max([{0, none} | Rates]),
    Told = case lists:keyfind(Fastest, #queue.pid, Rest) of
               false -> First;
               Queue -> lists:droplast(First) ++ [Queue]
           end,
    [told_queue(Queue, lists:keyfind(Queue#queue.pid, 2, Rates)) || Queue <- Told].

told_queue(Queue, {Rate, _}) -> (told_queue(Queue, false))#{fill_rate => Rate};
told_queue(#queue{process = Process} = Queue, false) ->
    Length = queue_length(Queue),
    Process#{value => Length, message_queue_len => Length}.
