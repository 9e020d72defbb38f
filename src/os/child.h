/* SPDX-License-Identifier: Apache-2.0 */
/* A child process that lives no longer than we do: it holds the read end of a pipe of ours as its stdin, and ends at its end. */
#ifndef OS_CHILD_H
#define OS_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct child {
	pid_t pid;
	int stdin_fd; /* the write end; closing it tells the child to end */
	int exit_fd;  /* readable when the child has ended (a pidfd) */
};

/*
 * child_start runs argv[0], looked up in $PATH, with `home` as $HOME; stdout and stderr are ours. No shell. False with a reason if it cannot be executed.
 */
bool child_start(struct child *c, const char *const *argv, const char *home, struct err *err) MUST_CHECK;
/* child_stop closes its stdin, waits up to grace_ms, then kills it, and waits for it to be gone. */
void child_stop(struct child *c, int grace_ms);

/* port_unused returns a TCP port of 127.0.0.1 that is free at this moment, or 0. */
uint16_t port_unused(void);
/* port_wait waits until something listens on the port of 127.0.0.1; false if the child ends first, or none does in time. It blocks. */
bool port_wait(uint16_t port, const struct child *c, int timeout_ms);

#endif
