/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/restarts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define ALL_BUCKET_MS 1000
#define ONE_BUCKET_MS 30000 /* a supervisor's own hour: 480 bytes instead of 14 kB */

static void
tally_init(struct tally *t, int64_t bucket_ms)
{
	memset(t, 0, sizeof(*t));
	window_init(&t->window, (size_t)(RESTARTS_RATE_MS / bucket_ms), bucket_ms);
}

static void
tally_add(struct tally *t, int64_t time_ms, uint64_t n)
{
	if (t->total == 0 || time_ms < t->first_ms)
		t->first_ms = time_ms;
	if (t->total == 0 || time_ms > t->last_ms)
		t->last_ms = time_ms;
	t->total += n;
	window_add(&t->window, time_ms, n);
}

void
restarts_init(struct restarts *r, size_t max_children)
{
	memset(r, 0, sizeof(*r));
	r->max_children = max_children;
	tally_init(&r->all, ALL_BUCKET_MS);
	map_init(&r->supervisors);
	map_init(&r->children);
	map_init(&r->by_reason);
}

static void
supervisor_free(void *p)
{
	struct supervisor *s = p;

	term_unref(s->name);
	window_release(&s->tally.window);
	free(s);
}

static void
child_free(void *p)
{
	struct child *c = p;

	term_unref(c->supervisor);
	term_unref(c->id);
	free(c);
}

static void
reason_free(void *p)
{
	struct reason *reason = p;

	free(reason->text);
	free(reason);
}

void
restarts_release(struct restarts *r)
{
	map_release(&r->supervisors, supervisor_free);
	map_release(&r->children, child_free);
	map_release(&r->by_reason, reason_free);
	window_release(&r->all.window);
	strbuf_release(&r->key);
}

/* The length in front keeps ("ab", "c") and ("a", "bc") apart. */
static void
add_to_key(struct strbuf *key, const struct term *t)
{
	uint32_t len = t ? t->ext_len : 0;

	strbuf_add(key, &len, sizeof(len));
	if (t)
		strbuf_add(key, t->ext, len);
}

static struct supervisor *
find_supervisor(struct restarts *r, struct term *name)
{
	struct supervisor *s;

	strbuf_reset(&r->key);
	add_to_key(&r->key, name);
	s = map_get(&r->supervisors, r->key.data, r->key.len);
	if (s || map_len(&r->supervisors) >= r->max_children)
		return s;
	s = xcalloc(1, sizeof(*s));
	s->name = term_ref(name);
	tally_init(&s->tally, ONE_BUCKET_MS);
	map_put(&r->supervisors, r->key.data, r->key.len, s);
	return s;
}

static struct child *
find_child(struct restarts *r, const struct restart *report)
{
	struct child *c;

	strbuf_reset(&r->key);
	add_to_key(&r->key, report->supervisor);
	add_to_key(&r->key, report->child_id);
	c = map_get(&r->children, r->key.data, r->key.len);
	if (c || map_len(&r->children) >= r->max_children)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->supervisor = term_ref(report->supervisor);
	c->id = term_ref(report->child_id);
	c->group = report->group;
	map_put(&r->children, r->key.data, r->key.len, c);
	return c;
}

/* Reasons are kept by their text, which is at most TERM_TEXT_MAX bytes long, whatever the term's size. */
static unsigned
reason_index(struct restarts *r, const struct term *t)
{
	const char *text = term_text(t);
	size_t len = strnlen(text, TERM_TEXT_MAX);
	struct reason *reason = map_get(&r->by_reason, text, len);

	if (reason)
		return reason->index;
	if (r->reason_count == RESTARTS_MAX_REASONS)
		return RESTARTS_MAX_REASONS;
	reason = xmalloc(sizeof(*reason));
	*reason = (struct reason) { .index = r->reason_count,
		.truncated = (t && t->truncated) || text[len] != '\0',
		.text = xstrndup(text, len) };
	map_put(&r->by_reason, text, len, reason);
	r->reasons[r->reason_count++] = reason;
	return reason->index;
}

static void
count_report(struct tally *t, enum restart_kind kind, unsigned reason, int64_t time_ms)
{
	switch (kind) {
	case RESTART_DONE:
		tally_add(t, time_ms, 1);
		t->reasons[reason]++;
		break;
	case RESTART_FAILED:
		t->failed++;
		break;
	case RESTART_GAVE_UP:
		t->gave_up++;
		break;
	}
}

static bool
count_child(struct child *c, int64_t time_ms)
{
	if (c->recent.count > 0 && time_ms - c->recent.time_ms[0] > RESTARTS_HEALTH_MS)
		c->rapid = false;
	c->count++;
	recent_restarts_add(&c->recent, time_ms);
	storm_update(&c->storm, &c->recent);
	if (c->rapid || !recent_restarts_within(&c->recent, RESTARTS_RAPID, RESTARTS_HEALTH_MS))
		return false;
	c->rapid = true;
	return true;
}

const struct child *
restarts_add(struct restarts *r, const struct restart *report, int64_t time_ms, bool *rapid)
{
	unsigned reason = report->kind == RESTART_DONE ? reason_index(r, report->reason) : 0;
	struct supervisor *s = find_supervisor(r, report->supervisor);
	struct child *c = find_child(r, report);

	*rapid = false;
	count_report(&r->all, report->kind, reason, time_ms);
	if (s)
		count_report(&s->tally, report->kind, reason, time_ms);
	if (c && report->kind == RESTART_DONE)
		*rapid = count_child(c, time_ms);
	return c;
}

void
restarts_add_lost(struct restarts *r, int64_t time_ms, uint64_t n)
{
	if (n == 0)
		return;
	r->undescribed += n;
	tally_add(&r->all, time_ms, n);
}

uint64_t
restarts_in(const struct restarts *r, int64_t now_ms, int64_t span_ms)
{
	return window_count(&r->all.window, now_ms, span_ms);
}

const struct supervisor *
restarts_worst(const struct restarts *r, int64_t now_ms, uint64_t *count)
{
	const struct supervisor *s, *worst = NULL;

	*count = 0;
	for (size_t it = 0; (s = map_next(&r->supervisors, &it)) != NULL;) {
		uint64_t n = window_count(&s->tally.window, now_ms, RESTARTS_HEALTH_MS);

		/* The name decides between equals: the walk's order must not. */
		if (n > *count || (n == *count && worst && strcmp(term_text(s->name), term_text(worst->name)) < 0)) {
			worst = s;
			*count = n;
		}
	}
	return worst;
}

bool
child_still_rapid(const struct child *c, int64_t now_ms)
{
	return c->rapid && now_ms - c->recent.time_ms[0] <= RESTARTS_HEALTH_MS;
}
