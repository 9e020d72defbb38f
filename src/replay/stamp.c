/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/stamp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/timefmt.h"

#define FIRST_MS (-62167219200000.0) /* 0000-01-01 */
#define LAST_MS 253402300799999.0    /* 9999-12-31 */
#define TEXT_MAX 40

static const struct {
	const char *end;
	enum stamp_unit unit;
} UNITS[] = { { "_ns", STAMP_NS }, { "_us", STAMP_US }, { "_ms", STAMP_MS }, { "_s", STAMP_S } };

enum stamp_unit
stamp_unit_of_name(const char *column)
{
	size_t len = strlen(column);

	for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
		size_t n = strlen(UNITS[i].end);

		if (len > n && strcasecmp(column + len - n, UNITS[i].end) == 0)
			return UNITS[i].unit;
	}
	return STAMP_GUESS;
}

bool
stamp_is_name(const char *column)
{
	static const char *const names[] = { "timestamp", "time", "t", "ts", "date", "datetime", "@timestamp", "_time",
		"epoch" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n = strlen(names[i]);

		if (strncasecmp(column, names[i], n) == 0 &&
		    (column[n] == '\0' || (column[n] == '_' && stamp_unit_of_name(column) != STAMP_GUESS)))
			return true;
	}
	return false;
}

/* ---- numbers ---- */

static enum stamp_unit
guess(double v)
{
	return fabs(v) < 1e11 ? STAMP_S : fabs(v) < 1e14 ? STAMP_MS : fabs(v) < 1e17 ? STAMP_US : STAMP_NS;
}

static bool
parse_number(const char *text, enum stamp_unit unit, int64_t *time_ms)
{
	static const double per_ms[] = { [STAMP_S] = 1e-3, [STAMP_MS] = 1, [STAMP_US] = 1e3, [STAMP_NS] = 1e6 };
	double v = strtod(text, NULL), ms;

	unit = unit == STAMP_GUESS ? guess(v) : unit;
	/* Seconds are multiplied: 1e-3 is not exact. */
	ms = unit == STAMP_S ? v * 1000 : v / per_ms[unit];
	if (!(ms >= FIRST_MS && ms <= LAST_MS))
		return false;
	/* Of a fraction of seconds the double is off by less than a thousandth of a millisecond. */
	*time_ms = (int64_t)floor(ms + 0.001);
	return true;
}

static bool
is_number(const char *text)
{
	size_t len = strspn(text, "0123456789.eE+-");
	char *end;

	if (len == 0 || text[len] || strlen(text) > TEXT_MAX)
		return false;
	(void)strtod(text, &end);
	return *end == '\0';
}

/* ---- dates ---- */

static bool
has_zone(const char *clock)
{
	return strpbrk(clock, "Zz+-") != NULL;
}

/* complete adds to a date what RFC 3339 wants and people leave out. */
static bool
complete(const char *text, char out[TEXT_MAX + 16])
{
	size_t len = strlen(text), zone;

	if (len < 10 || len > TEXT_MAX)
		return false;
	memcpy(out, text, len + 1);
	if (len == 10) {
		strcat(out, "T00:00:00Z");
		return true;
	}
	if (!has_zone(out + 10)) {
		strcat(out, len == 16 ? ":00Z" : "Z");
		return true;
	}
	/* "+0200" */
	zone = strlen(out);
	if (zone > 15 && strchr("+-", out[zone - 5]) && strchr(out + zone - 5, ':') == NULL) {
		memmove(out + zone - 1, out + zone - 2, 3);
		out[zone - 2] = ':';
	}
	return true;
}

bool
stamp_parse(const char *text, enum stamp_unit unit, int64_t *time_ms)
{
	char whole[TEXT_MAX + 16];

	if (is_number(text))
		return parse_number(text, unit, time_ms);
	/* A number alone would be milliseconds there. */
	return complete(text, whole) && strchr(whole, '-') && time_parse(whole, time_ms);
}
