/* SPDX-License-Identifier: Apache-2.0 */
#include "crashdump/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "crashdump/fields.h"

#define LOOK_AHEAD \
	1024 /* processes without details between two with them: those that were exiting or in a garbage collection */

void
kinds_init(struct kinds *k)
{
	*k = (struct kinds) { 0 };
	map_init(&k->index);
}

void
kinds_release(struct kinds *k)
{
	map_release(&k->index, NULL);
	free(k->kinds);
	free(k->pending);
}

static size_t
place(struct kinds *k, const char *call)
{
	size_t i = (size_t)map_get(&k->index, call, strlen(call));

	if (i)
		return i - 1;
	if (k->count == KINDS_MAX)
		call = "(others)";
	if (k->count > KINDS_MAX)
		return KINDS_MAX;
	if (k->count == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 64;
		k->kinds = xreallocarray(k->kinds, k->cap, sizeof(*k->kinds));
	}
	k->kinds[k->count] = (struct crash_kind) { .count = 0 };
	field_copy(k->kinds[k->count].call, sizeof(k->kinds->call), call, strlen(call));
	k->count++;
	if (k->count <= KINDS_MAX)
		map_put(&k->index, call, strlen(call), (void *)k->count);
	return k->count - 1;
}

static void
add(struct kinds *k, size_t at, uint64_t memory_bytes, uint64_t queue)
{
	struct crash_kind *kind = &k->kinds[at];

	kind->count++;
	kind->memory_bytes = saturated_sum(kind->memory_bytes, memory_bytes);
	kind->queue = saturated_sum(kind->queue, queue);
	if (memory_bytes > kind->biggest_bytes)
		kind->biggest_bytes = memory_bytes;
}

/* FNV-1a, 64 bits; never 0. */
static uint64_t
hash(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return h | 1;
}

void
kinds_defer(struct kinds *k, const char *pid, const char *call, uint64_t memory_bytes, uint64_t queue)
{
	if (k->pending_count == KINDS_PENDING) {
		add(k, place(k, call), memory_bytes, queue);
		return;
	}
	if (k->pending_count == k->pending_cap) {
		k->pending_cap = k->pending_cap ? 2 * k->pending_cap : 1024;
		k->pending = xreallocarray(k->pending, k->pending_cap, sizeof(*k->pending));
	}
	k->pending[k->pending_count++] = (struct kind_pending) { .pid = hash(pid),
		.memory_bytes = memory_bytes,
		.queue = queue < UINT32_MAX ? (uint32_t)queue : UINT32_MAX,
		.kind = (uint32_t)place(k, call) };
}

void
kinds_resolve(struct kinds *k, const char *pid, const char *call)
{
	uint64_t wanted = hash(pid);
	size_t end = k->cursor + LOOK_AHEAD;

	for (size_t i = k->cursor; i < k->pending_count && i < end; i++) {
		if (k->pending[i].pid != wanted)
			continue;
		add(k, place(k, call), k->pending[i].memory_bytes, k->pending[i].queue);
		k->pending[i].pid = 0;
		k->cursor = i + 1;
		return;
	}
}

static int
by_memory(const void *a, const void *b)
{
	const struct crash_kind *x = a;
	const struct crash_kind *y = b;

	if (x->memory_bytes != y->memory_bytes)
		return x->memory_bytes < y->memory_bytes ? 1 : -1;
	return strcmp(x->call, y->call);
}

size_t
kinds_finish(struct kinds *k, struct crash_kind *out, size_t top, uint64_t *all)
{
	size_t n = 0;

	for (size_t i = 0; i < k->pending_count; i++)
		if (k->pending[i].pid)
			add(k, k->pending[i].kind, k->pending[i].memory_bytes, k->pending[i].queue);
	k->pending_count = 0;
	/* The places in the index are wrong from here on. */
	map_release(&k->index, NULL);
	map_init(&k->index);
	if (k->count)
		qsort(k->kinds, k->count, sizeof(*k->kinds), by_memory);
	*all = 0;
	for (size_t i = 0; i < k->count; i++)
		*all += k->kinds[i].count > 0;
	for (size_t i = 0; i < k->count && n < top; i++)
		if (k->kinds[i].count > 1)
			out[n++] = k->kinds[i];
	return n;
}
