# SPDX-License-Identifier: Apache-2.0
defmodule HttpSink do
  @moduledoc """
  A small HTTP server on a free port of the loopback: each request is sent to the process that started it, as `{:http, method, path, headers, body}`,
  and answered with the next of some statuses (the last stays).
  """

  @doc "Starts one, linked; the address of it."
  def start(statuses \\ [200]) do
    test = self()
    {:ok, listener} = :gen_tcp.listen(0, [:binary, packet: :http_bin, active: false, reuseaddr: true, ip: {127, 0, 0, 1}])
    {:ok, port} = :inet.port(listener)
    server = spawn_link(fn -> receive(do: (:go -> serve(listener, test, statuses))) end)
    :ok = :gen_tcp.controlling_process(listener, server)
    send(server, :go)
    "http://127.0.0.1:#{port}"
  end

  defp serve(listener, test, [status | rest] = statuses) do
    {:ok, socket} = :gen_tcp.accept(listener)

    case request(socket) do
      {method, path, headers, body} ->
        send(test, {:http, method, path, headers, body})
        :gen_tcp.send(socket, "HTTP/1.1 #{status} It\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        :gen_tcp.close(socket)
        serve(listener, test, if(rest == [], do: statuses, else: rest))

      :closed ->
        serve(listener, test, statuses)
    end
  end

  defp request(socket) do
    with {:ok, {:http_request, method, {:abs_path, path}, _}} <- :gen_tcp.recv(socket, 0, 5_000) do
      headers = headers(socket, %{})
      :ok = :inet.setopts(socket, packet: :raw)
      {method, path, headers, body(socket, String.to_integer(Map.get(headers, "content-length", "0")))}
    else
      _ -> :closed
    end
  end

  defp headers(socket, headers) do
    case :gen_tcp.recv(socket, 0, 5_000) do
      {:ok, {:http_header, _, name, _, value}} -> headers(socket, Map.put(headers, name |> to_string() |> String.downcase(), value))
      {:ok, :http_eoh} -> headers
    end
  end

  defp body(_socket, 0), do: ""

  defp body(socket, length) do
    {:ok, body} = :gen_tcp.recv(socket, length, 5_000)
    body
  end
end
