# SPDX-License-Identifier: Apache-2.0
#
# Alerts to a Slack channel, or to anything that takes Slack's incoming webhooks (Mattermost, Rocket.Chat, Discord with /slack).
#
#     cd otp && mix compile && cd ..
#     SLACK_WEBHOOK_URL=https://hooks.slack.com/services/… elixir -pa otp/_build/dev/lib/arsenal/ebin examples/slack.exs
#
#     SLACK_WEBHOOK_URL  it is a secret: in the environment, not on the command line
#     DEMO=1             a child that fails, so that there is something to see

Code.require_file("webhook.exs", __DIR__)

defmodule Example.Slack do
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @impl true
  def init(_) do
    :ok = Arsenal.AnalyticsServer.subscribe_to_events([:health_alert, :anomaly])
    {:ok, %{}}
  end

  @impl true
  def handle_info({:arsenal_analytics_event, type, event}, state) do
    Example.Webhook.post({type, event[:type], event[:supervisor], event[:child_id]}, &message(type, event, &1))
    {:noreply, state}
  end

  def handle_info(_, state), do: {:noreply, state}

  defp message(type, event, held_back) do
    %{
      # What shows in notifications; blocks are what shows in the channel.
      text: "#{icon(event)} #{node()}: #{escape(headline(type, event))}",
      blocks: [
        %{type: "section", text: %{type: "mrkdwn", text: "#{icon(event)} *#{escape(headline(type, event))}*"}},
        %{type: "context", elements: [%{type: "mrkdwn", text: escape(context(event, held_back))}]}
      ]
    }
  end

  defp headline(:health_alert, event), do: "health is #{event.overall_status}"
  defp headline(:anomaly, event), do: event.description

  defp context(event, held_back) do
    [
      "node #{node()}",
      event[:current_value] && "now #{inspect(event.current_value)}, usually #{inspect(event[:baseline_value])}",
      event[:supervisor] && "child #{inspect(event[:child_id])} of #{inspect(event.supervisor)}",
      event[:recommendations] && Enum.join(event.recommendations, "; "),
      held_back > 0 && "#{held_back} more of these since the last message"
    ]
    |> Enum.filter(& &1)
    |> Enum.join(" · ")
  end

  defp icon(%{severity: :high}), do: ":red_circle:"
  defp icon(%{overall_status: :critical}), do: ":red_circle:"
  defp icon(%{overall_status: :healthy}), do: ":large_green_circle:"
  defp icon(_), do: ":large_yellow_circle:"

  # Slack's three characters.
  defp escape(text), do: text |> String.replace("&", "&amp;") |> String.replace("<", "&lt;") |> String.replace(">", "&gt;")
end

url = System.get_env("SLACK_WEBHOOK_URL") || raise "SLACK_WEBHOOK_URL is not set: where shall the alerts go?"
{:ok, _} = Application.ensure_all_started(:inets)
{:ok, _} = Application.ensure_all_started(:ssl)

{:ok, _} = Supervisor.start_link([Arsenal.AnalyticsServer, {Example.Webhook, url: url}, Example.Slack], strategy: :rest_for_one)

Example.Fault.start()
Process.sleep(:infinity)
