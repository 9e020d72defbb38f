%% SPDX-License-Identifier: Apache-2.0
%% Collecting, from the operating system: /proc and control groups. Part of arsenal_probe.erl.

%% Files are read by dirty I/O schedulers, which may all be stuck, on a disk that hangs: so by a process of its own, for which the holder
%% waits a moment. Between two readings, and while one is stuck for a while, the last one is told again.
read_slow(#state{slow_after = After} = State, Now) when Now < After ->
    State;
read_slow(#state{host_reader = none, slow = Before, fds_after = FdsAfter} = State, Now) ->
    {Pid, Monitor} = spawn_monitor(?MODULE, read_host, [[Metric || {open_fds, _} = Metric <- Before, Now < FdsAfter]]),
    Begun = State#state{host_reader = {Pid, Monitor}, slow_after = Now + ?SLOW_MS},
    receive
        {'DOWN', Monitor, process, Pid, Reason} -> take_host(Reason, Begun)
    after ?HOST_WAIT_MS ->
        Begun
    end;
read_slow(State, Now) ->
    State#state{slow = [], slow_after = Now + ?SLOW_MS}.

take_host({host, Metrics}, State) ->
    Now = now_ms(),
    FdsAfter = case Metrics of
                   [{open_fds, Many} | _] when Many > ?FD_LIST_MAX, Now >= State#state.fds_after -> Now + ?FD_PAUSE_MS;
                   _ -> State#state.fds_after
               end,
    State#state{host_reader = none, slow = Metrics, fds_after = FdsAfter};
take_host(_Failed, State) ->
    State#state{host_reader = none, slow = []}.

stop_host_reader(#state{host_reader = none}) -> ok;
stop_host_reader(#state{host_reader = {Pid, Monitor}}) -> end_process(Pid, Monitor).

%% Its end is its answer. The number of open files is not looked for again where it is given.
read_host(Fds) ->
    Found = case Fds of
                [] -> attempt(fun count_fds/0);
                _ -> Fds
            end,
    exit({host, Found ++ lists:append([attempt(Read) || Read <- [fun load/0, fun host_memory/0, fun resident/0, fun max_fds/0]])}).

load() ->
    [One, Five, Fifteen | _] = words(contents("/proc/loadavg")),
    [{load1, binary_to_float(One)}, {load5, binary_to_float(Five)}, {load15, binary_to_float(Fifteen)}].

resident() ->
    [{rss_bytes, kilobytes(<<"VmRSS:">>, contents("/proc/self/status"))}].

max_fds() ->
    [Soft] = [Limit || [<<"Max">>, <<"open">>, <<"files">>, Limit | _] <- table(contents("/proc/self/limits"))],
    [{max_fds, binary_to_integer(Soft)}].

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
host_memory() ->
    MemInfo = contents("/proc/meminfo"),
    Total = kilobytes(<<"MemTotal:">>, MemInfo),
    Available = kilobytes(<<"MemAvailable:">>, MemInfo),
    Groups = [{Limit, Left} || {Limit, Left} <- group_limits(), Limit < Total],
    [{memory_limit, lists:min([Total | [Limit || {Limit, _} <- Groups]])},
     {memory_available, lists:min([Available | [Left || {_, Left} <- Groups]])}].

group_limits() ->
    Groups = [binary:split(Line, <<":">>, [global]) || Line <- lines(contents("/proc/self/cgroup"))],
    case [Found || [<<"0">>, <<>>, Path] <- Groups, Found <- limits(v2, Path)] of
        [] -> [Found || [_, Controllers, Path] <- Groups,
                        lists:member(<<"memory">>, binary:split(Controllers, <<",">>, [global])),
                        Found <- limits(v1, Path)];
        Limits -> Limits
    end.

%% A group and all its parents. In a container without a namespace of its own, the path is not there, and the mount point is the group.
limits(Version, Path) ->
    {Mounts, Files} = group_files(Version),
    [Limit || Mount <- Mounts, Folder <- folders(binary_to_list(Path)), Limit <- group_limit(Mount ++ Folder, Files)].

group_files(v2) ->
    {["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], {"/memory.max", "/memory.current", <<"inactive_file">>}};
group_files(v1) ->
    {["/sys/fs/cgroup/memory"], {"/memory.limit_in_bytes", "/memory.usage_in_bytes", <<"total_inactive_file">>}}.

folders("/") -> [""];
folders("/" ++ _ = Path) -> [Path | folders(filename:dirname(Path))];
folders(_NotWhole) -> [].

%% Page cache that nobody has used lately is given up when memory is needed, so it counts as free.
group_limit(Folder, {LimitFile, UsageFile, InactiveKey}) ->
    try
        Limit = binary_to_integer(hd(words(contents(Folder ++ LimitFile)))),
        Usage = binary_to_integer(hd(words(contents(Folder ++ UsageFile)))),
        [Inactive] = [binary_to_integer(Value) || [Key, Value] <- table(contents(Folder ++ "/memory.stat")), Key =:= InactiveKey],
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

lines(Data) -> binary:split(Data, <<"\n">>, [global, trim_all]).
words(Line) -> binary:split(Line, [<<" ">>, <<"\t">>, <<"\n">>], [global, trim_all]).
table(Data) -> [words(Line) || Line <- lines(Data)].

kilobytes(Key, Data) ->
    [Value] = [Number || [Name, Number | _] <- table(Data), Name =:= Key],
    binary_to_integer(Value) * 1024.
