%% SPDX-License-Identifier: Apache-2.0
%%
%% @private
%% The engine's program as a port: opening and ending it, and what goes to it. Messages are pushed, and go out in frames of many when
%% they are flushed; where the port is busy they wait here, for the router must never wait itself. doc/port.md has the messages.
-module(arsenal_engine).

-export([new/2, find_program/1, open/1, ready/2, close/1, kill/1, push/2, flush/2, drain/3, is_blocked/1, is_idle/1, is_ready/1,
         port/1, sent/1, window/1, narrow/2, widen/2]).
-export_type([engine/0]).

-define(FRAME_MESSAGES, 512).
-define(FRAME_BYTES, 16#1000000).  % 16 MB, of the 64 that the program takes
-define(BUSY_LIMITS, {131072, 524288}).
-define(NARROWING, 16).

-record(engine, {
    program :: binary(),
    init :: map(),
    port = none :: none | port(),
    is_ready = false :: boolean(),
    out = queue:new(),             % messages to be sent, in order
    blocked = [],                  % frames that a busy port did not take
    sent = 0,                      % number of the last cast sent to this life of the program
    %% How many casts may be sent and not confirmed: all, unless one of them seems to kill the program.
    window = infinity :: infinity | pos_integer()
}).

-opaque engine() :: #engine{}.

-spec new(binary(), map()) -> engine().
new(Program, Init) -> #engine{program = Program, init = Init}.

%% The option, or the application's own program, or the one that the environment names.
-spec find_program(undefined | binary()) -> {ok, binary()} | {error, binary()}.
find_program(undefined) ->
    Own = case code:priv_dir(arsenal) of
              {error, _} -> [];
              Folder -> [filename:join(Folder, "arsenal")]
          end,
    Named = [Path || Path <- [os:getenv("ARSENAL_PORT_PROGRAM")], Path =/= false, Path =/= ""],
    first_program(Own ++ Named);
find_program(Path) ->
    first_program([Path]).

first_program(Paths) ->
    case [Path || Path <- Paths, filelib:is_regular(Path)] of
        [Path | _] -> {ok, unicode:characters_to_binary(filename:absname(Path))};
        [] ->
            Looked = lists:join(", ", [unicode:characters_to_binary(Path) || Path <- Paths]),
            {error, unicode:characters_to_binary(["the engine's program is missing; looked for: ", case Looked of [] -> "nothing"; _ -> Looked end,
                                                  " (option engine, priv/arsenal, ARSENAL_PORT_PROGRAM)"])}
    end.

-spec open(engine()) -> {ok, engine()} | {error, binary()}.
open(#engine{program = Program, init = Init} = Engine) ->
    Settings = [{args, ["port"]}, {packet, 4}, binary, nouse_stdio, exit_status, {busy_limits_port, ?BUSY_LIMITS}],
    try open_port({spawn_executable, Program}, Settings) of
        Port ->
            true = port_command(Port, term_to_iovec([{init, Init}])),
            {ok, Engine#engine{port = Port, is_ready = false, out = queue:new(), blocked = [], sent = 0}}
    catch
        error:Reason -> {error, <<Program/binary, ": ", (error_text(Reason))/binary>>}
    end.

error_text(Reason) ->
    case file:format_error(Reason) of
        "unknown POSIX error" ++ _ -> unicode:characters_to_binary(io_lib:format("~0tp", [Reason]));
        Text -> unicode:characters_to_binary(Text)
    end.

%% The program said that it is ready: what it must be told, in order.
-spec ready(queue:queue(), engine()) -> engine().
ready(Messages, Engine) ->
    Engine#engine{is_ready = true, out = Messages}.

-spec ended(engine()) -> engine().
ended(Engine) ->
    Engine#engine{port = none, is_ready = false, out = queue:new(), blocked = []}.

%% The program sees the end of its input, commits and ends.
-spec close(engine()) -> engine().
close(#engine{port = none} = Engine) -> Engine;
close(#engine{port = Port} = Engine) ->
    unlink(Port),
    try port_close(Port) catch error:_ -> true end,
    ended(Engine).

%% For a program that answers nothing any more: its end comes as that of any other.
-spec kill(engine()) -> ok.
kill(Engine) ->
    case os_pid(Engine) of
        undefined -> ok;
        Pid ->
            _ = spawn(os, cmd, ["kill -9 " ++ integer_to_list(Pid)]),
            ok
    end.

-spec push(tuple() | atom(), engine()) -> engine().
push(_Message, #engine{is_ready = false} = Engine) -> Engine;
push(Message, #engine{out = Out} = Engine) -> Engine#engine{out = queue:in(Message, Out)}.

%% Sends what the port takes. Confirmed is the number of the last confirmed cast, which the window is counted from.
-spec flush(non_neg_integer(), engine()) -> engine().
flush(Confirmed, #engine{is_ready = true, blocked = []} = Engine) ->
    case take(?FRAME_MESSAGES, [], Confirmed, Engine) of
        {[], _} -> Engine;
        {Messages, Taken} -> flush(Confirmed, send(frames(Messages), Taken))
    end;
flush(Confirmed, #engine{is_ready = true, blocked = Blocked} = Engine) ->
    case send(Blocked, Engine#engine{blocked = []}) of
        #engine{blocked = []} = Sent -> flush_rest(Confirmed, Sent);
        Still -> Still
    end;
flush(_Confirmed, Engine) ->
    Engine.

flush_rest(Confirmed, #engine{out = Out} = Engine) ->
    case queue:is_empty(Out) of
        true -> Engine;
        false -> flush(Confirmed, Engine)
    end.

take(0, Taken, _Confirmed, Engine) ->
    {lists:reverse(Taken), Engine};
take(Left, Taken, Confirmed, #engine{out = Out, window = Window} = Engine) ->
    case queue:peek(Out) of
        {value, {cast, N, _, _}} when is_integer(Window), N > Confirmed + Window -> {lists:reverse(Taken), Engine};
        {value, {cast, N, _, _} = Cast} -> take(Left - 1, [Cast | Taken], Confirmed, Engine#engine{out = queue:drop(Out), sent = N});
        {value, Message} -> take(Left - 1, [Message | Taken], Confirmed, Engine#engine{out = queue:drop(Out)});
        empty -> {lists:reverse(Taken), Engine}
    end.

%% One frame, or more where it would be too large. A single message that is too large is our own fault; a cast's number must go on.
frames(Messages) ->
    Frame = term_to_iovec(Messages),
    case iolist_size(Frame) =< ?FRAME_BYTES of
        true -> [Frame];
        false -> halves(Messages)
    end.

halves([{cast, N, TimeMs, {caught, Lost, [_ | _] = Restarts}}]) -> frames([{cast, N, TimeMs, {caught, Lost + arsenal_casts:amount(Restarts), []}}]);
halves([_TooLarge]) -> [];
halves(Messages) ->
    {First, Second} = lists:split(length(Messages) div 2, Messages),
    frames(First) ++ frames(Second).

send([], Engine) ->
    Engine;
send([Frame | Rest] = Frames, #engine{port = Port} = Engine) ->
    try port_command(Port, Frame, [nosuspend]) of
        true -> send(Rest, Engine);
        false -> Engine#engine{blocked = Frames}
    catch
        error:badarg -> Engine                     % it has ended, which its exit status is about to tell
    end.

%% Sends all, waiting for the port until a time (monotonic milliseconds).
-spec drain(non_neg_integer(), integer(), engine()) -> engine().
drain(Confirmed, Until, Engine) ->
    case flush(Confirmed, Engine) of
        #engine{blocked = [_ | _]} = Blocked ->
            case erlang:monotonic_time(millisecond) < Until of
                true ->
                    receive after 1 -> ok end,
                    drain(Confirmed, Until, Blocked);
                false -> Blocked
            end;
        Sent -> Sent
    end.

-spec is_blocked(engine()) -> boolean().
is_blocked(#engine{blocked = Blocked}) -> Blocked =/= [].

%% Nothing waits to be sent.
-spec is_idle(engine()) -> boolean().
is_idle(#engine{blocked = Blocked, out = Out}) -> Blocked =:= [] andalso queue:is_empty(Out).

-spec is_ready(engine()) -> boolean().
is_ready(#engine{is_ready = Ready}) -> Ready.

-spec port(engine()) -> none | port().
port(#engine{port = Port}) -> Port.

-spec os_pid(engine()) -> undefined | non_neg_integer().
os_pid(#engine{port = none}) -> undefined;
os_pid(#engine{port = Port}) ->
    case erlang:port_info(Port, os_pid) of
        {os_pid, Pid} -> Pid;
        undefined -> undefined
    end.

-spec sent(engine()) -> non_neg_integer().
sent(#engine{sent = Sent}) -> Sent.

-spec window(engine()) -> infinity | pos_integer().
window(#engine{window = Window}) -> Window.

%% The casts that were sent and not confirmed may have killed the program: the next time only a part of them goes at once.
-spec narrow(pos_integer(), engine()) -> engine().
narrow(Unconfirmed, Engine) -> Engine#engine{window = max(1, Unconfirmed div ?NARROWING)}.

%% All that was sent is confirmed; Left more wait.
-spec widen(non_neg_integer(), engine()) -> engine().
widen(0, Engine) -> Engine#engine{window = infinity};
widen(_Left, #engine{window = infinity} = Engine) -> Engine;
widen(_Left, #engine{window = Window} = Engine) -> Engine#engine{window = Window * 2}.
