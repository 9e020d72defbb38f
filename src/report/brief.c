/* SPDX-License-Identifier: Apache-2.0 */
#include "report/brief.h"

#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "report/phrases.h"

void
brief_of(const struct report *r, struct report_brief *out)
{
	struct strbuf text = STRBUF_INIT;

	memset(out, 0, sizeof(*out));
	snprintf(out->node, sizeof(out->node), "%s", r->node);
	out->overall = r->overall;
	out->calm = report_is_calm(r);
	out->samples = r->samples;
	report_headline(r, &text);
	phrase_printable(out->headline, sizeof(out->headline), strbuf_cstr(&text));
	out->incidents = r->incident_count + r->incidents_left_out;
	for (unsigned i = 0; i < r->incident_count; i++)
		out->open_incidents += r->incidents[i].ended_ms == 0;
	out->restarts = r->restarts;
	out->gave_up = r->gave_up;
	strbuf_release(&text);
}

static void
text_field(struct jsonw *j, const char *key, const char *text)
{
	jsonw_key(j, key);
	if (*text)
		jsonw_str(j, text);
	else
		jsonw_null(j);
}

static void
number_field(struct jsonw *j, const char *key, uint64_t v)
{
	jsonw_key(j, key);
	jsonw_uint(j, v);
}

void
brief_json(const struct report_brief *b, struct strbuf *out)
{
	struct jsonw j;

	jsonw_init(&j, out);
	jsonw_object(&j);
	text_field(&j, "node", b->node);
	text_field(&j, "overall_status", level_name(b->overall));
	jsonw_key(&j, "calm");
	jsonw_bool(&j, b->calm);
	number_field(&j, "samples", b->samples);
	text_field(&j, "headline", b->headline);
	number_field(&j, "incidents", b->incidents);
	number_field(&j, "open_incidents", b->open_incidents);
	number_field(&j, "restarts", b->restarts);
	number_field(&j, "gave_up", b->gave_up);
	text_field(&j, "trouble", b->trouble);
	jsonw_end(&j);
}

static int
more(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

bool
brief_has_something(const struct report_brief *b)
{
	return !b->calm && b->samples > 0 && !b->trouble[0];
}

int
brief_compare(const void *a, const void *b)
{
	const struct report_brief *x = a, *y = b;
	int by[] = { more(brief_has_something(x), brief_has_something(y)), more(!x->trouble[0], !y->trouble[0]),
		more(x->overall, y->overall), more(x->open_incidents, y->open_incidents),
		more(x->restarts, y->restarts) };

	for (size_t i = 0; i < ARRAY_LEN(by); i++)
		if (by[i])
			return by[i];
	return strcmp(x->node, y->node);
}
