/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a model up to date over HTTP: asks an arsenal for what is on the screen, every so often, and follows its events. One that goes away is asked for until it
 * is back, also at another address if there is one.
 */
#ifndef TUI_SOURCE_H
#define TUI_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/model.h"

struct event_base;
struct source;

struct source_options {
	const char *host; /* numeric */
	uint16_t port;
	const char *token; /* NULL: none */
	/* The questions that are wanted now, as bits by enum ask. */
	unsigned (*wants)(void *arg);
	/* The next node whose lines of the last minutes are wanted, "" if none is. */
	const char *(*wants_trend)(void *arg);
	/* The model has changed; all: everything that was asked for has come, or has not. */
	void (*changed)(void *arg, bool all);
	int64_t (*now_ms)(void *arg);
	void *arg;
};

struct source *source_new(struct event_base *loop, struct model *m, const struct source_options *options);
void source_free(struct source *s);
/*
 * source_find: where to look while nobody answers. It sets another address, by the number of tries so far; false: there is none but the present one. NULL: likewise.
 */
void source_find(
    struct source *s, bool (*find)(void *arg, unsigned tries, char *host, size_t size, uint16_t *port), void *arg);
/* source_ask asks for all that is wanted, as soon as what is under way has come. */
void source_ask(struct source *s);
/* source_ask_tree has the node asked for its tree. */
void source_ask_tree(struct source *s);

#endif
