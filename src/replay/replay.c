/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay.h"

#include <string.h>

#include "replay/judge.h"
#include "replay/recording.h"

#define STORE_MARK "SQLite format 3"
#define DUMP_MARK "=erl_crash_dump:"

/* ---- what the judges share ---- */

void
judge_time(struct judge *j, int64_t time_ms)
{
	struct replay_totals *t = &j->totals;

	if (t->samples == 0 || time_ms < t->first_ms)
		t->first_ms = time_ms;
	if (t->samples == 0 || time_ms > t->last_ms)
		t->last_ms = time_ms;
}

void
judge_events(struct judge *j, struct engine *e)
{
	struct node_event *ev;

	while ((ev = engine_next_event(e)) != NULL) {
		ev->id = ++j->totals.events;
		j->totals.anomalies += ev->type == EVENT_ANOMALY;
		j->totals.incidents += ev->type == EVENT_INCIDENT && ev->u.incident.change == CHANGE_OPENED;
		j->totals.restarts += ev->type == EVENT_RESTART;
		outlets_event(j->out, ev);
		node_event_unref(ev);
	}
}

void
judge_sample(struct judge *j, struct engine *e)
{
	const struct sample *s = engine_last(e);

	judge_time(j, s->time_ms);
	j->totals.samples++;
	outlets_sample(j->out, e, s);
	judge_events(j, e);
}

bool
judge_wants(const struct judge *j, const char *node)
{
	return j->options->node == NULL || strcmp(j->options->node, node) == 0;
}

struct engine *
judge_engine(struct judge *j, const char *node, const struct engine_options *options)
{
	struct engine_options o = *options;

	if (j->options->threshold > 0)
		o.anomaly_threshold = j->options->threshold;
	j->totals.threshold = o.anomaly_threshold;
	j->totals.series++;
	return engine_new(node, &o);
}

/* ---- what it is ---- */

static bool
begins(const char *bytes, size_t len, const char *mark)
{
	return len >= strlen(mark) && memcmp(bytes, mark, strlen(mark)) == 0;
}

static bool
refuse(struct source *s, struct err *err, const char *why)
{
	err_set(err, "%s: %s", source_name(s), why);
	source_close(s);
	return false;
}

/* judge takes over the source; path is NULL if it is no file. */
static bool
judge(struct judge *j, struct source *s, const char *path, struct err *err)
{
	const char *bytes;
	size_t len = source_peek(s, &bytes);

	if (begins(bytes, len, DUMP_MARK))
		return refuse(s, err, "is a crash dump: \"arsenal crashdump\" reads it");
	if (begins(bytes, len, STORE_MARK) && path == NULL)
		return refuse(s, err, "is a store, which must be a file");
	if (begins(bytes, len, STORE_MARK)) {
		source_close(s);
		return judge_store(j, path, err);
	}
	return recording_is(bytes, len) ? judge_recording(j, line_reader_new(s), err)
					: judge_table(j, line_reader_new(s), err);
}

static bool
judge_all(struct source *s, const char *path, const struct replay_options *o, const struct outlets *out,
    struct flaws *f, struct err *err)
{
	struct judge j = { .options = o, .out = out, .flaws = f };
	struct replay_totals *t = &j.totals;
	uint64_t used;
	bool ok;

	t->threshold = o->threshold > 0 ? o->threshold : engine_defaults().anomaly_threshold;
	ok = judge(&j, s, path, err);
	if (ok && t->samples == 0 && t->restarts == 0)
		return err_set(err, "%s: there is nothing in it that can be judged", f->file);
	if (ok || t->samples > 0 || t->restarts > 0)
		outlets_end(out, f->file, t, f);
	used = t->samples + j.others;
	return ok &&
	    (t->left_out <= used ||
		err_set(err, "%s: most of it could not be used: %llu rows of %llu", f->file,
		    (unsigned long long)t->left_out, (unsigned long long)(t->left_out + used)));
}

bool
replay_source(
    struct source *s, const struct replay_options *o, const struct outlets *out, struct flaws *f, struct err *err)
{
	return judge_all(s, NULL, o, out, f, err);
}

bool
replay_run(
    const char *path, const struct replay_options *o, const struct outlets *out, struct flaws *f, struct err *err)
{
	struct source *s = source_open(path, err);

	return s && judge_all(s, strcmp(path, "-") == 0 ? NULL : path, o, out, f, err);
}
