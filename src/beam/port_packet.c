/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/port_packet.h"

#include <string.h>

#include "etf/etf_write.h"

#define LENGTH_BYTES 4
#define HEAD_BYTES (LENGTH_BYTES + 1 + 1 + 4) /* length, version, list, its length */
#define KEPT_BYTES (4u << 20)                 /* memory that an empty buffer keeps */

static void
store_uint32(char *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (char)(v >> (24 - 8 * i));
}

static uint32_t
load_uint32(const char *at)
{
	const unsigned char *p = (const unsigned char *)at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* empty makes the buffer empty; one that was huge once gives its memory back. */
static void
empty(struct strbuf *sb)
{
	if (sb->cap > KEPT_BYTES)
		strbuf_release(sb);
	else
		strbuf_reset(sb);
}

/* ---- reading ---- */

void
packet_reader_init(struct packet_reader *r)
{
	memset(r, 0, sizeof(*r));
}

void
packet_reader_release(struct packet_reader *r)
{
	strbuf_release(&r->in);
}

/* What was taken leaves the buffer when it is all of it, or when room is needed. */
static void
forget_taken(struct packet_reader *r)
{
	size_t left = r->in.len - r->start;

	if (left > 0)
		memmove(r->in.data, r->in.data + r->start, left);
	strbuf_cut(&r->in, left);
	if (left == 0)
		empty(&r->in);
	r->start = 0;
}

void *
packet_reader_room(struct packet_reader *r, size_t n)
{
	if (r->start > 0)
		forget_taken(r);
	strbuf_reserve(&r->in, n);
	return r->in.data + r->in.len;
}

static void
skip(struct packet_reader *r)
{
	size_t there = r->in.len - r->start;
	size_t now = r->skip < there ? (size_t)r->skip : there;

	r->start += now;
	r->skip -= now;
}

void
packet_reader_got(struct packet_reader *r, size_t n)
{
	strbuf_grown(&r->in, n);
	skip(r);
}

enum packet_kind
packet_next(struct packet_reader *r, struct etf_span *body)
{
	size_t there = r->in.len - r->start;
	uint32_t len;

	if (there < LENGTH_BYTES)
		return PACKET_NONE;
	len = load_uint32(r->in.data + r->start);
	if (len > PORT_PACKET_MAX) {
		r->start += LENGTH_BYTES;
		r->skip = len;
		skip(r);
		return PACKET_TOO_LARGE;
	}
	if (there - LENGTH_BYTES < len)
		return PACKET_NONE;
	*body = (struct etf_span) { (const uint8_t *)r->in.data + r->start + LENGTH_BYTES, len };
	r->start += LENGTH_BYTES + len;
	return PACKET_WHOLE;
}

/* ---- writing ---- */

void
packet_writer_init(struct packet_writer *w)
{
	memset(w, 0, sizeof(*w));
}

void
packet_writer_release(struct packet_writer *w)
{
	strbuf_release(&w->out);
}

static void
close_packet(struct packet_writer *w)
{
	if (w->count == 0)
		return;
	etf_put_nil(&w->out);
	store_uint32(w->out.data + w->head, (uint32_t)(w->out.len - w->head - LENGTH_BYTES));
	store_uint32(w->out.data + w->head + HEAD_BYTES - 4, w->count);
	w->count = 0;
}

static void
open_packet(struct packet_writer *w)
{
	w->head = w->out.len;
	strbuf_add(&w->out, "\0\0\0\0", LENGTH_BYTES);
	etf_put_version(&w->out);
	etf_put_list(&w->out, 1);
}

struct strbuf *
packet_message(struct packet_writer *w)
{
	if (w->count > 0 && w->out.len - w->head > PORT_PACKET_SOON)
		close_packet(w);
	if (w->count == 0)
		open_packet(w);
	w->count++;
	return &w->out;
}

size_t
packet_pending(const struct packet_writer *w)
{
	return w->out.len - w->sent;
}

struct etf_span
packet_ready(struct packet_writer *w)
{
	close_packet(w);
	return (struct etf_span) { (const uint8_t *)strbuf_cstr(&w->out) + w->sent, packet_pending(w) };
}

/* What was sent leaves the buffer when it is most of it, so that little is moved. */
void
packet_sent(struct packet_writer *w, size_t n)
{
	w->sent += n;
	if (w->sent == w->out.len) {
		empty(&w->out);
	} else if (w->sent > w->out.len / 2) {
		memmove(w->out.data, w->out.data + w->sent, packet_pending(w));
		strbuf_cut(&w->out, packet_pending(w));
	} else {
		return;
	}
	w->sent = 0;
}
