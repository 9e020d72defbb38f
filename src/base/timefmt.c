/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timefmt.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)

/* floor_div rounds down, also below zero. */
static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * The date of a day number (0: 1970-01-01), in years that begin with March, so that the leap day is the last. Not gmtime_r: that one reads the
 * time zone's file and takes a lock.
 * Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
 */
static void
date_of_day(int64_t day, int64_t *year, int *month, int *mday)
{
	int64_t era, era_day, era_year, year_day, march_month;

	day += 719468; /* from 0000-03-01 */
	era = floor_div(day, 146097);
	era_day = day - era * 146097;
	era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
	march_month = (5 * year_day + 2) / 153;
	*mday = (int)(year_day - (153 * march_month + 2) / 5 + 1);
	*month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
	*year = era_year + era * 400 + (*month <= 2);
}

char *
time_rfc3339(char buf[TIME_RFC3339_SIZE], int64_t time_ms)
{
	int64_t day = floor_div(time_ms, DAY_MS), year;
	int ms = (int)((time_ms % DAY_MS + DAY_MS) % DAY_MS), month, mday;

	date_of_day(day, &year, &month, &mday);
	snprintf(buf, TIME_RFC3339_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", (long long)year, month, mday,
	    ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
	return buf;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const int64_t FIRST_MS = INT64_C(-62167219200000); /* 0000-01-01T00:00:00Z */
static const int64_t LAST_MS = INT64_C(253402300799999);  /* 9999-12-31T23:59:59.999Z */

/* take_number reads exactly so many digits, of a number from least to most. */
static bool
take_number(const char **p, unsigned digits, int least, int most, int *out)
{
	int v = 0;

	for (unsigned i = 0; i < digits; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (**p - '0');
	}
	*out = v;
	return v >= least && v <= most;
}

static bool
take_char(const char **p, const char *any)
{
	if (**p == '\0' || strchr(any, **p) == NULL)
		return false;
	(*p)++;
	return true;
}

static bool
take_day(const char **p, struct tm *tm)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, leap;

	if (!take_number(p, 4, 0, 9999, &year) || !take_char(p, "-") || !take_number(p, 2, 1, 12, &tm->tm_mon) ||
	    !take_char(p, "-") || !take_number(p, 2, 1, 31, &tm->tm_mday))
		return false;
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	tm->tm_year = year - 1900;
	tm->tm_mon--;
	return tm->tm_mday <= days[tm->tm_mon] + (tm->tm_mon == 1 && leap);
}

/* A leap second is the first second of the next minute, as the clock of the machine has it. */
static bool
take_clock(const char **p, struct tm *tm)
{
	return take_number(p, 2, 0, 23, &tm->tm_hour) && take_char(p, ":") && take_number(p, 2, 0, 59, &tm->tm_min) &&
	    take_char(p, ":") && take_number(p, 2, 0, 60, &tm->tm_sec);
}

/* Digits beyond the milliseconds are read and dropped. */
static bool
take_fraction(const char **p, int *ms)
{
	int digit, weight = 100;

	*ms = 0;
	if (!take_char(p, "."))
		return true;
	if (!take_number(p, 1, 0, 9, &digit))
		return false;
	do {
		*ms += digit * weight;
		weight /= 10;
	} while (**p >= '0' && **p <= '9' && take_number(p, 1, 0, 9, &digit));
	return true;
}

static bool
take_offset(const char **p, int *minutes)
{
	int sign = **p == '-' ? -1 : 1, hour, minute;

	*minutes = 0;
	if (take_char(p, "Zz"))
		return true;
	if (!take_char(p, "+- ") || !take_number(p, 2, 0, 23, &hour) || !take_char(p, ":") ||
	    !take_number(p, 2, 0, 59, &minute))
		return false;
	*minutes = sign * (60 * hour + minute);
	return true;
}

static bool
parse_rfc3339(const char *p, int64_t *time_ms)
{
	struct tm tm = { 0 };
	int ms, offset;

	if (!take_day(&p, &tm) || !take_char(&p, "Tt ") || !take_clock(&p, &tm) || !take_fraction(&p, &ms) ||
	    !take_offset(&p, &offset) || *p)
		return false;
	*time_ms = ((int64_t)timegm(&tm) - 60 * (int64_t)offset) * 1000 + ms;
	return true;
}

/* parse_ms reads a whole number of at most 15 digits, more than any time has. */
static bool
parse_ms(const char *p, int64_t *time_ms)
{
	bool negative = *p == '-';
	int64_t v = 0;

	p += negative;
	if (*p == '\0' || strlen(p) > 15)
		return false;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		v = v * 10 + (*p - '0');
	}
	*time_ms = negative ? -v : v;
	return true;
}

bool
time_parse(const char *text, int64_t *time_ms)
{
	int64_t t;

	if (!parse_ms(text, &t) && !parse_rfc3339(text, &t))
		return false;
	if (t < FIRST_MS || t > LAST_MS)
		return false;
	*time_ms = t;
	return true;
}

/* ---- what people say ---------------------------------------------------------------------------------------------- */

static bool
parse_ago(const char *text, int64_t now_ms, int64_t *time_ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', DAY_MS } };
	size_t len = strspn(text, "0123456789");
	char digits[10];
	int64_t n;

	if (len == 0 || len >= sizeof(digits) || text[len] == '\0' || text[len + 1] != '\0')
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text[len] == units[i].unit && parse_ms(digits, &n)) {
			*time_ms = now_ms - n * units[i].ms;
			return true;
		}
	return false;
}

static bool
take_word(const char **p, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*p, word, len) != 0)
		return false;
	*p += len;
	return true;
}

/* take_date reads a day as a person gives it, and moves on only if it is one. */
static bool
take_date(const char **p, int64_t now_ms, int64_t *day_ms)
{
	const char *at = *p;
	struct tm tm = { 0 };

	*day_ms = floor_div(now_ms, DAY_MS) * DAY_MS;
	if (take_word(p, "today"))
		return true;
	if (take_word(p, "yesterday")) {
		*day_ms -= DAY_MS;
		return true;
	}
	if (!take_day(&at, &tm))
		return false;
	*p = at;
	*day_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

/* Hours and minutes; seconds where they are given. */
static bool
take_hours(const char **p, int64_t *ms)
{
	int hour, minute, second = 0;

	if (!take_number(p, 2, 0, 23, &hour) || !take_char(p, ":") || !take_number(p, 2, 0, 59, &minute))
		return false;
	if (take_char(p, ":") && !take_number(p, 2, 0, 59, &second))
		return false;
	*ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
	return true;
}

static bool
parse_said(const char *p, int64_t now_ms, int64_t *time_ms)
{
	int64_t day_ms, clock_ms = 0;
	bool dated = take_date(&p, now_ms, &day_ms);

	if (!(dated && *p == '\0') && ((dated && !take_char(&p, "Tt ")) || !take_hours(&p, &clock_ms) || *p))
		return false;
	*time_ms = day_ms + clock_ms;
	if (!dated && *time_ms > now_ms)
		*time_ms -= DAY_MS;
	return true;
}

bool
time_parse_moment(const char *text, int64_t now_ms, int64_t *time_ms)
{
	return parse_ago(text, now_ms, time_ms) || time_parse(text, time_ms) || parse_said(text, now_ms, time_ms);
}
