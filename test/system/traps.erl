%% SPDX-License-Identifier: Apache-2.0
%%
%% Supervision trees that a look at them could hurt, or that could hurt the one who looks.
%%
%%     start/0       a tree of them all, under traps_sup
%%     sup/2         a supervisor with these children, owned by nobody
-module(traps).

-behaviour(supervisor).

-export([start/0, worker/1, sup/2, sup/3, crowd/2, asked/0, deep/1, fill/2, suspend/1, resume/1, queue/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).
-export([start_liar/0, start_worker/1, start_again/1, start_mortal/0, idle/0]).

start() ->
    sup(traps_sup, [
        supervisor(liar, {?MODULE, start_liar, []}),
        supervisor(loop, {?MODULE, sup, [link, traps_loop, [supervisor(again, {?MODULE, start_again, [traps_loop]})]]}),
        (supervisor(mortal, {?MODULE, start_mortal, []}))#{restart => transient},
        supervisor(ids, {?MODULE, sup, [link, traps_ids, [worker(Id) || Id <- ids()]]}),
        supervisor(deep, {?MODULE, deep, [80]}),
        supervisor(wide, {?MODULE, crowd, [traps_wide, 300]}),
        supervisor(empty, {?MODULE, sup, [link, traps_empty, []]}),
        supervisor(quiet, {?MODULE, sup, [link, traps_quiet, [worker(sleeper)]]}),
        (supervisor(undeclared, {?MODULE, sup, [link, traps_undeclared, [worker(hidden)]]}))#{type => worker},
        worker(plain)]).

ids() ->
    [atom, 'an atom', {tuple, <<0, 255>>}, <<"text">>, "string", [1 | improper], #{map => [self()]}, make_ref(), 1.5, 1 bsl 300,
     binary:copy(<<"long ">>, 300000), lists:seq(1, 50000), fun erlang:node/0, [16#1F600, 16#431], undefined].

sup(Name, Children) ->
    Caller = self(),
    spawn(fun() ->
              {ok, Pid} = sup(link, Name, Children),
              Caller ! {started, self(), Pid},
              receive never -> ok end
          end),
    receive {started, _, Pid} -> Pid after 20000 -> error(not_started) end.

sup(link, undefined, Children) -> supervisor:start_link(?MODULE, {sup, Children});
sup(link, Name, Children) -> supervisor:start_link({local, Name}, ?MODULE, {sup, Children}).

%% Many children of one kind.
crowd(Name, Count) ->
    {ok, Sup} = supervisor:start_link({local, Name}, ?MODULE, crowd),
    fill(Sup, Count),
    {ok, Sup}.

fill(Sup, Count) ->
    lists:foreach(fun(_) -> {ok, _} = supervisor:start_child(Sup, []) end, lists:seq(1, Count)).

deep(0) -> sup(link, undefined, [worker(bottom)]);
deep(Left) -> sup(link, undefined, [supervisor({deep, Left}, {?MODULE, deep, [Left - 1]})]).

supervisor(Id, Start) -> #{id => Id, start => Start, type => supervisor, restart => temporary}.

worker(Id) -> #{id => Id, start => {?MODULE, start_worker, [Id]}}.

suspend(Name) -> sys:suspend(Name).
resume(Name) -> sys:resume(Name).

%% Questions in its queue: a supervisor of OTP 28 and later has a timer of its own.
queue(Name) ->
    {messages, Messages} = process_info(whereis(Name), messages),
    length([Call || Call <- Messages, element(1, Call) =:= '$gen_call']).

%% What the liar got to see: {Pid, Messages}.
asked() -> {whereis(traps_liar), persistent_term:get(traps_liar, [])}.

%%% ------------------------------------------------------------------ children

start_worker(_) -> {ok, spawn_link(?MODULE, idle, [])}.

idle() ->
    receive
        {crash, Reason} -> exit(Reason)
    end.

%% Its specification says supervisor.
start_liar() -> gen_server:start_link({local, traps_liar}, ?MODULE, liar, []).

%% A child that is its own supervisor's process, again.
start_again(Name) -> {ok, whereis(Name)}.

%% By its words a supervisor; it ends when it is asked anything.
start_mortal() ->
    {ok, proc_lib:spawn_link(fun() ->
                                 put('$initial_call', {supervisor, ?MODULE, 1}),
                                 register(traps_mortal, self()),
                                 receive _ -> exit(normal) end
                             end)}.

init({sup, Children}) -> {ok, {#{intensity => 1000, period => 1}, Children}};
init(crowd) -> {ok, {#{strategy => simple_one_for_one}, [#{id => one, start => {?MODULE, start_worker, [x]}, restart => temporary}]}};
init(liar) -> {ok, liar}.

handle_call(Call, _From, State) -> seen({call, Call}, State).
handle_cast(Cast, State) -> seen({cast, Cast}, State).
handle_info(Info, State) -> seen({info, Info}, State).

seen(What, State) ->
    persistent_term:put(traps_liar, [What | persistent_term:get(traps_liar, [])]),
    {stop, {asked, What}, State}.
