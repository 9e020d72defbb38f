/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces of a file → lines. Nearly all of a crash dump is heaps, binaries and atoms that nobody asks for: lines_skip passes over them at the speed of
 * memchr, until the next line that begins with '='.
 */
#ifndef CRASHDUMP_LINES_H
#define CRASHDUMP_LINES_H

#include <stdbool.h>

#include "base/strbuf.h"

#define LINES_MAX (1u << 20) /* a longer line is given cut to this */

/* The line is without its end ("\n" or "\r\n") and is not terminated. */
typedef void lines_fn(void *arg, const char *line, size_t len);

struct lines { /* private */
	lines_fn *on_line;
	void *arg;
	struct strbuf partial; /* of a line that goes on in the next piece */
	bool in_line;          /* that line is wanted */
	bool passing;          /* in the midst of a line that is not */
	bool skip;
};

void lines_init(struct lines *l, lines_fn *on_line, void *arg);
void lines_release(struct lines *l);
void lines_feed(struct lines *l, const char *data, size_t len);
/* lines_end gives the last line, if it had no end. */
void lines_end(struct lines *l);
/* lines_skip, called from on_line: with true only lines that begin with '=' are given from now on, with false all. */
void lines_skip(struct lines *l, bool skip);

#endif
