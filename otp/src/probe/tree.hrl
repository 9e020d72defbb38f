%% SPDX-License-Identifier: Apache-2.0
%% The supervision tree, on request: breadth first from the applications' top supervisors, within bounds of everything. Part of arsenal_probe.erl.
%%
%% Asked is only who is known to be a supervisor by what proc_lib wrote into its own dictionary, never who is merely said to be one: a call
%% that it does not know ends a gen_server. And a supervisor that does not answer has one message of ours in its queue at most.

-record(tree, {
    holder, until,                 % monotonic milliseconds
    remarks,                       % of earlier questions, as in the holder's state
    silent = 0,                    % so many did not answer this time: patience runs out
    visited = #{},                 % processes that have a row
    taken = 0,                     % rows made and waiting to be made
    bytes = 0,
    rows = [],                     % newest first
    next = 0,                      % the index of the next row
    complete = true                % nothing was left out for want of room or time
}).

-record(spot, {parent, depth, id, process, type, module, application = <<>>}).

tree(Holder, Hints, Remarks, Until) ->
    Empty = #tree{holder = Holder, until = Until, remarks = Remarks},
    Owned = climb(top_spots(), Empty),
    Hinted = climb([root_spot(Pid) || Pid <- lists:sublist(lists:usort(Hints), ?HINTS_MAX), is_pid(Pid), node(Pid) =:= node()], Owned),
    Tree = climb([root_spot(Pid) || Pid <- unowned(Hinted)], Hinted),
    {tree, os:system_time(millisecond), Tree#tree.complete, with_figures(lists:reverse(Tree#tree.rows), Tree)}.

%%% ------------------------------------------------------------------ where it begins

%% Without a question to the application controller, which may be in the middle of a long start, or to the masters: an application's master is
%% linked to the process that started its top supervisor, and that to the supervisor.
top_spots() ->
    Masters = try ets:select(ac_tab, [{{{application_master, '$1'}, '$2'}, [], [{{'$1', '$2'}}]}]) catch error:badarg -> [] end,
    lists:append([top_spots(Application, Master) || {Application, Master} <- lists:sort(Masters), is_pid(Master)]).

top_spots(Application, Master) ->
    Starters = local_links(Master) -- [whereis(application_controller)],
    Tops = lists:append([local_links(Starter) -- [Master] || Starter <- lists:sublist(Starters, ?TOPS_MAX)]),
    [(root_spot(Pid))#spot{application = atom_to_binary(Application, utf8)}
     || Pid <- lists:sublist(lists:usort(Tops), ?TOPS_MAX)].

local_links(Process) ->
    case looked_at(Process, [links]) of
        [{links, Links}] -> [Pid || Pid <- Links, is_pid(Pid), node(Pid) =:= node()];
        _ -> []
    end.

root_spot(Pid) ->
    #spot{parent = -1, depth = 0, id = undefined, process = Pid, type = root, module = undefined}.

%% Supervisors that no application owns: registered processes that have not been seen lead to them by their ancestors.
unowned(#tree{visited = Visited, until = Until} = Tree) ->
    case now_ms() < Until of
        true ->
            Unseen = [Pid || Name <- lists:sublist(registered(), ?NAMES_MAX), Pid <- [whereis(Name)], is_pid(Pid), not is_map_key(Pid, Visited)],
            from_helper({unowned, Unseen, Visited}, patience(Tree), []);
        false -> []
    end.

unowned(Pids, Visited) ->
    {Roots, _} = lists:foldl(fun(Pid, {Found, Known}) ->
                                 {Chain, More} = chain(Pid, Known),
                                 {topmost(Chain, Visited) ++ Found, More}
                             end, {[], #{}}, Pids),
    lists:usort(Roots).

%% [{Pid, IsSupervisor}], the eldest first.
chain(Pid, Known) ->
    {_, Ancestors, _} = Self = nature(process_words(Pid, ?DICTIONARY_WORDS)),
    Elders = [Elder || Elder <- [local_process(Each) || Each <- lists:sublist(Ancestors, ?DEPTH_MAX)], is_pid(Elder)],
    lists:foldl(fun(Elder, {Chain, Learnt}) ->
                    Nature = case Learnt of
                                 #{Elder := Is} -> Is;
                                 _ -> is_supervisor(nature(process_words(Elder, ?SUPERVISOR_WORDS)))
                             end,
                    {[{Elder, Nature} | Chain], Learnt#{Elder => Nature}}
                end, {[{Pid, is_supervisor(Self)}], Known}, Elders).

%% None where an elder has been seen: this one is in a branch that was cut.
topmost(Chain, Visited) ->
    case lists:any(fun({Pid, _}) -> is_map_key(Pid, Visited) end, Chain) of
        true -> [];
        false -> lists:sublist([Pid || {Pid, true} <- Chain], 1)
    end.

local_process(Name) when is_atom(Name) -> whereis(Name);
local_process(Pid) when is_pid(Pid), node(Pid) =:= node() -> Pid;
local_process(_) -> undefined.

%%% ------------------------------------------------------------------ row by row, breadth first

climb(Spots, Tree) ->
    level(Spots, [], Tree#tree{taken = Tree#tree.taken + length(Spots)}).

level([], [], Tree) ->
    Tree;
level([], Next, Tree) ->
    level(lists:append(lists:reverse(Next)), [], Tree);
level([Spot | Rest], Next, #tree{next = Index} = Tree) when Index < ?ROWS_MAX ->
    {Below, Grown} = visit(Spot, Tree),
    level(Rest, [Below | Next], Grown);
level(_Rest, _Next, Tree) ->
    Tree#tree{complete = false}.

visit(#spot{process = Pid, type = Type} = Spot, #tree{visited = Visited} = Tree) when is_pid(Pid) ->
    if
        node(Pid) =/= node() -> {[], row(Spot, remote, {worker, undefined, none, undefined}, Tree)};
        is_map_key(Pid, Visited), Type =:= root -> {[], Tree};
        is_map_key(Pid, Visited) -> {[], row(Spot, running, {Type, undefined, seen_already, undefined}, Tree)};
        true -> visit_process(Spot, Tree#tree{visited = Visited#{Pid => true}})
    end;
visit(#spot{process = restarting, type = Type} = Spot, Tree) ->
    {[], row(Spot, restarting, {Type, undefined, none, undefined}, Tree)};
visit(#spot{type = Type} = Spot, Tree) ->
    {[], row(Spot, stopped, {Type, undefined, none, undefined}, Tree)}.

visit_process(#spot{type = worker, module = Module} = Spot, Tree) ->
    {[], row(Spot, running, {worker, Module, none, undefined}, Tree)};
visit_process(#spot{process = Pid, type = Type} = Spot, Tree) ->
    case nature(told_words(Pid, Tree)) of
        {stuck, _, _} -> {[], row(Spot, running, {Type, undefined, no_answer, undefined}, Tree)};
        {supervisor, _, Module} -> ask_supervisor(Spot, Module, Tree);
        {bridge, _, Module} -> {[], row(Spot, running, {supervisor, Module, bridge, undefined}, Tree)};
        {gone, _, _} when Type =:= root -> {[], Tree};
        {gone, _, _} -> {[], row(Spot, stopped, {Type, undefined, none, undefined}, Tree)};
        {other, _, Module} when Type =:= root; Type =:= undeclared -> {[], row(Spot, running, {worker, Module, none, undefined}, Tree)};
        {other, _, Module} -> {[], row(Spot, running, {Type, Module, no_supervisor, undefined}, Tree)}
    end.

ask_supervisor(#spot{process = Pid, depth = Depth} = Spot, Module, Tree) ->
    case may_ask(Pid, Depth, Tree) of
        {counted, Counts} -> list_children(Spot, Module, Counts, Tree);
        yes ->
            case ask_it(Pid, count_children, Tree) of
                {ok, Counted} -> list_children(Spot, Module, noted(Pid, counts(Counted), Tree), Tree);
                gone -> {[], row(Spot, stopped, {supervisor, Module, none, undefined}, Tree)};
                {silent, Waited} -> {[], row(Spot, running, {supervisor, Module, no_answer, undefined}, Waited)}
            end;
        Why -> {[], row(Spot, running, {supervisor, Module, Why, undefined}, left_out_of(Why, Tree))}
    end.

%% Of very many children most supervisors look at each to count them.
noted(Pid, Counts, #tree{holder = Holder}) ->
    _ = [Holder ! {remark, self(), Pid, Counts} || Counts =/= unknown, most(Counts) > ?CROWD],
    Counts.

left_out_of(Why, Tree) when Why =:= too_deep; Why =:= no_time -> Tree#tree{complete = false};
left_out_of(_Why, Tree) -> Tree.

%% A queue that is long already means no answer in time, but one message more.
may_ask(_Pid, Depth, _Tree) when Depth >= ?DEPTH_MAX -> too_deep;
may_ask(Pid, _Depth, #tree{remarks = Remarks, until = Until}) ->
    Now = now_ms(),
    case looked_at(Pid, [message_queue_len]) of
        _ when Now >= Until -> no_time;
        [{_, Length}] when Length > ?LONG_QUEUE -> busy;
        [{_, Length}] ->
            case Remarks of
                #{Pid := {no_answer, Since}} when Length > 0; Now - Since < ?ASK_AGAIN_MS -> no_answer;
                #{Pid := {{_, _, _, _} = Counts, Since}} when Now - Since < ?COUNT_AGAIN_MS -> {counted, Counts};
                %% Some may have found no place in it.
                _ when Length > 0, map_size(Remarks) >= ?REMARKS_MAX -> busy;
                _ -> yes
            end;
        _ -> no_answer
    end.

list_children(Spot, Module, unknown, Tree) ->
    {[], row(Spot, running, {supervisor, Module, no_answer, undefined}, Tree)};
list_children(Spot, Module, Counts, #tree{taken = Taken} = Tree) ->
    Room = ?ROWS_MAX - Taken,
    Count = most(Counts),
    if
        Count =:= 0 -> {[], row(Spot, running, {supervisor, Module, listed, Counts}, Tree)};
        Room =< 0 -> {[], row(Spot, running, {supervisor, Module, no_room, Counts}, Tree#tree{complete = false})};
        Count > ?CHILDREN_MAX -> sample_children(Spot, Module, Counts, min(Room, ?SAMPLE), Tree);
        true ->
            case ask_it(Spot#spot.process, which_children, Tree) of
                {ok, Children} -> listed_children(Spot, Module, Counts, Children, Room, Tree);
                gone -> {[], row(Spot, stopped, {supervisor, Module, none, Counts}, Tree)};
                {silent, Waited} -> {[], row(Spot, running, {supervisor, Module, no_answer, Counts}, Waited)}
            end
    end.

%% They come youngest first.
listed_children(#spot{depth = Depth} = Spot, Module, Counts, Children, Room, #tree{next = Index, taken = Taken} = Tree)
  when length(Children) =< 2 * ?CHILDREN_MAX ->
    Spots = [#spot{parent = Index, depth = Depth + 1, id = Id, process = Process, type = child_type(Type, Modules), module = child_module(Modules)}
             || {Id, Process, Type, Modules} <- lists:reverse(Children)],
    Kept = lists:sublist(Spots, Room),
    Whole = length(Kept) =:= length(Spots),
    Listing = case Whole of true -> listed; false -> sampled end,
    {Kept, row(Spot, running, {supervisor, Module, Listing, Counts},
               Tree#tree{taken = Taken + length(Kept), complete = Tree#tree.complete andalso Whole})};
listed_children(Spot, Module, Counts, _Children, _Room, Tree) ->
    {[], row(Spot, running, {supervisor, Module, no_answer, Counts}, Tree)}.

%% Of very many children no list is asked for: the links show some of them without a question. Of too many not even those.
sample_children(#spot{process = Pid, depth = Depth} = Spot, Module, Counts, Size, #tree{next = Index, taken = Taken} = Tree) ->
    Links = case most(Counts) =< ?SAMPLED_MAX of
                true -> local_links(Pid);
                false -> []
            end,
    Elders = [local_process(Elder) || Elder <- element(2, nature(told_words(Pid, Tree)))],
    Sample = lists:sublist([Link || Link <- Links, not lists:member(Link, Elders)], Size),
    Spots = [#spot{parent = Index, depth = Depth + 1, id = undefined, process = Child, type = worker, module = undefined} || Child <- Sample],
    {Spots, row(Spot, running, {supervisor, Module, sampled, Counts}, Tree#tree{taken = Taken + length(Spots)})}.

%% One specification may stand for any number of children.
most({Specs, Active, Supervisors, Workers}) -> lists:max([Specs, Active, Supervisors + Workers]).

%% A specification that does not say what the child is means a worker, so that of a supervisor says often so.
child_type(supervisor, _Modules) -> supervisor;
child_type(_, Modules) ->
    case is_supervisors(child_module(Modules)) of
        true -> undeclared;
        false -> worker
    end.

is_supervisors(undefined) -> false;
is_supervisors(Module) ->
    try erlang:get_module_info(Module, attributes) of
        Attributes ->
            Behaviours = lists:append([Names || {Key, Names} <- Attributes, Key =:= behaviour orelse Key =:= behavior]),
            lists:any(fun(Name) -> lists:member(Name, [supervisor, supervisor2, 'Elixir.Supervisor', 'Elixir.DynamicSupervisor']) end, Behaviours)
    catch
        error:badarg -> false
    end.

child_module([Module]) when is_atom(Module) -> Module;
child_module(_) -> undefined.

%% supervisor's list, and the map of Elixir's.
counts(Counts) when is_list(Counts) -> counts(fun(Key) -> proplists:get_value(Key, Counts) end);
counts(Counts) when is_map(Counts) -> counts(fun(Key) -> maps:get(Key, Counts, undefined) end);
counts(Get) when is_function(Get) ->
    case [Count || Key <- [specs, active, supervisors, workers], Count <- [Get(Key)], is_integer(Count), Count >= 0] of
        [_, _, _, _] = All -> list_to_tuple(All);
        _ -> unknown
    end;
counts(_) -> unknown.

row(#spot{parent = Parent, id = Id, process = Process, application = Application}, Status, {Type, Module, Listing, Counts},
    #tree{rows = Rows, next = Index, bytes = Bytes} = Tree) ->
    Pid = case is_pid(Process) of true -> Process; false -> undefined end,
    Row = {Parent, case Type of supervisor -> supervisor; _ -> worker end, wrapped(Id), Pid, undefined, <<>>, module_text(Module), Status,
           Listing, Counts, undefined, undefined, Application},
    Size = Bytes + erlang:external_size(Row),
    Grown = Tree#tree{rows = [Row | Rows], next = Index + 1, bytes = Size},
    case Size > ?TREE_BYTES of
        true -> Grown#tree{taken = ?ROWS_MAX, next = max(Index + 1, ?ROWS_MAX), complete = false};
        false -> Grown
    end.

module_text(undefined) -> <<>>;
module_text(Module) -> atom_to_binary(Module, utf8).

%%% ------------------------------------------------------------------ what a process is

%% {supervisor | bridge | other | gone | stuck, Ancestors, Module}, by its own words.
nature(Words) when is_list(Words) ->
    {What, Module} = called(proplists:get_value('$initial_call', Words)),
    case proplists:get_value('$ancestors', Words, none) of
        Ancestors when length(Ancestors) >= 0 -> {What, Ancestors, Module};
        _ -> {other, [], Module}
    end;
nature(What) ->
    {What, [], undefined}.

%% Elixir's DynamicSupervisor, Task.Supervisor and PartitionSupervisor name themselves as OTP's supervisor does.
called({supervisor, Module, 1}) when is_atom(Module) -> {supervisor, Module};
called({supervisor2, init, 1}) -> {supervisor, supervisor2};
called({'Elixir.DynamicSupervisor', init, 1}) -> {supervisor, 'Elixir.DynamicSupervisor'};
called({ranch_conns_sup, init, _}) -> {supervisor, ranch_conns_sup};
called({supervisor_bridge, Module, 1}) when is_atom(Module) -> {bridge, Module};
called({Module, _, _}) when is_atom(Module) -> {other, Module};
called(_) -> {other, undefined}.

is_supervisor({supervisor, _, _}) -> true;
is_supervisor(_) -> false.

%% Only proc_lib's processes have words of this kind.
process_words(Pid, MaxHeap) ->
    case process_info(Pid, [initial_call, heap_size]) of
        [{_, {proc_lib, init_p, _}}, {_, Heap}] -> dictionary_words(Pid, ['$initial_call', '$ancestors'], Heap =< MaxHeap);
        [_, _] -> [];
        undefined -> gone
    end.

told_words(Pid, Tree) ->
    from_helper({words, Pid}, patience(Tree), stuck).

looked_at(Pid, Items) ->
    from_helper({info, Pid, Items}, ?LOOK_MS, undefined).

patience(#tree{silent = Silent}) -> max(?PATIENCE_MIN_MS, ?PATIENCE_MS bsr min(Silent, 10)).

%%% ------------------------------------------------------------------ questions that may not be answered

%% As gen_server:call/3, but who does not answer in time is remembered by the holder.
ask_it(Pid, Question, #tree{holder = Holder, silent = Silent, remarks = Remarks} = Tree) ->
    Monitor = erlang:monitor(process, Pid),
    Pid ! {'$gen_call', {self(), Monitor}, Question},
    receive
        {Monitor, Answer} ->
            erlang:demonitor(Monitor, [flush]),
            {ok, Answer};
        {'DOWN', Monitor, process, Pid, _} -> gone
    after patience(Tree) ->
        erlang:demonitor(Monitor, [flush]),
        Holder ! {remark, self(), Pid, no_answer},
        {silent, Tree#tree{silent = Silent + 1, remarks = Remarks#{Pid => {no_answer, now_ms()}}}}
    end.

%% process_info waits for a process that is inside a long NIF: so another process asks, linked to this one, to go with it.
from_helper(What, Ms, Else) ->
    Helper = spawn_opt(?MODULE, help, [self(), What], [link, {priority, low}]),
    receive
        {helped, Helper, Answer} -> Answer
    after Ms ->
        end_helper(Helper),
        Else
    end.

end_helper(Helper) ->
    unlink(Helper),
    exit(Helper, kill).

%% A failure is no answer, and no report in the node's log.
help(Owner, What) ->
    try Owner ! {helped, self(), found(What)} catch _:_ -> failed end.

found({info, Pid, Items}) -> process_info(Pid, Items);
found({words, Pid}) -> process_words(Pid, ?SUPERVISOR_WORDS);
found({unowned, Pids, Visited}) -> unowned(Pids, Visited).

%%% ------------------------------------------------------------------ figures

%% Of every process by what it need not be scheduled to tell. One that does not tell in time goes without.
with_figures(Rows, Tree) ->
    Numbered = lists:zip(lists:seq(1, length(Rows)), Rows),
    Found = figures([{N, element(4, Row)} || {N, Row} <- Numbered, is_pid(element(4, Row)), node(element(4, Row)) =:= node()], #{}, Tree),
    [case Found of
         #{N := {Name, Label, Length, Heap}} ->
             setelement(12, setelement(11, setelement(6, setelement(5, Row, Name), Label), Length), Heap);
         _ -> Row
     end || {N, Row} <- Numbered].

figures([], Found, _Tree) ->
    Found;
figures(Asked, Found, Tree) ->
    Helper = spawn_opt(?MODULE, tell_figures, [self(), Asked], [link, {priority, low}]),
    gather_figures(Helper, Asked, Found, Tree).

gather_figures(_Helper, [], Found, _Tree) ->
    Found;
gather_figures(Helper, [{N, _} | Rest] = Asked, Found, #tree{until = Until} = Tree) ->
    receive
        {figures, Helper, N, Figures} -> gather_figures(Helper, Rest, Found#{N => Figures}, Tree)
    after min(?LOOK_MS, max(0, Until + ?FIGURES_MS - now_ms())) ->
        end_helper(Helper),
        case now_ms() >= Until + ?FIGURES_MS of
            true -> Found;
            false -> figures(tl(Asked), Found, Tree)
        end
    end.

tell_figures(Owner, Asked) ->
    try tell_figures(Owner, Asked, erlang:system_info(wordsize), 0) catch _:_ -> failed end.

tell_figures(_Owner, [], _WordSize, _Labels) ->
    ok;
tell_figures(Owner, [{N, Pid} | Rest], WordSize, Labels) ->
    case process_info(Pid, [registered_name, message_queue_len]) of
        [{_, Registered}, {_, Length}] ->
            Named = is_atom(Registered),
            Label = case Named orelse Labels >= ?LABELS_MAX of
                        true -> <<>>;
                        false -> label(Pid)
                    end,
            Name = case Named of true -> Registered; false -> undefined end,
            Owner ! {figures, self(), N, {Name, Label, Length, heap_bytes(Pid, Length, WordSize)}},
            tell_figures(Owner, Rest, WordSize, case Named of true -> Labels; false -> Labels + 1 end);
        undefined ->
            Owner ! {figures, self(), N, {undefined, <<>>, undefined, undefined}},
            tell_figures(Owner, Rest, WordSize, Labels)
    end.

%% The question goes through the whole message queue: of a process with a deep one it is not asked.
heap_bytes(Pid, Length, WordSize) when Length =< ?DEEP_QUEUE ->
    case process_info(Pid, garbage_collection_info) of
        {_, Heap} -> heap_words(Heap) * WordSize;
        undefined -> undefined
    end;
heap_bytes(_Pid, _Length, _WordSize) ->
    undefined.

label(Pid) -> process_name([], dictionary_words(Pid, ['$process_label'], false)).
