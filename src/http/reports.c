/* SPDX-License-Identifier: Apache-2.0 */
#include "http/reports.h"

#include <string.h>

#include "base/timefmt.h"
#include "http/site.h"

#define SPAN_MS 3600000

static int64_t
now(const struct call *c)
{
	return c->site->source.now_ms(c->site->source.arg);
}

/* A page of ours needs no more than its own style, whatever a node's names hold. */
static void
set_type(struct call *c, enum report_format format)
{
	c->rp->type = REPORT_FORMATS[format].type;
	if (format == FORMAT_HTML || format == FORMAT_SECTION)
		reply_header(c->rp, "Content-Security-Policy",
		    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
		    "frame-ancestors 'none'");
}

/* count: the first so many of the formats are known. */
static bool
take_format(struct call *c, int count, enum report_format *format)
{
	const char *name = query_get(&c->query, "format");

	*format = name ? report_format_find(name) : FORMAT_JSON;
	if ((int)*format < count)
		return true;
	reply_error(c->rp, 400, "format: \"%.64s\" is none of json, text, html%s", name,
	    count == FORMAT_COUNT ? ", brief, section" : "");
	return false;
}

static bool
take_moment(struct call *c, const char *name, int64_t *time_ms)
{
	const char *text = query_get(&c->query, name);

	if (text == NULL || time_parse_moment(text, now(c), time_ms))
		return true;
	reply_error(c->rp, 400, "%s: \"%.64s\" is no time: milliseconds since the epoch, or " TIME_MOMENTS, name, text);
	return false;
}

void
resource_report(struct call *c)
{
	struct report_range range = { now(c) - SPAN_MS, now(c) };
	enum report_format format;
	struct report *r;

	if (!take_format(c, FORMAT_COUNT, &format) || !take_moment(c, "until", &range.to_ms))
		return;
	range.from_ms = range.to_ms - SPAN_MS;
	if (!take_moment(c, "since", &range.from_ms))
		return;
	if (range.to_ms < range.from_ms) {
		reply_error(c->rp, 400, "until: it is before since");
		return;
	}
	r = report_new(c->node, now(c), &range, NULL);
	report_write(r, format, &c->rp->body);
	report_free(r);
	set_type(c, format);
}

void
resource_reports(struct call *c)
{
	const struct report_head *heads;
	size_t count = c->site->source.reports(c->site->source.arg, &heads);
	struct jsonw j;

	reply_json(c->rp, &j);
	jsonw_array(&j);
	for (size_t i = 0; i < count; i++)
		report_head_json(&heads[i], &j);
	jsonw_end(&j);
}

void
resource_kept_report(struct call *c)
{
	enum report_format format;
	struct err err;

	if (!take_format(c, FORMATS_KEPT, &format))
		return;
	if (!c->site->source.report(c->site->source.arg, c->id, format, &c->rp->body, &err)) {
		reply_error(
		    c->rp, 404, "there is no report \"%.160s\" here: %s; /api/v1/reports lists them", c->id, err.text);
		return;
	}
	set_type(c, format);
}
