/* SPDX-License-Identifier: Apache-2.0 */
#include "model/quantity.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static void
scaled(char buf[QUANTITY_SIZE], double v, double step, const char *const units[4])
{
	int i = 0;

	while (i < 3 && fabs(v) >= step) {
		v /= step;
		i++;
	}
	snprintf(buf, QUANTITY_SIZE, "%.*f%s", fabs(v) < 100 && v != trunc(v), v, units[i]);
}

const char *
quantity_text(char buf[QUANTITY_SIZE], enum metric_unit unit, double v)
{
	static const char *const bytes[] = { " B", " KiB", " MiB", " GiB" };
	static const char *const plain[] = { "", "k", "M", "G" };

	if (isnan(v))
		snprintf(buf, QUANTITY_SIZE, "unknown");
	else if (unit == UNIT_BYTES)
		scaled(buf, v, 1024, bytes);
	else if (unit == UNIT_PERCENT)
		snprintf(buf, QUANTITY_SIZE, "%.1f %%", v);
	else
		scaled(buf, v, 1000, plain);
	return buf;
}

void
quantity_add(struct strbuf *out, enum metric_unit unit, double v)
{
	char buf[QUANTITY_SIZE];

	strbuf_adds(out, quantity_text(buf, unit, v));
}

const char *
duration_text(char buf[QUANTITY_SIZE], int64_t ms)
{
	int64_t s = ms > 0 ? (ms + 500) / 1000 : 0;

	if (s < 60)
		snprintf(buf, QUANTITY_SIZE, "%" PRId64 " s", s);
	else if (s < 3600)
		snprintf(buf, QUANTITY_SIZE, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, QUANTITY_SIZE, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
	else
		snprintf(buf, QUANTITY_SIZE, "%" PRId64 " d %" PRId64 " h", s / 86400, s / 3600 % 24);
	return buf;
}
