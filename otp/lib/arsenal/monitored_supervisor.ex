# SPDX-License-Identifier: Apache-2.0
defmodule Arsenal.MonitoredSupervisor do
  @moduledoc """
  A supervisor that reports its children's restarts to `Arsenal.AnalyticsServer` itself.

  The server's probe catches supervisors' restarts from their log reports, and needs no help on most nodes. It is blind where
  nothing is logged: at a primary level above `:error`, or with a module level set on `:supervisor`. A supervisor made with
  this module reports there as well. What both see is counted once.

      defmodule MyApp.Supervisor do
        use Arsenal.MonitoredSupervisor

        def start_link(arg), do: Supervisor.start_link(__MODULE__, arg, name: __MODULE__)

        @impl true
        def init(_arg) do
          Supervisor.init([MyApp.Repo, {MyApp.Worker, [:a]}], strategy: :one_for_one)
        end
      end

  Only the line with `use` differs from a plain supervisor: what `c:Supervisor.init/1` returns is taken as it is, but for the start
  function of each child, which is called through this module. Ids, restart types, shutdown, strategy and intensity
  stay; `Supervisor`'s functions work on the process unchanged. Without a module of one's own, `start_link/2` does the same for a list of children.

  ## What is reported

    * A restart by the supervisor itself, at its first attempt, with the reason that the old child ended with. Further attempts of the same restart are not reported.
      The reason is `:noproc` where it could not be seen, which happens only if the process beside the supervisor was held up.
    * With `:one_for_all` and `:rest_for_one`, the child that failed; not its siblings, which the supervisor ended and starts again.
    * Not `Supervisor.restart_child/2`: a person or a program wanted that, nothing failed. Nor `Supervisor.start_child/2`.
    * Not the end of a supervisor that reached its maximum restart intensity: its own supervisor reports that, if it is a monitored one.

  Children added later are reported if they were added by `start_child/2` of this module. Supervisors of the strategy `:simple_one_for_one` and
  `DynamicSupervisor`s are left to the probe.

  ## What it costs

  The reason of an old child's end is learnt by a small process beside each supervisor, which monitors the children and does the
  reporting. The supervisor tells it of each start and waits for it at most 100 ms, nowhere else; it never calls itself or the analytics server.
  When no analytics server runs, everything works and nothing is reported.

  ## Options

  `use` takes the options of `use Supervisor`, and `:analytics_server`: the server to report to, if it is not the one named
  `Arsenal.AnalyticsServer`. So do `init/2` and `start_link/2`.
  """

  alias Arsenal.MonitoredSupervisor.Witness

  @typedoc "What `c:Supervisor.init/1` returns."
  @type initial :: {:ok, {:supervisor.sup_flags() | tuple(), [:supervisor.child_spec()]}} | :ignore

  @doc false
  defmacro __using__(options) do
    quote location: :keep do
      {analytics_server, supervisor_options} = Keyword.pop(unquote(options), :analytics_server)
      @arsenal_analytics_server analytics_server
      use Supervisor, supervisor_options
      @before_compile Arsenal.MonitoredSupervisor
    end
  end

  @doc false
  defmacro __before_compile__(env) do
    if Module.defines?(env.module, {:init, 1}, :def) do
      server = env.module |> Module.get_attribute(:arsenal_analytics_server) |> Macro.escape()

      quote location: :keep do
        defoverridable init: 1
        @impl Supervisor
        def init(arg), do: Arsenal.MonitoredSupervisor.watch(super(arg), unquote(server))
      end
    end
  end

  @doc """
  Starts a supervisor with these children, like `Supervisor.start_link/2`.

      Arsenal.MonitoredSupervisor.start_link([MyApp.Worker], strategy: :one_for_one, name: MyApp.Supervisor)
  """
  @spec start_link([:supervisor.child_spec() | {module(), term()} | module()], keyword()) :: Supervisor.on_start()
  def start_link(children, options) when is_list(children) and is_list(options) do
    {init_options, start_options} =
      Keyword.split(options, [:strategy, :max_restarts, :max_seconds, :auto_shutdown, :analytics_server])

    Supervisor.start_link(__MODULE__, init(children, init_options), start_options)
  end

  @doc "Starts a supervisor with a callback module, like `Supervisor.start_link/3`. The module says `use Arsenal.MonitoredSupervisor`."
  @spec start_link(module(), term(), [Supervisor.option()]) :: Supervisor.on_start()
  def start_link(module, arg, options \\ []) when is_list(options), do: Supervisor.start_link(module, arg, options)

  @doc """
  What a supervisor's `c:Supervisor.init/1` returns for these children, like `Supervisor.init/2`.

  In a module that says `use Arsenal.MonitoredSupervisor`, `Supervisor.init/2` does as well.
  """
  @spec init([:supervisor.child_spec() | {module(), term()} | module()], keyword()) :: initial()
  def init(children, options) when is_list(children) and is_list(options) do
    {server, options} = Keyword.pop(options, :analytics_server)
    children |> Supervisor.init(options) |> watch(server)
  end

  # The callback of the supervisors of start_link/2.
  @doc false
  def init(ready), do: ready

  @doc """
  Adds a child whose restarts are reported, like `Supervisor.start_child/2`.
  """
  @spec start_child(Supervisor.supervisor(), :supervisor.child_spec() | {module(), term()} | module()) ::
          Supervisor.on_start_child()
  def start_child(supervisor, child) do
    spec = if is_map(child) or (is_tuple(child) and tuple_size(child) == 6), do: child, else: Supervisor.child_spec(child, [])
    Supervisor.start_child(supervisor, watch_child(spec, nil, nil))
  end

  @doc "`Supervisor.child_spec/2`."
  @spec child_spec(Supervisor.child_spec() | {module(), term()} | module(), keyword()) :: Supervisor.child_spec()
  defdelegate child_spec(module_or_map, overrides), to: Supervisor

  @doc "`Supervisor.which_children/1`."
  @spec which_children(Supervisor.supervisor()) :: [
          {term(), pid() | :restarting | :undefined, :worker | :supervisor, [module()] | :dynamic}
        ]
  defdelegate which_children(supervisor), to: Supervisor

  @doc "`Supervisor.count_children/1`."
  @spec count_children(Supervisor.supervisor()) :: map()
  defdelegate count_children(supervisor), to: Supervisor

  @doc "`Supervisor.terminate_child/2`."
  @spec terminate_child(Supervisor.supervisor(), term()) :: :ok | {:error, term()}
  defdelegate terminate_child(supervisor, child_id), to: Supervisor

  @doc "`Supervisor.restart_child/2`. It is not reported: nothing failed."
  @spec restart_child(Supervisor.supervisor(), term()) :: {:ok, pid()} | {:ok, pid(), term()} | {:error, term()}
  defdelegate restart_child(supervisor, child_id), to: Supervisor

  @doc "`Supervisor.delete_child/2`."
  @spec delete_child(Supervisor.supervisor(), term()) :: :ok | {:error, term()}
  defdelegate delete_child(supervisor, child_id), to: Supervisor

  @doc "`Supervisor.stop/3`."
  @spec stop(Supervisor.supervisor(), term(), timeout()) :: :ok
  defdelegate stop(supervisor, reason \\ :normal, timeout \\ :infinity), to: Supervisor

  @doc """
  Takes what a `c:Supervisor.init/1` returned, and has its children's restarts reported.

  For supervisors that are written in Erlang, or whose `init/1` is made elsewhere. Anything that is no list of children is given back as it is; a
  child that is reported already stays as it is.
  """
  @spec watch(initial() | term(), GenServer.server() | nil) :: initial() | term()
  def watch(ready, analytics_server \\ nil)

  def watch({:ok, {flags, children}}, server) when is_list(children) do
    case strategy(flags) do
      # Its children are made of one spec and more arguments, and have no ids.
      :simple_one_for_one -> {:ok, {flags, children}}
      strategy -> {:ok, {flags, Enum.map(children, &watch_child(&1, strategy, server))}}
    end
  end

  def watch(other, _server), do: other

  defp strategy(%{strategy: strategy}), do: strategy
  defp strategy(flags) when is_tuple(flags), do: elem(flags, 0)
  defp strategy(_), do: :one_for_one

  # A spec that the supervisor will refuse is left as it is, so that its error is about what was written.
  defp watch_child(%{start: {__MODULE__, :start_watched, _}} = spec, _, _), do: spec
  defp watch_child({_, {__MODULE__, :start_watched, _}, _, _, _, _} = spec, _, _), do: spec

  defp watch_child(%{id: id, start: {module, function, args} = start} = spec, strategy, server)
       when is_atom(module) and is_atom(function) and is_list(args) do
    child = child(id, Map.get(spec, :restart, :permanent), Map.get(spec, :shutdown), strategy, server)
    # The supervisor's own default, the module of the start function, would be this one now.
    spec |> Map.put_new(:modules, [module]) |> Map.put(:start, {__MODULE__, :start_watched, [child, start]})
  end

  defp watch_child({id, {module, function, args} = start, restart, shutdown, type, modules}, strategy, server)
       when is_atom(module) and is_atom(function) and is_list(args) do
    child = child(id, restart, shutdown, strategy, server)
    {id, {__MODULE__, :start_watched, [child, start]}, restart, shutdown, type, modules}
  end

  defp watch_child(spec, _, _), do: spec

  defp child(id, restart, shutdown, strategy, server) do
    %{id: id, restart: restart, brutal: shutdown == :brutal_kill, strategy: strategy, server: server}
  end

  # The start function of the children, in the supervisor.
  @doc false
  def start_watched(child, {module, function, args}) do
    Witness.starting(child)
    result = apply(module, function, args)
    Witness.started(child, result)
    result
  end
end
