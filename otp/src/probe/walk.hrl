%% SPDX-License-Identifier: Apache-2.0
%% The walk over the processes: seen from the holder first, then the process of its own that does it. Part of arsenal_probe.erl.

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
    %% Room for the list of all processes and more: each collection of a heap that large wakes a dirty scheduler.
    Words = max(?HEAP_MIN_WORDS, 2 * erlang:system_info(process_count)),
    Walker = spawn_opt(?MODULE, walk, Args, [monitor, {priority, Priority}, {min_heap_size, Words}]),
    State#state{walker = Walker, walk_heard = Now, walk_after = Now + walk_gap(State)}.

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

%% When processes begin to wait for a scheduler, a walk that is under way has passed by many of those that came: it is begun anew.
hurry_walk(Metrics, Now, #state{busy = {Before, After}, at_once = AtOnce} = State) ->
    Busy = proplists:get_value(run_queue, Metrics, 0) > 2 * erlang:system_info(schedulers_online),
    case Busy andalso not Before andalso not AtOnce andalso Now >= After of
        true -> (stop_walker(State))#state{busy = {true, Now + ?WALK_ANEW_MS}, walk_after = Now};
        false -> State#state{busy = {Busy, After}}
    end.

walk_gap(#state{watchers = Watchers}) ->
    max(?WALK_MIN_MS, lists:min([Interval || #watcher{interval = Interval} <- Watchers])).

take_walk({Queues, Others, Top, Groups, Remembered, DebtMs}, State) ->
    Now = now_ms(),
    tell_survey(groups, {length(Groups), Groups}, State),
    Followed = follow_found(Others, proplists:get_value(message_queue, Top), State),
    walk_over(Followed#state{queues = Queues,
                             failed = lists:delete(walk, Followed#state.failed),
                             remembered = Remembered,
                             walk_after = max(State#state.walk_after, Now + DebtMs),
                             walk_stuck = false,
                             watchers = [Watcher#watcher{top = Top} || Watcher <- State#state.watchers]}).

stop_walker(#state{walker = none} = State) ->
    State;
stop_walker(#state{walker = {Pid, Monitor}} = State) ->
    end_process(Pid, Monitor),
    end_walk(State).

end_walk(#state{walk_self = Cost} = State) ->
    walk_over(spent(Cost, State#state{walker = none, walk_self = {0, 0, 0}})).

%%% ------------------------------------------------------------------ the walk, in a process of its own

%% What was found so far. Of the rankings by heap and by binaries a process may be in them twice (see look_again/2).
-record(found, {
    scanned = 0, sum = 0, max = 0, long = 0,
    deep = [],                     % processes with a deep queue, of this chunk
    by_queue, by_heap, by_binary, by_reductions,
    groups
}).

-record(walk, {
    pace,
    remembered,                    % as in the holder's state
    turn, turns,                   % this walk asks every process that falls to its turn for its whole heap
    chunk = 0, chunks,             % how many were looked at, and how many will be at most
    announced = 0,                 % deep queues that the holder was told of
    least = #{},                   % microseconds of the quickest chunk: of those that are asked for whole heaps, and of the others
    found
}).

%% Asks every process only for what it need not be scheduled to answer, all in one call. A process inside a long NIF makes even that
%% wait: hence a process of its own, which the holder can kill.
walk(Holder, Budget, Remembered) ->
    try
        Count = erlang:system_info(process_count),
        {LastTurn, Heaviest} = case Remembered of
                                   {_When, _Reductions, Turn, Pids, _Groups} -> {Turn, Pids};
                                   none -> {0, []}
                               end,
        Found = #found{by_queue = ranking(?TOP + 1), by_heap = ranking(2 * ?TOP), by_binary = ranking(2 * ?TOP),
                       by_reductions = ranking(?REMEMBERED), groups = groups(Count)},
        Walk = #walk{pace = pace(Holder, Budget), remembered = Remembered,
                     turn = LastTurn + 1, turns = min(?TURNS_MAX, 1 + Count div ?WHOLE_HEAPS),
                     chunks = 2 * Count div ?CHUNK + ?CHUNKS_MORE, found = Found},
        Walked = look_again(Heaviest, walk_chunks(all_processes(), Walk)),
        tell_groups_early(Holder, Walked),
        {Result, Pace} = result(Walked, Count),
        Holder ! {walked, self(), Result},
        report_life(Pace)
    catch
        _:Reason -> exit({shutdown, Reason})
    end.

%% Where schedulers are busy, to be told anything by a process takes a turn of all that wait, and to describe all winners seconds: who keeps them busy
%% should be known before.
tell_groups_early(Holder, #walk{found = #found{groups = Groups}}) ->
    case erlang:statistics(total_run_queue_lengths) > 2 * erlang:system_info(schedulers_online) of
        true -> Holder ! {groups, self(), told_groups(Groups, none)};
        false -> ok
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

%% Whether processes are asked for their whole heap is decided for a chunk together. Chunks come in the table's order: where few come and go,
%% the turns ask all.
walk_chunks(_Processes, #walk{chunk = Chunks, chunks = Chunks} = Walk) ->
    Walk;
walk_chunks(Processes, #walk{chunk = Chunk, turn = Turn, turns = Turns, pace = #pace{holder = Holder}, found = Found} = Walk) ->
    Whole = (Chunk + Turn) rem Turns =:= 0,
    case walk_chunk(Processes, ?CHUNK, {Holder, Whole}, Found) of
        {none, Last} -> announce(Walk#walk{found = Last});
        {Rest, Next} ->
            Announced = announce(Walk#walk{found = Next, chunk = Chunk + 1}),
            walk_chunks(Rest, paced(Whole, Next#found.sum - Found#found.sum, Announced))
    end.

%% What took much longer than the quickest of its kind was spent waiting for a scheduler, or going through messages.
paced(Whole, Messages, #walk{pace = #pace{busy = Before} = Pace, least = Least} = Walk) ->
    Quickest = maps:get(Whole, Least, ?CHUNK_US),
    Paced = rest_if_spent(Pace, min(?CHUNK_US, max(?CHUNK_LEAST_US, 3 * Quickest)) + Messages div ?MESSAGES_A_US),
    Walk#walk{pace = Paced, least = Least#{Whole => min(Quickest, Paced#pace.busy - Before)}}.

%% A deep queue is told of at once: to the end of the walk it may be long.
announce(#walk{found = #found{deep = []}} = Walk) ->
    Walk;
announce(#walk{pace = #pace{holder = Holder}, announced = Before, found = #found{deep = Deep} = Found} = Walk) ->
    Told = lists:sublist(Deep, max(0, ?FOLLOWED_MAX - Before)),
    [Holder ! {deep_queue, Pid} || Pid <- Told],
    Walk#walk{announced = Before + length(Told), found = Found#found{deep = []}}.

walk_chunk(Processes, 0, _How, Found) ->
    {Processes, Found};
walk_chunk(Processes, Left, How, Found) ->
    case next_process(Processes) of
        none -> {none, Found};
        {Pid, Rest} -> walk_chunk(Rest, Left - 1, How, look_at(Pid, How, Found))
    end.

look_at(Pid, {Holder, _Whole}, Found) when Pid =:= Holder; Pid =:= self() ->
    Found;
look_at(Pid, {_Holder, Whole}, Found) ->
    case process_info(Pid, [message_queue_len, reductions, heap_size]) of
        [{_, Length}, {_, Reductions}, {_, Young}] ->
            #found{scanned = Scanned, by_heap = ByHeap, by_reductions = ByReductions} = Found,
            Next = Found#found{scanned = Scanned + 1, by_heap = rank(Young, Pid, ByHeap),
                               by_reductions = rank(Reductions, Pid, ByReductions), groups = grouped(Pid, Found#found.groups)},
            weighed(Whole, Length, Pid, counted(Length, Pid, Next));
        undefined ->
            Found
    end.

grouped(Pid, Groups) ->
    case is_counted(Pid, Groups) of
        true -> add_to_groups(Pid, Groups);
        false -> Groups
    end.

counted(0, _Pid, Found) ->
    Found;
counted(Length, Pid, #found{sum = Sum, max = Max, by_queue = ByQueue} = Found) ->
    long(Length, Pid, Found#found{sum = Sum + Length, max = max(Max, Length), by_queue = rank(Length, Pid, ByQueue)}).

long(Length, _Pid, Found) when Length =< ?LONG_QUEUE -> Found;
long(Length, _Pid, #found{long = Long} = Found) when Length =< ?DEEP_QUEUE -> Found#found{long = Long + 1};
long(_Length, Pid, #found{long = Long, deep = Deep} = Found) -> Found#found{long = Long + 1, deep = [Pid | Deep]}.

%% `heap_size` is the young generation only, and what leaks is in the old one. `garbage_collection_info` knows both, and how many words of
%% binaries outside the heap the process refers to; it needs the process as little, but takes six times as long: hence the turns. It
%% goes through the whole message queue (9 ms for a million messages), with the process locked: never where that is long.
weighed(true, Length, Pid, Found) when Length =< ?DEEP_QUEUE ->
    case process_info(Pid, garbage_collection_info) of
        {_, Info} ->
            #found{by_heap = ByHeap, by_binary = ByBinary} = Found,
            {Heap, Binary} = weight_words(Info, 0, 0),
            Found#found{by_heap = rank(Heap, Pid, ByHeap), by_binary = rank(Binary, Pid, ByBinary)};
        undefined ->
            Found
    end;
weighed(_Whole, _Length, _Pid, Found) ->
    Found.

%% Those that were the largest before are weighed in every walk.
look_again(Pids, #walk{turns = Turns, found = Found} = Walk) when Turns > 1 ->
    Walk#walk{found = lists:foldl(fun look_again_at/2, Found, Pids)};
look_again(_Pids, Walk) ->
    Walk.

look_again_at(Pid, Found) ->
    case process_info(Pid, message_queue_len) of
        {_, Length} -> weighed(true, Length, Pid, Found);
        undefined -> Found
    end.

heap_words(Info) -> element(1, weight_words(Info, 0, 0)).

binary_words(Info) -> element(2, weight_words(Info, 0, 0)).

%% {Words of the heap, words of the binaries outside it}
weight_words([{heap_block_size, Words} | Info], Heap, Binary) -> weight_words(Info, Heap + Words, Binary);
weight_words([{old_heap_block_size, Words} | Info], Heap, Binary) -> weight_words(Info, Heap + Words, Binary);
weight_words([{mbuf_size, Words} | Info], Heap, Binary) -> weight_words(Info, Heap + Words, Binary);
weight_words([{bin_vheap_size, Words} | Info], Heap, Binary) -> weight_words(Info, Heap, Binary + Words);
weight_words([{bin_old_vheap_size, Words} | Info], Heap, Binary) -> weight_words(Info, Heap, Binary + Words);
weight_words([_ | Info], Heap, Binary) -> weight_words(Info, Heap, Binary);
weight_words([], Heap, Binary) -> {Heap, Binary}.

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

%% A process that is there twice counts with the larger value.
first(Keep, {_Keep, _Count, _Floor, Entries}) ->
    lists:sublist(distinct(lists:reverse(lists:sort(Entries)), #{}), Keep).

distinct([{_, Pid} = Entry | Rest], Seen) when not is_map_key(Pid, Seen) -> [Entry | distinct(Rest, Seen#{Pid => seen})];
distinct([_ | Rest], Seen) -> distinct(Rest, Seen);
distinct([], _Seen) -> [].

%%% What the walk found. Only now, and only for the few at the top, come the questions that a process must be scheduled to answer.

result(#walk{found = Found} = Walk, Count) ->
    #found{scanned = Scanned, sum = Sum, max = Max, long = Long, by_reductions = {_, _, _, ByReductions}} = Found,
    Groups = told_groups(Found#found.groups, groups_before(Walk#walk.remembered)),
    {ByQueue, Others} = longest_queues(first(?TOP + 1, Found#found.by_queue)),
    ByHeap = first(?TOP, Found#found.by_heap),
    ByBinary = first(?TOP, Found#found.by_binary),
    Seen = {now_ms(), maps:from_list([{Pid, Reductions} || {Reductions, Pid} <- ByReductions]),
            Walk#walk.turn, lists:usort([Pid || {_, Pid} <- ByHeap ++ ByBinary]), remembered_groups(Found#found.groups)},
    Rates = rates(Walk#walk.remembered, Seen),
    ByRate = ranked(?TOP, Rates),
    RateOf = maps:from_list([{Pid, Rate} || {Rate, Pid} <- Rates]),
    Applications = applications(),
    Winners = lists:usort([Pid || {_, Pid} <- ByQueue ++ ByHeap ++ ByBinary ++ ByRate]),
    Known = maps:from_list([{Pid, Process#{reductions => maps:get(Pid, RateOf, 0)}}
                            || Pid <- Winners, Process <- described_process(Pid, Applications)]),
    Queues = [{mq_max, Max}, {mq_average, Sum / max(1, Scanned)}, {mq_long, Long}, {mq_scanned, Scanned},
              {mq_total, max(Count, Scanned)}],
    Exact = maps:map(fun(Pid, Process) -> exact_binary(Pid, lists:keymember(Pid, 2, ByBinary), Process) end, Known),
    Top = [{message_queue, top(ByQueue, Exact, message_queue_len)}, {memory, top(ByHeap, Exact, memory)},
           {reductions, top(ByRate, Exact, reductions)}, {binary, top(ByBinary, Exact, binary)}],
    Pace = worked(Walk#walk.pace, ?DESCRIBING_US),
    {{[{probe_walk_us, Pace#pace.busy} | Queues], Others, Top, Groups, Seen, debt_ms(Pace)}, Pace}.

groups_before({_When, _Reductions, _Turn, _Pids, Groups}) -> Groups;
groups_before(none) -> none.

%% The length of the longest one that is not among the first comes beside them.
longest_queues(Ranked) when length(Ranked) > ?TOP ->
    {lists:droplast(Ranked), element(1, lists:last(Ranked))};
longest_queues(Ranked) ->
    {Ranked, 0}.

%% Reductions per second, of the processes that the walk before this one remembers, too.
rates({Then, Before, _, _, _}, {Now, After, _, _, _}) when Now > Then ->
    [{(Reductions - Old) * 1000 div (Now - Then), Pid}
     || {Pid, Reductions} <- maps:to_list(After), Old <- [maps:get(Pid, Before, none)], is_integer(Old), Reductions > Old];
rates(_None, _Seen) ->
    [].

%% Processes are ranked by what they need not be scheduled to tell, and told with what they tell themselves, as far as they may be asked.
top(Ranked, Known, Key) ->
    Found = [{value(Key, Value, Process), Process} || {Value, Pid} <- Ranked, #{Pid := Process} <- [Known]],
    [Process#{value => Value} || {Value, Process} <- lists:reverse(lists:sort(Found)), Value > 0].

value(memory, HeapWords, Process) -> maps:get(memory, Process, HeapWords * erlang:system_info(wordsize));
value(message_queue_len, Length, _Process) -> Length;
value(Key, _Value, Process) -> maps:get(Key, Process, 0).
