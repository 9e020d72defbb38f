%% SPDX-License-Identifier: Apache-2.0
%% Terms of the node's, cut to a size: the work done is bounded, however large the term. Part of arsenal_probe.erl.

%% {t, Copy} of any term within the size limit, else {x, Text}, its printed and cut form. For the application's router, too.
wrapped(Simple) when is_atom(Simple); is_pid(Simple) -> {t, Simple};
wrapped(Term) -> carried(packed(Term, ?BUDGET)).

%% {t, Copy} of a term within the budget, else {x, Cut}: a copy with `...` in place of what was left out. The work done is bounded by
%% the budget, however large the term. A copy it is, for a part of a binary would keep the whole of it alive.
packed(Term, Budget) ->
    try cut(Term, Budget, whole) of
        {Copy, _Left} -> {t, Copy}
    catch
        throw:too_large -> {x, element(1, cut(Term, Budget, share))}
    end.

shortened(Term) ->
    element(1, cut(Term, ?BUDGET, share)).

%% The budget is {Nodes, Bytes}. In mode `whole` the first thing that does not fit ends it; in mode `share` it is left out, and
%% no element of a tuple but the last gets more than half of what is left: in {Huge, Stacktrace} the stacktrace has its place, too.
cut(_Term, {Nodes, Bytes} = Left, Mode) when Nodes =< 0; Bytes =< 0 ->
    left_out(Left, Mode);
cut([], {Nodes, Bytes}, _Mode) ->
    {[], {Nodes - 1, Bytes}};
cut(List, {Nodes, Bytes}, Mode) when is_list(List) ->
    cut_list(List, {Nodes - 1, Bytes}, Mode);
cut(Tuple, {Nodes, Bytes} = Left, Mode) when is_tuple(Tuple) ->
    case Mode =:= whole andalso tuple_size(Tuple) > Nodes of
        true -> left_out(Left, Mode);
        false -> cut_tuple(1, Tuple, [], {Nodes - 1, Bytes}, Mode)
    end;
cut(Map, {Nodes, Bytes} = Left, Mode) when is_map(Map) ->
    case Mode =:= whole andalso map_size(Map) > Nodes of
        true -> left_out(Left, Mode);
        false -> cut_map(maps:next(maps:iterator(Map)), #{}, {Nodes - 1, Bytes}, Mode)
    end;
cut(Binary, {Nodes, Bytes}, _Mode) when is_binary(Binary), byte_size(Binary) =< Bytes ->
    {binary:copy(Binary), {Nodes - 1, Bytes - byte_size(Binary)}};
cut(Binary, {Nodes, Bytes}, share) when is_binary(Binary) ->
    Size = min(Bytes, 200),
    {<<(binary:part(Binary, 0, Size))/binary, "...">>, {Nodes - 1, Bytes - Size}};
cut(Bits, {Nodes, Bytes}, _Mode) when is_bitstring(Bits), not is_binary(Bits), bit_size(Bits) =< 8 * Bytes ->
    {list_to_bitstring(bitstring_to_list(Bits)), {Nodes - 1, Bytes - (bit_size(Bits) + 7) div 8}};
cut(Integer, {Nodes, Bytes}, _Mode) when is_integer(Integer), Integer < 1 bsl 256, Integer > -(1 bsl 256) ->
    {Integer, {Nodes - 1, Bytes}};
cut(Fun, Left, Mode) when is_function(Fun) ->
    cut_fun(erlang:fun_info(Fun, type), Fun, Left, Mode);
cut(Simple, {Nodes, Bytes}, _Mode)
  when is_atom(Simple); is_float(Simple); is_pid(Simple); is_port(Simple); is_reference(Simple) ->
    {Simple, {Nodes - 1, Bytes}};
cut(_Other, Left, Mode) ->
    left_out(Left, Mode).

left_out(_Left, whole) -> throw(too_large);
left_out({Nodes, Bytes}, share) -> {'...', {Nodes - 1, Bytes}}.

%% A character of a string counts as a byte: a stacktrace is full of file names.
cut_list([], Left, _Mode) ->
    {[], Left};
cut_list([Char | Rest], {Nodes, Bytes}, Mode) when is_integer(Char), Char >= 0, Char < 256, Bytes > 0 ->
    {Tail, Left} = cut_list(Rest, {Nodes, Bytes - 1}, Mode),
    {[Char | Tail], Left};
cut_list([Head | Rest], {Nodes, Bytes} = Left, Mode) when Nodes > 0, Bytes > 0 ->
    {Copy, Left1} = cut(Head, Left, Mode),
    {Tail, Left2} = cut_list(Rest, Left1, Mode),
    {[Copy | Tail], Left2};
cut_list([_ | _], Left, Mode) ->
    left_out(Left, Mode);
cut_list(ImproperTail, Left, Mode) ->
    cut(ImproperTail, Left, Mode).

cut_tuple(I, Tuple, Copies, Left, _Mode) when I > tuple_size(Tuple) ->
    {list_to_tuple(lists:reverse(Copies)), Left};
cut_tuple(_I, _Tuple, Copies, {Nodes, Bytes} = Left, Mode) when Nodes =< 0; Bytes =< 0 ->
    {More, Left1} = left_out(Left, Mode),
    {list_to_tuple(lists:reverse(Copies, [More])), Left1};
cut_tuple(I, Tuple, Copies, {Nodes, Bytes}, share) when I < tuple_size(Tuple), Nodes > 1, Bytes > 1 ->
    {KeptNodes, KeptBytes} = {Nodes div 2, Bytes div 2},
    {Copy, {Nodes1, Bytes1}} = cut(element(I, Tuple), {Nodes - KeptNodes, Bytes - KeptBytes}, share),
    cut_tuple(I + 1, Tuple, [Copy | Copies], {Nodes1 + KeptNodes, Bytes1 + KeptBytes}, share);
cut_tuple(I, Tuple, Copies, Left, Mode) ->
    {Copy, Left1} = cut(element(I, Tuple), Left, Mode),
    cut_tuple(I + 1, Tuple, [Copy | Copies], Left1, Mode).

cut_map(none, Copy, Left, _Mode) ->
    {Copy, Left};
cut_map(_Next, Copy, {Nodes, Bytes} = Left, Mode) when Nodes =< 0; Bytes =< 0 ->
    {More, Left1} = left_out(Left, Mode),
    {Copy#{More => More}, Left1};
cut_map({Key, Value, Iterator}, Copy, Left, Mode) ->
    {KeyCopy, Left1} = cut(Key, Left, Mode),
    {ValueCopy, Left2} = cut(Value, Left1, Mode),
    cut_map(maps:next(Iterator), Copy#{KeyCopy => ValueCopy}, Left2, Mode).

%% A local fun carries its environment, which may be anything: its printed form must do.
cut_fun({type, external}, Fun, {Nodes, Bytes}, _Mode) -> {Fun, {Nodes - 1, Bytes}};
cut_fun(_Local, _Fun, Left, whole) -> left_out(Left, whole);
cut_fun(_Local, Fun, {Nodes, Bytes}, share) -> {list_to_binary(erlang:fun_to_list(Fun)), {Nodes - 1, Bytes}}.

%% Only for terms that are small or cut already: a limit that io_lib would keep costs more than the printing.
printed(Term) ->
    within(unicode:characters_to_binary(io_lib:format("~0tp", [Term])), ?TEXT_MAX).

%% The first bytes of a text, ending between two characters.
within(Text, Max) when byte_size(Text) =< Max -> Text;
within(Text, Max) ->
    case unicode:characters_to_binary(binary:part(Text, 0, Max)) of
        {incomplete, Good, _} -> Good;
        Good -> Good
    end.
