/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/genserver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "beam/genserver_answer.h"
#include "beam/genserver_history.h"
#include "beam/probe_message.h"
#include "beam/probe_supervisor.h"
#include "beam/probe_survey.h"
#include "engine/answer.h"
#include "etf/etf_text.h"
#include "etf/etf_write.h"

/* A tick's time that differs more than this from what was expected: a clock was set. */
#define CLOCK_JUMP_MS 1000
#define SHOWN_MAX 200 /* bytes of a bad message in the log */
/* No time of a message is further from 1970, so that no sum or difference of two overflows. */
#define TIME_MAX_MS (INT64_C(1) << 53)

/* A call that waits. */
struct held {
	struct held *next;
	int64_t id;
	int64_t since_ms; /* clock_ms */
	uint64_t check;   /* waits for this one */
	bool needs_sample;
	struct request request;
	size_t len;
	uint8_t raw[];
};

/* A wrapped term that came lately, by its bytes: in a burst the same few come again and again. */
#define RECENT_TERMS 256
struct recent {
	uint8_t len;
	uint8_t raw[63];
	struct term *term; /* NULL: none */
};

enum probe_state { PROBE_EXPECTED, PROBE_ATTACHED, PROBE_GONE };

struct genserver {
	struct genserver_host host;
	void *arg;
	struct packet_writer *out;
	uint32_t os_pid;
	struct genserver_init init;
	struct genserver_started started; /* engine: NULL before */
	bool failed;

	uint64_t last;    /* cast that was taken */
	uint64_t settled; /* that was confirmed or marked */

	int64_t clock_ms;
	int64_t ahead_ms; /* how far the VM's clock is ahead of ours */
	bool ahead_known;
	int64_t back_ms; /* by how much it was set back: so far are the VM's times behind ours */

	enum probe_state probe;
	struct node_info info;
	struct requests requests;
	uint64_t checks_wanted; /* by force_health_check */
	uint64_t checks_asked;  /* of the probe; the rest are one more question */
	uint64_t checks_done;
	int64_t asked_ms; /* VM's time of the question; ticks since */
	unsigned ticks_since;

	struct held *held;
	struct held **held_end;
	size_t held_count;
	size_t held_bytes;

	struct history_calls histories;
	struct plan_memo plan;

	unsigned wanted; /* event types, as bits */
	uint64_t events_dropped;
	struct recent recent[RECENT_TERMS];
	struct sample sample; /* scratch */
};

/* ---- the VM's times ---- */

static bool
is_time(int64_t time_ms)
{
	return time_ms >= -TIME_MAX_MS && time_ms <= TIME_MAX_MS;
}

/* our_time is a time of the VM's clock as ours; what is no time stays what it is. */
static int64_t
our_time(const struct genserver *g, int64_t time_ms)
{
	return is_time(time_ms) ? time_ms + g->back_ms : time_ms;
}

/* ---- messages to the router ---------------------------------------------------------------------------------------- */

/* A binary whose length is known at its end only. */
static size_t
begin_binary(struct strbuf *out)
{
	etf_put_binary(out, "", 0);
	return out->len;
}

static void
end_binary(struct strbuf *out, size_t begin)
{
	uint32_t len = (uint32_t)(out->len - begin);

	for (size_t i = 0; i < 4; i++)
		out->data[begin - 4 + i] = (char)(len >> (24 - 8 * i));
}

static struct strbuf *
message(struct genserver *g, const char *tag, uint32_t arity)
{
	struct strbuf *out = packet_message(g->out);

	etf_put_tuple(out, arity);
	etf_put_atom(out, tag);
	return out;
}

/* Lines, like events, are for a router that keeps up. */
void
genserver_log(struct genserver *g, const char *level, const char *text)
{
	struct strbuf *out;

	if (g->host.is_slow(g->arg))
		return;
	out = message(g, "log", 3);
	etf_put_atom(out, level);
	etf_put_binary(out, text, strlen(text));
}

void
genserver_confirm(struct genserver *g, uint64_t last)
{
	etf_put_int(message(g, "confirm", 2), (int64_t)last);
}

void
genserver_event(struct genserver *g, const struct node_event *ev)
{
	struct answer_term a;
	struct strbuf *out;
	size_t begin;

	if (!(g->wanted & 1u << ev->type))
		return;
	if (g->host.is_slow(g->arg)) {
		g->events_dropped++;
		return;
	}
	out = message(g, "event", 3);
	etf_put_atom(out, event_type_name(ev->type));
	begin = begin_binary(out);
	etf_put_version(out);
	answer_term_init(&a, out);
	answer_event_data(&a.base, ev);
	end_binary(out, begin);
}

static void
log_bad(struct genserver *g, const char *what, struct etf_span message)
{
	struct strbuf text = STRBUF_INIT;
	struct etf e;

	etf_init(&e, message.data, message.len);
	strbuf_addf(&text, "%s: ", what);
	if (!etf_text(&e, SHOWN_MAX, &text))
		strbuf_adds(&text, "no term");
	genserver_log(g, "error", strbuf_cstr(&text));
	strbuf_release(&text);
}

/* ---- calls ----------------------------------------------------------------------------------------------------------- */

static struct strbuf *
begin_reply(struct genserver *g, int64_t id, size_t *begin)
{
	struct strbuf *out = message(g, "reply", 3);

	etf_put_int(out, id);
	*begin = begin_binary(out);
	etf_put_version(out);
	return out;
}

static void
reply_error(struct genserver *g, int64_t id, const char *reason)
{
	size_t begin;
	struct strbuf *out = begin_reply(g, id, &begin);

	etf_put_tuple(out, 2);
	etf_put_atom(out, "error");
	etf_put_atom(out, reason);
	end_binary(out, begin);
}

static void
answer_history_soon(struct genserver *g, int64_t id, int64_t start_ms, int64_t end_ms)
{
	if (end_ms < start_ms)
		reply_error(g, id, "end_before_start");
	else if (!history_calls_add(&g->histories, id, start_ms, end_ms))
		reply_error(g, id, "overloaded");
}

static void
answer(struct genserver *g, int64_t id, const struct request *rq)
{
	int64_t start_ms, end_ms;
	const struct genserver_view view = {
		.engine = g->started.engine,
		.now_ms = genserver_now(g, g->clock_ms),
		.os_pid = g->os_pid,
		.max_history = g->init.max_history,
		.http = g->started.http,
		.figures = g->host.figures,
		.arg = g->arg,
		.events_dropped = g->events_dropped,
		.plan = &g->plan,
	};
	struct strbuf *out;
	size_t begin;

	if (request_history(rq, &start_ms, &end_ms)) {
		answer_history_soon(g, id, our_time(g, start_ms), our_time(g, end_ms));
		return;
	}
	out = begin_reply(g, id, &begin);
	if (!request_answer(rq, &view, out)) {
		etf_put_tuple(out, 2);
		etf_put_atom(out, "error");
		etf_put_atom(out, "bad_request");
	}
	end_binary(out, begin);
}

static bool
must_wait(const struct genserver *g, uint64_t check, bool needs_sample, int64_t since_ms)
{
	int64_t waited = g->clock_ms - since_ms;

	if (check > g->checks_done && waited < GENSERVER_CHECK_MS)
		return true;
	return needs_sample && engine_last(g->started.engine) == NULL && g->probe != PROBE_GONE &&
	    waited < GENSERVER_SAMPLE_MS;
}

static void
hold(struct genserver *g, int64_t id, const struct request *rq, struct etf_span raw)
{
	struct held *h;

	if (g->held_count >= GENSERVER_HELD_MAX || g->held_bytes + raw.len > GENSERVER_HELD_BYTES) {
		reply_error(g, id, "overloaded");
		return;
	}
	h = xmalloc(sizeof(*h) + raw.len);
	*h = (struct held) {
		.id = id,
		.since_ms = g->clock_ms,
		.check = g->checks_wanted,
		.needs_sample = request_needs_sample(rq),
		.len = raw.len,
	};
	memcpy(h->raw, raw.data, raw.len);
	*g->held_end = h;
	g->held_end = &h->next;
	g->held_count++;
	g->held_bytes += raw.len;
}

/* release answers those held calls that need not wait any longer, in the order in which they came. */
static void
release(struct genserver *g)
{
	struct held **at = &g->held;

	while (*at) {
		struct held *h = *at;

		if (must_wait(g, h->check, h->needs_sample, h->since_ms)) {
			at = &h->next;
			continue;
		}
		if (request_open(&h->request, (struct etf_span) { h->raw, h->len }))
			answer(g, h->id, &h->request);
		*at = h->next;
		g->held_count--;
		g->held_bytes -= h->len;
		free(h);
	}
	g->held_end = at;
}

/* {call, Id, Request} */
static bool
read_call(struct genserver *g, struct etf *e)
{
	int64_t id = etf_int(e);
	struct etf_span raw = etf_raw(e);
	struct request rq;

	if (!etf_done(e))
		return false;
	if (!request_open(&rq, raw))
		reply_error(g, id, "bad_request");
	else if (must_wait(g, g->checks_wanted, request_needs_sample(&rq), g->clock_ms))
		hold(g, id, &rq, raw);
	else
		answer(g, id, &rq);
	return true;
}

static void
cancel_held(struct genserver *g, int64_t id)
{
	struct held **at = &g->held, *h;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	h = *at;
	if (h == NULL)
		return;
	*at = h->next;
	if (g->held_end == &h->next)
		g->held_end = at;
	g->held_count--;
	g->held_bytes -= h->len;
	free(h);
}

/* {cancel, Id} */
static bool
read_cancel(struct genserver *g, struct etf *e)
{
	int64_t id = etf_int(e);

	if (!etf_done(e))
		return false;
	cancel_held(g, id);
	history_calls_cancel(&g->histories, id);
	return true;
}

bool
genserver_has_turn(const struct genserver *g)
{
	return history_calls_has_turn(&g->histories, g->out);
}

void
genserver_turn(struct genserver *g)
{
	history_calls_turn(&g->histories, g->started.engine, g->out);
}

int64_t
genserver_deadline(const struct genserver *g)
{
	int64_t first = requests_deadline(&g->requests);

	/* They came in order, but wait for two things: the first of each kind is the earliest. */
	for (const struct held *h = g->held; h; h = h->next) {
		int64_t wait = h->check > g->checks_done && g->clock_ms < h->since_ms + GENSERVER_CHECK_MS
		    ? GENSERVER_CHECK_MS
		    : GENSERVER_SAMPLE_MS;

		if (h->since_ms + wait < first)
			first = h->since_ms + wait;
	}
	return first;
}

void
genserver_expire(struct genserver *g, int64_t clock_ms)
{
	g->clock_ms = clock_ms;
	requests_expire(&g->requests, clock_ms);
	if (g->started.engine)
		release(g);
}

/* ---- fresh ticks --------------------------------------------------------------------------------------------------- */

/* One question at a time: those who ask meanwhile share the next. */
static void
ask_for_tick(struct genserver *g)
{
	if (g->checks_wanted == g->checks_asked || g->checks_asked > g->checks_done)
		return;
	g->checks_asked = g->checks_wanted;
	g->asked_ms = genserver_now(g, g->clock_ms);
	g->ticks_since = 0;
	etf_put_atom(packet_message(g->out), "collect");
}

static void
no_more_checks(struct genserver *g)
{
	g->checks_done = g->checks_asked = g->checks_wanted;
	release(g);
}

static void
force_health_check(struct genserver *g)
{
	g->checks_wanted++;
	if (g->probe == PROBE_GONE)
		no_more_checks(g);
	else
		ask_for_tick(g);
}

/* A tick that was under way when we asked is not the one that we asked for; the second one is, whatever the clocks say. */
static void
check_done(struct genserver *g, int64_t tick_ms)
{
	if (g->checks_asked > g->checks_done && (tick_ms >= g->asked_ms || g->ticks_since > 0)) {
		g->checks_done = g->checks_asked;
		ask_for_tick(g);
	}
	g->ticks_since++;
}

/* ---- the probe ------------------------------------------------------------------------------------------------------- */

int64_t
genserver_now(const struct genserver *g, int64_t clock_ms)
{
	return clock_ms + g->ahead_ms + g->back_ms;
}

/* The engine's time never goes back, and must not stand still either: it goes on, and the VM's times are moved. */
static void
set_back(struct genserver *g, int64_t by_ms)
{
	char text[160];

	g->back_ms += by_ms;
	snprintf(text, sizeof(text),
	    "the clock was set back by %" PRId64 " s: until arsenal is started again its times are ahead by that",
	    by_ms / 1000);
	genserver_log(g, "warning", text);
}

/* set_forward: by as much as it was set back before, time does not jump. */
static void
set_forward(struct genserver *g, int64_t by_ms)
{
	g->back_ms = by_ms < g->back_ms ? g->back_ms - by_ms : 0;
}

/*
 * What a tick took is never negative, so the one that came fastest is the nearest to the truth; it counts for a while, as the VM's clock drifts (it is
 * corrected at up to 1 %).
 */
static void
set_clock(struct genserver *g, int64_t tick_ms)
{
	int64_t ahead = tick_ms - g->clock_ms;
	int64_t change = ahead - g->ahead_ms;

	if (g->ahead_known && change < -CLOCK_JUMP_MS)
		set_back(g, -change);
	if (g->ahead_known && change > CLOCK_JUMP_MS)
		set_forward(g, change);
	if (!g->ahead_known || change > 0 || change < -CLOCK_JUMP_MS)
		g->ahead_ms = ahead;
	else
		g->ahead_ms += change / 8;
	g->ahead_known = true;
}

static bool
read_tick(struct genserver *g, struct etf *e)
{
	int64_t seq;

	if (!probe_read_tick(e, &seq, &g->sample) || g->sample.time_ms <= 0 || g->sample.time_ms > TIME_MAX_MS)
		return false;
	set_clock(g, g->sample.time_ms);
	g->sample.time_ms = our_time(g, g->sample.time_ms);
	g->host.sample(g->arg, genserver_now(g, g->clock_ms), &g->sample);
	check_done(g, g->sample.time_ms);
	release(g);
	return true;
}

static bool
read_notice(struct genserver *g, struct etf *e)
{
	char text[PROBE_NOTICE_SIZE];
	bool warning;

	if (!probe_read_notice(e, &warning, text))
		return false;
	genserver_log(g, warning ? "warning" : "info", text);
	return true;
}

static void
take_info(struct genserver *g)
{
	g->host.info(g->arg, &g->info);
	if (*g->info.note)
		genserver_log(g, "warning", g->info.note);
}

static bool
read_survey(struct genserver *g, struct etf *e)
{
	struct survey s;
	bool known;

	if (!probe_read_survey(e, &known, &s))
		return false;
	if (known)
		g->host.survey(g->arg, genserver_now(g, g->clock_ms), &s);
	return true;
}

static bool
read_capture(struct genserver *g, struct etf *e)
{
	if (!probe_read_capture(e, &g->info))
		return false;
	take_info(g);
	return true;
}

static void
on_supervisor(void *arg, const struct supervisor_facts *f)
{
	struct genserver *g = arg;

	g->host.supervisor(g->arg, genserver_now(g, g->clock_ms), f);
}

/* {probe, Message} */
static bool
read_probe(struct genserver *g, struct etf *e)
{
	switch (probe_message_open(e)) {
	case PROBE_TICK:
		return read_tick(g, e);
	case PROBE_SURVEY:
		return read_survey(g, e);
	case PROBE_SUPERVISORS:
		return probe_read_supervisors(e, on_supervisor, g);
	case PROBE_NOTICE:
		return read_notice(g, e);
	case PROBE_CAPTURE:
		return read_capture(g, e);
	case PROBE_REPLY:
		return requests_reply(&g->requests, e);
	case PROBE_STOPPING: /* a router that is in no application's tree is killed then, and cannot say goodbye */
		if (!probe_read_stopping(e))
			return false;
		g->host.goodbye(g->arg);
		return true;
	case PROBE_RESTARTS: /* is a cast */
	case PROBE_UNKNOWN:
		break;
	}
	return false;
}

/* {attached, Info} */
static bool
read_attached(struct genserver *g, struct etf *e)
{
	if (!probe_read_info(e, &g->info) || !etf_done(e))
		return false;
	g->info.injected = true;
	g->probe = PROBE_ATTACHED;
	take_info(g);
	g->host.state(g->arg, genserver_now(g, g->clock_ms), NODE_UP, "the probe is attached");
	return true;
}

/* {detached, Reason}: the router attaches anew, but until then nothing is seen. */
static bool
read_detached(struct genserver *g, struct etf *e)
{
	struct strbuf detail = STRBUF_INIT;
	bool ok;

	strbuf_adds(&detail, "the probe has ended: ");
	ok = etf_text(e, SHOWN_MAX, &detail) && etf_done(e);
	if (ok) {
		g->probe = PROBE_GONE;
		g->host.state(g->arg, genserver_now(g, g->clock_ms), NODE_STALLED, strbuf_cstr(&detail));
		no_more_checks(g);
		requests_end(&g->requests, REQUEST_LOST, strbuf_cstr(&detail));
	}
	strbuf_release(&detail);
	return ok;
}

/* {request, Id, What}: the router says who asks. */
enum request_result
genserver_request(struct genserver *g, int64_t clock_ms, const struct strbuf *what, request_cb *cb, void *arg)
{
	struct strbuf *out;
	int64_t id;

	if (g->probe != PROBE_ATTACHED)
		return REQUEST_NOT_LINKED;
	if (g->requests.last_id == 0)
		requests_init(&g->requests, clock_ms);
	id = requests_begin(&g->requests, clock_ms, cb, arg);
	if (id == 0)
		return REQUEST_REFUSED;
	out = message(g, "request", 3);
	etf_put_int(out, id);
	strbuf_add(out, what->data, what->len);
	return REQUEST_UNDER_WAY;
}

/* ---- casts ------------------------------------------------------------------------------------------------------------- */

/* FNV-1a (Fowler, Noll, Vo). */
static struct recent *
recent_of(struct genserver *g, struct etf_span raw)
{
	uint32_t hash = 2166136261;

	for (size_t i = 0; i < raw.len; i++)
		hash = (hash ^ raw.data[i]) * 16777619;
	return &g->recent[(hash ^ hash >> 16) % RECENT_TERMS];
}

/* read_wrapped is probe_read_wrapped for terms that come often. */
static struct term *
read_wrapped(struct genserver *g, struct etf *e)
{
	struct etf at = *e;
	struct etf_span raw = etf_raw(&at);
	struct recent *r;

	if (raw.len == 0 || raw.len > sizeof(r->raw))
		return probe_read_wrapped(e);
	r = recent_of(g, raw);
	if (r->term && r->len == raw.len && memcmp(r->raw, raw.data, raw.len) == 0) {
		*e = at;
		return term_ref(r->term);
	}
	term_unref(r->term);
	r->term = probe_read_wrapped(e);
	r->len = (uint8_t)raw.len;
	memcpy(r->raw, raw.data, raw.len);
	return term_ref(r->term);
}

/* read_report reads Supervisor, Key, Child, Reason, and hands them over. */
static bool
read_report(struct genserver *g, struct etf *e, int64_t time_ms, uint64_t times)
{
	struct restart r = { .time_ms = time_ms, .kind = RESTART_DONE, .by_hand = true, .times = times };
	bool ok;

	r.supervisor = read_wrapped(g, e);
	r.key = read_wrapped(g, e);
	r.child_id = read_wrapped(g, e);
	r.reason = read_wrapped(g, e);
	ok = etf_done(e);
	if (ok && term_same(r.key, r.supervisor)) {
		term_unref(r.key);
		r.key = NULL;
	}
	if (ok)
		g->host.restart(g->arg, genserver_now(g, g->clock_ms), &r);
	restart_release(&r);
	return ok;
}

static bool
read_one_report(struct genserver *g, struct etf *e, int64_t time_ms)
{
	return read_report(g, e, time_ms, 1);
}

static bool
read_folded(struct genserver *g, struct etf *e, int64_t time_ms)
{
	int64_t count = etf_int(e);

	etf_int(e); /* when the first was: what counts is how many, and that they are over */
	return etf_ok(e) && count > 0 && read_report(g, e, time_ms, (uint64_t)count);
}

static void
on_caught(void *arg, struct restart *r)
{
	struct genserver *g = arg;

	if (is_time(r->time_ms)) {
		r->time_ms = our_time(g, r->time_ms);
		g->host.restart(g->arg, genserver_now(g, g->clock_ms), r);
	} else {
		g->host.lost_restarts(g->arg, genserver_now(g, g->clock_ms), r->times ? r->times : 1);
	}
}

static bool
read_caught(struct genserver *g, struct etf *e, int64_t time_ms UNUSED)
{
	uint64_t lost = 0;
	bool ok = probe_read_restarts(e, &lost, on_caught, g);

	if (lost > 0)
		g->host.lost_restarts(g->arg, genserver_now(g, g->clock_ms), lost);
	return ok;
}

static bool
read_what(struct genserver *g, struct etf *e, int64_t time_ms)
{
	static const struct {
		const char *tag;
		uint32_t arity;
		bool (*read)(struct genserver *g, struct etf *e, int64_t time_ms);
	} casts[] = {
		{ "track_restart", 5, read_one_report },
		{ "caught", 3, read_caught },
		{ "track_restarts", 7, read_folded },
	};
	uint32_t arity = etf_tuple(e);
	struct etf_atom tag;

	if (!etf_atom(e, &tag))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(casts); i++)
		if (casts[i].arity == arity && strcmp(casts[i].tag, tag.text) == 0)
			return casts[i].read(g, e, time_ms);
	return false;
}

/* {cast, N, TimeMs, What}. One that was taken before (it was sent again) is not taken twice; a bad one is no better when it is sent again. */
static bool
read_cast(struct genserver *g, struct etf *e)
{
	int64_t n = etf_int(e), time_ms = etf_int(e);

	if (!etf_ok(e) || n <= 0)
		return false;
	if ((uint64_t)n <= g->last)
		return true;
	g->last = (uint64_t)n;
	return is_time(time_ms) && read_what(g, e, our_time(g, time_ms));
}

void
genserver_settle(struct genserver *g)
{
	if (g->settled == g->last)
		return;
	g->settled = g->last;
	g->host.mark(g->arg, g->last);
	if (!g->started.confirms)
		genserver_confirm(g, g->last);
}

/* ---- the beginning ----------------------------------------------------------------------------------------------------- */

static void
put_ready(struct genserver *g, bool store)
{
	struct strbuf *out = message(g, "ready", 3);

	etf_put_int(out, (int64_t)g->last);
	etf_put_map(out, 3);
	etf_put_atom(out, "os_pid");
	etf_put_int(out, g->os_pid);
	etf_put_atom(out, "http");
	if (g->started.http)
		etf_put_binary(out, g->started.http, strlen(g->started.http));
	else
		etf_put_atom(out, "undefined");
	etf_put_atom(out, "store");
	etf_put_atom(out, store ? "true" : "false");
}

static void
put_fatal(struct genserver *g, const struct err *err)
{
	struct strbuf *out = message(g, "fatal", 2);

	etf_put_binary(out, err->text, strlen(err->text));
	g->failed = true;
}

/* {init, Map} */
static bool
read_init(struct genserver *g, struct etf *e)
{
	struct err err;

	if (g->started.engine)
		return false;
	if (!genserver_init_read(&g->init, e, &err) ||
	    !g->host.start(g->arg, &g->init, genserver_now(g, g->clock_ms), &g->started, &err)) {
		put_fatal(g, &err);
		return true;
	}
	g->last = g->settled = g->started.last;
	put_ready(g, g->init.store != NULL);
	return true;
}

/* {subscriptions, Count, Types} */
static bool
read_subscriptions(struct genserver *g, struct etf *e)
{
	unsigned wanted = 0;
	uint32_t n;

	etf_int(e);
	n = etf_list(e);
	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		struct etf_atom name;

		if (etf_atom(e, &name))
			wanted |= 1u << event_type_find(name.text, name.len);
	}
	etf_list_end(e, n);
	if (!etf_done(e))
		return false;
	/* The link's state and incidents are for people's outlets: no subscriber gets them. */
	g->wanted = wanted & ~(1u << EVENT_NODE | 1u << EVENT_INCIDENT);
	return true;
}

/* ---- messages from the router ---------------------------------------------------------------------------------------- */

static bool
read_word(struct genserver *g, const char *word)
{
	if (strcmp(word, "force_health_check") == 0)
		force_health_check(g);
	else if (strcmp(word, "goodbye") == 0)
		g->host.goodbye(g->arg);
	else
		return false;
	return true;
}

/* read_message reads one message, which is all that `e` holds; false if it is none. */
static bool
read_message(struct genserver *g, struct etf *e)
{
	static const struct {
		const char *tag;
		uint32_t arity;
		bool first; /* the one that comes before the engine is there */
		bool (*read)(struct genserver *g, struct etf *e);
	} messages[] = {
		{ "cast", 4, false, read_cast },
		{ "call", 3, false, read_call },
		{ "cancel", 2, false, read_cancel },
		{ "probe", 2, false, read_probe },
		{ "subscriptions", 3, false, read_subscriptions },
		{ "attached", 2, false, read_attached },
		{ "detached", 2, false, read_detached },
		{ "init", 2, true, read_init },
	};
	struct etf_atom tag;
	uint32_t arity;

	if (etf_is_atom(etf_peek(e)))
		return etf_atom(e, &tag) && g->started.engine && read_word(g, tag.text);
	arity = etf_tuple(e);
	if (!etf_atom(e, &tag))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		if (messages[i].arity == arity && strcmp(messages[i].tag, tag.text) == 0)
			return messages[i].first != (g->started.engine != NULL) && messages[i].read(g, e);
	return false;
}

void
genserver_receive(struct genserver *g, struct etf_span packet, int64_t clock_ms)
{
	struct etf e;
	uint32_t n;

	g->clock_ms = clock_ms;
	etf_init_versioned(&e, packet.data, packet.len);
	n = etf_list(&e);
	for (uint32_t i = 0; i < n && !g->failed; i++) {
		struct etf_span raw = etf_raw(&e);
		struct etf one;

		if (!etf_ok(&e))
			break;
		etf_init(&one, raw.data, raw.len);
		if (!read_message(g, &one))
			log_bad(g, "the router sent a message that is none", raw);
	}
	etf_list_end(&e, n);
	if (!g->failed && !etf_done(&e))
		genserver_log(g, "error", "the router sent a packet that is no list of messages");
}

/* ---- life ---------------------------------------------------------------------------------------------------------------- */

struct genserver *
genserver_new(const struct genserver_host *host, void *arg, struct packet_writer *out, uint32_t os_pid)
{
	struct genserver *g = xcalloc(1, sizeof(*g));

	g->host = *host;
	g->arg = arg;
	g->out = out;
	g->os_pid = os_pid;
	g->held_end = &g->held;
	history_calls_init(&g->histories, HISTORY_SAMPLES_MAX);
	return g;
}

void
genserver_free(struct genserver *g)
{
	if (g == NULL)
		return;
	while (g->held) {
		struct held *next = g->held->next;

		free(g->held);
		g->held = next;
	}
	history_calls_release(&g->histories);
	strbuf_release(&g->plan.answer);
	for (size_t i = 0; i < RECENT_TERMS; i++)
		term_unref(g->recent[i].term);
	genserver_init_release(&g->init);
	free(g);
}

bool
genserver_failed(const struct genserver *g)
{
	return g->failed;
}
