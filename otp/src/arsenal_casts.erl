%% SPDX-License-Identifier: Apache-2.0
%%
%% @private
%% The casts of a session: numbered without a gap, kept until the engine confirms them, sent again after its death. There is a bound on
%% how many are kept; beyond it they are folded, so that memory stays bounded and totals exact: hand reports into one count per
%% (supervisor, child, reason), of so many kinds; then per (supervisor, child); then, like caught ones, into a mere number of restarts.
-module(arsenal_casts).

-export([new/0, hand_report/5, hand_report/4, caught/4, confirm/2, unfold/1, waiting/1, pending/1, is_full/1, is_overfull/1, count/1, folded/1, confirmed/1, amount/1,
         set_aside/1, supervisor_key/1]).
-export_type([casts/0, cast/0]).

-define(KEPT_MAX, 100000).
-define(OVERFULL, 110000).         % with what is unfolded for a call that must see it
-define(KINDS_MAX, 1000).
-define(PAIRS_MAX, 2000).

-record(casts, {
    last = 0,                      % the number of the newest
    confirmed = 0,
    kept = queue:new(),            % those not confirmed, oldest first
    count = 0,                     % of the kept
    folds = #{},                   % {SupervisorKey, Child, Reason} => {Count, FirstMs, Supervisor}, all wrapped
    lost = 0,                      % restarts folded into a mere number
    folded = 0                     % in all, ever
}).

-opaque casts() :: #casts{}.
-type cast() :: {cast, pos_integer(), integer(), tuple()}.
-type wrapped() :: {t, term()} | {x, binary()}.

-spec new() -> casts().
new() -> #casts{}.

%% A supervisor is known by its registered name if it has one, else by what it was called.
-spec supervisor_key(term()) -> term().
supervisor_key(Pid) when is_pid(Pid), node(Pid) =:= node() ->
    case process_info(Pid, registered_name) of
        {registered_name, Name} -> Name;
        _ -> Pid
    end;
supervisor_key({local, Name}) when is_atom(Name) -> Name;
supervisor_key({global, Name}) when is_atom(Name) -> Name;
supervisor_key(Term) -> Term.

%% The cast to be sent, or none: it was folded.
-spec hand_report(integer(), term(), term(), term(), casts()) -> {cast() | none, casts()}.
hand_report(TimeMs, Supervisor, Child, Reason, Casts) ->
    Key = arsenal_probe:wrapped(supervisor_key(Supervisor)),
    Wrapped = {arsenal_probe:wrapped(Supervisor), arsenal_probe:wrapped(Child), arsenal_probe:wrapped(Reason)},
    hand_report(TimeMs, Key, Wrapped, Casts).

-spec hand_report(integer(), wrapped(), {wrapped(), wrapped(), wrapped()}, casts()) -> {cast() | none, casts()}.
hand_report(TimeMs, Key, {Supervisor, Child, Reason}, Casts) ->
    case is_full(Casts) of
        false -> keep(TimeMs, {track_restart, Supervisor, Key, Child, Reason}, Casts);
        true -> {none, fold(TimeMs, Supervisor, {Key, Child, Reason}, Casts)}
    end.

-spec caught(integer(), non_neg_integer(), list(), casts()) -> {cast() | none, casts()}.
caught(TimeMs, Lost, Restarts, Casts) ->
    case is_full(Casts) of
        false -> keep(TimeMs, {caught, Lost, Restarts}, Casts);
        true -> {none, fold_lost(Lost + amount(Restarts), Casts)}
    end.

%% How many restarts the probe's descriptions stand for: the last element of ten says it (doc/probe.md).
-spec amount(list()) -> non_neg_integer().
amount(Restarts) -> lists:sum([times(Restart) || Restart <- Restarts]).

times(Restart) when tuple_size(Restart) =:= 10, is_integer(element(10, Restart)) -> element(10, Restart);
times(_One) -> 1.

keep(TimeMs, What, #casts{last = Last, kept = Kept, count = Count} = Casts) ->
    Cast = {cast, Last + 1, TimeMs, What},
    {Cast, Casts#casts{last = Last + 1, kept = queue:in(Cast, Kept), count = Count + 1}}.

fold(TimeMs, Supervisor, {Key, Child, _} = Kind, #casts{folds = Folds, folded = Folded} = Casts) ->
    Other = {Key, Child, {t, arsenal_other}},
    Size = map_size(Folds),
    Where = if
                is_map_key(Kind, Folds); Size < ?KINDS_MAX -> Kind;
                is_map_key(Other, Folds); Size < ?PAIRS_MAX -> Other;
                true -> none
            end,
    case Where of
        none -> fold_lost(1, Casts);
        _ ->
            {Count, FirstMs, First} = maps:get(Where, Folds, {0, TimeMs, Supervisor}),
            Casts#casts{folds = Folds#{Where => {Count + 1, FirstMs, First}}, folded = Folded + 1}
    end.

fold_lost(Count, #casts{lost = Lost, folded = Folded} = Casts) ->
    Casts#casts{lost = Lost + Count, folded = Folded + Count}.

%% Casts up to N need not be sent again.
-spec confirm(integer(), casts()) -> casts().
confirm(N, #casts{confirmed = Confirmed, last = Last} = Casts) when N > Confirmed ->
    drop(min(N, Last), Casts);
confirm(_Older, Casts) ->
    Casts.

drop(N, #casts{kept = Kept, count = Count} = Casts) ->
    case queue:peek(Kept) of
        {value, {cast, First, _, _}} when First =< N -> drop(N, Casts#casts{kept = queue:drop(Kept), count = Count - 1});
        _ -> Casts#casts{confirmed = N}
    end.

%% What was folded becomes casts again, to be sent in this order.
-spec unfold(casts()) -> {[cast()], casts()}.
unfold(#casts{folds = Folds, lost = Lost} = Casts) ->
    Now = os:system_time(millisecond),
    Reports = [{track_restarts, Count, FirstMs, Supervisor, Key, Child, Reason}
               || {{Key, Child, Reason}, {Count, FirstMs, Supervisor}} <- maps:to_list(Folds)],
    lists:mapfoldl(fun(What, Kept) -> keep(Now, What, Kept) end, Casts#casts{folds = #{}, lost = 0},
                   Reports ++ [{caught, Lost, []} || Lost > 0]).

%% Whether anything is folded and not yet a cast.
-spec waiting(casts()) -> boolean().
waiting(#casts{folds = Folds, lost = Lost}) -> Lost > 0 orelse map_size(Folds) > 0.

%% All that an engine that begins anew must be sent, in order.
-spec pending(casts()) -> queue:queue(cast()).
pending(#casts{kept = Kept}) -> Kept.

-spec is_full(casts()) -> boolean().
is_full(#casts{count = Count}) -> Count >= ?KEPT_MAX.

-spec is_overfull(casts()) -> boolean().
is_overfull(#casts{count = Count}) -> Count >= ?OVERFULL.

-spec count(casts()) -> non_neg_integer().
count(#casts{count = Count}) -> Count.

-spec folded(casts()) -> non_neg_integer().
folded(#casts{folded = Folded}) -> Folded.

-spec confirmed(casts()) -> non_neg_integer().
confirmed(#casts{confirmed = Confirmed}) -> Confirmed.

%% Sets the oldest cast aside: what stays in its place is its number, and how many restarts it told of. Of one that stands there in that
%% form already, nothing stays but the number.
-spec set_aside(casts()) -> {cast(), casts()}.
set_aside(#casts{kept = Kept} = Casts) ->
    {{value, {cast, N, TimeMs, What} = Cast}, Rest} = queue:out(Kept),
    {Cast, Casts#casts{kept = queue:in_r({cast, N, TimeMs, {caught, restarts(What), []}}, Rest)}}.

restarts({track_restart, _, _, _, _}) -> 1;
restarts({track_restarts, Count, _, _, _, _, _}) -> Count;
restarts({caught, _, []}) -> 0;
restarts({caught, Lost, Restarts}) -> Lost + amount(Restarts).
