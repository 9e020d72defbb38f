%% SPDX-License-Identifier: Apache-2.0
%%
%% The table of restarts: every kind of supervisor × type of child × type of restart × reason, under every configuration of logging, on the OTP
%% that runs it. The program is the node that is watched and the watcher in one: the probe is attached as in an application.
%%
%%     erl -noshell -pa DIR -eval 'restart_table:main("OUT", erlang | elixir)'
%%
%% OUT gets a term for each configuration and kind: {Configuration, Kind, exact | blind | {wrong, Why}, Note, Cells}.
-module(restart_table).

-export([main/2, keep/1]).
-export([init/1, start_child/1, start_plain/0, handle_call/3, handle_cast/2, handle_info/2, terminate/2, callback_mode/0, handle_event/4]).

-define(REASONS, [normal, shutdown, {shutdown, x}, kill, {failed, "tuple"}, huge]).
-define(TYPES, [permanent, transient, temporary]).
-define(ERLANG, [one_for_one, one_for_all, rest_for_one, simple_one_for_one]).
-define(ELIXIR, [dynamic, partition, task, elixir]).

main(Out, World) ->
    try
        {ok, File} = file:open(Out, [write]),
        prepare(World),
        Watcher = attach(),
        [run(File, Watcher, Configuration) || Configuration <- configurations(World)],
        ok = file:close(File),
        halt(0)
    catch
        Class:Reason:Stack ->
            io:format("restart table: ~p~n", [{Class, Reason, Stack}]),
            halt(1)
    end.

%% Nobody has to read what happens here.
prepare(erlang) ->
    ok = logger:remove_handler(default);
prepare(elixir) ->
    prepare(erlang),
    start_logger([]).

start_logger(Settings) ->
    application:load(logger),
    [application:set_env(logger, Key, Value) || {Key, Value} <- [{backends, []}, {default_handler, false} | Settings]],
    {ok, _} = application:ensure_all_started(logger),
    case logger:get_handler_config(default) of
        {ok, _} -> logger:remove_handler(default);
        _ -> ok
    end.

configurations(erlang) ->
    Plain = [default, none, critical, module_none, module_only],
    Plain ++ [{foreign_tracer, Configuration} || Configuration <- Plain];
configurations(elixir) ->
    [elixir_default, logger_restarted, handle_sasl_reports, none, module_none, {foreign_tracer, elixir_default}, {foreign_tracer, none},
     {foreign_tracer, module_none}].

run(File, Watcher, Configuration) ->
    Undo = configure(Configuration),
    Kinds = ?ERLANG ++ case code:ensure_loaded('Elixir.DynamicSupervisor') of
                           {module, _} -> ?ELIXIR;
                           _ -> []
                       end,
    Capture = settled(Watcher),
    Cells = [{Kind, crash_all(Kind)} || Kind <- Kinds],
    wait_for(Watcher, [Pid || {_, Expected, _} <- lists:append([Kind || {_, Kind} <- Cells]), Pid <- Expected]),
    Seen = ask(Watcher, seen),
    [io:format(File, "~0tp.~n", [judged(Configuration, Kind, Children, Seen, Capture)]) || {Kind, Children} <- Cells],
    Undo().

configure({foreign_tracer, Configuration}) ->
    Self = self(),
    {ok, _} = dbg:tracer(process, {fun(_, Count) -> Self ! foreign, Count end, none}),
    {ok, [{matched, _, 1}]} = dbg:p(Self, [c]),
    {ok, [{matched, _, 1}]} = dbg:tp(lists, seq, 2, []),
    {tracer, Theirs} = erlang:trace_info(Self, tracer),
    Undo = configure(Configuration),
    fun() ->
        %% The other tracer was not disturbed.
        flush_foreign(),
        _ = lists:seq(1, 2),
        receive foreign -> ok after 20000 -> error(foreign_tracer_disturbed) end,
        dbg:stop(),
        %% Its tracer ends a moment later; until then nobody else may trace.
        ok = until(fun() -> erlang:trace_info(Self, tracer) =/= {tracer, Theirs} end, 20000),
        Undo()
    end;
configure(Level) when Level =:= none; Level =:= critical ->
    #{level := Before} = logger:get_primary_config(),
    ok = logger:set_primary_config(level, Level),
    fun() -> ok = logger:set_primary_config(level, Before) end;
configure(module_none) ->
    ok = logger:set_module_level(supervisor, none),
    fun() -> ok = logger:unset_module_level(supervisor) end;
configure(module_only) ->
    Undo = configure(none),
    ok = logger:set_module_level(supervisor, error),
    fun() -> ok = logger:unset_module_level(supervisor), Undo() end;
configure(logger_restarted) ->
    ok = application:stop(logger),
    start_logger([]),
    fun() -> ok end;
configure(handle_sasl_reports) ->
    ok = application:stop(logger),
    start_logger([{handle_sasl_reports, true}]),
    fun() -> ok end;
configure(_Default) ->
    fun() -> ok end.

flush_foreign() ->
    receive foreign -> flush_foreign() after 0 -> ok end.

%%% ------------------------------------------------------------------ the watcher

attach() ->
    Watcher = spawn(?MODULE, keep, [none]),
    {ok, Holder, #{restart_capture := Capture, capture_note := Note}} =
        arsenal_probe:attach(Watcher, #{interval => 100, packaged => true}),
    Watcher ! {holder, Holder, {Capture, Note}},
    Watcher.

keep(none) ->
    receive {holder, Holder, Capture} -> keep(#{holder => Holder, capture => Capture, since => now_ms(), seen => []}) end;
keep(#{holder := Holder, seen := Seen} = Kept) ->
    receive
        {arsenal_tick, Seq, _, _, _, _} -> Holder ! {ack, self(), Seq}, keep(Kept);
        {arsenal_restarts, Lost, Restarts} -> keep(Kept#{seen := Restarts ++ [lost || Lost > 0] ++ Seen});
        {arsenal_capture, Capture, _, Note} -> keep(Kept#{capture := {Capture, Note}, since := now_ms()});
        {From, Key} when is_pid(From), is_map_key(Key, Kept) -> From ! {self(), maps:get(Key, Kept)}, keep(Kept);
        _ -> keep(Kept)
    end.

ask(Watcher, Key) ->
    Watcher ! {self(), Key},
    receive {Watcher, Answer} -> Answer end.

%% What the capture says when it has not changed for longer than anything it waits for: a look at the configuration, the overlap of two sources, a
%% canary.
settled(Watcher) ->
    Begin = now_ms(),
    until(fun() -> now_ms() - max(Begin, ask(Watcher, since)) > 2500 end, 20000),
    ask(Watcher, capture).

wait_for(Watcher, Expected) ->
    All = fun() -> Expected -- [element(6, Restart) || Restart <- ask(Watcher, seen), is_tuple(Restart)] =:= [] end,
    _ = until(All, 1500),
    %% And whatever should not come.
    timer:sleep(300).

until(Condition, Ms) -> until_at(Condition, now_ms() + Ms).

until_at(Condition, Deadline) ->
    case Condition() of
        true -> ok;
        false -> case now_ms() < Deadline of
                     true -> timer:sleep(20), until_at(Condition, Deadline);
                     false -> timeout
                 end
    end.

now_ms() -> erlang:monotonic_time(millisecond).

%%% ------------------------------------------------------------------ the verdict

judged(Configuration, Kind, Children, Seen, {Capture, Note}) ->
    Pids = [Pid || {Pid, _, _} <- Children],
    Told = [Pid || {_, _, _, _, _, Pid, _, _, _} <- Seen, lists:member(Pid, Pids)],
    Expected = [Pid || {_, [Pid], _} <- Children],
    Mentioned = case Kind of
                    _ when Kind =:= dynamic; Kind =:= task -> <<"DynamicSupervisor">>;
                    _ -> <<"supervisor">>
                end,
    Blind = Capture =:= blind orelse (Capture =:= partial andalso binary:match(Note, <<"of ", Mentioned/binary, " are">>) =/= nomatch),
    Kept = {lists:sort(Told), lists:sort(Expected)},
    Verdict = case Kept of
                  {Same, Same} when not Blind -> exact;
                  {[], _} when Blind -> blind;
                  _ -> {wrong, [Cell || {Pid, Should, Cell} <- Children,
                                        length([P || P <- Told, P =:= Pid]) =/= length(Should)]}
              end,
    {Configuration, Kind, Verdict, Note, length(Children)}.

%%% ------------------------------------------------------------------ restarts

%% [{Pid of the child that ended, [Pid] if it must be told, else [], What}]
crash_all(Kind) ->
    Crashed = [crash(Kind, Child, Type, Reason) || Child <- children(Kind), Type <- ?TYPES, Reason <- ?REASONS],
    [{Pid, [Pid || is_restart(Type, Reason)], {Child, Type, Reason}} || {Pid, Child, Type, Reason} <- Crashed].

children(task) -> [plain];
children(_) -> [plain, gen_server, gen_statem].

is_restart(permanent, _) -> true;
is_restart(transient, Reason) -> not lists:member(Reason, [normal, shutdown, {shutdown, x}]);
is_restart(temporary, _) -> false.

crash(Kind, Child, Type, Reason) ->
    {Supervisor, Pid} = child_under(Kind, Child, Type),
    Monitor = monitor(process, Pid),
    case Reason of
        kill -> exit(Pid, kill);
        huge -> Pid ! {exit, {huge, lists:seq(1, 10000)}};
        _ -> Pid ! {exit, Reason}
    end,
    receive {'DOWN', Monitor, process, Pid, _} -> ok end,
    %% A supervisor that ends at once would not come to its restart.
    _ = supervisor:count_children(Supervisor),
    _ = supervisor:count_children(Supervisor),
    unlink(Supervisor),
    End = monitor(process, Supervisor),
    exit(Supervisor, shutdown),
    receive {'DOWN', End, process, Supervisor, _} -> ok end,
    {Pid, Child, Type, Reason}.

spec(Child, Type) ->
    #{id => {child, Child}, start => {?MODULE, start_child, [Child]}, restart => Type}.

child_under(simple_one_for_one, Child, Type) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {supervisor, simple_one_for_one, [spec(Child, Type)]}),
    {ok, Pid} = supervisor:start_child(Supervisor, []),
    {Supervisor, Pid};
child_under(dynamic, Child, Type) ->
    {ok, Supervisor} = 'Elixir.DynamicSupervisor':start_link([{strategy, one_for_one}, {max_restarts, 100}]),
    {ok, Pid} = 'Elixir.DynamicSupervisor':start_child(Supervisor, spec(Child, Type)),
    {Supervisor, Pid};
child_under(partition, Child, Type) ->
    Name = list_to_atom("partition" ++ integer_to_list(erlang:unique_integer([positive]) rem 100)),
    {ok, Supervisor} = 'Elixir.PartitionSupervisor':start_link([{child_spec, spec(Child, Type)}, {name, Name}, {partitions, 1}]),
    {Supervisor, first_child(Supervisor)};
child_under(task, plain, Type) ->
    {ok, Supervisor} = 'Elixir.Task.Supervisor':start_link([]),
    {ok, Pid} = 'Elixir.Task.Supervisor':start_child(Supervisor, fun plain/0, [{restart, Type}]),
    {Supervisor, Pid};
child_under(elixir, Child, Type) ->
    {ok, Supervisor} = 'Elixir.Supervisor':start_link([spec(Child, Type)], [{strategy, one_for_one}]),
    {Supervisor, first_child(Supervisor)};
child_under(Strategy, Child, Type) ->
    Siblings = [#{id => sibling, start => {?MODULE, start_child, [plain]}}],
    {ok, Supervisor} = supervisor:start_link(?MODULE, {supervisor, Strategy, [spec(Child, Type) | Siblings]}),
    {Supervisor, first_child(Supervisor)}.

first_child(Supervisor) ->
    [Pid] = [Pid || {Id, Pid, _, _} <- supervisor:which_children(Supervisor), is_pid(Pid), Id =/= sibling],
    Pid.

start_child(plain) -> {ok, spawn_link(?MODULE, start_plain, [])};
start_child(gen_server) -> gen_server:start_link(?MODULE, gen_server, []);
start_child(gen_statem) -> gen_statem:start_link(?MODULE, gen_statem, []).

start_plain() -> plain().

plain() ->
    receive {exit, Reason} -> exit(Reason) end.

init({supervisor, Strategy, Specs}) -> {ok, {#{strategy => Strategy, intensity => 100, period => 1}, Specs}};
init(gen_server) -> {ok, none};
init(gen_statem) -> {ok, state, none}.

handle_call(_, _, State) -> {reply, ok, State}.
handle_cast(_, State) -> {noreply, State}.
handle_info({exit, Reason}, State) -> {stop, Reason, State}.
terminate(_, _) -> ok.
callback_mode() -> handle_event_function.
handle_event(info, {exit, Reason}, _, _) -> {stop, Reason}.
