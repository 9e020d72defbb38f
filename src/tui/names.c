/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/names.h"

#include <string.h>

#include "base/attr.h"
#include "tui/format.h"
#include "tui/get.h"

#define NAME_MAX_BYTES 160

/* Nothing here is longer than a line can be of use. */
static void
add_name(struct strbuf *out, const char *text)
{
	size_t len = strlen(text);

	strbuf_add(out, text, len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES);
}

const char *
name_process(const json_t *process)
{
	static const char *const keys[] = { "name", "initial_call", "pid" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (*get_text(process, keys[i]))
			return get_text(process, keys[i]);
	return "?";
}

void
name_add_culprit(struct strbuf *out, const json_t *culprit)
{
	static const struct {
		const char *kind, *counted, *before;
	} kinds[] = { { "table", "", "table " }, { "parent", " processes started by ", "processes started by " },
		{ "initial_call", " processes that began with ", "processes that began with " },
		{ "port_owner", " ports of ", "ports of " },
		{ "port_parent", " ports of processes started by ", "ports of processes started by " } };
	const char *kind = get_text(culprit, "kind");
	double count = get_number(culprit, "count");
	char number[FORMAT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kind, kinds[i].kind) == 0) {
			bool counted = count > 0 && *kinds[i].counted;

			strbuf_adds(out, counted ? format_count(number, count) : "");
			strbuf_adds(out, counted ? kinds[i].counted : kinds[i].before);
		}
	add_name(out, name_process(culprit));
	if (*get_text(culprit, "pid") && strcmp(name_process(culprit), get_text(culprit, "pid")) != 0) {
		strbuf_addc(out, ' ');
		add_name(out, get_text(culprit, "pid"));
	}
}

void
name_add_culprits(struct strbuf *out, const json_t *culprits, size_t max)
{
	for (size_t i = 0; i < json_array_size(culprits) && i < max; i++) {
		strbuf_adds(out, i ? ", " : "");
		name_add_culprit(out, json_array_get(culprits, i));
	}
}

void
name_add_list(struct strbuf *out, const json_t *texts, const char *separator)
{
	for (size_t i = 0; i < json_array_size(texts); i++) {
		const char *text = json_string_value(json_array_get(texts, i));

		strbuf_adds(out, i ? separator : "");
		add_name(out, text ? text : "?");
	}
}

const char *
name_pattern(const char *type)
{
	static const struct {
		const char *type, *word;
	} table[] = { { "restart_storm", "storm" }, { "cascading_failure", "cascade" },
		{ "periodic_restart", "periodic" }, { "resource_correlated", "after spikes" } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(type, table[i].type) == 0)
			return table[i].word;
	return type;
}

void
name_add_criterion(struct strbuf *out, const char *name, const json_t *criterion)
{
	const char *level = get_text(criterion, "level"), *unit = get_text(criterion, "unit");
	char words[FORMAT_SIZE], value[FORMAT_SIZE], limit[FORMAT_SIZE];

	strbuf_addf(
	    out, "%s %s", format_words(words, name), format_quantity(value, get_number(criterion, "value"), unit));
	if (strcmp(unit, "%") != 0)
		strbuf_addf(out, " %.40s", unit);
	strbuf_addf(out, " (%.20s above %s)", level,
	    format_quantity(
		limit, get_number(criterion, strcmp(level, "critical") == 0 ? "critical" : "warning"), unit));
}
