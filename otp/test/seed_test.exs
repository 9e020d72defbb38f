# SPDX-License-Identifier: Apache-2.0
defmodule SeedTest do
  # Every Elixir block of the seed document, as it stands there, against the real server. What a block leaves open is supplied around it, never in
  # it: by a module that it is wrapped in, or by an import before it. What is wrong with a block of the seed's own is in @defects,
  # and is asserted to be so.
  use ExUnit.Case
  import ExUnit.CaptureIO
  import SeedBlocks, only: [block: 3]
  import Waiting

  alias Arsenal.AnalyticsServer

  @blocks SeedBlocks.all()

  @defects %{
    7 => "the branch that switches the flag on does not try again, but returns the flag's old value",
    11 => "the filter reads a field, severity, that restarts and health checks do not have: it raises on them",
    14 => "a choice of severities is no expression: the block is type notation",
    15 => "the same",
    18 => "a module attribute stands where no module is",
    20 => "nothing is filtered out: the block leaves that to a comment, and returns the time",
    23 => "a child without :restart cannot be wrapped; nobody sets :restarting, so that no restart is reported",
    26 => "determine_action has no clause for other events, execute_action none for what determine_action wants for restarts",
    29 => "a comma before the closing parenthesis of a call: Elixir warns of it, and is to refuse it"
  }

  Module.register_attribute(__MODULE__, :accounted, accumulate: true)

  defmodule Supplied do
    @moduledoc "What the seed's modules leave open. Calls that are of interest are told to the test."
    def export_to_prometheus(metrics, health), do: send(:seed_test, {:prometheus, metrics, health})
    def export_to_datadog(metrics, health), do: send(:seed_test, {:datadog, metrics, health})

    # The block's predictor has no clause for storms and cascades.
    def analyze_patterns(history) do
      send(:seed_test, {:history, history})
      {:ok, patterns} = AnalyticsServer.get_patterns()
      for %{type: type} = pattern when type in [:periodic_restart, :resource_correlated] <- patterns, do: pattern
    end

    def calculate_confidence(%{confidence: confidence}), do: confidence

    def get_long_term_history do
      now = DateTime.utc_now()
      AnalyticsServer.get_historical_data(DateTime.add(now, -3600, :second), now)
    end

    def calculate_utilization_trend(metrics), do: send(:seed_test, {:trend, metrics})
    # The block's own growth rates are left open, and nil; the server has them, with what comes of them.
    def project_limit_breach(nil), do: projected(:processes)
    def project_resource_exhaustion(nil), do: projected(:memory)
    def project_cpu_bottleneck(_trend), do: projected(:cpu)

    defp projected(resource) do
      {:ok, %{^resource => %{trend: trend, full_at: time}}} = AnalyticsServer.plan_capacity()
      if trend, do: time, else: :no_trend
    end

    def told(what), do: send(:seed_test, what)
  end

  setup do
    Process.register(self(), :seed_test)
    :ok
  end

  defp server(options \\ []), do: start_supervised!({AnalyticsServer, [monitoring_interval: 100] ++ options})

  # Compiles; the compiler's warnings about fragments are not of interest.
  defp compile(source) do
    {_warnings, modules} = silent(fn -> Code.compile_string(source, "seed") end)
    on_exit(fn -> for {module, _} <- modules, do: :code.purge(module) && :code.delete(module) end)
    modules
  end

  # A fragment inside a module.
  defp wrap(block, around \\ ""), do: compile("defmodule SeedTest.Wrapped do\n#{block}\n#{around}\nend")

  # A whole module whose open functions are imported.
  defp supply(block), do: compile("import SeedTest.Supplied\n" <> block)

  defp eval(block) do
    {result, bindings} = Code.eval_string(block)
    {result, Map.new(bindings)}
  end

  defp type(number, name), do: @blocks[number] |> Shape.types() |> Map.fetch!(name)

  # The server caught this child failing, as often as said.
  defp report(times, child \\ :seed_worker),
    do: for(_ <- 1..times, do: AnalyticsServer.track_restart(:seed_supervisor, child, :crash))

  defp module(name), do: Module.concat([name])

  # ---- the document itself ------------------------------------------------------------------------------------------

  test "the copy is the original" do
    original = System.get_env("ARSENAL_SEED", "")
    if File.exists?(original), do: assert(File.read!(SeedBlocks.path()) == File.read!(original))
  end

  test "every defect is of a block, and every block is accounted for" do
    assert Map.keys(@blocks) == Enum.sort(Enum.uniq(accounted()))
    assert Map.keys(@defects) -- Map.keys(@blocks) == []
  end

  # ---- data ----------------------------------------------------------------------------------------------------------

  block 1, "the struct that :sys.get_state shows" do
    wrap(block)
    pid = server()
    seed = struct(module("SeedTest.Wrapped"))
    report(2)
    {:ok, _} = AnalyticsServer.get_system_health()
    eventually(fn -> :sys.get_state(pid).baseline_metrics end)
    state = :sys.get_state(pid)
    assert %AnalyticsServer{} = state
    assert Map.keys(Map.delete(state, :__struct__)) == Map.keys(Map.delete(seed, :__struct__))
    for {field, value} <- Map.from_struct(state), do: assert(value != nil, "#{field} is not filled")
    assert [%{child_id: :seed_worker}, %{child_id: :seed_worker}] = state.restart_history
    assert [] == Shape.errors(hd(state.restart_history), type(2, :restart_event))
    assert [] == Shape.errors(hd(state.performance_history), type(4, :performance_metrics))
    assert state.monitoring_interval == 100
    assert state.retention_period == 86_400_000
  end

  block 2, "the type of restart events" do
    wrap(block)
    server()
    :ok = AnalyticsServer.subscribe_to_events([:restart])
    report(2)
    await({:arsenal_analytics_event, :restart, first})
    await({:arsenal_analytics_event, :restart, second})
    for event <- [first, second], do: assert([] == Shape.errors(event, type(2, :restart_event)))
    assert %{supervisor: :seed_supervisor, child_id: :seed_worker, reason: :crash, restart_count: 1, child_pid: nil} = first
    assert second.restart_count == 2

    AnalyticsServer.track_restart(self(), {:any, "term"}, %{map: [1, 2.5]})
    await({:arsenal_analytics_event, :restart, third})
    assert third.child_id == {:any, "term"} and third.reason == %{map: [1, 2.5]}
    # This process has a name, and a supervisor is known by it; the term is what was given.
    assert [] == Shape.errors(third, type(2, :restart_event))
  end

  block 3, "the type of health" do
    wrap(block)
    server()
    {:ok, health} = AnalyticsServer.get_system_health()
    assert [] == Shape.errors(health, type(3, :system_health))
    assert_in_delta health.process_count, length(Process.list()), 50
    assert health.memory_usage.total > 1_000_000
  end

  block 4, "the type of performance metrics" do
    wrap(block)
    server()
    {:ok, metrics} = AnalyticsServer.get_performance_metrics()
    assert [] == Shape.errors(metrics, type(4, :performance_metrics))
    # A share of time is of an interval, which the first sample has none of.
    eventually(fn ->
      {:ok, metrics} = AnalyticsServer.get_performance_metrics()
      length(metrics.cpu.scheduler_utilization) == System.schedulers_online()
    end)

    assert length(metrics.cpu.load_average) == 3
    assert metrics.processes.limit == :erlang.system_info(:process_limit)
    assert metrics.memory.used + metrics.memory.available == metrics.memory.total
  end

  # ---- asking --------------------------------------------------------------------------------------------------------

  block 5, "a report, and statistics" do
    server()
    {{:ok, stats}, %{stats: stats}} = eval(block)
    assert stats.total_restarts == 1
    assert stats.restart_rate == 1.0
    assert stats.most_restarted_children == [{:worker_1, 1}]
    assert stats.restart_reasons == %{normal: 1}
    assert is_list(stats.patterns)
    assert Map.has_key?(stats, :time_between_restarts)
    {{:ok, _}, %{stats: again}} = eval(block)
    assert again.total_restarts == 2 and is_number(again.time_between_restarts)
  end

  block 6, "performance metrics" do
    server()
    {_, %{metrics: metrics}} = eval(block)
    assert [] == Shape.errors(metrics, type(4, :performance_metrics))
  end

  block 7, "scheduler utilization" do
    wrap(block, """
    def run, do: get_scheduler_utilization()
    defp calculate_scheduler_utilization(schedulers), do: schedulers
    """)

    # The defect; each process's flag is its own.
    if :erlang.statistics(:scheduler_wall_time) == :undefined do
      assert module("SeedTest.Wrapped").run() == false
    end

    server()
    {:ok, _} = AnalyticsServer.get_performance_metrics()
    assert [{_, _, _} | _] = module("SeedTest.Wrapped").run()
  end

  block 8, "health" do
    server()
    {_, %{health: health}} = eval(block)
    assert health.overall_status in [:healthy, :warning, :critical]
    assert [] == Shape.errors(health, type(3, :system_health))
  end

  block 9, "message queues" do
    wrap(block, """
    def run, do: analyze_message_queues()
    defp calculate_average(lengths), do: Enum.sum(lengths) / length(lengths)
    """)

    server()
    stuffed = spawn_link(fn -> Process.sleep(:infinity) end)
    for _ <- 1..150, do: send(stuffed, :more)
    assert %{max: 150, processes_with_long_queues: 1} = module("SeedTest.Wrapped").run()
    # The server sees the same.
    eventually(fn ->
      AnalyticsServer.force_health_check()
      match?({:ok, %{message_queue_lengths: %{max: 150, processes_with_long_queues: 1}}}, AnalyticsServer.get_system_health())
    end)
  end

  # ---- events --------------------------------------------------------------------------------------------------------

  block 10, "event types" do
    wrap(block, "def types, do: @event_types")
    server()
    types = module("SeedTest.Wrapped").types()
    assert AnalyticsServer.subscribe_to_events(types) == :ok
    for type <- types, do: assert(AnalyticsServer.subscribe_to_events([type]) == :ok)
    assert_raise ArgumentError, fn -> AnalyticsServer.subscribe_to_events([:restarts]) end
  end

  block 11, "subscriptions, and a filter that raises on some events" do
    pid = server()
    {:ok, %{filter: filter}} = eval(block)
    {:ok, %{active_subscriptions: 0}} = AnalyticsServer.get_server_stats()

    # The defect, and what comes of it: no event, and no harm.
    assert_raise KeyError, fn -> filter.(%{child_id: :a}) end
    :ok = AnalyticsServer.subscribe_to_events([:all], filter)
    report(8)
    await({:arsenal_analytics_event, :anomaly, %{type: :restart_anomaly, severity: :high}})
    refute_received {:arsenal_analytics_event, :restart, _}
    assert Process.alive?(pid)
  end

  block 12, "handling events" do
    wrap(block, """
    defp handle_restart_event(event), do: SeedTest.Supplied.told({:restart, event})
    defp handle_health_alert(event), do: SeedTest.Supplied.told({:health_alert, event})
    defp handle_performance_alert(event), do: SeedTest.Supplied.told({:performance_alert, event})
    defp handle_anomaly(event), do: SeedTest.Supplied.told({:anomaly, event})
    """)

    server()
    {:ok, _} = AnalyticsServer.get_system_health()
    :ok = AnalyticsServer.subscribe_to_events([:all])
    report(15)
    handle = &module("SeedTest.Wrapped").handle_info(&1, :state)

    await({:arsenal_analytics_event, :restart, _} = restart)
    assert {:noreply, :state} = handle.(restart)
    assert_received {:restart, %{child_id: :seed_worker}}
    await({:arsenal_analytics_event, :anomaly, _} = anomaly)
    assert {:noreply, :state} = handle.(anomaly)
    assert_received {:anomaly, %{type: :restart_anomaly}}
    await({:arsenal_analytics_event, :health_alert, _} = health)
    assert {:noreply, :state} = handle.(health)
    assert_received {:health_alert, alert}
    assert [] == Shape.errors(alert, type(3, :system_health))
    assert {:noreply, :state} = handle.({:arsenal_analytics_event, :performance_alert, %{}})
    assert_received {:performance_alert, %{}}
  end

  # ---- anomalies -----------------------------------------------------------------------------------------------------

  block 13, "the baseline" do
    wrap(block, "def run(baseline, current), do: update_baseline_metrics(baseline, current)")
    server()
    {:ok, metrics} = AnalyticsServer.get_performance_metrics()
    run = Function.capture(module("SeedTest.Wrapped"), :run, 2)
    assert run.(nil, metrics) == metrics
    assert_in_delta run.(%{cpu: %{utilization: 10.0}}, put_in(metrics.cpu.utilization, 20.0)).cpu.utilization, 11.0, 0.001
    # What the server shows as its baseline can be the one of the block.
    baseline =
      eventually(fn ->
        baseline = :sys.get_state(AnalyticsServer).baseline_metrics
        is_map(baseline) and Map.has_key?(baseline, :cpu) && baseline
      end)

    assert is_float(run.(baseline, metrics).cpu.utilization)
  end

  for {number, type} <- [{14, :cpu_anomaly}, {15, :memory_anomaly}] do
    block number, "type notation of #{type}" do
      # The defect.
      assert_raise CompileError, fn -> capture_io(:stderr, fn -> eval(block) end) end
      {:%{}, _, fields} = shape = Code.string_to_quoted!(block)
      assert fields[:type] == unquote(type)

      event = %{
        type: unquote(type),
        severity: :high,
        description: "",
        current_value: 1.0,
        baseline_value: 0.5,
        timestamp: DateTime.utc_now()
      }

      assert [] == Shape.errors(event, shape)
      assert ["it.severity is :low" <> _] = Shape.errors(%{event | severity: :low}, shape)
    end
  end

  block 16, "the process count anomaly" do
    {%{type: :process_count_anomaly, severity: :medium}, _} = eval(block)
  end

  block 17, "the restart anomaly" do
    {%{type: :restart_anomaly}, _} = eval(block)
    server()
    :ok = AnalyticsServer.subscribe_to_events([:anomaly])
    report(5)
    await({:arsenal_analytics_event, :anomaly, anomaly})
    assert [] == Shape.errors(anomaly, with_any(Code.string_to_quoted!(block), [:child_id, :supervisor]))
    assert %{child_id: :seed_worker, supervisor: :seed_supervisor} = anomaly
    assert anomaly.restart_count > 3
    {:ok, %{anomalies: anomalies}} = AnalyticsServer.get_system_health()
    assert Enum.any?(anomalies, &(&1.type == :restart_anomaly))
  end

  # Of these fields the seed shows an example, no type.
  defp with_any({:%{}, meta, fields}, keys),
    do: {:%{}, meta, Enum.map(fields, fn {k, v} -> {k, if(k in keys, do: {:term, [], []}, else: v)} end)}

  block 18, "a threshold" do
    # The defect: on its own the second statement is none.
    assert_raise ArgumentError, ~r/outside.*module|cannot invoke @/, fn -> Code.eval_string("@default_anomaly_threshold 2.0") end
    wrap(block, "def default, do: @default_anomaly_threshold")
    pid = eventually(fn -> Process.whereis(AnalyticsServer) end)
    assert inspect(:sys.get_state(pid).anomaly_thresholds) =~ "3.0"
    stop(pid)
    assert inspect(:sys.get_state(server()).anomaly_thresholds) =~ Float.to_string(module("SeedTest.Wrapped").default())
  end

  defp stop(pid) do
    Process.unlink(pid)
    GenServer.stop(pid)
  end

  # ---- memory --------------------------------------------------------------------------------------------------------

  block 19, "a bounded history" do
    wrap("state = %{restart_history: Enum.to_list(1..2000)}\nnew_event = :new\n" <> block, """
    def history, do: unquote(Macro.escape(new_history))
    """)

    assert [:new, 1 | _] = history = module("SeedTest.Wrapped").history()
    assert length(history) == 1000

    pid = server()
    report(1200)
    assert {:ok, %{total_restarts: 1200}} = AnalyticsServer.get_restart_statistics(:seed_supervisor)
    assert length(:sys.get_state(pid).restart_history) == 1000
  end

  block 20, "old data" do
    wrap(block, "def run(state), do: cleanup_old_data(state)")
    pid = server(retention_period: 1_000)
    # The defect.
    assert %DateTime{} = cutoff = module("SeedTest.Wrapped").run(:sys.get_state(pid))
    assert DateTime.diff(DateTime.utc_now(), cutoff, :millisecond) in 1_000..10_000
    # What the block means, the server does.
    {:ok, first} = AnalyticsServer.get_performance_metrics()

    eventually(fn ->
      {:ok, %{metrics: metrics}} =
        AnalyticsServer.get_historical_data(DateTime.add(first.timestamp, -60, :second), DateTime.utc_now())

      metrics != [] and DateTime.compare(hd(metrics).timestamp, first.timestamp) == :gt
    end)
  end

  # ---- integration ---------------------------------------------------------------------------------------------------

  block 21, "alerting" do
    compile(block)
    server()
    {:ok, manager} = GenServer.start_link(module("MyApp.AlertManager"), [])
    :sys.statistics(manager, true)
    report(5)
    # One anomaly passes the filter; the five restarts are not asked for.
    eventually(fn -> messages_in(manager) >= 1 end)
    AnalyticsServer.force_health_check()
    {:ok, %{active_subscriptions: 1}} = AnalyticsServer.get_server_stats()
    assert messages_in(manager) < 5
    report(15)
    eventually(fn -> messages_in(manager) >= 2 end)
    assert Process.alive?(manager)
  end

  # What is printed on stderr, and the result.
  defp silent(function) do
    me = self()
    printed = capture_io(:stderr, fn -> send(me, {:result, function.()}) end)
    assert_received {:result, result}
    {printed, result}
  end

  defp messages_in(pid) do
    {:ok, statistics} = :sys.statistics(pid, :get)
    statistics[:messages_in]
  end

  block 22, "export" do
    supply(block)
    server()
    {:ok, exporter} = GenServer.start_link(module("MyApp.MetricsExporter"), [])
    send(exporter, :export_metrics)
    await({:prometheus, metrics, health})
    await({:datadog, ^metrics, ^health})
    assert [] == Shape.errors(metrics, type(4, :performance_metrics))
    assert [] == Shape.errors(health, type(3, :system_health))
  end

  block 23, "a supervisor of one's own" do
    compile(block)
    supervisor = module("MyApp.MonitoredSupervisor")
    server()
    Process.flag(:trap_exit, true)
    # The first defect.
    bare = %{id: :bare, start: {Crashing, :start_link, [:bare]}}
    assert {:error, {missing, _}} = Supervisor.start_link(supervisor, [bare])
    assert :badkey = elem(missing, 0)
    assert :restart = elem(missing, 1)

    child = Map.put(bare, :restart, :permanent)
    {:ok, pid} = Supervisor.start_link(supervisor, [child], name: :seed_monitored)
    :ok = AnalyticsServer.subscribe_to_events([:restart])
    Crashing.fail(:bare, :crash)
    # The second: the block does not report it. The server catches it all the same, once.
    await({:arsenal_analytics_event, :restart, %{supervisor: :seed_monitored, child_id: :bare, reason: :crash}})
    assert {:ok, %{total_restarts: 1}} = AnalyticsServer.get_restart_statistics(:seed_monitored)
    Supervisor.stop(pid)

    # What the block does where :restarting is set.
    eventually(fn -> Process.whereis(:bare) == nil end)
    Process.put(:restarting, true)
    Process.put(:restart_reason, :told)
    assert {:ok, _} = supervisor.start_child(child)
    assert {:ok, %{total_restarts: 1, restart_reasons: %{told: 1}}} = AnalyticsServer.get_restart_statistics(self())
  end

  # ---- on top ----------------------------------------------------------------------------------------------------------

  block 24, "a predictor" do
    supply(block)
    server(arsenal_day().options())
    report(3)
    predictor = module("MyApp.FailurePredictor")
    assert {:ok, []} = predictor.predict_failures()
    await({:history, history})

    assert %{time_range: %{start: %DateTime{}, end: %DateTime{}}, metrics: _, restarts: [_, _, _], health_checks: _, events: _} =
             history

    for restart <- history.restarts, do: assert([] == Shape.errors(restart, type(2, :restart_event)))

    # Two hours in which one child fails every five minutes, and another one ten seconds after the memory was large.
    full = [70, 190, 405, 610, 701, 932, 1105, 1300]

    live(1440, fn n, time, metrics ->
      if rem(n, 60) == 30, do: fails(:worker, time)
      if (n - 2) in full, do: fails(:other, time)
      memory = if n in full, do: 2_000_000_000, else: 300_000_000 + :rand.uniform(5_000_000)
      List.keystore(metrics, :vm_memory_total, 0, {:vm_memory_total, memory})
    end)

    assert {:ok, predictions} = predictor.predict_failures()

    assert [%{child_id: :worker, next_failure: %DateTime{} = next, confidence: sure}] =
             Enum.filter(predictions, &(&1[:next_failure] != nil))

    assert sure > 0.5 and sure <= 1.0
    assert [%{child_id: :other, trigger: trigger, resource_type: :memory}] = Enum.filter(predictions, &(&1[:trigger] != nil))
    assert trigger > 300_000_000
    # The server's own predictions are of the same children, and have an interval.
    assert {:ok, own} = AnalyticsServer.predict_failures()
    assert [%{type: :periodic_restart, earliest: earliest, latest: latest}] = Enum.filter(own, &(&1.child_id == :worker))
    assert DateTime.compare(earliest, next) != :gt and DateTime.compare(next, latest) != :gt
    assert [%{type: :resource_correlated, trigger: ^trigger, resource_type: :memory}] = Enum.filter(own, &(&1.child_id == :other))
  end

  # A report of that time, as track_restart/3 sends one of now.
  defp fails(child, time), do: GenServer.cast(AnalyticsServer, {:track_restart, :seed_supervisor, child, :crash, time})

  block 25, "a planner" do
    supply(block)
    server(arsenal_day().options())
    {:ok, _} = AnalyticsServer.get_performance_metrics()
    planner = module("MyApp.CapacityPlanner")

    assert {:ok, %{processes_limit_reached: :no_trend, memory_exhaustion: :no_trend, cpu_bottleneck: :no_trend}} =
             planner.analyze_growth_trends()

    flush_trends()

    # An hour in which twenty processes are left behind every second.
    live(720, fn n, _, metrics -> List.keystore(metrics, :process_count, 0, {:process_count, 100 + 100 * n}) end)

    assert {:ok, %{processes_limit_reached: %DateTime{} = time, memory_exhaustion: :no_trend, cpu_bottleneck: _}} =
             planner.analyze_growth_trends()

    assert DateTime.diff(time, DateTime.utc_now()) in 3_600..18_000

    assert_received {:trend, [_ | _] = metrics}
    for sample <- metrics, do: assert([] == Shape.errors(sample, type(4, :performance_metrics)))
  end

  defp flush_trends do
    receive do
      {:trend, _} -> flush_trends()
    after
      0 -> :ok
    end
  end

  # otp/test/arsenal_day.erl: a past for a server that has none.
  defp arsenal_day do
    source = __DIR__ |> Path.join("arsenal_day.erl") |> to_charlist()
    {:ok, module, code} = :compile.file(source, [:binary])
    {:module, ^module} = :code.load_binary(module, source, code)
    module
  end

  defp live(samples, moment), do: arsenal_day().live(Process.whereis(AnalyticsServer), 5_000, samples, moment)

  block 26, "a healer" do
    compile(block)
    server()
    healer = module("MyApp.AutoHealer")
    event = &{:arsenal_analytics_event, &1, &2}
    state = %{actions_taken: []}

    assert {:noreply, %{actions_taken: [{:force_gc, :all_processes}]}} =
             healer.handle_info(event.(:anomaly, %{type: :memory_anomaly, severity: :high}), state)

    # The defects, each of which ends the healer; the server does not mind.
    {:ok, health} = AnalyticsServer.get_system_health()
    assert_raise FunctionClauseError, ~r/determine_action/, fn -> healer.handle_info(event.(:health_alert, health), state) end
    Process.flag(:trap_exit, true)
    {:ok, pid} = GenServer.start_link(healer, [])
    {:ok, %{active_subscriptions: 1}} = AnalyticsServer.get_server_stats()
    report(5)
    await({:EXIT, ^pid, {:function_clause, [{^healer, :execute_action, _, _} | _]}})
    eventually(fn -> match?({:ok, %{active_subscriptions: 0}}, AnalyticsServer.get_server_stats()) end)
  end

  # ---- trouble -------------------------------------------------------------------------------------------------------

  block 27, "debugging commands" do
    server()
    AnalyticsServer.subscribe_to_events([:health_alert])

    printed =
      capture_io(fn ->
        pid = Process.whereis(AnalyticsServer)
        leader = Process.info(pid, :group_leader)
        Process.group_leader(pid, Process.group_leader())
        {:ok, %{stats: stats}} = eval(block)
        assert %{uptime: uptime, restart_events_tracked: 0, active_subscriptions: 1, monitoring_interval: 100} = stats
        assert uptime in 0..60_000

        for key <- [:performance_samples, :health_checks, :retention_period, :last_health_check],
            do: assert(Map.has_key?(stats, key))

        {:ok, _} = AnalyticsServer.get_server_stats()
        :ok = :sys.trace(AnalyticsServer, false)
        Process.group_leader(pid, elem(leader, 1))
      end)

    assert printed =~ "get_server_stats"
  end

  block 28, "another interval" do
    {{:ok, pid}, _} = eval(block)
    assert {:ok, %{monitoring_interval: 30_000}} = AnalyticsServer.get_server_stats()
    assert {{:error, {:already_started, ^pid}}, _} = eval(block)
    stop(pid)
  end

  block 29, "another retention period" do
    # The defect: a warning, or an error, by release of Elixir.
    parse = fn -> capture_io(:stderr, fn -> Code.string_to_quoted!(block) end) end

    case silent(fn -> Code.string_to_quoted(block) end) do
      {_, {:ok, _}} ->
        assert parse.() =~ "trailing comma"
        {_, {:ok, pid}} = silent(fn -> elem(eval(block), 0) end)
        assert {:ok, %{retention_period: 3_600_000}} = AnalyticsServer.get_server_stats()
        stop(pid)

      {_, {:error, _}} ->
        assert Exception.message(catch_error(parse.())) =~ "trailing comma"
    end
  end

  block 30, "selective monitoring" do
    compile(block)
    server()
    selective = module("MyApp.SelectiveAnalytics")
    assert :ok = selective.track_restart(:critical_sup, :a, :crash)
    assert :ok = selective.track_restart(:other_sup, :a, :crash)
    assert {:ok, %{total_restarts: 1}} = AnalyticsServer.get_restart_statistics()
    assert {:ok, %{total_restarts: 1}} = AnalyticsServer.get_restart_statistics(:critical_sup)
    assert {:ok, %{total_restarts: 0}} = AnalyticsServer.get_restart_statistics(:other_sup)
  end

  defp accounted, do: @accounted
end
