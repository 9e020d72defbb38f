%% SPDX-License-Identifier: Apache-2.0
%% The survey of the ETS tables: the largest, with those without a name of their own counted together. Part of arsenal_probe.erl.

-record(tables, {
    pace,
    wordsize,
    named,                         % a ranking of {Name, Owner, Objects, Bytes}
    named_count = 0,
    unnamed = #{}                  % Name => {Owner => Sum} of a few owners, or the Sum of many; Sum is {Count, Objects, Bytes}
}).

survey_tables(Pace) ->
    #tables{pace = Paced, named = {_, _, _, Named}, named_count = NamedCount, unnamed = Unnamed} =
        look_at_tables(ets:all(), ?CHUNK, #tables{pace = Pace, wordsize = erlang:system_info(wordsize), named = ranking(?TABLES_MAX)}),
    Groups = lists:append([group_rows(Name, Owners) || {Name, Owners} <- maps:to_list(Unnamed)]),
    Rows = [{Bytes, {Name, true, Owner, 1, Objects, Bytes}} || {Bytes, {Name, Owner, Objects}} <- Named] ++ Groups,
    Largest = [table_row(Row) || {_Bytes, Row} <- ranked(?TABLES_MAX, Rows)],
    {{{NamedCount + length(Groups), Largest}, []}, Paced}.

look_at_tables([], _Left, Seen) ->
    Seen;
look_at_tables(Tables, 0, #tables{pace = Pace} = Seen) ->
    look_at_tables(Tables, ?CHUNK, Seen#tables{pace = rest_if_spent(Pace)});
look_at_tables([Table | Rest], Left, Seen) ->
    look_at_tables(Rest, Left - 1, look_at_table(Table, Seen)).

%% One that is deleted meanwhile is passed by. A named table goes by its name.
look_at_table(Table, #tables{wordsize = Wordsize} = Seen) ->
    try {ets:info(Table, memory) * Wordsize, ets:info(Table, size), ets:info(Table, owner), ets:info(Table, name)} of
        {Bytes, Objects, Owner, Name} when is_integer(Objects), is_pid(Owner), is_atom(Table) ->
            Seen#tables{named = rank(Bytes, {Name, Owner, Objects}, Seen#tables.named), named_count = Seen#tables.named_count + 1};
        {Bytes, Objects, Owner, Name} when is_integer(Objects), is_pid(Owner) ->
            add_unnamed(Name, Owner, {1, Objects, Bytes}, Seen);
        _ -> Seen
    catch
        error:_ -> Seen
    end.

%% By name and owner, but where many owners have a table of one name each, by the name alone.
add_unnamed(Name, Owner, Sum, #tables{unnamed = Unnamed} = Seen) ->
    Owners = case maps:get(Name, Unnamed, #{}) of
                 #{Owner := Before} = Known -> Known#{Owner := added(Before, Sum)};
                 Known when is_map(Known), map_size(Known) < ?TABLE_OWNERS_MAX -> Known#{Owner => Sum};
                 Known when is_map(Known) -> lists:foldl(fun added/2, Sum, maps:values(Known));
                 Many -> added(Many, Sum)
             end,
    Seen#tables{unnamed = Unnamed#{Name => Owners}}.

added({CountA, ObjectsA, BytesA}, {CountB, ObjectsB, BytesB}) ->
    {CountA + CountB, ObjectsA + ObjectsB, BytesA + BytesB}.

group_rows(Name, Owners) when is_map(Owners) ->
    [{Bytes, {Name, false, Owner, Count, Objects, Bytes}} || {Owner, {Count, Objects, Bytes}} <- maps:to_list(Owners)];
group_rows(Name, {Count, Objects, Bytes}) ->
    [{Bytes, {Name, false, many, Count, Objects, Bytes}}].

table_row({Name, IsNamed, Owner, Count, Objects, Bytes}) ->
    {atom_to_binary(Name, utf8), IsNamed, owner_name(Owner), Count, Objects, Bytes}.

owner_name(many) -> <<"many processes">>;
owner_name(Owner) ->
    Text = list_to_binary(pid_to_list(Owner)),
    case process_info(Owner, [registered_name, initial_call, heap_size]) of
        [{_, Registered}, {_, Initial}, {_, Heap}] ->
            Words = dictionary_words(Owner, Heap),
            case process_name(Registered, Words) of
                <<>> -> <<Text/binary, " ", (mfa(proplists:get_value('$initial_call', Words), Initial))/binary>>;
                Name -> Name
            end;
        undefined ->
            Text
    end.
