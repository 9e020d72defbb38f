# SPDX-License-Identifier: Apache-2.0
#
# A supervisor that reports its children's restarts itself, on a node that logs nothing at all: `use Arsenal.MonitoredSupervisor` for `use Supervisor`.
#
#     cd otp && mix compile && cd ..
#     elixir -pa otp/_build/dev/lib/arsenal/ebin examples/monitored_supervisor.exs

# What makes the probe blind.
Logger.configure(level: :none)

defmodule Example.Worker do
  use GenServer

  def start_link(name), do: GenServer.start_link(__MODULE__, name, name: name)

  @impl true
  def init(name), do: {:ok, name}

  @impl true
  def handle_cast({:fail, reason}, name), do: {:stop, reason, name}
end

defmodule Example.Supervisor do
  use Arsenal.MonitoredSupervisor

  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: __MODULE__)

  @impl true
  def init(_arg) do
    children = for name <- [:reader, :writer], do: Supervisor.child_spec({Example.Worker, name}, id: name)
    Supervisor.init(children, strategy: :one_for_one)
  end
end

{:ok, _} = Supervisor.start_link([Arsenal.AnalyticsServer, Example.Supervisor], strategy: :one_for_one)
:ok = Arsenal.AnalyticsServer.subscribe_to_events([:restart])

for {name, reason} <- [reader: :disk_gone, reader: {:bad_block, 7}, writer: :disk_full] do
  GenServer.cast(name, {:fail, reason})

  receive do
    {:arsenal_analytics_event, :restart, event} ->
      IO.puts("#{inspect(event.supervisor)} restarted #{inspect(event.child_id)}: #{inspect(event.reason)}")
  after
    5_000 -> raise "no restart was seen"
  end
end

{:ok, stats} = Arsenal.AnalyticsServer.get_restart_statistics(Example.Supervisor)
IO.puts("#{stats.total_restarts} restarts: #{inspect(stats.restart_reasons)}")
