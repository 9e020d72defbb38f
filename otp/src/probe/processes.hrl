%% SPDX-License-Identifier: Apache-2.0
%% A process as it is told to watchers: a map of what is known of it. Part of arsenal_probe.erl.
%%
%% Asked only of the few that a ranking names, and never in the holder: most of these questions the process must be scheduled to answer.

%% `memory` and `garbage_collection_info` go through the whole message queue: of a process with a deep one they stay unknown.
described_process(Pid, Applications) ->
    case process_info(Pid, [registered_name, initial_call, current_function, message_queue_len, heap_size, group_leader]) of
        [{_, Registered}, {_, Initial}, {_, Current}, {_, Length}, {_, Heap}, {_, Leader}] ->
            Words = dictionary_words(Pid, Heap),
            Process = #{pid => Pid, name => process_name(Registered, Words),
                        initial_call => mfa(proplists:get_value('$initial_call', Words), Initial),
                        current_function => mfa(Current, undefined), message_queue_len => Length,
                        application => maps:get(Leader, Applications, <<>>),
                        ancestors => ancestors(proplists:get_value('$ancestors', Words))},
            [maps:merge(Process, weight(Pid, Length))];
        undefined ->
            []
    end.

weight(Pid, Length) when Length =< ?DEEP_QUEUE ->
    case process_info(Pid, [memory, garbage_collection_info]) of
        [{_, Memory}, {_, Info}] -> #{memory => Memory, binary => binary_words(Info) * erlang:system_info(wordsize)};
        undefined -> #{}
    end;
weight(_Pid, _Length) ->
    #{}.

%% A binary that is referred to several times counts as often in the words that garbage collection goes by. Where the heap bounds how
%% many references there can be, they are told apart.
exact_binary(Pid, true, #{binary := _, message_queue_len := Length} = Process) when Length =< ?LONG_QUEUE ->
    case process_info(Pid, total_heap_size) of
        {_, Heap} when Heap =< ?SMALL_HEAP ->
            case process_info(Pid, binary) of
                {_, References} -> Process#{binary => lists:sum([Size || {_, Size} <- distinct_binaries(References)])};
                undefined -> Process
            end;
        _ ->
            Process
    end;
exact_binary(_Pid, _IsAmongTheFirst, Process) ->
    Process.

distinct_binaries(References) ->
    lists:ukeysort(1, [{Id, Size} || {Id, Size, _Count} <- References]).

%% Every process of an application has its master as group leader. The controller keeps the masters in a table that all may read; to ask it
%% could mean to wait.
applications() ->
    try ets:match(ac_tab, {{application_master, '$1'}, '$2'}) of
        Masters -> maps:from_list([{Master, atom_to_binary(Name, utf8)} || [Name, Master] <- Masters])
    catch
        _:_ -> #{}
    end.

%% The nearest first, as far as it is a list of names and pids.
ancestors(Ancestors) -> ancestors(Ancestors, ?ANCESTORS).

ancestors([Name | Rest], Left) when is_atom(Name), Left > 0 -> [atom_to_binary(Name, utf8) | ancestors(Rest, Left - 1)];
ancestors([Pid | Rest], Left) when is_pid(Pid), Left > 0 -> [named_pid(Pid) | ancestors(Rest, Left - 1)];
ancestors(_Ancestors, _Left) -> [].

named_pid(Pid) when node(Pid) =:= node() ->
    case process_info(Pid, registered_name) of
        {registered_name, Name} -> atom_to_binary(Name, utf8);
        _ -> list_to_binary(pid_to_list(Pid))
    end;
named_pid(Pid) ->
    list_to_binary(pid_to_list(Pid)).

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
    dictionary_words(Pid, ['$initial_call', '$process_label', '$ancestors'], Heap =< ?DICTIONARY_WORDS).

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
