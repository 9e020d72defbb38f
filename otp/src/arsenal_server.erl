%% SPDX-License-Identifier: Apache-2.0
%%
%% @doc The server process of arsenal in an application: the *router* between callers, subscribers, the probe, and the engine, a C program that
%% is its port (doc/port.md). It keeps what must outlive the engine: its pid and name, subscriptions, casts that are not confirmed, callers that
%% wait. When the engine dies it is opened again; nobody but those who call at that moment notices.
%%
%% It is started as a gen_server, so that names, links and timeouts work as with any other, but goes on as a special process (proc_lib,
%% sys) with a loop of its own: it takes many messages from its mailbox before it sends them on in one frame, and never waits, neither for
%% the engine nor for a subscriber. Applications use `arsenal' (Erlang) or `Arsenal.AnalyticsServer' (Elixir).
-module(arsenal_server).

-export([init/1, call/3, cast/2]).
-export([system_continue/3, system_terminate/4, system_get_state/1, system_replace_state/2, system_code_change/4, format_status/2]).
-export([loop/1, attach/2, decoded_reply/2, print_event/3]).    % for proc_lib, spawn and sys

-define(PLAIN_BYTES, 256).         % of a binary that a cast carries as it is
-define(BATCH, 256).               % messages from the mailbox between two frames
-define(CALLS_MAX, 10000).
-define(READY_MS, 10000).
-define(CANNOT_START_MS, 30000).   % an engine that is not ready for so long cannot be started at all
-define(REOPEN_MS, [0, 1, 10, 100]).
-define(REOPEN_MAX_MS, 1000).
-define(STABLE_MS, 1000).          % an engine that lived so long is opened again at once
-define(SUSPICIOUS_DEATHS, 3).     % without a confirmed cast, before casts are suspected
-define(LOOK_MS, 5000).
-define(HUNG_MS, 30000).           % an engine that owes an answer and says nothing for so long is killed
-define(DRAIN_MS, 1000).
-define(SYSTEM_MS, 2000).          % get_state and suspend wait no longer for the engine
-define(SMALL_ANSWER, 16384).
-define(LOGGED_MAX, 30).           % log events a minute
-define(ATTACH_MS, 1000).
-define(ATTACH_TRIES, 50).
-define(ATTACH_AGAIN_MS, 1000).
-define(RESTARTS_MAX, 1000).       % in one message of the probe

-record(state, {
    parent, debug = [],
    options, started, began,       % wall clock, monotonic (all other times: monotonic milliseconds)
    engine,
    start_timer = none,            % until when the engine must be ready, or when it is opened again
    failing_since = none,          % since when it could not be started
    fatal = <<>>,                  % why, in its own words
    ready_at, told = #{},          % when it was, and what it told then
    progress = false,              % it has answered or confirmed something since
    quick_deaths = 0, suspicion = 0, deaths = 0, set_aside = 0,
    heard,                         % when it last said anything, or began to owe an answer
    casts = arsenal_casts:new(),
    next_id = 1,
    calls = #{},                   % Id => {binary | term, From} | {system, Request, From}
    answers = arsenal_answers:new(),   % of those calls that may be large, in parts
    system = [],                   % system messages that can be handled now: {Request, From, Struct}
    struct = none,                 % the state as sys shows it
    subscribers = arsenal_subscribers:new(),
    subscribers_changed = false,
    attacher = none,
    capture = none,                % what the probe has said of it while the attacher runs
    holder = none, holder_monitor, holder_info = none,
    unanswered = none,             % a tick of the probe that is not acknowledged, as there is no room
    log_began, logged = 0
}).

%%% ------------------------------------------------------------------ in the caller

%% @doc As `gen_server:call/3' with one of the server's requests; the answer is decoded here, for the server has other things to do. Whoever
%% waits no longer says so: a large answer is not written to its end for nobody.
-spec call(arsenal:server(), term(), timeout()) -> term().
call(Server, Request, Timeout) ->
    try gen_server:call(Server, {arsenal_binary, request(Request)}, Timeout) of
        Answer when is_binary(Answer); is_list(Answer) -> arsenal_answers:joined(Answer);
        Answer -> Answer
    catch
        exit:{timeout, _} = Reason:Stack when element(1, Request) =:= get_historical_data ->
            gen_server:cast(Server, {abandon, self()}),
            erlang:raise(exit, Reason, Stack)
    end.

%% Of a supervisor only its identity is needed, and a huge term is not sent.
request({get_restart_statistics, Supervisor}) when Supervisor =/= all, Supervisor =/= nil, Supervisor =/= undefined ->
    {get_restart_statistics_of, arsenal_probe:wrapped(arsenal_casts:supervisor_key(Supervisor))};
request(Request) ->
    Request.

%% @doc As `gen_server:cast/2' with one of the server's requests. Large terms are cut here: it is the caller's work, and what is cut off is never
%% sent.
-spec cast(arsenal:server(), term()) -> ok.
cast(Server, {track_restart, Supervisor, Child, Reason}) ->
    Time = os:system_time(millisecond),
    case is_plain(Supervisor) andalso is_plain(Child) andalso is_plain(Reason) of
        true -> gen_server:cast(Server, {track_restart, Supervisor, Child, Reason, Time});
        false ->
            Wrapped = {arsenal_probe:wrapped(Supervisor), arsenal_probe:wrapped(Child), arsenal_probe:wrapped(Reason)},
            gen_server:cast(Server, {track_wrapped, Time, arsenal_probe:wrapped(arsenal_casts:supervisor_key(Supervisor)), Wrapped})
    end;
cast(Server, Request) ->
    gen_server:cast(Server, Request).

is_plain({One, Two}) -> is_leaf(One) andalso is_leaf(Two);
is_plain({One, Two, Three}) -> is_leaf(One) andalso is_leaf(Two) andalso is_leaf(Three);
is_plain(Term) -> is_leaf(Term).

is_leaf(Term) when is_atom(Term); is_pid(Term); is_float(Term); is_reference(Term) -> true;
is_leaf(Term) when is_integer(Term) -> Term < 1 bsl 60 andalso Term > -(1 bsl 60);
is_leaf(Term) when is_binary(Term) -> byte_size(Term) =< ?PLAIN_BYTES;
is_leaf(_) -> false.

%%% ------------------------------------------------------------------ starting

%% @doc Starts as a gen_server's callback does; it returns only if it cannot start.
-spec init(term()) -> {stop, {bad_option, Text :: binary()} | {engine, Text :: binary()}}.
init(Options) ->
    _ = process_flag(trap_exit, true),
    _ = process_flag(message_queue_data, off_heap),
    _ = process_flag(fullsweep_after, 20),
    case arsenal_args:parsed_options(Options) of
        {ok, Parsed} -> start(Parsed);
        {error, Text} -> {stop, {bad_option, Text}}
    end.

start(#{engine := Named} = Options) ->
    Started = os:system_time(millisecond),
    case arsenal_engine:find_program(Named) of
        {ok, Program} ->
            Now = now_ms(),
            State = #state{parent = parent(), options = Options, started = Started, began = Now, heard = Now, log_began = Now,
                           engine = arsenal_engine:new(Program, init_map(Options, Started))},
            first_open(State);
        {error, Text} ->
            {stop, {engine, Text}}
    end.

%% Whoever started this process counts as its parent only if it is linked to it.
parent() ->
    {links, Links} = process_info(self(), links),
    case get('$ancestors') of
        [Parent | _] when is_pid(Parent) -> linked(Parent, Links);
        [Parent | _] when is_atom(Parent) -> linked(whereis(Parent), Links);
        _ -> self()
    end.

linked(Parent, Links) ->
    case lists:member(Parent, Links) of
        true -> Parent;
        false -> self()
    end.

init_map(Options, Started) ->
    Plain = maps:with([store, reports, http, http_token, only, except], Options),
    #{monitoring_interval := Interval, retention_period := Retention, anomaly_threshold := Threshold, max_history_size := MaxHistory} = Options,
    Plain#{node => node(), session => os:system_time(microsecond), started => Started, interval => Interval, retention => Retention,
           threshold => Threshold, max_history => MaxHistory}.

first_open(#state{engine = Engine} = State) ->
    case arsenal_engine:open(Engine) of
        {ok, Opened} -> first_ready(State#state{engine = Opened}, now_ms() + ?READY_MS);
        {error, Text} -> {stop, {engine, Text}}
    end.

first_ready(#state{engine = Engine, parent = Parent} = State, Until) ->
    Port = arsenal_engine:port(Engine),
    receive
        {Port, {data, Frame}} ->
            case frame(Frame, State) of
                #state{fatal = Fatal} = Next when Fatal =/= <<>> -> give_up(Fatal, Next);
                Next ->
                    case arsenal_engine:is_ready(Next#state.engine) of
                        true -> serve(Next);
                        false -> first_ready(Next, Until)
                    end
            end;
        {Port, {exit_status, Status}} -> give_up(ended_text(Status), State);
        {'EXIT', Port, _} -> give_up(<<"the engine's program ended">>, State);
        {'EXIT', Parent, Reason} ->
            _ = arsenal_engine:close(Engine),
            exit(Reason)
    after max(0, Until - now_ms()) ->
        arsenal_engine:kill(Engine),
        give_up(<<"the engine was not ready within 10 s">>, State)
    end.

give_up(Text, #state{engine = Engine}) ->
    _ = arsenal_engine:close(Engine),
    {stop, {engine, Text}}.

serve(State) ->
    Attached = first_attached(start_attach(State)),
    proc_lib:init_ack({ok, self()}),
    _ = after_ms(?LOOK_MS, look),
    %% gen_server's start waits on the stack to tell an error in init/1, and would take our end for one: so this begins with an empty stack.
    self() ! begin_loop,
    proc_lib:hibernate(?MODULE, loop, [Attached]).

%% What restarts after the start has returned is to be seen. A probe that takes long (a busy logger) is waited for in the loop.
first_attached(#state{attacher = Attacher} = State) ->
    receive
        {attached, Attacher, Answer} -> attached(Answer, State#state{attacher = none})
    after ?ATTACH_MS ->
        State
    end.

%%% ------------------------------------------------------------------ the loop

%% @private
-spec loop(#state{}) -> no_return().
loop(#state{system = [{Request, From, Struct} | Rest]} = State) ->
    handle_system(Request, From, flush(State#state{system = Rest, struct = Struct}));
loop(State) ->
    Flushed = flush(State),
    Timeout = case arsenal_engine:is_blocked(Flushed#state.engine) of
                  true -> 1;
                  false -> infinity
              end,
    receive
        Message -> gather(Message, ?BATCH, Flushed)
    after Timeout ->
        loop(Flushed)
    end.

gather({system, From, Request}, _Left, State) ->
    system(Request, From, State);
gather({'EXIT', Parent, Reason}, _Left, #state{parent = Parent} = State) ->
    terminate(Reason, State);
gather(Message, Left, #state{debug = []} = State) ->
    more(Left - 1, handle(Message, State));
gather(Message, Left, #state{debug = Debug} = State) ->
    Traced = sys:handle_debug(Debug, fun ?MODULE:print_event/3, self(), {in, Message}),
    more(Left - 1, handle(Message, State#state{debug = Traced})).

more(0, State) ->
    loop(State);
more(Left, State) ->
    receive
        Message -> gather(Message, Left, State)
    after 0 ->
        loop(State)
    end.

handle({'$gen_cast', Cast}, State) -> handle_cast(Cast, State);
handle({'$gen_call', {Pid, _} = From, {arsenal_binary, Request}}, State) when is_pid(Pid) -> handle_call(Request, {binary, From}, State);
handle({'$gen_call', {Pid, _} = From, Request}, State) when is_pid(Pid) -> handle_call(Request, {term, From}, State);
handle({Port, What}, State) when is_port(Port) -> from_port(arsenal_engine:port(State#state.engine) =:= Port, What, State);
handle({'EXIT', Port, Reason}, State) when is_port(Port) ->
    from_port(arsenal_engine:port(State#state.engine) =:= Port, {ended, Reason}, State);
handle({outlet, Outlet, Report}, State) ->
    State#state{subscribers = arsenal_subscribers:reported(Outlet, Report, State#state.subscribers)};
handle({arsenal_tick, Seq, _, _, _, _} = Tick, State) -> tick(Seq, Tick, State);
handle({arsenal_notice, _, _} = Notice, State) -> push({probe, Notice}, State);
handle({arsenal_survey, _, _, _, _} = Survey, State) -> push({probe, Survey}, State);
handle({arsenal_stopping, _} = Stopping, State) -> push({probe, Stopping}, State);
handle({arsenal_capture, What, Source, Note} = Capture, State) when is_atom(What), is_atom(Source), is_binary(Note) -> capture(Capture, State);
handle({arsenal_reply, _, _} = Reply, State) -> push({probe, Reply}, State);
handle({arsenal_supervisors, _, _} = Facts, State) -> push({probe, Facts}, State);
handle({arsenal_restarts, Lost, Restarts}, State)
  when is_integer(Lost), Lost >= 0, Lost < 1 bsl 32, length(Restarts) =< ?RESTARTS_MAX ->
    numbered(arsenal_casts:caught(os:system_time(millisecond), Lost, Restarts, State#state.casts), State);
handle({attached, Attacher, Answer}, #state{attacher = Attacher} = State) -> attached(Answer, State#state{attacher = none});
handle({'EXIT', Attacher, _}, #state{attacher = Attacher} = State) -> attached({error, ended}, State#state{attacher = none});
handle({timeout, Timer, What}, State) -> timeout(What, Timer, State);
handle({'DOWN', _, process, _, _} = Down, State) -> down(Down, State);
handle(_Unknown, State) -> State.

from_port(true, {data, Frame}, State) -> frame(Frame, State);
from_port(true, {exit_status, Status}, State) -> engine_ended(Status, State);
from_port(true, {ended, _}, State) -> engine_ended(unknown, State);
from_port(_, _, State) -> State.

timeout(reopen, Timer, #state{start_timer = Timer} = State) -> reopen(State#state{start_timer = none});
timeout(ready, Timer, #state{start_timer = Timer} = State) ->
    arsenal_engine:kill(State#state.engine),
    State#state{start_timer = none, fatal = <<"it was not ready within 10 s">>};
timeout({filter, Outlet}, Timer, State) ->
    State#state{subscribers = arsenal_subscribers:expired(Timer, Outlet, State#state.subscribers)};
timeout({system, Id}, _Timer, #state{calls = Calls} = State) when is_map_key(Id, Calls) ->
    {{system, Request, From}, Rest} = maps:take(Id, Calls),
    answer_system(Request, From, own_struct(State), State#state{calls = Rest});
timeout(attach, _Timer, #state{attacher = none, holder = none} = State) -> start_attach(State);
timeout(look, _Timer, State) ->
    _ = after_ms(?LOOK_MS, look),
    look(State);
timeout(_Stale, _Timer, State) -> State.

down({'DOWN', Monitor, process, _, Reason}, #state{holder_monitor = Monitor} = State) ->
    _ = after_ms(?ATTACH_AGAIN_MS div 10, attach),
    push({detached, element(2, arsenal_probe:wrapped(Reason))},
         State#state{holder = none, holder_monitor = undefined, holder_info = none, unanswered = none});
down({'DOWN', Monitor, process, _, _} = Down, #state{answers = Answers} = State) ->
    case arsenal_answers:down(Monitor, Answers) of
        {Id, Rest} -> cancel_call(Id, State#state{answers = Rest});
        none -> subscriber_down(Down, State)
    end.

subscriber_down(Down, #state{subscribers = Before} = State) ->
    case arsenal_subscribers:down(Down, Before) of
        none -> State;
        {ok, After} -> State#state{subscribers = After, subscribers_changed = true};
        {{answer, From}, After} ->
            gen:reply(From, ok),
            State#state{subscribers = After}
    end.

%% Sends on what has gathered.
flush(#state{subscribers_changed = true} = State) ->
    flush(push_subscriptions(State));
flush(#state{engine = Engine, casts = Casts, heard = Heard} = State) ->
    case arsenal_engine:is_idle(Engine) of
        true -> State;
        false ->
            Flushed = arsenal_engine:flush(arsenal_casts:confirmed(Casts), Engine),
            Owing = not arsenal_engine:is_blocked(Engine) andalso arsenal_engine:is_blocked(Flushed) andalso map_size(State#state.calls) =:= 0,
            acknowledge(State#state{engine = Flushed, heard = case Owing of true -> now_ms(); false -> Heard end})
    end.

subscriptions(Subscribers) ->
    {subscriptions, arsenal_subscribers:count(Subscribers), arsenal_subscribers:types(Subscribers)}.

push_subscriptions(#state{subscribers = Subscribers} = State) ->
    push(subscriptions(Subscribers), State#state{subscribers_changed = false}).

%% Who has subscribed is to get what comes after that, so the engine, which makes no event that nobody wants, hears of it before.
push(Message, #state{subscribers_changed = true} = State) ->
    push(Message, push_subscriptions(State));
push(Message, #state{engine = Engine} = State) ->
    State#state{engine = arsenal_engine:push(Message, Engine)}.

%%% ------------------------------------------------------------------ casts

%% cast/2 sends the time along, and cuts terms that are not small itself.
handle_cast({track_restart, Supervisor, Child, Reason, TimeMs}, State) when is_integer(TimeMs), abs(TimeMs) < 1 bsl 53 ->
    numbered(arsenal_casts:hand_report(TimeMs, Supervisor, Child, Reason, State#state.casts), State);
handle_cast({track_restart, Supervisor, Child, Reason}, State) ->
    numbered(arsenal_casts:hand_report(os:system_time(millisecond), Supervisor, Child, Reason, State#state.casts), State);
handle_cast({track_wrapped, TimeMs, {_, _} = Key, {{_, _}, {_, _}, {_, _}} = Wrapped}, State) when is_integer(TimeMs), abs(TimeMs) < 1 bsl 53 ->
    numbered(arsenal_casts:hand_report(TimeMs, Key, Wrapped, State#state.casts), State);
handle_cast(force_health_check, State) ->
    push(force_health_check, State);
handle_cast({abandon, Pid}, #state{answers = Answers} = State) when is_pid(Pid) ->
    lists:foldl(fun abandon/2, State, arsenal_answers:ids(Pid, Answers));
handle_cast(_Unknown, State) ->
    State.

numbered({none, Casts}, State) ->
    State#state{casts = Casts};
numbered({Cast, Casts}, State) ->
    push(Cast, State#state{casts = Casts}).

%% What was folded while there was no room follows as soon as there is, or earlier where a call must see it.
unfolded(#state{casts = Casts} = State) ->
    {New, Unfolded} = arsenal_casts:unfold(Casts),
    lists:foldl(fun push/2, State#state{casts = Unfolded}, New).

confirmed(N, #state{casts = Before} = State) ->
    Casts = arsenal_casts:confirm(N, Before),
    Confirmed = State#state{casts = Casts, progress = true, suspicion = 0, engine = widened(Casts, State#state.engine)},
    case arsenal_casts:waiting(Casts) andalso not arsenal_casts:is_full(Casts) of
        true -> unfolded(Confirmed);
        false -> Confirmed
    end.

widened(Casts, Engine) ->
    case arsenal_engine:window(Engine) of
        infinity -> Engine;
        _ ->
            case arsenal_casts:confirmed(Casts) >= arsenal_engine:sent(Engine) of
                true -> arsenal_engine:widen(arsenal_casts:count(Casts), Engine);
                false -> Engine
            end
    end.

%%% ------------------------------------------------------------------ calls

handle_call(get_system_health, Who, State) -> ask(get_system_health, Who, State);
handle_call(get_performance_metrics, Who, State) -> ask(get_performance_metrics, Who, State);
handle_call(get_memory_account, Who, State) -> ask(get_memory_account, Who, State);
handle_call(get_server_stats, Who, State) -> ask({get_server_stats, own_stats(State)}, Who, State);
handle_call(get_incidents, Who, State) -> ask(get_incidents, Who, State);
handle_call(predict_failures, Who, State) -> ask(predict_failures, Who, State);
handle_call(plan_capacity, Who, State) -> ask(plan_capacity, Who, State);
handle_call(get_patterns, Who, State) -> ask(get_patterns, Who, State);
handle_call({top_processes, Options}, Who, State) ->
    case arsenal_args:top_options(Options) of
        {ok, {By, N}} -> ask({top_processes, By, N}, Who, State);
        Error -> refuse(Error, Who, State)
    end;
handle_call({get_restart_statistics, All}, Who, State) when All =:= all; All =:= nil; All =:= undefined ->
    ask({get_restart_statistics, all}, Who, State);
handle_call({get_restart_statistics_of, {_, _} = Key}, {binary, _} = Who, State) ->
    ask({get_restart_statistics, {key, Key}}, Who, State);
handle_call({get_restart_statistics, Supervisor}, Who, State) ->
    ask({get_restart_statistics, {key, arsenal_probe:wrapped(arsenal_casts:supervisor_key(Supervisor))}}, Who, State);
handle_call({get_historical_data, Start, End}, Who, State) ->
    case arsenal_args:time_range(Start, End) of
        ok ->
            {ok, From} = arsenal_args:milliseconds(Start),
            {ok, To} = arsenal_args:milliseconds(End),
            ask_for_much({get_historical_data, From, To}, Who, State);
        Error -> refuse(Error, Who, State)
    end;
handle_call({subscribe_to_events, Pid, Types, Filter}, Who, State) ->
    case first_error([arsenal_args:subscriber(Pid), arsenal_args:event_types(Types), arsenal_args:filter(Filter)]) of
        ok -> subscribe(Pid, Types, Filter, Who, State);
        Error -> refuse(Error, Who, State)
    end;
handle_call({unsubscribe_from_events, Pid}, {_, From} = Who, State) ->
    case arsenal_args:subscriber(Pid) of
        ok ->
            {When, Rest} = arsenal_subscribers:unsubscribe(Pid, From, State#state.subscribers),
            Unsubscribed = State#state{subscribers = Rest, subscribers_changed = true},
            case When of
                now -> reply(Who, ok, Unsubscribed);
                later -> Unsubscribed
            end;
        Error -> refuse(Error, Who, State)
    end;
handle_call(_Unknown, Who, State) ->
    reply(Who, {error, unknown_call}, State).

first_error(Checks) ->
    hd([Check || Check <- Checks, Check =/= ok] ++ [ok]).

refuse({error, Text}, Who, State) ->
    reply(Who, {error, {bad_argument, Text}}, State).

subscribe(Pid, Types, Filter, Who, #state{subscribers = Subscribers} = State) ->
    case arsenal_subscribers:is_full(Pid, Subscribers) of
        true -> reply(Who, {error, too_many_subscribers}, State);
        false ->
            Function = case is_function(Filter) of true -> Filter; false -> undefined end,
            reply(Who, ok, State#state{subscribers = arsenal_subscribers:subscribe(Pid, Types, Function, Subscribers),
                                       subscribers_changed = true})
    end.

%% A call comes after all casts that were taken before it, the folded ones, too.
ask(Request, Who, #state{calls = Calls, casts = Casts, engine = Engine} = State) ->
    Folded = arsenal_casts:waiting(Casts),
    case arsenal_engine:is_ready(Engine) of
        false -> unanswerable(Who, engine_restarting, State);
        true when map_size(Calls) >= ?CALLS_MAX -> unanswerable(Who, overloaded, State);
        true ->
            case Folded andalso arsenal_casts:is_overfull(Casts) of
                true -> unanswerable(Who, overloaded, State);
                false when Folded -> forward(Request, Who, unfolded(State));
                false -> forward(Request, Who, State)
            end
    end.

%% The answer may come in parts.
ask_for_much(Request, {_, {Pid, _}} = Who, #state{next_id = Id, answers = Answers} = State) ->
    case arsenal_answers:is_full(Answers) of
        true -> unanswerable(Who, overloaded, State);
        false ->
            case ask(Request, Who, State) of
                #state{calls = #{Id := _}} = Asked -> Asked#state{answers = arsenal_answers:asked(Id, Pid, Answers)};
                Refused -> Refused
            end
    end.

%% A process waits for one call at a time, unless it sends them itself (send_request): those are not given up.
abandon(Id, #state{calls = Calls, answers = Answers} = State) ->
    case Calls of
        #{Id := {binary, _}} -> cancel_call(Id, State#state{answers = arsenal_answers:forget(Id, Answers)});
        #{} -> State
    end.

cancel_call(Id, #state{calls = Calls} = State) ->
    push({cancel, Id}, State#state{calls = maps:remove(Id, Calls)}).

forward(Request, Who, #state{calls = Calls, next_id = Id, engine = Engine} = State) ->
    Owing = map_size(Calls) =:= 0 andalso not arsenal_engine:is_blocked(Engine),
    push({call, Id, Request}, State#state{calls = Calls#{Id => Who}, next_id = Id + 1,
                                          heard = case Owing of true -> now_ms(); false -> State#state.heard end}).

unanswerable({system, Request, From}, _Why, State) -> answer_system(Request, From, own_struct(State), State);
unanswerable(Who, Why, State) -> reply(Who, {error, Why}, State).

reply({_, From}, Answer, #state{debug = []} = State) ->
    gen:reply(From, Answer),
    State;
reply({_, {To, _} = From}, Answer, #state{debug = Debug} = State) ->
    gen:reply(From, Answer),
    State#state{debug = sys:handle_debug(Debug, fun ?MODULE:print_event/3, self(), {out, Answer, To})}.

%% The engine's answer: to our own callers as it is, they decode it themselves; a large one is decoded by another process.
answered(Id, Last, #state{calls = Calls, answers = Before} = State) ->
    case maps:take(Id, Calls) of
        {Who, Rest} ->
            {Answer, Answers} = arsenal_answers:whole(Id, Last, Before),
            pass_on(Who, Answer, State#state{calls = Rest, answers = Answers, progress = true});
        error -> State
    end.

part(Id, Part, #state{calls = Calls, answers = Before} = State) ->
    case arsenal_answers:part(Id, Part, Before) of
        {ok, Answers} -> State#state{answers = Answers};
        {full, Answers} ->
            Who = maps:get(Id, Calls),
            reply(Who, {error, overloaded}, cancel_call(Id, State#state{answers = Answers}));
        unknown -> State
    end.

pass_on({binary, _} = Who, Answer, State) ->
    reply(Who, Answer, State);
pass_on({term, _} = Who, Answer, State) when is_binary(Answer), byte_size(Answer) < ?SMALL_ANSWER ->
    reply(Who, binary_to_term(Answer), State);
pass_on({term, From}, Answer, State) ->
    _ = spawn(?MODULE, decoded_reply, [From, Answer]),
    State;
pass_on({system, Request, From}, Answer, State) ->
    answer_system(Request, From, full_struct(binary_to_term(Answer), State), State).

%% @private
-spec decoded_reply(gen_server:from(), arsenal_answers:answer()) -> term().
decoded_reply(From, Answer) ->
    gen:reply(From, arsenal_answers:joined(Answer)).

own_stats(#state{casts = Casts, subscribers = Subscribers, began = Began, told = Told} = State) ->
    #{uptime => now_ms() - Began,
      active_subscriptions => arsenal_subscribers:count(Subscribers),
      events_dropped => arsenal_subscribers:dropped(Subscribers),
      engine_restarts => State#state.deaths,
      engine_os_pid => maps:get(os_pid, Told, 0),
      http => case Told of #{http := Address} when is_binary(Address) -> Address; _ -> nil end,
      store => maps:get(store, Told, false),
      calls_waiting => map_size(State#state.calls),
      casts_unconfirmed => arsenal_casts:count(Casts),
      casts_folded => arsenal_casts:folded(Casts),
      casts_set_aside => State#state.set_aside}.

%%% ------------------------------------------------------------------ the engine

frame(Frame, State) ->
    try binary_to_term(Frame) of
        Messages when is_list(Messages) -> lists:foldl(fun message/2, State#state{heard = now_ms()}, Messages);
        _ -> say(error, "the engine sent no list", [], State)
    catch
        error:badarg -> say(error, "the engine sent no term", [], State)
    end.

message({reply, Id, Answer}, State) -> answered(Id, Answer, State);
message({part, Id, Part}, State) -> part(Id, Part, State);
message({event, Type, Data}, State) -> State#state{subscribers = arsenal_subscribers:publish(Type, Data, State#state.subscribers)};
message({confirm, N}, State) -> confirmed(N, State);
message(collect, #state{holder = none} = State) -> State;
message(collect, #state{holder = Holder} = State) ->
    Holder ! {collect, self()},
    State;
message({request, Id, _What}, #state{holder = none} = State) -> push({probe, {arsenal_reply, Id, {error, detached}}}, State);
message({request, Id, What}, #state{holder = Holder} = State) ->
    Holder ! {request, self(), Id, What},
    State;
message({log, Level, Text}, State) -> say(Level, "~ts", [Text], State);
message({ready, Last, Told}, State) -> ready(Last, Told, State);
message({fatal, Text}, State) -> State#state{fatal = Text};
message(Unknown, State) -> say(error, "unknown message of the engine: ~0tP", [Unknown, 20], State).

%% What a new engine must know, in order: subscriptions, the probe, the casts that the one before it did not keep.
ready(Last, Told, #state{casts = Before, engine = Engine, subscribers = Subscribers, start_timer = Timer} = State) ->
    cancel(Timer),
    Casts = arsenal_casts:confirm(Last, Before),
    First = [subscriptions(Subscribers) | [{attached, fresh(Info)} || Info <- [State#state.holder_info], Info =/= none]],
    Ready = State#state{casts = Casts, told = Told, start_timer = none, ready_at = now_ms(), failing_since = none, fatal = <<>>, progress = false,
                        subscribers_changed = false,
                        engine = arsenal_engine:ready(queue:join(queue:from_list(First), arsenal_casts:pending(Casts)), Engine)},
    case State#state.deaths of
        0 -> Ready;
        _ -> say(notice, "the engine is back", [], ask_for_tick(Ready))
    end.

fresh(#{uptime_ms := _} = Info) -> Info#{uptime_ms := element(1, erlang:statistics(wall_clock))};
fresh(Info) -> Info.

ask_for_tick(#state{holder = none} = State) -> State;
ask_for_tick(#state{holder = Holder} = State) ->
    Holder ! {collect, self()},
    State.

engine_ended(Status, #state{engine = Engine, calls = Calls, start_timer = Timer} = State) ->
    cancel(Timer),
    Suspected = suspect(Status, State),
    Ended = Suspected#state{engine = arsenal_engine:close(Suspected#state.engine), calls = #{},
                            answers = arsenal_answers:forget_all(Suspected#state.answers), start_timer = none, deaths = State#state.deaths + 1},
    Told = maps:fold(fun(_Id, Who, Each) -> unanswerable(Who, engine_restarting, Each) end, Ended, Calls),
    Noted = case arsenal_engine:is_ready(Engine) of
                true -> say(error, "~ts; it is started again", [ended_text(Status)], Told);
                false -> Told
            end,
    reopen_soon(arsenal_engine:is_ready(Engine), ended_text(Status), acknowledge(Noted)).

ended_text(Status) when is_integer(Status), Status > 128 ->
    iolist_to_binary(io_lib:format("the engine's program was ended by signal ~b", [Status - 128]));
ended_text(Status) when is_integer(Status) -> iolist_to_binary(io_lib:format("the engine's program ended with status ~b", [Status]));
ended_text(_) -> <<"the engine's program ended">>.

%% Opened again at once, and then after a while that grows, unless it lived long enough or did something useful meanwhile.
reopen_soon(WasReady, Text, #state{quick_deaths = Before, ready_at = ReadyAt, progress = Progress} = State) ->
    Quick = case WasReady of
                true when Progress -> min(Before, 2);
                _ -> Before
            end,
    Deaths = case WasReady andalso now_ms() - ReadyAt >= ?STABLE_MS of
                 true -> 0;
                 false -> Quick
             end,
    Delay = case Deaths < length(?REOPEN_MS) of
                true -> lists:nth(Deaths + 1, ?REOPEN_MS);
                false -> ?REOPEN_MAX_MS
            end,
    cannot_start(WasReady, Text, State#state{quick_deaths = Deaths + 1, start_timer = after_ms(Delay, reopen)}).

%% An engine that cannot be started at all is the supervisor's business, in the end.
cannot_start(true, _Text, State) -> State;
cannot_start(false, Text, #state{failing_since = none} = State) ->
    say(error, "the engine cannot be started: ~ts; it is tried again", [why(Text, State)], State#state{failing_since = now_ms()});
cannot_start(false, Text, #state{failing_since = Since} = State) ->
    case now_ms() - Since >= ?CANNOT_START_MS of
        true -> terminate({engine, why(Text, State)}, State);
        false -> State
    end.

why(Text, #state{fatal = <<>>}) -> Text;
why(_Text, #state{fatal = Fatal}) -> Fatal.

reopen(#state{engine = Engine} = State) ->
    case arsenal_engine:open(Engine) of
        {ok, Opened} -> State#state{engine = Opened, fatal = <<>>, heard = now_ms(), start_timer = after_ms(?READY_MS, ready)};
        {error, Text} -> reopen_soon(false, Text, State)
    end.

%% A cast may be what kills the engine. After some deaths with casts sent and none confirmed, fewer are sent at once, until the one is
%% found that kills it alone. Signals from outside (kill, the kernel out of memory) prove nothing.
suspect(Status, State) when Status =:= 128 + 9; Status =:= 128 + 15 ->
    State;
suspect(_Status, #state{casts = Casts, engine = Engine, suspicion = Before, progress = Progress} = State) ->
    Unconfirmed = max(0, arsenal_engine:sent(Engine) - arsenal_casts:confirmed(Casts)),
    Narrow = arsenal_engine:window(Engine) =/= infinity,
    Suspicion = case Progress andalso not Narrow of true -> 0; false -> Before + 1 end,
    case Suspicion >= ?SUSPICIOUS_DEATHS orelse Narrow of
        _ when Unconfirmed =:= 0 -> State;
        true when Unconfirmed =:= 1 -> set_aside(State#state{suspicion = Suspicion});
        true -> State#state{suspicion = Suspicion, engine = arsenal_engine:narrow(Unconfirmed, Engine)};
        false -> State#state{suspicion = Suspicion}
    end.

set_aside(#state{casts = Before, set_aside = Count} = State) ->
    {Cast, Casts} = arsenal_casts:set_aside(Before),
    say(error, "a cast that ends the engine each time is set aside (restarts in it are counted, not described): ~0tP", [Cast, 60],
        State#state{casts = Casts, set_aside = Count + 1}).

%% Every few seconds: is there an answer owed, and not a word for long?
look(#state{engine = Engine, heard = Heard, calls = Calls} = State) ->
    Owes = arsenal_engine:is_ready(Engine) andalso (map_size(Calls) > 0 orelse arsenal_engine:is_blocked(Engine)),
    case Owes andalso now_ms() - Heard >= ?HUNG_MS of
        true ->
            arsenal_engine:kill(Engine),
            say(error, "the engine has not answered for 30 s: it is killed and started again", [], State#state{heard = now_ms()});
        false -> State
    end.

%%% ------------------------------------------------------------------ the probe

start_attach(#state{options = #{monitoring_interval := Interval}} = State) ->
    State#state{attacher = spawn_link(?MODULE, attach, [self(), min(3600000, max(10, Interval))]), capture = none}.

%% @private In a process of its own, as the probe's holder may let it wait.
-spec attach(pid(), pos_integer()) -> ok.
attach(Router, Interval) ->
    Router ! {attached, self(), attach_soon(Router, Interval, ?ATTACH_TRIES)},
    ok.

%% A probe that is just leaving, after a server before this one, is gone in some milliseconds.
attach_soon(Router, Interval, Left) ->
    case arsenal_probe:attach(Router, #{interval => Interval, packaged => true}) of
        {error, leaving} when Left > 0 ->
            receive after 10 -> ok end,
            attach_soon(Router, Interval, Left - 1);
        Answer -> Answer
    end.

attached({ok, Holder, Told}, #state{capture = Capture} = State) ->
    Info = with_capture(Capture, Told),
    push({attached, Info}, State#state{holder = Holder, holder_monitor = erlang:monitor(process, Holder), holder_info = Info, capture = none});
attached({error, _Reason}, State) ->
    _ = after_ms(?ATTACH_AGAIN_MS, attach),
    State.

%% Kept with what the attach said, for the engine after this one. What comes before the attach's answer is newer than that all the same.
capture(Capture, #state{attacher = none, holder_info = Info} = State) ->
    push({probe, Capture}, State#state{holder_info = with_capture(Capture, Info)});
capture(Capture, State) ->
    State#state{capture = Capture}.

with_capture({arsenal_capture, What, Source, Note}, #{} = Info) ->
    Info#{restart_capture => What, capture_source => Source, capture_note => Note};
with_capture(_, Info) ->
    Info.

%% The probe sends no further tick before this one is acknowledged, and restarts only so many. So it gets its answer only when there is
%% room for more.
tick(Seq, Tick, #state{engine = Engine} = State) ->
    case arsenal_engine:is_blocked(Engine) of
        true -> State#state{unanswered = Seq};
        false -> acknowledge(push({probe, Tick}, State#state{unanswered = Seq}))
    end.

acknowledge(#state{unanswered = none} = State) -> State;
acknowledge(#state{holder = none} = State) -> State#state{unanswered = none};
acknowledge(#state{unanswered = Seq, holder = Holder, engine = Engine, casts = Casts} = State) ->
    case arsenal_engine:is_blocked(Engine) orelse arsenal_casts:is_full(Casts) of
        true -> State;
        false ->
            Holder ! {ack, self(), Seq},
            State#state{unanswered = none}
    end.

%%% ------------------------------------------------------------------ sys

%% What shows the state asks the engine first, as any call, and is handled when its answer is there; so is suspend: a suspended server
%% shows its state as of then.
system(Request, From, State) when Request =:= get_state; Request =:= suspend; element(1, Request) =:= replace_state ->
    #state{next_id = Id} = State,
    Asked = ask({get_state, #{event_subscriptions => []}}, {system, Request, From}, State),
    _ = [after_ms(?SYSTEM_MS, {system, Id}) || is_map_key(Id, Asked#state.calls)],
    loop(Asked);
system(Request, From, State) ->
    handle_system(Request, From, flush(State)).

answer_system(Request, From, Struct, #state{system = Waiting} = State) ->
    State#state{system = Waiting ++ [{Request, From, Struct}]}.

handle_system(Request, From, #state{parent = Parent, debug = Debug} = State) ->
    sys:handle_system_msg(Request, From, Parent, ?MODULE, Debug, State).

full_struct(#{'__struct__' := _} = Struct, #state{subscribers = Subscribers}) ->
    Struct#{event_subscriptions => arsenal_subscribers:described(Subscribers)};
full_struct({ok, Struct}, State) ->
    full_struct(Struct, State);
full_struct(_Error, State) ->
    own_struct(State).

%% Without the engine: what the router itself knows.
own_struct(#state{options = Options, subscribers = Subscribers}) ->
    #{monitoring_interval := Interval, retention_period := Retention, anomaly_threshold := Threshold} = Options,
    #{'__struct__' => 'Elixir.Arsenal.AnalyticsServer',
      restart_history => [], performance_history => [], health_history => [],
      event_subscriptions => arsenal_subscribers:described(Subscribers),
      monitoring_interval => Interval, retention_period => Retention, last_health_check => nil,
      anomaly_thresholds => #{standard_deviations => Threshold},
      baseline_metrics => nil}.

%% @private
-spec system_continue(pid(), [sys:debug_option()], term()) -> no_return().
system_continue(Parent, Debug, State) ->
    loop(State#state{parent = Parent, debug = Debug, struct = none}).

%% @private
-spec system_terminate(term(), pid(), [sys:debug_option()], term()) -> no_return().
system_terminate(Reason, _Parent, Debug, State) ->
    terminate(Reason, State#state{debug = Debug}).

%% @private
-spec system_get_state(term()) -> {ok, map()}.
system_get_state(#state{struct = none} = State) -> {ok, own_struct(State)};
system_get_state(#state{struct = Struct}) -> {ok, Struct}.

%% @private What is known is the engine's, and cannot be replaced from here: a function that changes anything fails.
-spec system_replace_state(fun((map()) -> map()), term()) -> {ok, map(), term()}.
system_replace_state(Replace, State) ->
    {ok, Struct} = system_get_state(State),
    case Replace(Struct) of
        Struct -> {ok, Struct, State};
        _ -> error(state_is_read_only)
    end.

%% @private
-spec system_code_change(term(), module(), term(), term()) -> {ok, term()}.
system_code_change(State, _Module, _OldVsn, _Extra) -> {ok, State}.

%% @private
-spec format_status(normal | terminate, [term()]) -> [tuple()].
format_status(_Kind, [_Dictionary, SysState, Parent, Debug, State]) ->
    [{header, "Status for arsenal's server " ++ pid_to_list(self())},
     {data, [{"Status", SysState}, {"Parent", Parent}, {"Logged events", sys:get_log(Debug)}]},
     {data, [{"State", own_struct(State)}, {"Router", own_stats(State)}, {"Options", maps:remove(http_token, State#state.options)}]}].

%% @private
-spec print_event(io:device(), term(), term()) -> ok.
print_event(Device, {in, {'$gen_call', {From, _}, {arsenal_binary, Call}}}, Name) ->
    print_event(Device, {in, {'$gen_call', {From, none}, Call}}, Name);
print_event(Device, {in, {'$gen_call', {From, _}, Call}}, Name) ->
    io:format(Device, "*DBG* ~tp got call ~0tP from ~tp~n", [Name, Call, 30, From]);
print_event(Device, {in, {'$gen_cast', Cast}}, Name) ->
    io:format(Device, "*DBG* ~tp got cast ~0tP~n", [Name, Cast, 30]);
print_event(Device, {in, Message}, Name) ->
    io:format(Device, "*DBG* ~tp got ~0tP~n", [Name, Message, 30]);
print_event(Device, {out, Answer, To}, Name) ->
    io:format(Device, "*DBG* ~tp sent ~0tP to ~tp~n", [Name, Answer, 30, To]);
print_event(Device, Event, Name) ->
    io:format(Device, "*DBG* ~tp ~0tP~n", [Name, Event, 30]).

%%% ------------------------------------------------------------------ ending

%% The engine gets what there is for it, and a moment to confirm it; at the end of its input it commits and ends.
-spec terminate(term(), #state{}) -> no_return().
terminate(Reason, #state{casts = Casts, engine = Engine} = State) ->
    Until = now_ms() + ?DRAIN_MS,
    Told = arsenal_engine:push(goodbye, Engine),
    #state{engine = Last, subscribers = Subscribers, holder = Holder} =
        last_confirms(Until, State#state{engine = arsenal_engine:drain(arsenal_casts:confirmed(Casts), Until, Told)}),
    _ = arsenal_engine:close(Last),
    arsenal_subscribers:close(Subscribers),
    _ = [Holder ! {detach, self()} || is_pid(Holder)],
    exit(Reason).

last_confirms(Until, #state{casts = Casts, engine = Engine} = State) ->
    Port = arsenal_engine:port(Engine),
    case arsenal_engine:is_ready(Engine) andalso arsenal_casts:count(Casts) > 0 of
        true ->
            receive
                {Port, {data, Frame}} -> last_confirms(Until, frame(Frame, State));
                {Port, {exit_status, _}} -> State
            after max(0, Until - now_ms()) -> State
            end;
        false -> State
    end.

%%% ------------------------------------------------------------------ small things

%% So many log events a minute: an engine that dies again and again does not fill the log.
say(Level, Format, Args, #state{log_began = Began, logged = Logged} = State) ->
    Now = now_ms(),
    case Now - Began >= 60000 of
        true -> say(Level, Format, Args, State#state{log_began = Now, logged = 0});
        false when Logged < ?LOGGED_MAX ->
            logger:log(known_level(Level), "arsenal: " ++ Format, Args, #{domain => [arsenal]}),
            State#state{logged = Logged + 1};
        false -> State
    end.

known_level(Level) when Level =:= error; Level =:= warning; Level =:= notice; Level =:= info -> Level;
known_level(_) -> notice.

after_ms(Ms, What) -> erlang:start_timer(Ms, self(), What).

cancel(none) -> ok;
cancel(Timer) -> erlang:cancel_timer(Timer, [{async, true}, {info, false}]).

now_ms() -> erlang:monotonic_time(millisecond).
