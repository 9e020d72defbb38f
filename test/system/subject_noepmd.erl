%% SPDX-License-Identifier: Apache-2.0
%%
%% An epmd module that uses none: for a node that listens on a port everybody knows.
-module(subject_noepmd).

-export([start_link/0, register_node/2, register_node/3, port_please/2, port_please/3, names/1, names/0, address_please/3, listen_port_please/2]).

start_link() -> ignore.
register_node(Name, Port) -> register_node(Name, Port, inet).
register_node(_Name, _Port, _Family) -> {ok, 1 + erlang:unique_integer([positive]) rem 3}.
port_please(Name, Host) -> port_please(Name, Host, infinity).
port_please(_Name, _Host, _Timeout) -> noport.
names(_Host) -> {error, address}.
names() -> {error, address}.
address_please(_Name, Host, Family) -> inet:getaddr(Host, Family).
listen_port_please(_Name, _Host) -> {ok, list_to_integer(os:getenv("SUBJECT_DIST_PORT"))}.
