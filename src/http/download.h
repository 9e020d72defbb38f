/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers in JSON that are too long to be made at once: one is written a part at a time, the next when the client has taken the last. So a slow client costs
 * one part and what its writer holds, and one that goes away costs nothing more.
 */
#ifndef HTTP_DOWNLOAD_H
#define HTTP_DOWNLOAD_H

#include "http/exchange.h"

struct downloads { /* private */
	size_t count;
	size_t max;
};

enum download_progress {
	DOWNLOAD_GOES_ON,
	DOWNLOAD_PAUSES, /* what is next takes its time, and others get theirs first */
	DOWNLOAD_ENDS
};

struct download_writer {
	/* writes the next piece, never nothing, in some 100 us; after a pause it may be 2 ms */
	enum download_progress (*write)(void *arg, struct jsonw *j);
	void (*free)(void *arg);
};

void downloads_init(struct downloads *all, size_t max);
/* download_serve makes the reply one of them, or 503 if there are too many; the writer's `arg` is taken over. */
void download_serve(struct downloads *all, struct reply *rp, const struct download_writer *writer, void *arg);

#endif
