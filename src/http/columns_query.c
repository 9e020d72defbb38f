/* SPDX-License-Identifier: Apache-2.0 */
#include "http/columns_query.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "http/query.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)
#define STEP_MAX_MS (366 * DAY_MS)

const char *const COLUMN_NAMES[COLUMN_COUNT] = {
#define COLUMN_ROW(id, name, ...) [COLUMN_##id] = name,
	COLUMN_TABLE(COLUMN_ROW)
#undef COLUMN_ROW
};

/* ---- words ---- */

/* unit_ms is what the letter behind a number means, 0: it is none. */
static int64_t
unit_ms(const char *unit)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "m", MINUTE_MS }, { "h", HOUR_MS }, { "d", DAY_MS } };

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(units[i].name, unit) == 0)
			return units[i].ms;
	return 0;
}

bool
columns_step(const char *text, int64_t *step_ms, struct err *err)
{
	size_t digits = strspn(text, "0123456789");
	int64_t unit = unit_ms(text + digits);
	char number[16] = "";
	uint64_t n = 0;

	if (digits < sizeof(number))
		memcpy(number, text, digits);
	if (unit == 0 || !number_parse(number, (uint64_t)(STEP_MAX_MS / 1000), &n) || n == 0 ||
	    (int64_t)n > STEP_MAX_MS / unit)
		return err_set(
		    err, "step: \"%.64s\" is no length of time like 10s, 5m, 1h or 90 (seconds), up to 366d", text);
	*step_ms = (int64_t)n * unit;
	return true;
}

bool
columns_metrics(const char *text, bool metrics[METRIC_COUNT], struct err *err)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		metrics[i] = text == NULL;
	for (const char *p = text, *next; p; p = next) {
		size_t len = strcspn(p, ",");
		enum metric_id id = metric_find(p, len);

		next = p[len] ? p + len + 1 : NULL;
		if (id == METRIC_NONE)
			return err_set(err,
			    "metric: \"%.*s\" is none; their names are the keys of \"metrics\" in "
			    "/api/v1/nodes/{node}/performance",
			    (int)(len < 64 ? len : 64), p);
		metrics[id] = true;
	}
	return true;
}

static int
find_column(const char *name, size_t len)
{
	int i = 0;

	while (i < COLUMN_COUNT && (strlen(COLUMN_NAMES[i]) != len || memcmp(COLUMN_NAMES[i], name, len) != 0))
		i++;
	return i;
}

bool
columns_fields(const char *text, bool columns[COLUMN_COUNT], struct err *err)
{
	static const bool usual[COLUMN_COUNT] = {
#define COLUMN_ROW(id, name, given) [COLUMN_##id] = given,
		COLUMN_TABLE(COLUMN_ROW)
#undef COLUMN_ROW
	};

	for (int i = 0; i < COLUMN_COUNT; i++)
		columns[i] = text == NULL && usual[i];
	for (const char *p = text, *next; p; p = next) {
		size_t len = strcspn(p, ",");
		int i = find_column(p, len);

		next = p[len] ? p + len + 1 : NULL;
		if (i == COLUMN_COUNT)
			return err_set(err,
			    "fields: \"%.*s\" is none of value, min, max, mean, last, count, usual, usual_low, "
			    "usual_high",
			    (int)(len < 64 ? len : 64), p);
		columns[i] = true;
	}
	return true;
}

bool
columns_times(const char *text, bool *shared, struct err *err)
{
	*shared = text && strcmp(text, "shared") == 0;
	if (text && !*shared && strcmp(text, "own") != 0)
		return err_set(err, "times: \"%.64s\" is neither own nor shared", text);
	return true;
}

bool
columns_digits(const char *text, unsigned *digits, struct err *err)
{
	uint64_t n = 0;

	if (text && (!number_parse(text, COLUMNS_MAX_DIGITS, &n) || n == 0))
		return err_set(err, "digits: \"%.64s\" is no number from 1 to %d", text, COLUMNS_MAX_DIGITS);
	*digits = (unsigned)n;
	return true;
}

/* ---- the range ---- */

int64_t
columns_steps(const struct columns_query *q)
{
	return q->end_ms < q->start_ms ? 0 : q->end_ms / q->step_ms - q->start_ms / q->step_ms + 1;
}

/* The oldest that may be there: a roll-up of an hour that has just begun to expire. */
static int64_t
oldest_ms(const struct columns_query *q)
{
	const struct engine_options *o = engine_options(q->node);
	int64_t kept = o->retention_ms;

	if (kept < o->minute_retention_ms)
		kept = o->minute_retention_ms;
	if (kept < o->hour_retention_ms)
		kept = o->hour_retention_ms;
	return q->now_ms - kept - HOUR_MS > 0 ? q->now_ms - kept - HOUR_MS : 0;
}

bool
columns_check(struct columns_query *q, struct err *err)
{
	int64_t oldest = oldest_ms(q), least;

	if (q->end_ms > q->now_ms)
		q->end_ms = q->now_ms > q->start_ms ? q->now_ms : q->start_ms;
	if (q->start_ms < oldest)
		q->start_ms = oldest < q->end_ms ? oldest : q->end_ms;
	if (columns_steps(q) <= COLUMNS_MAX_POINTS)
		return true;
	least = (q->end_ms - q->start_ms) / ((COLUMNS_MAX_POINTS - 1) * INT64_C(1000)) + 1;
	return err_set(err,
	    "step: %" PRId64 " s makes %" PRId64
	    " points of each metric from start to end, and %d are given at most; ask "
	    "for step=%" PRId64 "s or more, or for less time",
	    q->step_ms / 1000, columns_steps(q), COLUMNS_MAX_POINTS, least);
}
