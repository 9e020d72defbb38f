/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/genserver_history.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "etf/etf_write.h"

struct history_call {
	struct history_call *next;
	int64_t id;
	int64_t start_ms;
	int64_t end_ms;
};

void
history_calls_init(struct history_calls *c, size_t max_samples)
{
	memset(c, 0, sizeof(*c));
	c->max_samples = max_samples;
	c->end = &c->first;
}

static void
drop(struct history_calls *c, struct history_call **at)
{
	struct history_call *call = *at;

	if (call == c->first) {
		history_answer_free(c->answer);
		c->answer = NULL;
	}
	*at = call->next;
	if (c->end == &call->next)
		c->end = at;
	c->count--;
	free(call);
}

void
history_calls_release(struct history_calls *c)
{
	while (c->first)
		drop(c, &c->first);
	strbuf_release(&c->part);
}

bool
history_calls_add(struct history_calls *c, int64_t id, int64_t start_ms, int64_t end_ms)
{
	struct history_call *call;

	if (c->count == HISTORY_CALLS_MAX)
		return false;
	call = xmalloc(sizeof(*call));
	*call = (struct history_call) { NULL, id, start_ms, end_ms };
	*c->end = call;
	c->end = &call->next;
	c->count++;
	return true;
}

void
history_calls_cancel(struct history_calls *c, int64_t id)
{
	for (struct history_call **at = &c->first; *at; at = &(*at)->next)
		if ((*at)->id == id) {
			drop(c, at);
			return;
		}
}

/* ---- one part ---- */

static bool
is_too_long(const struct history_calls *c)
{
	return history_answer_samples(c->answer) > c->max_samples;
}

/* begin makes the answer; one that is too long says so instead. */
static void
begin(struct history_calls *c, const struct engine *e)
{
	c->answer = history_answer_new(e, c->first->start_ms, c->first->end_ms);
	etf_put_version(&c->part);
	etf_put_tuple(&c->part, 2);
	answer_term_init(&c->writer, &c->part);
	etf_put_atom(&c->part, is_too_long(c) ? "error" : "ok");
}

/* write_some returns false when the answer is whole. */
static bool
write_some(struct history_calls *c)
{
	if (is_too_long(c)) {
		etf_put_atom(&c->part, "range_too_large");
		return false;
	}
	while (history_answer_write(c->answer, &c->writer.base))
		if (c->part.len >= HISTORY_PART_BYTES)
			return true;
	return false;
}

static void
send_part(struct history_calls *c, const char *tag, struct packet_writer *w)
{
	struct strbuf *out = packet_message(w);

	etf_put_tuple(out, 3);
	etf_put_atom(out, tag);
	etf_put_int(out, c->first->id);
	etf_put_binary(out, c->part.data, c->part.len);
	strbuf_reset(&c->part);
}

bool
history_calls_has_turn(const struct history_calls *c, const struct packet_writer *out)
{
	return c->first && packet_pending(out) < HISTORY_PENDING_BYTES;
}

void
history_calls_turn(struct history_calls *c, const struct engine *e, struct packet_writer *out)
{
	bool more;

	if (!history_calls_has_turn(c, out))
		return;
	if (c->answer == NULL)
		begin(c, e);
	more = write_some(c);
	send_part(c, more ? "part" : "reply", out);
	if (!more)
		drop(c, &c->first);
	if (c->first == NULL)
		strbuf_release(&c->part);
}
