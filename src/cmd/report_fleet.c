/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/report_fleet.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "os/clock.h"
#include "report/phrases.h"

static enum level
level_of(const char *name)
{
	for (int l = LEVEL_HEALTHY; name && l <= LEVEL_CRITICAL; l++)
		if (strcmp(level_name((enum level)l), name) == 0)
			return (enum level)l;
	return LEVEL_UNKNOWN;
}

static uint64_t
number(const json_t *object, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(object, key));

	return v > 0 ? (uint64_t)v : 0;
}

/* read_brief takes what brief_json wrote; false if it is something else. */
static bool
read_brief(const struct strbuf *json, struct report_brief *b)
{
	json_error_t why;
	json_t *root = json_loadb(json->data, json->len, 0, &why);
	const char *headline = json_string_value(json_object_get(root, "headline"));

	if (headline) {
		snprintf(b->headline, sizeof(b->headline), "%s", headline);
		b->overall = level_of(json_string_value(json_object_get(root, "overall_status")));
		b->calm = json_is_true(json_object_get(root, "calm"));
		b->samples = number(root, "samples");
		b->incidents = number(root, "incidents");
		b->open_incidents = number(root, "open_incidents");
		b->restarts = number(root, "restarts");
		b->gave_up = number(root, "gave_up");
	}
	json_decref(root);
	return headline != NULL;
}

static void
get_brief(const struct fleet_source *src, const char *node, const struct report_range *range, struct report_brief *b)
{
	struct strbuf json = STRBUF_INIT;
	struct err err = { .text = "its report makes no sense: another version of arsenal answers" };

	memset(b, 0, sizeof(*b));
	snprintf(b->node, sizeof(b->node), "%s", node);
	if (!src->get(src->arg, node, range, FORMAT_BRIEF, &json, &err) || !read_brief(&json, b))
		phrase_printable(b->trouble, sizeof(b->trouble), err.text);
	strbuf_release(&json);
}

/* get_sections gets the reports of the first that had something. One that cannot be had (any more) is empty. */
static size_t
get_sections(const struct fleet_source *src, const struct report_brief *briefs, size_t count,
    const struct report_range *range, enum report_format format, struct strbuf sections[FLEET_SECTIONS])
{
	size_t n = 0;
	struct err err;

	for (; n < count && n < FLEET_SECTIONS && brief_has_something(&briefs[n]); n++)
		if (!src->get(src->arg, briefs[n].node, range, format == FORMAT_HTML ? FORMAT_SECTION : format,
			&sections[n], &err)) {
			strbuf_reset(&sections[n]);
			strbuf_adds(&sections[n], format == FORMAT_JSON ? "null" : "");
		}
	return n;
}

void
report_fleet(const struct fleet_source *src, char *const *nodes, size_t count, const struct report_range *range,
    enum report_format format, struct strbuf *out)
{
	struct strbuf sections[FLEET_SECTIONS] = { STRBUF_INIT };
	struct report_brief *briefs = xcalloc(count, sizeof(*briefs));
	struct fleet f = {
		.range = *range, .made_ms = clock_now_ms(), .count = count, .briefs = briefs, .sections = sections
	};

	for (size_t i = 0; i < count; i++)
		get_brief(src, nodes[i], range, &briefs[i]);
	qsort(briefs, count, sizeof(*briefs), brief_compare);
	f.section_count = get_sections(src, briefs, count, range, format, sections);
	fleet_write(&f, format, out);
	for (size_t i = 0; i < FLEET_SECTIONS; i++)
		strbuf_release(&sections[i]);
	free(briefs);
}
