/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three phases: waiting for the next try, connecting, linked. What a callback ends (a connector, a link, a collector) is put away at the end of the
 * loop's turn, by on_later. One timer serves all deadlines.
 */
#include "beam/watch.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "beam/clock_offset.h"
#include "beam/connector.h"
#include "beam/epmd.h"
#include "beam/link.h"
#include "beam/node_name.h"
#include "beam/peer.h"
#include "beam/plain.h"
#include "beam/probe.h"
#include "beam/tls.h"
#include "os/clock.h"

#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define DEFAULT_RETRY_MAX_MS 30000
#define RETRY_MIN_MS 200
/* A refused connection is a line in the node's log: no oftener than that. */
#define RETRY_REFUSED_MS 5000
#define SETTLED_MS 5000 /* a link that stood for so long was no failed attempt */
#define STALLED_DROP_MS 30000
#define LATE_MS 1000 /* a timer that is later than this: it was us who stood still, not the node */
#define BAD_NOTICE_MS 60000
#define NOTICE_WINDOW_MS 60000
#define NOTICE_MAX 10      /* in a window; what a node says about itself must not fill our log */
#define INTERVAL_MIN_MS 50 /* as the probe has it */
#define INTERVAL_MAX_MS 3600000
#define COOKIE_MAX 255

enum phase { WAITING, CONNECTING, LINKED };

struct beam_watch {
	struct event_base *base;
	struct beam_watch_options o; /* its strings are node, local_name and cookie below */
	struct node_name node;
	char *local_name;
	char *cookie;
	uint16_t epmd_port;
	struct beam_watch_handlers handlers;
	void *arg;
	struct event *timer;
	struct event *later;

	enum phase phase;
	int64_t retry_at_ms;
	unsigned failures;
	bool gone;       /* the last try found nobody there */
	bool was_linked; /* to this node, in this run: a link of our name that it still knows is ours */
	struct connector *connector;
	struct link *link;
	struct peer peer;
	struct collector *collector;
	int64_t linked_ms;
	bool dropping;  /* the link is to be put away */
	bool connected; /* the connector has done its work, and is to be put away */
	bool to_plain;  /* the probe is to be replaced by plain calls */
	char why_plain[128];

	enum node_state state;
	char detail[sizeof(((struct err *)0)->text)];
	bool stalled;
	int64_t timer_at_ms;      /* what the timer was set to */
	int64_t lenient_until_ms; /* after we stood still ourselves: what waits in the socket comes first */
	struct clock_offset offset;
	struct beam_watch_counts counts; /* of former links */
	unsigned notices;                /* in the window that began at notices_since_ms */
	int64_t notices_since_ms;
	uint64_t bad_untold;
	int64_t bad_told_ms;
};

static void rearm(struct beam_watch *w);

/* ---- what people are told -------------------------------------------------------------------------------------------- */

static void
set_state(struct beam_watch *w, enum node_state state, const char *detail)
{
	if (state == w->state && strcmp(detail, w->detail) == 0)
		return;
	w->state = state;
	snprintf(w->detail, sizeof(w->detail), "%s", detail);
	w->handlers.state(w->arg, state, w->detail);
}

static void
notice_other_host(struct beam_watch *w, const char *peer_name)
{
	char text[2 * NODE_NAME_MAX + 100];

	if (strcmp(peer_name, w->node.name) == 0)
		return;
	snprintf(text, sizeof(text), "the node calls itself %s", peer_name);
	w->handlers.notice(w->arg, false, text);
}

/* ---- trying again ---------------------------------------------------------------------------------------------------- */

static int64_t
random_below(int64_t limit)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		r = (uint32_t)clock_mono_us();
	return limit > 0 ? (int64_t)(r % (uint64_t)limit) : 0;
}

/* Exponential back-off with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
static void
wait_for_next_try(struct beam_watch *w)
{
	bool turned_away = w->state == NODE_REFUSED || w->state == NODE_INCOMPATIBLE;
	int64_t min = turned_away ? RETRY_REFUSED_MS : RETRY_MIN_MS;
	int64_t max = w->failures < 16 ? (int64_t)RETRY_MIN_MS << (w->failures + 1) : w->o.retry_max_ms;

	if (max < 2 * min)
		max = 2 * min;
	if (max > w->o.retry_max_ms)
		max = w->o.retry_max_ms;
	if (min > max)
		min = max;
	w->failures++;
	w->phase = WAITING;
	w->retry_at_ms = clock_now_ms() + min + random_below(max - min + 1);
}

/* ---- a link that stands ---------------------------------------------------------------------------------------------- */

static void
drop(struct beam_watch *w, enum node_state state, const char *detail)
{
	if (w->phase != LINKED)
		return;
	set_state(w, state, detail);
	if (clock_now_ms() - w->linked_ms >= SETTLED_MS)
		w->failures = 0;
	wait_for_next_try(w);
	w->dropping = true;
	event_active(w->later, 0, 0);
}

static bool
on_frame(void *arg, struct etf_span body, struct err *err)
{
	struct beam_watch *w = arg;

	return w->dropping || peer_frame(&w->peer, body, err);
}

static void
on_tick(void *arg)
{
	struct beam_watch *w = arg;

	if (!w->dropping)
		peer_tick(&w->peer);
}

static void
on_turned(void *arg)
{
	rearm(arg);
}

static void
on_lost(void *arg, enum node_state state, const char *detail)
{
	drop(arg, state, detail);
}

static const struct link_handlers LINK_HANDLERS = { on_frame, on_tick, on_lost, on_turned };

static void
on_write(void *arg, const void *data, size_t len)
{
	struct beam_watch *w = arg;

	link_write(w->link, data, len);
}

static void
on_message(void *arg, struct etf_span message)
{
	struct beam_watch *w = arg;

	w->collector->ops->message(w->collector, message);
}

static void
on_down(void *arg, uint64_t monitor, struct etf_span reason)
{
	struct beam_watch *w = arg;

	w->collector->ops->down(w->collector, monitor, reason);
}

static void
on_exited(void *arg, struct etf_span pid, struct etf_span reason)
{
	struct beam_watch *w = arg;

	(void)pid;
	(void)reason;
	w->collector->ops->exited(w->collector);
}

static const struct peer_handlers PEER_HANDLERS = { on_write, on_message, on_down, on_exited };

/* ---- what the collector brings --------------------------------------------------------------------------------------- */

static int64_t
on_now(void *arg)
{
	(void)arg;
	return clock_now_ms();
}

static void
on_info(void *arg, const struct node_info *info)
{
	struct beam_watch *w = arg;

	set_state(w, NODE_UP, info->injected ? "linked, the probe is attached" : "linked, by plain calls");
	w->handlers.info(w->arg, info);
}

static void
on_sample(void *arg, struct sample *s)
{
	struct beam_watch *w = arg;
	int64_t now = clock_now_ms();

	clock_offset_add(&w->offset, s->time_ms, now);
	s->time_ms = clock_offset_apply(&w->offset, s->time_ms, now);
	if (w->stalled) {
		w->stalled = false;
		set_state(w, NODE_UP, "linked, samples come in again");
	}
	w->handlers.sample(w->arg, s);
}

static void
on_restart(void *arg, struct restart *r)
{
	struct beam_watch *w = arg;

	r->time_ms = clock_offset_apply(&w->offset, r->time_ms, clock_now_ms());
	w->handlers.restart(w->arg, r);
}

static void
on_lost_restarts(void *arg, uint64_t count)
{
	struct beam_watch *w = arg;

	w->handlers.lost_restarts(w->arg, count);
}

static void
on_survey(void *arg, struct survey *s)
{
	struct beam_watch *w = arg;

	s->time_ms = clock_offset_apply(&w->offset, s->time_ms, clock_now_ms());
	w->handlers.survey(w->arg, s);
}

static void
on_supervisor(void *arg, const struct supervisor_facts *f)
{
	struct beam_watch *w = arg;
	struct supervisor_facts told = *f;

	told.time_ms = clock_offset_apply(&w->offset, f->time_ms, clock_now_ms());
	w->handlers.supervisor(w->arg, &told);
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	struct beam_watch *w = arg;
	int64_t now = clock_now_ms();

	if (now - w->notices_since_ms >= NOTICE_WINDOW_MS) {
		w->notices_since_ms = now;
		w->notices = 0;
	}
	w->notices++;
	if (w->notices <= NOTICE_MAX)
		w->handlers.notice(w->arg, warning, text);
	else if (w->notices == NOTICE_MAX + 1)
		w->handlers.notice(w->arg, true, "has more to say; the rest of this minute is left out");
}

static void
on_stopping(void *arg)
{
	struct beam_watch *w = arg;

	w->handlers.stopping(w->arg);
}

static void
on_bad(void *arg, const char *what)
{
	struct beam_watch *w = arg;
	int64_t now = clock_now_ms();
	char text[400];

	w->counts.bad_messages++;
	w->bad_untold++;
	if (w->bad_told_ms != 0 && now - w->bad_told_ms < BAD_NOTICE_MS)
		return;
	snprintf(text, sizeof(text), "dropped what could not be understood (%llu times), last: %s",
	    (unsigned long long)w->bad_untold, what);
	w->bad_untold = 0;
	w->bad_told_ms = now;
	w->handlers.notice(w->arg, true, text);
}

static void
on_failed(void *arg, enum node_state state, const char *detail)
{
	drop(arg, state, detail);
}

static void
on_no_probe(void *arg, const char *why)
{
	struct beam_watch *w = arg;

	snprintf(w->why_plain, sizeof(w->why_plain), "%s", why);
	w->to_plain = true;
	event_active(w->later, 0, 0);
}

static const struct collector_handlers COLLECTOR_HANDLERS = { on_now, on_info, on_sample, on_restart, on_lost_restarts,
	on_survey, on_supervisor, on_notice, on_stopping, on_bad, on_failed, on_no_probe };

static void
collect(struct beam_watch *w, bool inject)
{
	w->collector = inject ? probe_new(&w->peer, w->o.interval_ms, &PROBE_FILES[0], &COLLECTOR_HANDLERS, w)
			      : plain_new(&w->peer, w->o.interval_ms, w->why_plain, &COLLECTOR_HANDLERS, w);
	w->collector->ops->start(w->collector);
}

/* ---- phases ---------------------------------------------------------------------------------------------------------- */

static void
link_up(struct beam_watch *w, const struct connector_result *result)
{
	w->phase = LINKED;
	w->linked_ms = clock_now_ms();
	w->was_linked = true;
	w->stalled = false;
	w->counts.connects++;
	w->offset = (struct clock_offset) { .count = 0 };
	w->why_plain[0] = '\0';
	w->link = link_new(w->base, result->stream, w->o.watchdog, &LINK_HANDLERS, w);
	peer_init(&w->peer, w->local_name, w->o.creation, &PEER_HANDLERS, w);
	notice_other_host(w, result->peer_name);
	if (w->state == NODE_CONNECTING)
		set_state(w, NODE_CONNECTING, "linked, asking for readings");
	collect(w, w->o.inject && PROBE_FILES[0].name != NULL);
}

static void
on_connected(void *arg, const struct connector_result *result)
{
	struct beam_watch *w = arg;

	w->gone = result->stream == NULL && result->gone;
	if (result->stream) {
		link_up(w, result);
	} else {
		set_state(w, result->state, result->detail);
		wait_for_next_try(w);
	}
	w->connected = true;
	event_active(w->later, 0, 0);
}

/* Certificates are renewed while we run. */
static void
refresh_tls(struct beam_watch *w)
{
	char text[sizeof(((struct err *)0)->text) + 60];
	struct strbuf warnings = STRBUF_INIT;
	char *rest = NULL;
	struct err err;

	if (w->o.tls == NULL)
		return;
	if (!tls_refresh(w->o.tls, &warnings, &err)) {
		snprintf(text, sizeof(text), "the changed TLS files are no good, the former are used: %s", err.text);
		w->handlers.notice(w->arg, true, text);
	} else if (warnings.len > 0) {
		for (char *line = strtok_r(warnings.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
			w->handlers.notice(w->arg, true, line);
	}
	strbuf_release(&warnings);
}

static void
connect_now(struct beam_watch *w)
{
	const struct connector_options o = {
		.node = w->node,
		.epmd_port = w->epmd_port,
		.local_name = w->local_name,
		.cookie = w->cookie,
		.creation = w->o.creation,
		.replace_own = w->was_linked,
		.tls = w->o.tls,
		.timeout_ms = w->o.connect_timeout_ms,
	};

	refresh_tls(w);
	w->phase = CONNECTING;
	if (w->state == NODE_CONNECTING)
		set_state(w, NODE_CONNECTING, "looking for it");
	w->connector = connector_new(w->base, &o, on_connected, w);
}

static void
put_away_collector(struct beam_watch *w)
{
	if (w->collector)
		w->collector->ops->free(w->collector);
	w->collector = NULL;
}

static void
put_away_link(struct beam_watch *w)
{
	struct link_counts counts;

	if (w->link == NULL)
		return;
	counts = link_counts(w->link);
	w->counts.frames += counts.frames;
	w->counts.bytes_in += counts.bytes_in;
	w->counts.bytes_out += counts.bytes_out;
	put_away_collector(w);
	peer_release(&w->peer);
	link_free(w->link);
	w->link = NULL;
	w->dropping = false;
	w->to_plain = false;
}

static void
on_later(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct beam_watch *w = arg;

	if (w->connected) {
		connector_free(w->connector);
		w->connector = NULL;
		w->connected = false;
	}
	if (w->dropping)
		put_away_link(w);
	if (w->to_plain) {
		w->to_plain = false;
		put_away_collector(w);
		collect(w, false);
	}
	rearm(w);
}

/* ---- time ------------------------------------------------------------------------------------------------------------ */

static void
check_stall(struct beam_watch *w, int64_t now)
{
	int64_t since = w->collector->ops->awaited_since(w->collector);
	char detail[160];

	if (since == INT64_MAX || now - since < w->collector->stall_ms || now < w->lenient_until_ms)
		return;
	if (now - since >= w->collector->stall_ms + STALLED_DROP_MS) {
		snprintf(detail, sizeof(detail), "no sample for %d s: link dropped", (int)((now - since) / 1000));
		drop(w, NODE_HANGING, detail);
	} else if (!w->stalled) {
		w->stalled = true;
		snprintf(detail, sizeof(detail),
		    "linked, but no sample has come for %d s: the node is overloaded, stopped or cut off",
		    (int)((now - since) / 1000));
		set_state(w, NODE_STALLED, detail);
	}
}

static int64_t
stall_deadline(const struct beam_watch *w)
{
	int64_t since = w->collector->ops->awaited_since(w->collector);
	int64_t at;

	if (since == INT64_MAX)
		return INT64_MAX;
	at = since + w->collector->stall_ms + (w->stalled ? STALLED_DROP_MS : 0);
	return at > w->lenient_until_ms ? at : w->lenient_until_ms;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
next_deadline(const struct beam_watch *w)
{
	if (w->phase == WAITING)
		return w->retry_at_ms;
	if (w->phase == CONNECTING)
		return INT64_MAX;
	return earlier(earlier(peer_deadline(&w->peer), w->collector->ops->deadline(w->collector)), stall_deadline(w));
}

/*
 * A timer that is due and has not had its turn in the loop must not be set anew: that would take its turn away, for ever if a peer's bytes, which come here
 * first, never stop.
 */
static bool
is_armed(const struct beam_watch *w, int64_t at, int64_t now)
{
	return event_pending(w->timer, EV_TIMEOUT, NULL) &&
	    (at == w->timer_at_ms || (at <= now && w->timer_at_ms <= now));
}

/* The timer fires at the next deadline. Not while something is to be put away: on_later comes back here. */
static void
rearm(struct beam_watch *w)
{
	int64_t at;
	int64_t ms;
	struct timeval tv;

	if (w->dropping || w->connected || w->to_plain)
		return;
	at = next_deadline(w);
	if (at == INT64_MAX) {
		event_del(w->timer);
		return;
	}
	ms = at - clock_now_ms();
	if (is_armed(w, at, at - ms))
		return;
	w->timer_at_ms = at;
	ms = ms < 0 ? 0 : ms;
	tv = (struct timeval) { ms / 1000, ms % 1000 * 1000 };
	event_add(w->timer, &tv);
}

static void
on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct beam_watch *w = arg;
	int64_t now = clock_now_ms();

	if (now - w->timer_at_ms > LATE_MS)
		w->lenient_until_ms = now + LATE_MS;
	if (w->phase == WAITING && !w->dropping && !w->connected && now >= w->retry_at_ms)
		connect_now(w);
	if (w->phase == LINKED)
		peer_expire(&w->peer, now);
	if (w->phase == LINKED && !w->to_plain)
		w->collector->ops->tick(w->collector, now);
	if (w->phase == LINKED)
		check_stall(w, now);
	rearm(w);
}

/* ---- outside --------------------------------------------------------------------------------------------------------- */

static bool
check_cookie(const char *cookie, struct err *err)
{
	size_t len = cookie ? strlen(cookie) : 0;

	if (len == 0)
		return err_set(err, "the cookie is empty");
	if (len > COOKIE_MAX)
		return err_set(err, "the cookie is longer than %d bytes", COOKIE_MAX);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)cookie[i] < 0x20 || cookie[i] == 0x7F)
			return err_set(err,
			    "the cookie holds a control character at byte %zu: is its file more than one line?", i + 1);
	return true;
}

static bool
check_options(const struct beam_watch_options *o, struct err *err)
{
	struct node_name local;

	if (!node_name_parse(o->local_name, &local, err) || !check_cookie(o->cookie, err))
		return false;
	if (o->interval_ms < INTERVAL_MIN_MS || o->interval_ms > INTERVAL_MAX_MS)
		return err_set(err, "an interval of %lld ms: it must be %d to %d", (long long)o->interval_ms,
		    INTERVAL_MIN_MS, INTERVAL_MAX_MS);
	return true;
}

/* As for every Erlang node: $ERL_EPMD_PORT. */
static bool
find_epmd_port(uint16_t *port, struct err *err)
{
	const char *text = getenv("ERL_EPMD_PORT");
	char *rest;
	long v;

	*port = EPMD_PORT;
	if (text == NULL || *text == '\0')
		return true;
	v = strtol(text, &rest, 10);
	if (*rest != '\0' || v < 1 || v > UINT16_MAX)
		return err_set(err, "ERL_EPMD_PORT=%s is no port", text);
	*port = (uint16_t)v;
	return true;
}

static void
set_options(struct beam_watch *w, const struct beam_watch_options *o)
{
	w->o = *o;
	w->local_name = xstrdup(o->local_name);
	w->cookie = xstrdup(o->cookie);
	w->o.node = w->node.name;
	w->o.local_name = w->local_name;
	w->o.cookie = w->cookie;
	if (w->o.connect_timeout_ms <= 0)
		w->o.connect_timeout_ms = DEFAULT_CONNECT_TIMEOUT_MS;
	if (w->o.retry_max_ms <= 0)
		w->o.retry_max_ms = DEFAULT_RETRY_MAX_MS;
}

struct beam_watch *
beam_watch_new(struct event_base *base, const struct beam_watch_options *options,
    const struct beam_watch_handlers *handlers, void *arg, struct err *err)
{
	struct beam_watch *w = xcalloc(1, sizeof(*w));

	if (!node_name_parse(options->node, &w->node, err) || !check_options(options, err) ||
	    !find_epmd_port(&w->epmd_port, err)) {
		free(w);
		return NULL;
	}
	set_options(w, options);
	w->base = base;
	w->handlers = *handlers;
	w->arg = arg;
	w->timer = evtimer_new(base, on_timer, w);
	w->later = event_new(base, -1, 0, on_later, w);
	w->phase = WAITING;
	w->state = NODE_CONNECTING;
	rearm(w);
	return w;
}

void
beam_watch_free(struct beam_watch *w)
{
	if (w == NULL)
		return;
	connector_free(w->connector);
	put_away_link(w);
	event_free(w->timer);
	event_free(w->later);
	explicit_bzero(w->cookie, strlen(w->cookie));
	free(w->cookie);
	free(w->local_name);
	free(w);
}

void
beam_watch_retry(struct beam_watch *w)
{
	if (w->phase != WAITING)
		return;
	w->retry_at_ms = 0;
	rearm(w);
}

enum request_result
beam_watch_request(struct beam_watch *w, const struct strbuf *what, request_cb *cb, void *arg)
{
	enum request_result result;

	if (!w->o.inject || PROBE_FILES[0].name == NULL)
		return REQUEST_NO_PROBE;
	if (w->phase != LINKED || w->dropping || w->to_plain)
		return REQUEST_NOT_LINKED;
	result = w->collector->ops->request(w->collector, what, cb, arg);
	rearm(w);
	return result;
}

const char *
beam_watch_node(const struct beam_watch *w)
{
	return w->node.name;
}

bool
beam_watch_is_gone(const struct beam_watch *w)
{
	return w->gone;
}

struct beam_watch_counts
beam_watch_counts(const struct beam_watch *w)
{
	struct beam_watch_counts counts = w->counts;
	struct link_counts link;

	if (w->link == NULL)
		return counts;
	link = link_counts(w->link);
	counts.frames += link.frames;
	counts.bytes_in += link.bytes_in;
	counts.bytes_out += link.bytes_out;
	return counts;
}
