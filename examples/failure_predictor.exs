# SPDX-License-Identifier: Apache-2.0
#
# The FailurePredictor of the guide, complete: says in time who will fail next. Children that fail at regular intervals, or when a resource reaches a level; supervisors
# whose restart budget runs out. Each is told once, on stdout, and to a webhook if there is one.
#
#     cd otp && mix compile && cd ..
#     elixir -pa otp/_build/dev/lib/arsenal/ebin examples/failure_predictor.exs
#
#     PREDICT_WITHIN_MS    how long ahead: what is expected later is told later (600000)
#     PREDICT_INTERVAL_MS  between two looks (10000)
#     WEBHOOK_URL, WEBHOOK_TOKEN  where to post as well
#     DEMO=1               a supervisor that will give up, so that there is something to see
#
# In an application of yours, put Example.FailurePredictor into the tree, after Arsenal.AnalyticsServer.

Code.require_file("webhook.exs", __DIR__)

defmodule Example.FailurePredictor do
  use GenServer
  require Logger

  def start_link(options), do: GenServer.start_link(__MODULE__, options, name: __MODULE__)

  @impl true
  def init(options) do
    send(self(), :predict)
    {:ok, %{within: options[:within], interval: options[:interval], tell: options[:tell], told: %{}}}
  end

  @impl true
  def handle_info(:predict, state) do
    Process.send_after(self(), :predict, state.interval)

    case Arsenal.AnalyticsServer.predict_failures() do
      {:ok, predictions} ->
        {:noreply, predictions |> Enum.filter(&soon?(&1, state.within)) |> Enum.reduce(still(state), &told/2)}

      # The engine is being restarted: the next look has it.
      {:error, reason} ->
        Logger.warning("predictor: #{inspect(reason)}")
        {:noreply, state}
    end
  end

  def handle_info(_, state), do: {:noreply, state}

  # One without a time is not heading there.
  defp soon?(%{next_failure: nil}, _within), do: false
  defp soon?(%{next_failure: time}, within), do: DateTime.diff(time, DateTime.utc_now(), :millisecond) <= within

  # What was told is told again when the time that was told is over.
  defp still(%{told: told} = state), do: %{state | told: Map.filter(told, fn {_, until} -> later?(until) end)}
  defp later?(time), do: DateTime.compare(time, DateTime.utc_now()) == :gt

  defp told(prediction, state) do
    key = {prediction.type, prediction.supervisor, prediction.child_id}

    if Map.has_key?(state.told, key) do
      state
    else
      state.tell.(prediction)
      %{state | told: Map.put(state.told, key, prediction.latest || prediction.next_failure)}
    end
  end
end

defmodule Example.Doomed do
  @moduledoc "Something to be told of: with DEMO=1, a supervisor of a child that fails twice a second, for which it restarts it twenty times a minute at most."

  def start do
    if System.get_env("DEMO") == "1" do
      worker = %{id: :demo_worker, start: {Task, :start_link, [Example.Fault, :fail, []]}, restart: :permanent}
      Process.flag(:trap_exit, true)
      {:ok, _} = Supervisor.start_link([worker], strategy: :one_for_one, max_restarts: 20, max_seconds: 60, name: :demo_supervisor)
    end

    :ok
  end
end

url = System.get_env("WEBHOOK_URL")

[within, interval] =
  for {name, default} <- [{"PREDICT_WITHIN_MS", "600000"}, {"PREDICT_INTERVAL_MS", "10000"}],
      do: String.to_integer(System.get_env(name, default))

{:ok, _} = Application.ensure_all_started(:inets)
{:ok, _} = Application.ensure_all_started(:ssl)

tell = fn prediction ->
  IO.puts("#{prediction.type}: #{prediction.text}")
  key = {prediction.type, prediction.supervisor, prediction.child_id}

  if url,
    do:
      Example.Webhook.post(key, &%{node: node(), event: :prediction, summary: prediction.text, held_back: &1, details: prediction})
end

webhook = if url, do: [{Example.Webhook, url: url, token: System.get_env("WEBHOOK_TOKEN")}], else: []

{:ok, _} =
  Supervisor.start_link(
    [Arsenal.AnalyticsServer] ++ webhook ++ [{Example.FailurePredictor, within: within, interval: interval, tell: tell}],
    strategy: :rest_for_one
  )

Example.Doomed.start()
Process.sleep(:infinity)
