%% SPDX-License-Identifier: Apache-2.0
%%
%% A stand-in for `arsenal port' that does what a test tells it: it speaks doc/port.md on file descriptors 3 and 4, counts casts, and answers
%% calls with what it counted. Restarts whose reason is an order are obeyed:
%%
%%     halt            ends with status 7, before anything of that frame is confirmed
%%     {mute, Ms}      takes in nothing for so long
%%     {event, Type, Map}   sends an event
%%
%% History from time 777 on is a list of so many numbers as the end says, and comes in ten parts: the first at once, another one with each
%% further call, the last as the reply. What is cancelled comes no more.
%%
%% With a store it keeps its counts in that file, and confirms after writing; without one it confirms at once.
-module(fake_engine).

-export([main/0, script/2]).

%% Writes the program: a shell script that runs this module.
script(Path, Ebin) ->
    ok = file:write_file(Path, ["#!/bin/sh\nERL_CRASH_DUMP_SECONDS=0 exec erl -noinput -boot start_clean +S 1:1 +sbwt none -pa '", Ebin, "' -s fake_engine main\n"]),
    ok = file:change_mode(Path, 8#755).

main() ->
    Port = open_port({fd, 3, 4}, [{packet, 4}, binary, eof]),
    receive
        {Port, {data, Frame}} ->
            [{init, Init}] = binary_to_term(Frame),
            begin_with(Port, Init);
        {Port, eof} -> halt(0)
    end.

begin_with(Port, #{http := <<"fatal">>}) ->
    send(Port, [{fatal, <<"the address is taken">>}]),
    halt(1);
begin_with(Port, #{store := Store, session := Session} = Init) ->
    {Last, Reports} = stored(Store, Session),
    send(Port, [{ready, Last, #{os_pid => list_to_integer(os:getpid()), http => undefined, store => Store =/= undefined}}]),
    loop(Port, #{init => Init, store => Store, session => Session, last => Last, reports => Reports, subscriptions => {0, []}, owed => [], cancelled => []}).

stored(undefined, _Session) -> {0, #{}};
stored(Path, Session) ->
    case file:read_file(Path) of
        {ok, Binary} ->
            case binary_to_term(Binary) of
                {Session, Last, Reports} -> {Last, Reports};
                _ -> {0, #{}}
            end;
        {error, enoent} -> {0, #{}}
    end.

loop(Port, State) ->
    receive
        {Port, {data, Frame}} ->
            Messages = binary_to_term(Frame),
            [halt(7) || {cast, _, _, {track_restart, _, _, _, {t, halt}}} <- Messages],
            Next = lists:foldl(fun(Message, Each) -> message(Port, Message, Each) end, State, Messages),
            loop(Port, confirmed(Port, State, Next));
        {Port, eof} -> halt(0)
    end.

confirmed(_Port, #{last := Last}, #{last := Last} = State) -> State;
confirmed(Port, _Before, #{last := Last, store := Store, session := Session, reports := Reports} = State) ->
    case Store of
        undefined -> ok;
        _ ->
            ok = file:write_file(<<Store/binary, ".new">>, term_to_binary({Session, Last, Reports})),
            ok = file:rename(<<Store/binary, ".new">>, Store)
    end,
    send(Port, [{confirm, Last}]),
    State.

message(Port, {cast, N, _, What}, #{last := Last} = State) when N =:= Last + 1; Last =:= 0 ->
    cast(Port, What, State#{last := N});
message(_Port, {cast, N, _, _}, #{last := Last} = State) when N =< Last ->
    State;
message(Port, {call, Id, {get_historical_data, 777, N}}, #{owed := Owed} = State) ->
    [First | Rest] = parts(term_to_binary({ok, #{metrics => lists:seq(1, N)}})),
    send(Port, [{part, Id, First}]),
    State#{owed := Owed ++ [{Id, Rest}]};
message(Port, {call, Id, Request}, State) ->
    send(Port, [{reply, Id, term_to_binary(answer(Request, State))}]),
    next_part(Port, State);
message(_Port, {cancel, Id}, #{owed := Owed, cancelled := Cancelled} = State) ->
    State#{owed := lists:keydelete(Id, 1, Owed), cancelled := [Id | Cancelled]};
message(_Port, {subscriptions, Count, Types}, State) ->
    State#{subscriptions := {Count, Types}};
message(Port, force_health_check, State) ->
    send(Port, [collect]),
    State;
message(_Port, goodbye, State) ->
    State;
message(_Port, {probe, Tick}, State) when element(1, Tick) =:= arsenal_tick ->
    State#{tick => Tick};
message(_Port, {probe, _}, State) ->
    State;
message(_Port, {attached, Info}, State) ->
    State#{attached => Info};
message(_Port, {detached, _}, State) ->
    State.

parts(Binary) ->
    Size = byte_size(Binary) div 10,
    [binary:part(Binary, Size * I, Size) || I <- lists:seq(0, 8)] ++ [binary:part(Binary, Size * 9, byte_size(Binary) - Size * 9)].

next_part(_Port, #{owed := []} = State) -> State;
next_part(Port, #{owed := [{Id, [Last]} | Others]} = State) ->
    send(Port, [{reply, Id, Last}]),
    State#{owed := Others};
next_part(Port, #{owed := [{Id, [Part | Rest]} | Others]} = State) ->
    send(Port, [{part, Id, Part}]),
    State#{owed := [{Id, Rest} | Others]}.

cast(Port, {track_restart, Supervisor, Key, Child, Reason}, State) ->
    obey(Port, Reason),
    count({Key, Child, Reason}, 1, Supervisor, State);
cast(_Port, {track_restarts, Count, _FirstMs, Supervisor, Key, Child, Reason}, State) ->
    count({Key, Child, Reason}, Count, Supervisor, State);
cast(_Port, {caught, Lost, Restarts}, State) ->
    %% One of ten elements stands for many.
    Times = [case Restart of {_, _, _, _, _, _, _, _, _, Many} -> Many; _ -> 1 end || Restart <- Restarts],
    count(lost, Lost + lists:sum(Times), none, State).

obey(_Port, {t, {mute, Ms}}) -> receive after Ms -> ok end;
obey(Port, {t, {event, Type, Map}}) -> send(Port, [{event, Type, term_to_binary(Map)}]);
obey(_Port, _) -> ok.

count(Kind, Count, _Supervisor, #{reports := Reports} = State) ->
    State#{reports := Reports#{Kind => Count + maps:get(Kind, Reports, 0)}}.

answer({get_restart_statistics, Which}, #{reports := Reports}) ->
    Wanted = [{Kind, Count} || {Kind, Count} <- maps:to_list(Reports),
                               Which =:= all orelse (Kind =/= lost andalso element(1, Kind) =:= element(2, Which))],
    {ok, #{total_restarts => lists:sum([Count || {_, Count} <- Wanted]), kinds => Wanted}};
answer({get_server_stats, Map}, #{subscriptions := {Count, Types}, init := Init} = State) ->
    {ok, Map#{told_subscriptions => Count, told_types => Types, init => Init, owed => length(maps:get(owed, State)), cancelled => maps:get(cancelled, State), attached => maps:get(attached, State, none)}};
answer({get_state, Map}, #{init := #{interval := Interval}, reports := Reports}) ->
    Map#{'__struct__' => 'Elixir.Arsenal.AnalyticsServer', restart_history => maps:to_list(Reports), monitoring_interval => Interval};
answer({get_historical_data, From, To}, _State) ->
    {ok, #{from => From, to => To, metrics => lists:duplicate(5000, <<"a large answer">>)}};
answer(Request, State) ->
    {ok, #{request => Request, tick => maps:get(tick, State, none)}}.

send(Port, Messages) ->
    true = port_command(Port, term_to_binary(Messages)).
