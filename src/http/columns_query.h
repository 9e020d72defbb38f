/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for of metrics over time: which, of what time, in which steps and columns. */
#ifndef HTTP_COLUMNS_QUERY_H
#define HTTP_COLUMNS_QUERY_H

#include "base/err.h"
#include "engine/engine.h"

/* Points of one metric in one answer. */
#define COLUMNS_MAX_POINTS 11000
#define COLUMNS_MAX_DIGITS 12

/* id, name, whether it is given unless others are asked for. */
#define COLUMN_TABLE(X)              \
	X(VALUE, "value", 0)         \
	X(MIN, "min", 1)             \
	X(MAX, "max", 1)             \
	X(MEAN, "mean", 1)           \
	X(LAST, "last", 1)           \
	X(SEEN, "count", 1)          \
	X(USUAL, "usual", 0)         \
	X(USUAL_LOW, "usual_low", 0) \
	X(USUAL_HIGH, "usual_high", 0)

enum column {
#define COLUMN_ENUM(id, ...) COLUMN_##id,
	COLUMN_TABLE(COLUMN_ENUM)
#undef COLUMN_ENUM
	    COLUMN_COUNT
};

extern const char *const COLUMN_NAMES[COLUMN_COUNT];

struct columns_query {
	const struct engine *node; /* it outlives the answer */
	int64_t now_ms;
	int64_t start_ms;
	int64_t end_ms;
	int64_t step_ms;
	bool metrics[METRIC_COUNT]; /* which */
	bool columns[COLUMN_COUNT]; /* which */
	bool shared;                /* one column of times for all metrics */
	unsigned digits;            /* significant ones; 0: as they are */
};

/* columns_step reads "90", "90s", "5m", "2h", "1d"; false with a reason. */
bool columns_step(const char *text, int64_t *step_ms, struct err *err) MUST_CHECK;
/* columns_metrics reads names with commas between, NULL: all of them; false with a reason. */
bool columns_metrics(const char *text, bool metrics[METRIC_COUNT], struct err *err) MUST_CHECK;
/* columns_fields does so for columns, NULL: those that are given unless others are asked for. */
bool columns_fields(const char *text, bool columns[COLUMN_COUNT], struct err *err) MUST_CHECK;
/* columns_times reads "own" or "shared"; NULL: own. */
bool columns_times(const char *text, bool *shared, struct err *err) MUST_CHECK;
/* columns_digits reads a number from 1 to COLUMNS_MAX_DIGITS; NULL: 0. */
bool columns_digits(const char *text, unsigned *digits, struct err *err) MUST_CHECK;
/* columns_steps is how many steps there are from start to end. */
int64_t columns_steps(const struct columns_query *q);
/* columns_check: whether so many points can be answered; else false, with what to ask for. The range is cut to what can be kept at all. */
bool columns_check(struct columns_query *q, struct err *err) MUST_CHECK;

#endif
