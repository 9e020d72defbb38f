/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a recording, of whatever length, from a file, the standard input or (tests) a function. What is packed with gzip or zstd is recognised by
 * its first bytes and unpacked; the library for that (libz.so.1, libzstd.so.1) is loaded when it is needed, so that nobody else pays for it.
 */
#ifndef REPLAY_SOURCE_H
#define REPLAY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct source;

/* A source_read_fn gives up to n bytes: how many, 0 at the end, -1 with errno. */
typedef ssize_t source_read_fn(void *arg, void *to, size_t n);

/* source_open: "-" is the standard input. NULL with a reason that names the path. */
struct source *source_open(const char *path, struct err *err) MUST_CHECK;
/* source_from takes the bytes from a function; name is what errors call it (copied). NULL with a reason as for what is packed and cannot be unpacked. */
struct source *source_from(source_read_fn *read, void *arg, const char *name, struct err *err) MUST_CHECK;
void source_close(struct source *s);

/* source_name is the path, or "standard input". */
const char *source_name(const struct source *s);
/* source_read: up to n bytes (n > 0); 0 at the end, -1 with a reason that names the source. */
ssize_t source_read(struct source *s, void *to, size_t n, struct err *err) MUST_CHECK;
/* source_is_cut: what was packed had no proper end, as that of a writer that was killed; all that came before was given. */
bool source_is_cut(const struct source *s);
/* source_peek: the first bytes, as source_read will give them: at most 64, fewer if there are no more. */
size_t source_peek(const struct source *s, const char **bytes);

#endif
