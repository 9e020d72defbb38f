/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from byte strings to pointers: open addressing, linear probing, keys are copied. It does not bound itself: who
 * fills it from a peer's data bounds the number of entries (map_len).
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map { /* private */
	struct map_slot *slots;
	size_t cap;
	size_t len;
};

void map_init(struct map *m);
/* map_release frees the map; free_value, if not NULL, is called with every value. */
void map_release(struct map *m, void (*free_value)(void *));
size_t map_len(const struct map *m);
/* map_get returns the value, or NULL if the key is not there. */
void *map_get(const struct map *m, const void *key, size_t len);
/* map_put sets the value (not NULL) and returns the former one or NULL. */
void *map_put(struct map *m, const void *key, size_t len, void *value);
/* map_remove takes the key out and returns its value, or NULL. */
void *map_remove(struct map *m, const void *key, size_t len);
/*
 * map_next walks all entries in no particular order: start with *it = 0, go on while it returns the next value, until
 * NULL. The map must not change meanwhile.
 */
void *map_next(const struct map *m, size_t *it);

#endif
