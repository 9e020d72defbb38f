/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/keys.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"

/* The first binding of a key that fits the panel counts, so those of one panel stand before. */
const struct binding BINDINGS[] = {
	{ ACTION_LEFT, { KEY_CODE_LEFT, '-' }, "Left -", "fold a branch of the tree", NULL, "tree" },
	{ ACTION_RIGHT, { KEY_CODE_RIGHT, '+' }, "Right +", "unfold it", "Fold", "tree" },
	{ ACTION_AGAIN, { KEY_CODE_F5, 'g' }, "F5 g", "ask the node for its tree again", "Again", "tree" },
	{ ACTION_TYPE, { 'e' }, "e", "only events of the next type, or all", "Type", "events" },
	{ ACTION_SEVERITY, { 'v' }, "v", "only events of a higher severity, or all", "Severity", "events" },

	{ ACTION_HELP, { 'h', '?', KEY_CODE_F1 }, "F1 h ?", "this help", "Help", NULL },
	{ ACTION_SEARCH, { '/', KEY_CODE_F3 }, "F3 /", "search: go to the next row with a text in it; n goes on", NULL,
	    NULL },
	{ ACTION_SEARCH_ON, { 'n' }, "n", "go on searching", NULL, NULL },
	{ ACTION_FILTER, { '\\', KEY_CODE_F4 }, "F4 \\", "filter: show only rows with a text in them; Esc ends it",
	    "Filter", NULL },
	{ ACTION_SORT, { KEY_CODE_F6, '>', '.' }, "F6 >", "sort by the next column", "Sort", NULL },
	{ ACTION_SORT_BACK, { '<', ',' }, "<", "sort by the column before", NULL, NULL },
	{ ACTION_INVERT, { 'I' }, "I", "turn the order round", NULL, NULL },
	{ ACTION_BY_QUEUE, { 'l' }, "l mq", "processes by message queue", NULL, NULL },
	{ ACTION_BY_MEMORY, { 'm', 'M' }, "m M", "processes and nodes by memory", NULL, NULL },
	{ ACTION_BY_REDUCTIONS, { 'r', 'P' }, "r P", "processes by reductions, nodes by CPU", NULL, NULL },
	{ ACTION_BY_BINARY, { 'b' }, "b", "processes by binary memory", NULL, NULL },
	{ ACTION_BY_HEAP, { 't' }, "t", "observer_cli's total heap: memory, which has the heap in it", NULL, NULL },
	{ ACTION_BY_NAME, { 'N' }, "N", "by name", NULL, NULL },
	{ ACTION_ENTER, { KEY_CODE_ENTER, '\r' }, "Enter", "look into the chosen row", "Open", NULL },
	{ ACTION_BACK, { KEY_CODE_ESCAPE, KEY_CODE_BACKSPACE }, "Esc", "back; from a node to all nodes", "Back", NULL },
	{ ACTION_NEXT_PANEL, { KEY_CODE_TAB, KEY_CODE_RIGHT }, "Tab Right", "next panel", "Panel", NULL },
	{ ACTION_FORMER_PANEL, { KEY_CODE_BACK_TAB, KEY_CODE_LEFT }, "Left", "panel before", NULL, NULL },
	{ ACTION_PANEL, { 0 }, "1 to 7", "that panel", NULL, NULL },
	{ ACTION_UP, { KEY_CODE_UP, 'k' }, "Up k", "row before", NULL, NULL },
	{ ACTION_DOWN, { KEY_CODE_DOWN, 'j' }, "Down j", "next row", NULL, NULL },
	{ ACTION_PAGE_UP, { KEY_CODE_PAGE_UP, 'B' }, "PgUp B", "a page up", NULL, NULL },
	{ ACTION_PAGE_DOWN, { KEY_CODE_PAGE_DOWN, 'F' }, "PgDn F", "a page down", NULL, NULL },
	{ ACTION_HOME, { KEY_CODE_HOME }, "Home", "first row", NULL, NULL },
	{ ACTION_END, { KEY_CODE_END, 'G' }, "End G", "last row", NULL, NULL },
	{ ACTION_PAUSE, { ' ', 'p', 'Z' }, "Space p", "hold the screen still, and go on", "Pause", NULL },
	{ ACTION_LONGER, { ']' }, "]", "charts over a longer time: 10 min, 1 h, 6 h, 24 h", NULL, NULL },
	{ ACTION_SHORTER, { '[' }, "[", "over a shorter one", NULL, NULL },
	{ ACTION_SLOWER, { 'd' }, "d", "refresh less often", NULL, NULL },
	{ ACTION_FASTER, { 'D' }, "D", "refresh more often", NULL, NULL },
	{ ACTION_AGAIN, { KEY_CODE_F5, 'g' }, "F5 g", "ask again at once", NULL, NULL },
	{ ACTION_REDRAW, { 0x0C }, "Ctrl-L", "draw the screen anew, after something else wrote to it", NULL, NULL },
	{ ACTION_QUIT, { 'q', KEY_CODE_F10, 0x03 }, "F10 q", "quit", "Quit", NULL },
};

const size_t BINDING_COUNT = ARRAY_LEN(BINDINGS);

enum action
keys_find(int key, const char *panel)
{
	if (key >= '0' && key <= '9')
		return ACTION_PANEL;
	for (size_t i = 0; i < BINDING_COUNT; i++) {
		const struct binding *b = &BINDINGS[i];

		for (size_t k = 0; k < BINDING_KEYS && b->keys[k]; k++)
			if (b->keys[k] == key && (b->panel == NULL || strcmp(b->panel, panel) == 0))
				return b->action;
	}
	return ACTION_NONE;
}
