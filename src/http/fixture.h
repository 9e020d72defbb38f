/* SPDX-License-Identifier: Apache-2.0 */
/* Included by this room's unit tests only: two real engines and an event log behind a struct http_source, with a clock that stands still. */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include <string.h>

#include "base/testing.h"
/* After the testing header, which brings what cmocka lacks. */
#include "http/http.h"
#include "model/term_fixture.h"

#define FIXTURE_NOW INT64_C(1700000000000)

struct fixture {
	struct engine *engines[2]; /* "a@h" is up, "b c@h" is refused */
	struct eventlog *log;
};

static inline int64_t
fixture_now(void *arg UNUSED)
{
	return FIXTURE_NOW;
}

static inline size_t
fixture_count(void *arg UNUSED)
{
	return 2;
}

static inline const struct engine *
fixture_node(void *arg, size_t i)
{
	return ((struct fixture *)arg)->engines[i];
}

static inline const struct eventlog *
fixture_log(void *arg)
{
	return ((struct fixture *)arg)->log;
}

static inline void
fixture_stats(void *arg UNUSED, struct jsonw *j)
{
	jsonw_key(j, "version");
	jsonw_str(j, "0");
}

/* What the test says becomes of a question for a tree, and how many there were. */
static enum request_result fixture_ask_result = REQUEST_UNDER_WAY;
static unsigned fixture_asked;

static inline enum request_result
fixture_ask_tree(void *arg UNUSED, const struct engine *e UNUSED)
{
	fixture_asked++;
	return fixture_ask_result;
}

/* What the source says of the history on disk; committed 0: there is none. */
static struct http_store fixture_store_figures;

static inline bool
fixture_store(void *arg, struct http_store *out)
{
	(void)arg;
	*out = fixture_store_figures;
	return out->committed > 0;
}

/* One post-mortem, of which only the JSON is there. */
static inline size_t
fixture_reports(void *arg UNUSED, const struct report_head **heads)
{
	static const struct report_head one = {
		.id = "20240118T103000Z-a@h", .node = "a@h", .cause = "crashed", .title = "it ended"
	};

	*heads = &one;
	return 1;
}

static inline bool
fixture_report(void *arg UNUSED, const char *id, enum report_format format, struct strbuf *out, struct err *err)
{
	if (strcmp(id, "20240118T103000Z-a@h") != 0)
		return err_set(err, "no such file");
	strbuf_addf(out, format == FORMAT_JSON ? "{}" : "a page");
	return true;
}

static inline struct http_source
fixture_source(struct fixture *f)
{
	return (struct http_source) { f, fixture_now, fixture_count, fixture_node, fixture_log, fixture_stats,
		fixture_ask_tree, fixture_store, fixture_reports, fixture_report };
}

/* fixture_collect moves the engines' events to the log. */
static inline void
fixture_collect(struct fixture *f)
{
	struct node_event *ev;

	for (size_t i = 0; i < 2; i++)
		while ((ev = engine_next_event(f->engines[i])) != NULL)
			eventlog_add(f->log, ev);
}

static inline void
fixture_init(struct fixture *f, size_t max_events)
{
	struct engine_options o = engine_defaults();
	struct node_info info = { .otp_release = "25", .erts_version = "13.1", .restarts_seen = true };

	f->engines[0] = engine_new("a@h", &o);
	f->engines[1] = engine_new("b c@h", &o);
	f->log = eventlog_new(max_events, 1000);
	engine_link(f->engines[0], FIXTURE_NOW, NODE_UP, "linked");
	engine_link(f->engines[1], FIXTURE_NOW, NODE_REFUSED, "the cookie is wrong");
	engine_info(f->engines[0], &info);
	fixture_collect(f);
}

static inline void
fixture_release(struct fixture *f)
{
	engine_free(f->engines[0]);
	engine_free(f->engines[1]);
	eventlog_free(f->log);
}

/* fixture_restart makes a restart event on node a@h. */
static inline void
fixture_restart(struct fixture *f, const char *supervisor, const char *child)
{
	struct restart r = { .time_ms = FIXTURE_NOW, .kind = RESTART_DONE };

	r.supervisor = text_term(supervisor);
	r.child_id = text_term(child);
	r.reason = text_term("killed");
	engine_restart(f->engines[0], FIXTURE_NOW, &r);
	restart_release(&r);
	fixture_collect(f);
}

#endif
