# SPDX-License-Identifier: Apache-2.0
#
# What alerting.exs, slack.exs and exporter.exs share: JSON, and HTTP requests that keep nobody waiting.

defmodule Example.Json do
  @doc "A term as JSON. What JSON does not know is printed as Elixir prints it."
  def encode(nil), do: "null"
  def encode(value) when is_boolean(value), do: Atom.to_string(value)
  def encode(value) when is_integer(value), do: Integer.to_string(value)
  def encode(value) when is_float(value), do: Float.to_string(value)
  def encode(value) when is_atom(value), do: value |> Atom.to_string() |> string()
  def encode(value) when is_binary(value), do: if(String.valid?(value), do: string(value), else: string(inspect(value)))
  def encode(%DateTime{} = value), do: value |> DateTime.to_iso8601() |> string()
  def encode([]), do: "[]"
  def encode(value) when is_list(value), do: if(List.improper?(value), do: string(inspect(value)), else: list(value))
  def encode(%_{} = value), do: string(inspect(value))
  def encode(value) when is_map(value), do: "{" <> Enum.map_join(value, ",", fn {k, v} -> key(k) <> ":" <> encode(v) end) <> "}"
  def encode(value), do: string(inspect(value))

  defp list(value), do: "[" <> Enum.map_join(value, ",", &encode/1) <> "]"

  defp key(key) when is_binary(key) or is_atom(key), do: key |> to_string() |> string()
  defp key(key), do: string(inspect(key))

  defp string(text), do: "\"" <> for(<<c::utf8 <- text>>, into: "", do: character(c)) <> "\""

  defp character(?"), do: "\\\""
  defp character(?\\), do: "\\\\"
  defp character(?\n), do: "\\n"
  defp character(c) when c < 0x20, do: "\\u" <> String.pad_leading(Integer.to_string(c, 16), 4, "0")
  defp character(c), do: <<c::utf8>>
end

defmodule Example.Http do
  @timeout_ms 5_000

  @doc "One request: `:ok`, `{:retry, why}` if it may go better later, `{:error, why}` if it will not."
  def send(method, url, content_type, body, token) do
    headers = if token in [nil, ""], do: [], else: [{~c"authorization", String.to_charlist("Bearer " <> token)}]
    request = {String.to_charlist(url), headers, String.to_charlist(content_type), body}

    options = [timeout: @timeout_ms, connect_timeout: @timeout_ms, autoredirect: false, ssl: tls(url)]

    case :httpc.request(method, request, options, []) do
      {:ok, {{_, status, _}, _, _}} when status in 200..299 -> :ok
      {:ok, {{_, status, _}, _, _}} when status == 429 or status >= 500 -> {:retry, "status #{status}"}
      {:ok, {{_, status, _}, _, _}} -> {:error, "status #{status}"}
      {:error, reason} -> {:retry, inspect(reason)}
    end
  rescue
    # An address that is none, or no certificates on this machine.
    error -> {:error, Exception.message(error)}
  end

  defp tls("https" <> _) do
    [
      verify: :verify_peer,
      cacerts: :public_key.cacerts_get(),
      customize_hostname_check: [match_fun: :public_key.pkix_verify_hostname_match_fun(:https)]
    ]
  end

  defp tls(_), do: []
end

defmodule Example.Webhook do
  @moduledoc """
  Posts alerts, one after another, from a process of its own: whoever hands one over does not wait.

  An alert is `{key, body}`. Of the same key at most one goes out a minute; the others are counted, and the next one is
  told the number. One that fails is tried again, four times in all, after 1, 2 and 4 seconds. At most 100 wait; beyond that the oldest is dropped.
  """
  use GenServer
  require Logger

  @per_key_ms 60_000
  @tries 4
  @first_retry_ms 1_000
  @waiting_max 100
  @keys_max 1_000

  def start_link(options), do: GenServer.start_link(__MODULE__, options, name: __MODULE__)

  @doc "Hands over an alert. `body` is called with the number of those of this key that were held back since the last one."
  def post(key, body) when is_function(body, 1), do: GenServer.cast(__MODULE__, {:post, key, body})

  @impl true
  def init(options) do
    {:ok, %{url: Keyword.fetch!(options, :url), token: options[:token], waiting: :queue.new(), sender: nil, sent: %{}}}
  end

  @impl true
  def handle_cast({:post, key, body}, state) do
    now = System.monotonic_time(:millisecond)

    case state.sent do
      %{^key => {at, held}} when now - at < @per_key_ms ->
        {:noreply, put_in(state.sent[key], {at, held + 1})}

      sent ->
        {_, held} = Map.get(sent, key, {now, 0})
        state = %{state | sent: Map.put(prune(sent, now), key, {now, 0}), waiting: queue(state.waiting, body.(held))}
        {:noreply, send_next(state)}
    end
  end

  @impl true
  def handle_info({:DOWN, monitor, :process, _, reason}, %{sender: monitor} = state) do
    if reason != :normal, do: Logger.error("webhook: the sender ended: #{inspect(reason)}")
    {:noreply, send_next(%{state | sender: nil})}
  end

  def handle_info(_, state), do: {:noreply, state}

  defp prune(sent, _now) when map_size(sent) < @keys_max, do: sent
  defp prune(sent, now), do: Map.filter(sent, fn {_, {at, _}} -> now - at < @per_key_ms end)

  defp queue(waiting, body) do
    waiting = :queue.in(body, waiting)
    if :queue.len(waiting) > @waiting_max, do: :queue.drop(waiting), else: waiting
  end

  defp send_next(%{sender: nil} = state) do
    case :queue.out(state.waiting) do
      {:empty, _} ->
        state

      {{:value, body}, waiting} ->
        {_, monitor} = spawn_monitor(fn -> deliver(state.url, state.token, body, 1) end)
        %{state | waiting: waiting, sender: monitor}
    end
  end

  defp send_next(state), do: state

  defp deliver(url, token, body, try) do
    case Example.Http.send(:post, url, "application/json", Example.Json.encode(body), token) do
      :ok ->
        :ok

      {:retry, why} when try < @tries ->
        Logger.warning("webhook: #{why}, trying again")
        Process.sleep(@first_retry_ms * Integer.pow(2, try - 1))
        deliver(url, token, body, try + 1)

      {_, why} ->
        Logger.error("webhook: #{why}, given up after #{try} of #{@tries}")
    end
  end
end

defmodule Example.Fault do
  @moduledoc "Something to be alerted of: with DEMO=1, a child that fails twice a second."

  def start do
    if System.get_env("DEMO") == "1" do
      worker = %{id: :demo_worker, start: {Task, :start_link, [__MODULE__, :fail, []]}, restart: :permanent}
      {:ok, _} = Supervisor.start_link([worker], strategy: :one_for_one, max_restarts: 1_000, name: :demo_supervisor)
    end

    :ok
  end

  def fail do
    Process.sleep(500)
    exit(:demo_fault)
  end
end
