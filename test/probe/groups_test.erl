%% SPDX-License-Identifier: Apache-2.0
%%
%% Tests of what is counted together: processes by their parent and first call, ports by their owner; and of tables that are looked at
%% soon when they grow. Run by probe_test; alone, on any OTP release:
%%
%%     erl -noshell -pa DIR -eval 'groups_test:main("DIR/arsenal_probe_<hash>.beam")'
-module(groups_test).

-export([main/1, tests/0]).
%% Run on the subject:
-export([on_subject/2, child/0, spinning/0]).

-import(probe_test, [with_node/3, with_watcher/2, attach/3, call/4, until/2, messages/3]).

main(Beam) -> probe_test:main(Beam, ".", tests()).

tests() ->
    [{"processes are counted by parent and by first call", fun processes/1},
     {"of many processes a part is counted, and always the same", fun sampled/1},
     {"who keeps the schedulers busy", fun runnable/1},
     {"more parents than are counted apart", fun many_parents/1},
     {"ports are counted by owner and by its parent", fun ports/1},
     {"tables that grow are looked at soon", fun tables/1}].

watching(Env, Options, Test) ->
    with_node(subject, Env, fun(Subject) -> with_watcher(Env, fun(Watcher) ->
        {Pid, {ok, _, _}} = attach(Watcher, Env#{subject => Subject}, Options),
        Test(Subject, fun(Kind) -> [{Time, Rows} || {arsenal_survey, Time, K, _, Rows} <- messages(Watcher, Pid, arsenal_survey), K =:= Kind] end)
    end) end).

%% The newest row that is wanted, once there is one.
row(Told, Kind, Wanted) ->
    Rows = fun() -> [Row || {_, Rows} <- lists:reverse(Told(Kind)), Row <- Rows, Wanted(Row)] end,
    case until(fun() -> Rows() =/= [] end, 15000) of
        ok -> hd(Rows());
        timeout -> error({not_told, Kind, lists:sublist(lists:reverse(Told(Kind)), 1)})
    end.

text(Pid) -> list_to_binary(pid_to_list(Pid)).

processes(Env) ->
    watching(Env, #{interval => 200}, fun(Subject, Told) ->
        ok = until(fun() -> Told(groups) =/= [] end, 20000),
        call(Subject, ?MODULE, on_subject, [children, {groups_test_parent, child, 300}]),
        %% Described in the walk that finds it grown, and not again while it stays as it is.
        _ = row(Told, groups, fun({parent, _, <<"groups_test_parent">>, 300, 0, <<"groups_test:child/0 in groups_test:child/0">>}) -> true; (_) -> false end),
        ok = until(fun() ->
            {_, Rows} = lists:last(Told(groups)),
            [] =/= [Row || {parent, _, <<"groups_test_parent">>, 300, 0, <<>>} = Row <- Rows]
        end, 10000),
        {call, <<>>, _, N, 0, _} = row(Told, groups, fun({call, _, <<"groups_test:child/0">>, _, _, _}) -> true; (_) -> false end),
        true = N >= 300,
        %% Children of a process that is gone have what they began with.
        Gone = call(Subject, ?MODULE, on_subject, [orphans, 200]),
        {parent, Gone, Gone, 200, 0, _} = row(Told, groups, fun({parent, P, _, 200, _, _}) -> P =:= Gone; (_) -> false end),
        _ = row(Told, groups, fun({call, _, <<"groups_test:child/0">>, M, _, _}) -> M >= 500; (_) -> false end),
        ok
    end).

sampled(Env) ->
    watching(Env, #{interval => 1000, budget => 1000}, fun(Subject, Told) ->
        call(Subject, ?MODULE, on_subject, [children, {groups_test_parent, child, 16000}]),
        Counts = fun() -> [N || {_, Rows} <- Told(groups), {parent, _, <<"groups_test_parent">>, N, _, _} <- Rows, N > 10000] end,
        ok = until(fun() -> length(Counts()) >= 4 end, 30000),
        [Last, Before | _] = lists:reverse(Counts()),
        Last = Before,
        true = abs(Last - 16000) < 1600,
        {ok, io_lib:format("~b are taken for 16000", [Last])}
    end).

runnable(Env) ->
    watching(Env, #{interval => 200}, fun(Subject, Told) ->
        call(Subject, ?MODULE, on_subject, [children, {groups_test_busy, spinning, 40}]),
        _ = row(Told, groups, fun({parent, _, <<"groups_test_busy">>, 40, Runnable, _}) -> Runnable >= 38; (_) -> false end),
        call(Subject, ?MODULE, on_subject, [stop, groups_test_busy]),
        ok
    end).

many_parents(Env) ->
    watching(Env, #{interval => 200, budget => 1000}, fun(Subject, Told) ->
        call(Subject, ?MODULE, on_subject, [parents, 1900]),
        call(Subject, ?MODULE, on_subject, [children, {groups_test_parent, child, 500}]),
        %% About half of all are counted, and where more than 500 parents have one each, some of each are lost.
        _ = row(Told, groups, fun({parent, _, <<"groups_test_parent">>, N, _, _}) -> N > 400 andalso N < 620; (_) -> false end),
        {_, Rows} = lists:last(Told(groups)),
        true = length(Rows) =< 50,
        ok
    end).

ports(Env) ->
    watching(Env, #{interval => 200}, fun(Subject, Told) ->
        Parent = call(Subject, ?MODULE, on_subject, [ports, 15]),
        _ = row(Told, ports, fun({owner, _, <<"groups_test_ports">>, 15}) -> true; (_) -> false end),
        _ = row(Told, ports, fun({parent, P, _, 15}) -> P =:= Parent; (_) -> false end),
        ok
    end).

tables(Env) ->
    watching(Env, #{interval => 200}, fun(Subject, Told) ->
        ok = until(fun() -> Told(tables) =/= [] end, 20000),
        call(Subject, ?MODULE, on_subject, [table, 20000000]),
        {First, _} = lists:last(Told(tables)),
        _ = row(Told, tables, fun({<<"groups_test_table">>, true, _, 1, _, Bytes}) -> Bytes > 20000000; (_) -> false end),
        {Next, _} = lists:last(Told(tables)),
        %% Otherwise they are half a minute apart.
        true = Next - First < 20000,
        ok
    end).

%%% ------------------------------------------------------------------ on the subject

on_subject(children, {Name, Function, Count}) ->
    ready(fun() -> register(Name, self()), [spawn_link(?MODULE, Function, []) || _ <- lists:seq(1, Count)] end);
on_subject(stop, Name) ->
    exit(whereis(Name), kill);
on_subject(orphans, Count) ->
    {Pid, Monitor} = spawn_monitor(fun() -> [spawn(?MODULE, child, []) || _ <- lists:seq(1, Count)] end),
    receive {'DOWN', Monitor, process, Pid, _} -> text(Pid) end;
on_subject(parents, Count) ->
    [ready(fun() -> spawn_link(?MODULE, child, []) end) || _ <- lists:seq(1, Count)],
    ok;
on_subject(ports, Count) ->
    Me = self(),
    Parent = spawn(fun() ->
        spawn_link(fun() ->
            register(groups_test_ports, self()),
            _ = [{ok, _} = gen_udp:open(0, [{ip, {127, 0, 0, 1}}]) || _ <- lists:seq(1, Count)],
            Me ! opened,
            child()
        end),
        child()
    end),
    receive opened -> text(Parent) end;
on_subject(table, Bytes) ->
    ready(fun() -> ets:new(groups_test_table, [named_table]), ets:insert(groups_test_table, [{N, lists:seq(1, 500)} || N <- lists:seq(1, Bytes div 8000)]) end).

ready(Begin) ->
    Me = self(),
    Pid = spawn(fun() -> Begin(), Me ! ready, child() end),
    receive ready -> Pid end.

child() -> receive never -> ok end.

spinning() -> erlang:yield(), spinning().
