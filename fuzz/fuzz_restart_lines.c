/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded restarts as anybody may hand them in, through an engine: whatever is found in them must make sense. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "replay/fixture.h"
#include "replay/restart_replay.h"

#define LIST 64

static void
must_make_sense(const struct pattern *p)
{
	if (!(p->confidence >= 0 && p->confidence <= 1) || p->first_ms > p->last_ms || p->frequency == 0)
		abort();
	if (p->supervisor == NULL || p->child_id == NULL || memchr(p->text, '\0', sizeof(p->text)) == NULL)
		abort();
	if (p->type == PATTERN_PERIODIC && !(p->interval_ms > 0 && isfinite(p->interval_ms)))
		abort();
	if (p->type == PATTERN_CASCADE && (p->member_count < 2 || p->member_count > PATTERN_MEMBERS))
		abort();
}

static void
run(struct restart_replay *r)
{
	struct pattern list[LIST];
	struct err err;
	size_t n;

	if (!restart_replay_run(r, &err)) {
		if (memchr(err.text, '\0', sizeof(err.text)) == NULL || err.text[0] == '\0')
			abort();
		return;
	}
	n = engine_patterns(r->engine, r->end_ms, list, LIST);
	for (size_t i = 0; i < n; i++)
		must_make_sense(&list[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pieces p = { (const char *)data, size, 0, size % 3 ? 0 : size + 1, 1 };
	struct engine_options o = engine_defaults();
	struct restart_replay r = { .engine = NULL };
	struct err err;
	struct source *s = source_from(pieces_read, &p, "fuzz", &err);

	if (s == NULL)
		return 0;
	o.max_children = 16;
	o.max_patterns = 16;
	r.engine = engine_new("fuzz@host", &o);
	r.restarts = line_reader_new(s);
	run(&r);
	line_reader_free(r.restarts);
	engine_free(r.engine);
	return 0;
}
