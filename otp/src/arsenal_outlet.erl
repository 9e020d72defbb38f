%% SPDX-License-Identifier: Apache-2.0
%%
%% @private
%% A subscriber's outlet: the process that runs its filter and sends to it. Whatever the filter does, it does it here, to nobody else. An outlet
%% has one event at a time, or, without a filter, a few, which the router gives it when it says that it is done; a subscriber that falls
%% behind makes its outlet wait, and the router's queue for it overflow.
%%
%% To the router: {outlet, self(), wanted}: the filter has said yes; waiting: the subscriber does not keep up; delivered or refused: done.
-module(arsenal_outlet).

-export([start/2, give/3, loop/4]).

-define(LONG_QUEUE, 1000).
-define(WAIT_MS, 10).
-define(WAIT_MAX_MS, 500).
-define(ASK_AFTER, 100).           % events to a subscriber on another node, between two looks at its queue
-define(ASK_MS, 1000).
-define(HEAP_MAX, 16#2000000).     % words: a filter without measure ends itself, not the node

-spec start(pid(), fun((map()) -> term()) | undefined) -> {pid(), reference()}.
start(Subscriber, Filter) ->
    Limit = #{size => ?HEAP_MAX, kill => true, error_logger => false},
    spawn_opt(?MODULE, loop, [self(), Subscriber, Filter, none], [link, monitor, {max_heap_size, Limit}]).

-spec give(pid(), [{atom(), binary()}], non_neg_integer()) -> ok.
give(Outlet, Events, Dropped) ->
    Outlet ! {arsenal_give, Events, Dropped},
    ok.

-spec loop(pid(), pid(), fun((map()) -> term()) | undefined, none | {reference(), non_neg_integer()}) -> ok.
loop(Router, Subscriber, Filter, none) ->
    loop(Router, Subscriber, Filter, {erlang:monitor(process, Router), 0});
loop(Router, Subscriber, undefined, {Monitor, Count}) ->
    receive
        {arsenal_give, [{Type, Data} | Events], Dropped} ->
            deliver(Router, Subscriber, Type, with_dropped(Dropped, binary_to_term(Data)), {Monitor, Count}),
            Now = lists:foldl(fun({More, MoreData}, N) ->
                                  deliver(Router, Subscriber, More, binary_to_term(MoreData), {Monitor, N}),
                                  N + 1
                              end, Count + 1, Events),
            Router ! {outlet, self(), delivered},
            ?MODULE:loop(Router, Subscriber, undefined, {Monitor, Now});
        {'DOWN', Monitor, process, _, _} ->
            ok;
        _Stray ->
            loop(Router, Subscriber, undefined, {Monitor, Count})
    end;
loop(Router, Subscriber, Filter, {Monitor, Count}) ->
    receive
        {arsenal_give, [{Type, Data}], Dropped} ->
            Event = binary_to_term(Data),
            case is_wanted(Filter, Event) of
                true ->
                    Router ! {outlet, self(), wanted},
                    deliver(Router, Subscriber, Type, with_dropped(Dropped, Event), {Monitor, Count}),
                    Router ! {outlet, self(), delivered};
                false ->
                    Router ! {outlet, self(), refused}
            end,
            ?MODULE:loop(Router, Subscriber, Filter, {Monitor, Count + 1});
        {'DOWN', Monitor, process, _, _} ->
            ok;
        _Stray ->
            loop(Router, Subscriber, Filter, {Monitor, Count})
    end.

%% As in Elixir, all but false and nil is a yes. A filter that fails says no.
is_wanted(Filter, Event) ->
    try Filter(Event) of
        Answer -> not lists:member(Answer, [false, nil, undefined])
    catch
        _:_ -> false
    end.

with_dropped(0, Event) -> Event;
with_dropped(Dropped, Event) when is_map(Event) -> Event#{dropped => Dropped};
with_dropped(_Dropped, Event) -> Event.

deliver(Router, Subscriber, Type, Event, {Monitor, Count}) ->
    Message = {arsenal_analytics_event, Type, Event},
    case is_sent(Subscriber, Message, Count) of
        true -> ok;
        false ->
            Router ! {outlet, self(), waiting},
            wait(Subscriber, Message, Monitor, ?WAIT_MS)
    end.

wait(Subscriber, Message, Monitor, Ms) ->
    receive
        {'DOWN', Monitor, process, _, _} -> exit(normal)
    after Ms ->
        %% It is asked for its queue again before it gets anything.
        case is_sent(Subscriber, Message, 0) of
            true -> ok;
            false -> wait(Subscriber, Message, Monitor, min(2 * Ms, ?WAIT_MAX_MS))
        end
    end.

is_sent(Subscriber, Message, Count) ->
    has_room(Subscriber, Count) andalso erlang:send(Subscriber, Message, [nosuspend, noconnect]) =:= ok.

has_room(Subscriber, _Count) when node(Subscriber) =:= node() ->
    is_short(process_info(Subscriber, message_queue_len));
has_room(Subscriber, Count) when Count rem ?ASK_AFTER =:= 0 ->
    case lists:member(node(Subscriber), nodes(connected)) of
        true ->
            try is_short(erpc:call(node(Subscriber), erlang, process_info, [Subscriber, message_queue_len], ?ASK_MS)) catch
                _:_ -> true
            end;
        false -> false
    end;
has_room(_Subscriber, _Count) ->
    true.

is_short({message_queue_len, Length}) -> Length =< ?LONG_QUEUE;
is_short(undefined) -> true.
