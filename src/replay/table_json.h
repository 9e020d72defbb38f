/* SPDX-License-Identifier: Apache-2.0 */
/* One line of JSON → a row of a table: an object with a time and numbers. Columns are found as they come. */
#ifndef REPLAY_TABLE_JSON_H
#define REPLAY_TABLE_JSON_H

#include <jansson.h>

#include "replay/flaws.h"
#include "replay/line_reader.h"
#include "replay/stamp.h"

struct table_json;

struct table_json *table_json_new(void);
void table_json_free(struct table_json *t);

struct table_json_row {
	bool timed; /* there is a time */
	int64_t time_ms;
	const char *time_text, *value_text; /* "" where there is none */
	size_t count;                       /* columns known so far */
	const double *cells;                /* NaN: missing */
};

/* table_json_read: false is an error (flaws_note); a line that is left out is one without a time. */
bool table_json_read(struct table_json *t, struct flaws *f, const struct line *l, struct table_json_row *row,
    struct err *err) MUST_CHECK;
const char *table_json_column(const struct table_json *t, size_t i);

/*
 * json_line reads the line as one object, which the caller owns. NULL with a reason if it is none; *column is where that shows (in bytes from 1). Keys that come
 * twice are refused.
 */
json_t *json_line(const struct line *l, size_t *column, struct err *err);
/* json_stamp reads a time from a value: a text or a number. */
bool json_stamp(const json_t *v, enum stamp_unit unit, int64_t *time_ms) MUST_CHECK;

#endif
