/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/probe.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "beam/batch.h"
#include "beam/peer.h"
#include "beam/probe_message.h"
#include "beam/probe_supervisor.h"
#include "beam/probe_survey.h"
#include "etf/etf_text.h"
#include "etf/etf_write.h"

#define CHECK_TIMEOUT_MS 10000
#define LOAD_TIMEOUT_MS 30000 /* the code server may be busy with a release's start */
#define ATTACH_TIMEOUT_MS 15000
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 30000
#define SETTLED_MS 60000 /* a probe that ran for so long did not fail by itself */
#define ATTACH_TRIES 5   /* then it is taken as impossible */
#define STALL_MIN_MS 5000
#define REASON_MAX 200

enum step { CHECKING, LOADING, ATTACHING, RUNNING, WAITING };

struct probe {
	struct collector base;
	const struct embedded_file *file;
	char module[64];
	enum step step;
	int64_t retry_at_ms; /* while WAITING */
	int64_t retry_ms;    /* the next pause */
	unsigned failed_attaches;
	uint64_t monitor;       /* of the holder */
	struct strbuf holder;   /* its pid; empty while not attached */
	int64_t unacknowledged; /* the tick that came before we knew the holder */
	bool capture_told;      /* and what it said of the capture, in info */
	int64_t last_heard_ms;  /* the last tick or attach */
	int64_t attached_ms;
	struct node_info info;
	struct requests requests;
	struct sample sample;
};

static void check(struct probe *p);

static struct probe *
probe_of(struct collector *c)
{
	return (struct probe *)c;
}

static int64_t
now(const struct probe *p)
{
	return p->base.handlers->now(p->base.arg);
}

static void
call(struct probe *p, int64_t timeout_ms, const char *module, const char *function, struct strbuf *args, call_cb *cb)
{
	if (!peer_call(p->base.peer, now(p), timeout_ms, module, function, args, cb, p))
		assert(!"a probe has one call under way at most");
	strbuf_release(args);
}

/* The reason behind a failed call, for a person. */
static void
reason_text(enum call_result result, struct etf *value, char *buf, size_t size)
{
	struct strbuf sb = STRBUF_INIT;

	if (result == CALL_TIMED_OUT)
		strbuf_adds(&sb, "no answer in time");
	else if (!etf_text(value, REASON_MAX, &sb))
		strbuf_adds(&sb, "an unreadable reason");
	snprintf(buf, size, "%s", strbuf_cstr(&sb));
	strbuf_release(&sb);
}

static void
impossible(struct probe *p, const char *what, enum call_result result, struct etf *value)
{
	char reason[REASON_MAX + 1];
	char why[REASON_MAX + 80];

	reason_text(result, value, reason, sizeof(reason));
	snprintf(why, sizeof(why), "the probe could not be %s there (%s)", what, reason);
	p->step = WAITING;
	p->retry_at_ms = INT64_MAX;
	p->base.handlers->no_probe(p->base.arg, why);
}

static void
hangs(struct probe *p, const char *what, int64_t timeout_ms)
{
	char detail[160];

	snprintf(
	    detail, sizeof(detail), "is linked, but does not answer %s within %d s", what, (int)(timeout_ms / 1000));
	p->base.handlers->failed(p->base.arg, NODE_HANGING, detail);
}

static void
wait_and_retry(struct probe *p)
{
	p->step = WAITING;
	p->retry_at_ms = now(p) + p->retry_ms;
	p->retry_ms = 2 * p->retry_ms < RETRY_MAX_MS ? 2 * p->retry_ms : RETRY_MAX_MS;
}

/* ---- attaching ------------------------------------------------------------------------------------------------------- */

static void
acknowledge(struct probe *p, int64_t seq)
{
	struct strbuf message = STRBUF_INIT;

	etf_put_tuple(&message, 3);
	etf_put_atom(&message, "ack");
	etf_put_raw(&message, peer_self(p->base.peer));
	etf_put_int(&message, seq);
	peer_send(p->base.peer, (struct etf_span) { (const uint8_t *)p->holder.data, p->holder.len },
	    (struct etf_span) { (const uint8_t *)message.data, message.len });
	strbuf_release(&message);
}

/* What was told of the capture since is newer than the answer to the attach, although it came before it. */
static void
take_info(struct probe *p, const struct node_info *info)
{
	struct node_info told = p->info;

	p->info = *info;
	if (p->capture_told) {
		p->info.restarts_seen = told.restarts_seen;
		memcpy(p->info.note, told.note, sizeof(told.note));
	}
	p->capture_told = false;
}

static void
attached(struct probe *p, struct etf_span holder, const struct node_info *info)
{
	p->step = RUNNING;
	p->failed_attaches = 0;
	p->attached_ms = now(p);
	p->last_heard_ms = p->attached_ms;
	strbuf_reset(&p->holder);
	strbuf_add(&p->holder, holder.data, holder.len);
	p->monitor = peer_monitor(p->base.peer, holder);
	take_info(p, info);
	p->base.handlers->info(p->base.arg, &p->info);
	if (p->unacknowledged > 0)
		acknowledge(p, p->unacknowledged);
	p->unacknowledged = 0;
}

/* {error, leaving} and the like: the module is just being removed, after another watcher left. */
static void
attach_failed(struct probe *p, enum call_result result, struct etf *value)
{
	if (++p->failed_attaches >= ATTACH_TRIES)
		impossible(p, "attached to", result, value);
	else
		wait_and_retry(p);
}

static void
on_attached(void *arg, enum call_result result, struct etf *value)
{
	struct probe *p = arg;
	struct etf e = *value;
	struct node_info info;
	struct etf_span holder;

	if (result == CALL_TIMED_OUT) {
		hangs(p, "the attach", ATTACH_TIMEOUT_MS);
		return;
	}
	if (result != CALL_RETURNED || etf_tuple(&e) != 3 || !etf_atom_is(&e, "ok") || !etf_is_pid(etf_peek(&e))) {
		attach_failed(p, result, value);
		return;
	}
	holder = etf_raw(&e);
	if (!probe_read_info(&e, &info)) {
		attach_failed(p, result, value);
		return;
	}
	info.injected = true;
	attached(p, holder, &info);
}

static void
put_attach_arguments(struct probe *p, struct strbuf *out)
{
	etf_put_list(out, 2);
	etf_put_raw(out, peer_self(p->base.peer));
	etf_put_map(out, 1);
	etf_put_atom(out, "interval");
	etf_put_int(out, p->base.interval_ms);
	etf_put_nil(out);
}

static void
attach(struct probe *p)
{
	struct strbuf args = STRBUF_INIT;

	p->step = ATTACHING;
	put_attach_arguments(p, &args);
	call(p, ATTACH_TIMEOUT_MS, p->module, "attach", &args, on_attached);
}

static void
on_loaded(void *arg, enum call_result result, struct etf *value)
{
	struct probe *p = arg;
	struct etf e = *value;

	if (result == CALL_RETURNED && etf_tuple(&e) == 2 && etf_atom_is(&e, "module"))
		attach(p);
	else
		impossible(p, "loaded", result, value);
}

static void
put_load_arguments(struct probe *p, struct strbuf *out)
{
	etf_put_list(out, 3);
	etf_put_atom(out, p->module);
	etf_put_string(out, p->file->name, strlen(p->file->name));
	etf_put_binary(out, p->file->data, p->file->len);
	etf_put_nil(out);
}

/* Loading alone, to hear why it fails. */
static void
load(struct probe *p)
{
	struct strbuf args = STRBUF_INIT;

	p->step = LOADING;
	put_load_arguments(p, &args);
	call(p, LOAD_TIMEOUT_MS, "code", "load_binary", &args, on_loaded);
}

static void
on_loaded_and_attached(void *arg, enum call_result result, struct etf *value)
{
	struct probe *p = arg;
	struct etf e = *value;

	/*
	 * It answers to calls, but its code server does not. Should that come to life later, the probe attaches after all, hears
	 * nothing from us and cuts the link, and the next one begins anew.
	 */
	if (result == CALL_TIMED_OUT) {
		impossible(p, "loaded", result, value);
	} else if (result == CALL_RETURNED && etf_list(&e) == 2 && etf_skip(&e)) {
		p->step = ATTACHING;
		on_attached(p, result, &e);
	} else {
		load(p);
	}
}

/*
 * Both in one call: were we to die between two, the module would be left on the node with nobody in it who removes it.
 */
static void
load_and_attach(struct probe *p)
{
	struct batch b = { .count = 0 };
	struct strbuf args = STRBUF_INIT;

	p->step = LOADING;
	put_load_arguments(p, batch_add(&b, "code", "load_binary"));
	put_attach_arguments(p, batch_add(&b, p->module, "attach"));
	batch_arguments(&b, &args);
	call(p, LOAD_TIMEOUT_MS, "lists", "zipwith3", &args, on_loaded_and_attached);
}

static void
on_checked(void *arg, enum call_result result, struct etf *value)
{
	struct probe *p = arg;
	struct etf e = *value;

	if (result == CALL_TIMED_OUT)
		hangs(p, "a call", CHECK_TIMEOUT_MS);
	else if (result != CALL_RETURNED)
		impossible(p, "looked for", result, value);
	else if (etf_atom_is(&e, "true"))
		attach(p);
	else
		load_and_attach(p);
}

static void
check(struct probe *p)
{
	struct strbuf args = STRBUF_INIT;

	p->step = CHECKING;
	etf_put_list(&args, 1);
	etf_put_atom(&args, p->module);
	etf_put_nil(&args);
	call(p, CHECK_TIMEOUT_MS, "erlang", "module_loaded", &args, on_checked);
}

/* ---- listening ------------------------------------------------------------------------------------------------------- */

static void
on_tick(struct probe *p, struct etf *e)
{
	int64_t seq;

	if (!probe_read_tick(e, &seq, &p->sample)) {
		p->base.handlers->bad(p->base.arg, "a malformed arsenal_tick");
		return;
	}
	p->last_heard_ms = now(p);
	if (p->holder.len > 0)
		acknowledge(p, seq);
	else
		p->unacknowledged = seq;
	p->base.handlers->sample(p->base.arg, &p->sample);
}

static void
on_restart(void *arg, struct restart *r)
{
	struct probe *p = arg;

	p->base.handlers->restart(p->base.arg, r);
}

static void
on_restarts(struct probe *p, struct etf *e)
{
	uint64_t lost;

	if (!probe_read_restarts(e, &lost, on_restart, p))
		p->base.handlers->bad(p->base.arg, "malformed arsenal_restarts");
	if (lost > 0)
		p->base.handlers->lost(p->base.arg, lost);
}

static void
on_notice(struct probe *p, struct etf *e)
{
	char text[PROBE_NOTICE_SIZE];
	bool warning;

	if (probe_read_notice(e, &warning, text))
		p->base.handlers->notice(p->base.arg, warning, text);
	else
		p->base.handlers->bad(p->base.arg, "a malformed arsenal_notice");
}

static void
on_survey(struct probe *p, struct etf *e)
{
	struct survey s;
	bool known;

	if (!probe_read_survey(e, &known, &s))
		p->base.handlers->bad(p->base.arg, "a malformed arsenal_survey");
	else if (known)
		p->base.handlers->survey(p->base.arg, &s);
}

/* The capture of restarts turned blind, or sees again, since the attach: somebody changed a log level. */
static void
on_capture(struct probe *p, struct etf *e)
{
	if (!probe_read_capture(e, &p->info))
		p->base.handlers->bad(p->base.arg, "a malformed arsenal_capture");
	else if (p->step == RUNNING)
		p->base.handlers->info(p->base.arg, &p->info);
	else
		p->capture_told = true;
}

static void
on_reply(struct probe *p, struct etf *e)
{
	if (!requests_reply(&p->requests, e))
		p->base.handlers->bad(p->base.arg, "a malformed arsenal_reply");
}

static void
on_supervisor(void *arg, const struct supervisor_facts *f)
{
	struct probe *p = arg;

	p->base.handlers->supervisor(p->base.arg, f);
}

static void
probe_message(struct collector *c, struct etf_span message)
{
	struct etf e;

	etf_init(&e, message.data, message.len);
	switch (probe_message_open(&e)) {
	case PROBE_TICK:
		on_tick(probe_of(c), &e);
		break;
	case PROBE_RESTARTS:
		on_restarts(probe_of(c), &e);
		break;
	case PROBE_NOTICE:
		on_notice(probe_of(c), &e);
		break;
	case PROBE_SURVEY:
		on_survey(probe_of(c), &e);
		break;
	case PROBE_CAPTURE:
		on_capture(probe_of(c), &e);
		break;
	case PROBE_REPLY:
		on_reply(probe_of(c), &e);
		break;
	case PROBE_SUPERVISORS:
		if (!probe_read_supervisors(&e, on_supervisor, c))
			c->handlers->bad(c->arg, "malformed arsenal_supervisors");
		break;
	case PROBE_STOPPING:
		if (probe_read_stopping(&e))
			c->handlers->stopping(c->arg);
		else
			c->handlers->bad(c->arg, "a malformed arsenal_stopping");
		break;
	case PROBE_UNKNOWN:
		c->handlers->bad(c->arg, "a message that is none of the probe's");
		break;
	}
}

static void
probe_down(struct collector *c, uint64_t monitor, struct etf_span reason)
{
	struct probe *p = probe_of(c);
	char text[REASON_MAX + 1];
	char notice[REASON_MAX + 80];
	struct etf e;

	if (monitor != p->monitor)
		return;
	etf_init(&e, reason.data, reason.len);
	reason_text(CALL_RAISED, &e, text, sizeof(text));
	snprintf(notice, sizeof(notice), "the probe has ended (%s): it is attached again", text);
	c->handlers->notice(c->arg, true, notice);
	strbuf_reset(&p->holder);
	p->monitor = 0;
	requests_end(&p->requests, REQUEST_LOST, "the probe ended before it answered");
	if (now(p) - p->attached_ms >= SETTLED_MS)
		p->retry_ms = RETRY_MIN_MS;
	wait_and_retry(p);
}

/* ---------------------------------------------------------------------------------------------------------------------- */

static void
probe_start(struct collector *c)
{
	check(probe_of(c));
}

static void
probe_exited(struct collector *c)
{
	(void)c; /* nothing is linked to us */
}

static void
probe_tick(struct collector *c, int64_t now_ms)
{
	struct probe *p = probe_of(c);

	requests_expire(&p->requests, now_ms);
	if (p->step == WAITING && now_ms >= p->retry_at_ms)
		check(p);
}

static int64_t
probe_deadline(const struct collector *c)
{
	const struct probe *p = (const struct probe *)c;

	int64_t retry_ms = p->step == WAITING ? p->retry_at_ms : INT64_MAX;
	int64_t late_ms = requests_deadline(&p->requests);

	return retry_ms < late_ms ? retry_ms : late_ms;
}

/* Calls have time-outs of their own; but a probe that was heard once must be heard again. */
static int64_t
probe_awaited_since(const struct collector *c)
{
	const struct probe *p = (const struct probe *)c;

	return p->last_heard_ms ? p->last_heard_ms : INT64_MAX;
}

static enum request_result
probe_request(struct collector *c, const struct strbuf *what, request_cb *cb, void *arg)
{
	struct probe *p = probe_of(c);
	struct strbuf message = STRBUF_INIT;
	int64_t id;

	if (p->step != RUNNING)
		return REQUEST_NOT_LINKED;
	id = requests_begin(&p->requests, now(p), cb, arg);
	if (id == 0)
		return REQUEST_REFUSED;
	requests_put(&message, peer_self(c->peer), id, what);
	peer_send(c->peer, (struct etf_span) { (const uint8_t *)p->holder.data, p->holder.len },
	    (struct etf_span) { (const uint8_t *)message.data, message.len });
	strbuf_release(&message);
	return REQUEST_UNDER_WAY;
}

static void
probe_free(struct collector *c)
{
	requests_end(&probe_of(c)->requests, REQUEST_LOST, "the link to the node was lost before it answered");
	strbuf_release(&probe_of(c)->holder);
	free(c);
}

static const struct collector_ops OPS = { probe_start, probe_message, probe_down, probe_exited, probe_tick,
	probe_deadline, probe_awaited_since, probe_request, probe_free };

struct collector *
probe_new(struct peer *peer, int64_t interval_ms, const struct embedded_file *file,
    const struct collector_handlers *handlers, void *arg)
{
	struct probe *p = xcalloc(1, sizeof(*p));
	int64_t stall_ms = 3 * interval_ms > STALL_MIN_MS ? 3 * interval_ms : STALL_MIN_MS;

	p->base = (struct collector) { &OPS, peer, handlers, arg, interval_ms, stall_ms };
	p->file = file;
	p->retry_ms = RETRY_MIN_MS;
	/* The time, so that an answer to our last link of this name is not taken for one to this. */
	requests_init(&p->requests, handlers->now(arg));
	snprintf(p->module, sizeof(p->module), "%.*s", (int)strcspn(file->name, "."), file->name);
	return &p->base;
}
