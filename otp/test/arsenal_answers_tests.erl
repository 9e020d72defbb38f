%% SPDX-License-Identifier: Apache-2.0
-module(arsenal_answers_tests).
-include_lib("eunit/include/eunit.hrl").

joined_test() ->
    Term = #{a => lists:seq(1, 1000)},
    <<First:100/binary, Second:1000/binary, Last/binary>> = term_to_binary(Term),
    Asked = arsenal_answers:asked(2, self(), arsenal_answers:asked(1, self(), arsenal_answers:new())),
    {ok, One} = arsenal_answers:part(1, First, Asked),
    {ok, Two} = arsenal_answers:part(1, Second, One),
    {[First, Second, Last] = Parts, Three} = arsenal_answers:whole(1, Last, Two),
    ?assertEqual(Term, arsenal_answers:joined(Parts)),
    ?assertEqual(unknown, arsenal_answers:part(1, First, Three)),
    {<<131, 97, 5>> = Small, None} = arsenal_answers:whole(2, <<131, 97, 5>>, Three),
    ?assertEqual(5, arsenal_answers:joined(Small)),
    ?assertEqual({<<1>>, None}, arsenal_answers:whole(77, <<1>>, None)),
    ?assertEqual(None, arsenal_answers:forget(77, None)),
    ?assertEqual([], monitored()).

%% The sum over all answers counts, and what was forgotten no longer does.
bytes_test() ->
    Part = binary:copy(<<0>>, 1 bsl 26),
    Asked = arsenal_answers:asked(2, self(), arsenal_answers:asked(1, self(), arsenal_answers:new())),
    Most = lists:foldl(fun(I, Each) -> {ok, Next} = arsenal_answers:part(1 + I rem 2, Part, Each), Next end, Asked, lists:seq(1, 8)),
    {full, Less} = arsenal_answers:part(1, <<0>>, Most),
    ?assertEqual(unknown, arsenal_answers:part(1, <<0>>, Less)),
    {ok, More} = arsenal_answers:part(2, Part, Less),
    ?assertEqual([], arsenal_answers:ids(self(), arsenal_answers:forget_all(More))),
    ?assertEqual([], monitored()).

callers_test() ->
    Caller = spawn(fun() -> receive stop -> ok end end),
    Asked = lists:foldl(fun({Id, Pid}, Each) -> arsenal_answers:asked(Id, Pid, Each) end, arsenal_answers:new(), [{1, Caller}, {2, self()}, {3, Caller}]),
    ?assertEqual([1, 3], lists:sort(arsenal_answers:ids(Caller, Asked))),
    ?assertEqual(none, arsenal_answers:down(make_ref(), Asked)),
    Caller ! stop,
    Left = lists:foldl(fun(_, Each) ->
                           receive {'DOWN', Monitor, process, Caller, _} -> {_, Rest} = arsenal_answers:down(Monitor, Each), Rest end
                       end, Asked, [1, 3]),
    ?assertEqual([], arsenal_answers:ids(Caller, Left)),
    ?assertEqual([2], arsenal_answers:ids(self(), Left)),
    _ = arsenal_answers:forget_all(Left),
    ?assertEqual([], monitored()).

so_many_test() ->
    Ids = lists:seq(1, 64),
    Full = lists:foldl(fun(Id, Each) -> false = arsenal_answers:is_full(Each), arsenal_answers:asked(Id, self(), Each) end, arsenal_answers:new(), Ids),
    ?assert(arsenal_answers:is_full(Full)),
    ?assertNot(arsenal_answers:is_full(arsenal_answers:forget(64, Full))),
    _ = arsenal_answers:forget_all(Full),
    ?assertEqual([], monitored()).

monitored() ->
    {monitors, Monitors} = process_info(self(), monitors),
    Monitors.
