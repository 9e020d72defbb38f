%% SPDX-License-Identifier: Apache-2.0
%% What a watcher may ask for: each question is worked on by a process of its own, which answers by itself and is killed when it takes too
%% long. Part of arsenal_probe.erl.

%% A question of somebody unknown has nobody to be answered.
take_request(Pid, Id, What, #state{watchers = Watchers, requests = Requests} = State) when is_integer(Id) ->
    Known = lists:keymember(Pid, #watcher.pid, Watchers),
    case answerable(What) of
        _ when not Known -> State;
        false -> refuse(Pid, Id, unknown_request, State);
        true when length(Requests) >= ?REQUESTS_MAX -> refuse(Pid, Id, busy, State);
        true -> start_request(Pid, Id, What, State)
    end;
take_request(_Pid, _Id, _What, State) ->
    State.

answerable({tree, Hints}) -> is_list(Hints);
answerable(_) -> false.

refuse(Pid, Id, Why, State) ->
    _ = deliver(Pid, {arsenal_reply, Id, {error, Why}}),
    State.

start_request(Pid, Id, What, #state{requests = Requests, remarks = Remarks} = State) ->
    Until = now_ms() + ?REQUEST_MS,
    {Worker, Monitor} = spawn_opt(?MODULE, answer_request, [self(), Pid, Id, What, Remarks],
                                  [monitor, {priority, low}, {max_heap_size, #{size => ?REQUEST_WORDS, kill => true, error_logger => false}}]),
    State#state{requests = [#request{pid = Worker, monitor = Monitor, watcher = Pid, id = Id, until = Until} | Requests]}.

%% The answer is told before the process ends: what ends as `normal' has answered.
request_ended(#request{watcher = Pid, id = Id} = Request, Reason, #state{requests = Requests} = State) ->
    Left = State#state{requests = lists:delete(Request, Requests)},
    case Reason of
        normal -> Left;
        _ -> refuse(Pid, Id, failed, Left)
    end.

drop_late_requests(#state{requests = []} = State, _Now) ->
    State;
drop_late_requests(#state{requests = Requests} = State, Now) ->
    lists:foldl(fun(#request{watcher = Pid, id = Id} = Request, Each) ->
                    kill_request(Request),
                    refuse(Pid, Id, timeout, Each#state{requests = lists:delete(Request, Each#state.requests)})
                end, State, [Request || #request{until = Until} = Request <- Requests, Now >= Until]).

kill_request(#request{pid = Pid, monitor = Monitor}) -> end_process(Pid, Monitor).

request_times(#state{requests = Requests}) -> [Until || #request{until = Until} <- Requests].

%% What a question has found out about a supervisor that the next one must know: `no_answer', so that it is never asked again while the last
%% question may still be in its queue; or how many children it has, where counting them takes long.
remark(Pid, What, #state{remarks = Before} = State) ->
    Alive = case map_size(Before) >= ?REMARKS_MAX of
                true -> maps:filter(fun(Each, _) -> is_process_alive(Each) end, Before);
                false -> Before
            end,
    case map_size(Alive) >= ?REMARKS_MAX of
        true -> State#state{remarks = Alive};
        false -> State#state{remarks = Alive#{Pid => {What, now_ms()}}}
    end.

%%% ------------------------------------------------------------------ in the process of a question

answer_request(Holder, Watcher, Id, {tree, Hints}, Remarks) ->
    try tree(Holder, Hints, Remarks, now_ms() + ?TREE_MS) of
        Tree -> send_answer(Watcher, {arsenal_reply, Id, {ok, Tree}}, ?SEND_TRIES)
    catch
        _:Reason -> exit({shutdown, Reason})
    end.

%% The link may be busy for a moment.
send_answer(Watcher, Answer, Left) ->
    case deliver(Watcher, Answer) of
        true -> ok;
        false when Left > 0 ->
            timer:sleep(?RETRY_MS),
            send_answer(Watcher, Answer, Left - 1);
        false -> exit({shutdown, undeliverable})
    end.
