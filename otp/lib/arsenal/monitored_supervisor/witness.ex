# SPDX-License-Identifier: Apache-2.0
defmodule Arsenal.MonitoredSupervisor.Witness do
  # The process beside a monitored supervisor: it monitors the children, so that it knows why each ended, is told by the supervisor of each
  # start, and reports those that are restarts. starting/1 and started/2 run in the supervisor; all else in the witness.
  #
  # The supervisor waits for it in one place: until a new child is monitored. A child that ends at once would be gone
  # otherwise, and its reason with it.
  @moduledoc false

  @witness {__MODULE__, :pid}
  @late {__MODULE__, :late}
  @patience_ms 100
  # Messages that a witness which does not work any more may hold.
  @backlog_max 10_000
  # A death is told to supervisor and witness at once; that the witness hears of it later than this is not to be expected.
  @news_ms 1_000
  # Strategies that end and start siblings.
  @together [:one_for_all, :rest_for_one]
  # Children that ended and were never started again nor, as far as the witness can know, deleted.
  @dead_max 1_000

  # ---- in the supervisor ---------------------------------------------------------------------------------------------

  @doc false
  def starting(child) do
    # Start functions are called by the supervisor itself after a failure, and within a call by start_child and restart_child. The stack is the only
    # place where that can be told; it shows eight frames, of which these are the sixth at most.
    {:current_stacktrace, stack} = :erlang.process_info(self(), :current_stacktrace)
    by_hand = Enum.any?(stack, &match?({:supervisor, :handle_call, 3, _}, &1))
    send(witness(), {:starting, child, by_hand})
    :ok
  end

  @doc false
  def started(child, {:ok, pid}) when is_pid(pid), do: monitored(child, pid)
  def started(child, {:ok, pid, _info}) when is_pid(pid), do: monitored(child, pid)
  def started(_child, :ignore), do: send(witness(), :ignored)
  def started(_child, _failed), do: :ok

  defp witness do
    pid = Process.get(@witness)

    if pid && Process.alive?(pid) do
      pid
    else
      pid = :proc_lib.spawn(__MODULE__, :init, [self()])
      Process.put(@witness, pid)
      pid
    end
  end

  defp monitored(child, pid) do
    witness = witness()
    reference = :erlang.monitor(:process, witness, alias: :reply_demonitor)
    send(witness, {:started, reference, child, pid})

    receive do
      {^reference, :monitored} -> :ok
      {^reference, :gone} -> tell_reason(witness, child, pid)
      {:DOWN, ^reference, _, _, _} -> :ok
    after
      patience(witness) -> do_not_wait(witness, reference)
    end
  end

  # Suspended, starved, or waiting for a child that is in a long NIF: the supervisor waits for it once, not at every start.
  defp patience(witness) do
    if Process.get(@late) && backlog(witness) > 2 do
      0
    else
      Process.delete(@late)
      @patience_ms
    end
  end

  defp do_not_wait(witness, reference) do
    # The answer goes nowhere now, or is here already.
    :erlang.demonitor(reference, [:flush])

    receive do
      {^reference, _} -> :ok
    after
      0 -> :ok
    end

    Process.put(@late, true)
    if backlog(witness) > @backlog_max, do: Process.exit(witness, :kill)
    :ok
  end

  defp backlog(witness) do
    case Process.info(witness, :message_queue_len) do
      {:message_queue_len, length} -> length
      nil -> 0
    end
  end

  # The child ended before it was monitored: the supervisor has its reason, in a message that it will handle next.
  defp tell_reason(witness, child, pid) do
    receive do
      {:EXIT, ^pid, reason} = message ->
        send(self(), message)
        send(witness, {:reason, child.id, pid, reason})
        :ok
    after
      @patience_ms -> :ok
    end
  end

  # ---- in the witness ------------------------------------------------------------------------------------------------

  @doc false
  def init(supervisor) do
    loop(%{
      supervisor: supervisor,
      monitor: Process.monitor(supervisor),
      strategy: nil,
      server: nil,
      # a start that was not told to be finished: it failed, and will be tried again
      unfinished: false,
      # ids in the order of their first start, which is that of the supervisor's list
      places: %{},
      next_place: 0,
      # id => %{child, pid, monitor}
      alive: %{},
      # monitor => id
      monitors: %{},
      # id => %{child, pid, reason, died}
      dead: %{},
      deaths: 0
    })
  end

  defp loop(%{monitor: supervisor_monitor} = state) do
    receive do
      {:DOWN, ^supervisor_monitor, _, _, _} ->
        :ok

      {:DOWN, monitor, :process, _pid, reason} ->
        loop(died(state, monitor, reason))

      {:starting, child, by_hand} ->
        state = state |> know(child) |> settle(child.id) |> starting(child.id, by_hand)
        loop(%{state | unfinished: not by_hand})

      {:started, reference, child, pid} ->
        state = state |> know(child) |> put_alive(child, pid)
        state = if monitored?(pid), do: state, else: await_death(state, child.id)
        :erlang.send(reference, {reference, if(gone?(state, child.id), do: :gone, else: :monitored)})
        loop(%{state | unfinished: false})

      :ignored ->
        loop(%{state | unfinished: false})

      {:reason, id, pid, reason} ->
        loop(put_reason(state, id, pid, reason))

      _ ->
        loop(state)
    end
  end

  # A monitor is a signal on its way: on one that is ending it may come too late, though the process still counts as alive.
  defp monitored?(pid) do
    case Process.info(pid, :monitored_by) do
      {:monitored_by, monitors} -> self() in monitors
      nil -> false
    end
  end

  # Children that were added later do not know the supervisor's strategy.
  defp know(state, child) do
    %{state | strategy: child.strategy || state.strategy, server: child.server || state.server}
  end

  defp put_alive(state, %{id: id} = child, pid) do
    state = state |> forget(id) |> put_place(id)
    monitor = Process.monitor(pid)

    %{
      state
      | alive: Map.put(state.alive, id, %{child: child, pid: pid, monitor: monitor}),
        monitors: Map.put(state.monitors, monitor, id)
    }
  end

  defp put_place(state, id) when is_map_key(state.places, id), do: state
  defp put_place(state, id), do: %{state | places: Map.put(state.places, id, state.next_place), next_place: state.next_place + 1}

  defp forget(state, id) do
    case Map.pop(state.alive, id) do
      {nil, _} ->
        %{state | dead: Map.delete(state.dead, id)}

      {%{monitor: monitor}, alive} ->
        Process.demonitor(monitor, [:flush])
        %{state | alive: alive, monitors: Map.delete(state.monitors, monitor), dead: Map.delete(state.dead, id)}
    end
  end

  defp died(state, monitor, reason) do
    case Map.pop(state.monitors, monitor) do
      {nil, _} ->
        state

      {id, monitors} ->
        {entry, alive} = Map.pop!(state.alive, id)
        state = %{state | monitors: monitors, alive: alive, deaths: state.deaths + 1}
        if stays_down?(entry.child.restart, reason), do: remove(state, id), else: put_dead(state, id, entry, reason)
    end
  end

  defp stays_down?(:temporary, _reason), do: true
  defp stays_down?(:transient, :normal), do: true
  defp stays_down?(:transient, :shutdown), do: true
  defp stays_down?(:transient, {:shutdown, _}), do: true
  defp stays_down?(_restart, _reason), do: false

  defp put_dead(state, id, entry, reason) do
    dead = Map.put(state.dead, id, %{child: entry.child, pid: entry.pid, reason: reason, died: state.deaths})
    drop_oldest(%{state | dead: dead})
  end

  defp drop_oldest(%{dead: dead} = state) when map_size(dead) <= @dead_max, do: state

  defp drop_oldest(state) do
    {id, _} = Enum.min_by(state.dead, fn {_, entry} -> entry.died end)
    remove(state, id)
  end

  defp remove(state, id), do: %{state | dead: Map.delete(state.dead, id), places: Map.delete(state.places, id)}

  defp gone?(state, id), do: match?(%{^id => %{reason: :noproc}}, state.dead)

  defp put_reason(state, id, pid, reason) do
    case state.dead do
      %{^id => %{pid: ^pid, child: child} = entry} ->
        if stays_down?(child.restart, reason),
          do: remove(state, id),
          else: %{state | dead: Map.put(state.dead, id, %{entry | reason: reason})}

      _ ->
        state
    end
  end

  # A start means that the old child is gone, and with some strategies that its siblings are; the news may still be on their way.
  defp settle(%{strategy: strategy} = state, _id) when strategy in @together do
    state.alive
    |> Enum.reject(fn {_, entry} -> Process.alive?(entry.pid) end)
    |> Enum.reduce(state, fn {id, _}, state -> await_death(state, id) end)
  end

  defp settle(state, id) do
    if is_map_key(state.alive, id), do: await_death(state, id), else: state
  end

  defp await_death(state, id) do
    monitor = state.alive[id].monitor

    receive do
      {:DOWN, ^monitor, :process, _, reason} -> died(state, monitor, reason)
    after
      @news_ms -> forget(state, id)
    end
  end

  defp starting(state, id, true = _by_hand), do: forget(state, id)

  # The same restart once more: those that are dead were ended for it.
  defp starting(%{unfinished: true, strategy: strategy} = state, id, false) when strategy in @together,
    do: forget_all(state, restarted_with(state, id))

  defp starting(state, id, false) when not is_map_key(state.dead, id), do: state

  defp starting(state, id, false) do
    failed = failed(state, id)
    report(state, failed)
    forget_all(state, restarted_with(state, failed))
  end

  defp forget_all(state, ids), do: Enum.reduce(ids, state, &forget(&2, &1))

  # Whose failure it is that a child is started again: with one_for_all, which starts all, that of another one, perhaps.
  defp failed(%{strategy: :one_for_all} = state, _id) do
    {id, _} = Enum.min_by(state.dead, fn {_, entry} -> {suspicion(entry), entry.died} end)
    id
  end

  defp failed(_state, id), do: id

  # Reasons that the supervisor gives to those it ends come last; then the first to die.
  defp suspicion(%{reason: :shutdown}), do: 1
  defp suspicion(%{reason: :killed, child: %{brutal: true}}), do: 1
  defp suspicion(_), do: 0

  # Those whose starts, now to come, are no failures of their own.
  defp restarted_with(%{strategy: :one_for_all} = state, _failed), do: Map.keys(state.dead)

  defp restarted_with(%{strategy: :rest_for_one} = state, failed) do
    place = Map.get(state.places, failed, 0)
    for {id, _} <- state.dead, state.places[id] >= place, do: id
  end

  defp restarted_with(_state, failed), do: [failed]

  defp report(state, id) do
    server = state.server || Arsenal.AnalyticsServer
    Arsenal.AnalyticsServer.track_restart(server, name(state.supervisor), id, state.dead[id].reason)
  catch
    # A server that cannot take the report must not cost the next one.
    _, _ -> :ok
  end

  defp name(supervisor) do
    case Process.info(supervisor, :registered_name) do
      {:registered_name, name} when is_atom(name) -> name
      _ -> supervisor
    end
  end
end
