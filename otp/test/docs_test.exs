# SPDX-License-Identifier: Apache-2.0
defmodule DocsTest do
  # Every function that an application may call is documented and has a type.
  use ExUnit.Case

  for module <- [Arsenal.AnalyticsServer, Arsenal.MonitoredSupervisor] do
    test "#{inspect(module)} is documented" do
      module = unquote(module)
      {:docs_v1, _, :elixir, _, %{"en" => _}, _, docs} = Code.fetch_docs(module)

      documented =
        for {{:function, name, arity}, _, _, %{"en" => _}, meta} <- docs,
            n <- (arity - (meta[:defaults] || 0))..arity,
            do: {name, n}

      hidden = for {{:function, name, arity}, _, _, :hidden, _} <- docs, do: {name, arity}
      undocumented = module.__info__(:functions) -- (documented ++ hidden ++ [__struct__: 0, __struct__: 1])
      assert undocumented == []

      {:ok, specs} = Code.Typespec.fetch_specs(module)
      specified = for {{name, arity}, _} <- specs, do: {name, arity}
      # A function with defaults has its type at its full arity.
      full = for {{:function, name, arity}, _, _, %{"en" => _}, _} <- docs, do: {name, arity}
      assert full -- specified == []

      {:ok, types} = Code.Typespec.fetch_types(module)
      assert types != []
    end
  end

  test "the witness is nobody's business" do
    assert {:docs_v1, _, :elixir, _, :hidden, _, _} = Code.fetch_docs(Arsenal.MonitoredSupervisor.Witness)
  end

  test "arsenal's functions have edoc" do
    if match?({:module, _}, Code.ensure_loaded(:edoc)) do
      source = Path.expand("../src/arsenal.erl", __DIR__)
      {_, doc} = apply(:edoc, :get_doc, [to_charlist(source), []])
      text = doc |> List.wrap() |> then(&apply(:xmerl, :export_simple, [&1, :xmerl_xml])) |> IO.chardata_to_string()

      for {name, arity} <- :arsenal.module_info(:exports), name not in [:module_info, :format_error] do
        assert [_, body] = Regex.run(~r/<function [^>]*?name="#{name}" arity="#{arity}".*?>(.*?)<\/function>/s, text)
        assert body =~ "<description>" or body =~ "<equiv>", "arsenal:#{name}/#{arity} has no @doc"
        assert body =~ "<typespec>", "arsenal:#{name}/#{arity} has no -spec"
      end
    end
  end
end
