/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be wrong with a recording, and what comes of it: one table. What nothing sensible can follow (binary data, an overlong line, an empty file, a
 * table without times) is an error. The rest is passed over, counted, and told at the end with the first place of each kind; `strict` makes each an error.
 */
#ifndef REPLAY_FLAWS_H
#define REPLAY_FLAWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"

/* id, name, what it is (of n of them), what is done */
/* clang-format off */
#define FLAW_TABLE(X) \
X(LINE, "lines", "lines that cannot be read", "left out") \
X(COLUMNS, "columns", "rows with a wrong number of columns", "left out") \
X(TIME, "times", "times that cannot be read", "left out") \
X(VALUE, "values", "values that are no finite numbers", "taken as missing") \
X(DUPLICATE, "duplicates", "rows with the time of the one before", "left out") \
X(BACKWARDS, "backwards", "rows whose time is before that of an earlier one", "left out") \
X(JUMP, "jumps", "times that jump by more than a year", "left out, unless what follows goes on from there") \
X(GAP, "gaps", "gaps, in which samples are missing", "passed over; one of twelve samples or more ends what was under way") \
X(CUT, "cut", "packed files that are cut off", "read up to there") \
X(RESET, "resets", "counters that fell", "taken as a new start") \
X(COLUMN, "unknown_columns", "columns or fields that are no metrics", "left out") \
X(INPUT, "inputs", "inputs of a recording that make no sense", "left out") \
X(PAST, "past", "nodes of which a history was known before", "what was found at first may differ") \
X(LOST, "lost", "places at which the recorder could not keep up", "what comes after may be judged differently than it was live")
/* clang-format on */

enum flaw {
#define FLAW_ENUM(id, ...) FLAW_##id,
	FLAW_TABLE(FLAW_ENUM)
#undef FLAW_ENUM
	    FLAW_COUNT
};

struct flaws {
	const char *file; /* what it is called; outlives the struct */
	bool strict;
	uint64_t count[FLAW_COUNT];
	char first[FLAW_COUNT][256]; /* "line 7, column 12: …" */
};

/* flaw_name: its word in JSON. */
const char *flaw_name(enum flaw kind);
/* flaws_init: all counts are 0. */
void flaws_init(struct flaws *f, const char *file, bool strict);
/*
 * flaws_note counts one, found in a line (0: none in particular) and column (in bytes from 1; 0: none in particular); the text says what was there. False
 * with a reason that names file, line and column if it is an error.
 */
bool flaws_note(struct flaws *f, enum flaw kind, uint64_t line, size_t column, struct err *err, const char *fmt, ...)
    PRINTF(6, 7) MUST_CHECK;
/* flaws_add appends a line for each kind that was found: "FILE: 12 values that are no finite numbers (…; the first: line 7, column 12: …)". */
void flaws_add(const struct flaws *f, struct strbuf *out);
/* flaws_warn logs each of them as a warning. */
void flaws_warn(const struct flaws *f);
/* flaws_fail sets an error with its place, and returns false. */
bool flaws_fail(const struct flaws *f, uint64_t line, size_t column, struct err *err, const char *fmt, ...)
    PRINTF(5, 6);

#endif
