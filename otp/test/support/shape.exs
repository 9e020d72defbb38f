# SPDX-License-Identifier: Apache-2.0
defmodule Shape do
  @moduledoc """
  Checks values against types as they are written, so that the seed's type notation is a test of real answers.

  Maps may have more keys than their type; each that the type names must be there.
  """

  @doc "The types of a block of `@type`s: name => syntax tree."
  def types(source) do
    {_, types} =
      source
      |> Code.string_to_quoted!()
      |> Macro.prewalk(%{}, fn
        {:@, _, [{:type, _, [{:"::", _, [{name, _, _}, type]}]}]} = node, types -> {node, Map.put(types, name, type)}
        node, types -> {node, types}
      end)

    types
  end

  @doc "Where a value is not of a type: a list of texts, empty if it is."
  def errors(value, type, path \\ "it")

  def errors(value, {:|, _, [one, other]}, path) do
    if errors(value, one, path) == [], do: [], else: errors(value, other, path)
  end

  def errors(value, {:%{}, _, fields}, path) when is_map(value) do
    Enum.flat_map(fields, fn {key, type} ->
      case value do
        %{^key => field} -> errors(field, type, "#{path}.#{key}")
        _ -> ["#{path}.#{key} is not there"]
      end
    end)
  end

  def errors(value, [type], path) when is_list(value) do
    value |> Enum.with_index() |> Enum.flat_map(fn {element, at} -> errors(element, type, "#{path}[#{at}]") end)
  end

  def errors(value, type, path),
    do: if(is?(value, type), do: [], else: ["#{path} is #{inspect(value)}, not #{Macro.to_string(type)}"])

  defp is?(value, literal) when is_atom(literal), do: value === literal
  defp is?(_, {:term, _, []}), do: true
  defp is?(value, {:pid, _, []}), do: is_pid(value)
  defp is?(value, {:atom, _, []}), do: is_atom(value)
  defp is?(value, {:map, _, []}), do: is_map(value)
  defp is?(value, {:float, _, []}), do: is_float(value)
  defp is?(value, {:non_neg_integer, _, []}), do: is_integer(value) and value >= 0
  defp is?(value, {{:., _, [{:__aliases__, _, [:String]}, :t]}, _, []}), do: is_binary(value) and String.valid?(value)
  defp is?(value, {{:., _, [{:__aliases__, _, [:DateTime]}, :t]}, _, []}), do: is_struct(value, DateTime) and valid?(value)
  # By example, as the seed shows anomalies.
  defp is?(value, example) when is_float(example) or is_integer(example), do: is_number(value)
  defp is?(value, example) when is_binary(example), do: is_binary(value)
  defp is?(value, {:sigil_U, _, _}), do: is_struct(value, DateTime) and valid?(value)
  defp is?(_, _), do: false

  # One that Elixir itself can work with.
  defp valid?(time), do: match?({:ok, _, _}, time |> DateTime.to_iso8601() |> DateTime.from_iso8601())
end
