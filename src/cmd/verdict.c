/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/verdict.h"

#include <jansson.h>
#include <string.h>

#include "base/utf8.h"

#define LINE_MAX_BYTES 512 /* of a text in a line */

const char *
verdict_word(enum verdict v)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

	return words[v];
}

static enum verdict
from_level(const char *level)
{
	static const struct {
		const char *level;
		enum verdict verdict;
	} table[] = { { "healthy", VERDICT_OK }, { "warning", VERDICT_WARNING }, { "critical", VERDICT_CRITICAL } };

	for (size_t i = 0; level && i < ARRAY_LEN(table); i++)
		if (strcmp(level, table[i].level) == 0)
			return table[i].verdict;
	return VERDICT_UNKNOWN;
}

static const char *
text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static double
number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static void
add_criterion(struct strbuf *line, struct strbuf *perf, const char *name, const json_t *c)
{
	const char *unit = text(c, "unit");
	bool percent = unit && strcmp(unit, "%") == 0;

	if (!json_is_number(json_object_get(c, "value"))) {
		strbuf_addf(line, "%s not observed", name);
		return;
	}
	strbuf_addf(line, "%s %.3g %s", name, number(c, "value"), unit ? unit : "");
	if (from_level(text(c, "level")) > VERDICT_OK)
		strbuf_addf(line, " (%s)", text(c, "level"));
	strbuf_addf(perf, " %s=%.6g%s;%g;%g", name, number(c, "value"), percent ? "%" : "", number(c, "warning"),
	    number(c, "critical"));
}

static void
add_criteria(struct strbuf *out, json_t *criteria)
{
	struct strbuf perf = STRBUF_INIT;
	const char *separator = ": ";
	const char *name;
	json_t *c;

	json_object_foreach(criteria, name, c)
	{
		strbuf_adds(out, separator);
		add_criterion(out, &perf, name, c);
		separator = ", ";
	}
	if (perf.len)
		strbuf_addf(out, " |%s", perf.data);
	strbuf_release(&perf);
}

bool
verdict_line(const char *node, const char *health, struct strbuf *out, enum verdict *v, struct err *err)
{
	json_error_t cause;
	json_t *root = json_loads(health, JSON_REJECT_DUPLICATES, &cause);
	const char *level = text(root, "overall_status");

	if (level == NULL) {
		err_set(err, "the health answer cannot be read: %s", root ? "no overall_status in it" : cause.text);
		json_decref(root);
		return false;
	}
	*v = from_level(level);
	strbuf_addf(out, "%s - %s %s", verdict_word(*v), node, level);
	add_criteria(out, json_object_get(root, "criteria"));
	json_decref(root);
	return true;
}

bool
verdict_node_is_up(const char *json, struct strbuf *out)
{
	json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	const char *state = text(root, "state");
	const char *detail = text(root, "detail");
	bool up = state && strcmp(state, "up") == 0;

	if (!up)
		strbuf_addf(out, "%s: %s", state ? state : "unknown", detail ? detail : "no detail");
	json_decref(root);
	return up;
}

static void
add_text(struct strbuf *out, const char *text)
{
	utf8_add_visible(out, text ? text : "", LINE_MAX_BYTES);
}

void
verdict_incidents(const char *incidents, struct strbuf *out)
{
	json_t *root = json_loads(incidents, JSON_REJECT_DUPLICATES, NULL), *i;
	size_t k;

	json_array_foreach(root, k, i)
	{
		if (!json_is_true(json_object_get(i, "open")))
			continue;
		strbuf_adds(out, "\nincident since ");
		add_text(out, text(i, "opened"));
		strbuf_adds(out, ", ");
		add_text(out, text(i, "id"));
		strbuf_adds(out, ": ");
		add_text(out, text(i, "title"));
		strbuf_adds(out, ". ");
		add_text(out, text(i, "next_step"));
	}
	json_decref(root);
}
