%% SPDX-License-Identifier: Apache-2.0
%%
%% Properties, tried on some thousand cases with PropEr (Debian: erlang-proper; without it they are skipped): whatever is handed to any function,
%% it raises or returns an error in its caller, and the server is as it was before.
-module(arsenal_prop).

-export([properties_test_/0]).

-define(RUNS, list_to_integer(os:getenv("ARSENAL_PROP_RUNS", "1000"))).

properties_test_() ->
    case code:ensure_loaded(proper) of
        {module, _} -> {setup, fun start/0, fun stop/1, fun(Server) -> [property(Server, Property) || Property <- properties()] end};
        {error, _} -> {"PropEr is not there: skipped", fun() -> ok end}
    end.

property(Server, {Name, Property}) ->
    {Name, {timeout, 300, fun() ->
                              Options = [{numtests, ?RUNS}, {max_size, 30}, noshrink, quiet, {on_output, fun(_, _) -> ok end}],
                              case proper:quickcheck(Property(Server), Options) of
                                  true -> ok;
                                  _ -> error({counterexample, proper:counterexample()})
                              end
                          end}}.

%% A fake engine, or the real one where the environment names it.
start() ->
    logger:set_handler_config(default, level, none),
    Engine = case os:getenv("ARSENAL_PORT_PROGRAM") of
                 false -> arsenal_testing:fake();
                 Program -> Program
             end,
    {ok, Server} = gen_server:start({local, arsenal:name()}, arsenal_server, [{engine, Engine}], []),
    ok = arsenal:track_restart(sup, child, reason),
    Server.

stop(Server) ->
    arsenal_testing:stop(Server),
    arsenal_testing:clean(),
    logger:set_handler_config(default, level, all).

properties() ->
    [{"bad options raise", fun bad_options/1}, {"bad event types raise", fun bad_event_types/1}, {"bad filters raise", fun bad_filters/1},
     {"bad times raise", fun bad_times/1}, {"bad servers raise", fun bad_servers/1}, {"requests from outside are refused", fun raw_requests/1},
     {"stray messages change nothing", fun stray_messages/1}, {"any restart is counted", fun any_restart/1},
     {"any term is wrapped within bounds", fun any_term/1}].

%%% terms

term() ->
    proper_types:union([proper_types:any(), proper_types:any(), hostile()]).

%% What tests of one's own seldom think of.
hostile() ->
    %% `exactly', or PropEr would take them for types.
    proper_types:oneof([proper_types:exactly(Term) || Term <- [[a | b], [1, 2 | <<>>], lists:duplicate(20000, x), list_to_tuple(lists:duplicate(20000, x)), binary:copy(<<0>>, 100000), <<1:3>>,
                        fun() -> ok end, fun(_, _) -> ok end, fun erlang:halt/1, make_ref(), self(), 1 bsl 5000, -1.0e308, nested(5000),
                        maps:from_list([{I, I} || I <- lists:seq(1, 5000)]), #{#{} => [#{}]}, [[[[]]]], '', 'Elixir.DateTime',
                        #{'__struct__' => 'Elixir.DateTime'}, unicode:characters_to_binary(lists:duplicate(500, 16#1F600)),
                        list_to_atom(lists:duplicate(255, 16#1F600)), {t, {x, <<255>>}}, {'EXIT', x}, undefined, nil]]).

nested(0) -> [];
nested(N) -> [nested(N - 1)].

forall(Type, Check) -> proper:forall(Type, Check).

%%% properties

%% The server's whole visible state.
state(Server) ->
    {ok, Statistics} = arsenal:get_restart_statistics(Server, all),
    {ok, Stats} = arsenal:get_server_stats(Server),
    {maps:without([restart_rate], Statistics),
     maps:with([active_subscriptions, engine_restarts, casts_unconfirmed, casts_folded, restart_events_tracked, calls_waiting], Stats)}.

%% The state's statistics need not be fetched for each of the many cases that never leave the caller; all together must leave no trace.
unchanged(Server, Do) ->
    Before = state(Server),
    Done = Do(),
    Done andalso state(Server) =:= Before.

raises(Function) ->
    try Function() of
        _ -> false
    catch
        error:badarg:Stack -> is_explained(Stack)
    end.

%% The text says what was wrong, and is no book.
is_explained(Stack) ->
    Texts = maps:values(arsenal:format_error(badarg, Stack)),
    Texts =/= [] andalso lists:all(fun(Text) -> is_binary(Text) andalso byte_size(Text) < 2000 end, Texts).

bad_options(Server) ->
    Keys = [name, monitoring_interval, retention_period, anomaly_threshold, max_history_size, store, http, http_token, only, except, engine, other],
    forall(proper_types:list(proper_types:tuple([proper_types:oneof(Keys), term()])),
           fun(Options) ->
               case arsenal_args:options(Options) of
                   ok -> true;
                   {error, _} -> unchanged(Server, fun() -> raises(fun() -> arsenal:start_link(Options) end) andalso
                                                            raises(fun() -> arsenal:child_spec(Options) end) end)
               end
           end).

bad_event_types(Server) ->
    forall(term(), fun(Types) ->
                       arsenal_args:event_types(Types) =:= ok orelse
                           unchanged(Server, fun() -> raises(fun() -> arsenal:subscribe_to_events(Types) end) andalso
                                                      raises(fun() -> arsenal:subscribe_to_events(Server, Types, nil) end) end)
                   end).

bad_filters(Server) ->
    forall(term(), fun(Filter) ->
                       arsenal_args:filter(Filter) =:= ok orelse
                           unchanged(Server, fun() -> raises(fun() -> arsenal:subscribe_to_events([all], Filter) end) end)
                   end).

bad_times(Server) ->
    Time = proper_types:oneof([term(), proper_types:integer()]),
    forall(proper_types:tuple([Time, Time]),
           fun({Start, End}) ->
               arsenal_args:time_range(Start, End) =:= ok orelse
                   unchanged(Server, fun() -> raises(fun() -> arsenal:get_historical_data(Start, End) end) end)
           end).

bad_servers(Server) ->
    forall(term(), fun(Other) ->
                       arsenal_args:server(Other) =:= ok orelse
                           unchanged(Server, fun() ->
                                                 lists:all(fun raises/1, [fun() -> arsenal:get_system_health(Other) end,
                                                                          fun() -> arsenal:track_restart(Other, a, b, c) end,
                                                                          fun() -> arsenal:get_restart_statistics(Other, a) end,
                                                                          fun() -> arsenal:force_health_check(Other) end,
                                                                          fun() -> arsenal:unsubscribe_from_events(Other) end,
                                                                          fun() -> arsenal:stop(Other) end])
                                             end)
                   end).

raw_requests(Server) ->
    Request = proper_types:oneof([term(), {subscribe_to_events, term(), term(), term()}, {subscribe_to_events, self(), term(), nil},
                                  {subscribe_to_events, self(), [all], hostile()}, {unsubscribe_from_events, term()},
                                  {get_historical_data, term(), term()}, {arsenal_binary, term()}]),
    forall(Request, fun(Bad) ->
                        unchanged(Server, fun() ->
                                              case gen_server:call(Server, Bad) of
                                                  {error, unknown_call} -> true;
                                                  {error, {bad_argument, Text}} -> is_binary(Text) andalso byte_size(Text) < 2000;
                                                  ok -> is_harmless(Bad, Server);
                                                  {ok, _} -> element(1, Bad) =:= get_historical_data;
                                                  _ -> false
                                              end
                                          end)
                    end).

%% What was right by chance is taken back.
is_harmless({subscribe_to_events, Pid, _, _}, Server) -> ok =:= gen_server:call(Server, {unsubscribe_from_events, Pid});
is_harmless(Bad, _Server) -> element(1, Bad) =:= unsubscribe_from_events.

stray_messages(Server) ->
    Message = proper_types:oneof([term(), {term(), term()}, {term(), term(), term()}, {'$gen_cast', term()}, {'EXIT', self(), term()},
                                  {'DOWN', make_ref(), process, self(), term()}, {timeout, make_ref(), term()}, {outlet, self(), term()},
                                  {attached, self(), term()}, {arsenal_restarts, term(), term()}, {'$gen_cast', {track_wrapped, term(), term(), term()}}]),
    forall(Message, fun(Stray) ->
                        counts(Stray) orelse unchanged(Server, fun() -> Server ! Stray, true end)
                    end).

%% Those that are right by chance.
counts({arsenal_restarts, Lost, Restarts}) -> is_integer(Lost) andalso is_list(Restarts);
counts({'$gen_cast', Cast}) when is_tuple(Cast), tuple_size(Cast) > 3 -> true;
counts(Message) -> is_tuple(Message) andalso tuple_size(Message) > 0 andalso lists:member(element(1, Message), ['$gen_call', system]).

any_restart(Server) ->
    forall(proper_types:tuple([term(), term(), term()]),
           fun({Supervisor, Child, Reason}) ->
               {ok, #{total_restarts := Before}} = arsenal:get_restart_statistics(Server, all),
               ok = arsenal:track_restart(Supervisor, Child, Reason),
               gen_server:cast(Server, {track_restart, Supervisor, Child, Reason}),
               {ok, #{total_restarts := After}} = arsenal:get_restart_statistics(Server, all),
               {ok, #{total_restarts := Own}} = arsenal:get_restart_statistics(Supervisor),
               After =:= Before + 2 andalso Own >= 2
           end).

any_term(_Server) ->
    forall(term(), fun(Term) ->
                       case arsenal_probe:wrapped(Term) of
                           {t, Copy} -> Copy =:= Term andalso erts_debug:flat_size(Copy) < 5000;
                           {x, Text} -> is_binary(Text) andalso byte_size(Text) =< 1024
                       end
                   end).
