/* SPDX-License-Identifier: Apache-2.0 */
/* The byte stream of a hostile node after the handshake: frames, control messages, answers to calls, and what the collectors make of them. */
#include <stdlib.h>
#include <string.h>

#include "beam/frame.h"
#include "beam/peer.h"
#include "beam/plain.h"
#include "beam/probe.h"
#include "etf/etf_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct peer peer;
	struct collector *collector;
	int64_t now_ms;
	bool ended;
};

/* What we send must be frames that the node would take. */
static void
on_write(void *arg, const void *data, size_t len)
{
	struct frame_reader r;
	struct etf_span body;
	enum frame_kind kind;
	struct etf e;

	(void)arg;
	frame_reader_init(&r);
	frame_feed(&r, data, len);
	kind = frame_next(&r, &body, NULL);
	if (kind == FRAME_MESSAGE) {
		etf_init_versioned(&e, body.data, body.len);
		if (!etf_skip(&e))
			abort();
	} else if (kind != FRAME_TICK) {
		abort();
	}
	frame_reader_release(&r);
}

static void
on_message(void *arg, struct etf_span message)
{
	struct world *w = arg;

	w->collector->ops->message(w->collector, message);
}

static void
on_down(void *arg, uint64_t monitor, struct etf_span reason)
{
	struct world *w = arg;

	w->collector->ops->down(w->collector, monitor, reason);
}

static void
on_exited(void *arg, struct etf_span pid, struct etf_span reason)
{
	struct world *w = arg;

	(void)pid, (void)reason;
	w->collector->ops->exited(w->collector);
}

static int64_t
on_now(void *arg)
{
	return ((struct world *)arg)->now_ms;
}

static void
on_info(void *arg, const struct node_info *info)
{
	(void)arg, (void)info;
}

static void
on_sample(void *arg, struct sample *s)
{
	(void)arg, (void)s;
}

static void
on_restart(void *arg, struct restart *r)
{
	(void)arg, (void)r;
}

static void
on_lost(void *arg, uint64_t n)
{
	(void)arg, (void)n;
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	(void)arg, (void)warning, (void)text;
}

static void
on_survey(void *arg, struct survey *s)
{
	(void)arg;
	survey_release(s);
}

static void
on_supervisor(void *arg, const struct supervisor_facts *f)
{
	(void)arg, (void)f;
}

static void
on_bad(void *arg, const char *what)
{
	(void)arg, (void)what;
}

static void
on_failed(void *arg, enum node_state state, const char *detail)
{
	(void)state, (void)detail;
	((struct world *)arg)->ended = true;
}

static void
on_no_probe(void *arg, const char *why)
{
	(void)why;
	((struct world *)arg)->ended = true;
}

static const struct peer_handlers PEER = { on_write, on_message, on_down, on_exited };
static const struct collector_handlers OWNER = {
	.now = on_now,
	.info = on_info,
	.sample = on_sample,
	.restart = on_restart,
	.lost = on_lost,
	.supervisor = on_supervisor,
	.survey = on_survey,
	.notice = on_notice,
	.bad = on_bad,
	.failed = on_failed,
	.no_probe = on_no_probe,
};
static const struct embedded_file PROBE = {
	.name = "arsenal_probe_x.beam", .data = (const unsigned char *)"BEAM", .len = 4
};

/* After each frame a second has passed. */
static bool
take_frame(struct world *w, struct frame_reader *r)
{
	struct etf_span body;
	struct err err;

	switch (frame_next(r, &body, &err)) {
	case FRAME_NONE:
	case FRAME_BAD:
		return false;
	case FRAME_TICK:
		peer_tick(&w->peer);
		break;
	case FRAME_MESSAGE:
		if (!peer_frame(&w->peer, body, &err))
			return false;
		break;
	}
	w->now_ms += 1000;
	if (!w->ended)
		w->collector->ops->tick(w->collector, w->now_ms);
	return !w->ended;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .now_ms = 1000000 };
	struct frame_reader r;
	size_t piece;

	if (size < 2)
		return 0;
	piece = data[0] % 64 + (size_t)1;
	peer_init(&w.peer, "me@x", 7, &PEER, &w);
	w.collector =
	    data[1] & 1 ? probe_new(&w.peer, 1000, &PROBE, &OWNER, &w) : plain_new(&w.peer, 1000, "", &OWNER, &w);
	w.collector->ops->start(w.collector);
	frame_reader_init(&r);
	for (size_t i = 2; i < size && !w.ended; i += piece) {
		frame_feed(&r, data + i, size - i < piece ? size - i : piece);
		while (take_frame(&w, &r))
			continue;
	}
	frame_reader_release(&r);
	w.collector->ops->free(w.collector);
	peer_release(&w.peer);
	return 0;
}
