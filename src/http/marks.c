/* SPDX-License-Identifier: Apache-2.0 */
/* What happened in a time, for time lines: gathered at once, sent as the client takes it. */
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/answer_marks.h"
#include "http/range.h"
#include "http/resources.h"
#include "http/site.h"

#define SPAN_MS 86400000

struct marks {
	struct marks_answer *answer;
	struct answer_json json;
};

static enum download_progress
write_marks(void *arg, struct jsonw *j)
{
	struct marks *m = arg;

	if (m->json.j == NULL)
		answer_json_init(&m->json, j);
	return marks_answer_write(m->answer, &m->json.base) ? DOWNLOAD_GOES_ON : DOWNLOAD_ENDS;
}

static void
free_marks(void *arg)
{
	struct marks *m = arg;

	marks_answer_free(m->answer);
	free(m);
}

void
resource_marks(struct call *c)
{
	static const struct download_writer writer = { write_marks, free_marks };
	int64_t start_ms, end_ms;
	struct marks *m;

	if (!range_take(c, SPAN_MS, &start_ms, &end_ms))
		return;
	m = xcalloc(1, sizeof(*m));
	m->answer = marks_answer_new(c->node, c->site->source.now_ms(c->site->source.arg), start_ms, end_ms);
	download_serve(&c->site->downloads, c->rp, &writer, m);
}
