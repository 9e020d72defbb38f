%% SPDX-License-Identifier: Apache-2.0
-module(arsenal_casts_tests).
-include_lib("eunit/include/eunit.hrl").

report(Supervisor, Child, Reason, Casts) ->
    arsenal_casts:hand_report(1000, Supervisor, Child, Reason, Casts).

reports(Count, Casts) ->
    lists:foldl(fun(_, Each) -> element(2, report(s, c, r, Each)) end, Casts, lists:seq(1, Count)).

full() -> reports(100000, arsenal_casts:new()).

numbers_have_no_gap_test() ->
    {First, One} = report(s, c, r, arsenal_casts:new()),
    {Second, Two} = arsenal_casts:caught(2000, 0, [x], One),
    ?assertEqual({cast, 1, 1000, {track_restart, {t, s}, {t, s}, {t, c}, {t, r}}}, First),
    ?assertEqual({cast, 2, 2000, {caught, 0, [x]}}, Second),
    ?assertEqual([First, Second], queue:to_list(arsenal_casts:pending(Two))),
    ?assertEqual([Second], queue:to_list(arsenal_casts:pending(arsenal_casts:confirm(1, Two)))),
    ?assertEqual([], queue:to_list(arsenal_casts:pending(arsenal_casts:confirm(99, Two)))),
    {{cast, 3, _, _}, _} = report(s, c, r, arsenal_casts:confirm(99, Two)).

a_supervisor_is_known_by_its_name_test() ->
    true = register(casts_test_name, self()),
    {{cast, 1, _, {track_restart, {t, Pid}, {t, casts_test_name}, _, _}}, _} = report(self(), c, r, arsenal_casts:new()),
    ?assertEqual(self(), Pid),
    true = unregister(casts_test_name),
    {{cast, 1, _, {track_restart, {t, Pid}, {t, Pid}, _, _}}, _} = report(self(), c, r, arsenal_casts:new()).

too_many_are_folded_test() ->
    Full = full(),
    ?assert(arsenal_casts:is_full(Full)),
    {none, One} = report(s, c, r, Full),
    {none, Two} = report(s, c, r, One),
    {none, Three} = report(s, c, other, Two),
    {none, Four} = arsenal_casts:caught(1, 3, [x, y], Three),
    ?assertEqual(100000, arsenal_casts:count(Four)),
    ?assertEqual(8, arsenal_casts:folded(Four)),
    {New, Unfolded} = arsenal_casts:unfold(arsenal_casts:confirm(100000, Four)),
    ?assertEqual(3, arsenal_casts:count(Unfolded)),
    ?assertNot(arsenal_casts:waiting(Unfolded)),
    ?assertMatch([{cast, 100001, _, _}, {cast, 100002, _, _}, {cast, 100003, _, {caught, 5, []}}], New),
    ?assertEqual(lists:sort([{2, {t, r}}, {1, {t, other}}]),
                 lists:sort([{Count, Reason} || {cast, _, _, {track_restarts, Count, 1000, {t, s}, {t, s}, {t, c}, Reason}} <- New])).

%% Whatever comes, memory is bounded and the total is exact.
folding_is_bounded_test() ->
    Folded = lists:foldl(fun(I, Casts) -> element(2, report(I rem 5000, I rem 7, I, Casts)) end, full(), lists:seq(1, 50000)),
    {New, _} = arsenal_casts:unfold(Folded),
    ?assert(length(New) =< 2001),
    ?assertEqual(50000, lists:sum([case What of
                                       {track_restarts, Count, _, _, _, _, _} -> Count;
                                       {caught, Lost, []} -> Lost
                                   end || {cast, _, _, What} <- New])).

set_aside_test() ->
    {_, One} = report(s, c, r, arsenal_casts:new()),
    {_, Two} = report(s, c, other, One),
    {{cast, 1, 1000, {track_restart, _, _, _, {t, r}}}, Aside} = arsenal_casts:set_aside(Two),
    ?assertMatch([{cast, 1, 1000, {caught, 1, []}}, {cast, 2, _, {track_restart, _, _, _, _}}], queue:to_list(arsenal_casts:pending(Aside))),
    {_, Again} = arsenal_casts:set_aside(Aside),
    ?assertMatch([{cast, 1, 1000, {caught, 0, []}}, _], queue:to_list(arsenal_casts:pending(Again))).
