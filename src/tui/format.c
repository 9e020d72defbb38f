/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/format.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"

#define UNKNOWN "\xE2\x80\x93"
#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static char *
unknown(char *buf)
{
	memcpy(buf, UNKNOWN, sizeof(UNKNOWN));
	return buf;
}

/* scaled writes a value with the first unit in which it is below `base`; three digits at most, or four before the first step. */
static char *
scaled(char *buf, double v, double base, const char *const *units, size_t count)
{
	size_t i = 0;

	while (fabs(v) >= base - 0.5 && i + 1 < count) {
		v /= base;
		i++;
	}
	snprintf(buf, FORMAT_SIZE, "%.*f%s", i > 0 && fabs(v) < 99.95 ? 1 : 0, v, units[i]);
	return buf;
}

char *
format_count(char *buf, double v)
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P" };

	if (!isfinite(v))
		return unknown(buf);
	if (fabs(v) < 99.95 && fabs(v - round(v)) > 0.04)
		snprintf(buf, FORMAT_SIZE, "%.1f", v);
	else if (fabs(v) < 999.5)
		snprintf(buf, FORMAT_SIZE, "%.0f", v);
	else if (fabs(v) < 99999.5)
		snprintf(buf, FORMAT_SIZE, "%.0f,%03.0f", trunc(round(v) / 1000), fabs(fmod(round(v), 1000)));
	else
		scaled(buf, v, 1000, units, ARRAY_LEN(units));
	return buf;
}

char *
format_bytes(char *buf, double v)
{
	static const char *const units[] = { " B", " KiB", " MiB", " GiB", " TiB", " PiB" };

	return isfinite(v) ? scaled(buf, v, 1024, units, ARRAY_LEN(units)) : unknown(buf);
}

char *
format_percent(char *buf, double v)
{
	if (!isfinite(v))
		return unknown(buf);
	snprintf(buf, FORMAT_SIZE, "%.*f %%", fabs(v) < 9.95 ? 1 : 0, v);
	return buf;
}

char *
format_quantity(char *buf, double v, const char *unit)
{
	if (strcmp(unit, "bytes") == 0)
		return format_bytes(buf, v);
	if (strcmp(unit, "percent") == 0 || strcmp(unit, "%") == 0)
		return format_percent(buf, v);
	if (strcmp(unit, "ms") == 0)
		return format_span(buf, isfinite(v) && fabs(v) < 1e15 ? (int64_t)v : -1);
	return format_count(buf, v);
}

char *
format_span(char *buf, int64_t ms)
{
	if (ms < 0)
		return unknown(buf);
	if (ms < SECOND_MS)
		snprintf(buf, FORMAT_SIZE, "now");
	else if (ms < 2 * MINUTE_MS)
		snprintf(buf, FORMAT_SIZE, "%d s", (int)(ms / SECOND_MS));
	else if (ms < HOUR_MS)
		snprintf(buf, FORMAT_SIZE, "%d min", (int)(ms / MINUTE_MS));
	else if (ms < DAY_MS)
		snprintf(buf, FORMAT_SIZE, "%d h %02d min", (int)(ms / HOUR_MS), (int)(ms % HOUR_MS / MINUTE_MS));
	else
		snprintf(buf, FORMAT_SIZE, "%lld d %d h", (long long)(ms / DAY_MS), (int)(ms % DAY_MS / HOUR_MS));
	return buf;
}

char *
format_clock(char *buf, int64_t time_ms, int64_t now_ms)
{
	time_t t = (time_t)(time_ms / SECOND_MS), now = (time_t)(now_ms / SECOND_MS);
	struct tm then, today;
	bool same;

	if (time_ms <= 0 || localtime_r(&t, &then) == NULL || localtime_r(&now, &today) == NULL)
		return unknown(buf);
	same = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
	if (strftime(buf, FORMAT_SIZE, same ? "%H:%M:%S" : "%Y-%m-%d %H:%M", &then) == 0)
		return unknown(buf);
	return buf;
}

char *
format_words(char *buf, const char *name)
{
	size_t i = 0;

	for (; name[i] && i + 1 < FORMAT_SIZE; i++)
		buf[i] = name[i] == '_' ? ' ' : name[i];
	buf[i] = '\0';
	buf[0] = (char)toupper((unsigned char)buf[0]);
	/* As a person would write it. */
	if (strcmp(buf, "Cpu") == 0)
		memcpy(buf, "CPU", sizeof("CPU"));
	return buf;
}
