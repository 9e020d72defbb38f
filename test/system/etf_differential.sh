#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# etf_differential.sh [COUNT]  compares arsenal's text of terms with io_lib:format("~0tp") of the installed erl, over random terms.
# ARCHIVE is the archive of arsenal's objects (build/plain/arsenal.a), CC the compiler.
set -eu
cd "$(dirname "$0")/../.."
count=${1:-20000}
archive=${ARCHIVE:-build/plain/arsenal.a}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
${CC:-cc} -std=c17 -D_GNU_SOURCE -Isrc ${CFLAGS:-} -o "$dir/compare" test/system/etf_differential.c "$archive" -lm

cat >"$dir/terms.erl" <<'ERL'
-module(terms).
-export([main/2]).

main(File, Count) ->
    {ok, Io} = file:open(File, [write, raw, binary, delayed_write]),
    rand:seed(exsss, {1, 2, erlang:phash2(os:getenv("SEED", "0"))}),
    [emit(Io, Term) || Term <- fixed()],
    [emit(Io, term(rand:uniform(4))) || _ <- lists:seq(1, Count)],
    ok = file:close(Io),
    halt(0).

emit(Io, Term) ->
    Ext = term_to_binary(Term),
    Text = unicode:characters_to_binary(io_lib:format("~0tp", [Term])),
    ok = file:write(Io, [<<(byte_size(Ext)):32>>, Ext, <<(byte_size(Text)):32>>, Text]).

%% What random terms seldom hit: borders, powers of two, all single characters, reserved words.
fixed() ->
    [math:pow(2, N) || N <- lists:seq(-1022, 1023)] ++ [math:pow(10, N) || N <- lists:seq(-300, 300)] ++
    [0.0, -0.0, 0.1, 1.0e21, 1.0e22, 123456789.125, 9007199254740991.0, 9007199254740993.0, 5.0e-324, 1.7976931348623157e308] ++
    [S * ((1 bsl N) + D) || N <- [7, 8, 15, 16, 27, 28, 31, 32, 59, 60, 63, 64, 65, 127, 255, 256, 2039, 2040, 2048], D <- [-1, 0, 1], S <- [1, -1]] ++
    [[C] || C <- lists:seq(0, 16#3FF) ++ [16#D7FF, 16#E000, 16#FFFD, 16#FFFE, 16#FFFF, 16#10000, 16#10FFFF, 16#110000]] ++
    [<<C>> || C <- lists:seq(0, 255)] ++ [<<C/utf8>> || C <- lists:seq(0, 16#3FF) ++ [16#FFFD, 16#FFFE, 16#10FFFF]] ++
    [list_to_atom([C]) || C <- lists:seq(0, 255)] ++ [list_to_atom([$a, C]) || C <- lists:seq(0, 16#3FF)] ++
    ['after', 'and', 'andalso', 'fun', 'when', 'xor', 'end', true, undefined, '', 'Elixir.Foo.Bar', 'a b', 'it\'s', 'a\\b', 'a@b'] ++
    [[], {}, #{}, <<>>, "", [[]], [a | b], [1, 2 | 3], "ab" ++ [c], [$a, $b | $c], lists:seq(1, 300), list_to_tuple(lists:seq(1, 300)),
     [97 | <<>>], "a\"b\\c", <<"a\"b\\c">>, <<1:1>>, <<255, 3:7>>, <<"abc", 1:1>>, self(), make_ref(), hd(erlang:ports()),
     fun lists:map/2, fun 'Odd M':'f-g'/0, fun terms:main/2, lists:duplicate(70000, 1), lists:duplicate(70000, $a)].

term(0) -> leaf();
term(D) ->
    case rand:uniform(7) of
        1 -> list_to_tuple(terms(D));
        2 -> terms(D);
        3 -> terms(D) ++ leaf();
        4 -> maps:from_list([{key(D - 1), term(D - 1)} || _ <- lists:seq(1, rand:uniform(6) - 1)]);
        5 -> [{leaf(), term(D - 1)} || _ <- lists:seq(1, rand:uniform(3))];
        _ -> leaf()
    end.

terms(D) -> [term(D - 1) || _ <- lists:seq(1, rand:uniform(5) - 1)].

%% Pids, references and maps have an order of the VM's own; arsenal's is another.
key(D) ->
    Key = term(D),
    case re:run(io_lib:format("~tw", [Key]), "<[0-9]+\\.|#", [unicode]) of
        nomatch -> Key;
        _ -> rand:uniform(1000)
    end.

leaf() ->
    case rand:uniform(14) of
        1 -> rand:uniform(300) - 20;
        2 -> (1 bsl rand:uniform(200)) * (rand:uniform(3) - 2) + rand:uniform(100);
        3 -> <<F/float>> = <<(rand:uniform(16#7FE) - 1):12, (rand:uniform(1 bsl 52) - 1):52>>, F;
        4 -> (rand:uniform(2000000) - 1000000) / 1000;
        5 -> list_to_atom(chars(rand:uniform(10)));
        6 -> lists:nth(rand:uniform(6), [ok, error, undefined, normal, killed, 'DOWN']);
        7 -> chars(rand:uniform(12) - 1);
        8 -> unicode:characters_to_binary(chars(rand:uniform(12)));
        9 -> rand:bytes(rand:uniform(12) - 1);
        10 -> Bits = rand:uniform(20), <<(rand:uniform(1 bsl Bits) - 1):Bits>>;
        11 -> list_to_binary([$a + rand:uniform(25) || _ <- lists:seq(1, rand:uniform(20))]);
        12 -> [$a + rand:uniform(25) || _ <- lists:seq(1, rand:uniform(20))];
        13 -> list_to_pid("<0." ++ integer_to_list(rand:uniform(30000)) ++ "." ++ integer_to_list(rand:uniform(8000)) ++ ">");
        14 -> make_ref()
    end.

chars(N) -> [char(rand:uniform(12)) || _ <- lists:seq(1, N)].

char(1) -> rand:uniform(256) - 1;
char(2) -> 16#400 + rand:uniform(200);
char(3) -> 16#1F300 + rand:uniform(200);
char(_) -> $a + rand:uniform(25).
ERL
erlc -o "$dir" "$dir/terms.erl"
erl +pc unicode -noinput -pa "$dir" -eval "terms:main(\"$dir/pairs\", $count)"
"$dir/compare" <"$dir/pairs"
