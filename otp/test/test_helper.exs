# SPDX-License-Identifier: Apache-2.0
Code.require_file("support/shape.exs", __DIR__)
Code.require_file("support/seed_blocks.exs", __DIR__)
Code.require_file("support/http_sink.exs", __DIR__)

defmodule Waiting do
  @moduledoc "Waits for conditions, never for time."
  import ExUnit.Assertions

  @patience_ms 20_000

  @doc "What the function returns once it is neither nil nor false."
  def eventually(condition, until \\ System.monotonic_time(:millisecond) + @patience_ms) do
    cond do
      result = condition.() ->
        result

      System.monotonic_time(:millisecond) > until ->
        flunk("this did not come true in #{@patience_ms} ms")

      true ->
        Process.sleep(10)
        eventually(condition, until)
    end
  end

  @doc "The message matching, within the same patience."
  defmacro await(pattern) do
    quote do: assert_receive(unquote(pattern), unquote(@patience_ms))
  end
end

defmodule Crashing do
  @moduledoc "A child that ends when it is told to, or at once."
  use GenServer

  def start_link(name), do: GenServer.start_link(__MODULE__, name, name: name)
  def fail(name, reason), do: GenServer.cast(name, {:fail, reason})

  @impl true
  def init(name), do: {:ok, name}

  @impl true
  def handle_cast({:fail, reason}, name), do: {:stop, reason, name}
end

# Elixir's logger is there, as in an application, but prints nothing.
if Version.match?(System.version(), "< 1.15.0"),
  do: Application.put_env(:logger, :backends, []),
  else: Application.put_env(:logger, :default_handler, false)

{:ok, _} = Application.ensure_all_started(:logger)
ExUnit.start()
