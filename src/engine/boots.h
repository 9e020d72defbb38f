/* SPDX-License-Identifier: Apache-2.0 */
/* When the VM began anew, and when nothing was heard of it: told by the uptime in the samples and roll-ups kept, so earlier runs of this program are in it. */
#ifndef ENGINE_BOOTS_H
#define ENGINE_BOOTS_H

#include "engine/engine.h"

#define BOOTS_MAX 50
#define UNSEEN_MAX 100

struct boot {
	int64_t booted_ms;
	int64_t lost_ms; /* when it was last seen before; 0: it was not */
	int64_t seen_ms; /* when it was seen again, to a step */
};

struct unseen {
	int64_t start_ms;
	int64_t end_ms; /* 0: still */
};

/* The newest of each, oldest first. */
struct boots {
	struct boot boots[BOOTS_MAX];
	struct unseen unseen[UNSEEN_MAX];
	size_t boot_count, unseen_count;
	size_t boots_left_out, unseen_left_out;
};

/*
 * boots_find looks at the time from start_ms to end_ms (at most now_ms), in steps of a minute, or a 2000th of it if that is longer: of several boots
 * in a step the last is told, and no silence that is shorter than it. Some 0.5 ms for a day.
 */
void boots_find(const struct engine *e, int64_t now_ms, int64_t start_ms, int64_t end_ms, struct boots *out);

#endif
