/* SPDX-License-Identifier: Apache-2.0 */
/* PATH.lock keeps two programs that write a history apart, and readers from what is being written. The system gives it up when its holder ends. */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

#define LOCK_WAIT_MS 1000 /* for a predecessor that is ending */

/*
 * lock_resolve is the file's own path (the caller frees it), where `path` may be a link to it: its lock, its log and what replaces it are there.
 * NULL with a reason if the link leads nowhere.
 */
char *lock_resolve(const char *path, struct err *err) MUST_CHECK;
/* lock_take, for a writer: the descriptor that holds the lock, or -1 with a reason, after waiting for LOCK_WAIT_MS. */
int lock_take(const char *path, struct err *err) MUST_CHECK;
/* lock_share, for a reader: *fd holds it, -1 if nobody has written the file in our time. False with a reason if somebody writes it now. */
bool lock_share(const char *path, int *fd, struct err *err) MUST_CHECK;

#endif
