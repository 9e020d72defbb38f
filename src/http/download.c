/* SPDX-License-Identifier: Apache-2.0 */
#include "http/download.h"

#include <stdlib.h>

#include "base/alloc.h"

/* A part: the work of a turn of the loop, some 200 us. */
#define PART_BYTES (64u << 10)
/* A client that takes nothing for so long. */
#define STALL_S 60

struct download {
	struct downloads *all;
	struct stream *stream;
	const struct download_writer *writer;
	void *arg;
	struct strbuf part;
	struct jsonw json;
};

static void
send_part(struct download *d)
{
	enum download_progress progress = DOWNLOAD_GOES_ON;

	while (progress == DOWNLOAD_GOES_ON && d->part.len < PART_BYTES)
		progress = d->writer->write(d->arg, &d->json);
	stream_send(d->stream, d->part.data, d->part.len);
	strbuf_reset(&d->part);
	if (progress == DOWNLOAD_ENDS)
		stream_end(d->stream);
}

static void
on_opened(void *arg, struct stream *stream)
{
	struct download *d = arg;

	d->stream = stream;
	send_part(d);
}

static void
on_drained(void *arg)
{
	send_part(arg);
}

static void
on_closed(void *arg)
{
	struct download *d = arg;

	d->writer->free(d->arg);
	strbuf_release(&d->part);
	d->all->count--;
	free(d);
}

void
downloads_init(struct downloads *all, size_t max)
{
	*all = (struct downloads) { 0, max };
}

void
download_serve(struct downloads *all, struct reply *rp, const struct download_writer *writer, void *arg)
{
	static const struct stream_user user = { STALL_S, on_opened, on_drained, on_closed };
	struct download *d;

	if (all->count >= all->max) {
		writer->free(arg);
		reply_header(rp, "Retry-After", "1");
		reply_error(rp, 503, "%zu long answers are under way, and no more are given at a time", all->max);
		return;
	}
	d = xcalloc(1, sizeof(*d));
	*d = (struct download) { .all = all, .writer = writer, .arg = arg };
	jsonw_init(&d->json, &d->part);
	all->count++;
	rp->type = TYPE_JSON;
	rp->stream = &user;
	rp->stream_arg = d;
}
