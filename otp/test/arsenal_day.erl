%% SPDX-License-Identifier: Apache-2.0
%%
%% A past for a server that has none, for tests and benchmarks: ticks as the probe sends them, in a row, from now on into the future (time never
%% goes backwards, and the engine's goes with its ticks). The server is started with a monitoring interval of an hour, so that the probe's own ticks do not
%% come in between.
-module(arsenal_day).

-export([options/0, live/3, live/4]).

-define(ASK_AFTER, 50).            % ticks; a router whose engine is behind leaves ticks out

options() -> [{monitoring_interval, 3600000}].

%% Count samples, StepMs apart; the times of the first and the last.
live(Server, StepMs, Count) ->
    live(Server, StepMs, Count, fun(N, _TimeMs, Metrics) -> [varied(Metric, N) || Metric <- Metrics] end).

%% The same, where a function says what each sample is: of its number, from 0 on, its time, and the metrics of this node, [{Name, Value}], it makes those
%% of the sample; and it may report what restarted just then.
live(Server, StepMs, Count, Moment) ->
    Tick = real_tick(Server),
    First = erlang:system_time(millisecond) + 60000,
    send(Server, Tick, Moment, First, StepMs, 0, Count),
    {First, First + (Count - 1) * StepMs}.

%% What the probe says of this node, of a watcher of our own.
real_tick(Server) ->
    until_attached(Server),
    {ok, Holder, _} = arsenal_probe:attach(self(), #{interval => 1000, packaged => true}),
    Tick = receive {arsenal_tick, _, _, _, _, _} = Sent -> Sent after 10000 -> error(no_tick) end,
    Holder ! {detach, self()},
    forget_probe(),
    Tick.

until_attached(Server) ->
    case arsenal:get_server_stats(Server) of
        {ok, #{performance_samples := Samples}} when Samples > 0 -> ok;
        _ -> receive after 10 -> until_attached(Server) end
    end.

forget_probe() ->
    receive
        Message when is_tuple(Message), element(1, Message) =:= arsenal_tick; element(1, Message) =:= arsenal_survey;
                     element(1, Message) =:= arsenal_notice; element(1, Message) =:= arsenal_capture -> forget_probe()
    after 0 -> ok
    end.

send(_Server, _Tick, _Moment, _TimeMs, _StepMs, Count, Count) -> ok;
send(Server, {arsenal_tick, _, _, Metrics, Schedulers, Top} = Tick, Moment, TimeMs, StepMs, N, Count) ->
    Server ! {arsenal_tick, 1000000 + N, TimeMs, Moment(N, TimeMs, [up(Metric, N * StepMs) || Metric <- Metrics]), [ran(Scheduler, N, StepMs) || Scheduler <- Schedulers],
              case N rem 12 of 0 -> Top; _ -> [] end},
    N rem ?ASK_AFTER =/= 0 orelse gen_server:call(Server, get_server_stats, 60000),
    send(Server, Tick, Moment, TimeMs + StepMs, StepMs, N + 1, Count).

%% The VM is up all the time.
up({wallclock_ms, Ms}, Since) -> {wallclock_ms, Ms + Since};
up(Metric, _) -> Metric.

%% Counters grow, levels stray, by up to a percent.
varied({Name, Value}, N) when is_integer(Value), Value > 1000, Name =/= wallclock_ms -> {Name, Value + N * (Value div 100000) + rand:uniform(1 + Value div 100)};
varied({Name, Value}, _) when is_float(Value) -> {Name, Value * (1 + rand:uniform() / 100)};
varied(Metric, _) -> Metric.

ran({Id, Active, Total}, N, StepMs) ->
    {Id, Active + N * StepMs * 100 + rand:uniform(StepMs * 100), Total + (N + 1) * StepMs * 1000}.
