# SPDX-License-Identifier: Apache-2.0
defmodule ReleaseTest do
  # A small application with arsenal in its dependencies, made into a release and started as in production: on a node without distribution, with
  # all code loaded at boot.
  use ExUnit.Case

  @package Path.expand("..", __DIR__)
  @moduletag timeout: 300_000

  @mix """
  defmodule Shop.MixProject do
    use Mix.Project
    def project, do: [app: :shop, version: "1.0.0", deps: [{:arsenal, path: #{inspect(@package)}}], releases: [shop: [include_executables_for: [:unix]]]]
    def application, do: [mod: {Shop, []}, extra_applications: [:logger]]
  end
  """

  @shop """
  defmodule Shop do
    use Application

    def start(_, _) do
      Supervisor.start_link(
        [
          {Arsenal.AnalyticsServer, monitoring_interval: 200, store: System.fetch_env!("SHOP_STORE")},
          %{id: Shop.Sup, start: {Supervisor, :start_link, [[Shop.Cart], [strategy: :one_for_one, name: Shop.Sup]]}, type: :supervisor},
          Shop.Check
        ],
        strategy: :one_for_one
      )
    end
  end

  defmodule Shop.Cart do
    use Agent
    def start_link(_), do: Agent.start_link(fn -> [] end, name: __MODULE__)
  end

  # Uses everything once, writes down what it saw, and stops the system.
  defmodule Shop.Check do
    use Task
    def start_link(_), do: Task.start_link(__MODULE__, :run, [])

    def run do
      report = check()
      File.write!(System.fetch_env!("SHOP_REPORT"), inspect(report, limit: :infinity))
      System.stop(0)
    end

    defp check do
      :ok = Arsenal.AnalyticsServer.subscribe_to_events([:restart])
      {:ok, health} = Arsenal.AnalyticsServer.get_system_health()
      {:ok, metrics} = Arsenal.AnalyticsServer.get_performance_metrics()
      Process.exit(Process.whereis(Shop.Cart), :kill)
      event = receive do
        {:arsenal_analytics_event, :restart, event} -> event
      after
        10_000 -> :none
      end
      {:ok, stats} = Arsenal.AnalyticsServer.get_restart_statistics(Shop.Sup)
      now = DateTime.utc_now()
      {:ok, %{restarts: past}} = Arsenal.AnalyticsServer.get_historical_data(DateTime.add(now, -600, :second), now)
      %{alive: Node.alive?(), mode: :code.get_mode(), status: health.overall_status, processes: metrics.processes.count,
        restart: Map.take(event, [:supervisor, :child_id, :reason]), total: stats.total_restarts, past: length(past)}
    rescue
      error -> %{error: Exception.message(error)}
    end
  end
  """

  # Neither the build of this test nor the person's Mix is to be touched; and nothing asks for hex or the network.
  defp environment(folder) do
    clean =
      for name <- ~w(MIX_BUILD_PATH MIX_BUILD_ROOT MIX_DEPS_PATH MIX_TARGET MIX_EXS ERL_LIBS RELEASE_NODE RELEASE_COOKIE),
          do: {name, nil}

    clean ++
      [
        {"MIX_ENV", "prod"},
        {"HOME", folder},
        {"MIX_HOME", Path.join(folder, ".mix")},
        {"HEX_OFFLINE", "1"},
        {"RELEASE_DISTRIBUTION", "none"},
        {"ARSENAL_PORT_PROGRAM", Path.join(to_string(:code.priv_dir(:arsenal)), "arsenal")},
        {"SHOP_STORE", Path.join(folder, "arsenal.db")},
        {"SHOP_REPORT", Path.join(folder, "report")}
      ]
  end

  defp command(program, arguments, folder) do
    {text, status} = System.cmd(program, arguments, cd: folder, env: environment(folder), stderr_to_stdout: true)
    assert status == 0, "#{program} #{Enum.join(arguments, " ")} ended with #{status}:\n#{text}"
    text
  end

  @tag :tmp_dir
  test "a release starts it, it answers, and sees a restart", %{tmp_dir: folder} do
    File.mkdir_p!(Path.join(folder, "lib"))
    File.write!(Path.join(folder, "mix.exs"), @mix)
    File.write!(Path.join(folder, "lib/shop.ex"), @shop)
    command("mix", ["release", "--quiet"], folder)

    release = Path.join(folder, "_build/prod/rel/shop")
    assert [_] = Path.wildcard(Path.join(release, "lib/arsenal-*/priv/arsenal"))
    command(Path.join(release, "bin/shop"), ["start"], folder)
    {report, _} = folder |> Path.join("report") |> File.read!() |> Code.eval_string()

    assert %{
             alive: false,
             mode: :embedded,
             status: _,
             total: 1,
             restart: %{supervisor: Shop.Sup, child_id: Shop.Cart, reason: :killed}
           } = report

    assert report.processes > 10
    # From a second start, the first one's is there.
    command(Path.join(release, "bin/shop"), ["start"], folder)
    {again, _} = folder |> Path.join("report") |> File.read!() |> Code.eval_string()
    assert again.past == 2
  end
end
