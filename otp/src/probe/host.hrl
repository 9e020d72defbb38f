%% SPDX-License-Identifier: Apache-2.0
%% Collecting, from the operating system: /proc and control groups. Part of arsenal_probe.erl.

%% Files are read by dirty I/O schedulers, which may all be stuck, on a disk that hangs: so by a process of its own, for which the holder
%% waits a moment. Between two readings, and while one is stuck for a while, the last one is told again.
read_slow(#state{slow_after = After} = State, Now) when Now < After ->
    State;
read_slow(#state{host_reader = none, slow = Before, fds_after = FdsAfter, fixed = {FixedAfter, Known}} = State, Now) ->
    Fixed = case Now < FixedAfter of
                true -> Known;
                false -> none
            end,
    {Pid, Monitor} = spawn_monitor(?MODULE, read_host, [[Metric || {open_fds, _} = Metric <- Before, Now < FdsAfter], Fixed]),
    Begun = State#state{host_reader = {Pid, Monitor}, slow_after = Now + ?SLOW_MS},
    receive
        {'DOWN', Monitor, process, Pid, Reason} -> take_host(Reason, Begun)
    after ?HOST_WAIT_MS ->
        Begun
    end;
read_slow(State, Now) ->
    State#state{slow = [], slow_after = Now + ?SLOW_MS}.

take_host({host, Metrics, Fixed}, #state{fixed = {FixedAfter, Known}} = State) ->
    Now = now_ms(),
    FdsAfter = case Metrics of
                   [{open_fds, Many} | _] when Many > ?FD_LIST_MAX, Now >= State#state.fds_after -> Now + ?FD_PAUSE_MS;
                   _ -> State#state.fds_after
               end,
    State#state{host_reader = none, slow = Metrics, fds_after = FdsAfter,
                fixed = case Fixed of
                            Known -> {FixedAfter, Known};
                            _ -> {Now + ?FIXED_MS, Fixed}
                        end};
take_host(_Failed, State) ->
    State#state{host_reader = none, slow = []}.

stop_host_reader(#state{host_reader = none}) -> ok;
stop_host_reader(#state{host_reader = {Pid, Monitor}}) -> end_process(Pid, Monitor).

%% Its end is its answer. What hardly ever changes, and the number of open files, are not looked for again where they are given: each file is three
%% trips to another scheduler and back.
read_host(Fds, Fixed) ->
    Found = case Fds of
                [] -> attempt(fun count_fds/0);
                _ -> Fds
            end,
    {MaxFds, Groups} = Looked = case Fixed of
                                    none -> {attempt(fun max_fds/0), limited_groups()};
                                    _ -> Fixed
                                end,
    exit({host, Found ++ MaxFds ++ lists:append([attempt(Read) || Read <- [fun load/0, fun() -> host_memory(Groups) end, fun resident/0]]),
          Looked}).

load() ->
    [One, Five, Fifteen | _] = words(contents("/proc/loadavg")),
    [{load1, binary_to_float(One)}, {load5, binary_to_float(Five)}, {load15, binary_to_float(Fifteen)}].

resident() ->
    [{rss_bytes, 1024 * number_after(<<"\nVmRSS:">>, contents("/proc/self/status"))}].

max_fds() ->
    [{max_fds, number_after(<<"\nMax open files">>, contents("/proc/self/limits"))}].

%% Since Linux 6.2 the folder's size is the number of its entries; before that they must be listed, which is done more rarely
%% when there are many.
count_fds() ->
    {ok, Info} = file:read_file_info("/proc/self/fd", [raw]),
    case element(2, Info) of
        Size when Size > 0 -> [{open_fds, Size}];
        _ ->
            {ok, Names} = prim_file:list_dir("/proc/self/fd"),   % file:list_dir/1 would ask the file server
            [{open_fds, length(Names)}]
    end.

%% What this VM may use, and what is left of it: the host's memory, or less where a control group says so.
host_memory(Groups) ->
    MemInfo = <<"\n", (contents("/proc/meminfo"))/binary>>,
    Total = 1024 * number_after(<<"\nMemTotal:">>, MemInfo),
    Available = 1024 * number_after(<<"\nMemAvailable:">>, MemInfo),
    Limits = [{Limit, Left} || Group <- Groups, {Limit, Left} <- group_limit(Group), Limit < Total],
    [{memory_limit, lists:min([Total | [Limit || {Limit, _} <- Limits]])},
     {memory_available, lists:min([Available | [Left || {_, Left} <- Limits]])}].

%% The control groups that limit this VM; `unknown` where the system does not say.
limited_groups() ->
    try
        Groups = [binary:split(Line, <<":">>, [global]) || Line <- binary:split(contents("/proc/self/cgroup"), <<"\n">>, [global, trim_all])],
        case [Found || [<<"0">>, <<>>, Path] <- Groups, Found <- limited(v2, Path)] of
            [] -> [Found || [_, Controllers, Path] <- Groups,
                            lists:member(<<"memory">>, binary:split(Controllers, <<",">>, [global])),
                            Found <- limited(v1, Path)];
            Limited -> Limited
        end
    catch
        _:_ -> unknown
    end.

%% A group and all its parents. In a container without a namespace of its own, the path is not there, and the mount point is the group.
limited(Version, Path) ->
    {Mounts, {Limit, Usage, InactiveKey}} = group_files(Version),
    [Group || Mount <- Mounts, Folder <- folders(binary_to_list(Path)),
              Group <- [{Mount ++ Folder ++ Limit, Mount ++ Folder ++ Usage, Mount ++ Folder ++ "/memory.stat", InactiveKey}],
              group_limit(Group) =/= []].

group_files(v2) ->
    {["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], {"/memory.max", "/memory.current", <<"\ninactive_file">>}};
group_files(v1) ->
    {["/sys/fs/cgroup/memory"], {"/memory.limit_in_bytes", "/memory.usage_in_bytes", <<"\ntotal_inactive_file">>}}.

folders("/") -> [""];
folders("/" ++ _ = Path) -> [Path | folders(filename:dirname(Path))];
folders(_NotWhole) -> [].

%% Page cache that nobody has used lately is given up when memory is needed, so it counts as free.
group_limit({LimitFile, UsageFile, StatFile, InactiveKey}) ->
    try
        Limit = binary_to_integer(hd(words(contents(LimitFile)))),
        Usage = binary_to_integer(hd(words(contents(UsageFile)))),
        Inactive = number_after(InactiveKey, <<"\n", (contents(StatFile))/binary>>),
        [{Limit, max(0, Limit - max(0, Usage - Inactive))}]
    catch
        _:_ -> []
    end.

%% Read raw: the node's file server may be busy, and need not know.
contents(Name) ->
    {ok, File} = file:open(Name, [read, raw, binary]),
    try
        {ok, Data} = file:read(File, ?FILE_MAX),
        Data
    after
        file:close(File)
    end.

words(Line) -> binary:split(Line, [<<" ">>, <<"\t">>, <<"\n">>], [global, trim_all]).

%% The number behind a key, blanks between: to split such a file into words takes a hundred times as long.
number_after(Key, Data) ->
    {Start, Length} = binary:match(Data, Key),
    Near = binary:part(Data, Start + Length, min(40, byte_size(Data) - Start - Length)),
    binary_to_integer(hd(words(Near))).
