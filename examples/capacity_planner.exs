# SPDX-License-Identifier: Apache-2.0
#
# The CapacityPlanner of the guide, complete: which limit of this node will be reached, and when. The whole plan is printed at the start, and then, as time goes on, each
# resource whose outlook has changed.
#
#     cd otp && mix compile && cd ..
#     elixir -pa otp/_build/dev/lib/arsenal/ebin examples/capacity_planner.exs
#
#     PLAN_INTERVAL_MS  between two looks (3600000)
#     STORE             the file of the history: what is planned for months is learnt from months
#
# In an application of yours, put Example.CapacityPlanner into the tree, after Arsenal.AnalyticsServer.

defmodule Example.CapacityPlanner do
  use GenServer
  require Logger

  def start_link(options), do: GenServer.start_link(__MODULE__, options, name: __MODULE__)

  @doc "In the guide's shape: when each will be reached, `nil` where nothing points to it."
  def analyze_growth_trends do
    with {:ok, capacity} <- Arsenal.AnalyticsServer.plan_capacity() do
      {:ok, projections(capacity)}
    end
  end

  defp projections(capacity) do
    %{
      processes_limit_reached: capacity.processes.full_at,
      memory_exhaustion: capacity.memory.full_at,
      cpu_bottleneck: capacity.cpu.full_at
    }
  end

  @impl true
  def init(options) do
    send(self(), :plan)
    {:ok, %{interval: options[:interval], outlook: %{}}}
  end

  @impl true
  def handle_info(:plan, state) do
    Process.send_after(self(), :plan, state.interval)

    case Arsenal.AnalyticsServer.plan_capacity() do
      {:ok, capacity} ->
        for {resource, %{text: text} = of_one} <- capacity, outlook(of_one) != state.outlook[resource], do: IO.puts(text)
        if state.outlook == %{}, do: for({what, time} <- projections(capacity), do: IO.puts("#{what}: #{time || "no date"}"))
        {:noreply, %{state | outlook: Map.new(capacity, fn {resource, of_one} -> {resource, outlook(of_one)} end)}}

      # The engine is being restarted: the next look has it.
      {:error, reason} ->
        Logger.warning("planner: #{inspect(reason)}")
        {:noreply, state}
    end
  end

  def handle_info(_, state), do: {:noreply, state}

  # What of it is news: that there is a trend now, or none any more, and on which day the limit is reached.
  defp outlook(%{trend: trend, full_at: full_at}), do: {trend, full_at && DateTime.to_date(full_at)}
end

interval = String.to_integer(System.get_env("PLAN_INTERVAL_MS", "3600000"))
options = if store = System.get_env("STORE"), do: [store: store], else: []

{:ok, _} =
  Supervisor.start_link([{Arsenal.AnalyticsServer, options}, {Example.CapacityPlanner, interval: interval}], strategy: :rest_for_one)

Process.sleep(:infinity)
