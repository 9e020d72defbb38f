%% SPDX-License-Identifier: Apache-2.0
%% Who has how many processes and ports: what leaks one by one shows in no ranking of processes, but in the number that one process started, or
%% that began with one call, or in the ports of one owner. Part of arsenal_probe.erl.
%%
%% Counted is in maps of a bounded size, by J. Misra and D. Gries, "Finding Repeated Elements" (1982): of n, none that has more than n/GROUPS_MAX is
%% missed, and what is told is too small by that at most. On nodes of many processes a part of them stands for all, always the same ones (by a
%% hash of the pid), so that what differs from one walk to the next has changed.

-record(groups, {
    every,                         % one of so many processes is counted
    by_parent = #{},               % Pid => {Count, Runnable, one of them}
    by_call = #{}                  % {M, F, A} => the same
}).

groups(Count) ->
    #groups{every = min(?TURNS_MAX, 1 + Count div ?WHOLE_HEAPS)}.

is_counted(_Pid, #groups{every = 1}) -> true;
is_counted(Pid, #groups{every = Every}) -> erlang:phash2(Pid, Every) =:= 0.

%% What a process need not be scheduled to tell. Its parent is known since OTP 25.
add_to_groups(Pid, #groups{by_parent = ByParent, by_call = ByCall} = Groups) ->
    try process_info(Pid, [parent, initial_call, status]) of
        [{_, Parent}, {_, Call}, {_, Status}] ->
            Runnable = runnable(Status),
            Groups#groups{by_parent = count(Parent, Runnable, Pid, ByParent), by_call = count(Call, Runnable, Pid, ByCall)};
        undefined ->
            Groups
    catch
        error:badarg -> Groups
    end.

runnable(runnable) -> 1;
runnable(running) -> 1;
runnable(_Waiting) -> 0.

count(undefined, _Runnable, _One, Counted) ->
    Counted;
count(Key, Runnable, One, Counted) ->
    case Counted of
        #{Key := {Count, Runnables, _}} -> Counted#{Key := {Count + 1, Runnables + Runnable, One}};
        _ when map_size(Counted) < ?GROUPS_MAX -> Counted#{Key => {1, Runnable, One}};
        _ -> maps:from_list([{Known, {Count - 1, Runnables, Of}} || {Known, {Count, Runnables, Of}} <- maps:to_list(Counted), Count > 1])
    end.

%% The largest, and those of which most wait for a scheduler. Of a few that have grown since the walk before, one is described, which must be scheduled for
%% it, and so must a parent without a registered name, for the name that it has. Of what stays as it is nobody is woken. `Before` is what
%% the walk before counted, or `none`: nobody is described.
told_groups(#groups{every = Every, by_parent = ByParent, by_call = ByCall}, Before) ->
    told(parent, Every, ByParent, Before) ++ told(call, Every, ByCall, Before).

told(By, Every, Counted, Before) ->
    Entries = maps:to_list(Counted),
    Largest = largest(?GROUPS_TOLD, Entries, fun({Count, _, _}) -> Count end),
    Busiest = largest(?GROUPS_RUNNABLE, Entries, fun({_, Runnable, _}) -> Runnable end),
    All = Busiest ++ (Largest -- Busiest),
    Grown = lists:sublist([Entry || Entry <- All, has_grown(Entry, Before)], ?GROUPS_DESCRIBED),
    [group_row(By, Every, Entry, lists:member(Entry, Grown)) || Entry <- All].

has_grown(_Entry, none) -> false;
has_grown({Key, {Count, Runnable, _}}, Before) ->
    {CountBefore, RunnableBefore} = maps:get(Key, Before, {0, 0}),
    Count > CountBefore + max(?GROUPS_GROWN, CountBefore div 10) orelse Runnable > RunnableBefore + ?GROUPS_GROWN.

%% For the next walk: what may be told of.
remembered_groups(#groups{by_parent = ByParent, by_call = ByCall}) ->
    maps:map(fun(_Key, {Count, Runnable, _}) -> {Count, Runnable} end,
             maps:from_list(largest(2 * ?GROUPS_TOLD, maps:to_list(ByParent) ++ maps:to_list(ByCall), fun({Count, _, _}) -> Count end))).

%% Of one that is alone nothing is to be told.
largest(Keep, Entries, Weight) ->
    [Entry || {_, Entry} <- ranked(Keep, [{Value, Entry} || {_, Figures} = Entry <- Entries, Value <- [Weight(Figures)], Value > 1])].

group_row(By, Every, {Key, {Count, Runnable, One}}, Describe) ->
    {By, group_pid(Key), group_name(Key, Describe), Count * Every, Runnable * Every, one_of(Describe, One)}.

group_pid(Pid) when is_pid(Pid) -> list_to_binary(pid_to_list(Pid));
group_pid(_Call) -> <<>>.

group_name(Pid, true) when is_pid(Pid) -> owner_name(Pid);
group_name(Pid, false) when is_pid(Pid) -> named_pid(Pid);
group_name(Call, _Describe) -> mfa(Call, undefined).

one_of(false, _Pid) ->
    <<>>;
one_of(true, Pid) ->
    case described_process(Pid, #{}) of
        [#{initial_call := Initial, current_function := Current}] -> <<Initial/binary, " in ", Current/binary>>;
        [] -> <<>>
    end.

%%% ------------------------------------------------------------------ ports: a survey, for a port that is stuck in its driver makes whoever asks wait

survey_ports(Pace) ->
    Ports = erlang:ports(),
    {{ByOwner, ByParent}, Paced} = look_at_ports(Ports, ?CHUNK, {#{}, #{}}, Pace),
    Rows = port_rows(owner, ByOwner) ++ port_rows(parent, ByParent),
    {{{length(Ports), Rows}, []}, Paced}.

look_at_ports([], _Left, Counted, Pace) ->
    {Counted, Pace};
look_at_ports(Ports, 0, Counted, Pace) ->
    look_at_ports(Ports, ?CHUNK, Counted, rest_if_spent(Pace));
look_at_ports([Port | Rest], Left, Counted, Pace) ->
    look_at_ports(Rest, Left - 1, look_at_port(erlang:port_info(Port, connected), Counted), Pace).

%% Where each port has a process of its own, these have a parent.
look_at_port({connected, Owner}, {ByOwner, ByParent}) ->
    {count(Owner, 0, Owner, ByOwner), count(parent_of(Owner), 0, Owner, ByParent)};
look_at_port(undefined, Counted) ->
    Counted.

parent_of(Pid) ->
    try process_info(Pid, parent) of
        {parent, Parent} -> Parent;
        undefined -> undefined
    catch
        error:badarg -> undefined
    end.

port_rows(By, Counted) ->
    [{By, group_pid(Pid), group_name(Pid, true), Count} || {Pid, {Count, _, _}} <- largest(?GROUPS_TOLD, maps:to_list(Counted), fun({Count, _, _}) -> Count end)].
