/* SPDX-License-Identifier: Apache-2.0 */
/* A host for tests and fuzzing of genserver.h: an engine, and what was asked of the host. */
#ifndef BEAM_GENSERVER_FIXTURE_H
#define BEAM_GENSERVER_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "beam/genserver.h"

struct fixture {
	struct packet_writer out;
	struct genserver *g;
	struct engine *engine;
	int64_t clock_ms;
	/* what the host is to say */
	uint64_t last;
	bool confirms;
	bool refuses;
	bool is_slow;
	/* what was asked of it */
	uint64_t mark;
	uint64_t lost;
	unsigned samples;
	unsigned restarts;
	struct restart restart; /* the last one */
	bool goodbye;
};

static void
fixture_events(struct fixture *f)
{
	struct node_event *ev;

	while ((ev = engine_next_event(f->engine)) != NULL) {
		genserver_event(f->g, ev);
		node_event_unref(ev);
	}
}

static bool
fixture_start(
    void *arg, const struct genserver_init *init, int64_t now_ms, struct genserver_started *started, struct err *err)
{
	struct engine_options o = engine_defaults();
	struct fixture *f = arg;

	(void)now_ms;
	if (f->refuses)
		return err_set(err, "the store cannot be opened");
	o.interval_ms = init->interval_ms;
	o.retention_ms = init->retention_ms;
	o.anomaly_threshold = init->threshold;
	o.selection = init->selection;
	o.max_children = 100;
	o.max_history_bytes = 1u << 20;
	f->engine = engine_new(init->node, &o);
	*started = (struct genserver_started) { f->engine, f->last, f->confirms, init->http };
	return true;
}

static void
fixture_state(void *arg, int64_t now_ms, enum node_state state, const char *detail)
{
	struct fixture *f = arg;

	engine_link(f->engine, now_ms, state, detail);
	fixture_events(f);
}

static void
fixture_info(void *arg, const struct node_info *info)
{
	struct fixture *f = arg;

	engine_info(f->engine, info);
}

static void
fixture_sample(void *arg, int64_t now_ms, const struct sample *s)
{
	struct fixture *f = arg;

	f->samples++;
	engine_feed(f->engine, now_ms, s);
	fixture_events(f);
}

static void
fixture_restart(void *arg, int64_t now_ms, const struct restart *r)
{
	struct fixture *f = arg;

	f->restarts++;
	restart_release(&f->restart);
	restart_copy(&f->restart, r);
	engine_restart(f->engine, now_ms, r);
	fixture_events(f);
}

static void
fixture_lost_restarts(void *arg, int64_t now_ms, uint64_t count)
{
	struct fixture *f = arg;

	f->lost += count;
	engine_lost_restarts(f->engine, now_ms, count);
	fixture_events(f);
}

static void
fixture_survey(void *arg, int64_t now_ms, struct survey *s)
{
	struct fixture *f = arg;

	engine_survey(f->engine, now_ms, s);
}

static void
fixture_supervisor(void *arg, int64_t now_ms, const struct supervisor_facts *facts)
{
	struct fixture *f = arg;

	engine_supervisor(f->engine, now_ms, facts);
}

static void
fixture_mark(void *arg, uint64_t last)
{
	struct fixture *f = arg;

	f->mark = last;
}

static void
fixture_goodbye(void *arg)
{
	struct fixture *f = arg;

	f->goodbye = true;
}

static void
fixture_figures(void *arg, struct genserver_figures *figures)
{
	const struct fixture *f = arg;

	*figures = (struct genserver_figures) { .cpu_ms = 11, .max_rss_bytes = 22, .store = f->confirms };
}

static bool
fixture_is_slow(void *arg)
{
	const struct fixture *f = arg;

	return f->is_slow;
}

static void
fixture_init(struct fixture *f)
{
	static const struct genserver_host host = { fixture_start, fixture_state, fixture_info, fixture_sample,
		fixture_restart, fixture_lost_restarts, fixture_survey, fixture_supervisor, fixture_goodbye,
		fixture_mark, fixture_figures, fixture_is_slow };

	memset(f, 0, sizeof(*f));
	packet_writer_init(&f->out);
	f->clock_ms = 1700000000000;
	f->g = genserver_new(&host, f, &f->out, 4711);
}

static void
fixture_release(struct fixture *f)
{
	restart_release(&f->restart);
	engine_free(f->engine);
	genserver_free(f->g);
	packet_writer_release(&f->out);
}

#endif
