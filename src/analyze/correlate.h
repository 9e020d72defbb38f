/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pattern resource_correlated: restarts of one child that follow spikes of a resource (analyze/spike.h), more often than chance allows.
 *
 * A restart hits a spike if it comes within CORRELATE_LAG_MS, and a sample's length before and after, of the moment when the spike had risen, or of its
 * top: which of the two counts is tried (a load rises to a plateau, memory to a point from which it falls). Such moments cover a share of all time;
 * were restarts independent of them, so many of the child's would hit one as that share says: the number of hits is compared with the
 * Poisson distribution. A hit counts once for each spike and child, and restarts in a row are one.
 */
#ifndef ANALYZE_CORRELATE_H
#define ANALYZE_CORRELATE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/spike.h"
#include "analyze/trail.h"

#define CORRELATE_LAG_MS 25000
#define CORRELATE_HITS 4    /* at least */
#define CORRELATE_MEMORY 32 /* hits remembered */
#define CORRELATE_SILENT 6  /* spikes without a restart in a row that end a pattern */
#define CORRELATE_SERIES 3  /* among so many resources is looked */

enum moment { MOMENT_RISEN, MOMENT_TOP, MOMENT_COUNT };

/* A resource. */
struct load { /* private */
	struct spikes spikes;
	int64_t first_ms, before_ms; /* of the first and the last value */
	int64_t sample_ms;           /* distance of samples */
	double covered_ms;           /* by the time after either moment of spikes */
	uint64_t seen;               /* spikes, without those that wait */
	unsigned waiting;
	struct spike wait[8]; /* until all restarts about them have settled */
};

/* What a child and a resource have to do with each other. */
struct correlation {
	uint64_t hits;
	uint64_t first_spike, last_spike; /* numbers of spikes */
	int64_t first_ms, last_ms;        /* restarts that hit */
	double lowest;                    /* the top of the lowest spike that was hit */
	double delay_ms[MOMENT_COUNT];    /* sums */
	unsigned by[MOMENT_COUNT];
	bool found;
	int64_t detected_ms;
	double log_p; /* of chance, times the trials */
	unsigned count;
	struct {
		int64_t time_ms;
		bool by[MOMENT_COUNT];
	} hit[CORRELATE_MEMORY]; /* the last ones */
};

/* A restart that hit a spike. */
struct hit {
	const struct spike *spike;
	struct track *track;
	int64_t time_ms;
	uint64_t number; /* of the spike */
	bool by[MOMENT_COUNT];
	double delay_ms[MOMENT_COUNT];
};

void load_init(struct load *r, double floor);
/* load_feed takes the next sample (a value that is not finite is a gap). A time that is not later than the last one is left out. */
void load_feed(struct load *r, int64_t time_ms, double value);
/*
 * load_next takes the next spike whose restarts have all settled: *spike and its *number. False: there is none.
 */
bool load_next(struct load *r, const struct trail *trail, struct spike *spike, uint64_t *number);
/* correlate_hit: the trail's log from *index on has a restart that hit the spike; *index is behind it then. False: no more. */
bool correlate_hit(
    const struct load *r, const struct trail *trail, const struct spike *spike, size_t *index, struct hit *out);
/* correlation_add takes a hit of its child, as of now_ms; among `children` patterns are looked for. */
void correlation_add(struct correlation *c, const struct load *r, const struct trail *trail, const struct hit *h,
    int64_t now_ms, unsigned children);
/* correlation_is_active: the last spikes were not all without a restart. */
bool correlation_is_active(const struct correlation *c, const struct load *r);
/* correlation_delay is the mean time from the spike to the restart, correlation_fired the share of the spikes that were followed by one. */
double correlation_delay(const struct correlation *c);
double correlation_fired(const struct correlation *c);

#endif
