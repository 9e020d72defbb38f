%% SPDX-License-Identifier: Apache-2.0
%% A day's kind of traffic for a RabbitMQ, by AMQP clients in a VM of their own: many connections whose rate swings, bursts, backlogs that are worked
%% off later, connections and queues that come and go.
-module(load_rabbitmq).
-export([start/1]).

-include_lib("amqp_client/include/amqp_client.hrl").

-define(CLIENTS, 20).
-define(SWING_S, 1500).

%% start([Port]): from erl -run
start([Port]) ->
    {ok, _} = application:ensure_all_started(amqp_client),
    [spawn(fun() -> client(list_to_integer(Port), N) end) || N <- lists:seq(1, ?CLIENTS)],
    receive after infinity -> ok end.

%% A client lives for some minutes, then another takes its place.
client(Port, N) ->
    process_flag(trap_exit, true),
    rand:seed(exsss),
    try live(Port, N) catch _:_ -> timer:sleep(1000) end,
    client(Port, N).

live(Port, N) ->
    {ok, Connection} = amqp_connection:start(#amqp_params_network{port = Port}),
    {ok, Out} = amqp_connection:open_channel(Connection),
    {ok, In} = amqp_connection:open_channel(Connection),
    Lasting = N rem 2 =:= 0,
    Queue = case Lasting of
        true -> <<"lasting-", (integer_to_binary(N))/binary>>;
        false -> <<"passing-", (integer_to_binary(erlang:unique_integer([positive])))/binary>>
    end,
    #'queue.declare_ok'{} = amqp_channel:call(Out, #'queue.declare'{queue = Queue, durable = Lasting, exclusive = not Lasting}),
    #'basic.qos_ok'{} = amqp_channel:call(In, #'basic.qos'{prefetch_count = 20}),
    spawn_link(fun() -> consume(In, Queue, N) end),
    publish(Out, Queue, Lasting, erlang:monotonic_time(second) + 60 + rand:uniform(900)),
    amqp_connection:close(Connection).

publish(Channel, Queue, Lasting, Until) ->
    Size = min(200000, round(math:exp(5 + 1.5 * rand:normal()))),
    Mode = case Lasting of true -> 2; false -> 1 end,
    ok = amqp_channel:cast(Channel, #'basic.publish'{routing_key = Queue},
                           #amqp_msg{props = #'P_basic'{delivery_mode = Mode}, payload = rand:bytes(Size)}),
    Swing = 1.2 + math:sin(2 * math:pi() * erlang:system_time(second) / ?SWING_S),
    Burst = case rand:uniform(3000) of 1 -> 2000; _ -> 0 end,
    [amqp_channel:cast(Channel, #'basic.publish'{routing_key = Queue}, #amqp_msg{payload = <<0:800>>}) || _ <- lists:seq(1, Burst)],
    timer:sleep(max(1, round(-math:log(rand:uniform()) * 120 / Swing))),
    case erlang:monotonic_time(second) < Until of
        true -> publish(Channel, Queue, Lasting, Until);
        false -> ok
    end.

consume(Channel, Queue, N) ->
    #'basic.consume_ok'{} = amqp_channel:subscribe(Channel, #'basic.consume'{queue = Queue}, self()),
    consume_on(Channel, N).

%% Some pause, and have a backlog then.
consume_on(Channel, N) ->
    receive
        {#'basic.deliver'{delivery_tag = Tag}, _} ->
            N rem 5 =:= 0 andalso rand:uniform(2000) =:= 1 andalso timer:sleep(20000),
            amqp_channel:cast(Channel, #'basic.ack'{delivery_tag = Tag}),
            consume_on(Channel, N);
        _ ->
            consume_on(Channel, N)
    end.
