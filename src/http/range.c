/* SPDX-License-Identifier: Apache-2.0 */
#include "http/range.h"

#include "base/timefmt.h"
#include "http/site.h"

/* take_time leaves *time_ms as it is without that parameter. */
static bool
take_time(const struct call *c, const char *name, int64_t *time_ms)
{
	const char *text = query_get(&c->query, name);

	if (text == NULL || time_parse(text, time_ms))
		return true;
	reply_error(c->rp, 400, "%s: \"%.64s\" is neither a time like 2024-01-18T10:30:00Z nor milliseconds since 1970",
	    name, text);
	return false;
}

bool
range_take(const struct call *c, int64_t span_ms, int64_t *start_ms, int64_t *end_ms)
{
	*end_ms = c->site->source.now_ms(c->site->source.arg);
	if (!take_time(c, "end", end_ms))
		return false;
	*start_ms = *end_ms - span_ms;
	if (!take_time(c, "start", start_ms))
		return false;
	if (*end_ms >= *start_ms)
		return true;
	reply_error(c->rp, 400, "end: it is before start");
	return false;
}
