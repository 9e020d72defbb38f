%% SPDX-License-Identifier: Apache-2.0
%% Nodes that end with a crash dump (test_crashdump.py): a small tree of processes in which one thing is wrong, and the ways to end.
-module(crashes).
-behaviour(supervisor).
-export([halted/0, big/0, limited/1, atoms/0, application/0, idle/0]).
-export([init/1, start_cache/1, cache/2, start_deaf/0, deaf/1, session/2]).

%% ---- the tree: crashes_sup → shop_cache (keeps a list), shop_mailer (never reads) --------------------------------------------

tree(Cells) ->
    {ok, Sup} = supervisor:start_link({local, crashes_sup}, ?MODULE, Cells),
    unlink(Sup),
    Sup.

init(Cells) ->
    {ok, {#{}, [#{id => cache, start => {?MODULE, start_cache, [Cells]}}, #{id => mailer, start => {?MODULE, start_deaf, []}}]}}.

start_cache(Cells) ->
    proc_lib:start_link(?MODULE, cache, [self(), Cells], 120000).

cache(Parent, Cells) ->
    register(shop_cache, self()),
    put('$process_label', {cache, <<"prices">>, Cells}),
    List = lists:seq(1, Cells),
    proc_lib:init_ack(Parent, {ok, self()}),
    keep(List).

keep(List) ->
    receive
        {grow, More} -> keep(grow(List, More));
        forget -> keep([])
    end.

grow(List, 0) -> List;
grow(List, N) -> grow([{N, length([a, b])} | List], N - 1).

start_deaf() ->
    proc_lib:start_link(?MODULE, deaf, [self()]).

deaf(Parent) ->
    register(shop_mailer, self()),
    proc_lib:init_ack(Parent, {ok, self()}),
    receive never -> ok end.

session(Words, Parent) ->
    List = lists:seq(1, Words),
    Parent ! started,
    receive stop -> List end.

sessions(Count, Words) ->
    Self = self(),
    [begin proc_lib:spawn(?MODULE, session, [Words, Self]), receive started -> ok end end || _ <- lists:seq(1, Count)].

messages(N) ->
    [whereis(shop_mailer) ! {mail, to, I, lists:seq(1, 20)} || I <- lists:seq(1, N)].

table(Objects) ->
    T = ets:new(shop_prices, [named_table, public]),
    fill(T, Objects).

fill(_, 0) -> ok;
fill(T, N) -> ets:insert(T, {N, lists:seq(1, 50)}), fill(T, N - 1).

binaries(Count, Bytes) ->
    [binary:copy(<<"x">>, Bytes) || _ <- lists:seq(1, Count)].

%% ---- the ends ------------------------------------------------------------------------------------------------------------------

halted() ->
    tree(1000000),
    messages(20000),
    table(5000),
    sessions(500, 10),
    Binaries = binaries(2, 3000000),
    erlang:halt("the shop\nis on fire"),
    Binaries.

%% More than 1 GB of dump: each cell of the list is a line of some 30 bytes.
big() ->
    tree(34000000),
    messages(1000),
    sessions(20000, 100),
    Binaries = binaries(20, 3000000),
    erlang:halt("more than a gigabyte"),
    Binaries.

%% Says that it is up, and goes on when its memory has been limited.
limited([What]) ->
    tree(1000),
    ok = file:write_file("ready.new", []),
    ok = file:rename("ready.new", "ready"),
    wait_for("go"),
    run_out(What).

wait_for(File) ->
    case filelib:is_file(File) of
        true -> ok;
        false -> timer:sleep(5), wait_for(File)
    end.

run_out(heap) -> whereis(shop_cache) ! {grow, 1000000000}, timer:sleep(infinity);
run_out(queue) -> messages(1000), run_out(queue);
run_out(crowd) -> sessions(100, 2000), run_out(crowd);
run_out(table) -> table(1000000000);
run_out(binaries) -> register(shop_uploads, self()), binaries(1000000, 1000000).

atoms() ->
    tree(1000),
    [list_to_atom("order_" ++ integer_to_list(I)) || I <- lists:seq(1, 30000)].

%% The kernel is permanent: what ends it ends the VM.
application() ->
    tree(1000),
    exit(whereis(kernel_sup), kill),
    receive never -> ok end.

idle() ->
    tree(1000),
    ok = file:write_file("ready", []),
    timer:sleep(infinity).
