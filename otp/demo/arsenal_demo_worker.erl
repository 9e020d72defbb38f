%% SPDX-License-Identifier: Apache-2.0
%%
%% The shop's workers. Each looks at whether its fault is on, and behaves accordingly.
-module(arsenal_demo_worker).

-export([start_link/1, init/1, spin/0]).

-define(QUEUE_MAX, 200000).
-define(LEAK_MAX, 200000000).    % the heap that holds it grows to twice that while it is collected
-define(CHUNK_WORDS, 131072).    % 1 MiB of a list of small numbers is half as many elements

start_link(Name) ->
    proc_lib:start_link(?MODULE, init, [Name]).

init(Name) ->
    register(list_to_atom("demo_" ++ atom_to_list(Name)), self()),
    proc_lib:init_ack({ok, self()}),
    work(Name).

work(checkout) -> checkout();
work(mailer) -> mailer();
work(flaky_worker) -> flaky(15000 + rand:uniform(20000));
work(gateway) -> gateway();
work(ledger) -> ledger(whereis(demo_gateway));
work(connector) -> connector();
work(cache) -> cache([], 0);
work(search) -> search([]);
work(reporter) -> reporter().

%%% Orders

%% The shop's steady load, and the mailer's customer.
checkout() ->
    pause(100),
    _ = lists:sum([erlang:phash2({order, N}) || N <- lists:seq(1, 2000)]),
    case whereis(demo_mailer) of
        undefined -> ok;
        Mailer -> send_mails(Mailer, arsenal_demo:is_on(queue))
    end,
    checkout().

send_mails(Mailer, false) ->
    Mailer ! {mail, 1};
send_mails(Mailer, true) ->
    case process_info(Mailer, message_queue_len) of
        {message_queue_len, Length} when Length < ?QUEUE_MAX -> [Mailer ! {mail, N} || N <- lists:seq(1, 400)];
        _ -> ok
    end.

mailer() ->
    receive
        {mail, _} ->
            arsenal_demo:is_on(queue) andalso pause(5),
            mailer()
    end.

flaky(LifeTime) ->
    wait_until_on(flaky),
    pause(LifeTime),
    exit({order_rejected, lists:nth(rand:uniform(3), [no_stock, bad_address, price_changed])}).

%%% Payments

gateway() ->
    wait_until_on(cascade),
    pause(12000 + rand:uniform(16000)),
    exit({tls_alert, handshake_failure}).

%% Does not survive the gateway's end by long.
ledger(undefined) ->
    pause(50),
    ledger(whereis(demo_gateway));
ledger(Gateway) ->
    Monitor = erlang:monitor(process, Gateway),
    receive
        {'DOWN', Monitor, process, Gateway, _} ->
            pause(300 + rand:uniform(300)),
            exit(gateway_lost)
    end.

connector() ->
    pause(700),
    arsenal_demo:is_on(storm) andalso exit({connect_failed, econnrefused}),
    connector().

%%% Catalogue

%% Grows on its own heap, so that it is the process to be seen as the culprit. The end of the fault finds it too large, and it crashes.
cache(Pages, Bytes) ->
    pause(250),
    case arsenal_demo:is_on(leak) of
        true ->
            case Bytes < leak_max() of
                true -> cache([page() | Pages], Bytes + 3 * 1024 * 1024);
                false -> cache(Pages, Bytes)
            end;
        false when Pages =:= [] -> cache([], 0);
        false -> exit({cache_too_large, Bytes})
    end.

page() -> lists:seq(1, 3 * ?CHUNK_WORDS div 2).

%% No more than a twentieth of the machine's memory, where that can be had.
leak_max() ->
    try
        {ok, Info} = file:read_file("/proc/meminfo"),
        {match, [Kilobytes]} = re:run(Info, "MemTotal: *([0-9]+)", [{capture, all_but_first, list}]),
        min(?LEAK_MAX, list_to_integer(Kilobytes) * 1024 div 20)
    catch
        _:_ -> ?LEAK_MAX div 2
    end.

search(Busy) ->
    pause(200),
    case {arsenal_demo:is_on(cpu), Busy} of
        {true, []} -> search([proc_lib:spawn_link(?MODULE, spin, []) || _ <- lists:seq(1, half_of_schedulers())]);
        {false, [_ | _]} -> search(stopped(Busy));
        _ -> search(Busy)
    end.

half_of_schedulers() ->
    min(4, max(1, erlang:system_info(schedulers_online) div 2)).

spin() ->
    _ = lists:sort([erlang:phash2(N) || N <- lists:seq(1, 10000)]),
    spin().

stopped(Busy) ->
    [begin unlink(Pid), exit(Pid, kill) end || Pid <- Busy],
    [].

%% Fails when the clock of the demo is at a multiple of sixteen seconds: the fifth time is more than a minute after the first, so it is no storm.
reporter() ->
    wait_until_on(periodic),
    Period = arsenal_demo:scaled(16000),
    Now = erlang:monotonic_time(millisecond) - arsenal_demo:started_at(),
    timer:sleep(Period - Now rem Period),
    exit({report_failed, quota_exceeded}).

%%% Common

wait_until_on(Fault) ->
    case arsenal_demo:is_on(Fault) of
        true -> ok;
        false -> pause(200), wait_until_on(Fault)
    end.

pause(Ms) ->
    timer:sleep(arsenal_demo:scaled(Ms)).
