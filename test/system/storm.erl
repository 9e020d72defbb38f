%% SPDX-License-Identifier: Apache-2.0
%%
%% One trouble that shows in many places (test_incidents.py): a consumer that is slow, so its queue grows, which takes memory; it is busy all the time, and
%% its supervisor starts it again and again when it is killed. And another trouble that has nothing to do with it.
%%
%%     start/0     the supervisor with the consumer, which handles what comes at once
%%     on/1        so many messages, of 400 bytes, are sent to it every 50 ms; off/0 ends that, and what lies there is dropped
%%     kill/1      kills the consumer so many times, each time when it is there again
%%     atoms/1     so many new atoms, by a process of its own
-module(storm).
-behaviour(supervisor).

-export([start/0, on/1, off/0, kill/1, atoms/1]).
-export([init/1, start_consumer/0, consumer/1]).

start() ->
    persistent_term:put(?MODULE, off),
    {ok, Pid} = supervisor:start_link({local, storm_sup}, ?MODULE, []),
    unlink(Pid),
    ok.

init([]) ->
    {ok, {#{intensity => 1000, period => 1}, [#{id => consumer, start => {?MODULE, start_consumer, []}, shutdown => brutal_kill}]}}.

start_consumer() ->
    proc_lib:start_link(?MODULE, consumer, [self()]).

consumer(Parent) ->
    register(storm_consumer, self()),
    proc_lib:init_ack(Parent, {ok, self()}),
    consume().

%% Busy for 20 ms with each message while there is a storm.
consume() ->
    receive
        _ -> persistent_term:get(?MODULE) =/= off andalso work(erlang:monotonic_time(millisecond) + 20)
    end,
    consume().

work(Until) ->
    _ = lists:foldl(fun(N, Sum) -> Sum + erlang:phash2(N) end, 0, lists:seq(1, 1000)),
    erlang:monotonic_time(millisecond) < Until andalso work(Until).

on(Rate) ->
    persistent_term:put(?MODULE, Rate),
    spawn(fun producer/0),
    ok.

off() ->
    persistent_term:put(?MODULE, off),
    ok.

producer() ->
    case persistent_term:get(?MODULE) of
        off -> ok;
        Rate ->
            _ = [catch storm_consumer ! {item, N, lists:seq(1, 25)} || N <- lists:seq(1, Rate)],
            timer:sleep(50),
            producer()
    end.

kill(0) -> ok;
kill(N) ->
    case whereis(storm_consumer) of
        undefined -> timer:sleep(5), kill(N);
        Pid ->
            Monitor = erlang:monitor(process, Pid),
            exit(Pid, kill),
            receive {'DOWN', Monitor, _, _, _} -> ok end,
            kill(N - 1)
    end.

atoms(N) ->
    spawn(fun() -> _ = [list_to_atom("storm_" ++ integer_to_list(K)) || K <- lists:seq(1, N)] end),
    ok.
