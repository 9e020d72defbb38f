%% SPDX-License-Identifier: Apache-2.0
%%
%% @doc What callers hand in, checked before it goes anywhere: each check is `ok' or `{error, Text}', with a text that says what was wrong.
%% The Erlang API raises `badarg' with it, the Elixir one an `ArgumentError'; the server checks once more what comes to it directly.
-module(arsenal_args).

-export([options/1, parsed_options/1, event_types/1, filter/1, subscriber/1, time_range/2, top_options/1, server/1, milliseconds/1, default_name/0]).
-export_type([checked/0, options/0, time/0]).

-type checked() :: ok | {error, Text :: binary()}.
-type time() :: integer() | map().
%% Milliseconds since the epoch, or an Elixir `DateTime'.
-type options() :: #{atom() => term()}.
%% Every option, with its default where it was not given.

-define(MAX_MS, 16#1FFFFFFFFFFFFF).          % 2^53 - 1
-define(LATEST_MS, 253402300799999).         % the end of the year 9999
-define(EARLIEST_MS, -62167219200000).       % the beginning of the year 0
-define(MAX_HISTORY, 1000000).
-define(MAX_THRESHOLD, 1000000).
-define(MAX_TEXT, 4096).
-define(MAX_TERMS, 1000).
-define(RANKINGS, [message_queue, queue, memory, reductions, binary]).
-define(MAX_TOP, 1000).
-define(EVENT_TYPES, [restart, health_alert, performance_alert, anomaly, all]).

%% Every option: key, default, check and conversion.
specification() ->
    [{name, default_name(), fun name/1},
     {monitoring_interval, 5000, positive(?MAX_MS)},
     {retention_period, 86400000, positive(?MAX_MS)},
     {anomaly_threshold, 2.0, fun threshold/1},
     {max_history_size, 1000, positive(?MAX_HISTORY)},
     {store, undefined, fun path/1},
     {reports, undefined, fun folder/1},
     {http, undefined, fun address/1},
     {http_token, undefined, fun text/1},
     {only, #{}, fun selection/1},
     {except, #{}, fun selection/1},
     {engine, undefined, fun path/1}].

%% @doc The name under which a server is registered that is given none.
-spec default_name() -> atom().
default_name() -> 'Elixir.Arsenal.AnalyticsServer'.

%% @doc Checks the options of `arsenal:start_link/1': a property list (an Elixir keyword list) or a map.
-spec options(term()) -> checked().
options(Options) ->
    case parsed_options(Options) of
        {ok, _} -> ok;
        {error, _} = Error -> Error
    end.

%% @doc The same, and the options in full.
-spec parsed_options(term()) -> {ok, options()} | {error, Text :: binary()}.
parsed_options(Options) ->
    parsed(specification(), Options).

parsed(Specification, Options) when is_map(Options) ->
    parse(Specification, Options, #{});
parsed(Specification, Options) ->
    case pairs(Options, #{}, ?MAX_TERMS) of
        {ok, Map} -> parse(Specification, Map, #{});
        {error, _} = Error -> Error
    end.

%% As in any property list, the first of two pairs with the same key counts, and an atom alone is true.
pairs([], Map, _Left) -> {ok, Map};
pairs([{Key, Value} | Rest], Map, Left) when Left > 0 -> pairs(Rest, maps:merge(#{Key => Value}, Map), Left - 1);
pairs([Key | Rest], Map, Left) when is_atom(Key), Left > 0 -> pairs([{Key, true} | Rest], Map, Left);
pairs(Other, _Map, _Left) -> error_text("options must be a list of pairs or a map, not ~ts", [Other]).

parse([], Left, Parsed) when map_size(Left) =:= 0 ->
    {ok, Parsed};
parse([], Left, _Parsed) ->
    error_text("unknown option ~ts", [hd(maps:keys(Left))]);
parse([{Key, Default, Parse} | Rest], Options, Parsed) ->
    case Options of
        #{Key := Value} ->
            case Parse(Value) of
                {ok, Good} -> parse(Rest, maps:remove(Key, Options), Parsed#{Key => Good});
                {error, Expected} -> error_text("option ~ts must be ~ts, not ~ts", [Key, {text, Expected}, Value])
            end;
        _ ->
            parse(Rest, Options, Parsed#{Key => Default})
    end.

positive(Max) ->
    fun(Value) when is_integer(Value), Value >= 1, Value =< Max -> {ok, Value};
       (_) -> {error, ["an integer from 1 to ", integer_to_list(Max)]}
    end.

threshold(Value) when is_number(Value), Value > 0, Value =< ?MAX_THRESHOLD -> {ok, float(Value)};
threshold(_) -> {error, "a number above 0 (of standard deviations)"}.

folder(off) -> {ok, <<"off">>};
folder("off") -> {ok, <<"off">>};
folder(<<"off">>) -> {ok, <<"off">>};
folder(Path) -> path(Path).

name(Nothing) when Nothing =:= nil; Nothing =:= undefined -> {ok, undefined};
name(Name) when is_atom(Name), not is_boolean(Name) -> {ok, Name};
name({local, Name}) when is_atom(Name) -> name(Name);
name({global, _} = Name) -> {ok, Name};
name({via, Module, _} = Name) when is_atom(Module) -> {ok, Name};
name(_) -> {error, "an atom, {global, Term} or {via, Module, Term}"}.

path(Value) ->
    case text(Value) of
        {ok, undefined} -> {ok, undefined};
        {ok, Path} -> {ok, unicode:characters_to_binary(filename:absname(Path))};
        {error, _} -> {error, "a path"}
    end.

address(Port) when is_integer(Port), Port >= 0, Port =< 65535 -> {ok, <<"127.0.0.1:", (integer_to_binary(Port))/binary>>};
address(Value) ->
    case text(Value) of
        {ok, Address} -> {ok, Address};
        {error, _} -> {error, "ADDRESS:PORT or a port's number"}
    end.

text(Nothing) when Nothing =:= nil; Nothing =:= undefined; Nothing =:= false -> {ok, undefined};
text(Value) when is_binary(Value); is_list(Value) ->
    try unicode:characters_to_binary(Value) of
        Text when is_binary(Text), Text =/= <<>>, byte_size(Text) =< ?MAX_TEXT ->
            case binary:match(Text, <<0>>) of
                nomatch -> {ok, Text};
                _ -> {error, "a text"}
            end;
        _ -> {error, "a text"}
    catch
        error:_ -> {error, "a text"}
    end;
text(_) -> {error, "a text"}.

%% {supervisors | children | metrics, List} pairs, or a map of them. Supervisors are known by their registered names.
selection(Selection) ->
    case as_map(Selection) of
        {ok, Map} -> selection(maps:to_list(Map), #{});
        {error, _} -> {error, selection_text()}
    end.

as_map(Map) when is_map(Map) -> {ok, Map};
as_map(List) -> pairs(List, #{}, ?MAX_TERMS).

selection([], Selected) -> {ok, Selected};
selection([{Key, List} | Rest], Selected) ->
    case selected(Key, List) of
        {ok, Terms} -> selection(Rest, Selected#{Key => Terms});
        error -> {error, selection_text()}
    end.

selected(Key, List) ->
    case Key =/= metrics andalso Key =/= supervisors andalso Key =/= children orelse not short_list(List, ?MAX_TERMS) of
        true -> error;
        false when Key =:= metrics -> all_of(List, fun erlang:is_atom/1);
        false when Key =:= supervisors -> all_of([arsenal_casts:supervisor_key(Name) || Name <- List], fun small_term/1);
        false -> all_of(List, fun small_term/1)
    end.

all_of(List, Check) ->
    case lists:all(Check, List) of
        true -> {ok, List};
        false -> error
    end.

small_term(Term) -> element(1, arsenal_probe:wrapped(Term)) =:= t.

selection_text() ->
    "a list of {supervisors, List}, {children, List}, {metrics, Atoms}".

%% @doc Checks a list of event types: `restart', `health_alert', `performance_alert', `anomaly', `all'.
-spec event_types(term()) -> checked().
event_types(Types) ->
    case short_list(Types, ?MAX_TERMS) of
        true ->
            case [Type || Type <- Types, not lists:member(Type, ?EVENT_TYPES)] of
                [] -> ok;
                [Unknown | _] -> error_text("unknown event type ~ts: known are restart, health_alert, performance_alert, anomaly, all", [Unknown])
            end;
        false -> error_text("event types must be a list of atoms, not ~ts", [Types])
    end.

%% @doc Checks an event filter: a function of one argument, or none (`nil', `undefined').
-spec filter(term()) -> checked().
filter(Filter) when is_function(Filter, 1); Filter =:= nil; Filter =:= undefined -> ok;
filter(Other) -> error_text("a filter must be a function of one argument, not ~ts", [Other]).

%% @doc Checks a subscriber: a process, of this node or another.
-spec subscriber(term()) -> checked().
subscriber(Pid) when is_pid(Pid) -> ok;
subscriber(Other) -> error_text("a subscriber must be a process, not ~ts", [Other]).

%% @doc Checks the two ends of a time range.
-spec time_range(term(), term()) -> checked().
time_range(Start, End) ->
    case {milliseconds(Start), milliseconds(End)} of
        {error, _} -> error_text("the start must be a DateTime or milliseconds since the epoch, not ~ts", [Start]);
        {_, error} -> error_text("the end must be a DateTime or milliseconds since the epoch, not ~ts", [End]);
        {{ok, From}, {ok, To}} when To < From -> error_text("the end ~ts is before the start ~ts", [End, Start]);
        _ -> ok
    end.

%% @doc A time in milliseconds since the epoch.
-spec milliseconds(term()) -> {ok, integer()} | error.
milliseconds(Ms) when is_integer(Ms), Ms >= ?EARLIEST_MS, Ms =< ?LATEST_MS ->
    {ok, Ms};
milliseconds(#{'__struct__' := 'Elixir.DateTime', year := Year, month := Month, day := Day, hour := Hour, minute := Minute, second := Second,
               microsecond := {Micro, _}, utc_offset := Utc, std_offset := Std})
  when is_integer(Year), Year >= 0, Year =< 9999, is_integer(Hour), Hour >= 0, Hour =< 23, is_integer(Minute), Minute >= 0, Minute =< 59,
       is_integer(Second), Second >= 0, Second =< 60, is_integer(Micro), Micro >= 0, Micro =< 999999, is_integer(Utc), abs(Utc) =< 172800,
       is_integer(Std), abs(Std) =< 172800 ->
    case is_integer(Month) andalso is_integer(Day) andalso calendar:valid_date(Year, Month, Day) of
        true ->
            Days = calendar:date_to_gregorian_days(Year, Month, Day) - 719528,
            {ok, (Days * 86400 + Hour * 3600 + Minute * 60 + Second - Utc - Std) * 1000 + Micro div 1000};
        false -> error
    end;
milliseconds(_) ->
    error.

%% @doc Checks the options of `arsenal:top_processes/1', and says what they come to: the ranking, and how many at most.
-spec top_options(term()) -> {ok, {By :: atom(), N :: pos_integer()}} | {error, Text :: binary()}.
top_options(Options) ->
    case parsed([{by, message_queue, fun ranking/1}, {n, 10, positive(?MAX_TOP)}], Options) of
        {ok, #{by := By, n := N}} -> {ok, {By, N}};
        {error, _} = Error -> Error
    end.

ranking(By) ->
    case lists:member(By, ?RANKINGS) of
        true -> {ok, By};
        false -> {error, "one of message_queue (queue for short), memory, reductions, binary"}
    end.

%% @doc Checks a reference to a server: a pid, a name, `{Name, Node}', `{global, Name}', `{via, Module, Name}'.
-spec server(term()) -> checked().
server(Server) when is_pid(Server) -> ok;
server(Name) when is_atom(Name), Name =/= nil, Name =/= undefined -> ok;
server({global, _}) -> ok;
server({via, Module, _}) when is_atom(Module) -> ok;
server({Name, Node}) when is_atom(Name), is_atom(Node) -> ok;
server(Other) -> error_text("a server must be a pid or a name, not ~ts", [Other]).

%% Bounded work, whatever the term: an improper or endless-looking list is neither walked to its end.
short_list([], _Left) -> true;
short_list([_ | Rest], Left) when Left > 0 -> short_list(Rest, Left - 1);
short_list(_, _Left) -> false.

error_text(Format, Terms) ->
    {error, unicode:characters_to_binary(io_lib:format(Format, [shown(Term) || Term <- Terms]))}.

shown({text, Text}) -> Text;
shown(Term) ->
    case arsenal_probe:wrapped(Term) of
        {t, Small} -> cut(unicode:characters_to_binary(io_lib:format("~0tp", [Small])));
        {x, Text} -> cut(Text)
    end.

cut(Text) when byte_size(Text) =< 200 -> Text;
cut(Text) -> [string:slice(Text, 0, 200), "..."].
