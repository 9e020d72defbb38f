# SPDX-License-Identifier: Apache-2.0
defmodule SeedBlocks do
  @moduledoc "The Elixir blocks of the seed document, in order, by number from 1; an indented one without its indentation."

  def path, do: Path.expand("../seed/analytics-server.md", __DIR__)

  def all do
    ~r/^( *)```elixir\n(.*?)^ *```$/ms
    |> Regex.scan(File.read!(path()), capture: :all_but_first)
    |> Enum.map(fn [indent, text] -> Regex.replace(~r/^#{indent}/m, text, "") end)
    |> Enum.with_index(1)
    |> Map.new(fn {text, number} -> {number, text} end)
  end

  @doc "A test that accounts for a block, with its text as `block`. A module that uses it has @blocks and @accounted."
  defmacro block(number, what, do: body) do
    quote do
      @accounted unquote(number)
      @tag block: unquote(number)
      test "block #{unquote(number)}: " <> unquote(what), context do
        var!(block) = Map.fetch!(@blocks, context.block)
        _ = var!(block)
        unquote(body)
      end
    end
  end
end
