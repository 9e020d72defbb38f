/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pairs.h"

#include <stdlib.h>

#include "base/alloc.h"

static void
free_child(void *p)
{
	pairing_release(p);
	free(p);
}

static void
clear(struct pairs *p)
{
	map_release(&p->children, free_child);
	map_init(&p->children);
}

/* Once a minute all are forgotten who have waited that long. Simple, because there are few: hand reports are rare. */
static void
expire(struct pairs *p, int64_t now_ms)
{
	struct pairing *child;

	if (now_ms - p->expired_ms < PAIRING_LATE_MS)
		return;
	p->expired_ms = now_ms;
	for (size_t it = 0; (child = map_next(&p->children, &it)) != NULL;)
		pairing_expire(child, now_ms);
	if (map_len(&p->children) > PAIRS_MAX_CHILDREN / 2)
		clear(p);
}

static void
add_term(struct strbuf *key, const struct term *t)
{
	uint32_t len = t ? t->ext_len : 0;

	strbuf_add(key, &len, sizeof(len));
	strbuf_addc(key, t && t->truncated);
	if (t)
		strbuf_add(key, t->ext, len);
}

static struct pairing *
child_of(struct pairs *p, const struct restart *r)
{
	struct pairing *child;

	strbuf_reset(&p->key);
	add_term(&p->key, restart_key(r));
	add_term(&p->key, r->child_id);
	child = map_get(&p->children, p->key.data, p->key.len);
	if (child)
		return child;
	if (map_len(&p->children) >= PAIRS_MAX_CHILDREN)
		clear(p);
	child = xcalloc(1, sizeof(*child));
	map_put(&p->children, p->key.data, p->key.len, child);
	return child;
}

uint64_t
pairs_meet(struct pairs *p, const struct restart *r)
{
	enum pairing_side side = r->by_hand ? PAIRING_BY_HAND : PAIRING_CAUGHT;
	enum pairing_side other = r->by_hand ? PAIRING_CAUGHT : PAIRING_BY_HAND;
	uint64_t times = r->times ? r->times : 1, met = 0, n;
	struct pairing_report report = { 0 }, *with;
	struct pairing *child;

	if (r->kind != RESTART_DONE || (r->by_hand && r->caught))
		return 0;
	expire(p, r->time_ms);
	child = child_of(p, r);
	while (met < times && (n = pairing_meet(child, other, r->time_ms, times - met, &with)) > 0)
		met += n;
	if (met < times) {
		/* Nothing of a report is kept here but the number. */
		pairing_wait(child, side, &report, r->time_ms, times - met);
		pairing_forget(&report);
	}
	return met;
}

void
pairs_release(struct pairs *p)
{
	map_release(&p->children, free_child);
	strbuf_release(&p->key);
}
