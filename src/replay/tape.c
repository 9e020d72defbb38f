/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/tape.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "engine/input.h"
#include "replay/recording.h"

struct track {
	struct tape *tape;
	struct engine *engine;
	unsigned node;
};

struct tape {
	struct packed_file *file;
	struct strbuf line;
	uint64_t lost; /* inputs since the last that was kept */
	struct track *tracks[RECORDING_MAX_NODES];
	unsigned count;
};

static void
put(struct tape *t, bool is_input)
{
	if (packed_file_put(t->file, t->line.data, t->line.len))
		t->lost = 0;
	else
		t->lost += is_input;
}

static void
on_input(void *arg, const struct engine_input *in)
{
	struct track *k = arg;
	struct tape *t = k->tape;

	if (packed_file_state(t->file) != PACKED_FILE_OPEN)
		return;
	strbuf_reset(&t->line);
	if (t->lost > 0)
		recording_write_lost(&t->line, t->lost);
	recording_write_input(&t->line, k->node, in);
	put(t, true);
}

struct tape *
tape_new(const char *path, uint64_t max_bytes, int64_t now_ms, struct err *err)
{
	struct packed_file *file = packed_file_new(path, max_bytes, err);
	struct tape *t;

	if (file == NULL)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->file = file;
	recording_write_head(&t->line, now_ms);
	put(t, false);
	return t;
}

static bool
has_past(const struct engine *e)
{
	struct engine_counts c = engine_counts(e);

	return c.samples > 0 || c.restarts > 0;
}

void
tape_add(struct tape *t, struct engine *e)
{
	struct track *k = xcalloc(1, sizeof(*k));

	assert(t->count < RECORDING_MAX_NODES);
	*k = (struct track) { t, e, t->count };
	t->tracks[t->count++] = k;
	strbuf_reset(&t->line);
	recording_write_node(&t->line, k->node, engine_node(e), engine_options(e), has_past(e));
	put(t, false);
	engine_tap(e, on_input, k);
}

void
tape_free(struct tape *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < t->count; i++) {
		engine_tap(t->tracks[i]->engine, NULL, NULL);
		free(t->tracks[i]);
	}
	(void)packed_file_close(t->file);
	strbuf_release(&t->line);
	free(t);
}
