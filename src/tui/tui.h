/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal view as a whole: a model kept up to date by a source, a view of it, and the terminal, on one loop. */
#ifndef TUI_TUI_H
#define TUI_TUI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct event_base;

struct tui_options {
	struct event_base *loop; /* turns in tui_run only; nobody else ends it */
	const char *host;        /* numeric, of the arsenal that is asked */
	uint16_t port;
	const char *token;  /* NULL: none */
	const char *origin; /* who that is, for the head line */
	const char *node;   /* shown at first; NULL: all */
	const char *panel;  /* shown at first; NULL: the usual one */
	int64_t refresh_ms;
	/* Where to look while nobody answers (source.h); may be NULL. */
	bool (*find)(void *arg, unsigned tries, char *host, size_t size, uint16_t *port);
	void *arg;
	/* Of tui_print: */
	bool settle; /* a new link: the node's second sample is waited for, without which its CPU use is not known */
	int64_t timeout_ms; /* then what is known is printed */
};

/*
 * tui_run shows the view until it is quit or a signal ends it; then the terminal is as it was. False with a reason if there is no terminal, or no such panel.
 */
bool tui_run(const struct tui_options *options, struct err *err) MUST_CHECK;
/*
 * tui_print writes one whole screen to stdout, as text, as wide as the terminal or $COLUMNS says (else 120), and as long as it is. False with a reason if nothing
 * was known in time.
 */
bool tui_print(const struct tui_options *options, struct err *err) MUST_CHECK;

#endif
