/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The past as a whole: views of it that stay as they are, one metric in buckets, and the blocks in which it is kept and persisted. What is
 * in them, and how, is at the head of engine/history.h and series/.
 */
#ifndef ENGINE_PAST_H
#define ENGINE_PAST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "engine/engine.h"

/* A pinned piece of the past: what was there when it was opened. Later inputs, expiry, eviction and even engine_free change nothing in it. */
struct past_view;

/* engine_past_open pins the samples from from_ms to to_ms, both included. Cheap: blocks are shared by reference. */
struct past_view *engine_past_open(const struct engine *e, int64_t from_ms, int64_t to_ms);
void past_view_free(struct past_view *v);
/* past_view_samples is exactly how many past_view_next gives from the start. */
size_t past_view_samples(struct past_view *v);
/* past_view_checks is how many of them have a check. */
size_t past_view_checks(struct past_view *v);
/*
 * past_view_next gives the samples, oldest first, NULL at the end; *check is NULL where there was none. Valid until the next call. Rankings
 * and the schedulers' raw counters are not kept; the value of a metric that was not observed has no meaning.
 */
const struct sample *past_view_next(struct past_view *v, const struct past_check **check);
/* past_view_rewind: the next one is the first again. */
void past_view_rewind(struct past_view *v);

/* What the values of a metric were in a bucket that begins at time_ms: those observed, of which there are count > 0. */
struct past_point {
	int64_t time_ms;
	double min, max, mean, last;
	uint32_t count;
	int64_t last_ms; /* when the last value was observed; of a roll-up, when that ends */
};

/*
 * engine_past_points aggregates one metric from from_ms to to_ms, both included, into buckets of step_ms, aligned to its multiples since the
 * epoch; no other metric is unpacked. From full resolution where it is kept, before that from 1-minute, before that from 1-hour
 * roll-ups (a roll-up counts where it begins; a bucket is no finer than what it is made of); the pieces join without overlap or gap. step_ms 0:
 * every sample, and every roll-up, as it is. Returns the number of points, which are those of the oldest buckets if there are more
 * than max; empty buckets give none.
 */
size_t engine_past_points(const struct engine *e, enum metric_id metric, int64_t from_ms, int64_t to_ms,
    int64_t step_ms, struct past_point *out, size_t max);

/* engine_past_extent is how far back and up to when anything is kept of samples, roll-ups included; false: nothing is. */
bool engine_past_extent(const struct engine *e, int64_t *oldest_ms, int64_t *newest_ms);

/* Where what is kept becomes finer: hours are told up to the one time, minutes from there on to the other, samples from there on. */
struct past_seams {
	int64_t hours_end_ms, minutes_end_ms;
};

struct past_seams engine_past_seams(const struct engine *e);
/* past_resolution_ms is how long a time what engine_past_points tells of an instant stands for: 3600000, 60000, or 0 where it is told of as it was sampled. */
int64_t past_resolution_ms(const struct past_seams *s, int64_t time_ms);

/*
 * What is to be persisted: sealed blocks, in the order of their times within each kind. Immutable, counted. All samples of one instant are in
 * one block, unless there are more than fit into any: so what a block of samples covers is what lies from its first to its last time.
 * What is not sealed yet is lost with the engine, but for what is given back to it otherwise: samples by engine_feed and engine_restore_sample,
 * of which the newest minutes and hours are made again.
 */
enum past_block_kind { PAST_SAMPLES, PAST_MINUTES, PAST_HOURS };

struct past_block;

/* engine_next_block hands over the next sealed block (the caller unrefs it), NULL: there is none. Only if options.blocks is set. */
struct past_block *engine_next_block(struct engine *e);
enum past_block_kind past_block_kind(const struct past_block *b);
int64_t past_block_first_ms(const struct past_block *b);
int64_t past_block_last_ms(const struct past_block *b);
size_t past_block_rows(const struct past_block *b);
struct past_block *past_block_ref(struct past_block *b);
void past_block_unref(struct past_block *b);

/*
 * How names stand in a file: metrics and criteria by numbers below number_count that its table of names gives them, the anomalies of checks by
 * numbers that the owner of the file gives them.
 */
struct past_names {
	const uint16_t *of_metric;    /* METRIC_COUNT numbers */
	const uint16_t *of_criterion; /* CRITERION_COUNT numbers */
	/* What a number is: index + 1; 0: a name that this release does not have. */
	const uint16_t *metric;
	const uint16_t *criterion;
	size_t number_count;
	/* The number of an anomaly's event; and a reference to the event of a number, or NULL if it is not known (any more). */
	uint64_t (*number_of_event)(void *context, const struct node_event *ev);
	struct node_event *(*event_of_number)(void *context, uint64_t number);
	void *context;
};

/* past_block_write appends the block's bytes for a file. */
void past_block_write(const struct past_block *b, const struct past_names *names, struct strbuf *out);
/*
 * past_block_read makes the block of such bytes (the caller owns a reference), whoever wrote them: every length is checked. NULL and a reason if
 * they are not what past_block_write writes. Metrics, criteria and events that are not known are left out.
 */
struct past_block *past_block_read(const void *data, size_t len, const struct past_names *names, struct err *err);

/*
 * engine_restore_block takes the caller's reference; between engine_restore_begin and _end, each kind by time, samples before any newer ones are
 * given otherwise. A block takes the place of what is there already and not older than its first row. Samples are also judged again, so that the
 * engine knows what is usual; their derived metrics are as they are.
 */
void engine_restore_block(struct engine *e, struct past_block *b);

#endif
