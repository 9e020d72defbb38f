/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct map_slot {
	uint64_t hash;
	size_t len;
	void *key; /* NULL: the slot is free */
	void *value;
};

/* FNV-1a, 64 bit, with a final mix because only low bits pick the slot. http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t
hash_bytes(const void *key, size_t len)
{
	const uint8_t *p = key;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

void
map_init(struct map *m)
{
	memset(m, 0, sizeof(*m));
}

void
map_release(struct map *m, void (*free_value)(void *))
{
	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].key == NULL)
			continue;
		if (free_value)
			free_value(m->slots[i].value);
		free(m->slots[i].key);
	}
	free(m->slots);
	map_init(m);
}

size_t
map_len(const struct map *m)
{
	return m->len;
}

/* find returns the slot of the key, or the free slot where it belongs. cap must not be 0. */
static struct map_slot *
find(const struct map *m, uint64_t hash, const void *key, size_t len)
{
	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct map_slot *s = &m->slots[i];

		if (s->key == NULL || (s->hash == hash && s->len == len && memcmp(s->key, key, len) == 0))
			return s;
	}
}

static void
grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? 2 * old.cap : 16;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key)
			*find(m, old.slots[i].hash, old.slots[i].key, old.slots[i].len) = old.slots[i];
	free(old.slots);
}

void *
map_get(const struct map *m, const void *key, size_t len)
{
	return m->cap ? find(m, hash_bytes(key, len), key, len)->value : NULL;
}

void *
map_put(struct map *m, const void *key, size_t len, void *value)
{
	struct map_slot *s;
	void *former;

	if (4 * (m->len + 1) > 3 * m->cap)
		grow(m);
	s = find(m, hash_bytes(key, len), key, len);
	if (s->key == NULL) {
		s->hash = hash_bytes(key, len);
		s->key = xmemdup(key, len);
		s->len = len;
		m->len++;
	}
	former = s->value;
	s->value = value;
	return former;
}

/* Entries behind the hole move up, so that no probe sequence is broken (Knuth, TAOCP 3, 6.4, algorithm R). */
static void
close_hole(struct map *m, size_t hole)
{
	size_t mask = m->cap - 1;

	for (size_t i = (hole + 1) & mask; m->slots[i].key; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	memset(&m->slots[hole], 0, sizeof(m->slots[hole]));
}

void *
map_remove(struct map *m, const void *key, size_t len)
{
	struct map_slot *s;
	void *value;

	if (m->cap == 0)
		return NULL;
	s = find(m, hash_bytes(key, len), key, len);
	if (s->key == NULL)
		return NULL;
	value = s->value;
	free(s->key);
	m->len--;
	close_hole(m, (size_t)(s - m->slots));
	return value;
}

void *
map_next(const struct map *m, size_t *it)
{
	while (*it < m->cap) {
		const struct map_slot *s = &m->slots[(*it)++];

		if (s->key)
			return s->value;
	}
	return NULL;
}
