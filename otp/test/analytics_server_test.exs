# SPDX-License-Identifier: Apache-2.0
defmodule Arsenal.AnalyticsServerTest do
  # The API from Elixir, against the real engine. What the router does with the engine, otp/test/*.erl tests.
  use ExUnit.Case
  import Waiting

  alias Arsenal.{AnalyticsServer, MonitoredSupervisor}

  defp server(options \\ []), do: start_supervised!({AnalyticsServer, [monitoring_interval: 100] ++ options})

  defp message(function), do: Exception.message(catch_error(function.()))

  # A supervisor of the test's own; it ends with the test, and somebody waits for that.
  defp supervisor(module \\ Supervisor, children, options) do
    {:ok, pid} =
      start_supervised(%{
        id: make_ref(),
        start: {module, :start_link, [children, [max_restarts: 1000] ++ options]},
        type: :supervisor
      })

    pid
  end

  # The probe is there: the first sample is.
  defp seeing, do: {:ok, _} = AnalyticsServer.get_system_health()

  defp crash(name, reason) do
    old = Process.whereis(name)
    Crashing.fail(name, reason)
    eventually(fn -> Process.whereis(name) not in [nil, old] end)
  end

  # ---- starting ------------------------------------------------------------------------------------------------------

  test "names" do
    assert {:ok, default} = AnalyticsServer.start_link()
    assert Process.whereis(AnalyticsServer) == default
    assert {:error, {:already_started, ^default}} = AnalyticsServer.start_link()
    assert {:ok, nameless} = AnalyticsServer.start_link(name: nil)
    assert Process.info(nameless, :registered_name) == {:registered_name, []}
    assert {:ok, other} = AnalyticsServer.start_link(name: :other_server)
    assert {:ok, global} = AnalyticsServer.start_link(name: {:global, {:any, "term"}})
    start_supervised!({Registry, keys: :unique, name: Names})
    assert {:ok, via} = AnalyticsServer.start_link(name: {:via, Registry, {Names, 7}})

    for {server, restarts} <- [
          {default, 0},
          {nameless, 1},
          {:other_server, 2},
          {{:global, {:any, "term"}}, 3},
          {{:via, Registry, {Names, 7}}, 4}
        ] do
      for _ <- 1..restarts//1, do: AnalyticsServer.track_restart(server, :some_sup, :a, :crash)
      assert {:ok, %{total_restarts: ^restarts}} = AnalyticsServer.get_restart_statistics(server, :some_sup)
    end

    for pid <- [default, nameless, other, global, via] do
      Process.unlink(pid)
      GenServer.stop(pid)
    end
  end

  test "GenServer.start_link, and messages instead of functions" do
    assert {:ok, pid} = GenServer.start_link(AnalyticsServer, monitoring_interval: 100)
    assert :ok = GenServer.call(pid, {:subscribe_to_events, self(), [:restart], nil})
    assert :ok = GenServer.cast(pid, {:track_restart, :sup, :a, {:any, "reason"}})
    assert :ok = GenServer.cast(pid, :force_health_check)
    assert {:ok, %{restart_rate: 1.0}} = GenServer.call(pid, :get_system_health)
    assert {:ok, %{cpu: _}} = GenServer.call(pid, :get_performance_metrics)
    assert {:ok, %{active_subscriptions: 1}} = GenServer.call(pid, :get_server_stats)
    assert {:ok, %{total_restarts: 1}} = GenServer.call(pid, {:get_restart_statistics, nil})
    assert {:ok, %{total_restarts: 0}} = GenServer.call(pid, {:get_restart_statistics, :none})
    now = DateTime.utc_now()

    assert {:ok, %{restarts: [_]}} =
             GenServer.call(pid, {:get_historical_data, DateTime.add(now, -60, :second), DateTime.add(now, 60, :second)})

    assert :ok = GenServer.call(pid, {:unsubscribe_from_events, self()})
    await({:arsenal_analytics_event, :restart, %{reason: {:any, "reason"}}})

    for strange <- [
          :strange,
          {:"$gen_call", :no_from, :x},
          {:"$gen_cast", :strange},
          {:DOWN, make_ref(), :process, self(), :x},
          {:EXIT, spawn(fn -> :ok end), :normal}
        ],
        do: send(pid, strange)

    assert {:ok, _} = AnalyticsServer.get_server_stats(pid)
    GenServer.stop(pid)
  end

  test "a child specification" do
    assert %{id: AnalyticsServer, start: {AnalyticsServer, :start_link, [[]]}} = AnalyticsServer.child_spec([])
    assert %{id: :mine} = AnalyticsServer.child_spec(name: :mine)
    assert %{id: AnalyticsServer} = AnalyticsServer.child_spec(%{name: nil})
    assert %{id: :mine} = Supervisor.child_spec({AnalyticsServer, name: :mine}, [])
  end

  test "options that are wrong say which" do
    for {options, text} <- [
          {[monitoring_interval: 0], "monitoring_interval"},
          {[monitoring_interval: -5], "monitoring_interval"},
          {[monitoring_interval: 1.5], "monitoring_interval"},
          {[retention_period: :day], "retention_period"},
          {[anomaly_threshold: 0], "anomaly_threshold"},
          {[max_history_size: 0], "max_history_size"},
          {[name: "text"], "name"},
          {[store: 7], "store"},
          {[http: {127, 0, 0, 1}], "http"},
          {[only: [workers: [:a]]], "only"},
          {[monitoring_intervall: 5], "monitoring_intervall"},
          {[1, 2], "list of pairs"},
          {:options, "list of pairs"},
          {[{:name, :a} | :improper], "list of pairs"}
        ] do
      assert_raise ArgumentError, ~r/#{text}/, fn -> AnalyticsServer.start_link(options) end
      assert_raise ArgumentError, ~r/#{text}/, fn -> AnalyticsServer.child_spec(options) end
    end
  end

  test "an engine that cannot be started is said" do
    Process.flag(:trap_exit, true)
    assert {:error, {:engine, text}} = AnalyticsServer.start_link(engine: "/nowhere/arsenal")
    assert text =~ "/nowhere/arsenal"
    assert {:error, {:engine, text}} = AnalyticsServer.start_link(engine: "/bin/false")
    assert is_binary(text)
    assert {:error, {:engine, text}} = AnalyticsServer.start_link(store: "/nowhere/at/all.db")
    assert text =~ "/nowhere"
    refute Process.whereis(AnalyticsServer)
  end

  # ---- arguments -----------------------------------------------------------------------------------------------------

  test "arguments that are wrong raise in the caller" do
    server()
    now = DateTime.utc_now()
    assert message(fn -> AnalyticsServer.subscribe_to_events([:restarts]) end) =~ "restarts"
    assert message(fn -> AnalyticsServer.subscribe_to_events(:restart) end) =~ "list"
    assert message(fn -> AnalyticsServer.subscribe_to_events([:restart | :all]) end) =~ "list"
    assert message(fn -> AnalyticsServer.subscribe_to_events([:restart], fn -> true end) end) =~ "one argument"
    assert message(fn -> AnalyticsServer.subscribe_to_events([:restart], :severe) end) =~ "one argument"
    assert message(fn -> AnalyticsServer.get_historical_data(now, DateTime.add(now, -1, :second)) end) =~ "before"
    assert message(fn -> AnalyticsServer.get_historical_data("yesterday", now) end) =~ "start"
    assert message(fn -> AnalyticsServer.get_historical_data(now, nil) end) =~ "end"
    assert message(fn -> AnalyticsServer.get_system_health("server") end) =~ "server"
    assert message(fn -> AnalyticsServer.top_processes(by: :size) end) =~ "option by must be one of message_queue"
    assert message(fn -> AnalyticsServer.top_processes(n: 0) end) =~ "option n must be an integer from 1 to 1000"
    assert message(fn -> AnalyticsServer.top_processes(AnalyticsServer, :memory) end) =~ "list of pairs"

    for function <- [fn -> AnalyticsServer.subscribe_to_events([:x]) end, fn -> AnalyticsServer.track_restart(7, :a, :b, :c) end],
        do: assert_raise(ArgumentError, function)

    assert {:ok, %{active_subscriptions: 0, restart_events_tracked: 0}} = AnalyticsServer.get_server_stats()
  end

  test "no server" do
    assert :ok = AnalyticsServer.track_restart(:a, :b, :c)
    assert :ok = AnalyticsServer.force_health_check()
    assert {:noproc, _} = catch_exit(AnalyticsServer.get_system_health())
  end

  # ---- restarts ------------------------------------------------------------------------------------------------------

  test "restarts are found: Supervisor, DynamicSupervisor, Task.Supervisor" do
    server()
    :ok = AnalyticsServer.subscribe_to_events([:restart])
    seeing()
    supervisor([%{id: :a, start: {Crashing, :start_link, [:found_a]}}], strategy: :one_for_one, name: :plain_sup)
    crash(:found_a, {:disk, 7})
    await({:arsenal_analytics_event, :restart, %{supervisor: :plain_sup, child_id: :a, reason: {:disk, 7}, restart_count: 1}})

    start_supervised!({DynamicSupervisor, name: :dynamic_sup, max_restarts: 1000})
    {:ok, _} = DynamicSupervisor.start_child(:dynamic_sup, {Crashing, :found_b})
    crash(:found_b, :boom)
    await({:arsenal_analytics_event, :restart, %{supervisor: :dynamic_sup, reason: :boom}})

    start_supervised!({Task.Supervisor, name: :task_sup})
    test = self()

    run = fn ->
      send(test, {:task, self()})
      Process.sleep(:infinity)
    end

    {:ok, _} = Task.Supervisor.start_child(:task_sup, run, restart: :transient)

    await({:task, task})
    Process.exit(task, :boom)
    await({:arsenal_analytics_event, :restart, %{supervisor: :task_sup, reason: :boom}})
    await({:task, _})

    assert {:ok, %{total_restarts: 3}} = AnalyticsServer.get_restart_statistics()
  end

  test "a restart that is caught, reported by its supervisor and by hand counts once" do
    server()
    :ok = AnalyticsServer.subscribe_to_events([:restart])
    seeing()
    supervisor(MonitoredSupervisor, [%{id: :a, start: {Crashing, :start_link, [:once_a]}}], strategy: :one_for_one, name: :once_sup)

    for n <- 1..5 do
      crash(:once_a, {:fault, n})
      await({:arsenal_analytics_event, :restart, %{supervisor: :once_sup, child_id: :a, reason: {:fault, ^n}, restart_count: ^n}})
    end

    assert {:ok, %{total_restarts: 5, most_restarted_children: [{:a, 5}]}} = AnalyticsServer.get_restart_statistics(:once_sup)
    refute_received {:arsenal_analytics_event, _, _}
  end

  test "where nothing is logged, a MonitoredSupervisor reports" do
    server()
    :ok = AnalyticsServer.subscribe_to_events([:restart])
    {:ok, _} = AnalyticsServer.get_system_health()
    %{level: level} = :logger.get_primary_config()
    :logger.set_primary_config(:level, :none)
    on_exit(fn -> :logger.set_primary_config(:level, level) end)

    supervisor(MonitoredSupervisor, [%{id: :a, start: {Crashing, :start_link, [:blind_a]}}],
      strategy: :one_for_one,
      name: :blind_sup
    )

    for n <- 1..3, do: crash(:blind_a, {:fault, n})
    for n <- 1..3, do: await({:arsenal_analytics_event, :restart, %{supervisor: :blind_sup, child_id: :a, reason: {:fault, ^n}}})
    assert {:ok, %{total_restarts: 3}} = AnalyticsServer.get_restart_statistics(:blind_sup)
  end

  test "terms come back as they went in, and huge ones cut" do
    server()
    :ok = AnalyticsServer.subscribe_to_events([:restart])
    reference = make_ref()

    for term <- [
          1,
          1.5,
          "text",
          ~c"list",
          %{a: [1, {2, "3"}]},
          self(),
          reference,
          &String.length/1,
          nil,
          <<1::3>>,
          [1 | 2],
          ~U[2024-01-18 10:30:00Z]
        ] do
      AnalyticsServer.track_restart(:terms, term, term)
      await({:arsenal_analytics_event, :restart, %{child_id: id, reason: reason}})
      assert id === term, "#{inspect(term)} came as #{inspect(id)}"
      assert reason === term
    end

    huge = String.duplicate("x", 10_000_000)
    AnalyticsServer.track_restart(:terms, :huge, huge)
    await({:arsenal_analytics_event, :restart, %{child_id: :huge, reason: cut}})
    assert is_binary(cut) and byte_size(cut) < 5_000
  end

  # ---- events --------------------------------------------------------------------------------------------------------

  test "filters: those that raise, throw, exit or loop harm nobody" do
    server()
    test = self()

    subscribe = fn name, filter ->
      spawn_link(fn ->
        :ok = AnalyticsServer.subscribe_to_events([:restart], filter)
        send(test, {:ready, name})
        forward(test, name)
      end)

      await({:ready, ^name})
    end

    subscribe.(:raises, fn _ -> raise "no" end)
    subscribe.(:throws, fn _ -> throw(:no) end)
    subscribe.(:exits, fn _ -> exit(:no) end)
    subscribe.(:kills, fn _ -> Process.exit(self(), :kill) end)
    subscribe.(:loops, fn _ -> Process.sleep(:infinity) end)
    subscribe.(:not_boolean, fn _ -> "yes" end)
    subscribe.(:some, &(&1.child_id == :b))
    AnalyticsServer.track_restart(:sup, :a, :crash)
    AnalyticsServer.track_restart(:sup, :b, :crash)
    await({:some, %{child_id: :b}})
    assert {:ok, %{total_restarts: 2, restart_rate: 2.0}} = AnalyticsServer.get_restart_statistics()
    for name <- [:raises, :throws, :exits, :kills, :loops], do: refute_received({^name, _})
    refute_received {:some, %{child_id: :a}}
  end

  defp forward(test, name) do
    receive do
      {:arsenal_analytics_event, _, event} -> send(test, {name, event})
    end

    forward(test, name)
  end

  test "subscribing again replaces, unsubscribing ends, a subscriber's end, too" do
    server()
    :ok = AnalyticsServer.subscribe_to_events([:anomaly])
    :ok = AnalyticsServer.subscribe_to_events([:restart])
    assert {:ok, %{active_subscriptions: 1}} = AnalyticsServer.get_server_stats()
    AnalyticsServer.track_restart(:sup, :a, :crash)
    await({:arsenal_analytics_event, :restart, _})
    :ok = AnalyticsServer.unsubscribe_from_events()
    :ok = AnalyticsServer.unsubscribe_from_events()
    AnalyticsServer.track_restart(:sup, :a, :crash)
    assert {:ok, %{active_subscriptions: 0}} = AnalyticsServer.get_server_stats()
    refute_received {:arsenal_analytics_event, _, _}
    Task.await(Task.async(fn -> AnalyticsServer.subscribe_to_events([:all]) end))
    eventually(fn -> match?({:ok, %{active_subscriptions: 0}}, AnalyticsServer.get_server_stats()) end)
  end

  # ---- history, health ----------------------------------------------------------------------------------------------

  test "history has metrics, restarts, health checks and events, oldest first" do
    server()
    # Elixir's clock is the system's, Erlang's follows it: they may be milliseconds apart.
    from = DateTime.add(DateTime.utc_now(), -1, :second)
    for n <- 1..12, do: AnalyticsServer.track_restart(:sup, :a, n)
    AnalyticsServer.force_health_check()
    {:ok, _} = AnalyticsServer.get_system_health()
    eventually(fn -> match?({:ok, %{metrics: [_, _, _ | _]}}, AnalyticsServer.get_historical_data(from, DateTime.utc_now())) end)
    to = DateTime.add(DateTime.utc_now(), 1, :second)
    assert {:ok, history} = AnalyticsServer.get_historical_data(from, to)
    assert %{time_range: %{start: start, end: finish}} = history
    assert abs(DateTime.diff(start, from, :microsecond)) < 1000 and abs(DateTime.diff(finish, to, :microsecond)) < 1000
    assert Enum.map(history.restarts, & &1.reason) == Enum.to_list(1..12)
    assert [_ | _] = history.health_checks
    assert Enum.any?(history.events, &(&1.type == :anomaly))
    for list <- [history.metrics, history.restarts, history.events], do: assert(sorted?(Enum.map(list, & &1.timestamp)))

    assert {:ok, %{restarts: [], metrics: []}} =
             AnalyticsServer.get_historical_data(~U[2020-01-01 00:00:00Z], ~U[2020-01-02 00:00:00Z])

    # The same moment in another time zone.
    abroad = %{from | utc_offset: 3600, std_offset: 3600, zone_abbr: "CEST", time_zone: "Europe/Prague"} |> shifted(7200)
    assert {:ok, %{restarts: restarts}} = AnalyticsServer.get_historical_data(abroad, to)
    assert length(restarts) == 12
  end

  defp shifted(time, seconds) do
    naive = time |> DateTime.to_naive() |> NaiveDateTime.add(seconds, :second)
    struct(time, Map.take(naive, [:year, :month, :day, :hour, :minute, :second, :microsecond]))
  end

  defp sorted?(times), do: Enum.all?(Enum.zip(times, Enum.drop(times, 1)), fn {a, b} -> DateTime.compare(a, b) != :gt end)

  test "restarts turn health to warning, then critical, with an alert each" do
    server()
    :ok = AnalyticsServer.subscribe_to_events([:health_alert])
    assert {:ok, %{overall_status: before}} = AnalyticsServer.get_system_health()
    for n <- 1..15, do: AnalyticsServer.track_restart(:sup, n, :crash)
    AnalyticsServer.force_health_check()

    assert {:ok, %{overall_status: :critical, recommendations: recommendations, restart_rate: 15.0}} =
             AnalyticsServer.get_system_health()

    assert Enum.any?(recommendations, &(&1 =~ "Restarts: 15"))
    if before != :critical, do: await({:arsenal_analytics_event, :health_alert, %{overall_status: :critical}})
  end

  test "patterns: a storm, with the very terms" do
    server()
    assert {:ok, []} = AnalyticsServer.get_patterns()
    for _ <- 1..6, do: AnalyticsServer.track_restart(:stormy_sup, {:worker, %{n: 1}}, :crash)
    assert {:ok, [storm]} = AnalyticsServer.get_patterns()

    assert %{type: :restart_storm, child_id: {:worker, %{n: 1}}, supervisor: :stormy_sup, frequency: 6, active: true} = storm
    assert storm.pattern =~ "worker" and storm.confidence > 0 and storm.confidence <= 1
    assert DateTime.compare(storm.first, storm.last) != :gt and DateTime.compare(storm.detected, storm.last) != :gt
    assert {:ok, [^storm]} = GenServer.call(AnalyticsServer, :get_patterns)
    assert {:ok, %{patterns: [^storm]}} = AnalyticsServer.get_restart_statistics(:stormy_sup)
  end

  test "an incident has its root, and its patterns" do
    server()
    assert {:ok, []} = AnalyticsServer.get_incidents()
    for _ <- 1..6, do: AnalyticsServer.track_restart(:stormy_sup, {:worker, 1}, :crash)

    assert {:ok, [%{id: <<_, _::binary>>, open: true, opened: %DateTime{}, ended: nil, restarts: restarts} = incident]} =
             AnalyticsServer.get_incidents()

    assert %{type: :restart_anomaly, supervisor: :stormy_sup, child_id: {:worker, 1}, joined: :first} = incident.root
    assert incident.root in incident.members and restarts in 1..6 and is_binary(incident.next_step)
    assert [%{type: :restart_storm, child_id: {:worker, 1}}] = incident.patterns
    assert {:ok, [_]} = GenServer.call(AnalyticsServer, :get_incidents)
  end

  test "capacity: every resource, and no date without a trend" do
    server()
    assert {:ok, capacity} = AnalyticsServer.plan_capacity()
    assert Enum.sort(Map.keys(capacity)) == [:atoms, :cpu, :ets, :file_descriptors, :memory, :ports, :processes]

    for {resource, %{trend: false} = of_one} <- capacity do
      assert %{full_at: nil, time_left: nil, earliest: nil, latest: nil} = of_one
      assert of_one.text =~ ~r/^#{if resource == :file_descriptors, do: "file descriptors", else: resource}/i
    end

    assert %{current: count, limit: limit, utilization: share, unit: "count"} = capacity.processes
    assert limit == :erlang.system_info(:process_limit) and count > 10 and share > 0.0 and share < 100.0
    assert {:ok, %{cpu: %{limit: 100.0}}} = GenServer.call(AnalyticsServer, :plan_capacity)
  end

  test "nothing will fail that nothing speaks for" do
    server()
    AnalyticsServer.track_restart(:sup, :a, :crash)
    assert {:ok, []} = AnalyticsServer.predict_failures()
    assert {:ok, []} = GenServer.call(AnalyticsServer, :predict_failures)
    assert {:noproc, _} = catch_exit(AnalyticsServer.predict_failures(:nobody))
  end

  test "the largest processes: a heap, a queue" do
    server()
    heap = spawn_link(fn -> Enum.each(Stream.cycle([Enum.to_list(1..500_000)]), fn _ -> receive(do: (_ -> :ok)) end) end)
    queue = spawn_link(fn -> Process.sleep(:infinity) end)
    Process.register(queue, :long_queue)
    for n <- 1..500, do: send(queue, n)

    eventually(fn ->
      AnalyticsServer.force_health_check()
      {:ok, %{by: :message_queue, processes: processes}} = AnalyticsServer.top_processes(by: :queue)
      match?([%{name: "long_queue", value: 500, message_queue_len: 500} | _], processes)
    end)

    eventually(fn ->
      AnalyticsServer.force_health_check()
      {:ok, %{by: :memory, processes: processes}} = AnalyticsServer.top_processes(by: :memory)
      assert length(processes) <= 10
      Enum.any?(processes, &(&1.pid == List.to_string(:erlang.pid_to_list(heap)) and &1.memory > 1_000_000))
    end)

    assert {:ok, %{processes: [_]}} = AnalyticsServer.top_processes(AnalyticsServer, n: 1)
  end

  test "selection: only some supervisors, all metrics but some" do
    server(only: [supervisors: [:wanted]], except: [metrics: [:io]])
    for sup <- [:wanted, :unwanted], do: AnalyticsServer.track_restart(sup, :a, :crash)
    assert {:ok, %{total_restarts: 1, most_restarted_children: [{:a, 1}]}} = AnalyticsServer.get_restart_statistics()
    {:ok, metrics} = AnalyticsServer.get_performance_metrics()
    assert metrics.io == %{input: 0, output: 0}
    assert inspect(metrics.not_observed) =~ "io"
  end

  # ---- sys, and the engine's end -------------------------------------------------------------------------------------

  test "sys: state, status, suspend, resume" do
    pid = server()
    AnalyticsServer.track_restart(:sup, :a, :crash)
    assert %AnalyticsServer{restart_history: [%{child_id: :a}], monitoring_interval: 100} = :sys.get_state(AnalyticsServer)
    assert {:status, ^pid, {:module, _}, _} = :sys.get_status(AnalyticsServer)
    :ok = :sys.suspend(AnalyticsServer)
    AnalyticsServer.track_restart(:sup, :a, :crash)
    assert {:timeout, _} = catch_exit(GenServer.call(AnalyticsServer, :get_server_stats, 50))
    :ok = :sys.resume(AnalyticsServer)
    assert {:ok, %{total_restarts: 2}} = AnalyticsServer.get_restart_statistics(:sup)
  end

  @tag :tmp_dir
  test "the engine is killed: same server, same subscription, same totals", %{tmp_dir: folder} do
    pid = server(store: Path.join(folder, "arsenal.db"))
    :ok = AnalyticsServer.subscribe_to_events([:restart])

    for round <- 1..5 do
      AnalyticsServer.track_restart(:sup, :a, round)
      await({:arsenal_analytics_event, :restart, %{reason: ^round, restart_count: ^round}})
      {:ok, %{engine_os_pid: engine}} = AnalyticsServer.get_server_stats()
      {_, 0} = System.cmd("kill", ["-9", Integer.to_string(engine)])
      eventually(fn -> match?({:ok, %{engine_os_pid: new}} when new != engine, AnalyticsServer.get_server_stats()) end)
      assert {:ok, %{total_restarts: ^round}} = AnalyticsServer.get_restart_statistics(:sup)
    end

    assert Process.whereis(AnalyticsServer) == pid
    GenServer.stop(pid)
    # ExUnit's supervisor starts it again: a server of its own, whose totals begin anew, with the history of the store.
    eventually(fn -> Process.whereis(AnalyticsServer) not in [nil, pid] end)
    now = DateTime.utc_now()
    assert {:ok, %{restarts: restarts}} = AnalyticsServer.get_historical_data(DateTime.add(now, -600, :second), now)
    assert Enum.map(restarts, & &1.reason) == [1, 2, 3, 4, 5]
  end
end
