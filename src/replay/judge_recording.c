/* SPDX-License-Identifier: Apache-2.0 */
/* A live recording: its inputs, each node's through an engine that is made as the one was that took them. */
#include <stdlib.h>

#include "base/alloc.h"
#include "replay/judge.h"
#include "replay/recording.h"

struct nodes {
	struct engine *all[RECORDING_MAX_NODES]; /* NULL: not wanted */
};

static void
forget(struct nodes *n)
{
	for (unsigned i = 0; i < RECORDING_MAX_NODES; i++) {
		engine_free(n->all[i]);
		n->all[i] = NULL;
	}
}

static bool
add_node(struct judge *j, struct nodes *n, const struct recorded *r, struct err *err)
{
	engine_free(n->all[r->node]);
	n->all[r->node] = NULL;
	if (!judge_wants(j, r->name))
		return true;
	n->all[r->node] = judge_engine(j, r->name, &r->options);
	return !r->restored || flaws_note(j->flaws, FLAW_PAST, 0, 0, err, "of %.100s", r->name);
}

static void
take(struct judge *j, struct engine *e, const struct engine_input *in)
{
	if (e == NULL)
		return;
	engine_take(e, in);
	if (in->kind == INPUT_SAMPLE)
		judge_sample(j, e);
	else
		judge_events(j, e);
}

/* handle: false is an error. */
static bool
handle(struct judge *j, struct nodes *n, const struct recorded *r, struct err *err)
{
	switch (r->kind) {
	case RECORDED_HEAD:
		forget(n);
		return true;
	case RECORDED_NODE:
		return add_node(j, n, r, err);
	case RECORDED_INPUT:
		j->others += n->all[r->node] == NULL || r->in->kind != INPUT_SAMPLE;
		take(j, n->all[r->node], r->in);
		return true;
	}
	return true;
}

bool
judge_recording(struct judge *j, struct line_reader *lines, struct err *err)
{
	struct recording *recording = recording_new(lines, j->flaws);
	struct nodes *nodes = xcalloc(1, sizeof(*nodes));
	enum read_result result = READ_OK;
	struct recorded r;

	j->totals.kind = REPLAY_NODES;
	while (result == READ_OK && (result = recording_next(recording, &r, err)) == READ_OK)
		if (!handle(j, nodes, &r, err))
			result = READ_ERROR;
	j->totals.left_out = j->flaws->count[FLAW_LINE] + j->flaws->count[FLAW_INPUT];
	forget(nodes);
	free(nodes);
	recording_free(recording);
	return result == READ_END;
}
