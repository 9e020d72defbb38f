%% SPDX-License-Identifier: Apache-2.0
%% The budget of what takes long: so many thousandths of one scheduler, counted in wall time, which errs on the careful side. A process that
%% has used its share rests, and tells the holder that it lives, and what it cost; without a holder it ends. Part of arsenal_probe.erl.
%%
%% Where all schedulers are busy, most of that time is spent waiting for one, and to rest for it, too, would make a walk take minutes just when
%% somebody wants to know who is so busy. So whoever knows how long a piece of work can take at most says so, and no more is counted.

-record(pace, {
    holder, monitor, budget,
    slice_began,                   % microseconds
    debt = 0,                      % microseconds worked and not yet rested for
    busy = 0,                      % microseconds worked in all
    told                           % microseconds, when the holder last heard
}).

pace(Holder, Budget) ->
    #pace{holder = Holder, monitor = erlang:monitor(process, Holder), budget = Budget, slice_began = now_us(), told = now_us()}.

rest_if_spent(Pace) -> rest_if_spent(Pace, infinity).

rest_if_spent(Pace, Most) ->
    #pace{budget = Budget, debt = Debt} = Paced = worked(Pace, Most),
    case Debt >= Budget * ?PAUSE_MS of
        true ->
            Told = pause(Debt div Budget, Paced),
            Told#pace{debt = 0, slice_began = now_us()};
        false ->
            Paced
    end.

worked(Pace) -> worked(Pace, infinity).

%% `infinity`, an atom, is more than any number.
worked(#pace{slice_began = Began, debt = Debt, busy = Busy} = Pace, Most) ->
    Now = now_us(),
    Took = min(Now - Began, Most),
    Pace#pace{slice_began = Now, debt = Debt + Took, busy = Busy + Took}.

%% To tell the holder each time would wake it as often.
pause(Ms, #pace{slice_began = Now, told = Told} = Pace) when Now - Told < ?ALIVE_US, Ms =< ?PAUSE_MAX_MS ->
    sleep(Ms, Pace),
    Pace;
pause(Ms, Pace) ->
    report_life(Pace),
    sleep(min(Ms, ?PAUSE_MAX_MS), Pace),
    Told = Pace#pace{told = now_us()},
    case Ms > ?PAUSE_MAX_MS of
        true -> pause(Ms - ?PAUSE_MAX_MS, Told);
        false -> Told
    end.

sleep(Ms, #pace{monitor = Monitor}) ->
    receive
        {'DOWN', Monitor, process, _Holder, _Reason} -> exit({shutdown, no_holder})
    after Ms ->
        ok
    end.

report_life(#pace{holder = Holder, busy = Busy}) ->
    [{memory, Memory}, {reductions, Reductions}] = process_info(self(), [memory, reductions]),
    Holder ! {alive, self(), {Memory, Reductions, Busy}}.

%% How long to rest for what is not rested for yet.
debt_ms(#pace{debt = Debt, budget = Budget}) ->
    Debt div Budget.

now_us() ->
    erlang:monotonic_time(microsecond).
