%% SPDX-License-Identifier: Apache-2.0
%% The survey of the distribution's links. Nobody is asked that could be busy: what net_kernel knows is in its table, the queue in the VM's
%% own record of the link, the bytes in the port. Part of arsenal_probe.erl.

survey_links(Ours, Pace) ->
    Controllers = erlang:system_info(dist_ctrl),
    Connections = connections(),
    Nodes = lists:usort([Node || {Node, _} <- Controllers] ++ [element(2, Connection) || Connection <- Connections]),
    {Rows, Paced} = lists:mapfoldl(fun(Node, P) ->
                                       {link_row(Node, Controllers, lists:keyfind(Node, 2, Connections), Ours), rest_if_spent(P)}
                                   end, Pace, lists:sublist(Nodes, ?LINKS_LOOKED_AT)),
    Longest = lists:reverse(lists:keysort(1, Rows)),
    {{{length(Nodes), [Row || {_Queue, Row} <- lists:sublist(Longest, ?LINKS_MAX)]}, []}, Paced}.

%% The record `connection` of net_kernel, the same from OTP 25 to 29:
%% {connection, Node, Id, State, Owner, Controller, PendingOwner, Address, Waiting, Type, …}
connections() ->
    try [Connection || Connection <- ets:tab2list(sys_dist), is_tuple(Connection), tuple_size(Connection) >= 10,
                       element(1, Connection) =:= connection, is_atom(element(2, Connection))]
    catch
        error:badarg -> []
    end.

%% {Node, Type, State, Carrier, Busy, Ours, Numbers}
link_row(Node, Controllers, Connection, Ours) ->
    Queue = link_queue(Connection),
    Bytes = [Bytes || {queue_bytes, Bytes} <- Queue],
    Busy = Bytes =/= [] andalso hd(Bytes) >= erlang:system_info(dist_buf_busy_limit),
    Numbers = case lists:keyfind(Node, 1, Controllers) of
                  {Node, Controller} -> Queue ++ controller_numbers(Controller, part(8, Connection));
                  false -> Queue
              end,
    {lists:sum(Bytes), {atom_to_binary(Node, utf8), part(10, Connection), part(4, Connection), carrier(part(8, Connection)), Busy,
                        lists:member(Node, Ours), Numbers}}.

part(Index, Connection) when is_tuple(Connection), is_atom(element(Index, Connection)); is_tuple(Connection), Index =:= 8 ->
    element(Index, Connection);
part(_Index, _None) ->
    unknown.

carrier({net_address, _Address, _Host, Protocol, _Family}) when is_atom(Protocol) -> Protocol;
carrier(_) -> unknown.

link_queue(Connection) when is_tuple(Connection) ->
    try erlang:dist_get_stat(element(3, Connection)) of
        {ok, In, Out, Pending} when is_integer(Pending) -> [{in_packets, In}, {out_packets, Out}, {queue_bytes, Pending}];
        {ok, In, Out, _} -> [{in_packets, In}, {out_packets, Out}];
        _ -> []
    catch
        error:_ -> []
    end;
link_queue(false) ->
    [].

%% A plain link is a port; one over TLS is a process, the one that sends, and the port belongs to another of its connection's: they have a
%% supervisor in common, which has no name, as it is theirs alone.
controller_numbers(Port, _Address) when is_port(Port) ->
    port_numbers(Port);
controller_numbers(Pid, {net_address, Peer, _Host, _Protocol, _Family}) when is_pid(Pid) ->
    Siblings = lists:append([linked_processes(Near) || Near <- linked_processes(Pid)]),
    case [Port || Process <- Siblings, Port <- links_of(Process), is_port(Port), inet:peername(Port) =:= {ok, Peer}] of
        [Port | _] -> port_numbers(Port);
        [] -> []
    end;
controller_numbers(_, _) ->
    [].

linked_processes(Pid) ->
    [Linked || Linked <- links_of(Pid), is_pid(Linked), node(Linked) =:= node(), process_info(Linked, registered_name) =:= []].

links_of(Pid) ->
    case process_info(Pid, links) of
        {links, Links} -> lists:sublist(Links, ?LINKED_MAX);
        undefined -> []
    end.

port_numbers(Port) ->
    Socket = case inet:getstat(Port) of
                 {ok, Numbers} -> Numbers;
                 {error, _} -> []
             end,
    Socket ++ [{Name, Value} || {Name, Key} <- [{port_input, input}, {port_output, output}, {port_memory, memory}, {port_queue, queue_size}],
                                {_, Value} <- [erlang:port_info(Port, Key)], is_integer(Value)].
