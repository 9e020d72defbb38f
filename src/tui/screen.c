/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/screen.h"

#include <langinfo.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/attr.h"
#include "tui/keys.h"

#define ESCAPE_DELAY_MS 25
#define RUN_CELLS 256
#define RESTORE_SIZE 256

static const int FATAL[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };

static bool is_open, has_colour;
static attr_t looks[STYLE_COUNT];
static short pairs[STYLE_COUNT];
/* For a signal's handler, which may call next to nothing: what the terminal was set to, and what to send it. */
static struct termios before;
static char restore[RESTORE_SIZE];

/* ---- an accident ------------------------------------------------------------------------------------------------------ */

/* add_restore takes a capability over without its padding ("$<5>"). */
static void
add_restore(const char *name)
{
	const char *text = tigetstr(name);
	size_t len = strlen(restore);

	if (text == NULL || text == (const char *)-1)
		return;
	while (*text && len + 1 < sizeof(restore)) {
		if (strncmp(text, "$<", 2) == 0 && strchr(text, '>'))
			text = strchr(text, '>') + 1;
		else
			restore[len++] = *text++;
	}
	restore[len] = '\0';
}

static void
on_fatal(int number)
{
	ssize_t n = write(STDOUT_FILENO, restore, strlen(restore));

	(void)n;
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	signal(number, SIG_DFL);
	raise(number);
}

static void
prepare_for_accidents(void)
{
	restore[0] = '\0';
	add_restore("sgr0");
	add_restore("rmkx");
	add_restore("cnorm");
	add_restore("rmcup");
	for (size_t i = 0; i < ARRAY_LEN(FATAL); i++)
		signal(FATAL[i], on_fatal);
}

static void
forget_accidents(void)
{
	for (size_t i = 0; i < ARRAY_LEN(FATAL); i++)
		signal(FATAL[i], SIG_DFL);
}

/* ---- looks ------------------------------------------------------------------------------------------------------------ */

static const struct look {
	enum style style;
	attr_t attributes, without_colour;
	short colour; /* -1: the terminal's own */
} LOOKS[] = {
	{ STYLE_PLAIN, A_NORMAL, A_NORMAL, -1 },
	{ STYLE_DIM, A_DIM, A_DIM, -1 },
	{ STYLE_STRONG, A_BOLD, A_BOLD, -1 },
	{ STYLE_BAR, A_REVERSE, A_REVERSE, -1 },
	{ STYLE_GOOD, A_NORMAL, A_NORMAL, COLOR_GREEN },
	{ STYLE_WARNING, A_BOLD, A_BOLD, COLOR_YELLOW },
	{ STYLE_CRITICAL, A_BOLD, A_BOLD | A_UNDERLINE, COLOR_RED },
	{ STYLE_UNKNOWN, A_NORMAL, A_DIM, COLOR_MAGENTA },
	{ STYLE_CHART, A_NORMAL, A_NORMAL, COLOR_CYAN },
};

static void
make_looks(void)
{
	has_colour = getenv("NO_COLOR") == NULL && has_colors() && start_color() == OK && use_default_colors() == OK;
	for (size_t i = 0; i < ARRAY_LEN(LOOKS); i++) {
		const struct look *l = &LOOKS[i];

		looks[l->style] = has_colour ? l->attributes : l->without_colour;
		pairs[l->style] = 0;
		if (has_colour && l->colour >= 0 && init_pair((short)(i + 1), l->colour, -1) == OK)
			pairs[l->style] = (short)(i + 1);
	}
}

/* ---- open and close --------------------------------------------------------------------------------------------------- */

static void
settings(void)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
}

/* Asked before: ncurses loses memory over a terminal that it does not know. */
static bool
is_known(void)
{
	int result;

	if (setupterm(NULL, STDOUT_FILENO, &result) != OK)
		return false;
	del_curterm(cur_term);
	return true;
}

bool
screen_open(struct err *err)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, "stdin or stdout is no terminal; \"arsenal top --once\" prints one screen as text");
	tcgetattr(STDIN_FILENO, &before);
	if (!is_known() || newterm(NULL, stdout, stdin) == NULL)
		return err_set(err,
		    "this terminal cannot be used (TERM=%.60s is not known); \"arsenal top --once\" prints one screen "
		    "as text",
		    term ? term : "");
	is_open = true;
	settings();
	make_looks();
	prepare_for_accidents();
	return true;
}

void
screen_close(void)
{
	if (!is_open)
		return;
	is_open = false;
	forget_accidents();
	endwin();
}

void
screen_stop(void)
{
	if (!is_open)
		return;
	endwin();
	/* Not SIGTSTP, which is handled: the shell sees a stopped program either way. */
	kill(getpid(), SIGSTOP);
	refresh();
}

void
screen_size(int *width, int *height)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0 &&
	    is_term_resized(size.ws_row, size.ws_col))
		resizeterm(size.ws_row, size.ws_col);
	getmaxyx(stdscr, *height, *width);
}

bool
screen_is_ascii(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------------- */

static bool
same_look(const struct cell *a, const struct cell *b)
{
	return a->style == b->style && a->chosen == b->chosen;
}

/* draw_run writes cells of one look, and returns how many. */
static int
draw_run(const struct cells *c, int row, int col)
{
	const struct cell *first = &c->at[row * c->width + col];
	attr_t look = looks[first->style] | (first->chosen ? A_REVERSE : 0);
	wchar_t text[RUN_CELLS];
	int n = 0, len = 0;

	while (col + n < c->width && n < RUN_CELLS && same_look(first, &first[n])) {
		if (first[n].cp)
			text[len++] = (wchar_t)first[n].cp;
		n++;
	}
	attr_set(first->chosen ? look & ~A_DIM : look, first->chosen ? 0 : pairs[first->style], NULL);
	mvaddnwstr(row, col, text, len);
	return n;
}

void
screen_draw(const struct cells *c, bool whole)
{
	if (whole)
		clearok(stdscr, TRUE);
	attr_set(A_NORMAL, 0, NULL);
	erase();
	for (int row = 0; row < c->height; row++)
		for (int col = 0; col < c->width;)
			col += draw_run(c, row, col);
	attr_set(A_NORMAL, 0, NULL);
	refresh();
}

/* ---- keys ------------------------------------------------------------------------------------------------------------- */

static int
function_key(wint_t code)
{
	static const struct {
		wint_t code;
		int key;
	} table[] = { { KEY_UP, KEY_CODE_UP }, { KEY_DOWN, KEY_CODE_DOWN }, { KEY_LEFT, KEY_CODE_LEFT },
		{ KEY_RIGHT, KEY_CODE_RIGHT }, { KEY_PPAGE, KEY_CODE_PAGE_UP }, { KEY_NPAGE, KEY_CODE_PAGE_DOWN },
		{ KEY_HOME, KEY_CODE_HOME }, { KEY_END, KEY_CODE_END }, { KEY_BTAB, KEY_CODE_BACK_TAB },
		{ KEY_BACKSPACE, KEY_CODE_BACKSPACE }, { KEY_ENTER, KEY_CODE_ENTER } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].code == code)
			return table[i].key;
	if (code >= KEY_F(1) && code <= KEY_F(10))
		return KEY_CODE_F1 + (int)(code - KEY_F(1));
	return KEY_CODE_OTHER;
}

int
screen_key(void)
{
	wint_t code;
	int kind;

	/* That it was resized is told by a signal. */
	do
		kind = get_wch(&code);
	while (kind == KEY_CODE_YES && code == KEY_RESIZE);
	if (kind == ERR)
		return KEY_CODE_NONE;
	return kind == KEY_CODE_YES ? function_key(code) : code == 0 ? KEY_CODE_OTHER : (int)code;
}
