# SPDX-License-Identifier: Apache-2.0
defmodule Arsenal.MonitoredSupervisorTest do
  # The analytics server is a process that hands on to the test what a supervisor reports.
  use ExUnit.Case
  import Waiting

  alias Arsenal.MonitoredSupervisor

  defmodule DropIn do
    use Arsenal.MonitoredSupervisor, analytics_server: :monitored_supervisor_test

    def start_link(children), do: Supervisor.start_link(__MODULE__, children, name: __MODULE__)

    @impl true
    def init(children), do: Supervisor.init(children, strategy: :one_for_one, max_restarts: 1000)
  end

  # No @impl, options of `use Supervisor`, and Erlang's own shape of flags and children.
  defmodule OldStyle do
    use Arsenal.MonitoredSupervisor, restart: :temporary, id: :old, analytics_server: :monitored_supervisor_test

    def init(children), do: {:ok, {{:one_for_all, 10, 10}, children}}
  end

  defmodule Ignoring do
    use Arsenal.MonitoredSupervisor
    @impl true
    def init(_), do: :ignore
  end

  # An init that says it itself, in a module that says it, too.
  defmodule Twice do
    use Arsenal.MonitoredSupervisor

    @impl true
    def init(children),
      do: Arsenal.MonitoredSupervisor.init(children, strategy: :one_for_one, analytics_server: :monitored_supervisor_test)
  end

  @names [
    :monitored_supervisor_test,
    DropIn,
    Crashing,
    :a,
    :b,
    :c,
    :d,
    :last,
    :flaky,
    :map,
    :tuple,
    :transient,
    :temporary,
    :done,
    :twice,
    :module_and_arg,
    :of_tuple
  ]

  setup do
    test = self()
    Process.register(spawn_link(fn -> relay(test) end), :monitored_supervisor_test)
    Process.flag(:trap_exit, true)
    # Supervisors end with their test, but nobody waits for that.
    on_exit(fn -> eventually(fn -> not Enum.any?(Process.registered(), &(&1 in @names)) end) end)
  end

  defp relay(test) do
    receive do
      {:"$gen_cast", {:track_restart, supervisor, id, reason, _time}} ->
        send(test, {:reported, {supervisor, id, reason}})

      {:"$gen_cast", {:track_wrapped, _time, _key, {{:t, supervisor}, {:t, id}, {:t, reason}}}} ->
        send(test, {:reported, {supervisor, id, reason}})
    end

    relay(test)
  end

  defp spec(id, more \\ %{}), do: Map.merge(%{id: id, start: {Crashing, :start_link, [id]}}, more)

  defp start(children, options \\ []) do
    options = Keyword.merge([strategy: :one_for_one, max_restarts: 1000, analytics_server: :monitored_supervisor_test], options)
    {:ok, supervisor} = MonitoredSupervisor.start_link(children, options)
    supervisor
  end

  defp pid(supervisor, id) do
    {_, pid, _, _} = supervisor |> Supervisor.which_children() |> List.keyfind(id, 0)
    pid
  end

  defp restarted(supervisor, id, old),
    do: eventually(fn -> is_pid(pid(supervisor, id)) and pid(supervisor, id) != old && pid(supervisor, id) end)

  # All that was reported, once something that comes last has been.
  defp reports(supervisor, last) do
    receive do
      {:reported, {_, ^last, reason}} -> [{last, reason}]
      {:reported, {_, id, reason}} -> [{id, reason} | reports(supervisor, last)]
    after
      20_000 -> flunk("#{inspect(last)} was not reported")
    end
  end

  defp kill(supervisor, id) do
    old = pid(supervisor, id)
    Process.exit(old, :kill)
    restarted(supervisor, id, old)
  end

  test "a crash is reported with its reason, under the supervisor's name" do
    {:ok, supervisor} = DropIn.start_link([spec(:a), {Crashing, :module_and_arg}])
    old = pid(supervisor, :a)
    Crashing.fail(:a, {:disk, 7})
    await({:reported, {DropIn, :a, {:disk, 7}}})
    assert restarted(supervisor, :a, old) != old
    Crashing.fail(:module_and_arg, :why)
    await({:reported, {DropIn, Crashing, :why}})
    Supervisor.stop(supervisor)
  end

  test "a supervisor without a name is reported as its pid" do
    supervisor = start([spec(:a)])
    kill(supervisor, :a)
    await({:reported, {^supervisor, :a, :killed}})
  end

  test "each of many crashes is reported once" do
    supervisor = start([spec(:a), spec(:b), spec(:last)])
    for _ <- 1..50, id <- [:a, :b], do: kill(supervisor, id)
    kill(supervisor, :last)
    assert Enum.frequencies(reports(supervisor, :last)) == %{{:a, :killed} => 50, {:b, :killed} => 50, {:last, :killed} => 1}
    refute_received {:reported, _}
  end

  test "the reason of a child that ends before anybody can monitor it is known" do
    parent = self()
    runs = :counters.new(1, [])

    start_child = fn ->
      :counters.add(runs, 1, 1)
      run = :counters.get(runs, 1)

      child = fn ->
        if run <= 200, do: exit({:early, run})
        send(parent, :up)
        Process.sleep(:infinity)
      end

      {:ok, spawn_link(child)}
    end

    start([%{id: :early, start: {:erlang, :apply, [start_child, []]}}])
    await(:up)
    # In this order, and none of them without its reason.
    for run <- 1..200 do
      await({:reported, {_, :early, reason}})
      assert reason == {:early, run}
    end
  end

  test "what a person does is not a restart" do
    supervisor = start([spec(:a), spec(:last)])
    :ok = Supervisor.terminate_child(supervisor, :a)
    {:ok, _} = Supervisor.restart_child(supervisor, :a)
    {:error, :running} = Supervisor.restart_child(supervisor, :a)
    :ok = Supervisor.terminate_child(supervisor, :a)
    :ok = Supervisor.delete_child(supervisor, :a)
    {:ok, _} = MonitoredSupervisor.start_child(supervisor, spec(:a))
    kill(supervisor, :last)
    assert reports(supervisor, :last) == [last: :killed]
    kill(supervisor, :a)
    await({:reported, {_, :a, :killed}})
  end

  test "children that stay down are not reported" do
    supervisor = start([spec(:transient, %{restart: :transient}), spec(:temporary, %{restart: :temporary}), spec(:last)])
    Crashing.fail(:temporary, :crash)
    Crashing.fail(:transient, {:shutdown, :done})
    eventually(fn -> pid(supervisor, :transient) == :undefined and length(Supervisor.which_children(supervisor)) == 2 end)
    {:ok, _} = Supervisor.restart_child(supervisor, :transient)
    kill(supervisor, :last)
    assert reports(supervisor, :last) == [last: :killed]
    kill(supervisor, :transient)
    await({:reported, {_, :transient, :killed}})
  end

  test "a permanent child that ends normally is restarted and reported" do
    supervisor = start([spec(:a)])
    old = pid(supervisor, :a)
    Crashing.fail(:a, :normal)
    await({:reported, {_, :a, :normal}})
    restarted(supervisor, :a, old)
    Crashing.fail(:a, :shutdown)
    await({:reported, {_, :a, :shutdown}})
  end

  for strategy <- [:one_for_all, :rest_for_one] do
    test "#{strategy}: the one that failed, not those that were started again with it" do
      supervisor =
        start([spec(:a), spec(:b), spec(:c, %{shutdown: :brutal_kill}), spec(:d, %{restart: :transient})],
          strategy: unquote(strategy)
        )

      for _ <- 1..10, id <- [:b, :a, :c, :d], reason <- [:crash, :killed] do
        last = pid(supervisor, :d)
        if reason == :killed, do: Process.exit(pid(supervisor, id), :kill), else: Crashing.fail(id, reason)
        await({:reported, {_, ^id, ^reason}})
        restarted(supervisor, :d, last)
      end

      refute_received {:reported, _}
      Supervisor.stop(supervisor)
      refute_received {:reported, _}
    end

    test "#{strategy}: a restart that fails at first is one restart" do
      failures = :counters.new(1, [])

      start_flaky = fn ->
        if :counters.get(failures, 1) > 0 do
          :counters.sub(failures, 1, 1)
          {:error, :not_yet}
        else
          Crashing.start_link(:flaky)
        end
      end

      supervisor =
        start([spec(:a), %{id: :flaky, start: {:erlang, :apply, [start_flaky, []]}}, spec(:c)], strategy: unquote(strategy))

      for reason <- 1..5 do
        last = pid(supervisor, :c)
        :counters.put(failures, 1, 3)
        Crashing.fail(:flaky, reason)
        await({:reported, {_, :flaky, ^reason}})
        restarted(supervisor, :c, last)
        last = pid(supervisor, :c)
        kill(supervisor, :c)
        await({:reported, {_, :c, :killed}})
        restarted(supervisor, :c, last)
      end

      refute_received {:reported, _}
    end
  end

  test "one_for_one: a restart that fails at first is one restart" do
    failing = :counters.new(1, [])

    start_flaky = fn ->
      :counters.add(failing, 1, 1)
      if rem(:counters.get(failing, 1), 4) in [2, 3], do: raise("not yet"), else: Crashing.start_link(:flaky)
    end

    supervisor = start([%{id: :flaky, start: {:erlang, :apply, [start_flaky, []]}}, spec(:last)])
    old = pid(supervisor, :flaky)
    Crashing.fail(:flaky, :once)
    restarted(supervisor, :flaky, old)
    kill(supervisor, :last)
    assert reports(supervisor, :last) == [flaky: :once, last: :killed]
  end

  test "one_for_all: a transient child that was done is started again, and was not at fault" do
    supervisor = start([spec(:done, %{restart: :transient}), spec(:a), spec(:b)], strategy: :one_for_all)
    Crashing.fail(:done, :normal)
    eventually(fn -> pid(supervisor, :done) == :undefined end)
    kill(supervisor, :b)
    await({:reported, {_, :b, :killed}})
    restarted(supervisor, :done, :undefined)
    :ok = Supervisor.terminate_child(supervisor, :a)
    kill(supervisor, :b)
    await({:reported, {_, :b, :killed}})
    restarted(supervisor, :a, :undefined)
    refute_received {:reported, _}
  end

  test "a witness that hangs does not hold the supervisor up, and catches up" do
    supervisor = start([spec(:a)])
    witness = witness(supervisor)
    :erlang.suspend_process(witness)
    {time, _} = :timer.tc(fn -> for _ <- 1..20, do: kill(supervisor, :a) end)
    assert time < 2_000_000
    :erlang.resume_process(witness)
    # What those ended with, nobody was there to see; but that they did.
    for _ <- 1..20, do: await({:reported, {_, :a, _}})
    kill(supervisor, :a)
    await({:reported, {_, :a, :killed}})
    assert Process.info(supervisor, :messages) == {:messages, []}
  end

  test "a witness that is killed is replaced" do
    supervisor = start([spec(:a)])
    Process.exit(witness(supervisor), :kill)
    kill(supervisor, :a)
    kill(supervisor, :a)
    await({:reported, {_, :a, :killed}})
    assert Process.info(supervisor, :messages) == {:messages, []}
  end

  defp witness(supervisor) do
    {:dictionary, dictionary} = Process.info(supervisor, :dictionary)
    {_, witness} = List.keyfind(dictionary, {Arsenal.MonitoredSupervisor.Witness, :pid}, 0)
    witness
  end

  test "the witness ends with the supervisor" do
    supervisor = start([spec(:a)])
    witness = witness(supervisor)
    monitor = Process.monitor(witness)
    Process.exit(supervisor, :kill)
    await({:DOWN, ^monitor, :process, _, _})
  end

  test "no analytics server, no harm" do
    supervisor = start([spec(:a)], analytics_server: :nobody_here)
    kill(supervisor, :a)
    kill(supervisor, :a)
    supervisor = start([spec(:b)], analytics_server: nil)
    kill(supervisor, :b)
    refute_received {:reported, _}
  end

  test "the supervisor giving up is as without us" do
    supervisor = start([spec(:a)], max_restarts: 1)
    kill(supervisor, :a)
    Process.exit(pid(supervisor, :a), :kill)
    await({:EXIT, ^supervisor, :shutdown})
    await({:reported, {^supervisor, :a, :killed}})
    refute_received {:reported, _}
  end

  test "specs stay what they are, but for the start function" do
    children = [
      spec(:map, %{restart: :transient, shutdown: 7, type: :supervisor, significant: false}),
      {:tuple, {Crashing, :start_link, [:tuple]}, :permanent, 5000, :worker, [Crashing]},
      Crashing,
      {Crashing, :c}
    ]

    {:ok, {flags, plain}} = Supervisor.init(children, strategy: :rest_for_one, max_restarts: 7, max_seconds: 8)
    {:ok, {same_flags, watched}} = MonitoredSupervisor.init(children, strategy: :rest_for_one, max_restarts: 7, max_seconds: 8)
    assert flags == same_flags

    for {before, now} <- Enum.zip(plain, watched) do
      assert without_start(before) == without_start(now)
    end

    # Watching twice is watching once.
    assert MonitoredSupervisor.watch({:ok, {flags, watched}}) == {:ok, {flags, watched}}
  end

  defp without_start({id, _start, restart, shutdown, type, modules}), do: {id, restart, shutdown, type, modules}
  defp without_start(map), do: map |> Map.delete(:start) |> Map.put_new(:modules, [Crashing])

  test "Supervisor's functions see the children as they are" do
    supervisor = start([spec(:a), spec(:b)])
    assert [{:b, b, :worker, [Crashing]}, {:a, a, :worker, [Crashing]}] = MonitoredSupervisor.which_children(supervisor)
    assert is_pid(a) and is_pid(b)
    assert MonitoredSupervisor.count_children(supervisor) == %{active: 2, specs: 2, supervisors: 0, workers: 2}
    assert {:error, {:already_started, ^a}} = MonitoredSupervisor.start_child(supervisor, spec(:a))
    assert {:error, :not_found} = MonitoredSupervisor.restart_child(supervisor, :none)
    assert {:error, :running} = MonitoredSupervisor.delete_child(supervisor, :a)
    assert :ok = MonitoredSupervisor.terminate_child(supervisor, :a)
    assert :ok = MonitoredSupervisor.delete_child(supervisor, :a)
    assert {:ok, _} = MonitoredSupervisor.start_child(supervisor, {Crashing, :of_tuple})
    assert :ok = MonitoredSupervisor.stop(supervisor)
  end

  test "starts of any arity, with more than a pid, that ignore, that fail" do
    info = %{id: :info, start: {:erlang, :apply, [fn -> {:ok, spawn_link(fn -> Process.sleep(:infinity) end), :info} end, []]}}
    supervisor = start([info, %{id: :ignored, start: {:erlang, :apply, [fn -> :ignore end, []]}}])
    assert :undefined = pid(supervisor, :ignored)
    kill(supervisor, :info)
    await({:reported, {_, :info, :killed}})
    three = %{id: :three, start: {Agent, :start_link, [Kernel, :self, []]}}
    assert {:ok, agent} = MonitoredSupervisor.start_child(supervisor, three)
    assert Agent.get(agent, & &1) == agent

    refusing = %{id: :refusing, start: {:erlang, :apply, [fn -> {:error, :no} end, []]}}
    assert {:error, :no} = MonitoredSupervisor.start_child(supervisor, refusing) |> plain_error()
    raising = %{id: :raising, start: {:erlang, :error, [:boom]}}
    assert {:error, {:EXIT, {:boom, _}}} = MonitoredSupervisor.start_child(supervisor, raising) |> plain_error()
  end

  # On a failed start supervisors give the reason, with the child or without, by release.
  defp plain_error({:error, {reason, {:child, _, _, _, _, _, _, _, _}}}), do: {:error, reason}
  defp plain_error(other), do: other

  test "a spec that is wrong gets the error that it gets from a supervisor" do
    for wrong <- [%{id: :a}, %{id: :a, start: :no_mfa}, %{id: :a, start: {M, :f, :no_list}}, %{start: {M, :f, []}}] do
      {:ok, {flags, _}} = Supervisor.init([], strategy: :one_for_one)
      {:error, plain} = :supervisor.start_link(DropIn.Plain, {:ok, {flags, [wrong]}})
      assert {:error, ^plain} = :supervisor.start_link(DropIn.Plain, MonitoredSupervisor.watch({:ok, {flags, [wrong]}}))
    end

    assert_raise ArgumentError, fn -> MonitoredSupervisor.start_link([:not_a_module_at_all], strategy: :one_for_one) end
  end

  defmodule DropIn.Plain do
    def init(ready), do: ready
  end

  test "modules of every style" do
    assert %{id: :old, restart: :temporary, start: {OldStyle, :start_link, [:arg]}, type: :supervisor} = OldStyle.child_spec(:arg)
    {:ok, supervisor} = Supervisor.start_link(OldStyle, [{:a, {Crashing, :start_link, [:a]}, :permanent, 500, :worker, [Crashing]}])
    kill(supervisor, :a)
    await({:reported, {_, :a, :killed}})
    assert :ignore = Supervisor.start_link(Ignoring, [])
    {:ok, supervisor} = MonitoredSupervisor.start_link(Twice, [spec(:twice)])
    kill(supervisor, :twice)
    await({:reported, {^supervisor, :twice, :killed}})
    refute_received {:reported, _}
  end

  test "many ids that come and go leave nothing behind" do
    supervisor = start([])

    for id <- 1..3000 do
      {:ok, _} =
        MonitoredSupervisor.start_child(supervisor, %{id: id, start: {Agent, :start_link, [fn -> 0 end]}, shutdown: :brutal_kill})

      :ok = Supervisor.terminate_child(supervisor, id)
      :ok = Supervisor.delete_child(supervisor, id)
    end

    witness = witness(supervisor)
    :erlang.garbage_collect(witness)
    assert {:memory, memory} = Process.info(witness, :memory)
    assert memory < 2_000_000
  end
end
