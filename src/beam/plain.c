/* SPDX-License-Identifier: Apache-2.0 */
/* When to ask what: the node's facts once, the readings on the beat, the files apart and seldomer, for a failure of one call costs all in it. */
#include "beam/plain.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "beam/batch.h"
#include "beam/files.h"
#include "beam/peer.h"
#include "beam/readings.h"
#include "etf/etf_text.h"
#include "etf/etf_write.h"

#define SLOW_MS 5000 /* files, and on wide nodes the readings that wake every scheduler, are read no more often */
#define WIDE_SCHEDULERS 16
#define STALL_MIN_MS 10000
#define ANSWER_MS 600000 /* then a call is given up, and may be sent again */
#define KEEPER_PAUSE_MS 10000

struct plain {
	struct collector base;
	char why[128];
	bool informed;  /* the first call was answered */
	bool flag_held; /* a process there holds scheduler_wall_time */
	int64_t keeper_after_ms;
	int64_t asked_ms; /* readings are under way since; 0: none */
	int64_t next_ms;
	bool files_under_way;
	int64_t slow_after_ms; /* of files */
	int64_t heavy_after_ms;
	bool heavy;      /* of the call under way */
	double start_ms; /* of the VM, on its monotonic clock */
	double native_per_second;
	double start_native;
	struct node_info info;
	struct sample sample; /* what the last call of each kind brought */
	struct files files;
};

static struct plain *
plain_of(struct collector *c)
{
	return (struct plain *)c;
}

static int64_t
now(const struct plain *p)
{
	return p->base.handlers->now(p->base.arg);
}

/* ---- calls ----------------------------------------------------------------------------------------------------------- */

static void
batch_call(struct plain *p, struct batch *b, call_cb *cb)
{
	struct strbuf args = STRBUF_INIT;

	batch_arguments(b, &args);
	if (!peer_call(p->base.peer, now(p), ANSWER_MS, "lists", "zipwith3", &args, cb, p))
		assert(!"two calls are under way at most");
	strbuf_release(&args);
}

/* True if the call returned; otherwise it is told, once in a while. */
static bool
returned(struct plain *p, const char *what, enum call_result result, struct etf *value)
{
	struct strbuf sb = STRBUF_INIT;

	if (result == CALL_RETURNED)
		return true;
	strbuf_addf(&sb, "%s by plain calls failed: ", what);
	if (result == CALL_TIMED_OUT || !etf_text(value, 200, &sb))
		strbuf_adds(&sb, "no answer");
	p->base.handlers->bad(p->base.arg, sb.data);
	strbuf_release(&sb);
	return false;
}

/* ---- what the node is ------------------------------------------------------------------------------------------------- */

/* {ok, Version} or undefined */
static void
read_elixir(struct etf *e, struct node_info *info)
{
	if (etf_is_atom(etf_peek(e))) {
		etf_skip(e);
	} else {
		etf_tuple_of(e, 2);
		etf_skip(e);
		etf_chars(e, info->elixir, sizeof(info->elixir));
	}
}

static void
write_note(struct plain *p)
{
	snprintf(p->info.note, sizeof(p->info.note),
	    "%s%splain calls only: restarts, message queues and the processes behind a finding are not seen", p->why,
	    *p->why ? "; " : "");
}

static void
on_info(void *arg, enum call_result result, struct etf *value)
{
	struct plain *p = arg;
	struct node_info *info = &p->info;

	if (result != CALL_RETURNED) {
		p->base.handlers->failed(p->base.arg, NODE_INCOMPATIBLE,
		    "is linked, but does not answer plain calls (erpc, OTP 23 and later)");
		return;
	}
	etf_list(value);
	etf_chars(value, info->otp_release, sizeof(info->otp_release));
	etf_chars(value, info->erts_version, sizeof(info->erts_version));
	info->schedulers_online = (unsigned)etf_int(value);
	read_elixir(value, info);
	p->start_native = etf_number(value);
	p->native_per_second = etf_number(value);
	p->start_ms = p->native_per_second > 0 ? p->start_native * 1000 / p->native_per_second : 0;
	if (!etf_ok(value)) {
		p->base.handlers->failed(
		    p->base.arg, NODE_INCOMPATIBLE, "is linked, but answers plain calls with nonsense");
		return;
	}
	p->informed = true;
	write_note(p);
	p->base.handlers->info(p->base.arg, info);
	p->asked_ms = 0;
	p->next_ms = now(p);
}

static void
ask_info(struct plain *p)
{
	struct batch b = { .count = 0 };
	struct strbuf *out;

	batch_add_atom(&b, "erlang", "system_info", "otp_release");
	batch_add_atom(&b, "erlang", "system_info", "version");
	batch_add_atom(&b, "erlang", "system_info", "schedulers_online");
	out = batch_add(&b, "application", "get_key");
	etf_put_list(out, 2);
	etf_put_atom(out, "elixir");
	etf_put_atom(out, "vsn");
	etf_put_nil(out);
	batch_add_atom(&b, "erlang", "system_info", "start_time");
	out = batch_add(&b, "erlang", "convert_time_unit");
	etf_put_list(out, 3);
	etf_put_int(out, 1);
	etf_put_atom(out, "second");
	etf_put_atom(out, "native");
	etf_put_nil(out);
	p->asked_ms = now(p);
	batch_call(p, &b, on_info);
}

/*
 * A process that sets the flag and sleeps, linked to our pid: when the link goes, it goes, and the VM, which counts the processes that want the flag,
 * switches it off. Its arguments are those of lists:zipwith3.
 */
static void
hold_flag(struct plain *p)
{
	struct batch b = { .count = 0 };
	struct strbuf args = STRBUF_INIT;
	struct strbuf *out = batch_add(&b, "erlang", "system_flag");

	etf_put_list(out, 2);
	etf_put_atom(out, "scheduler_wall_time");
	etf_put_atom(out, "true");
	etf_put_nil(out);
	batch_add_atom(&b, "timer", "sleep", "infinity");
	batch_arguments(&b, &args);
	peer_spawn_link(p->base.peer, "lists", "zipwith3", &args, 4);
	strbuf_release(&args);
	p->flag_held = true;
	p->keeper_after_ms = now(p) + KEEPER_PAUSE_MS;
}

/* ---- files ----------------------------------------------------------------------------------------------------------- */

static void
on_files(void *arg, enum call_result result, struct etf *value)
{
	struct plain *p = arg;

	p->files_under_way = false;
	p->slow_after_ms = now(p) + SLOW_MS;
	if (!returned(p, "reading /proc", result, value))
		return;
	if (files_read(&p->files, value, &p->sample))
		p->slow_after_ms = 0;
	if (!etf_ok(value))
		p->base.handlers->bad(p->base.arg, "a malformed answer of file:read_file/1");
}

static void
ask_files(struct plain *p)
{
	struct batch b = { .count = 0 };

	files_add(&p->files, &b);
	p->files_under_way = true;
	batch_call(p, &b, on_files);
}

/* ---- readings -------------------------------------------------------------------------------------------------------- */

static void
on_readings(void *arg, enum call_result result, struct etf *value)
{
	struct plain *p = arg;
	struct sample copy;

	p->asked_ms = 0;
	if (!returned(p, "reading", result, value))
		return;
	if (!readings_read(value, p->heavy, &p->sample))
		p->base.handlers->bad(p->base.arg, "a malformed answer to plain calls");
	if (!etf_ok(value))
		return;
	copy = p->sample; /* the owner changes its time */
	copy.value[METRIC_WALLCLOCK] -= p->start_ms;
	p->base.handlers->sample(p->base.arg, &copy);
}

static void
ask_readings(struct plain *p, int64_t now_ms)
{
	struct batch b = { .count = 0 };

	p->heavy = p->info.schedulers_online <= WIDE_SCHEDULERS || now_ms >= p->heavy_after_ms;
	if (p->heavy)
		p->heavy_after_ms = now_ms + SLOW_MS;
	readings_add(&b, p->heavy);
	p->asked_ms = now_ms;
	batch_call(p, &b, on_readings);
}

/* ---------------------------------------------------------------------------------------------------------------------- */

static void
plain_start(struct collector *c)
{
	hold_flag(plain_of(c));
	ask_info(plain_of(c));
}

static void
plain_message(struct collector *c, struct etf_span message)
{
	(void)message;
	c->handlers->bad(c->arg, "a message that nobody asked for");
}

static void
plain_down(struct collector *c, uint64_t monitor, struct etf_span reason)
{
	(void)c;
	(void)monitor;
	(void)reason;
}

static void
plain_exited(struct collector *c)
{
	plain_of(c)->flag_held = false;
}

static void
plain_tick(struct collector *c, int64_t now_ms)
{
	struct plain *p = plain_of(c);

	if (!p->informed || p->asked_ms != 0 || now_ms < p->next_ms)
		return;
	if (!p->flag_held && now_ms >= p->keeper_after_ms)
		hold_flag(p);
	/* On the beat, however late this one is. */
	p->next_ms += c->interval_ms * ((now_ms - p->next_ms) / c->interval_ms + 1);
	if (!p->files_under_way && now_ms >= p->slow_after_ms)
		ask_files(p);
	ask_readings(p, now_ms);
}

static int64_t
plain_deadline(const struct collector *c)
{
	const struct plain *p = (const struct plain *)c;

	return p->informed && p->asked_ms == 0 ? p->next_ms : INT64_MAX;
}

static int64_t
plain_awaited_since(const struct collector *c)
{
	const struct plain *p = (const struct plain *)c;

	return p->asked_ms ? p->asked_ms : INT64_MAX;
}

static enum request_result
plain_request(struct collector *c, const struct strbuf *what, request_cb *cb, void *arg)
{
	(void)c, (void)what, (void)cb, (void)arg;
	return REQUEST_NO_PROBE;
}

static void
plain_free(struct collector *c)
{
	free(c);
}

static const struct collector_ops OPS = { plain_start, plain_message, plain_down, plain_exited, plain_tick,
	plain_deadline, plain_awaited_since, plain_request, plain_free };

struct collector *
plain_new(struct peer *peer, int64_t interval_ms, const char *why, const struct collector_handlers *handlers, void *arg)
{
	struct plain *p = xcalloc(1, sizeof(*p));
	int64_t stall_ms = 3 * interval_ms > STALL_MIN_MS ? 3 * interval_ms : STALL_MIN_MS;

	p->base = (struct collector) { &OPS, peer, handlers, arg, interval_ms, stall_ms };
	snprintf(p->why, sizeof(p->why), "%s", why);
	return &p->base;
}
