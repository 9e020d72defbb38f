/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history of a store: it is read into one engine, as at a start, and from there sample by sample and restart by restart, by their times, into another that judges
 * them anew. Rankings are not kept in a history, so culprits are not known.
 */
#include <inttypes.h>
#include <string.h>

#include "engine/past.h"
#include "replay/judge.h"
#include "replay/timeline.h"
#include "store/reader.h"

#define LONG_MS (INT64_C(90) * 86400000)

struct walk {
	struct judge *j;
	const struct engine *past;
	struct engine *engine;
	struct past_view *view;
	const struct sample *sample; /* the next one, NULL: no more */
	const struct restart *restart;
	size_t restart_at;
};

static void
next_sample(struct walk *w)
{
	const struct past_check *check;

	w->sample = past_view_next(w->view, &check);
}

static void
next_restart(struct walk *w)
{
	w->restart = engine_past_restart(w->past, INT64_MIN, INT64_MAX, &w->restart_at);
}

/* Counters of schedulers are not kept: without them what was derived from them stays as it is. */
static void
give_sample(struct walk *w)
{
	struct sample s = *w->sample;

	s.scheduler_count = 0;
	engine_feed(w->engine, s.time_ms, &s);
	judge_sample(w->j, w->engine);
	next_sample(w);
}

static void
give_restart(struct walk *w)
{
	engine_restart(w->engine, w->restart->time_ms, w->restart);
	judge_events(w->j, w->engine);
	next_restart(w);
}

static void
walk(struct walk *w)
{
	int64_t first_ms;

	next_sample(w);
	next_restart(w);
	first_ms = w->sample ? w->sample->time_ms : 0;
	engine_link(w->engine, first_ms, NODE_UP, NULL);
	while (w->sample || w->restart)
		if (w->restart == NULL || (w->sample && w->sample->time_ms <= w->restart->time_ms))
			give_sample(w);
		else
			give_restart(w);
}

/* usual_interval is that of the history's first samples. */
static int64_t
usual_interval(struct past_view *v)
{
	struct timeline times = { .begun = false };
	const struct past_check *check;
	const struct sample *s;

	while (times.count < TIMELINE_RECENT && (s = past_view_next(v, &check)) != NULL)
		(void)timeline_judge(&times, s->time_ms);
	past_view_rewind(v);
	return timeline_usual_ms(&times);
}

static void
judge_past(struct judge *j, const struct engine *past)
{
	struct walk w = { .j = j, .past = past, .view = engine_past_open(past, INT64_MIN, INT64_MAX) };
	struct engine_options o = engine_defaults();
	int64_t usual = usual_interval(w.view);

	if (usual > 0)
		o.interval_ms = usual;
	w.engine = judge_engine(j, engine_node(past), &o);
	walk(&w);
	past_view_free(w.view);
	engine_free(w.engine);
}

static bool
judge_stored(struct judge *j, struct store_reader *store, size_t i, struct err *err)
{
	struct engine_options o = engine_defaults();
	struct engine *past;
	uint64_t unread = 0;
	bool ok;

	o.retention_ms = LONG_MS;
	past = engine_new(store_read_node(store, i), &o);
	ok = store_read_restore(store, i, past, store_read_newest_ms(store, i), &unread, err);
	if (ok && unread > 0)
		ok = flaws_note(
		    j->flaws, FLAW_INPUT, 0, 0, err, "%" PRIu64 " rows of %.100s", unread, engine_node(past));
	if (ok)
		judge_past(j, past);
	engine_free(past);
	return ok;
}

bool
judge_store(struct judge *j, const char *path, struct err *err)
{
	struct store_reader *store = store_read_open(path, err);
	bool ok = store != NULL;
	const char *name;

	j->totals.kind = REPLAY_NODES;
	for (size_t i = 0; ok && (name = store_read_node(store, i)) != NULL; i++)
		if (judge_wants(j, name))
			ok = judge_stored(j, store, i, err);
	store_read_close(store);
	return ok;
}
