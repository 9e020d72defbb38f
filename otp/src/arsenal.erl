%% SPDX-License-Identifier: Apache-2.0
%%
%% @doc Monitoring and analytics inside an application: restarts, health, performance, anomalies, history, events.
%%
%% Start it in a supervision tree, early:
%%
%% ```
%% init([]) ->
%%     {ok, {#{}, [arsenal:child_spec([{monitoring_interval, 5000}]) | Children]}}.
%% '''
%%
%% Restarts of all supervisors of the node are found by themselves; `track_restart/3' reports others by hand. Most functions come twice:
%% for the default server, and with a server (a pid or a name) as first argument. What they answer are maps with the field
%% names of the Elixir module `Arsenal.AnalyticsServer'; times are Elixir `DateTime' maps, absent values `nil'.
%%
%% A wrong argument raises `badarg' in the caller, with a text in its `error_info'. A server that is not there ends the call as that
%% of any gen_server; casts (`track_restart', `force_health_check') are then lost. While the engine is started again, for milliseconds,
%% calls answer `{error, engine_restarting}'; with 10,000 calls waiting, `{error, overloaded}'.
-module(arsenal).

-export([start_link/0, start_link/1, child_spec/1, stop/0, stop/1, name/0]).
-export([track_restart/3, track_restart/4, force_health_check/0, force_health_check/1]).
-export([get_restart_statistics/0, get_restart_statistics/1, get_restart_statistics/2]).
-export([get_memory_account/0, get_memory_account/1]).
-export([predict_failures/0, predict_failures/1, plan_capacity/0, plan_capacity/1]).
-export([get_incidents/0, get_incidents/1]).
-export([get_patterns/0, get_patterns/1]).
-export([top_processes/0, top_processes/1, top_processes/2]).
-export([get_performance_metrics/0, get_performance_metrics/1, get_system_health/0, get_system_health/1]).
-export([get_historical_data/2, get_historical_data/3, get_server_stats/0, get_server_stats/1]).
-export([subscribe_to_events/1, subscribe_to_events/2, subscribe_to_events/3, unsubscribe_from_events/0, unsubscribe_from_events/1]).
-export([format_error/2]).

-export_type([server/0, option/0, top_option/0, selection/0, answer/0, answers/0, event_type/0, filter/0, time/0, supervisor/0]).

-type server() :: pid() | atom() | {atom(), node()} | {global, term()} | {via, module(), term()}.
-type option() :: {name, atom() | {local, atom()} | {global, term()} | {via, module(), term()} | nil}
                | {monitoring_interval, pos_integer()}
                | {retention_period, pos_integer()}
                | {anomaly_threshold, number()}
                | {max_history_size, pos_integer()}
                | {store, unicode:chardata()}
                | {reports, unicode:chardata() | off}
                | {http, unicode:chardata() | inet:port_number()}
                | {http_token, unicode:chardata()}
                | {only, selection()}
                | {except, selection()}
                | {engine, file:filename_all()}.
%% `name': default `Elixir.Arsenal.AnalyticsServer'; `nil': none. `monitoring_interval' (5000) and `retention_period' (24 h) in milliseconds;
%% the node is looked at every 10 ms at most. `anomaly_threshold' (2.0) in standard deviations. `max_history_size' (1000): entries in each list
%% of the state. `store': the file of the history, none: it ends with the engine. `reports': the folder of the VM's post-mortems (beside the
%% store, else `reports' in arsenal's state folder), `off': none. `http': address for dashboard, API and Prometheus, as
%% `"127.0.0.1:4900"' or a port; `http_token': what it asks for. `only', `except': what is monitored. `engine': the path of the program.
-type top_option() :: {by, message_queue | queue | memory | reductions | binary} | {n, 1..1000}.
%% `by': what the processes are ranked by (`message_queue', of which `queue' is the short form): messages, bytes, reductions a second, bytes of binaries
%% outside the heap. `n': how many at most (10, and no more than 10 are known).
-type selection() :: [{supervisors | children | metrics, [term()]}] | map().
-type answer() :: {ok, map()} | {error, engine_restarting | overloaded | term()}.
-type answers() :: {ok, [map()]} | {error, engine_restarting | overloaded | term()}.
-type event_type() :: restart | health_alert | performance_alert | anomaly | all.
-type filter() :: fun((map()) -> term()) | nil | undefined.
-type time() :: integer() | map().
%% Milliseconds since the epoch, or an Elixir `DateTime'.
-type supervisor() :: pid() | atom() | term().

-define(CALL_MS, 5000).
-define(HISTORY_MS, 30000).        % a day of samples takes a while to write and to read

%% @doc Starts the server with the defaults, linked to the caller.
-spec start_link() -> gen_server:start_ret() | {error, term()}.
start_link() -> start_link([]).

%% @doc Starts the server with options (a list of pairs or a map), linked to the caller. A wrong or unknown option raises `badarg'; an engine that
%% cannot be started is `{error, {engine, Text}}'.
-spec start_link([option()] | map()) -> gen_server:start_ret() | {error, term()}.
start_link(Options) ->
    case arsenal_args:parsed_options(Options) of
        {ok, #{name := undefined}} -> gen_server:start_link(arsenal_server, Options, []);
        {ok, #{name := Name}} when is_atom(Name) -> gen_server:start_link({local, Name}, arsenal_server, Options, []);
        {ok, #{name := Name}} -> gen_server:start_link(Name, arsenal_server, Options, []);
        {error, Text} -> bad([Options], 1, Text)
    end.

%% @doc The server as a supervisor's child.
-spec child_spec([option()] | map()) -> supervisor:child_spec().
child_spec(Options) ->
    case arsenal_args:parsed_options(Options) of
        {ok, #{name := Name}} ->
            #{id => case Name of undefined -> ?MODULE; _ -> Name end, start => {?MODULE, start_link, [Options]}, type => worker,
              restart => permanent, shutdown => 5000, modules => [arsenal_server]};
        {error, Text} -> bad([Options], 1, Text)
    end.

%% @doc Stops the default server.
-spec stop() -> ok.
stop() -> stop(name()).

%% @doc Stops a server. What it was told before is in its store then, or soon after.
-spec stop(server()) -> ok.
stop(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    gen_server:stop(Server).

%% @doc The name of the default server.
-spec name() -> atom().
name() -> arsenal_args:default_name().

%% @doc Reports a restart by hand. It never waits and never fails. Terms may be anything; one that is larger than about 1 KiB is kept as its
%% printed and cut text. A restart that the probe catches, too, is counted once.
-spec track_restart(supervisor(), Child :: term(), Reason :: term()) -> ok.
track_restart(Supervisor, Child, Reason) ->
    track_restart(name(), Supervisor, Child, Reason).

%% @doc The same, to this server.
-spec track_restart(server(), supervisor(), Child :: term(), Reason :: term()) -> ok.
track_restart(Server, Supervisor, Child, Reason) ->
    checked(arsenal_args:server(Server), [Server, Supervisor, Child, Reason], 1),
    arsenal_server:cast(Server, {track_restart, Supervisor, Child, Reason}).

%% @doc Asks for a health check at once. A call after it sees its outcome.
-spec force_health_check() -> ok.
force_health_check() -> force_health_check(name()).

%% @doc The same, of this server.
-spec force_health_check(server()) -> ok.
force_health_check(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    arsenal_server:cast(Server, force_health_check).

%% @doc Restarts of all supervisors.
-spec get_restart_statistics() -> answer().
get_restart_statistics() -> get_restart_statistics(all).

%% @doc Restarts of one supervisor (its name or pid), or of `all'.
-spec get_restart_statistics(supervisor() | all) -> answer().
get_restart_statistics(Supervisor) -> get_restart_statistics(name(), Supervisor).

%% @doc The same, of this server.
-spec get_restart_statistics(server(), supervisor() | all) -> answer().
get_restart_statistics(Server, Supervisor) ->
    checked(arsenal_args:server(Server), [Server, Supervisor], 1),
    arsenal_server:call(Server, {get_restart_statistics, Supervisor}, ?CALL_MS).

%% @doc The newest measurements: CPU, memory, processes, IO, garbage collection.
-spec get_performance_metrics() -> answer().
get_performance_metrics() -> get_performance_metrics(name()).

%% @doc The same, of this server.
-spec get_performance_metrics(server()) -> answer().
get_performance_metrics(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    arsenal_server:call(Server, get_performance_metrics, ?CALL_MS).

%% @doc One account of the node's memory that adds up: what it may use, what it holds, what of that its allocators took, what is in use, and who owns the most.
-spec get_memory_account() -> answer().
get_memory_account() -> get_memory_account(name()).

%% @doc The same, of this server.
-spec get_memory_account(server()) -> answer().
get_memory_account(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    arsenal_server:call(Server, get_memory_account, ?CALL_MS).

%% @doc Patterns among the restarts, as maps, the one that restarted last first. All have `type' (`restart_storm', `cascading_failure', `periodic_restart',
%% `resource_correlated'), `pattern' (a line for a person), `child_id' (of a cascade: its root), `supervisor', `frequency' (restarts; of a cascade: rounds), `confidence'
%% (0 to 1), `first', `last', `detected' (when the evidence was enough), `active'. Periodic ones have `interval' (whole seconds), `interval_ms', `jitter' (a share of it), `missed',
%% `last_restart'; cascades `members' (in their order) and `delay_ms'; resource-correlated ones `resource_type' (`memory', `cpu', `message_queue'), `metric',
%% `resource_threshold', `unit', `fired' (share of the spikes that a restart followed), `delay_ms'.
-spec get_patterns() -> answers().
get_patterns() -> get_patterns(name()).

%% @doc The same, of this server.
-spec get_patterns(server()) -> answers().
get_patterns(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    arsenal_server:call(Server, get_patterns, ?CALL_MS).

%% @doc Findings that belong together, as maps, the incident that opened last first: `id', `title', `severity', `open', `opened', `last', `ended', `root' (the finding that explains the
%% others), `next_step', `members' (all its findings, each with its `culprits'), `restarts', `health', `patterns', `node_down'. The last 100 are kept.
-spec get_incidents() -> answers().
get_incidents() -> get_incidents(name()).

%% @doc The same, of this server.
-spec get_incidents(server()) -> answers().
get_incidents(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    arsenal_server:call(Server, get_incidents, ?CALL_MS).

%% @doc Who will fail next, as maps, the next one first, those without a time last. All have `type' (`periodic_restart', `resource_correlated', `restart_budget': a supervisor
%% that is about to give up), `text' (a line for a person), `child_id' (`nil' of a budget), `supervisor', `next_failure', `earliest', `latest', `confidence' (that it comes between
%% the two). Those that follow a resource have `resource_type', `metric', `trigger', `present', `distance', `unit', and a time only where it is heading there; budgets have
%% `left', `intensity', `period' (ms).
-spec predict_failures() -> answers().
predict_failures() -> predict_failures(name()).

%% @doc The same, of this server.
-spec predict_failures(server()) -> answers().
predict_failures(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    arsenal_server:call(Server, predict_failures, ?CALL_MS).

%% @doc What may run out, and when: a map with the keys `processes', `memory', `cpu', `ports', `atoms', `ets', `file_descriptors'. Each has `current', `limit', `unit', `utilization'
%% (%), `trend' (`false': none, and no dates), `growth_per_hour', `growth_range' (`low', `high'), `span' (ms of the past that this goes by), `time_left' (ms), `full_at', `earliest',
%% `latest', `horizon' (ms that were looked ahead), `confidence' (that the limit is reached between the two), `text'. What is not known is `nil'.
-spec plan_capacity() -> answer().
plan_capacity() -> plan_capacity(name()).

%% @doc The same, of this server.
-spec plan_capacity(server()) -> answer().
plan_capacity(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    arsenal_server:call(Server, plan_capacity, ?CALL_MS).

%% @doc The processes with the longest message queues.
-spec top_processes() -> answer().
top_processes() -> top_processes([]).

%% @doc The largest processes, as of the last sample: `#{by := Ranking, processes := [Process]}', the largest first. Each has its `pid' as a text, `name' (registered, or
%% its label), `value' (what it is ranked by), `initial_call', `current_function', `message_queue_len', `message_queue_fill_rate' (messages a second), `memory', `binary_memory',
%% `reductions_per_second', `application', `ancestors'.
-spec top_processes([top_option()] | map()) -> answer().
top_processes(Options) -> top_processes(name(), Options).

%% @doc The same, of this server.
-spec top_processes(server(), [top_option()] | map()) -> answer().
top_processes(Server, Options) ->
    checked(arsenal_args:server(Server), [Server, Options], 1),
    checked(top_options(Options), [Server, Options], 2),
    arsenal_server:call(Server, {top_processes, Options}, ?CALL_MS).

top_options(Options) ->
    case arsenal_args:top_options(Options) of
        {ok, _} -> ok;
        {error, _} = Error -> Error
    end.

%% @doc The node's health, with anomalies and recommendations.
-spec get_system_health() -> answer().
get_system_health() -> get_system_health(name()).

%% @doc The same, of this server.
-spec get_system_health(server()) -> answer().
get_system_health(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    arsenal_server:call(Server, get_system_health, ?CALL_MS).

%% @doc What was between two times: metrics, restarts, health checks, events, oldest first. A day at 5 s is some 27 MB, decoded here, while the
%% server goes on with other calls. More than 125,000 samples at once (a day at 1 s, a week at 5 s) are `{error, range_too_large}'; with 64 such
%% calls, or 512 MB of answers, under way it is `{error, overloaded}'.
-spec get_historical_data(time(), time()) -> answer().
get_historical_data(Start, End) ->
    checked(arsenal_args:time_range(Start, End), [Start, End], 2),
    arsenal_server:call(name(), {get_historical_data, Start, End}, ?HISTORY_MS).

%% @doc The same, of this server.
-spec get_historical_data(server(), time(), time()) -> answer().
get_historical_data(Server, Start, End) ->
    checked(arsenal_args:server(Server), [Server, Start, End], 1),
    checked(arsenal_args:time_range(Start, End), [Server, Start, End], 3),
    arsenal_server:call(Server, {get_historical_data, Start, End}, ?HISTORY_MS).

%% @doc The server's own numbers. From the engine: `restart_events_tracked', `performance_samples', `health_checks', `last_health_check',
%% `monitoring_interval', `retention_period' and more. Of the server: `uptime' (ms), `active_subscriptions', `events_dropped' (of
%% subscribers that fell behind), `engine_restarts', `engine_os_pid', `http' (where it listens), `store', `calls_waiting', `casts_unconfirmed',
%% `casts_folded' (counted, not described, as too many waited) and `casts_set_aside' (that ended the engine).
-spec get_server_stats() -> answer().
get_server_stats() -> get_server_stats(name()).

%% @doc The same, of this server.
-spec get_server_stats(server()) -> answer().
get_server_stats(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    arsenal_server:call(Server, get_server_stats, ?CALL_MS).

%% @doc Subscribes the caller to events of these types; they come as `{arsenal_analytics_event, Type, Map}'. Subscribing again replaces.
-spec subscribe_to_events([event_type()]) -> ok | {error, term()}.
subscribe_to_events(Types) ->
    checked(arsenal_args:event_types(Types), [Types], 1),
    subscribe(name(), Types, undefined).

%% @doc Subscribes to those that a filter wants. It runs in a process of its own; one that raises or takes more than 5 s says no. A
%% subscriber that falls behind loses the oldest; the next event that it gets has how many in `dropped'.
-spec subscribe_to_events([event_type()], filter()) -> ok | {error, term()}.
subscribe_to_events(Types, Filter) ->
    checked(arsenal_args:event_types(Types), [Types, Filter], 1),
    checked(arsenal_args:filter(Filter), [Types, Filter], 2),
    subscribe(name(), Types, Filter).

%% @doc The same, at this server.
-spec subscribe_to_events(server(), [event_type()], filter()) -> ok | {error, term()}.
subscribe_to_events(Server, Types, Filter) ->
    checked(arsenal_args:server(Server), [Server, Types, Filter], 1),
    checked(arsenal_args:event_types(Types), [Server, Types, Filter], 2),
    checked(arsenal_args:filter(Filter), [Server, Types, Filter], 3),
    subscribe(Server, Types, Filter).

subscribe(Server, Types, Filter) ->
    arsenal_server:call(Server, {subscribe_to_events, self(), Types, Filter}, ?CALL_MS).

%% @doc Ends the caller's subscription. No event comes after it.
-spec unsubscribe_from_events() -> ok.
unsubscribe_from_events() -> unsubscribe_from_events(name()).

%% @doc The same, at this server.
-spec unsubscribe_from_events(server()) -> ok.
unsubscribe_from_events(Server) ->
    checked(arsenal_args:server(Server), [Server], 1),
    arsenal_server:call(Server, {unsubscribe_from_events, self()}, ?CALL_MS).

checked(ok, _Args, _Position) -> ok;
checked({error, Text}, Args, Position) -> bad(Args, Position, Text).

%% EEP 54: the shell, and Elixir, show the text beside the argument.
-spec bad([term()], pos_integer(), binary()) -> no_return().
bad(Args, Position, Text) ->
    erlang:error(badarg, Args, [{error_info, #{module => ?MODULE, cause => #{Position => Text}}}]).

%% @doc The texts of a `badarg' that was raised here, as `erl_error' wants them.
-spec format_error(term(), list()) -> #{pos_integer() => binary()}.
format_error(badarg, [{_, _, _, Info} | _]) ->
    case proplists:get_value(error_info, Info, #{}) of
        #{cause := Cause} when is_map(Cause) -> Cause;
        _ -> #{}
    end;
format_error(_Reason, _Stack) ->
    #{}.
