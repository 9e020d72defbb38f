/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/reasons.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define FIRST_ROOM 2

static const uint8_t UNDEFINED[] = { 119, 9, 'u', 'n', 'd', 'e', 'f', 'i', 'n', 'e', 'd' };

void
reasons_init(struct reasons *r)
{
	memset(r, 0, sizeof(*r));
	map_init(&r->by_term);
	r->undefined = term_new(UNDEFINED, sizeof(UNDEFINED), "undefined", false);
}

static void
reason_free(void *p)
{
	struct reason *reason = p;

	term_unref(reason->term);
	free(reason);
}

void
reasons_release(struct reasons *r)
{
	map_release(&r->by_term, reason_free);
	free(r->all);
	term_unref(r->undefined);
	strbuf_release(&r->key);
	memset(r, 0, sizeof(*r));
}

/* make_key: a whole term by its bytes, a cut one, or one that has to be cut, by its text. */
static void
make_key(struct reasons *r, const struct term *t)
{
	bool cut = t->truncated || t->ext_len > RESTARTS_REASON_MAX;

	strbuf_reset(&r->key);
	strbuf_add(&r->key, cut ? "x" : "t", 1);
	if (cut)
		strbuf_add(&r->key, t->text, strnlen(t->text, TERM_TEXT_MAX));
	else
		strbuf_add(&r->key, t->ext, t->ext_len);
}

static struct reason *
find(struct reasons *r, const struct term *t)
{
	make_key(r, t ? t : r->undefined);
	return map_get(&r->by_term, r->key.data, r->key.len);
}

/* keep makes the reason whose key was looked for last. */
static struct reason *
keep(struct reasons *r, const struct term *t)
{
	struct term *source = t ? (struct term *)(uintptr_t)t : r->undefined;
	struct term *term = source->ext_len > RESTARTS_REASON_MAX ? term_cut(source) : term_ref(source);
	size_t bytes = sizeof(struct reason) + sizeof(*term) + term->ext_len + strlen(term->text) + r->key.len;
	struct reason *reason;

	if (r->bytes + bytes > REASONS_MAX_BYTES) {
		term_unref(term);
		return NULL;
	}
	reason = xmalloc(sizeof(*reason));
	*reason = (struct reason) { .term = term, .index = r->count, .bytes = bytes };
	if (r->count == r->room) {
		r->room = r->room ? 2 * r->room : 16;
		r->all = xreallocarray(r->all, r->room, sizeof(*r->all));
	}
	r->all[r->count++] = reason;
	r->bytes += bytes;
	map_put(&r->by_term, r->key.data, r->key.len, reason);
	return reason;
}

static void
drop(struct reasons *r, struct reason *reason)
{
	if (--reason->users > 0)
		return;
	make_key(r, reason->term);
	map_remove(&r->by_term, r->key.data, r->key.len);
	r->all[reason->index] = r->all[--r->count];
	r->all[reason->index]->index = reason->index;
	r->bytes -= reason->bytes;
	reason_free(reason);
}

static struct reason_entry *
entry_of(const struct reason_list *l, const struct reason *reason)
{
	for (uint32_t i = 0; reason && i < l->count; i++)
		if (l->entries[i].reason == reason)
			return &l->entries[i];
	return NULL;
}

static void
append(struct reason_list *l, struct reason *reason, uint64_t n)
{
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : FIRST_ROOM;
		l->entries = xreallocarray(l->entries, l->room, sizeof(*l->entries));
	}
	l->entries[l->count++] = (struct reason_entry) { reason, n };
	reason->users++;
}

bool
reason_list_add(struct reason_list *l, struct reasons *r, const struct term *t, uint64_t n)
{
	struct reason *reason = find(r, t);
	struct reason_entry *entry = entry_of(l, reason);

	if (entry) {
		entry->count += n;
		return true;
	}
	if (l->count == RESTARTS_MAX_REASONS)
		return false;
	if (reason == NULL)
		reason = keep(r, t);
	if (reason == NULL)
		return false;
	append(l, reason, n);
	return true;
}

uint64_t
reason_list_take(struct reason_list *l, struct reasons *r, const struct term *t, uint64_t n)
{
	struct reason_entry *entry = entry_of(l, find(r, t));

	if (entry == NULL)
		return 0;
	if (n < entry->count) {
		entry->count -= n;
		return n;
	}
	n = entry->count;
	drop(r, entry->reason);
	*entry = l->entries[--l->count];
	return n;
}

static struct reason_entry *
most_frequent(const struct reason_list *l, uint64_t *sum)
{
	struct reason_entry *most = NULL;

	*sum = 0;
	for (uint32_t i = 0; i < l->count; i++) {
		*sum += l->entries[i].count;
		most = most && most->count >= l->entries[i].count ? most : &l->entries[i];
	}
	return most;
}

void
reason_list_trim(struct reason_list *l, struct reasons *r, uint64_t max)
{
	struct reason_entry *most;
	uint64_t sum;

	while ((most = most_frequent(l, &sum)) != NULL && sum > max)
		reason_list_take(l, r, most->reason->term, sum - max);
}

void
reason_list_release(struct reason_list *l, struct reasons *r)
{
	for (uint32_t i = 0; i < l->count; i++)
		drop(r, l->entries[i].reason);
	free(l->entries);
	memset(l, 0, sizeof(*l));
}
