/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of /proc and of control groups, as the watched node reads them for us. Pure; a text is a span, not terminated. */
#ifndef BEAM_PROCFS_H
#define BEAM_PROCFS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "etf/etf.h"

#define PROCFS_GROUPS_MAX 6
#define PROCFS_PATH_SIZE 512

/* The memory group of a process, or one of its parents. */
struct procfs_group {
	bool v1;
	char folder[PROCFS_PATH_SIZE]; /* "/sys/fs/cgroup/system.slice" */
};

/* procfs_loadavg reads the three means of /proc/loadavg. */
bool procfs_loadavg(struct etf_span text, double load[3]) MUST_CHECK;
/* procfs_field reads the number behind a key at the start of a line ("MemTotal:", "VmRSS:", "inactive_file"), times 1024 if "kB" follows. */
bool procfs_field(struct etf_span text, const char *key, double *value) MUST_CHECK;
/* procfs_max_fds reads the soft limit of open files in /proc/PID/limits. */
bool procfs_max_fds(struct etf_span text, double *value) MUST_CHECK;
/* procfs_number reads a file that is one number ("max" is none). */
bool procfs_number(struct etf_span text, double *value) MUST_CHECK;
/* procfs_groups reads /proc/PID/cgroup: the process's own group and its parents, innermost first; how many. */
unsigned procfs_groups(struct etf_span text, struct procfs_group groups[PROCFS_GROUPS_MAX]);

#endif
