/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events (WHATWG HTML, section 9.2.6), read from the bytes of a stream as they come, in pieces of any size. */
#ifndef TUI_SSE_H
#define TUI_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* An event of more bytes than this is passed over. */
#define SSE_MAX_BYTES (1u << 20)
/* An id that is longer is none: it is sent back in an address. */
#define SSE_ID_MAX_BYTES 256

struct sse {
	void (*event)(void *arg, const char *id, const char *data, size_t len);
	void *arg;
	struct strbuf line, data, id;
	bool too_long; /* what is being read */
	bool after_cr;
};

/*
 * sse_init: `event` is called for each event with data; id is the last one that was told, "" if none was. Texts are valid during the call.
 */
void sse_init(struct sse *s, void (*event)(void *arg, const char *id, const char *data, size_t len), void *arg);
void sse_feed(struct sse *s, const char *bytes, size_t len);
/* sse_restart: a new stream begins; what was half read is dropped, the last id stays. */
void sse_restart(struct sse *s);
void sse_release(struct sse *s);

#endif
