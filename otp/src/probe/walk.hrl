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
    Walker = spawn_opt(?MODULE, walk, Args, [monitor, {priority, Priority}]),
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

walk_gap(#state{watchers = Watchers}) ->
    max(?WALK_MIN_MS, lists:min([Interval || #watcher{interval = Interval} <- Watchers])).

take_walk({Queues, Top, Remembered, DebtMs}, State) ->
    Now = now_ms(),
    walk_over(State#state{queues = Queues,
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

end_walk(#state{walk_self = Cost} = State) ->
    walk_over(spent(Cost, State#state{walker = none, walk_self = {0, 0, 0}})).

%%% ------------------------------------------------------------------ the walk, in a process of its own

-record(walk, {
    pace,
    remembered,                    % as in the holder's state
    turn, turns,                   % this walk asks every process that falls to its turn for its whole heap
    heaviest = [],                 % and those that were the largest before
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
        Walk = #walk{pace = pace(Holder, Budget), remembered = Remembered,
                     turn = LastTurn + 1, turns = min(?TURNS_MAX, 1 + Count div ?WHOLE_HEAPS), heaviest = Heaviest,
                     by_queue = ranking(?TOP), by_heap = ranking(?TOP), by_reductions = ranking(?REMEMBERED)},
        Walked = walk_chunk(all_processes(), ?CHUNK, Walk),
        {Result, Pace} = result(Walked, Count),
        Holder ! {walked, self(), Result},
        report_life(Pace)
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

walk_chunk(Processes, 0, #walk{pace = Pace} = Walk) ->
    walk_chunk(Processes, ?CHUNK, Walk#walk{pace = rest_if_spent(Pace)});
walk_chunk(Processes, Left, Walk) ->
    case next_process(Processes) of
        none -> Walk;
        {Pid, Rest} -> walk_chunk(Rest, Left - 1, look_at(Pid, Walk))
    end.

look_at(Pid, #walk{pace = #pace{holder = Holder}} = Walk) when Pid =:= Holder; Pid =:= self() ->
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
    Pace = worked(Walk#walk.pace),
    {{[{probe_walk_us, Pace#pace.busy} | Queues], Top, Seen, debt_ms(Pace)}, Pace}.

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

dictionary_words(Pid, Heap) ->
    dictionary_words(Pid, ['$initial_call', '$process_label'], Heap =< ?DICTIONARY_WORDS).

%% Single keys can be asked for since OTP 26.2. Before, the whole dictionary is copied, so it is asked for only where it cannot be huge.
dictionary_words(Pid, Keys, IsSmall) ->
    try process_info(Pid, [{dictionary, Key} || Key <- Keys]) of
        undefined -> [];
        Found -> [{Key, Value} || {{dictionary, Key}, Value} <- Found, Value =/= undefined]
    catch
        error:badarg when IsSmall ->
            case process_info(Pid, dictionary) of
                {dictionary, Dictionary} -> [Word || {Key, _} = Word <- Dictionary, lists:member(Key, Keys)];
                undefined -> []
            end;
        error:badarg -> []
    end.
