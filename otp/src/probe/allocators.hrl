%% SPDX-License-Identifier: Apache-2.0
%% The survey of the allocators: carriers (what was taken from the operating system) against blocks (what is used of it). Part of
%% arsenal_probe.erl.

%% The form of what is told differs between releases of OTP: what is not known is left out. Where there are many schedulers, hence many
%% instances, only the sizes are asked for, not the counts.
survey_allocators(Pace) ->
    Asked = case erlang:system_info(schedulers_online) =< ?WIDE of
                true -> allocator;
                false -> allocator_sizes
            end,
    {Rows, Paced} = lists:mapfoldl(fun(Allocator, P) -> {allocator(Asked, Allocator), rest_if_spent(P)} end, Pace,
                                   erlang:system_info(alloc_util_allocators)),
    Known = lists:append(Rows),
    Metrics = [{Metric, Sum} || {Metric, Key} <- [{alloc_carriers_bytes, carriers_size}, {alloc_blocks_bytes, blocks_size}],
                                Sum <- [lists:sum([maps:get(Key, Usage, 0) || {_, _, Usage} <- Known])], Sum > 0],
    External = [{alloc_external_bytes, Bytes} || {external_alloc, Bytes} <- erlang:system_info(allocated_areas), is_integer(Bytes)],
    {{{length(Known), [{Name, Kind, maps:to_list(Usage)} || {Name, Kind, Usage} <- Known]}, Metrics ++ External}, Paced}.

%% [{Allocator, mbcs | mbcs_pool | sbcs, Usage}], summed over the instances.
allocator(Asked, Allocator) ->
    try
        Parts = [Part || {instance, _, Instance} <- erlang:system_info({Asked, Allocator}), Part <- Instance],
        [{atom_to_binary(Allocator, utf8), Kind, Usage}
         || Kind <- [mbcs, mbcs_pool, sbcs],
            Usage <- [lists:foldl(fun add_usage/2, #{}, [Part || {Found, Part} <- Parts, Found =:= Kind])],
            map_size(Usage) > 0]
    catch
        _:_ -> []
    end.

add_usage(Part, Usage) ->
    lists:foldl(fun({Key, Value}, Sums) -> maps:update_with(Key, fun(Sum) -> Sum + Value end, Value, Sums) end, Usage,
                lists:append([usage(Item) || Item <- Part])).

%% Values may have their maxima behind them.
usage({blocks, Types}) when is_list(Types) ->
    case [Item || {_Type, Items} <- Types, Item <- Items] of
        [] -> [{blocks, 0}, {blocks_size, 0}];
        Items -> lists:append([block_usage(Item) || Item <- Items])
    end;
usage(Item) when is_tuple(Item), tuple_size(Item) >= 2, is_integer(element(2, Item)) ->
    [{Key, element(2, Item)} || Key <- [blocks, blocks_size, carriers, carriers_size], Key =:= element(1, Item)];
usage(_) ->
    [].

block_usage(Item) when is_tuple(Item), tuple_size(Item) >= 2, is_integer(element(2, Item)) ->
    case element(1, Item) of
        count -> [{blocks, element(2, Item)}];
        size -> [{blocks_size, element(2, Item)}];
        _ -> []
    end;
block_usage(_) ->
    [].
