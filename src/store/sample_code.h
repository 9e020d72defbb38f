/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sample, and the health check beside it, as bytes: some 900 for a sample of all metrics with 8 schedulers. Metrics and criteria stand there by numbers
 * that the file's table of names gives them, so that a row more in our tables, or in another order, changes nothing.
 *
 *	sample   version (1), count, (metric, number)…, schedulers {count, (active, total, float32 utilization)…},
 *	         for each ranking {count, (pid, name, initial call, current function, value, queue, memory, reductions)…}
 *	check    version (1), overall, count, (criterion, level)…, restart rate, recommendations, count, finding…
 *
 * Counts, name numbers and findings are varints (7 bits a byte, least significant first); a number is a varint of an integer, doubled
 * and with its sign (zigzag), plus 1, or 0 and 8 bytes of a double; texts have their length in front.
 */
#ifndef STORE_SAMPLE_CODE_H
#define STORE_SAMPLE_CODE_H

#include "base/attr.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "engine/past.h"

#define SAMPLE_CODE_NAMES 1024 /* numbers that a file's table can give away */

/* The file's table of names. */
struct sample_names {
	uint16_t of_metric[METRIC_COUNT];
	uint16_t of_criterion[CRITERION_COUNT];
	/* what a number is: index + 1; 0: a name that this release does not have */
	uint16_t metric[SAMPLE_CODE_NAMES];
	uint16_t criterion[SAMPLE_CODE_NAMES];
};

/* past_names_of: the same for blocks; without the numbers of events, and valid as long as `names`. */
struct past_names past_names_of(const struct sample_names *names);

void sample_code_write(struct strbuf *out, const struct sample *s, const struct sample_names *names);
/* sample_code_read fills *s, with that time. False if the bytes are not what sample_code_write writes; then *s is without meaning. */
bool sample_code_read(
    const void *data, size_t len, const struct sample_names *names, int64_t time_ms, struct sample *s) MUST_CHECK;

/* A check without its anomalies, in place of which stand numbers of findings. */
struct check_code {
	struct past_check check; /* recommendations points to the text here */
	char recommendations[HEALTH_MAX_RECOMMENDATIONS * 256];
	unsigned finding_count;
	uint64_t findings[HEALTH_MAX_ANOMALIES];
};

void check_code_write(
    struct strbuf *out, const struct past_check *check, const uint64_t *findings, const struct sample_names *names);
bool check_code_read(
    const void *data, size_t len, const struct sample_names *names, int64_t time_ms, struct check_code *c) MUST_CHECK;

#endif
