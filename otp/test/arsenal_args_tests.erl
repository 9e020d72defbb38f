%% SPDX-License-Identifier: Apache-2.0
-module(arsenal_args_tests).
-include_lib("eunit/include/eunit.hrl").

options_test() ->
    {ok, Defaults} = arsenal_args:parsed_options([]),
    ?assertEqual(#{name => 'Elixir.Arsenal.AnalyticsServer', monitoring_interval => 5000, retention_period => 86400000, anomaly_threshold => 2.0,
                   max_history_size => 1000, store => undefined, reports => undefined, http => undefined, http_token => undefined, only => #{}, except => #{},
                   engine => undefined}, Defaults),
    ?assertEqual({ok, Defaults}, arsenal_args:parsed_options(#{})),
    {ok, Given} = arsenal_args:parsed_options([{name, nil}, {monitoring_interval, 1}, {anomaly_threshold, 3}, {store, "/tmp/x.db"}, {reports, <<"off">>}, {http, 4900},
                                              {http_token, <<"secret">>}, {only, [{supervisors, [{local, a}, b]}]}, {except, #{metrics => [cpu]}}]),
    ?assertMatch(#{name := undefined, monitoring_interval := 1, anomaly_threshold := 3.0, store := <<"/tmp/x.db">>, reports := <<"off">>, http := <<"127.0.0.1:4900">>,
                   http_token := <<"secret">>, only := #{supervisors := [a, b]}, except := #{metrics := [cpu]}}, Given).

reports_test() ->
    [?assertMatch({ok, #{reports := <<"off">>}}, arsenal_args:parsed_options([{reports, Off}])) || Off <- [off, "off", <<"off">>]],
    {ok, #{reports := Path}} = arsenal_args:parsed_options([{reports, "folder"}]),
    ?assertEqual(unicode:characters_to_binary(filename:absname("folder")), Path),
    ?assertMatch({error, _}, arsenal_args:parsed_options([{reports, 5}])).

first_of_two_counts_test() ->
    ?assertMatch({ok, #{monitoring_interval := 1}}, arsenal_args:parsed_options([{monitoring_interval, 1}, {monitoring_interval, 2}])).

bad_options_test_() ->
    [{lists:flatten(io_lib:format("~0tp", [Options])), fun() ->
          {error, Text} = arsenal_args:options(Options),
          ?assert(is_binary(Text)),
          ?assertMatch({match, _}, re:run(Text, Part))
      end}
     || {Options, Part} <- [{[{monitoring_interval, 0}], "monitoring_interval must be"}, {[{monitoring_interval, -1}], "not -1"},
                            {[{monitoring_interval, 1.0}], "integer"}, {[{monitoring_interval, 1 bsl 80}], "integer"},
                            {[{retention_period, forever}], "not forever"}, {[{anomaly_threshold, 0}], "above 0"},
                            {[{anomaly_threshold, <<"2">>}], "above 0"}, {[{max_history_size, 0}], "max_history_size"},
                            {[{nonsense, 1}], "unknown option nonsense"}, {[nonsense], "unknown option nonsense"}, {#{1 => 2}, "unknown option 1"},
                            {[{store, 5}], "path"}, {[{store, ""}], "path"}, {[{store, [0]}], "path"}, {[{store, <<255>>}], "path"},
                            {[{http, 70000}], "ADDRESS:PORT"}, {[{http, 'on'}], "ADDRESS:PORT"}, {[{http_token, [x]}], "text"},
                            {[{only, [{nodes, []}]}], "supervisors"}, {[{only, [{metrics, ["cpu"]}]}], "Atoms"}, {[{only, all}], "supervisors"},
                            {[{except, [{children, [a | b]}]}], "children"}, {[{except, [{children, [binary:copy(<<"x">>, 5000)]}]}], "children"},
                            {[{name, "x"}], "name must be"}, {[{name, true}], "name must be"}, {[{monitoring_interval, 5} | rest], "list of pairs"},
                            {5, "list of pairs"}, {lists:duplicate(5000, {name, x}), "list of pairs"}]].

event_types_test() ->
    ok = arsenal_args:event_types([restart, health_alert, performance_alert, anomaly, all]),
    ok = arsenal_args:event_types([]),
    {error, <<"unknown event type crash", _/binary>>} = arsenal_args:event_types([restart, crash]),
    {error, <<"event types must be a list", _/binary>>} = arsenal_args:event_types([restart | anomaly]),
    {error, _} = arsenal_args:event_types(restart),
    {error, _} = arsenal_args:event_types(lists:duplicate(2000, restart)).

filter_test() ->
    ok = arsenal_args:filter(fun(_) -> true end),
    ok = arsenal_args:filter(fun erlang:is_map/1),
    ok = arsenal_args:filter(nil),
    {error, _} = arsenal_args:filter(fun() -> true end),
    {error, _} = arsenal_args:filter({erlang, is_map}).

-define(DATE_TIME(Year, Month, Day, Hour, Micro, Offset),
        #{'__struct__' => 'Elixir.DateTime', calendar => 'Elixir.Calendar.ISO', year => Year, month => Month, day => Day, hour => Hour, minute => 30,
          second => 0, microsecond => {Micro, 6}, utc_offset => Offset, std_offset => 0, time_zone => <<"Etc/UTC">>, zone_abbr => <<"UTC">>}).

milliseconds_test() ->
    ?assertEqual({ok, 1705573800123}, arsenal_args:milliseconds(?DATE_TIME(2024, 1, 18, 10, 123456, 0))),
    ?assertEqual({ok, 1705573800123}, arsenal_args:milliseconds(?DATE_TIME(2024, 1, 18, 12, 123456, 7200))),
    ?assertEqual({ok, -3540000 * 1000 + 0}, arsenal_args:milliseconds(-3540000000)),
    ?assertEqual(error, arsenal_args:milliseconds(?DATE_TIME(2024, 2, 30, 10, 0, 0))),
    ?assertEqual(error, arsenal_args:milliseconds(?DATE_TIME(2024, 2, {}, 10, 0, 0))),
    ?assertEqual(error, arsenal_args:milliseconds(?DATE_TIME(-5, 2, 1, 10, 0, 0))),
    ?assertEqual(error, arsenal_args:milliseconds(1.5)),
    ?assertEqual(error, arsenal_args:milliseconds(1 bsl 70)).

time_range_test() ->
    ok = arsenal_args:time_range(0, 0),
    {error, <<"the end 1 is before the start 2">>} = arsenal_args:time_range(2, 1),
    {error, <<"the start must be", _/binary>>} = arsenal_args:time_range(now, 1),
    {error, <<"the end must be", _/binary>>} = arsenal_args:time_range(1, #{}).

top_options_test() ->
    ?assertEqual({ok, {message_queue, 10}}, arsenal_args:top_options([])),
    ?assertEqual({ok, {memory, 3}}, arsenal_args:top_options([{by, memory}, {n, 3}])),
    ?assertEqual({ok, {queue, 1000}}, arsenal_args:top_options(#{by => queue, n => 1000})),
    [begin
         {error, Text} = arsenal_args:top_options(Options),
         ?assertMatch({match, _}, re:run(Text, Part))
     end || {Options, Part} <- [{[{by, size}], "option by must be one of message_queue .* not size"}, {[{n, 0}], "option n must be"}, {[{n, 1001}], "1000"},
                                {[{n, 1.0}], "integer"}, {[{max, 1}], "unknown option max"}, {memory, "list of pairs"}, {[{n, 1} | x], "list of pairs"}]].

server_test() ->
    [ok = arsenal_args:server(Server) || Server <- [self(), name, {name, node()}, {global, "x"}, {via, global, "x"}]],
    [{error, _} = arsenal_args:server(Server) || Server <- [nil, undefined, "name", 5, {"a", b}, make_ref()]].

texts_are_short_test() ->
    {error, Text} = arsenal_args:event_types([lists:seq(1, 1000000)]),
    ?assert(byte_size(Text) < 1000).
