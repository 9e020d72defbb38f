/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/frame.h"

#include <string.h>

#define HEADER 4
#define PASS_THROUGH 'p'
#define KEEP_BYTES (64u << 10) /* an empty buffer larger than this is given back */

void
frame_reader_init(struct frame_reader *r)
{
	memset(r, 0, sizeof(*r));
}

void
frame_reader_release(struct frame_reader *r)
{
	strbuf_release(&r->bytes);
	r->start = 0;
}

/* What has been read makes room once it is most of the buffer, so that moving costs no more than reading. */
static void
compact(struct frame_reader *r)
{
	size_t left = r->bytes.len - r->start;

	if (left == 0 && r->bytes.cap > KEEP_BYTES) {
		frame_reader_release(r);
	} else if (r->start > 0 && r->start >= left) {
		memmove(r->bytes.data, r->bytes.data + r->start, left);
		strbuf_cut(&r->bytes, left);
		r->start = 0;
	}
}

void
frame_feed(struct frame_reader *r, const void *data, size_t len)
{
	compact(r);
	strbuf_add(&r->bytes, data, len);
}

static enum frame_kind
bad_length(const uint8_t *p, uint32_t len, struct err *err)
{
	/* Text of other protocols reads as an absurd length: say what came. */
	if (p[0] >= 0x20 && p[0] < 0x7F && p[1] >= 0x20 && p[1] < 0x7F)
		err_set(err, "sent what is no distribution protocol (\"%c%c…\")", p[0], p[1]);
	else
		err_set(err, "sent a frame of %u bytes, more than %u", len, FRAME_MAX);
	return FRAME_BAD;
}

enum frame_kind
frame_next(struct frame_reader *r, struct etf_span *body, struct err *err)
{
	size_t left = r->bytes.len - r->start;
	const uint8_t *p;
	uint32_t len;

	if (left < HEADER)
		return FRAME_NONE;
	p = (const uint8_t *)r->bytes.data + r->start;
	len = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	if (len > FRAME_MAX)
		return bad_length(p, len, err);
	if (len > 0 && left > HEADER && p[HEADER] != PASS_THROUGH) {
		err_set(err, "sent a frame of unknown type %u", p[HEADER]);
		return FRAME_BAD;
	}
	if (left - HEADER < len)
		return FRAME_NONE;
	r->start += HEADER + len;
	if (len == 0)
		return FRAME_TICK;
	*body = (struct etf_span) { p + HEADER + 1, len - 1 };
	return FRAME_MESSAGE;
}

size_t
frame_begin(struct strbuf *out)
{
	size_t at = out->len;

	strbuf_add(out, "\0\0\0\0p", HEADER + 1);
	return at;
}

void
frame_end(struct strbuf *out, size_t at)
{
	size_t len = out->len - at - HEADER;

	for (int i = 0; i < HEADER; i++)
		out->data[at + (size_t)i] = (char)(len >> (24 - 8 * i));
}
