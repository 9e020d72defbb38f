# SPDX-License-Identifier: Apache-2.0
defmodule Mix.Tasks.Compile.ArsenalEngine do
  # Builds the C engine into priv. make decides what is out of date, so this runs every time.
  @moduledoc false
  use Mix.Task.Compiler

  @engine Path.expand("priv/arsenal", __DIR__)

  @impl true
  def run(_args) do
    before = File.stat(@engine)

    case System.cmd("sh", [Path.expand("engine.sh", __DIR__), "build"], into: IO.stream(), stderr_to_stdout: true) do
      {_, 0} ->
        # priv may not have been there when Mix linked it.
        Mix.Project.build_structure()
        {if(File.stat(@engine) == before, do: :noop, else: :ok), []}

      {_, _} ->
        {:error, [diagnostic("arsenal's engine was not built; what is missing, make says above")]}
    end
  end

  defp diagnostic(message) do
    Mix.shell().error(message)

    %Mix.Task.Compiler.Diagnostic{
      file: __ENV__.file,
      position: 0,
      severity: :error,
      message: message,
      compiler_name: "arsenal_engine"
    }
  end

  @impl true
  def clean, do: File.rm(@engine)
end

defmodule Arsenal.MixProject do
  use Mix.Project

  # One place for the version: the Makefile.
  @version (case System.cmd("sh", [Path.expand("engine.sh", __DIR__), "version"]) do
              {version, 0} -> String.trim(version)
              {_, _} -> Mix.raise("arsenal: the version is in the Makefile, which is not here")
            end)

  def project do
    [
      app: :arsenal,
      version: @version,
      elixir: "~> 1.14",
      compilers: [:arsenal_engine | Mix.compilers()],
      erlc_options: [:debug_info],
      deps: [],
      # The tests use what the package does not.
      prune_code_paths: Mix.env() != :test,
      test_ignore_filters: [&String.starts_with?(&1, "test/support/")],
      name: "arsenal",
      description: "Monitoring and analytics for OTP systems, with an engine in C beside the VM",
      docs: [main: "readme", extras: ["README.md"]],
      package: [
        licenses: ["Apache-2.0"],
        links: %{},
        files: ~w(lib src c_src mix.exs rebar.config engine.sh README.md)
      ]
    ]
  end

  # Nothing is started by itself: the server belongs into the tree of the application that it watches.
  def application, do: []
end
