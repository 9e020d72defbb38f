%% SPDX-License-Identifier: Apache-2.0
%%
%% What the tests share: servers with a fake engine, waiting for conditions, casters, peer nodes.
-module(arsenal_testing).

-export([folder/0, clean/0, fake/0, start/1, stop/1, kill_engine/1, stats/1, total/1, until/1, until/2, burst/3, flush/0, silent/1]).

%% A fresh folder for a test; clean/0, in the same process, removes those there are.
folder() ->
    Folder = filename:join("/tmp", "arsenal_test_" ++ os:getpid() ++ "_" ++ integer_to_list(erlang:unique_integer([positive]))),
    ok = file:make_dir(Folder),
    put(?MODULE, [Folder | folders()]),
    Folder.

clean() ->
    [file:del_dir_r(Folder) || Folder <- folders()],
    erase(?MODULE).

folders() ->
    case get(?MODULE) of undefined -> []; Folders -> Folders end.

%% The fake engine's program.
fake() ->
    Path = filename:join(folder(), "engine"),
    fake_engine:script(Path, filename:dirname(code:which(fake_engine))),
    Path.

%% An unnamed server, not linked to the test.
start(Options) ->
    {ok, Server} = gen_server:start(arsenal_server, Options, []),
    Server.

stop(Server) ->
    ok = gen_server:stop(Server),
    %% The probe's holder serves the whole node: the next test begins without it.
    until(fun() -> whereis(arsenal_probe) =:= undefined end).

stats(Server) ->
    {ok, Stats} = arsenal:get_server_stats(Server),
    Stats.

%% Through deaths of the engine.
total(Server) ->
    case gen_server:call(Server, {get_restart_statistics, all}, 30000) of
        {ok, #{total_restarts := Total}} -> Total;
        {error, engine_restarting} ->
            receive after 5 -> ok end,
            total(Server)
    end.

kill_engine(Server) ->
    case arsenal:get_server_stats(Server) of
        {ok, #{engine_os_pid := Pid}} ->
            "" = os:cmd("kill -9 " ++ integer_to_list(Pid)),
            Pid;
        {error, engine_restarting} ->
            receive after 5 -> ok end,
            kill_engine(Server)
    end.

until(Condition) -> until(Condition, 30000).

until(Condition, Left) ->
    case Condition() of
        true -> ok;
        _ when Left > 0 ->
            receive after 10 -> ok end,
            until(Condition, Left - 10);
        Last -> error({never, Last})
    end.

%% So many processes cast so often each; when it returns, all has been sent. What another process sends after that may arrive before it all the
%% same (the router's message queue is off heap: order holds between two processes only).
burst(Processes, Each, Cast) ->
    Casters = [spawn_monitor(fun() -> [Cast(I) || I <- lists:seq(1, Each)] end) || _ <- lists:seq(1, Processes)],
    [receive {'DOWN', Monitor, process, _, normal} -> ok end || {_, Monitor} <- Casters],
    ok.

flush() ->
    receive Message -> [Message | flush()] after 0 -> [] end.

%% Runs a test with the node's log turned off: what fails there fails on purpose.
silent(Test) ->
    #{level := Level} = logger:get_primary_config(),
    {ok, #{level := Handler}} = logger:get_handler_config(default),
    logger:set_handler_config(default, level, none),
    try Test() after
        clean(),
        logger:set_handler_config(default, level, Handler),
        logger:set_primary_config(level, Level)
    end.
