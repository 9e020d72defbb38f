%% SPDX-License-Identifier: Apache-2.0
%%
%% @private
%% The subscribers of a router: who wants what, and the bounded queue of each. Every subscriber has an outlet (arsenal_outlet), a
%% process that filters and delivers a few events at a time; what comes meanwhile waits here, and the oldest of too many is dropped and counted.
-module(arsenal_subscribers).

-export([new/0, subscribe/4, unsubscribe/3, publish/3, reported/3, expired/3, down/2, close/1, count/1, types/1, described/1, dropped/1, is_full/2]).
-export_type([subscribers/0]).

-define(SUBSCRIBERS_MAX, 10000).
-define(QUEUE_MAX, 10000).         % a burst, which a subscriber that keeps up must not lose
-define(SLOW_QUEUE_MAX, 1000).     % while the subscriber does not keep up
-define(BATCH, 100).
-define(FILTER_MS, 5000).          % a filter may take so long with an event
-define(TYPES, [restart, health_alert, performance_alert, anomaly]).

-record(subscriber, {
    pid, types, filter,
    monitor,
    outlet, outlet_monitor,
    is_busy = false,
    is_slow = false,               % its own queue is long, and its outlet waits
    timer = none,                  % while the filter runs
    queue = queue:new(),           % {Type, Data}, oldest first
    queued = 0,
    dropped = 0,                   % since the last event delivered
    told = 0,                      % of those, told with the event that the outlet has now
    is_warned = false
}).

-record(subscribers, {
    by_pid = #{},
    outlets = #{},                 % outlet => subscriber
    leaving = #{},                 % monitor of an outlet that is being ended => who waits for its end
    dropped = 0                    % of all, ever
}).

-opaque subscribers() :: #subscribers{}.
-type filter() :: fun((map()) -> term()) | undefined.

-spec new() -> subscribers().
new() -> #subscribers{}.

-spec is_full(pid(), subscribers()) -> boolean().
is_full(Pid, #subscribers{by_pid = ByPid}) ->
    map_size(ByPid) >= ?SUBSCRIBERS_MAX andalso not is_map_key(Pid, ByPid).

%% Subscribing again replaces.
-spec subscribe(pid(), [atom()], filter(), subscribers()) -> subscribers().
subscribe(Pid, Types, Filter, Subscribers) ->
    Subscriber = #subscriber{pid = Pid, types = lists:usort(Types), filter = Filter, monitor = erlang:monitor(process, Pid)},
    add(with_outlet(Subscriber), remove(Pid, Subscribers)).

with_outlet(#subscriber{pid = Pid, filter = Filter} = Subscriber) ->
    {Outlet, Monitor} = arsenal_outlet:start(Pid, Filter),
    Subscriber#subscriber{outlet = Outlet, outlet_monitor = Monitor, is_busy = false, is_slow = false, timer = none, told = 0}.

add(#subscriber{pid = Pid, outlet = Outlet} = Subscriber, #subscribers{by_pid = ByPid, outlets = Outlets} = Subscribers) ->
    Subscribers#subscribers{by_pid = ByPid#{Pid => Subscriber}, outlets = Outlets#{Outlet => Pid}}.

put_back(#subscriber{pid = Pid} = Subscriber, #subscribers{by_pid = ByPid} = Subscribers) ->
    Subscribers#subscribers{by_pid = ByPid#{Pid := Subscriber}}.

remove(Pid, #subscribers{by_pid = ByPid} = Subscribers) ->
    case ByPid of
        #{Pid := Subscriber} ->
            end_outlet(Subscriber),
            forget(Subscriber, Subscribers);
        _ -> Subscribers
    end.

forget(#subscriber{pid = Pid, monitor = Monitor, outlet = Outlet, timer = Timer}, Subscribers) ->
    erlang:demonitor(Monitor, [flush]),
    cancel(Timer),
    #subscribers{by_pid = ByPid, outlets = Outlets} = Subscribers,
    Subscribers#subscribers{by_pid = maps:remove(Pid, ByPid), outlets = maps:remove(Outlet, Outlets)}.

end_outlet(#subscriber{outlet = Outlet, outlet_monitor = Monitor}) ->
    erlang:demonitor(Monitor, [flush]),
    exit(Outlet, kill).

cancel(none) -> ok;
cancel(Timer) -> erlang:cancel_timer(Timer, [{async, true}, {info, false}]).

%% `later': From is answered when the outlet has ended, after which no event can come any more.
-spec unsubscribe(pid(), term(), subscribers()) -> {now | later, subscribers()}.
unsubscribe(Pid, From, #subscribers{by_pid = ByPid, leaving = Leaving} = Subscribers) ->
    case ByPid of
        #{Pid := #subscriber{is_busy = true, outlet = Outlet, outlet_monitor = Monitor} = Subscriber} ->
            exit(Outlet, kill),
            {later, forget(Subscriber, Subscribers#subscribers{leaving = Leaving#{Monitor => From}})};
        _ -> {now, remove(Pid, Subscribers)}
    end.

-spec publish(atom(), binary(), subscribers()) -> subscribers().
publish(Type, Data, #subscribers{by_pid = ByPid} = Subscribers) ->
    maps:fold(fun(_Pid, #subscriber{types = Types} = Subscriber, Sum) ->
                  case lists:member(Type, Types) orelse lists:member(all, Types) of
                      true -> offer({Type, Data}, Subscriber, Sum);
                      false -> Sum
                  end
              end, Subscribers, ByPid).

offer(Event, #subscriber{is_busy = false} = Subscriber, Subscribers) ->
    put_back(give([Event], Subscriber), Subscribers);
offer(Event, #subscriber{queue = Queue, queued = Queued, is_slow = Slow} = Subscriber, Subscribers) ->
    Longer = Subscriber#subscriber{queue = queue:in(Event, Queue), queued = Queued + 1},
    Max = case Slow of true -> ?SLOW_QUEUE_MAX; false -> ?QUEUE_MAX end,
    put_back_within(Max, Longer, Subscribers).

put_back_within(Max, #subscriber{queue = Queue, queued = Queued, dropped = Dropped} = Subscriber, #subscribers{dropped = All} = Subscribers)
  when Queued > Max ->
    Over = Queued - Max,
    {_Oldest, Kept} = queue:split(Over, Queue),
    put_back(Subscriber#subscriber{queue = Kept, queued = Max, dropped = Dropped + Over}, Subscribers#subscribers{dropped = All + Over});
put_back_within(_Max, Subscriber, Subscribers) ->
    put_back(Subscriber, Subscribers).

shortened(Subscriber, Subscribers) ->
    put_back_within(?SLOW_QUEUE_MAX, Subscriber#subscriber{is_slow = true}, Subscribers).

give(Events, #subscriber{outlet = Outlet, filter = Filter, dropped = Dropped} = Subscriber) ->
    arsenal_outlet:give(Outlet, Events, Dropped),
    Timer = case Filter of
                undefined -> none;
                _ -> erlang:start_timer(?FILTER_MS, self(), {filter, Outlet})
            end,
    Subscriber#subscriber{is_busy = true, timer = Timer, told = Dropped}.

%% What an outlet says of the events it has.
-spec reported(pid(), wanted | waiting | delivered | refused, subscribers()) -> subscribers().
reported(Outlet, waiting, #subscribers{outlets = Outlets, by_pid = ByPid} = Subscribers) ->
    case Outlets of
        #{Outlet := Pid} -> shortened(maps:get(Pid, ByPid), Subscribers);
        _ -> Subscribers
    end;
reported(Outlet, Report, #subscribers{outlets = Outlets, by_pid = ByPid} = Subscribers) ->
    case Outlets of
        #{Outlet := Pid} ->
            #subscriber{timer = Timer} = Subscriber = maps:get(Pid, ByPid),
            cancel(Timer),
            put_back(after_report(Report, Subscriber#subscriber{timer = none}), Subscribers);
        _ -> Subscribers
    end.

after_report(wanted, Subscriber) ->
    Subscriber;
after_report(delivered, #subscriber{dropped = Dropped, told = Told} = Subscriber) ->
    next(Subscriber#subscriber{dropped = Dropped - Told, told = 0, is_slow = false});
after_report(refused, Subscriber) ->
    next(Subscriber).

next(#subscriber{queued = 0} = Subscriber) ->
    Subscriber#subscriber{is_busy = false};
next(#subscriber{queue = Queue, queued = Queued, filter = Filter} = Subscriber) ->
    %% To a filter one at a time, for each is judged by itself.
    Count = case Filter of undefined -> min(Queued, ?BATCH); _ -> 1 end,
    {Events, Rest} = queue:split(Count, Queue),
    give(queue:to_list(Events), Subscriber#subscriber{queue = Rest, queued = Queued - Count}).

%% A filter took too long: its outlet is ended, and down/2 goes on.
-spec expired(reference(), pid(), subscribers()) -> subscribers().
expired(Timer, Outlet, #subscribers{outlets = Outlets, by_pid = ByPid} = Subscribers) ->
    case Outlets of
        #{Outlet := Pid} ->
            case maps:get(Pid, ByPid) of
                #subscriber{timer = Timer} = Subscriber ->
                    exit(Outlet, kill),
                    put_back(warned("took more than 5 s", Subscriber#subscriber{timer = none}), Subscribers);
                _ -> Subscribers
            end;
        _ -> Subscribers
    end.

warned(_What, #subscriber{is_warned = true} = Subscriber) ->
    Subscriber;
warned(What, #subscriber{pid = Pid} = Subscriber) ->
    logger:warning("arsenal: the event filter of ~p ~s: the event counts as refused (said once per subscription)", [Pid, What],
                   #{domain => [arsenal]}),
    Subscriber#subscriber{is_warned = true}.

%% A 'DOWN' message: of a subscriber, which is forgotten at once; of an outlet that its filter killed, which begins anew; of one that was ended:
%% then the callers are to be answered. `none': it is none of ours.
-spec down({'DOWN', reference(), process, pid(), term()}, subscribers()) -> none | {ok | {answer, term()}, subscribers()}.
down({'DOWN', Monitor, process, Pid, _Reason}, #subscribers{by_pid = ByPid, outlets = Outlets, leaving = Leaving} = Subscribers) ->
    case {Leaving, Outlets, ByPid} of
        {#{Monitor := From}, _, _} -> {{answer, From}, Subscribers#subscribers{leaving = maps:remove(Monitor, Leaving)}};
        {_, #{Pid := Owner}, _} -> {ok, renew(maps:get(Owner, ByPid), Subscribers)};
        {_, _, #{Pid := #subscriber{monitor = Monitor}}} -> {ok, remove(Pid, Subscribers)};
        _ -> none
    end.

renew(#subscriber{outlet = Outlet, timer = Timer} = Subscriber, #subscribers{outlets = Outlets} = Subscribers) ->
    cancel(Timer),
    Renewed = with_outlet(warned("ended its process", Subscriber)),
    add(next(Renewed), Subscribers#subscribers{outlets = maps:remove(Outlet, Outlets)}).

-spec close(subscribers()) -> ok.
close(#subscribers{by_pid = ByPid}) ->
    _ = [end_outlet(Subscriber) || Subscriber <- maps:values(ByPid)],
    ok.

-spec count(subscribers()) -> non_neg_integer().
count(#subscribers{by_pid = ByPid}) -> map_size(ByPid).

%% The types that anyone wants.
-spec types(subscribers()) -> [atom()].
types(#subscribers{by_pid = ByPid}) ->
    Wanted = lists:usort(lists:append([Types || #subscriber{types = Types} <- maps:values(ByPid)])),
    case lists:member(all, Wanted) of
        true -> ?TYPES;
        false -> Wanted
    end.

%% As the state shows them.
-spec described(subscribers()) -> [map()].
described(#subscribers{by_pid = ByPid}) ->
    [#{subscriber => Pid, event_types => Types, filter => case Filter of undefined -> nil; _ -> Filter end}
     || #subscriber{pid = Pid, types = Types, filter = Filter} <- maps:values(ByPid)].

-spec dropped(subscribers()) -> non_neg_integer().
dropped(#subscribers{dropped = Dropped}) -> Dropped.
