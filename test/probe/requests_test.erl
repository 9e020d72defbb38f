%% SPDX-License-Identifier: Apache-2.0
%% What a watcher may ask for: each question is answered once, however it ends. The trees themselves are tested by the system tests.
-module(requests_test).

-export([tests/0]).
%% Run on the subject:
-export([workers/1, suspend/1]).

-import(probe_test, [call/4, with_watcher/2, attach/3, messages/3, until/2, supervisor/4, stop_supervisors/2, tell/3]).

tests() ->
    [{"a request is answered", fun answered/1},
     {"who is no watcher is not answered", fun unknown_watcher/1},
     {"two requests at a time", fun busy/1},
     {"a request that takes too long", fun too_long/1},
     {"a request whose process dies", fun killed/1},
     {"requests are no part of what is left behind", fun leaves/1}].

%% The watcher's answers so far, by their numbers.
replies(Watcher, Pid) -> lists:sort([{Id, Answer} || {arsenal_reply, Id, Answer} <- messages(Watcher, Pid, arsenal_reply)]).

ask(Watcher, Pid, Holder, Id, What) -> tell(Watcher, Holder, {request, Pid, Id, What}).

with_holder(Env, Test) ->
    with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, Holder, _}} = attach(Watcher, Env, #{interval => 500}),
        Test(Watcher, Pid, Holder)
    end).

answered(Env) ->
    with_holder(Env, fun(Watcher, Pid, Holder) ->
        [ask(Watcher, Pid, Holder, Id, What) || {Id, What} <- [{1, {tree, []}}, {2, what}, {not_a_number, {tree, []}}]],
        ok = until(fun() -> length(replies(Watcher, Pid)) >= 2 end, 20000),
        %% Lists that are none, and pids of other nodes, hurt nobody.
        Subject = maps:get(subject, Env),
        [ask(Watcher, Pid, Holder, Id, What) || {Id, What} <- [{3, {tree, [Pid, call(Subject, erlang, self, []), x]}}]],
        ok = until(fun() -> length(replies(Watcher, Pid)) >= 3 end, 20000),
        ask(Watcher, Pid, Holder, 4, {tree, [a | b]}),
        ok = until(fun() -> length(replies(Watcher, Pid)) >= 4 end, 20000),
        [{1, {ok, {tree, Time, true, Rows}}}, {2, {error, unknown_request}}, {3, {ok, _}}, {4, {error, failed}}] = replies(Watcher, Pid),
        true = abs(Time - erlang:system_time(millisecond)) < 10000,
        true = length(Rows) > 20
    end).

unknown_watcher(Env) ->
    with_holder(Env, fun(Watcher, Pid, Holder) ->
        Stranger = call(Watcher, probe_test, watch, [node(Holder), no_such_module, #{}]),
        ask(Watcher, Stranger, Holder, 1, {tree, []}),
        ask(Watcher, Pid, Holder, 2, {tree, []}),
        ok = until(fun() -> length(replies(Watcher, Pid)) =:= 1 end, 20000),
        [] = replies(Watcher, Stranger)
    end).

%% Supervisors that do not answer hold a request up for a while.
with_silent(#{subject := Subject}, Count, Test) ->
    Sups = [supervisor(Subject, undefined, #{}, []) || _ <- lists:seq(1, Count)],
    [call(Subject, ?MODULE, suspend, [Sup]) || Sup <- Sups],
    try Test(Sups) after stop_supervisors(Subject, Sups) end.

busy(Env) ->
    load(Env),
    with_silent(Env, 3, fun(Sups) ->
        with_holder(Env, fun(Watcher, Pid, Holder) ->
            [ask(Watcher, Pid, Holder, Id, {tree, Sups}) || Id <- [1, 2, 3]],
            ok = until(fun() -> length(replies(Watcher, Pid)) =:= 3 end, 20000),
            [{1, {ok, _}}, {2, {ok, _}}, {3, {error, busy}}] = replies(Watcher, Pid),
            %% And then there is room again.
            ask(Watcher, Pid, Holder, 4, {tree, []}),
            ok = until(fun() -> length(replies(Watcher, Pid)) =:= 4 end, 20000),
            {4, {ok, _}} = lists:last(replies(Watcher, Pid))
        end)
    end).

too_long(#{subject := Subject, module := Module} = Env) ->
    load(Env),
    with_silent(Env, 3, fun(Sups) ->
        with_holder(Env, fun(Watcher, Pid, Holder) ->
            ask(Watcher, Pid, Holder, 1, {tree, Sups}),
            ok = until(fun() -> call(Subject, ?MODULE, workers, [Module]) =/= [] end, 20000),
            [Worker] = call(Subject, ?MODULE, workers, [Module]),
            call(Subject, ?MODULE, suspend, [{raw, Worker}]),
            ok = until(fun() -> replies(Watcher, Pid) =/= [] end, 20000),
            [{1, {error, timeout}}] = replies(Watcher, Pid),
            ok = until(fun() -> call(Subject, ?MODULE, workers, [Module]) =:= [] end, 2000)
        end)
    end).

killed(#{subject := Subject, module := Module} = Env) ->
    load(Env),
    with_silent(Env, 3, fun(Sups) ->
        with_holder(Env, fun(Watcher, Pid, Holder) ->
            ask(Watcher, Pid, Holder, 1, {tree, Sups}),
            ok = until(fun() -> call(Subject, ?MODULE, workers, [Module]) =/= [] end, 20000),
            [call(Subject, erlang, exit, [Worker, kill]) || Worker <- call(Subject, ?MODULE, workers, [Module])],
            ok = until(fun() -> replies(Watcher, Pid) =/= [] end, 20000),
            [{1, {error, failed}}] = replies(Watcher, Pid)
        end)
    end).

leaves(#{subject := Subject, module := Module} = Env) ->
    load(Env),
    with_silent(Env, 10, fun(Sups) ->
        with_holder(Env, fun(Watcher, Pid, Holder) ->
            ask(Watcher, Pid, Holder, 1, {tree, Sups}),
            ok = until(fun() -> call(Subject, ?MODULE, workers, [Module]) =/= [] end, 20000),
            tell(Watcher, Pid, detach),
            ok = until(fun() -> call(Subject, ?MODULE, workers, [Module]) =:= [] end, 1000),
            ok = until(fun() -> call(Subject, code, is_loaded, [Module]) =:= false end, 20000),
            [] = replies(Watcher, Pid)
        end)
    end).

load(#{subject := Subject}) ->
    {?MODULE, Code, File} = code:get_object_code(?MODULE),
    {module, ?MODULE} = call(Subject, code, load_binary, [?MODULE, File, Code]).

%%% ------------------------------------------------------------------ on the subject

%% The processes that work on questions.
workers(Module) ->
    [Pid || Pid <- processes(), process_info(Pid, initial_call) =:= {initial_call, {Module, answer_request, 5}}].

%% A process that is suspended by another stays so as long as that one lives.
suspend({raw, Pid}) ->
    Caller = self(),
    spawn(fun() ->
              erlang:suspend_process(Pid),
              Caller ! suspended,
              Monitor = erlang:monitor(process, Pid),
              receive {'DOWN', Monitor, process, Pid, _} -> ok end
          end),
    receive suspended -> ok end;
suspend(Sup) -> sys:suspend(Sup).
