%% SPDX-License-Identifier: Apache-2.0
%%
%% What the server in an application costs its callers, beside a plain gen_server in the same run (the floor), with few and with many
%% processes in the VM:
%%
%%     casts    100 processes send 1,000 track_restart each: what a cast costs its caller, how fast they are taken in, how many are lost
%%     calls    one caller, one after another
%%     history  a day at 5 s: what it costs the engine and its caller, and how long other callers wait at most while it is under way; the floor is a
%%              gen_server that has such a day as a term and copies it to its caller
%%     restart  from the kill of a child to its event at a subscriber; the floor is a monitor's 'DOWN'
%%
%% scripts/bench_embedded.sh runs it. CPU is that of the VM and of the engine; latencies are wall time, for that is what callers feel.
-module(bench_embedded).
-behaviour(gen_server).

-export([main/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).          % the floor
-export([start_child/0]).

-define(CASTERS, 100).
-define(CASTS, 1000).
-define(CALLS, 5000).
-define(KILLS, 500).
-define(DAY, 17280).                % samples, 5 s apart
-define(DAYS, 9).

main(Engine) ->
    logger:set_handler_config(default, level, none),                     % the kills are not news here
    Rows = lists:append([with_processes(Count, Engine) || Count <- [0, 100000]]) ++ history(Engine),
    io:format("~n~-46ts ~12ts ~12ts ~8ts~n", ["in an application (" ++ otp() ++ ")", "arsenal", "floor", "ratio"]),
    [print(Row) || Row <- Rows],
    case lists:sum([Lost || {lost, _, Lost} <- Rows]) of
        0 -> halt(0);
        Lost -> io:format("~n~b casts were LOST~n", [Lost]), halt(1)
    end.

otp() ->
    "OTP " ++ erlang:system_info(otp_release) ++ ", " ++ integer_to_list(erlang:system_info(schedulers_online)) ++ " schedulers".

print({lost, Name, Lost}) ->
    io:format("~-46ts ~12b~n", [Name, Lost]);
print({row, Name, Unit, Value, Floor}) ->
    io:format("~-46ts ~12ts ~12ts ~8ts~n", [Name, number(Value, Unit), number(Floor, Unit), number(Value / max(Floor, 0.001), "x")]);
print({row, Name, Unit, Value}) ->
    io:format("~-46ts ~12ts~n", [Name, number(Value, Unit)]).

number(Value, Unit) when Value >= 100 -> io_lib:format("~b ~ts", [round(Value), Unit]);
number(Value, Unit) -> io_lib:format("~.*f ~ts", [case Value >= 10 of true -> 1; false -> 2 end, float(Value), Unit]).

with_processes(Count, Engine) ->
    Crowd = spawn_link(fun() -> crowd(Count) end),
    Name = fun(What) -> lists:flatten(io_lib:format("~ts, ~ts processes", [What, count(Count)])) end,
    {ok, Server} = arsenal:start_link([{engine, Engine}]),
    {ok, Floor} = gen_server:start_link(?MODULE, [], []),
    Rows = calls(Name, Server, Floor) ++ restarts(Name) ++ casts(Name, Server, Floor),
    unlink(Server),
    arsenal:stop(Server),
    gen_server:stop(Floor),
    Crowd ! disperse,
    Rows.

%% Not in the heap of the process that measures.
crowd(Count) ->
    Pids = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, Count)],
    receive disperse -> [Pid ! stop || Pid <- Pids] end.

count(0) -> "few";
count(100000) -> "100,000".

%%% casts

casts(Name, Server, Floor) ->
    {Before, _} = total(),
    {Mine, Taken, Vm, Engine} = burst(fun(I) -> arsenal:track_restart(bench_sup, I rem 10, killed) end,
                                      fun() -> {_, _} = total() end),
    {After, _} = total(),
    {FloorMine, FloorTaken, FloorVm, _} = burst(fun(I) -> gen_server:cast(Floor, {track_restart, bench_sup, I rem 10, killed}) end,
                                                fun() -> gen_server:call(Floor, get) end),
    N = ?CASTERS * ?CASTS,
    true = is_process_alive(Server),
    [{row, Name("cast, its caller's time"), "us", Mine, FloorMine},
     {row, Name("casts taken in"), "k/s", N / Taken * 1000, N / FloorTaken * 1000},
     {row, Name("CPU of the VM per cast"), "us", Vm * 1000 / N, FloorVm * 1000 / N},
     {row, Name("CPU of the engine per cast"), "us", Engine * 1000 / N},
     {lost, Name("casts lost of 100,000"), N - (After - Before)}].

%% {a caller's time per cast in us, us until all are taken in, CPU ms of the VM, of the engine}
burst(Cast, Sync) ->
    erlang:garbage_collect(),
    Parent = self(),
    EngineBefore = engine_cpu(),
    {Cpu0, _} = erlang:statistics(runtime),
    Begin = now_us(),
    Casters = [spawn_monitor(fun() ->
                                 receive go -> ok end,
                                 From = now_us(),
                                 [Cast(I) || I <- lists:seq(1, ?CASTS)],
                                 Parent ! {self(), now_us() - From}
                             end) || _ <- lists:seq(1, ?CASTERS)],
    [Pid ! go || {Pid, _} <- Casters],
    _ = [receive {Pid, Us} -> Us end || {Pid, _} <- Casters],
    Sent = now_us(),
    _ = Sync(),
    Taken = now_us() - Begin,
    {Cpu1, _} = erlang:statistics(runtime),
    EngineAfter = engine_cpu(),
    _ = [receive {'DOWN', Monitor, process, _, _} -> ok end || {_, Monitor} <- Casters],
    {(Sent - Begin) / (?CASTERS * ?CASTS), Taken, Cpu1 - Cpu0, EngineAfter - EngineBefore}.

%% A call sees the casts sent before it, so the answer says how many were taken in.
total() ->
    {ok, #{total_restarts := Total} = Stats} = gen_server:call(arsenal:name(), {get_restart_statistics, bench_sup}, 60000),
    {Total, Stats}.

engine_cpu() ->
    {ok, #{engine_cpu_ms := Ms}} = arsenal:get_server_stats(),
    Ms.

%%% calls

calls(Name, Server, Floor) ->
    Kinds = [{"call get_server_stats", fun arsenal:get_server_stats/0},
             {"call get_restart_statistics", fun arsenal:get_restart_statistics/0},
             {"call get_performance_metrics", fun arsenal:get_performance_metrics/0},
             {"call get_system_health", fun arsenal:get_system_health/0}],
    true = is_process_alive(Server),
    lists:append([call_rows(Name, What, Call, Floor) || {What, Call} <- Kinds]).

call_rows(Name, What, Call, Floor) ->
    {ok, Answer} = Call(),
    ok = gen_server:call(Floor, {answer, Answer}),
    Times = timed(?CALLS, fun() -> {ok, _} = Call() end),
    FloorTimes = timed(?CALLS, fun() -> {ok, _} = gen_server:call(Floor, answer) end),
    [{row, Name(What ++ " p50"), "us", percentile(Times, 50), percentile(FloorTimes, 50)},
     {row, Name(What ++ " p99"), "us", percentile(Times, 99), percentile(FloorTimes, 99)}].

timed(Count, Fun) ->
    [begin From = now_us(), _ = Fun(), now_us() - From end || _ <- lists:seq(1, Count)].

%%% a day of history

history(Engine) ->
    {ok, Server} = arsenal:start_link([{engine, Engine} | arsenal_day:options()]),
    {ok, Floor} = gen_server:start_link(?MODULE, [], []),
    {First, Last} = arsenal_day:live(Server, 5000, ?DAY),
    {ok, Day} = gen_server:call(Server, {get_historical_data, First, Last}, 60000),
    ?DAY = length(maps:get(metrics, Day)),
    ok = gen_server:call(Floor, {answer, Day}, infinity),
    Before = engine_cpu(),
    Runs = [meanwhile(fun(There) -> day(Server, First, Last, There) end, fun() -> {ok, _} = arsenal:get_server_stats(Server) end) || _ <- lists:seq(1, ?DAYS)],
    Cpu = engine_cpu() - Before,
    Floors = [meanwhile(fun(There) -> floor_day(Floor, There) end, fun() -> _ = gen_server:call(Floor, get, infinity) end) || _ <- lists:seq(1, ?DAYS)],
    Median = fun(Key, List) -> percentile([maps:get(Key, Run) || Run <- List], 50) end,
    unlink(Server),
    arsenal:stop(Server),
    gen_server:stop(Floor),
    [{row, "a day of history, its caller's time", "ms", Median(all, Runs) / 1000, Median(all, Floors) / 1000},
     {row, "longest wait of others until it is there", "us", Median(longest, Runs), Median(longest, Floors)},
     {row, "decoding it in the caller, of its time", "%", 100 * Median(decoding, Runs) / Median(all, Runs)},
     {row, "CPU of the engine for a day, others' calls too", "ms", Cpu / ?DAYS},
     {row, "as binaries", "MB", Median(bytes, Runs) / 1.0e6}].

%% As arsenal:get_historical_data/3 does it.
day(Server, First, Last, There) ->
    Begin = now_us(),
    Parts = gen_server:call(Server, {arsenal_binary, {get_historical_data, First, Last}}, 60000),
    Got = now_us(),
    There(),
    {ok, #{metrics := [_ | _]}} = arsenal_answers:joined(Parts),
    End = now_us(),
    #{all => End - Begin, decoding => End - Got, bytes => iolist_size(Parts)}.

floor_day(Floor, There) ->
    Begin = now_us(),
    {ok, #{metrics := [_ | _]}} = gen_server:call(Floor, answer, infinity),
    There(),
    #{all => now_us() - Begin}.

%% In a process of its own, as an application's is; another one calls again and again until the answer is there. What decoding does to the VM's
%% schedulers after that is another matter.
meanwhile(Large, Small) ->
    Me = self(),
    {_, Monitor} = spawn_monitor(fun() -> exit({took, Large(fun() -> Me ! there end)}) end),
    Longest = longest(Small, 0),
    receive {'DOWN', Monitor, process, _, {took, Run}} -> Run#{longest => Longest} end.

longest(Small, Longest) ->
    receive there -> Longest
    after 0 ->
        From = now_us(),
        _ = Small(),
        longest(Small, max(Longest, now_us() - From))
    end.

%%% restarts

restarts(Name) ->
    {ok, Sup} = supervisor_with_child(),
    ok = arsenal:subscribe_to_events([restart]),
    Times = [kill_child(Sup, fun await_event/0) || _ <- lists:seq(1, ?KILLS)],
    ok = arsenal:unsubscribe_from_events(),
    Floors = [kill_child(Sup, fun await_down/0) || _ <- lists:seq(1, ?KILLS)],
    unlink(Sup),
    exit(Sup, shutdown),
    [{row, Name("restart to subscriber p50"), "us", percentile(Times, 50), percentile(Floors, 50)},
     {row, Name("restart to subscriber p99"), "us", percentile(Times, 99), percentile(Floors, 99)}].

supervisor_with_child() ->
    {ok, Sup} = supervisor:start_link(arsenal_bench_sup(), []),
    {ok, Sup}.

%% A supervisor's callback module, made here so that the benchmark is one file.
arsenal_bench_sup() ->
    {ok, Tokens, _} = erl_scan:string("-module(arsenal_bench_sup). -export([init/1]). init(_) -> {ok, {#{intensity => 100000, period => 1}, "
                                      "[#{id => child, start => {bench_embedded, start_child, []}}]}}."),
    Forms = [begin {ok, Form} = erl_parse:parse_form(Part), Form end || Part <- forms(Tokens, [], [])],
    {ok, Module, Binary} = compile:forms(Forms),
    {module, Module} = code:load_binary(Module, "arsenal_bench_sup.erl", Binary),
    Module.

forms([], [], Forms) -> lists:reverse(Forms);
forms([{dot, _} = Dot | Rest], Form, Forms) -> forms(Rest, [], [lists:reverse([Dot | Form]) | Forms]);
forms([Token | Rest], Form, Forms) -> forms(Rest, [Token | Form], Forms).

start_child() ->
    {ok, spawn_link(fun() -> receive stop -> ok end end)}.

kill_child(Sup, Await) ->
    [{child, Pid, _, _}] = wait_for_child(Sup),
    Monitor = erlang:monitor(process, Pid),
    put(monitor, Monitor),
    From = now_us(),
    exit(Pid, kill),
    Until = Await(),
    erlang:demonitor(Monitor, [flush]),
    Until - From.

wait_for_child(Sup) ->
    case supervisor:which_children(Sup) of
        [{child, Pid, _, _}] = Children when is_pid(Pid) -> Children;
        _ -> wait_for_child(Sup)
    end.

await_event() ->
    receive {arsenal_analytics_event, restart, #{child_id := child}} -> now_us() after 5000 -> error(no_event) end.

await_down() ->
    Monitor = get(monitor),
    receive {'DOWN', Monitor, process, _, _} -> now_us() end.

percentile(Times, P) ->
    lists:nth(max(1, length(Times) * P div 100), lists:sort(Times)).

now_us() -> erlang:monotonic_time(microsecond).

%%% the floor

init([]) -> {ok, {0, none}}.
handle_call(get, _From, {Count, Answer}) -> {reply, Count, {Count, Answer}};
handle_call({answer, Answer}, _From, {Count, _}) -> {reply, ok, {Count, Answer}};
handle_call(answer, _From, {_, Answer} = State) -> {reply, {ok, Answer}, State}.
handle_cast({track_restart, _, _, _}, {Count, Answer}) -> {noreply, {Count + 1, Answer}}.
handle_info(_, State) -> {noreply, State}.
