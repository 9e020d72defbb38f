/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: bytes in memory as a source, given in pieces of chosen or of random sizes. */
#ifndef REPLAY_FIXTURE_H
#define REPLAY_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "replay/source.h"

struct pieces {
	const char *data;
	size_t len, at;
	size_t size;   /* of a piece; 0: random, up to 40 */
	unsigned seed; /* of those */
};

static inline ssize_t
pieces_read(void *arg, void *to, size_t n)
{
	struct pieces *p = arg;
	size_t size = p->size ? p->size : 1 + (size_t)rand_r(&p->seed) % 40;
	size_t left = p->len - p->at;

	size = size < n ? size : n;
	size = size < left ? size : left;
	memcpy(to, p->data + p->at, size);
	p->at += size;
	return (ssize_t)size;
}

static inline struct pieces
pieces_of(const char *text, size_t size)
{
	return (struct pieces) { text, strlen(text), 0, size, 1 };
}

#endif
