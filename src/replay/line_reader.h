/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source as lines of text. Ends are "\n" or "\r\n", the last line may have none, and a byte order mark in front is passed over. Bytes that are no text
 * (control characters, UTF-16) and lines beyond a bound are errors that name file, line and column, for nothing sensible can follow them.
 */
#ifndef REPLAY_LINE_READER_H
#define REPLAY_LINE_READER_H

#include <stdint.h>

#include "replay/source.h"

#define LINE_MAX_BYTES (8u << 20) /* a supervision tree of 2,000 rows is one line of a live recording */

struct line {
	char *text; /* terminated, without its end; the caller may change it */
	size_t len;
	uint64_t number; /* from 1 */
};

struct line_reader;

enum read_result { READ_ERROR = -1, READ_END = 0, READ_OK = 1 };

/* line_reader_new takes over the source. */
struct line_reader *line_reader_new(struct source *s);
void line_reader_free(struct line_reader *r);
const struct source *line_reader_source(const struct line_reader *r);
/* line_reader_next: *line is valid until the next call. Empty lines are given, too. */
enum read_result line_reader_next(struct line_reader *r, struct line *line, struct err *err) MUST_CHECK;
/* line_reader_again gives the last line once more at the next call; it must be as it was. */
void line_reader_again(struct line_reader *r);

#endif
