/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spikes of a series: it rises far above its usual level, and comes back. The usual level and its spread are running medians (of the values, and of
 * their distances from it), moved by a small step towards each value (H. Robbins, S. Monro, "A stochastic approximation method", 1951): spikes
 * do not move them. A spike begins above level + the largest of SPIKE_SPREADS standard deviations (1.48 times the median distance), the
 * floor, and a twentieth of the level; it ends when half of its height is lost. One that lasts for half an hour is the new level.
 * Times are in samples, but for that.
 */
#ifndef ANALYZE_SPIKE_H
#define ANALYZE_SPIKE_H

#include <stdbool.h>
#include <stdint.h>

#define SPIKE_WARM_UP 31 /* samples before any judgement: their medians are where it begins */
#define SPIKE_SPREADS 6
#define SPIKE_LASTS_MS 1800000
#define SPIKE_RECORDS 16

struct spike {
	int64_t rise_ms; /* it was at nine tenths of its height */
	int64_t top_ms;  /* it was at its highest */
	int64_t end_ms;
	double top;
	double level; /* the usual one */
};

struct spikes { /* private */
	double floor;
	unsigned count;
	double first[SPIKE_WARM_UP];
	double level, distance;
	bool above;
	int64_t began_ms;
	unsigned records; /* of the spike: values higher than all before, from nine tenths of the highest on */
	struct {
		int64_t time_ms;
		double value;
	} record[SPIKE_RECORDS];
};

/* spikes_init: what rises by less than `floor` (>= 0) is no spike. */
void spikes_init(struct spikes *s, double floor);
/* spikes_feed takes the next value (finite); times rise. True when a spike has ended with it: *out. */
bool spikes_feed(struct spikes *s, int64_t time_ms, double value, struct spike *out);
/* spikes_gap: values are missing; a spike that went on is not known to its end. */
void spikes_gap(struct spikes *s);

#endif
