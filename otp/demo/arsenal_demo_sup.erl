%% SPDX-License-Identifier: Apache-2.0
%%
%% Every supervisor of the demo: a name and its children, one for one, with room for far more restarts than the faults cause.
-module(arsenal_demo_sup).
-behaviour(supervisor).

-export([start_link/2, supervisor/2]).
-export([init/1]).

start_link(Name, Children) ->
    supervisor:start_link({local, Name}, ?MODULE, Children).

%% The child specification of a supervisor over workers.
supervisor(Name, Workers) ->
    #{id => Name, type => supervisor, shutdown => infinity,
      start => {?MODULE, start_link, [Name, [worker(Worker) || Worker <- Workers]]}}.

worker(Name) ->
    #{id => Name, start => {arsenal_demo_worker, start_link, [Name]}, shutdown => brutal_kill}.

init(Children) ->
    {ok, {#{strategy => one_for_one, intensity => 100, period => 5}, Children}}.
