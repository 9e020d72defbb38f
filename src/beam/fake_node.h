/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For unit tests of collectors: the other end of a peer, played by the test, and a log of what the collector did. A line of `log` each: frames as
 * their control term and message, and what the owner was told.
 */
#ifndef BEAM_FAKE_NODE_H
#define BEAM_FAKE_NODE_H

#include <string.h>

#include "base/testing.h"
#include "beam/collector.h"
#include "beam/frame.h"
#include "beam/peer.h"
#include "etf/etf_text.h"
#include "etf/etf_write.h"

struct fake_node {
	struct peer peer;
	struct collector *collector;
	struct strbuf log;
	int64_t now_ms;
	struct sample last; /* sample */
};

static inline void
fake_log_term(struct fake_node *n, const char *label, struct etf *e)
{
	strbuf_adds(&n->log, label);
	assert_true(etf_text(e, 8000, &n->log));
}

static inline void
fake_write(void *arg, const void *data, size_t len)
{
	struct fake_node *n = arg;
	const uint8_t *p = data;
	struct etf e;

	etf_init_versioned(&e, p + 5, len - 5);
	fake_log_term(n, "", &e);
	if (!etf_done(&e)) {
		etf_init_versioned(&e, e.p, (size_t)(e.end - e.p));
		fake_log_term(n, " | ", &e);
	}
	assert_true(etf_done(&e));
	strbuf_adds(&n->log, "\n");
}

static inline void
fake_message(void *arg, struct etf_span message)
{
	struct fake_node *n = arg;

	n->collector->ops->message(n->collector, message);
}

static inline void
fake_down(void *arg, uint64_t monitor, struct etf_span reason)
{
	struct fake_node *n = arg;

	n->collector->ops->down(n->collector, monitor, reason);
}

static inline void
fake_exited(void *arg, struct etf_span pid, struct etf_span reason)
{
	struct fake_node *n = arg;

	(void)pid, (void)reason;
	n->collector->ops->exited(n->collector);
}

static inline int64_t
fake_now(void *arg)
{
	return ((struct fake_node *)arg)->now_ms;
}

static inline void
fake_info(void *arg, const struct node_info *info)
{
	strbuf_addf(&((struct fake_node *)arg)->log, "info otp %s injected %d seen %d note \"%s\"\n", info->otp_release,
	    info->injected, info->restarts_seen, info->note);
}

static inline void
fake_sample(void *arg, struct sample *s)
{
	struct fake_node *n = arg;

	n->last = *s;
	strbuf_adds(&n->log, "sample\n");
}

static inline void
fake_restart(void *arg, struct restart *r)
{
	strbuf_addf(&((struct fake_node *)arg)->log, "restart of %s\n", term_text(r->child_id));
}

static inline void
fake_lost(void *arg, uint64_t restarts)
{
	strbuf_addf(&((struct fake_node *)arg)->log, "lost %d\n", (int)restarts);
}

static inline void
fake_survey(void *arg, struct survey *s)
{
	strbuf_addf(&((struct fake_node *)arg)->log, "survey %s %u\n", SURVEYS[s->kind].name, s->count);
	survey_release(s);
}

static inline void
fake_supervisor(void *arg, const struct supervisor_facts *f)
{
	strbuf_addf(&((struct fake_node *)arg)->log, "supervisor %s %s\n", term_text(f->supervisor), f->kind);
}

static inline void
fake_notice(void *arg, bool warning, const char *text)
{
	strbuf_addf(&((struct fake_node *)arg)->log, "notice %d %s\n", warning, text);
}

static inline void
fake_stopping(void *arg)
{
	strbuf_adds(&((struct fake_node *)arg)->log, "stopping\n");
}

static inline void
fake_bad(void *arg, const char *what)
{
	strbuf_addf(&((struct fake_node *)arg)->log, "bad %s\n", what);
}

static inline void
fake_failed(void *arg, enum node_state state, const char *detail)
{
	strbuf_addf(&((struct fake_node *)arg)->log, "failed %s: %s\n", node_state_name(state), detail);
}

static inline void
fake_no_probe(void *arg, const char *why)
{
	strbuf_addf(&((struct fake_node *)arg)->log, "no probe: %s\n", why);
}

static const struct peer_handlers FAKE_PEER = { fake_write, fake_message, fake_down, fake_exited };
static const struct collector_handlers FAKE_OWNER = { fake_now, fake_info, fake_sample, fake_restart, fake_lost,
	fake_survey, fake_supervisor, fake_notice, fake_stopping, fake_bad, fake_failed, fake_no_probe };

static inline void
fake_init(struct fake_node *n)
{
	memset(n, 0, sizeof(*n));
	n->now_ms = 100000;
	peer_init(&n->peer, "me@x", 7, &FAKE_PEER, n);
}

static inline void
fake_release(struct fake_node *n)
{
	n->collector->ops->free(n->collector);
	peer_release(&n->peer);
	strbuf_release(&n->log);
}

/* What was logged since the last look. */
static inline void
fake_expect(struct fake_node *n, const char *log)
{
	assert_string_equal(strbuf_cstr(&n->log), log);
	strbuf_reset(&n->log);
}

static inline void
fake_deliver(struct fake_node *n, struct strbuf *body)
{
	struct err err;

	assert_true(peer_frame(&n->peer, (struct etf_span) { (uint8_t *)body->data, body->len }, &err));
	strbuf_release(body);
}

static inline void
fake_put_ref(struct strbuf *sb, uint64_t ref)
{
	const uint32_t word[3] = { (uint32_t)ref, 0, 0 };

	etf_put_ref(sb, "me@x", 7, word);
}

/* The process of call number `ref` (or a monitored one) ends with this reason. */
static inline void
fake_exit(struct fake_node *n, uint64_t ref, const struct strbuf *reason)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_version(&sb);
	etf_put_tuple(&sb, 5);
	etf_put_int(&sb, 21);
	etf_put_pid(&sb, "a@h", 90, 0, 1);
	etf_put_raw(&sb, peer_self(&n->peer));
	fake_put_ref(&sb, ref);
	strbuf_add(&sb, reason->data, reason->len);
	fake_deliver(n, &sb);
}

/* Call number `ref` returns this value. */
static inline void
fake_return(struct fake_node *n, uint64_t ref, struct strbuf *value)
{
	struct strbuf reason = STRBUF_INIT;

	etf_put_tuple(&reason, 3);
	fake_put_ref(&reason, ref);
	etf_put_atom(&reason, "return");
	strbuf_add(&reason, value->data, value->len);
	fake_exit(n, ref, &reason);
	strbuf_release(&reason);
	strbuf_release(value);
}

static inline void
fake_send(struct fake_node *n, struct strbuf *message)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_version(&sb);
	etf_put_tuple(&sb, 3);
	etf_put_int(&sb, 2);
	etf_put_atom(&sb, "");
	etf_put_raw(&sb, peer_self(&n->peer));
	etf_put_version(&sb);
	strbuf_add(&sb, message->data, message->len);
	fake_deliver(n, &sb);
	strbuf_release(message);
}

static inline struct strbuf
fake_atom(const char *text)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_atom(&sb, text);
	return sb;
}

#endif
