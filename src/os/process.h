/* SPDX-License-Identifier: Apache-2.0 */
/* Processes of this machine, as /proc has them: whether one that was seen still is. */
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct process {
	int64_t pid;      /* 0: none */
	int64_t uid;      /* whose files it makes */
	uint64_t started; /* clock ticks since the machine's boot: with the pid, it is that process and no later one */
};

/* process_find takes a process whose name begins with `name` ("beam"); false, and *p none, if there is no such one. */
bool process_find(struct process *p, int64_t pid, const char *name);
/* process_is_gone: it has ended, whether or not its parent has taken note of it. False, too, while nobody can say (no descriptor is left for looking). */
bool process_is_gone(const struct process *p);
/* host_is_here: the host of a node's name is this machine: its name, short or long, or the loopback's. */
bool host_is_here(const char *host);
/* host_oom_kills is how many processes the kernel has killed for want of memory since its boot; 0 if it does not say. */
uint64_t host_oom_kills(void);

#endif
