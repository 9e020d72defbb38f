/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples and the health checks beside them, for the retention period, in bounded memory.
 *
 * The newest ones lie open: as rows of columns, to which a sample is added by writing its values. HISTORY_ROWS of them are sealed into a block
 * (series/block.h, engine/check_log.h), a few columns with each sample that follows, so that none takes long. Sealed blocks never change and are
 * counted: views, and whoever writes them to a file, share them. A metric, or a scheduler's share, comes back bit by bit; rankings and the
 * schedulers' raw counters are not kept. A day of a loaded node at 5 s takes some 1.6 MB (bench/bench_history.c), and what lies open 0.2 MB more.
 */
#ifndef ENGINE_HISTORY_H
#define ENGINE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "engine/past.h"
#include "engine/sample_rows.h"

/* Samples of a block. It grows beyond while its last samples have the same time, to SERIES_ROWS at most. */
#define HISTORY_ROWS 120

struct history;

/* history_new: sealed blocks take max_bytes at most; what is not sealed is kept in any case. */
struct history *history_new(int64_t retention_ms, size_t max_bytes);
void history_free(struct history *h);
/*
 * history_add takes a sample, and its check (NULL: there was none), as of s->time_ms; a time before the last one's is taken as that. It returns a
 * block that was sealed (the history's), or NULL.
 */
struct past_block *history_add(struct history *h, const struct sample *s, const struct past_check *check);
/* history_add_block takes the reference to a block of samples, in the place of what is not older than its first. */
void history_add_block(struct history *h, struct past_block *b);
/* history_forget takes out all samples from a time on. */
void history_forget(struct history *h, int64_t from_ms);
/* history_expire lets go what is older than the retention period as of now_ms. */
void history_expire(struct history *h, int64_t now_ms);
/* history_since is the time of the oldest sample, 0 if there is none. */
int64_t history_since(const struct history *h);
/* history_bytes is what sealed blocks take. */
size_t history_bytes(const struct history *h);
/*
 * history_next returns the samples from from_ms to to_ms, oldest first: start with *it = 0, until NULL. *check is NULL where there was none.
 * Valid until the next call.
 */
const struct sample *history_next(
    struct history *h, int64_t from_ms, int64_t to_ms, size_t *it, const struct past_check **check);

/* The pieces that it is made of, by time; none is empty. history_find is the first one that ends at a time or later. */
size_t history_pieces(const struct history *h);
struct piece history_piece(const struct history *h, size_t i);
size_t history_find(const struct history *h, int64_t time_ms);
/* history_count is how many samples there are from a time on and before another. */
size_t history_count(const struct history *h, int64_t from_ms, int64_t before_ms);
/* history_oldest_ms: samples before are not told, although a block may have some. */
int64_t history_oldest_ms(const struct history *h);

#endif
