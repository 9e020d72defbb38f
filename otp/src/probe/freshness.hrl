%% SPDX-License-Identifier: Apache-2.0
%% Whether all that is read still comes: what does not is said once, and once more when it is back. Part of arsenal_probe.erl.

%% One metric stands for all that are read with it.
readings() ->
    [{vm_memory_total, <<"erlang:memory/0">>}, {io_input, <<"statistics(io)">>}, {gc_collections, <<"statistics(garbage_collection)">>},
     {process_count, <<"the sizes of the VM's tables">>}, {run_queue, <<"the run queues">>}, {reductions, <<"statistics(reductions)">>},
     {schedulers_online, <<"the VM's topology">>}, {dirty_cpu_total, <<"scheduler_wall_time">>}, {load1, <<"/proc/loadavg">>},
     {memory_limit, <<"the memory of the host or control group">>}, {rss_bytes, <<"/proc/self/status">>},
     {max_fds, <<"/proc/self/limits">>}, {open_fds, <<"/proc/self/fd">>}].

%% Asked when everything was read, the slow readings too.
check_fresh(Metrics, #state{failed = Failed, missed = Told} = State) ->
    Unread = [Name || {Metric, Name} <- readings(), not lists:keymember(Metric, 1, Metrics)],
    case Unread ++ [reading_name(Kind) || Kind <- lists:sort(Failed)] of
        Told -> State;
        [] ->
            notice(State, info, <<"all readings come again">>),
            State#state{missed = []};
        Missed ->
            notice(State, warning, iolist_to_binary(["what is read of the node is not whole, missing: ", lists:join(", ", Missed)])),
            State#state{missed = Missed}
    end.

%% Whoever comes anew is told, too.
tell_fresh_again(State) ->
    State#state{missed = []}.

reading_name(walk) -> <<"the walk over the processes">>;
reading_name(Kind) -> <<"the survey of ", (atom_to_binary(Kind, utf8))/binary>>.

%% A process that reads has ended: with its result before, or without.
read_ended(_Kind, normal, State) -> State;
read_ended(Kind, _Reason, #state{failed = Failed} = State) -> State#state{failed = lists:usort([Kind | Failed])}.
