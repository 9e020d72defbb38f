%% SPDX-License-Identifier: Apache-2.0
%%
%% The router with a fake engine (fake_engine.erl), which can be told to end, to pause, and to send events.
-module(arsenal_server_tests).
-include_lib("eunit/include/eunit.hrl").

-export([hold/0]).

-import(arsenal_testing, [start/1, stop/1, stats/1, total/1, until/1, until/2, burst/3, flush/0, kill_engine/1]).

all_test_() ->
    {setup, fun arsenal_testing:fake/0, fun(_) -> arsenal_testing:clean() end,
     fun(Fake) -> [{Name, {timeout, 60, fun() -> arsenal_testing:silent(fun() -> Test(Fake) end) end}} || {Name, Test} <- tests()] end}.

tests() ->
    [{"starts as any gen_server", fun starts/1}, {"wrong starts", fun wrong_starts/1}, {"ends with its parent", fun ends_with_parent/1},
     {"calls", fun calls/1}, {"a call sees the casts before it", fun order/1}, {"a burst of casts", fun burst_of_casts/1},
     {"an answer in parts", fun answer_in_parts/1}, {"nobody waits for it any more", fun abandoned/1},
     {"the engine ends in the middle of it", fun half_an_answer/1}, {"too many of them", fun too_much_history/1},
     {"too many casts are folded", fun folded/1}, {"stop hands over what there is", fun stop_drains/1},
     {"the engine is killed", fun killed/1}, {"killed again and again, with a store", fun killed_often/1},
     {"a cast that ends the engine", fun poison/1}, {"the program is gone for a while", fun program_gone/1},
     {"sys", fun sys_messages/1}, {"suspended", fun suspended/1}, {"overloaded", fun overloaded/1},
     {"subscriptions", fun subscriptions/1}, {"a subscriber ends", fun subscriber_ends/1}, {"a slow subscriber", fun slow_subscriber/1},
     {"filters that fail", fun failing_filters/1}, {"a filter that loops", fun looping_filter/1}, {"a subscriber on another node", fun remote_subscriber/1},
     {"what the probe says of its capture", fun capture/1}, {"the probe", fun probe/1},
     {"the probe waits for a suspended router", fun probe_waits/1}].

%%% starting

starts(Fake) ->
    {ok, Named} = arsenal:start_link([{engine, Fake}, {monitoring_interval, 1}]),
    ?assertEqual(Named, whereis(arsenal:name())),
    ?assertEqual({error, {already_started, Named}}, arsenal:start_link([{engine, Fake}])),
    {ok, Second} = arsenal:start_link(#{engine => Fake, name => second}),
    {ok, Third} = gen_server:start_link(arsenal_server, [{engine, Fake}], []),
    {ok, Fourth} = arsenal:start_link([{engine, Fake}, {name, {global, fourth}}]),
    ok = arsenal:track_restart(second, a, b, c),
    ?assertMatch({ok, #{total_restarts := 1}}, arsenal:get_restart_statistics(second, a)),
    ?assertMatch({ok, #{total_restarts := 0}}, arsenal:get_restart_statistics()),
    ?assertMatch({ok, #{total_restarts := 0}}, arsenal:get_restart_statistics({global, fourth}, a)),
    #{init := #{node := Node, interval := 1, session := Session}} = stats(Named),
    ?assertEqual(node(), Node),
    ?assertNotEqual(Session, maps:get(session, maps:get(init, stats(Third)))),
    [begin unlink(Server), ok = arsenal:stop(Server) end || Server <- [Named, Second, Third, Fourth]],
    ?assertEqual(undefined, whereis(second)),
    until(fun() -> whereis(arsenal_probe) =:= undefined end).

wrong_starts(Fake) ->
    {error, {bad_option, <<"option monitoring_interval", _/binary>>}} = gen_server:start(arsenal_server, [{monitoring_interval, 0}], []),
    {error, {bad_option, _}} = gen_server:start(arsenal_server, nonsense, []),
    {error, {engine, Missing}} = gen_server:start(arsenal_server, [{engine, "/nowhere/arsenal"}], []),
    ?assertMatch({match, _}, re:run(Missing, "/nowhere/arsenal")),
    {error, {engine, <<"the address is taken">>}} = gen_server:start(arsenal_server, [{engine, Fake}, {http, "fatal"}], []),
    {error, {engine, _}} = gen_server:start(arsenal_server, [{engine, "/bin/false"}], []),
    {error, {engine, _}} = gen_server:start(arsenal_server, [{engine, "/etc/passwd"}], []),
    ?assertError(badarg, arsenal:start_link([{monitoring_interval, 0}])),
    ?assertError(badarg, arsenal:child_spec([{nonsense, 0}])),
    #{id := x, start := {arsenal, start_link, [_]}} = arsenal:child_spec([{name, x}]).

ends_with_parent(Fake) ->
    Me = self(),
    Parent = spawn(fun() ->
                       {ok, Server} = arsenal:start_link([{engine, Fake}]),
                       Me ! {server, Server},
                       receive stop -> exit(enough) end
                   end),
    Server = receive {server, Pid} -> Pid end,
    Monitor = erlang:monitor(process, Server),
    #{engine_os_pid := OsPid} = stats(Server),
    Server ! {'EXIT', self(), no_parent},
    _ = stats(Server),
    Parent ! stop,
    receive {'DOWN', Monitor, process, Server, Reason} -> ?assertEqual(enough, Reason) end,
    until(fun() -> os:cmd("kill -0 " ++ integer_to_list(OsPid)) =/= "" end).

%%% calls and casts

calls(Fake) ->
    Server = start([{engine, Fake}]),
    ?assertMatch({ok, #{request := get_performance_metrics}}, gen_server:call(Server, get_performance_metrics)),
    ?assertMatch({ok, #{request := get_memory_account}}, gen_server:call(Server, get_memory_account)),
    ?assertMatch({ok, #{request := get_system_health}}, arsenal:get_system_health(Server)),
    ?assertMatch({ok, #{request := get_patterns}}, arsenal:get_patterns(Server)),
    ?assertMatch({ok, #{request := get_incidents}}, arsenal:get_incidents(Server)),
    ?assertMatch({ok, #{request := predict_failures}}, arsenal:predict_failures(Server)),
    ?assertMatch({ok, #{request := plan_capacity}}, arsenal:plan_capacity(Server)),
    ?assertMatch({ok, #{request := {top_processes, memory, 3}}}, arsenal:top_processes(Server, [{by, memory}, {n, 3}])),
    ?assertMatch({ok, #{request := {top_processes, message_queue, 10}}}, gen_server:call(Server, {top_processes, []})),
    ?assertError(badarg, arsenal:top_processes(Server, [{by, size}])),
    ?assertEqual({error, unknown_call}, gen_server:call(Server, nonsense)),
    ?assertEqual({error, unknown_call}, gen_server:call(Server, {get_historical_data, 1})),
    {error, {bad_argument, Text}} = gen_server:call(Server, {get_historical_data, 2, 1}),
    ?assertEqual(<<"the end 1 is before the start 2">>, Text),
    [{error, {bad_argument, _}} = gen_server:call(Server, Bad) || Bad <- [{subscribe_to_events, self(), [nonsense], nil},
         {subscribe_to_events, self(), [all | x], nil}, {subscribe_to_events, me, [all], nil}, {subscribe_to_events, self(), [all], yes},
         {unsubscribe_from_events, me}, {get_historical_data, a, 1}, {top_processes, [{n, 0}]}]],
    [Server ! Stray || Stray <- [nonsense, {timeout, make_ref(), reopen}, {arsenal_restarts, -1, []}, {arsenal_restarts, 0, [a | b]},
         {arsenal_capture, 1, 2, 3}, {outlet, self(), delivered}, {attached, self(), x}, {'DOWN', make_ref(), process, self(), x}, {'EXIT', self(), x}]],
    [gen_server:cast(Server, Stray) || Stray <- [nonsense, {track_restart, a}, {track_restart, a, b, c, d}, {track_wrapped, 1, 2, 3}, {}]],
    %% Large answers are decoded by others, whichever way they were asked for.
    {ok, #{metrics := Metrics}} = gen_server:call(Server, {get_historical_data, 1, 2}),
    ?assertEqual(5000, length(Metrics)),
    ?assertMatch({ok, #{metrics := Metrics}}, arsenal:get_historical_data(Server, 1, 2)),
    ?assertEqual({reply, 0}, begin
                                 Request = gen_server:send_request(Server, {get_restart_statistics, nil}),
                                 {reply, {ok, #{total_restarts := N}}} = gen_server:wait_response(Request, 5000),
                                 {reply, N}
                             end),
    ?assertMatch(#{active_subscriptions := 0, calls_waiting := 0, casts_unconfirmed := 0, engine_restarts := 0}, stats(Server)),
    stop(Server).

%% Parts come between other answers. The router keeps them; it decodes nothing, for whichever caller.
answer_in_parts(Fake) ->
    Server = start([{engine, Fake}]),
    Me = self(),
    Raw = gen_server:send_request(Server, {get_historical_data, 777, 200000}),
    Binary = gen_server:send_request(Server, {arsenal_binary, {get_historical_data, 777, 300000}}),
    spawn_link(fun() -> Me ! {mine, arsenal:get_historical_data(Server, 777, 400000)} end),
    until(fun() -> maps:get(owed, stats(Server)) =:= 3 end),
    %% Not one of them is whole, and the next call is answered all the same.
    [?assertMatch(timeout, gen_server:wait_response(Request, 0)) || Request <- [Raw, Binary]],
    until(fun() -> maps:get(owed, stats(Server)) =:= 0 end),
    {reply, {ok, #{metrics := RawList}}} = gen_server:wait_response(Raw, 5000),
    ?assertEqual(lists:seq(1, 200000), RawList),
    {reply, [_ | _] = Parts} = gen_server:wait_response(Binary, 5000),
    ?assertEqual(10, length(Parts)),
    ?assertEqual({ok, #{metrics => lists:seq(1, 300000)}}, binary_to_term(iolist_to_binary(Parts))),
    receive {mine, Mine} -> ?assertEqual({ok, #{metrics => lists:seq(1, 400000)}}, Mine) end,
    ?assertMatch(#{calls_waiting := 0, cancelled := []}, stats(Server)),
    ?assertEqual(0, watched_callers(Server)),
    stop(Server).

watched_callers(Server) ->
    {monitors, Monitors} = process_info(Server, monitors),
    length([Pid || {process, Pid} <- Monitors, Pid =/= whereis(arsenal_probe)]).

abandoned(Fake) ->
    Server = start([{engine, Fake}]),
    Caller = spawn(fun() -> arsenal:get_historical_data(Server, 777, 1000) end),
    until(fun() -> maps:get(owed, stats(Server)) =:= 1 end),
    exit(Caller, kill),
    until(fun() -> length(maps:get(cancelled, stats(Server))) =:= 1 end),
    ?assertMatch(#{owed := 0, calls_waiting := 0}, stats(Server)),
    %% One that waited long enough. Its other requests, that it sent by itself, are not given up.
    Raw = gen_server:send_request(Server, {get_historical_data, 777, 1000}),
    ?assertExit({timeout, _}, arsenal_server:call(Server, {get_historical_data, 777, 1000}, 1)),
    until(fun() -> length(maps:get(cancelled, stats(Server))) =:= 2 end),
    until(fun() -> maps:get(owed, stats(Server)) =:= 0 end),
    ?assertMatch({reply, {ok, #{metrics := [_ | _]}}}, gen_server:wait_response(Raw, 5000)),
    ?assertEqual(2, length(maps:get(cancelled, stats(Server)))),
    ?assertEqual(0, watched_callers(Server)),
    _ = flush(),
    stop(Server).

half_an_answer(Fake) ->
    Server = start([{engine, Fake}]),
    Requests = [gen_server:send_request(Server, {get_historical_data, 777, 1000}) || _ <- [1, 2]],
    until(fun() -> maps:get(owed, stats(Server)) =:= 2 end),
    kill_engine(Server),
    [?assertEqual({reply, {error, engine_restarting}}, gen_server:wait_response(Request, 10000)) || Request <- Requests],
    0 = total(Server),
    ?assertMatch(#{calls_waiting := 0, owed := 0}, stats(Server)),
    ?assertEqual(0, watched_callers(Server)),
    stop(Server).

too_much_history(Fake) ->
    Server = start([{engine, Fake}]),
    ok = arsenal:track_restart(Server, s, c, {mute, 500}),
    Requests = [gen_server:send_request(Server, {get_historical_data, 777, 1000}) || _ <- lists:seq(1, 70)],
    {Taken, Refused} = lists:split(64, Requests),
    [?assertEqual({reply, {error, overloaded}}, gen_server:wait_response(Request, 10000)) || Request <- Refused],
    _ = [stats(Server) || _ <- lists:seq(1, 640)],
    [?assertMatch({reply, {ok, #{metrics := [_ | _]}}}, gen_server:wait_response(Request, 10000)) || Request <- Taken],
    ?assertMatch({ok, _}, arsenal:get_historical_data(Server, 1, 2)),
    stop(Server).

order(Fake) ->
    Server = start([{engine, Fake}]),
    [begin
         ok = arsenal:track_restart(Server, s, c, I),
         gen_server:cast(Server, {track_restart, s, c, I}),
         ?assertEqual(2 * I, total(Server))
     end || I <- lists:seq(1, 100)],
    Huge = lists:duplicate(1000000, huge),
    ok = arsenal:track_restart(Server, Huge, [a | b], #{fun() -> Huge end => binary:copy(<<"x">>, 1000000)}),
    gen_server:cast(Server, {track_restart, Huge, Huge, fun() -> Huge end}),
    {ok, #{total_restarts := 2, kinds := [{{{x, Key}, _, {x, _}}, 1} | _]}} = arsenal:get_restart_statistics(Server, Huge),
    ?assert(byte_size(Key) < 2000),
    ?assertMatch({ok, #{total_restarts := 2}}, gen_server:call(Server, {get_restart_statistics, Huge})),
    stop(Server).

burst_of_casts(Fake) ->
    Server = start([{engine, Fake}]),
    burst(100, 1000, fun(I) -> arsenal:track_restart(Server, s, I rem 10, killed) end),
    until(fun() -> total(Server) =:= 100000 end),
    until(fun() -> maps:get(casts_unconfirmed, stats(Server)) =:= 0 end),
    stop(Server).

folded(Fake) ->
    Server = start([{engine, Fake}]),
    ok = arsenal:track_restart(Server, s, c, {mute, 2000}),
    burst(10, 20000, fun(I) -> arsenal:track_restart(Server, s, c, I rem 5000) end),
    until(fun() -> total(Server) =:= 200001 end),
    until(fun() -> maps:get(casts_unconfirmed, stats(Server)) =:= 0 end),
    ?assert(maps:get(casts_folded, stats(Server)) > 0),
    ?assertEqual(200001, total(Server)),
    stop(Server).

stop_drains(Fake) ->
    Store = filename:join(arsenal_testing:folder(), "store"),
    Server = start([{engine, Fake}, {store, Store}]),
    [arsenal:track_restart(Server, s, c, r) || _ <- lists:seq(1, 20000)],
    stop(Server),
    until(fun() ->
              {ok, Binary} = file:read_file(Store),
              {_, Last, _} = binary_to_term(Binary),
              Last =:= 20000
          end).

%%% the engine's deaths

killed(Fake) ->
    Server = start([{engine, Fake}]),
    ok = arsenal:subscribe_to_events(Server, [restart], nil),
    OsPid = kill_engine(Server),
    until(fun() ->
              case arsenal:get_server_stats(Server) of
                  {ok, #{engine_restarts := 1, engine_os_pid := New, told_subscriptions := 1, attached := #{}}} -> New =/= OsPid;
                  {ok, _} -> false;
                  {error, engine_restarting} -> false
              end
          end),
    ok = arsenal:track_restart(Server, s, c, {event, restart, #{n => 1}}),
    receive {arsenal_analytics_event, restart, #{n := 1}} -> ok end,
    %% Those who wait are told.
    ok = arsenal:track_restart(Server, s, c, {mute, 10000}),
    Request = gen_server:send_request(Server, get_system_health),
    "" = os:cmd("kill -9 " ++ integer_to_list(maps:get(engine_os_pid, element(2, sys_stats(Server))))),
    {reply, {error, engine_restarting}} = gen_server:wait_response(Request, 5000),
    stop(Server).

%% The router's part of the statistics, without the engine.
sys_stats(Server) ->
    {status, _, _, [_, _, _, _, Status]} = sys:get_status(Server),
    {ok, proplists:get_value("Router", lists:append([Data || {data, Data} <- Status]))}.

killed_often(Fake) ->
    Store = filename:join(arsenal_testing:folder(), "store"),
    Server = start([{engine, Fake}, {store, Store}]),
    Casters = [spawn_monitor(fun() -> [begin arsenal:track_restart(Server, s, c, I rem 100), receive after 1 -> ok end end || I <- lists:seq(1, 1000)] end)
               || _ <- lists:seq(1, 10)],
    [kill_engine(Server) || _ <- lists:seq(1, 10)],
    [receive {'DOWN', Monitor, process, _, normal} -> ok end || {_, Monitor} <- Casters],
    ?assertEqual(10000, total(Server)),
    ?assertMatch(#{engine_restarts := 10, casts_set_aside := 0}, stats(Server)),
    stop(Server).

poison(Fake) ->
    Store = filename:join(arsenal_testing:folder(), "store"),
    Server = start([{engine, Fake}, {store, Store}]),
    [arsenal:track_restart(Server, s, c, case I of 300 -> halt; _ -> fine end) || I <- lists:seq(1, 500)],
    until(fun() -> maps:get(casts_set_aside, element(2, sys_stats(Server))) =:= 1 end, 30000),
    ?assertEqual(500, total(Server)),
    {ok, #{total_restarts := Described}} = arsenal:get_restart_statistics(Server, s),
    ?assertEqual(499, Described),
    stop(Server).

program_gone(Fake) ->
    Program = arsenal_testing:fake(),
    Server = start([{engine, Program}]),
    ok = file:rename(Program, Program ++ ".away"),
    kill_engine(Server),
    until(fun() -> arsenal:get_server_stats(Server) =:= {error, engine_restarting} end),
    ok = arsenal:track_restart(Server, s, c, r),
    ?assertMatch(#{'__struct__' := 'Elixir.Arsenal.AnalyticsServer', restart_history := [], last_health_check := nil, monitoring_interval := 5000},
                 sys:get_state(Server)),
    ok = arsenal:subscribe_to_events(Server, [all], nil),
    ok = file:rename(Program ++ ".away", Program),
    ?assertEqual(1, total(Server)),
    ?assertMatch(#{told_subscriptions := 1}, stats(Server)),
    stop(Server),
    ?assertNotEqual(Fake, Program).

%%% sys

sys_messages(Fake) ->
    Server = start([{engine, Fake}]),
    ok = arsenal:track_restart(Server, s, c, r),
    Filter = fun(_) -> true end,
    ok = arsenal:subscribe_to_events(Server, [anomaly], Filter),
    Me = self(),
    ?assertMatch(#{'__struct__' := 'Elixir.Arsenal.AnalyticsServer', restart_history := [_], monitoring_interval := 5000,
                   event_subscriptions := [#{subscriber := Me, event_types := [anomaly], filter := Filter}]}, sys:get_state(Server)),
    {status, Server, {module, arsenal_server}, [_, running, _, _, [{header, _} | _]]} = sys:get_status(Server),
    ?assertMatch(#{restart_history := [_]}, sys:replace_state(Server, fun(Same) -> Same end)),
    ?assertError({callback_failed, _, _}, sys:replace_state(Server, fun(State) -> State#{monitoring_interval := 1} end)),
    ok = sys:statistics(Server, true),
    ok = sys:log(Server, true),
    ok = arsenal:track_restart(Server, s, c, r),
    _ = stats(Server),
    {ok, Statistics} = sys:statistics(Server, get),
    ?assert(proplists:get_value(messages_in, Statistics) >= 2),
    ok = sys:no_debug(Server),
    ok = sys:suspend(Server),
    ok = sys:change_code(Server, arsenal_server, undefined, []),
    ok = sys:resume(Server),
    stop(Server).

suspended(Fake) ->
    Server = start([{engine, Fake}]),
    ok = arsenal:track_restart(Server, s, c, r),
    ok = sys:suspend(Server),
    ok = sys:suspend(Server),
    ?assertMatch(#{restart_history := [_]}, sys:get_state(Server)),
    burst(10, 100, fun(_) -> arsenal:track_restart(Server, s, c, r) end),
    Request = gen_server:send_request(Server, {get_restart_statistics, nil}),
    timeout = gen_server:wait_response(Request, 50),
    ok = sys:resume(Server),
    {reply, {ok, #{total_restarts := _}}} = gen_server:wait_response(Request, 5000),
    until(fun() -> total(Server) =:= 1001 end),
    stop(Server).

overloaded(Fake) ->
    Server = start([{engine, Fake}]),
    ok = arsenal:track_restart(Server, s, c, {mute, 1000}),
    Requests = [gen_server:send_request(Server, get_system_health) || _ <- lists:seq(1, 10010)],
    Answers = [begin {reply, Answer} = gen_server:wait_response(Request, 10000), element(1, Answer) end || Request <- Requests],
    ?assertEqual(10, length([x || error <- Answers])),
    stop(Server).

%%% subscribers

event(Server, Type, Map) ->
    arsenal:track_restart(Server, s, c, {event, Type, Map}).

events() ->
    [Event || {arsenal_analytics_event, _, Event} <- flush()].

subscriptions(Fake) ->
    Server = start([{engine, Fake}]),
    ok = arsenal:subscribe_to_events(Server, [restart, anomaly], nil),
    ?assertMatch(#{told_types := [anomaly, restart], active_subscriptions := 1}, stats(Server)),
    [event(Server, Type, #{type => Type}) || Type <- [health_alert, performance_alert, anomaly, restart]],
    receive {arsenal_analytics_event, restart, #{type := restart}} -> ok end,
    ?assertEqual([#{type => anomaly}], events()),
    %% Once more replaces.
    ok = arsenal:subscribe_to_events(Server, [all], fun(#{n := N}) -> N rem 2 =:= 0 end),
    ?assertMatch(#{told_types := [restart, health_alert, performance_alert, anomaly], active_subscriptions := 1}, stats(Server)),
    [event(Server, health_alert, #{n => N}) || N <- lists:seq(1, 10)],
    receive {arsenal_analytics_event, health_alert, #{n := 10}} -> ok end,
    ?assertEqual([#{n => 2}, #{n => 4}, #{n => 6}, #{n => 8}], events()),
    ok = arsenal:unsubscribe_from_events(Server),
    ok = arsenal:unsubscribe_from_events(Server),
    ?assertMatch(#{told_subscriptions := 0, told_types := [], active_subscriptions := 0}, stats(Server)),
    event(Server, restart, #{}),
    _ = total(Server),
    ?assertEqual([], flush()),
    %% No event after the answer, even if the outlet is at work.
    ok = arsenal:subscribe_to_events(Server, [restart], fun(_) -> receive after 10 -> true end end),
    [event(Server, restart, #{n => N}) || N <- lists:seq(1, 100)],
    receive {arsenal_analytics_event, restart, #{n := 1}} -> ok end,
    ok = arsenal:unsubscribe_from_events(Server),
    _ = flush(),
    _ = total(Server),
    ?assertEqual([], flush()),
    stop(Server).

subscriber_ends(Fake) ->
    Server = start([{engine, Fake}]),
    Subscriber = spawn(fun() -> ok = arsenal:subscribe_to_events(Server, [all]  , nil), receive stop -> ok end end),
    until(fun() -> maps:get(active_subscriptions, stats(Server)) =:= 1 end),
    Subscriber ! stop,
    until(fun() -> maps:get(told_subscriptions, stats(Server)) =:= 0 end),
    ?assertMatch(#{event_subscriptions := []}, sys:get_state(Server)),
    %% A dead one can be subscribed, too: it is gone at once.
    ok = gen_server:call(Server, {subscribe_to_events, Subscriber, [all], nil}),
    until(fun() -> maps:get(active_subscriptions, stats(Server)) =:= 0 end),
    ?assertEqual(1, length([x || {monitors, Monitors} <- [process_info(Server, monitors)], {process, _} <- Monitors])),    % the probe's holder
    stop(Server).

hold() ->
    receive {hold, From} -> From ! {queue, [Event || {arsenal_analytics_event, restart, Event} <- flush()]}, hold() end.

%% A subscriber that takes nothing: its queue stays short, ours is bounded, what is lost is told.
slow_subscriber(Fake) ->
    Server = start([{engine, Fake}]),
    Slow = spawn(?MODULE, hold, []),
    ok = gen_server:call(Server, {subscribe_to_events, Slow, [restart], nil}),
    [event(Server, restart, #{n => N}) || N <- lists:seq(1, 5000)],
    5000 = total(Server),
    until(fun() -> {message_queue_len, Length} = process_info(Slow, message_queue_len), Length > 1000 end),
    #{events_dropped := Dropped} = stats(Server),
    ?assert(Dropped >= 2000),
    {message_queue_len, Length} = process_info(Slow, message_queue_len),
    ?assert(Length =< 1002),
    Got = taken(Slow, 5000),
    ?assertEqual(5000, length(Got) + lists:sum([maps:get(dropped, Event, 0) || Event <- Got])),
    ?assertEqual(Dropped, lists:sum([maps:get(dropped, Event, 0) || Event <- Got])),
    exit(Slow, kill),
    stop(Server).

%% Takes until the last event is there.
taken(Slow, Last) ->
    Slow ! {hold, self()},
    receive
        {queue, Events} ->
            case Events =/= [] andalso maps:get(n, lists:last(Events)) =:= Last of
                true -> Events;
                false ->
                    receive after 20 -> ok end,
                    Events ++ taken(Slow, Last)
            end
    end.

failing_filters(Fake) ->
    Server = start([{engine, Fake}]),
    Filters = [fun(#{n := 1}) -> error(no); (_) -> true end,
               fun(#{n := 1}) -> exit(no); (_) -> yes end,
               fun(#{n := 1}) -> throw(no); (_) -> true end,
               fun(#{n := 1}) -> exit(self(), kill), receive never -> ok end; (_) -> true end,
               fun(#{n := 1}) -> exit(self(), normal), receive never -> ok end; (_) -> true end,
               fun(#{n := 1}) -> unlink(Server), exit(self(), kill), receive never -> ok end; (_) -> true end,
               fun(#{n := 1}) -> spawn_link(fun() -> exit(no) end), receive never -> ok end; (_) -> true end,
               fun(#{n := 1}) -> self() ! {arsenal_give, x}, self() ! stray, nil; (_) -> true end],
    [begin
         ok = arsenal:subscribe_to_events(Server, [restart], Filter),
         [event(Server, restart, #{n => N}) || N <- [1, 2]],
         receive {arsenal_analytics_event, restart, Event} -> ?assertEqual(#{n => 2}, Event) end
     end || Filter <- Filters],
    %% One that takes all memory ends alone.
    ok = arsenal:subscribe_to_events(Server, [restart], fun(#{n := 1}) -> length(lists:seq(1, 100000000)); (_) -> true end),
    [event(Server, restart, #{n => N}) || N <- [1, 2]],
    receive {arsenal_analytics_event, restart, #{n := 2}} -> ok end,
    ?assertEqual([], flush()),
    stop(Server).

looping_filter(Fake) ->
    Server = start([{engine, Fake}]),
    Loop = fun Loop() -> Loop() end,
    Other = spawn(?MODULE, hold, []),
    ok = gen_server:call(Server, {subscribe_to_events, Other, [restart], nil}),
    ok = arsenal:subscribe_to_events(Server, [restart], fun(#{n := 1}) -> Loop(); (_) -> true end),
    [event(Server, restart, #{n => N}) || N <- [1, 2]],
    %% The other subscriber is not kept waiting.
    until(fun() -> process_info(Other, message_queue_len) =:= {message_queue_len, 2} end, 1000),
    receive {arsenal_analytics_event, restart, #{n := 2}} -> ok end,
    exit(Other, kill),
    stop(Server).

remote_subscriber(Fake) ->
    Server = start([{engine, Fake}]),
    _ = os:cmd("epmd -daemon"),
    Started = case node() of
                  nonode@nohost -> {ok, _} = net_kernel:start(['arsenal_test@127.0.0.1', longnames]), true;
                  _ -> false
              end,
    {ok, Peer, Node} = peer:start_link(#{name => peer:random_name(), host => "127.0.0.1", connection => standard_io,
                                         args => ["-pa", filename:dirname(code:which(?MODULE)), "-setcookie", atom_to_list(erlang:get_cookie())]}),
    Remote = peer:call(Peer, erlang, spawn, [?MODULE, hold, []]),
    pong = net_adm:ping(Node),
    RemotePid = erpc:call(Node, fun() -> hd([Pid || Pid <- processes(), element(2, process_info(Pid, current_function)) =:= {?MODULE, hold, 0}]) end),
    ?assert(is_pid(Remote)),
    ok = gen_server:call(Server, {subscribe_to_events, RemotePid, [restart], nil}),
    [event(Server, restart, #{n => N}) || N <- lists:seq(1, 5000)],
    5000 = total(Server),
    until(fun() -> maps:get(events_dropped, stats(Server)) > 0 end),
    {message_queue_len, Length} = erpc:call(Node, erlang, process_info, [RemotePid, message_queue_len]),
    ?assert(Length =< 1200),
    peer:stop(Peer),
    until(fun() -> maps:get(active_subscriptions, stats(Server)) =:= 0 end),
    stop(Server),
    Started andalso net_kernel:stop().

%%% the probe

tick(Server) ->
    {ok, #{tick := Tick}} = arsenal:get_system_health(Server),
    Tick.

%% A new engine is told of it, too, and it outlives an answer to the attach that comes later.
capture(Fake) ->
    Server = start([{engine, Fake}]),
    Server ! {arsenal_capture, blind, none, <<"not seen">>},
    kill_engine(Server),
    until(fun() -> attached_note(Server) =:= <<"not seen">> end),
    ok = sys:suspend(Server),
    exit(whereis(arsenal_probe), kill),
    until(fun() -> whereis(arsenal_probe) =:= undefined end),
    {ok, Holder, _} = arsenal_probe:attach(self(), #{packaged => true}),
    true = erlang:suspend_process(Holder),
    ok = sys:resume(Server),
    until(fun() ->
              {messages, Messages} = process_info(Holder, messages),
              [attach || {attach, _, Watcher, _} <- Messages, Watcher =:= Server] =:= [attach]
          end),
    Server ! {arsenal_capture, partial, trace, <<"some are not">>},
    _ = stats(Server),
    true = erlang:resume_process(Holder),
    until(fun() -> attached_note(Server) =:= <<"some are not">> end),
    Holder ! {detach, self()},
    stop(Server),
    _ = flush().

attached_note(Server) ->
    case arsenal:get_server_stats(Server) of
        {ok, #{attached := #{capture_note := Note}}} -> Note;
        _ -> none
    end.

probe(Fake) ->
    Server = start([{engine, Fake}, {monitoring_interval, 20}]),
    until(fun() -> tick(Server) =/= none end),
    {arsenal_tick, First, _, Metrics, _, _} = tick(Server),
    %% The first tick comes with a walk.
    ?assert(is_number(proplists:get_value(mq_max, Metrics))),
    until(fun() -> element(2, tick(Server)) >= First + 10 end),
    %% Its holder may die.
    exit(whereis(arsenal_probe), kill),
    until(fun() -> element(2, tick(Server)) < 10 end),
    ok = arsenal:force_health_check(Server),
    until(fun() -> element(2, tick(Server)) >= 3 end),
    stop(Server),
    {file, _} = code:is_loaded(arsenal_probe),
    until(fun() -> not lists:keymember(arsenal_probe, 1, maps:get(filters, logger:get_primary_config())) end).

%% A packaged probe and its watcher are on one node: a suspended router gets neither ticks nor restarts without end, and is not cut off.
probe_waits(Fake) ->
    Server = start([{engine, Fake}, {monitoring_interval, 20}]),
    until(fun() -> tick(Server) =/= none end),
    ok = sys:suspend(Server),
    {ok, Holder, _} = arsenal_probe:attach(self(), #{interval => 20}),
    Restart = {restart, {0, child_terminated, s, Server, {t, c}, undefined, {t, r}, {t, permanent}, undefined}},
    [Holder ! Restart || _ <- lists:seq(1, 5000)],
    ticks(Holder, 30),
    {messages, Messages} = process_info(Server, messages),
    ?assertEqual(1, length([Tick || Tick <- Messages, element(1, Tick) =:= arsenal_tick])),
    ?assert(lists:sum([length(Restarts) || {arsenal_restarts, _, Restarts} <- Messages]) =< 3000),
    Holder ! {detach, self()},
    ok = sys:resume(Server),
    until(fun() -> total(Server) =:= 5000 end),
    stop(Server),
    _ = flush().

%% Another watcher's ticks tell the time.
ticks(_Holder, 0) -> ok;
ticks(Holder, Left) ->
    receive
        {arsenal_tick, Seq, _, _, _, _} ->
            Holder ! {ack, self(), Seq},
            ticks(Holder, Left - 1)
    end.
