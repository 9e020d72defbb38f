%% SPDX-License-Identifier: Apache-2.0
%% Collecting: every reading takes the same time however many processes there are. Part of arsenal_probe.erl.

%% Those readings that make every scheduler wake up stand together.
collect(State, Now) ->
    Begin = now_us(),
    SlowTime = Now >= State#state.slow_after,
    Heavy = case SlowTime orelse erlang:system_info(schedulers_online) =< ?WIDE of
                true -> [fun memory/0, fun io/0, fun gc/0];
                false -> []
            end,
    {Schedulers, Dirty} = scheduler_times(),
    {GcTime, AccountingAfter} = gc_time(State, Now),
    Metrics = lists:append([attempt(Read) || Read <- Heavy ++ [fun tables/0, fun queues/0, fun work/0, fun topology/0]]),
    Slow = #state{slow = SlowMetrics} = read_slow(State, Now),
    Queues = lists:ukeymerge(1, lists:keysort(1, State#state.followed), lists:keysort(1, State#state.queues)),
    All = Metrics ++ Dirty ++ GcTime ++ Queues ++ State#state.vm_counts ++ survey_metrics(State) ++ SlowMetrics ++ own_cost(State) ++ capture_metric(State),
    Fresh = case SlowTime of
                true -> check_fresh(All, Slow);
                false -> Slow
            end,
    {All, Schedulers, Fresh#state{accounting = GcTime =/= [], accounting_after = AccountingAfter, collect_us = now_us() - Begin}}.

attempt(Read) ->
    try [Metric || {_, Value} = Metric <- Read(), is_number(Value)] catch _:_ -> [] end.

%% Numbers of schedulers: the normal ones first, then those for dirty CPU work, then those for dirty I/O. Of the first, each that is online
%% is told by itself, of the others the sums.
scheduler_times() ->
    try
        Times = erlang:statistics(scheduler_wall_time_all),
        Normal = erlang:system_info(schedulers),
        Online = erlang:system_info(schedulers_online),
        DirtyCpu = Normal + erlang:system_info(dirty_cpu_schedulers),
        DirtyCpuOnline = Normal + erlang:system_info(dirty_cpu_schedulers_online),
        {lists:sort([Scheduler || {Id, _, _} = Scheduler <- Times, Id =< Online]),
         sums(dirty_cpu_active, dirty_cpu_total, [Scheduler || {Id, _, _} = Scheduler <- Times, Id > Normal, Id =< DirtyCpuOnline]) ++
         sums(dirty_io_active, dirty_io_total, [Scheduler || {Id, _, _} = Scheduler <- Times, Id > DirtyCpu])}
    catch
        _:_ -> {[], []}
    end.

sums(ActiveName, TotalName, Times) ->
    {_, Active, Total} = lists:unzip3(Times),
    [{ActiveName, lists:sum(Active)}, {TotalName, lists:sum(Total)}].

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
%% is asked once a minute.
gc_time(#state{accounting = false, accounting_after = After}, Now) when Now < After -> {[], After};
gc_time(_State, Now) -> {attempt(fun gc_time/0), Now + ?FIXED_MS}.

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

own_cost(#state{walk_self = {Walker, WalkReductions, WalkBusy}, survey_self = {Surveyor, SurveyReductions, SurveyBusy},
                spent = {Reductions, Busy}, collect_us = Micros}) ->
    {memory, Own} = process_info(self(), memory),
    {reductions, OwnReductions} = process_info(self(), reductions),
    [{probe_memory, Own + Walker + Surveyor}, {probe_reductions, OwnReductions + Reductions + WalkReductions + SurveyReductions},
     {probe_busy_us, Busy + WalkBusy + SurveyBusy}, {probe_collect_us, Micros}].

capture_metric(#state{capture = {whole, _, _}}) -> [{restart_capture, 1}, {restart_capture_partial, 0}];
capture_metric(#state{capture = {partial, _, _}}) -> [{restart_capture, 0}, {restart_capture_partial, 1}];
capture_metric(_Blind) -> [{restart_capture, 0}, {restart_capture_partial, 0}].

%% Not statistics(wall_clock), whose second number is the time since anybody's last call.
uptime_ms() ->
    erlang:convert_time_unit(erlang:monotonic_time() - erlang:system_info(start_time), native, millisecond).

now_ms() ->
    erlang:monotonic_time(millisecond).
