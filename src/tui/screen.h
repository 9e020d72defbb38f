/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal: the only file that knows ncurses. There is one screen a program. It is given back as it was, whatever way the program ends: screen_close, a signal
 * that ends it by accident (an assertion, a fault), and while it is stopped.
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include <stdbool.h>

#include "base/err.h"
#include "tui/cells.h"

/*
 * screen_open takes stdin and stdout, which must be a terminal, over. False with a reason that says what to do instead. setlocale must have been called.
 * Colours are used unless the terminal has none or $NO_COLOR is set.
 */
bool screen_open(struct err *err) MUST_CHECK;
/* screen_close gives the terminal back; more than once is fine. */
void screen_close(void);
/* screen_size asks the terminal for its size anew. */
void screen_size(int *width, int *height);
/* screen_is_ascii: the locale's character set is not UTF-8. */
bool screen_is_ascii(void);
/* screen_draw brings the terminal up to the cells, which have its size. whole: it may show anything (it was resized, or another program wrote to it). */
void screen_draw(const struct cells *c, bool whole);
/* screen_key is the next key that was hit (keys.h), 0 if there is none: it does not wait. */
int screen_key(void);
/* screen_stop gives the terminal back, stops the program as Ctrl-Z does, and takes the terminal again when it goes on. */
void screen_stop(void);

#endif
