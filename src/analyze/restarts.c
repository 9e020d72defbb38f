/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/restarts.h"

#include <assert.h>
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
tally_add(struct tally *t, int64_t first_ms, int64_t last_ms, uint64_t n)
{
	if (t->total == 0 || first_ms < t->first_ms)
		t->first_ms = first_ms;
	if (t->total == 0 || last_ms >= t->last_ms) {
		t->before_ms = t->total == 0 || n > 1 ? last_ms : t->last_ms;
		t->last_ms = last_ms;
	}
	t->total += n;
	window_add(&t->window, last_ms, n);
}

static void
tally_take(struct tally *t, int64_t time_ms, uint64_t n)
{
	uint64_t taken = n < t->total ? n : t->total;

	t->total -= taken;
	t->undone += taken;
	window_take(&t->window, time_ms, n);
	if (t->last_ms == time_ms)
		t->last_ms = t->before_ms;
}

void
restarts_init(struct restarts *r, size_t max_children)
{
	assert(max_children > 0);
	memset(r, 0, sizeof(*r));
	r->max_children = max_children;
	tally_init(&r->all, ALL_BUCKET_MS);
	map_init(&r->supervisors);
	map_init(&r->children);
	reasons_init(&r->reasons);
}

static void evict_supervisor(struct restarts *r, struct supervisor *s);

void
restarts_release(struct restarts *r)
{
	while (r->oldest_supervisor)
		evict_supervisor(r, r->oldest_supervisor);
	map_release(&r->supervisors, NULL);
	map_release(&r->children, NULL);
	reasons_release(&r->reasons);
	window_release(&r->all.window);
	strbuf_release(&r->key);
}

/* ---- the keys ---- */

/* The length in front keeps ("ab", "c") and ("a", "bc") apart, and the mark a cut term and a binary of the same text. */
static void
add_to_key(struct strbuf *key, const struct term *t)
{
	uint32_t head[2] = { t ? t->ext_len : 0, t ? t->truncated : 0 };

	strbuf_add(key, head, sizeof(head));
	if (t)
		strbuf_add(key, t->ext, t->ext_len);
}

static void
make_key(struct strbuf *key, const struct term *supervisor, const struct term *child)
{
	strbuf_reset(key);
	add_to_key(key, supervisor);
	add_to_key(key, child);
}

/* ---- the lists, newest first ---- */

static void
unlink_supervisor(struct restarts *r, struct supervisor *s)
{
	*(s->newer ? &s->newer->older : &r->newest_supervisor) = s->older;
	*(s->older ? &s->older->newer : &r->oldest_supervisor) = s->newer;
}

static void
link_supervisor(struct restarts *r, struct supervisor *s)
{
	s->newer = NULL;
	s->older = r->newest_supervisor;
	*(s->older ? &s->older->newer : &r->oldest_supervisor) = s;
	r->newest_supervisor = s;
}

static void
unlink_child(struct restarts *r, struct child *c)
{
	struct supervisor *s = c->under;

	*(c->newer ? &c->newer->older : &r->newest_child) = c->older;
	*(c->older ? &c->older->newer : &r->oldest_child) = c->newer;
	*(c->younger ? &c->younger->elder : &s->newest) = c->elder;
	*(c->elder ? &c->elder->younger : &s->oldest) = c->younger;
}

static void
link_child(struct restarts *r, struct child *c)
{
	struct supervisor *s = c->under;

	c->newer = c->younger = NULL;
	c->older = r->newest_child;
	*(c->older ? &c->older->newer : &r->oldest_child) = c;
	r->newest_child = c;
	c->elder = s->newest;
	*(c->elder ? &c->elder->younger : &s->oldest) = c;
	s->newest = c;
}

/* ---- those who make room ---- */

struct child *
child_hold(struct child *c)
{
	c->refs++;
	return c;
}

void
child_release(struct child *c)
{
	if (--c->refs > 0)
		return;
	term_unref(c->supervisor);
	term_unref(c->id);
	free(c);
}

static void
evict_child(struct restarts *r, struct child *c)
{
	make_key(&r->key, c->supervisor, c->id);
	map_remove(&r->children, r->key.data, r->key.len);
	unlink_child(r, c);
	c->under = NULL;
	reason_list_release(&c->reasons, &r->reasons);
	pairing_release(&c->pairing);
	track_leave(c->track);
	c->track = NULL;
	child_release(c);
}

static void
evict_supervisor(struct restarts *r, struct supervisor *s)
{
	while (s->oldest)
		evict_child(r, s->oldest);
	strbuf_reset(&r->key);
	add_to_key(&r->key, s->name);
	map_remove(&r->supervisors, r->key.data, r->key.len);
	unlink_supervisor(r, s);
	term_unref(s->name);
	term_unref(s->pid);
	siblings_unref(s->siblings);
	budget_release(&s->budget);
	window_release(&s->tally.window);
	free(s);
}

/* ---- those who come ---- */

static struct supervisor *
new_supervisor(struct restarts *r, struct term *name)
{
	struct supervisor *s = xcalloc(1, sizeof(*s));

	if (map_len(&r->supervisors) == r->max_children)
		evict_supervisor(r, r->oldest_supervisor);
	s->name = term_ref(name);
	tally_init(&s->tally, ONE_BUCKET_MS);
	strbuf_reset(&r->key);
	add_to_key(&r->key, name);
	map_put(&r->supervisors, r->key.data, r->key.len, s);
	link_supervisor(r, s);
	return s;
}

static struct supervisor *
find_supervisor(struct restarts *r, const struct term *name)
{
	strbuf_reset(&r->key);
	add_to_key(&r->key, name);
	return map_get(&r->supervisors, r->key.data, r->key.len);
}

/* The supervisor comes first: it may make room by taking away the oldest one with all its children. */
static struct child *
new_child(struct restarts *r, const struct restart *report)
{
	struct child *c = xcalloc(1, sizeof(*c));
	struct supervisor *s = find_supervisor(r, restart_key(report));

	c->under = s ? s : new_supervisor(r, restart_key(report));
	if (map_len(&r->children) == r->max_children)
		evict_child(r, r->oldest_child);
	c->refs = 1;
	c->supervisor = term_ref(c->under->name);
	c->id = term_ref(report->child_id);
	c->group = report->group;
	make_key(&r->key, c->supervisor, c->id);
	map_put(&r->children, r->key.data, r->key.len, c);
	link_child(r, c);
	return c;
}

struct child *
restarts_known(struct restarts *r, const struct restart *report)
{
	make_key(&r->key, restart_key(report), report->child_id);
	return map_get(&r->children, r->key.data, r->key.len);
}

struct child *
restarts_child(struct restarts *r, const struct restart *report)
{
	struct child *c = restarts_known(r, report);

	if (c == NULL) {
		c = new_child(r, report);
	} else {
		unlink_child(r, c);
		link_child(r, c);
	}
	unlink_supervisor(r, c->under);
	link_supervisor(r, c->under);
	return c;
}

const struct supervisor *
restarts_supervisor(const struct restarts *r, const struct term *key)
{
	struct strbuf buf = STRBUF_INIT;
	const struct supervisor *s;

	add_to_key(&buf, key);
	s = map_get(&r->supervisors, buf.data, buf.len);
	strbuf_release(&buf);
	return s;
}

const struct child *
restarts_find(const struct restarts *r, const struct term *key, const struct term *child)
{
	struct strbuf buf = STRBUF_INIT;
	const struct child *c;

	make_key(&buf, key, child);
	c = map_get(&r->children, buf.data, buf.len);
	strbuf_release(&buf);
	return c;
}

/* ---- counting ---- */

static void
count_report(struct tally *t, const struct restart *report, uint64_t n)
{
	switch (report->kind) {
	case RESTART_DONE:
		tally_add(t, report->time_ms, report->time_ms, n);
		break;
	case RESTART_FAILED:
		t->failed += n;
		break;
	case RESTART_GAVE_UP:
		t->gave_up += n;
		break;
	case RESTART_UNDONE: /* have functions of their own */
	case RESTART_COLLATERAL:
	case RESTART_COLLATERAL_UNDONE:
	case RESTART_KIND_COUNT:
		break;
	}
}

static bool
count_time(struct child *c, int64_t time_ms)
{
	if (c->recent.count > 0 && time_ms - c->recent.time_ms[0] > RESTARTS_HEALTH_MS)
		c->rapid = false;
	recent_restarts_add(&c->recent, time_ms);
	if (c->rapid || !recent_restarts_within(&c->recent, RESTARTS_RAPID, RESTARTS_HEALTH_MS))
		return false;
	c->rapid = true;
	return true;
}

/* count_times: more than RECENT_RESTARTS_MAX at once say no more. */
static bool
count_times(struct child *c, int64_t time_ms, uint64_t n)
{
	uint64_t some = n < RECENT_RESTARTS_MAX ? n : RECENT_RESTARTS_MAX;
	bool rapid = false;

	for (uint64_t i = 0; i < some; i++)
		rapid = count_time(c, time_ms) || rapid;
	return rapid;
}

bool
restarts_count(struct restarts *r, struct child *c, const struct restart *report)
{
	uint64_t n = report->times ? report->times : 1;

	count_report(&r->all, report, n);
	count_report(&c->under->tally, report, n);
	if (report->kind != RESTART_DONE)
		return false;
	c->count += n;
	reason_list_add(&c->reasons, &r->reasons, report->reason, n);
	return count_times(c, report->time_ms, n);
}

void
restarts_count_past(struct restarts *r, struct child *c, const struct restart *last, uint64_t n, int64_t first_ms)
{
	if (last->kind != RESTART_DONE) {
		count_report(&r->all, last, n);
		count_report(&c->under->tally, last, n);
		return;
	}
	tally_add(&r->all, first_ms, last->time_ms, n);
	tally_add(&c->under->tally, first_ms, last->time_ms, n);
	c->count += n;
	recent_restarts_add(&c->recent, last->time_ms);
	reason_list_add(&c->reasons, &r->reasons, last->reason, n);
}

static void
take_from_child(struct restarts *r, struct child *c, const struct restart *done, uint64_t n)
{
	uint64_t taken = n < c->count ? n : c->count;

	c->count -= taken;
	c->undone += taken;
	reason_list_take(&c->reasons, &r->reasons, done->reason, n);
	/* It may have found no place of its own. */
	reason_list_trim(&c->reasons, &r->reasons, c->count);
	for (uint64_t i = 0; i < n && i < RECENT_RESTARTS_MAX; i++)
		recent_restarts_take(&c->recent, done->time_ms);
}

void
restarts_take_back(struct restarts *r, const struct restart *done, uint64_t n)
{
	struct child *c = restarts_known(r, done);
	struct supervisor *s = find_supervisor(r, restart_key(done));

	tally_take(&r->all, done->time_ms, n);
	if (s)
		tally_take(&s->tally, done->time_ms, n);
	if (c)
		take_from_child(r, c, done, n);
}

void
restarts_add_collateral(struct restarts *r, const struct restart *of, uint64_t n)
{
	struct supervisor *s = find_supervisor(r, restart_key(of));

	r->all.collateral += n;
	if (s)
		s->tally.collateral += n;
}

void
restarts_take_collateral(struct restarts *r, const struct restart *of, uint64_t n)
{
	struct supervisor *s = find_supervisor(r, restart_key(of));

	r->all.collateral -= n < r->all.collateral ? n : r->all.collateral;
	if (s)
		s->tally.collateral -= n < s->tally.collateral ? n : s->tally.collateral;
}

/* Of one name, another process: the one before it ended. */
static void
learn_pid(struct supervisor *s, struct term *pid)
{
	if (s->pid && !term_same(s->pid, pid))
		budget_renew(&s->budget);
	term_ref(pid);
	term_unref(s->pid);
	s->pid = pid;
}

struct supervisor *
restarts_learn(struct restarts *r, const struct supervisor_facts *f)
{
	struct supervisor *s = find_supervisor(r, f->supervisor);

	if (s == NULL)
		return NULL;
	s->told = true;
	s->kind = f->kind;
	s->strategy = f->strategy;
	s->child_count = f->children;
	siblings_unref(s->siblings);
	s->siblings = siblings_ref(f->siblings);
	learn_pid(s, f->pid);
	if (f->known)
		budget_learn(&s->budget, f);
	return s;
}

const struct supervisor *
restarts_tightest(const struct restarts *r, int64_t now_ms)
{
	const struct supervisor *tightest = NULL;
	double most = 0;

	for (const struct supervisor *s = r->newest_supervisor; s; s = s->older) {
		double share = budget_share(&s->budget, now_ms);

		/* The name decides between equals, so that the answer does not jump to and fro. */
		if (share > most || (tightest && share == most && term_order(s->name, tightest->name) < 0)) {
			tightest = s;
			most = share;
		}
	}
	return tightest;
}

void
restarts_correct(struct restarts *r, struct child *c, const struct term *from, const struct term *to, uint64_t n)
{
	if (term_same(from, to))
		return;
	reason_list_take(&c->reasons, &r->reasons, from, n);
	reason_list_add(&c->reasons, &r->reasons, to, n);
}

void
restarts_add_lost(struct restarts *r, int64_t time_ms, uint64_t n)
{
	if (n == 0)
		return;
	r->undescribed += n;
	tally_add(&r->all, time_ms, time_ms, n);
}

void
restarts_add_unknown(struct restarts *r, enum restart_kind kind, int64_t time_ms, uint64_t n)
{
	static const struct restart unknown;

	switch (kind) {
	case RESTART_DONE:
		restarts_add_lost(r, time_ms, n);
		break;
	case RESTART_FAILED:
		r->all.failed += n;
		break;
	case RESTART_GAVE_UP:
		r->all.gave_up += n;
		break;
	case RESTART_UNDONE:
		tally_take(&r->all, time_ms, n);
		break;
	case RESTART_COLLATERAL:
		restarts_add_collateral(r, &unknown, n);
		break;
	case RESTART_COLLATERAL_UNDONE:
		restarts_take_collateral(r, &unknown, n);
		break;
	case RESTART_KIND_COUNT:
		break;
	}
}

uint64_t
restarts_in(const struct restarts *r, int64_t now_ms, int64_t span_ms)
{
	return window_count(&r->all.window, now_ms, span_ms);
}

const struct supervisor *
restarts_worst(const struct restarts *r, int64_t now_ms, uint64_t *count)
{
	const struct supervisor *worst = NULL;

	*count = 0;
	for (const struct supervisor *s = r->newest_supervisor; s; s = s->older) {
		uint64_t n = window_count(&s->tally.window, now_ms, RESTARTS_HEALTH_MS);

		/* The name decides between equals, so that the answer does not jump to and fro. */
		if (n > *count || (n == *count && worst && term_order(s->name, worst->name) < 0)) {
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
