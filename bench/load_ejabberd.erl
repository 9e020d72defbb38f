%% SPDX-License-Identifier: Apache-2.0
%% A day's kind of traffic for an ejabberd, by XMPP clients in a VM of their own: users who come and go, write to each other, to those who are
%% offline, and to rooms, at a rate that swings, with bursts.
-module(load_ejabberd).
-export([start/1]).

-define(ROOMS, 8).
-define(SWING_S, 1500).
-define(TIMEOUT, 10000).

%% start([Port, Users]): from erl -run. The users are registered: user1, user2, … with the password "secret".
start([Port, Text]) ->
    Users = list_to_integer(Text),
    [spawn(fun() -> user(list_to_integer(Port), Users, N) end) || N <- lists:seq(1, Users)],
    receive after infinity -> ok end.

%% A user is there for some minutes, then away for a while.
user(Port, Users, N) ->
    rand:seed(exsss),
    put(users, Users),
    timer:sleep(rand:uniform(120000)),
    try live(Port, N) catch _:_ -> ok end,
    user(Port, Users, N).

live(Port, N) ->
    {ok, Socket} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}, {nodelay, true}]),
    open(Socket),
    ask(Socket, ["<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>",
                 base64:encode(iolist_to_binary([0, "user", integer_to_list(N), 0, "secret"])), "</auth>"], <<"<success">>),
    open(Socket),
    ask(Socket, "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", <<"<jid>">>),
    ask(Socket, "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>", <<"id='r'">>),
    ok = gen_tcp:send(Socket, ["<presence/>", "<presence to='", room(N), "/user", integer_to_list(N),
                               "'><x xmlns='http://jabber.org/protocol/muc'/></presence>"]),
    ok = inet:setopts(Socket, [{active, true}]),
    chat(Socket, N, erlang:monotonic_time(second) + 60 + rand:uniform(900)),
    gen_tcp:send(Socket, "</stream:stream>"),
    gen_tcp:close(Socket).

room(N) -> ["room", integer_to_list(N rem ?ROOMS), "@conference.localhost"].

open(Socket) ->
    ask(Socket, "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
        <<"</stream:features>">>).

ask(Socket, Text, Answer) ->
    ok = gen_tcp:send(Socket, Text),
    expect(Socket, Answer, <<>>).

expect(Socket, Answer, Seen) ->
    case binary:match(Seen, Answer) of
        nomatch ->
            {ok, More} = gen_tcp:recv(Socket, 0, ?TIMEOUT),
            expect(Socket, Answer, <<Seen/binary, More/binary>>);
        _ ->
            ok
    end.

chat(Socket, N, Until) ->
    Swing = 1.2 + math:sin(2 * math:pi() * erlang:system_time(second) / ?SWING_S),
    Burst = case rand:uniform(2500) of 1 -> 100; _ -> 1 end,
    [ok = gen_tcp:send(Socket, stanza(N)) || _ <- lists:seq(1, Burst)],
    drain(round(-math:log(rand:uniform()) * 250 / Swing)),
    case erlang:monotonic_time(second) < Until of
        true -> chat(Socket, N, Until);
        false -> ok
    end.

%% drain takes what comes in Ms milliseconds.
drain(Ms) ->
    Timer = erlang:start_timer(Ms, self(), done),
    drain_until(Timer).

drain_until(Timer) ->
    receive
        {timeout, Timer, done} -> ok;
        {tcp, _, _} -> drain_until(Timer);
        {tcp_closed, _} -> exit(closed)
    end.

stanza(N) ->
    case rand:uniform(10) of
        1 -> "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
        2 -> "<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>";
        3 -> ["<message type='groupchat' to='", room(N), "'><body>", body(), "</body></message>"];
        4 -> ["<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='", peer(), "'/></query></iq>"];
        _ -> ["<message type='chat' to='", peer(), "'><body>", body(), "</body></message>"]
    end.

peer() -> ["user", integer_to_list(rand:uniform(get(users))), "@localhost"].

body() -> binary:copy(<<"x">>, min(20000, round(math:exp(4 + 1.2 * rand:normal())))).
