/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts the byte stream of a connected link into frames: a 4-byte length, then 'p', a control term and perhaps a message. Pure; bytes go in
 * as they come. Source: "Distribution Protocol", ERTS User's Guide (without atom cache and fragments, which we never offer).
 */
#ifndef BEAM_FRAME_H
#define BEAM_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "etf/etf.h"

#define FRAME_MAX (16u << 20) /* bytes; nothing that a node has to tell us is near it */

enum frame_kind {
	FRAME_NONE,    /* not all there yet */
	FRAME_TICK,    /* the node asks for a sign of life */
	FRAME_MESSAGE, /* control and payload follow 'p' */
	FRAME_BAD      /* no frame; the link cannot go on */
};

struct frame_reader { /* private */
	struct strbuf bytes;
	size_t start;
};

void frame_reader_init(struct frame_reader *r);
void frame_reader_release(struct frame_reader *r);
void frame_feed(struct frame_reader *r, const void *data, size_t len);
/* frame_next takes the next frame; *body is what follows 'p' and is valid until the next call of any function here. */
enum frame_kind frame_next(struct frame_reader *r, struct etf_span *body, struct err *err);

/*
 * frame_begin and frame_end put a frame around what is written between them:
 *	at = frame_begin(out); etf_put_…(control); etf_put_…(payload); frame_end(out, at);
 */
size_t frame_begin(struct strbuf *out);
void frame_end(struct strbuf *out, size_t at);

#endif
