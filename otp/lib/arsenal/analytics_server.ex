# SPDX-License-Identifier: Apache-2.0
defmodule Arsenal.AnalyticsServer do
  @moduledoc """
  Monitoring and analytics of this node, from within its supervision tree.

      children = [
        {Arsenal.AnalyticsServer, monitoring_interval: 5_000, store: "/var/lib/my_app/arsenal.db"},
        # the application's own
      ]

  The server is a small process in this VM and an engine in C outside of it, which it starts as a port program. The engine keeps what is known
  of the node: restarts, samples, health, baselines, anomalies. The process keeps what must outlive the engine: its pid and name,
  subscriptions, filters, and reports that are not yet safe. If the engine ends, it is started again within milliseconds;
  calls that meet that moment answer `{:error, :engine_restarting}`, and `{:error, :overloaded}` where 10,000 wait already.

  Restarts need not be reported: the server catches those of all supervisors of the node from their log reports, unless the logger's primary
  level is above `:error` (`Arsenal.MonitoredSupervisor` is for that). `track_restart/3` reports others; one that is both caught and reported counts once.

  The same functions for Erlang are in the module `arsenal`.

  ## Options

    * `:monitoring_interval` - how often the node is looked at, in milliseconds (default 5000)
    * `:retention_period` - how long history is kept, in milliseconds (default 86 400 000, a day)
    * `:anomaly_threshold` - how many standard deviations from its baseline a metric must be to be an anomaly (default 2.0)
    * `:max_history_size` - how many entries each history of `:sys.get_state/1` shows (default 1000)
    * `:name` - what the server is registered as (default `Arsenal.AnalyticsServer`): an atom, `{:global, term}`, `{:via, module, term}`, or `nil` for none
    * `:store` - the path of an SQLite file, which keeps history over restarts of the engine and of the node (default none)
    * `:reports` - the folder for the VM's post-mortems (default: beside the store, else `reports` in arsenal's state folder); `:off` for none
    * `:http` - an address, `"127.0.0.1:4900"`, or a port, to serve the dashboard, JSON, events and Prometheus' metrics on (default none)
    * `:http_token` - what HTTP clients must show; needed to listen on other than loopback
    * `:only`, `:except` - what is monitored at all: a keyword list of `:supervisors`, `:children` (lists of terms) and `:metrics` (a list of names, or of
      the groups `:cpu`, `:memory`, `:processes`, `:io`, `:gc`)
    * `:engine` - the path of the engine's program, if not the package's own

  An option that is wrong or not known raises an `ArgumentError` that says which.

  ## Events

  `subscribe_to_events/2` has `{:arsenal_analytics_event, type, data}` sent to the caller:

  | type | data |
  | --- | --- |
  | `:restart` | a `t:restart_event/0` |
  | `:health_alert` | a `t:system_health/0`, when the overall status changed |
  | `:anomaly` | a map of `:type`, `:severity`, `:description`, `:timestamp`, for metrics `:current_value` and `:baseline_value`, for restarts `:child_id`, `:supervisor`, `:restart_count`, and more |
  | `:performance_alert` | an anomaly of a metric, of severity `:high` |

  A subscriber that does not keep up loses the oldest events that wait for it; the next that it gets carries `dropped: n`.

  ## Messages

  The server may be spoken to directly. `GenServer.start_link(Arsenal.AnalyticsServer, options)` starts one, without a name. Calls: `:get_system_health`,
  `:get_performance_metrics`, `:get_memory_account`, `:get_server_stats`, `:get_patterns`, `:get_incidents`, `:predict_failures`, `:plan_capacity`, `{:top_processes, options}`, `{:get_restart_statistics, supervisor_or_nil}`, `{:get_historical_data, from, to}`, `{:subscribe_to_events, pid, types, filter}`,
  `{:unsubscribe_from_events, pid}`. Casts: `{:track_restart, supervisor, child_id, reason}`, `:force_health_check`. A call sees
  the effect of the casts that the same process sent before.

  `:sys.get_state/1` answers with the struct of this module, `:sys.trace/2`, `:sys.get_status/1`, `:sys.suspend/1` and `:sys.resume/1` work.

  Each function has a variant with the server as the first argument, for servers of another name.
  """

  @behaviour GenServer

  @call_ms 5_000
  # A day of samples takes a while to write and to read.
  @history_ms 30_000

  @typedoc "What `:sys.get_state/1` shows. Histories are newest first."
  @type t :: %__MODULE__{
          restart_history: [restart_event()],
          performance_history: [performance_metrics()],
          health_history: [system_health()],
          event_subscriptions: term(),
          monitoring_interval: pos_integer(),
          retention_period: pos_integer(),
          last_health_check: DateTime.t() | nil,
          anomaly_thresholds: map(),
          baseline_metrics: map() | nil
        }

  defstruct [
    :restart_history,
    :performance_history,
    :health_history,
    :event_subscriptions,
    :monitoring_interval,
    :retention_period,
    :last_health_check,
    :anomaly_thresholds,
    :baseline_metrics
  ]

  @typedoc "A restart. `:reason`, `:supervisor` and `:child_id` are the very terms; one over the size limit is a printed, cut binary instead."
  @type restart_event :: %{
          supervisor: pid() | atom(),
          child_id: term(),
          reason: term(),
          timestamp: DateTime.t(),
          restart_count: non_neg_integer(),
          child_pid: pid() | nil
        }

  @typedoc "A health check. Maps may have more keys than these."
  @type system_health :: %{
          overall_status: :healthy | :warning | :critical,
          process_count: non_neg_integer(),
          memory_usage: %{
            total: non_neg_integer(),
            processes: non_neg_integer(),
            system: non_neg_integer(),
            atom: non_neg_integer(),
            binary: non_neg_integer(),
            code: non_neg_integer(),
            ets: non_neg_integer()
          },
          cpu_usage: float(),
          restart_rate: float(),
          message_queue_lengths: %{
            max: non_neg_integer(),
            average: float(),
            processes_with_long_queues: non_neg_integer()
          },
          anomalies: [map()],
          recommendations: [String.t()],
          last_check: DateTime.t()
        }

  @typedoc """
  A sample. Utilizations are in percent, over the last interval; memory in bytes; `:io` and `:gc` since boot; `:time_spent` in milliseconds. Maps may have
  more keys than these. What could not be observed is 0 and is named in `:not_observed`.
  """
  @type performance_metrics :: %{
          cpu: %{
            utilization: float(),
            load_average: [float()],
            scheduler_utilization: [float()]
          },
          memory: %{
            total: non_neg_integer(),
            used: non_neg_integer(),
            available: non_neg_integer(),
            processes: non_neg_integer(),
            system: non_neg_integer()
          },
          processes: %{
            count: non_neg_integer(),
            limit: non_neg_integer(),
            utilization: float(),
            runnable: non_neg_integer(),
            running: non_neg_integer()
          },
          io: %{
            input: non_neg_integer(),
            output: non_neg_integer()
          },
          gc: %{
            collections: non_neg_integer(),
            words_reclaimed: non_neg_integer(),
            time_spent: non_neg_integer()
          },
          timestamp: DateTime.t()
        }

  @typedoc """
  `:time_between_restarts` is a mean, in milliseconds; `:restart_rate` is of the last hour. `:collateral` counts siblings that were restarted along, which are in no other
  count. `:budgets` are of supervisors that restarted: maps of `:supervisor`, `:kind`, `:strategy`, `:intensity`, `:period` (ms), `:used`, `:left`, `:children`
  and `:collateral`. The map has more keys than these.
  """
  @type restart_statistics :: %{
          total_restarts: non_neg_integer(),
          restart_rate: float(),
          most_restarted_children: [{child_id :: term(), non_neg_integer()}],
          restart_reasons: %{term() => non_neg_integer()},
          time_between_restarts: float() | nil,
          patterns: [pattern()],
          collateral: non_neg_integer(),
          budgets: [map()]
        }

  @typedoc """
  A pattern among restarts. `:frequency` counts restarts, of a cascade rounds; `:detected` is when the evidence was enough; `:active`: it may go on. Each type has keys
  of its own:

    * `:restart_storm` - rapid consecutive restarts of one child: none
    * `:periodic_restart` - `:interval` (whole seconds), `:interval_ms`, `:jitter` (standard deviation, as a share of it), `:missed` (beats), `:last_restart`
    * `:cascading_failure` - `:members` (maps of `:child_id` and `:supervisor`, in their usual order), `:delay_ms` (from the first to the last); `:child_id` is the root
    * `:resource_correlated` - `:resource_type` (`:memory`, `:cpu`, `:message_queue`), `:metric`, `:resource_threshold` (in `:unit`), `:fired` (share of
      the spikes that a restart followed), `:delay_ms` (from spike to restart)
  """
  @type pattern :: %{
          type: :restart_storm | :cascading_failure | :periodic_restart | :resource_correlated,
          pattern: String.t(),
          child_id: term(),
          supervisor: term(),
          frequency: non_neg_integer(),
          confidence: float(),
          first: DateTime.t(),
          last: DateTime.t(),
          detected: DateTime.t(),
          active: boolean()
        }

  @typedoc """
  A failure that will come between `:earliest` and `:latest`, with the `:confidence`; `:latest` is `nil` beside a `:next_failure` where it may be much later, too.

    * `:periodic_restart` - a child that fails at regular intervals
    * `:resource_correlated` - a child that fails when a resource reaches its `:trigger`: `:resource_type`, `:metric`, `:trigger`, `:present`, `:distance` (in `:unit`; negative
      beyond the trigger); the times are `nil` where it is not heading there
    * `:restart_budget` - a supervisor (`:child_id` is `nil`) that is about to give up: `:left` (restarts), `:intensity`, `:period` (ms)
  """
  @type prediction :: %{
          type: :periodic_restart | :resource_correlated | :restart_budget,
          text: String.t(),
          child_id: term(),
          supervisor: term(),
          next_failure: DateTime.t() | nil,
          earliest: DateTime.t() | nil,
          latest: DateTime.t() | nil,
          confidence: float()
        }

  @type resource :: :processes | :memory | :cpu | :ports | :atoms | :ets | :file_descriptors

  @typedoc """
  How much of a resource there is, and how long it lasts. Utilization in percent, growth in `:unit` an hour, `:span` (of the past that this goes by), `:time_left` and `:horizon` (that was
  looked ahead) in milliseconds. What is not known is `nil`; without a trend there are no times. `:latest` is `nil` beside a `:full_at` where it may be much later, too.
  """
  @type capacity :: %{
          current: number() | nil,
          limit: number() | nil,
          unit: String.t(),
          utilization: float() | nil,
          trend: boolean(),
          growth_per_hour: float() | nil,
          growth_range: %{low: float() | nil, high: float() | nil},
          span: non_neg_integer(),
          time_left: non_neg_integer() | nil,
          full_at: DateTime.t() | nil,
          earliest: DateTime.t() | nil,
          latest: DateTime.t() | nil,
          horizon: non_neg_integer(),
          confidence: float(),
          text: String.t()
        }

  @typedoc "All lists oldest first."
  @type historical_data :: %{
          time_range: %{start: DateTime.t(), end: DateTime.t()},
          metrics: [performance_metrics()],
          restarts: [restart_event()],
          health_checks: [system_health()],
          events: [map()]
        }

  @typedoc "`:uptime` is the server's own, in milliseconds. The map has more keys than these."
  @type server_stats :: %{
          uptime: non_neg_integer(),
          restart_events_tracked: non_neg_integer(),
          performance_samples: non_neg_integer(),
          health_checks: non_neg_integer(),
          active_subscriptions: non_neg_integer(),
          monitoring_interval: pos_integer(),
          retention_period: pos_integer(),
          last_health_check: DateTime.t() | nil
        }

  @typedoc """
  The largest first. `:value` is what it is ranked by; what is not known of a process is `nil`. The maps have more keys than these: `:initial_call`, `:current_function`,
  `:message_queue_fill_rate` (messages a second), `:application`, `:ancestors`.
  """
  @type top_processes :: %{
          by: :message_queue | :memory | :reductions | :binary,
          processes: [
            %{
              pid: String.t(),
              name: String.t() | nil,
              value: number(),
              message_queue_len: non_neg_integer() | nil,
              memory: non_neg_integer() | nil,
              binary_memory: non_neg_integer() | nil,
              reductions_per_second: non_neg_integer() | nil
            }
          ]
        }

  @type top_option :: {:by, :message_queue | :queue | :memory | :reductions | :binary} | {:n, 1..1000}

  @type event_type :: :restart | :health_alert | :performance_alert | :anomaly | :all
  @typedoc "One that raises means no; one that does not come back harms its own subscriber only."
  @type event_filter :: (event :: map() -> as_boolean(term()))
  @type error :: {:error, :engine_restarting | :overloaded | term()}
  @type option ::
          {:monitoring_interval, pos_integer()}
          | {:retention_period, pos_integer()}
          | {:anomaly_threshold, number()}
          | {:max_history_size, pos_integer()}
          | {:name, GenServer.name() | nil}
          | {:store, Path.t() | nil}
          | {:reports, Path.t() | :off | nil}
          | {:http, String.t() | :inet.port_number() | nil}
          | {:http_token, String.t() | nil}
          | {:only, selection()}
          | {:except, selection()}
          | {:engine, Path.t() | nil}
  @type selection :: [supervisors: [term()], children: [term()], metrics: [atom()]] | map()

  @doc """
  Starts a server, linked to the caller, with the module's options.

  `{:error, {:already_started, pid}}` if the name is taken; `{:error, reason}` if the engine cannot be started: the store cannot be opened, or
  the HTTP address is taken.
  """
  @spec start_link([option()] | map()) :: GenServer.on_start()
  def start_link(options \\ []) do
    check(:arsenal_args.options(options))
    :arsenal.start_link(options)
  end

  @doc "A child specification: `Arsenal.AnalyticsServer`, or `{Arsenal.AnalyticsServer, options}`, in a list of children. Its id is the server's name."
  @spec child_spec([option()] | map()) :: Supervisor.child_spec()
  def child_spec(options) do
    check(:arsenal_args.options(options))
    %{id: Access.get(options, :name) || __MODULE__, start: {__MODULE__, :start_link, [options]}}
  end

  # GenServer.start_link(Arsenal.AnalyticsServer, options): the process becomes the server here.
  @doc false
  @impl GenServer
  def init(options), do: :arsenal_server.init(options)

  @doc """
  Reports a restart that the server did not see by itself.

  A supervisor is a pid or a name, a child's id and a reason are any terms. If the server catches the same restart, within five seconds, both are one.
  Nothing happens if there is no such server.

      Arsenal.AnalyticsServer.track_restart(:my_supervisor, :worker_1, :normal)
  """
  @spec track_restart(GenServer.server(), term(), term(), term()) :: :ok
  def track_restart(server \\ __MODULE__, supervisor, child_id, reason),
    do: cast(server, {:track_restart, supervisor, child_id, reason})

  @doc "Restart statistics of all supervisors."
  @spec get_restart_statistics() :: {:ok, restart_statistics()} | error()
  def get_restart_statistics, do: get_restart_statistics(__MODULE__, nil)

  @doc "Restart statistics of one supervisor, all zero if it never restarted anything; of all, if it is `nil`."
  @spec get_restart_statistics(term()) :: {:ok, restart_statistics()} | error()
  def get_restart_statistics(supervisor), do: get_restart_statistics(__MODULE__, supervisor)

  @doc "The same, of a server of another name."
  @spec get_restart_statistics(GenServer.server(), term()) :: {:ok, restart_statistics()} | error()
  def get_restart_statistics(server, supervisor), do: call(server, {:get_restart_statistics, supervisor})

  @doc "The last sample."
  @spec get_performance_metrics(GenServer.server()) :: {:ok, performance_metrics()} | error()
  def get_performance_metrics(server \\ __MODULE__), do: call(server, :get_performance_metrics)

  @doc """
  One account of the node's memory that adds up. `levels` are what the node may use, what it holds of that, what its allocators took of that, and what is
  in use of that; of each, `bytes + excess` is the sum of its `parts`, some of which name those that own the most.
  """
  @spec get_memory_account(GenServer.server()) :: {:ok, map()} | error()
  def get_memory_account(server \\ __MODULE__), do: call(server, :get_memory_account)

  @doc """
  Patterns among the restarts, the one that restarted last first; see `t:pattern/0`.

      {:ok, patterns} = Arsenal.AnalyticsServer.get_patterns()
      for %{type: :periodic_restart} = pattern <- patterns, do: {pattern.child_id, pattern.interval, pattern.last_restart}
  """
  @spec get_patterns(GenServer.server()) :: {:ok, [pattern()]} | error()
  def get_patterns(server \\ __MODULE__), do: call(server, :get_patterns)

  @doc """
  Findings that belong together, the incident that opened last first; the last 100 are kept. Each is a map of `:id`, `:title`, `:severity`, `:open`, `:opened`, `:last`, `:ended`,
  `:root` (the finding that explains the others), `:next_step`, `:members` (all of its findings, each with its `:culprits`), `:restarts`, `:health`, `:patterns`, `:node_down`.

      {:ok, incidents} = Arsenal.AnalyticsServer.get_incidents()
      for %{open: true} = incident <- incidents, do: IO.puts(incident.title <> ": " <> incident.next_step)
  """
  @spec get_incidents(GenServer.server()) :: {:ok, [map()]} | error()
  def get_incidents(server \\ __MODULE__), do: call(server, :get_incidents)

  @doc """
  Who will fail next, the next one first, those without a time last; see `t:prediction/0`.

      {:ok, predictions} = Arsenal.AnalyticsServer.predict_failures()
      for %{next_failure: %DateTime{} = time} = next <- predictions, do: {time, next.supervisor, next.child_id, next.confidence}
  """
  @spec predict_failures(GenServer.server()) :: {:ok, [prediction()]} | error()
  def predict_failures(server \\ __MODULE__), do: call(server, :predict_failures)

  @doc """
  What may run out, and when, by resource; see `t:capacity/0`. No trend, no date.

      {:ok, %{memory: memory}} = Arsenal.AnalyticsServer.plan_capacity()
      if memory.trend and memory.full_at, do: {memory.full_at, memory.earliest, memory.latest}
  """
  @spec plan_capacity(GenServer.server()) :: {:ok, %{resource() => capacity()}} | error()
  def plan_capacity(server \\ __MODULE__), do: call(server, :plan_capacity)

  @doc """
  The largest processes, as of the last sample.

  Options: `:by` - what they are ranked by: `:message_queue` (the default; `:queue` for short), `:memory`, `:reductions` (a second) or `:binary` (memory of binaries outside
  its heap that a process holds); `:n` - how many at most (10; no more than 10 are known). Whatever else raises an `ArgumentError`.

      {:ok, %{processes: [largest | _]}} = Arsenal.AnalyticsServer.top_processes(by: :memory, n: 3)
      :erlang.list_to_pid(to_charlist(largest.pid))
  """
  @spec top_processes([top_option()] | map()) :: {:ok, top_processes()} | error()
  def top_processes(options \\ []), do: top_processes(__MODULE__, options)

  @doc "The same, of a server of another name."
  @spec top_processes(GenServer.server(), [top_option()] | map()) :: {:ok, top_processes()} | error()
  def top_processes(server, options) do
    with {:error, _} = wrong <- :arsenal_args.top_options(options), do: check(wrong)
    call(server, {:top_processes, options})
  end

  @doc "Health, as of now."
  @spec get_system_health(GenServer.server()) :: {:ok, system_health()} | error()
  def get_system_health(server \\ __MODULE__), do: call(server, :get_system_health)

  @doc """
  Subscribes the caller to events of these types; see the module's documentation for what comes.

  A filter is called with the event's data, in a process of its own; one that raises, or takes more than five seconds, says no. Who subscribes again replaces what was asked for before. The end of
  a subscriber ends its subscription.

      Arsenal.AnalyticsServer.subscribe_to_events([:anomaly], fn event -> event.severity == :high end)
  """
  @spec subscribe_to_events([event_type()], event_filter() | nil) :: :ok | error()
  def subscribe_to_events(types, filter \\ nil), do: subscribe_to_events(__MODULE__, types, filter)

  @doc "The same, at a server of another name."
  @spec subscribe_to_events(GenServer.server(), [event_type()], event_filter() | nil) :: :ok | error()
  def subscribe_to_events(server, types, filter) do
    check(:arsenal_args.event_types(types))
    check(:arsenal_args.filter(filter))
    call(server, {:subscribe_to_events, self(), types, filter})
  end

  @doc "Ends the caller's subscription, if there is one."
  @spec unsubscribe_from_events(GenServer.server()) :: :ok | error()
  def unsubscribe_from_events(server \\ __MODULE__), do: call(server, {:unsubscribe_from_events, self()})

  @doc """
  What was between two times, both included: `DateTime`s, or milliseconds since the epoch. A day at 5 s is some 27 MB,
  decoded in the caller, while the server goes on with other calls. More than 125,000 samples at once (a day at 1 s, a week at 5 s) are
  `{:error, :range_too_large}`; with 64 such calls, or 512 MB of answers, under way it is `{:error, :overloaded}`.

      now = DateTime.utc_now()
      Arsenal.AnalyticsServer.get_historical_data(DateTime.add(now, -3600, :second), now)
  """
  @spec get_historical_data(GenServer.server(), DateTime.t() | integer(), DateTime.t() | integer()) ::
          {:ok, historical_data()} | error()
  def get_historical_data(server \\ __MODULE__, from, to) do
    check(:arsenal_args.time_range(from, to))
    call(server, {:get_historical_data, from, to}, @history_ms)
  end

  @doc "The server about itself."
  @spec get_server_stats(GenServer.server()) :: {:ok, server_stats()} | error()
  def get_server_stats(server \\ __MODULE__), do: call(server, :get_server_stats)

  @doc "Has the node looked at now. A call after it, of the same process, sees the finished check."
  @spec force_health_check(GenServer.server()) :: :ok
  def force_health_check(server \\ __MODULE__), do: cast(server, :force_health_check)

  defp call(server, request, timeout \\ @call_ms) do
    check(:arsenal_args.server(server))
    :arsenal_server.call(server, request, timeout)
  end

  defp cast(server, request) do
    check(:arsenal_args.server(server))
    :arsenal_server.cast(server, request)
  end

  defp check(:ok), do: :ok
  defp check({:error, text}), do: raise(ArgumentError, text)
end
