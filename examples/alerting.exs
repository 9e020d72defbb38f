# SPDX-License-Identifier: Apache-2.0
#
# Alerts to a webhook: the AlertManager of the guide, complete. An alert is posted as JSON when health turns critical and for anomalies of
# high severity.
#
#     cd otp && mix compile && cd ..
#     WEBHOOK_URL=https://alerts.example.com/hook elixir -pa otp/_build/dev/lib/arsenal/ebin examples/alerting.exs
#
#     WEBHOOK_URL    where to post
#     WEBHOOK_TOKEN  sent as "Authorization: Bearer …", if set
#     DEMO=1         a child that fails, so that there is something to see
#
# In an application of yours, put Example.Webhook and Example.AlertManager into the tree, after Arsenal.AnalyticsServer.

Code.require_file("webhook.exs", __DIR__)

defmodule Example.AlertManager do
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @impl true
  def init(_) do
    :ok = Arsenal.AnalyticsServer.subscribe_to_events([:health_alert, :anomaly], &critical_event?/1)
    {:ok, %{}}
  end

  @impl true
  def handle_info({:arsenal_analytics_event, type, event}, state) do
    Example.Webhook.post(key(type, event), &body(type, event, &1))
    {:noreply, state}
  end

  def handle_info(_, state), do: {:noreply, state}

  # Of these, one a minute.
  defp key(type, event), do: {type, event[:type], event[:supervisor], event[:child_id]}

  defp body(type, event, held_back) do
    %{node: node(), event: type, severity: severity(event), summary: summary(event), held_back: held_back, details: event}
  end

  defp summary(%{description: description}), do: description
  defp summary(%{recommendations: [first | _]}), do: first
  defp summary(%{overall_status: status}), do: "health is #{status}"

  defp severity(event), do: Map.get(event, :severity) || Map.get(event, :overall_status)

  defp critical_event?(event) do
    Map.get(event, :severity) == :high || Map.get(event, :overall_status) == :critical
  end
end

url = System.get_env("WEBHOOK_URL") || raise "WEBHOOK_URL is not set: where shall the alerts go?"
{:ok, _} = Application.ensure_all_started(:inets)
{:ok, _} = Application.ensure_all_started(:ssl)

{:ok, _} =
  Supervisor.start_link(
    [Arsenal.AnalyticsServer, {Example.Webhook, url: url, token: System.get_env("WEBHOOK_TOKEN")}, Example.AlertManager],
    strategy: :rest_for_one
  )

Example.Fault.start()
Process.sleep(:infinity)
