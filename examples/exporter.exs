# SPDX-License-Identifier: Apache-2.0
#
# The MetricsExporter of the guide, complete: metrics and health in Prometheus' text format, at an interval, to a file or to a Pushgateway.
# (If Prometheus can reach the node, `http: "127.0.0.1:4900"` among the server's options serves /metrics with much more, and no code.)
#
#     cd otp && mix compile && cd ..
#     EXPORT_FILE=/var/lib/node_exporter/app.prom elixir -pa otp/_build/dev/lib/arsenal/ebin examples/exporter.exs
#
#     EXPORT_FILE         written whole and moved into place: for node_exporter's textfile collector
#     EXPORT_URL          PUT there: for a Pushgateway, http://gateway:9091/metrics/job/myapp
#     EXPORT_TOKEN        sent as "Authorization: Bearer …", if set
#     EXPORT_INTERVAL_MS  60000

Code.require_file("webhook.exs", __DIR__)

defmodule Example.MetricsExporter do
  use GenServer
  require Logger

  def start_link(options), do: GenServer.start_link(__MODULE__, options, name: __MODULE__)

  @impl true
  def init(options) do
    send(self(), :export_metrics)
    {:ok, %{file: options[:file], url: options[:url], token: options[:token], interval: options[:interval], push: nil}}
  end

  @impl true
  def handle_info(:export_metrics, state) do
    state =
      with {:ok, metrics} <- Arsenal.AnalyticsServer.get_performance_metrics(),
           {:ok, health} <- Arsenal.AnalyticsServer.get_system_health() do
        text = text(metrics, health)
        if state.file, do: write(state.file, text)
        if state.url, do: push(state, text), else: state
      else
        # The engine is being restarted: the next round has it.
        {:error, reason} ->
          Logger.warning("exporter: #{inspect(reason)}")
          state
      end

    Process.send_after(self(), :export_metrics, state.interval)
    {:noreply, state}
  end

  def handle_info({:DOWN, push, :process, _, _}, %{push: push} = state), do: {:noreply, %{state | push: nil}}
  def handle_info(_, state), do: {:noreply, state}

  # A reader sees the old file or the new one.
  defp write(file, text) do
    temporary = file <> ".new"

    with :ok <- File.write(temporary, text), :ok <- File.rename(temporary, file) do
      :ok
    else
      {:error, reason} -> Logger.error("exporter: #{file}: #{:file.format_error(reason)}")
    end
  end

  # While the last push hangs, there is no next one.
  defp push(%{push: nil} = state, text) do
    {_, push} =
      spawn_monitor(fn ->
        case Example.Http.send(:put, state.url, "text/plain; version=0.0.4", text, state.token) do
          :ok -> :ok
          {_, why} -> Logger.error("exporter: #{why}")
        end
      end)

    %{state | push: push}
  end

  defp push(state, _text), do: state

  # What was not observed, as utilization before the second sample, is left out: zero would be a lie.
  defp text(metrics, health) do
    unknown = metrics.not_observed ++ health.not_observed

    for {path, name, type, help, values} <- rows(metrics, health), path not in unknown, values != [], into: "" do
      "# HELP #{name} #{help}\n# TYPE #{name} #{type}\n" <>
        Enum.map_join(values, fn {labels, value} -> "#{name}#{labels(labels)} #{value}\n" end)
    end
  end

  # Each begins with where the value is, as :not_observed names it.
  defp rows(metrics, health) do
    [
      {"cpu.utilization", "app_cpu_utilization_percent", "gauge", "Mean busy share of the schedulers",
       [{[], metrics.cpu.utilization}]},
      {"cpu.scheduler_utilization", "app_scheduler_utilization_percent", "gauge", "Busy share of each scheduler",
       metrics.cpu.scheduler_utilization |> Enum.with_index(1) |> Enum.map(fn {value, id} -> {[scheduler: id], value} end)},
      {"memory.used", "app_memory_used_bytes", "gauge", "Memory used of what this VM may use", [{[], metrics.memory.used}]},
      {"memory.available", "app_memory_available_bytes", "gauge", "What is left of it", [{[], metrics.memory.available}]},
      {"memory_usage", "app_memory_bytes", "gauge", "The VM's memory by kind",
       for({kind, value} <- health.memory_usage, is_number(value), do: {[kind: kind], value})},
      {"processes.count", "app_processes", "gauge", "Processes", [{[], metrics.processes.count}]},
      {"processes.limit", "app_process_limit", "gauge", "Processes that there can be", [{[], metrics.processes.limit}]},
      {"io.input", "app_io_bytes_total", "counter", "Bytes through ports",
       [{[direction: "input"], metrics.io.input}, {[direction: "output"], metrics.io.output}]},
      {"gc.collections", "app_gc_collections_total", "counter", "Garbage collections", [{[], metrics.gc.collections}]},
      {"message_queue_lengths.max", "app_message_queue_max", "gauge", "Longest message queue",
       [{[], health.message_queue_lengths.max}]},
      {"restart_rate", "app_restarts_last_hour", "gauge", "Supervisor restarts in the last hour", [{[], health.restart_rate}]},
      {"overall_status", "app_health", "gauge", "1 for the state that health is in",
       for(status <- [:healthy, :warning, :critical], do: {[status: status], if(status == health.overall_status, do: 1, else: 0)})}
    ]
  end

  defp labels([]), do: ""
  defp labels(labels), do: "{" <> Enum.map_join(labels, ",", fn {name, value} -> ~s(#{name}="#{value}") end) <> "}"
end

[file, url, token] = Enum.map(["EXPORT_FILE", "EXPORT_URL", "EXPORT_TOKEN"], &System.get_env/1)
if !file && !url, do: raise("neither EXPORT_FILE nor EXPORT_URL is set: where shall the metrics go?")
interval = String.to_integer(System.get_env("EXPORT_INTERVAL_MS", "60000"))
{:ok, _} = Application.ensure_all_started(:inets)
{:ok, _} = Application.ensure_all_started(:ssl)

{:ok, _} =
  Supervisor.start_link(
    [Arsenal.AnalyticsServer, {Example.MetricsExporter, file: file, url: url, token: token, interval: interval}],
    strategy: :rest_for_one
  )

Process.sleep(:infinity)
