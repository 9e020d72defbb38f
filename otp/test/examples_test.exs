# SPDX-License-Identifier: Apache-2.0
defmodule ExamplesTest do
  # The examples as a person runs them: programs of their own, told by their environment, against an HTTP server here.
  use ExUnit.Case

  @examples Path.expand("../../examples", __DIR__)
  @ebin to_string(:code.lib_dir(:arsenal, :ebin))
  @moduletag timeout: 120_000

  setup_all do
    # Compiled without being run: its JSON is under test, too.
    Code.require_file(Path.join(@examples, "webhook.exs"))
    :ok
  end

  # Starts one; it ends with the test. What it prints comes as {port, {:data, …}}.
  defp run(file, environment) do
    {program, arguments} =
      case Path.extname(file) do
        ".exs" -> {"elixir", ["-pa", @ebin, Path.join(@examples, file)]}
        ".escript" -> {"escript", [Path.join(@examples, file)]}
      end

    environment = [{"ERL_LIBS", @ebin |> Path.dirname() |> Path.dirname()} | environment]
    environment = for {name, value} <- environment, do: {to_charlist(name), to_charlist(value)}

    port =
      Port.open({:spawn_executable, System.find_executable(program)}, [
        :binary,
        :exit_status,
        :stderr_to_stdout,
        args: arguments,
        env: environment
      ])

    {:os_pid, pid} = Port.info(port, :os_pid)
    on_exit(fn -> System.cmd("kill", ["-9", to_string(pid)], stderr_to_stdout: true) end)
    port
  end

  defp output(port, text \\ "") do
    receive do
      {^port, {:data, more}} -> output(port, text <> more)
      {^port, {:exit_status, status}} -> {status, text}
    after
      60_000 -> flunk("it did not end; it printed: #{text}")
    end
  end

  # An HTTP request, or what the example printed instead.
  defp request(port, text \\ "") do
    receive do
      {:http, method, path, headers, body} -> {method, path, headers, body}
      {^port, {:data, more}} -> request(port, text <> more)
      {^port, {:exit_status, status}} -> flunk("it ended with #{status}: #{text}")
    after
      60_000 -> flunk("no request came; it printed: #{text}")
    end
  end

  # JSON is a literal of Erlang's with other brackets, for values that are known to be there.
  defp assert_json(body, parts) do
    assert String.starts_with?(body, "{") and String.ends_with?(body, "}")
    for part <- parts, do: assert(body =~ part, "no #{inspect(part)} in #{body}")
  end

  test "alerting.exs posts an alert, and again where the receiver fails at first" do
    url = HttpSink.start([503, 500, 200])
    port = run("alerting.exs", [{"WEBHOOK_URL", url <> "/hook"}, {"WEBHOOK_TOKEN", "secret"}, {"DEMO", "1"}])

    for _ <- 1..3 do
      assert {:POST, "/hook", headers, body} = request(port)
      assert headers["authorization"] == "Bearer secret"
      assert headers["content-type"] == "application/json"

      assert_json(body, [
        ~s("event":"anomaly"),
        ~s("severity":"high"),
        ~s("type":"restart_anomaly"),
        ~s("child_id":"demo_worker"),
        ~s("supervisor":"demo_supervisor")
      ])
    end
  end

  test "alerting.exs without an address says so" do
    assert {1, text} = output(run("alerting.exs", []))
    assert text =~ "WEBHOOK_URL is not set"
  end

  test "slack.exs posts in Slack's shape" do
    url = HttpSink.start()
    port = run("slack.exs", [{"SLACK_WEBHOOK_URL", url <> "/services/T/B/X"}, {"DEMO", "1"}])
    assert {:POST, "/services/T/B/X", _, body} = request(port)
    assert_json(body, [~s("text":"), ~s("blocks":[{), ~s("type":"mrkdwn"), "demo_worker"])
  end

  @tag :tmp_dir
  test "exporter.exs writes a file and pushes", %{tmp_dir: folder} do
    url = HttpSink.start()
    file = Path.join(folder, "app.prom")
    port = run("exporter.exs", [{"EXPORT_FILE", file}, {"EXPORT_URL", url <> "/metrics/job/app"}, {"EXPORT_INTERVAL_MS", "200"}])

    for _ <- 1..3 do
      assert {:PUT, "/metrics/job/app", %{"content-type" => "text/plain; version=0.0.4"}, body} = request(port)
      check_exposition(body)
    end

    check_exposition(File.read!(file))
  end

  defp check_exposition(text) do
    assert String.ends_with?(text, "\n")

    for line <- String.split(text, "\n", trim: true),
        do: assert(line =~ ~r/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="\w+"\})? -?[0-9.e+-]+)$/, "what is #{line}")

    assert [_, memory] = Regex.run(~r/^app_memory_bytes\{kind="total"\} (\d+)$/m, text)
    assert String.to_integer(memory) > 1_000_000
    assert text =~ ~r/^app_health\{status="\w+"\} 1$/m
    # Neither is known before the second sample; and not observed is not zero.
    assert String.contains?(text, "app_scheduler_utilization_percent") == String.contains?(text, "app_cpu_utilization_percent")
  end

  test "monitored_supervisor.exs tells its restarts" do
    assert {0, text} = output(run("monitored_supervisor.exs", []))
    assert text =~ "Example.Supervisor restarted :reader: :disk_gone"
    assert text =~ "3 restarts"
  end

  # What it prints, until it has printed that.
  defp printed(port, pattern, text \\ "") do
    if text =~ pattern do
      text
    else
      receive do
        {^port, {:data, more}} -> printed(port, pattern, text <> more)
        {^port, {:exit_status, status}} -> flunk("it ended with #{status}: #{text}")
      after
        60_000 -> flunk("it printed: #{text}")
      end
    end
  end

  test "failure_predictor.exs tells of a supervisor before it gives up, and posts it" do
    url = HttpSink.start()
    port = run("failure_predictor.exs", [{"WEBHOOK_URL", url <> "/hook"}, {"PREDICT_INTERVAL_MS", "200"}, {"DEMO", "1"}])
    text = printed(port, ~r/^restart_budget: .+\n/m)
    assert [_] = Regex.scan(~r/^restart_budget: .*demo_supervisor/m, text)
    assert {:POST, "/hook", _, body} = request(port)

    assert_json(body, [
      ~s("event":"prediction"),
      ~s("type":"restart_budget"),
      ~s("supervisor":"demo_supervisor"),
      ~s("child_id":null)
    ])
  end

  test "capacity_planner.exs prints the plan, once" do
    text = printed(run("capacity_planner.exs", [{"PLAN_INTERVAL_MS", "100"}]), ~r/^processes_limit_reached: no date\n/m)

    for resource <- ["processes", "memory", "CPU", "ports", "atoms", "ETS", "file descriptors"],
        do: assert(text =~ ~r/^#{resource}[^:\n]*: (\d|not observed)/m)

    assert text =~ "memory_exhaustion: no date" and text =~ "cpu_bottleneck: no date"
  end

  test "erlang_alert.escript prints and posts" do
    url = HttpSink.start()
    port = run("erlang_alert.escript", [{"WEBHOOK_URL", url}, {"DEMO", "1"}])
    assert {:POST, _, _, body} = request(port)
    assert_json(body, [~s("text":"restart: demo_worker of erlang_alert: demo_fault")])
  end

  # ---- what they share ------------------------------------------------------------------------------------------------

  test "JSON" do
    for {term, json} <- [
          {nil, "null"},
          {true, "true"},
          {:atom, ~s("atom")},
          {1, "1"},
          {1.5, "1.5"},
          {"a\"b\\c\nd\u0001é", ~s("a\\"b\\\\c\\nd\\u0001é")},
          {<<255>>, ~s("<<255>>")},
          {[], "[]"},
          {[1, [2]], "[1,[2]]"},
          {[1 | 2], ~s("[1 | 2]")},
          {%{"a" => %{1 => 2}}, ~s({"a":{"1":2}})},
          {{1, 2}, ~s("{1, 2}")},
          {~U[2024-01-18 10:30:00Z], ~s("2024-01-18T10:30:00Z")}
        ],
        do: assert(apply(Example.Json, :encode, [term]) == json)
  end

  test "the webhook: one of a kind a minute, the rest counted; no waiting for a receiver that hangs" do
    {:ok, _} = Application.ensure_all_started(:inets)
    {:ok, listener} = :gen_tcp.listen(0, [:binary, active: false, ip: {127, 0, 0, 1}])
    {:ok, hanging} = :inet.port(listener)
    webhook = start_supervised!({Example.Webhook, url: "http://127.0.0.1:#{hanging}"})
    test = self()

    for n <- 1..200 do
      apply(Example.Webhook, :post, [:kind, fn held -> %{n: send(test, {:made, n, held})} end])
      apply(Example.Webhook, :post, [{:other, n}, fn _ -> %{n: n} end])
    end

    state = :sys.get_state(webhook)
    assert_received {:made, 1, 0}
    refute_received {:made, _, _}
    assert {_, 199} = state.sent.kind
    assert :queue.len(state.waiting) == 100
  end
end
