/* SPDX-License-Identifier: Apache-2.0 */
/* How a node, a criterion or an event stands, in one word, with the style of it, worst first. */
#ifndef TUI_STANDING_H
#define TUI_STANDING_H

#include <jansson.h>
#include <stdint.h>

#include "tui/cells.h"

enum standing { STANDING_DOWN, STANDING_CRITICAL, STANDING_WARNING, STANDING_UNKNOWN, STANDING_HEALTHY };

/* standing_of a node (an element of /api/v1/nodes). */
enum standing standing_of(const json_t *node);
/* standing_word is the state of the link where that is not up, else the health: "unreachable", "critical". */
const char *standing_word(const json_t *node);
/* standing_since is since when; 0: not known. */
int64_t standing_since(const json_t *node);
enum style standing_style(enum standing s);
/* level_style is the style of a word of the API's: a level of health, or a severity. */
enum style level_style(const char *word);

#endif
