%% SPDX-License-Identifier: Apache-2.0
%%
%% What `arsenal demo` watches: a little shop whose parts go wrong by a schedule. The faults are real: processes crash, memory and queues
%% grow, a scheduler is kept busy. The schedule is one table, schedule/0, which is both printed and carried out.
%%
%%     main/0    what `erl -s arsenal_demo main` calls: the shop runs until standard input is closed
%%     run/1     the shop alone, in a node of the caller's
%%
%% The node must come up without EPMD and listen on loopback only:
%%
%%     erl -noshell -pa DIR -name arsenal_demo@127.0.0.1 -start_epmd false -erl_epmd_port PORT
%%         -kernel inet_dist_use_interface {127,0,0,1} -s arsenal_demo main
-module(arsenal_demo).
-behaviour(application).

-export([main/0, run/1, start/2, stop/1]).
-export([schedule/0, is_on/1, scaled/1, started_at/0]).
-export([conduct/0, watch_input/0]).

-define(ROUND, 120).    % seconds, after which the faults that end begin again

%% {second, fault, on or off, what happens, where a person sees it}. The first twenty-five seconds leave memory, queues and CPU alone,
%% so that there is a baseline for what follows.
schedule() ->
    [{  3, flaky,    on,  "flaky_worker crashes every 15 to 35 s",                "restarts of demo_orders_sup"},
     {  5, periodic, on,  "reporter fails every 16 s, by the clock",              "restarts of demo_catalog_sup, pattern periodic"},
     {  8, cascade,  on,  "gateway crashes every 12 to 28 s, then ledger",        "restarts of demo_payments_sup, pattern cascade"},
     { 10, storm,    on,  "connector crashes every 0.7 s",                        "restarts of demo_payments_sup, pattern storm"},
     { 22, storm,    off, "connector stays up",                                   "restarts of demo_payments_sup"},
     { 27, queue,    on,  "mailer gets 4,000 messages a second, handles 200",     "message queues, the process demo_mailer"},
     { 42, queue,    off, "mailer catches up",                                    "message queues"},
     { 50, leak,     on,  "cache grows by 12 MB a second, up to 200 MB",          "memory, the process demo_cache"},
     { 75, leak,     off, "cache crashes, and starts empty",                      "memory, restarts of demo_catalog_sup"},
     { 85, cpu,      on,  "search keeps half of the schedulers busy",             "CPU, processes in arsenal_demo_worker:spin/0"},
     {100, cpu,      off, "search is idle",                                       "CPU"}].

%%% ------------------------------------------------------------------ start

main() ->
    ok = logger:remove_handler(default),
    spawn(?MODULE, watch_input, []),
    run(1).

%% Speed is a factor: at 10, all that the schedule tells takes a tenth of the time.
run(Speed) ->
    ok = application:load({application, ?MODULE, [{mod, {?MODULE, []}}, {applications, [kernel, stdlib]}, {vsn, "1"}]}),
    ok = application:set_env(?MODULE, speed, Speed),
    application:start(?MODULE).

start(_Type, _Args) ->
    application:set_env(?MODULE, started_at, erlang:monotonic_time(millisecond)),
    arsenal_demo_sup:start_link(demo_sup, [arsenal_demo_sup:supervisor(Name, Workers) || {Name, Workers} <- shop()]
                                          ++ [#{id => schedule, start => {proc_lib, start_link, [?MODULE, conduct, []]}}]).

stop(_State) ->
    ok.

shop() ->
    [{demo_orders_sup, [checkout, flaky_worker, mailer]},
     {demo_payments_sup, [gateway, ledger, connector]},
     {demo_catalog_sup, [cache, search, reporter]}].

%% The node must not outlive the program that started it, however that ended: its end of the pipe is closed then.
watch_input() ->
    case io:get_line("") of
        Line when is_list(Line); is_binary(Line) -> watch_input();
        _EofOrError -> halt(0)
    end.

%%% ------------------------------------------------------------------ the schedule at work

conduct() ->
    proc_lib:init_ack({ok, self()}),
    [say("~5bs  ~-8s ~-3s  ~ts; see ~ts", [Second, Fault, What, Text, Where]) || {Second, Fault, What, Text, Where} <- schedule()],
    say("and again after ~b s", [?ROUND]),
    conduct(0, schedule()).

conduct(Round, []) ->
    conduct(Round + 1, [Row || {_, Fault, _, _, _} = Row <- schedule(), ends(Fault)]);
conduct(Round, [{Second, Fault, What, Text, Where} | Rest]) ->
    At = Second + Round * ?ROUND,
    timer:sleep(max(0, started_at() + scaled(At * 1000) - erlang:monotonic_time(millisecond))),
    application:set_env(?MODULE, Fault, What),
    say("+~bs  ~s ~s: ~ts; see ~ts", [At, Fault, What, Text, Where]),
    conduct(Round, Rest).

ends(Fault) ->
    lists:any(fun({_, Name, What, _, _}) -> Name =:= Fault andalso What =:= off end, schedule()).

say(Format, Args) ->
    io:format("demo  " ++ Format ++ "~n", Args).

%%% ------------------------------------------------------------------ what the workers ask

is_on(Fault) ->
    application:get_env(?MODULE, Fault, off) =:= on.

scaled(Ms) ->
    {ok, Speed} = application:get_env(?MODULE, speed),
    round(Ms / Speed).

started_at() ->
    {ok, Ms} = application:get_env(?MODULE, started_at),
    Ms.
