/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples and the health checks beside them, for the retention period, in bounded memory.
 *
 * They are kept in chunks of HISTORY_CHUNK. A frame holds what is different from the frame before it, the first of a chunk from a
 * frame of zeros, so that reading can begin at any chunk:
 *
 *	time since the frame before   varint (the chunk knows its first time)
 *	what else changed             a byte of flags; each flag's part follows, in their order
 *	which metrics changed         a bit each
 *	their values                  varint: difference of integers, zigzag, times 2; or 1 and the 8 bytes of any other double
 *
 * Text and anomalies of checks are there only when they change: a check that is like the one before costs nothing. A metric, or a
 * scheduler's share, comes back bit by bit; rankings and the schedulers' raw counters are not kept. A typical sample takes
 * 150 to 250 bytes: a day at 5 s some 4 MB. Anomalies are references to their events.
 */
#ifndef ENGINE_HISTORY_H
#define ENGINE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "engine/past.h"

#define HISTORY_CHUNK 32

struct history;

/* history_new: about max_bytes are used at most, but never less than one chunk is kept. */
struct history *history_new(int64_t retention_ms, size_t max_bytes);
void history_free(struct history *h);
/* history_add takes a sample, and its check (NULL: there was none), as of s->time_ms; a time before the last one's is taken as that. */
void history_add(struct history *h, const struct sample *s, const struct past_check *check);
/* history_expire lets go what is older than the retention period as of now_ms. */
void history_expire(struct history *h, int64_t now_ms);
/* history_since is the time of the oldest sample, 0 if there is none. */
int64_t history_since(struct history *h);
size_t history_bytes(const struct history *h);
/*
 * history_next returns the samples from from_ms to to_ms, oldest first: start with *it = 0, until NULL. *check is NULL where there was none.
 * Valid until the next call.
 */
const struct sample *history_next(
    struct history *h, int64_t from_ms, int64_t to_ms, size_t *it, const struct past_check **check);

/* history_open pins what there is from from_ms to to_ms; past_view_free lets it go. */
struct past_view *history_open(const struct history *h, int64_t from_ms, int64_t to_ms);

#endif
