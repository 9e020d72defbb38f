#!/usr/bin/env escript
%%! -noinput
%% SPDX-License-Identifier: Apache-2.0
%%
%% The same from Erlang: restarts and anomalies, one line each on stdout, and to a webhook if WEBHOOK_URL is set.
%%
%%     cd otp && rebar3 compile && cd ..
%%     ERL_LIBS=otp/_build/default/lib escript examples/erlang_alert.escript
%%
%%     WEBHOOK_URL  where to post
%%     DEMO=1       a child that fails, so that there is something to see
-module(erlang_alert).
-mode(compile).
-behaviour(supervisor).

-export([main/1, init/1, fail/0]).

main(_) ->
    %% What is reported here need not be logged, too. (The primary level stays: what is below it, nobody can see.)
    logger:set_handler_config(default, level, critical),
    {ok, _} = application:ensure_all_started(inets),
    {ok, _} = application:ensure_all_started(ssl),
    {ok, _} = supervisor:start_link({local, erlang_alert}, ?MODULE, []),
    ok = arsenal:subscribe_to_events([restart, anomaly]),
    loop(os:getenv("WEBHOOK_URL"), none).

init([]) ->
    {ok, {#{strategy => one_for_one, intensity => 1000, period => 60},
          [arsenal:child_spec([]) | [#{id => demo_worker, start => {?MODULE, fail, []}} || os:getenv("DEMO") =:= "1"]]}}.

fail() ->
    {ok, spawn_link(fun() -> timer:sleep(500), exit(demo_fault) end)}.

%% One request at a time, in a process of its own: while one is under way, further events are only printed.
loop(Url, Request) ->
    receive
        {arsenal_analytics_event, Type, Event} ->
            Line = unicode:characters_to_binary(line(Type, Event)),
            io:format("~ts~n", [Line]),
            loop(Url, post(Url, Line, Request));
        {'DOWN', Request, process, _, Reason} ->
            Reason =:= ok orelse io:format(standard_error, "webhook: ~0tp~n", [Reason]),
            loop(Url, none);
        _ ->
            loop(Url, Request)
    end.

line(restart, #{supervisor := Supervisor, child_id := Child, reason := Reason}) ->
    io_lib:format("restart: ~0tp of ~0tp: ~0tp", [Child, Supervisor, Reason]);
line(anomaly, #{type := Type, severity := Severity, description := Description}) ->
    io_lib:format("anomaly: ~ts (~ts): ~ts", [Type, Severity, Description]).

post(Url, Line, none) when is_list(Url) ->
    Body = iolist_to_binary(["{\"text\":\"", [escape(C) || <<C>> <= Line], "\"}"]),
    {_, Monitor} = spawn_monitor(fun() -> exit(request(Url, Body)) end),
    Monitor;
post(_, _, Request) ->
    Request.

request(Url, Body) ->
    case httpc:request(post, {Url, [], "application/json", Body}, [{timeout, 5000}, {connect_timeout, 5000}, {ssl, tls(Url)}], []) of
        {ok, {{_, Status, _}, _, _}} when Status div 100 =:= 2 -> ok;
        {ok, {{_, Status, _}, _, _}} -> {status, Status};
        {error, Reason} -> Reason
    end.

tls("https" ++ _) ->
    [{verify, verify_peer}, {cacerts, public_key:cacerts_get()},
     {customize_hostname_check, [{match_fun, public_key:pkix_verify_hostname_match_fun(https)}]}];
tls(_) ->
    [].

escape($") -> "\\\"";
escape($\\) -> "\\\\";
escape(C) when C < 16#20 -> io_lib:format("\\u~4.16.0b", [C]);
escape(C) -> C.
