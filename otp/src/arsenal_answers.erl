%% SPDX-License-Identifier: Apache-2.0
%%
%% @private
%% Answers that the engine sends in parts (doc/port.md): what has come of them so far. The parts are binaries and stay as they are, so that
%% collecting a day of history costs the router next to nothing; joined they are one external term, which the caller decodes. How many
%% answers are under way, and how many bytes, is bounded; a caller that dies leaves nothing behind.
-module(arsenal_answers).

-export([new/0, is_full/1, asked/3, part/3, whole/3, down/2, ids/2, forget/2, forget_all/1, joined/1]).
-export_type([answers/0, answer/0]).

-define(ANSWERS_MAX, 64).
-define(BYTES_MAX, 16#20000000).   % 512 MB: a day at 1 s is some 140

-record(answer, {pid :: pid(), monitor :: reference(), bytes = 0 :: non_neg_integer(), parts = [] :: [binary()]}).   % the newest first
-record(answers, {by_id = #{} :: #{integer() => #answer{}}, by_monitor = #{} :: #{reference() => integer()}, bytes = 0 :: non_neg_integer()}).

-opaque answers() :: #answers{}.
-type answer() :: binary() | [binary()].

-spec new() -> answers().
new() -> #answers{}.

-spec is_full(answers()) -> boolean().
is_full(#answers{by_id = ById}) -> map_size(ById) >= ?ANSWERS_MAX.

%% A call whose answer may be large was sent.
-spec asked(integer(), pid(), answers()) -> answers().
asked(Id, Pid, #answers{by_id = ById, by_monitor = ByMonitor} = Answers) ->
    Monitor = erlang:monitor(process, Pid),
    Answers#answers{by_id = ById#{Id => #answer{pid = Pid, monitor = Monitor}}, by_monitor = ByMonitor#{Monitor => Id}}.

%% `full': there is no room for it; it is forgotten.
-spec part(integer(), binary(), answers()) -> {ok | full, answers()} | unknown.
part(Id, Part, #answers{by_id = ById, bytes = Total} = Answers) ->
    case ById of
        #{Id := _} when Total + byte_size(Part) > ?BYTES_MAX -> {full, forget(Id, Answers)};
        #{Id := #answer{bytes = Bytes, parts = Parts} = Answer} ->
            Longer = Answer#answer{bytes = Bytes + byte_size(Part), parts = [Part | Parts]},
            {ok, Answers#answers{by_id = ById#{Id := Longer}, bytes = Total + byte_size(Part)}};
        #{} -> unknown
    end.

%% The last part has come, which most often is the only one.
-spec whole(integer(), binary(), answers()) -> {answer(), answers()}.
whole(Id, Last, #answers{by_id = ById} = Answers) ->
    case ById of
        #{Id := #answer{parts = [_ | _] = Parts}} -> {lists:reverse(Parts, [Last]), forget(Id, Answers)};
        #{} -> {Last, forget(Id, Answers)}
    end.

%% Whose caller has died.
-spec down(reference(), answers()) -> {integer(), answers()} | none.
down(Monitor, #answers{by_monitor = ByMonitor} = Answers) ->
    case ByMonitor of
        #{Monitor := Id} -> {Id, forget(Id, Answers)};
        #{} -> none
    end.

%% Those that this caller waits for.
-spec ids(pid(), answers()) -> [integer()].
ids(Pid, #answers{by_id = ById}) -> [Id || {Id, #answer{pid = Caller}} <- maps:to_list(ById), Caller =:= Pid].

-spec forget(integer(), answers()) -> answers().
forget(Id, #answers{by_id = ById, by_monitor = ByMonitor, bytes = Total} = Answers) ->
    case maps:take(Id, ById) of
        {#answer{monitor = Monitor, bytes = Bytes}, Rest} ->
            true = erlang:demonitor(Monitor, [flush]),
            Answers#answers{by_id = Rest, by_monitor = maps:remove(Monitor, ByMonitor), bytes = Total - Bytes};
        error -> Answers
    end.

%% The engine has ended, and all that it owed.
-spec forget_all(answers()) -> answers().
forget_all(#answers{by_id = ById} = Answers) -> lists:foldl(fun forget/2, Answers, maps:keys(ById)).

%% In the caller.
-spec joined(answer()) -> term().
joined(Answer) when is_binary(Answer) -> binary_to_term(Answer);
joined(Parts) -> binary_to_term(iolist_to_binary(Parts)).
