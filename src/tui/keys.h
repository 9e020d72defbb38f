/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys: what they do, the help screen and the foot line come from it. Where htop or observer_cli have a key for it, that is the key. */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stddef.h>

/* Keys that are no characters; characters are their code points. */
enum key {
	KEY_CODE_NONE = 0,
	KEY_CODE_TAB = 0x09,
	KEY_CODE_ENTER = 0x0A,
	KEY_CODE_ESCAPE = 0x1B,
	KEY_CODE_BACKSPACE = 0x7F,
	KEY_CODE_UP = 0x110000,
	KEY_CODE_DOWN,
	KEY_CODE_LEFT,
	KEY_CODE_RIGHT,
	KEY_CODE_PAGE_UP,
	KEY_CODE_PAGE_DOWN,
	KEY_CODE_HOME,
	KEY_CODE_END,
	KEY_CODE_BACK_TAB,
	KEY_CODE_F1,
	KEY_CODE_F3 = KEY_CODE_F1 + 2,
	KEY_CODE_F4,
	KEY_CODE_F5,
	KEY_CODE_F6,
	KEY_CODE_F10 = KEY_CODE_F1 + 9,
	KEY_CODE_OTHER /* that nothing is known of */
};

enum action {
	ACTION_NONE,
	ACTION_QUIT,
	ACTION_HELP,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_HOME,
	ACTION_END,
	ACTION_ENTER,
	ACTION_BACK,
	ACTION_NEXT_PANEL,
	ACTION_FORMER_PANEL,
	ACTION_LEFT,
	ACTION_RIGHT,
	ACTION_PANEL, /* the digit says which */
	ACTION_FILTER,
	ACTION_SEARCH,
	ACTION_SEARCH_ON,
	ACTION_SORT,
	ACTION_SORT_BACK,
	ACTION_INVERT,
	ACTION_BY_MEMORY,
	ACTION_BY_REDUCTIONS,
	ACTION_BY_BINARY,
	ACTION_BY_QUEUE,
	ACTION_BY_NAME,
	ACTION_BY_HEAP,
	ACTION_PAUSE,
	ACTION_AGAIN,
	ACTION_SLOWER,
	ACTION_FASTER,
	ACTION_LONGER,
	ACTION_SHORTER,
	ACTION_FOLD,
	ACTION_UNFOLD,
	ACTION_TYPE,
	ACTION_SEVERITY,
	ACTION_REDRAW
};

#define BINDING_KEYS 5

struct binding {
	enum action action;
	int keys[BINDING_KEYS]; /* ended by 0 */
	const char *shown;      /* how the keys are written */
	const char *help;
	const char *foot;  /* a word for the foot line; NULL: not there */
	const char *panel; /* only there; NULL: everywhere */
};

extern const struct binding BINDINGS[];
extern const size_t BINDING_COUNT;

/* keys_find is what a key does in a panel. */
enum action keys_find(int key, const char *panel);

#endif
