/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/standing.h"

#include <string.h>

#include "base/attr.h"
#include "tui/get.h"

static bool
is_up(const json_t *node)
{
	return strcmp(get_text(node, "state"), "up") == 0;
}

enum standing
standing_of(const json_t *node)
{
	const char *level = get_text(node, "overall_status");

	if (!is_up(node))
		return strcmp(get_text(node, "state"), "connecting") == 0 ? STANDING_UNKNOWN : STANDING_DOWN;
	if (strcmp(level, "critical") == 0)
		return STANDING_CRITICAL;
	if (strcmp(level, "warning") == 0)
		return STANDING_WARNING;
	return strcmp(level, "healthy") == 0 ? STANDING_HEALTHY : STANDING_UNKNOWN;
}

const char *
standing_word(const json_t *node)
{
	const char *word = is_up(node) ? get_text(node, "overall_status") : get_text(node, "state");

	if (is_up(node) && strcmp(word, "unknown") == 0)
		return "not judged";
	return *word ? word : "not known";
}

int64_t
standing_since(const json_t *node)
{
	return get_time(node, is_up(node) ? "overall_since" : "since");
}

enum style
standing_style(enum standing s)
{
	static const enum style styles[] = { [STANDING_DOWN] = STYLE_CRITICAL,
		[STANDING_CRITICAL] = STYLE_CRITICAL,
		[STANDING_WARNING] = STYLE_WARNING,
		[STANDING_UNKNOWN] = STYLE_UNKNOWN,
		[STANDING_HEALTHY] = STYLE_GOOD };

	return styles[s];
}

enum style
level_style(const char *word)
{
	static const struct {
		const char *word;
		enum style style;
	} table[] = { { "critical", STYLE_CRITICAL }, { "high", STYLE_CRITICAL }, { "warning", STYLE_WARNING },
		{ "medium", STYLE_WARNING }, { "healthy", STYLE_GOOD }, { "low", STYLE_PLAIN } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(word, table[i].word) == 0)
			return table[i].style;
	return STYLE_UNKNOWN;
}
