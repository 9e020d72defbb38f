/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision on one series: is it as usual, and if not, is that worth a person's attention? Constant memory; times are
 * in samples, so the same rules hold at every interval.
 *
 * A sample is judged by the *sustained level*: the running median of the last five (J. Tukey, "Exploratory Data Analysis", 1977), which
 * one or two wild samples do not move. An *excursion* begins when the level's distance from the baseline (analyze/baseline.h) is larger than the
 * *limit*, which is the largest of
 *
 *	threshold × 2.5 deviations of the sustained level   (about 2.7 deviations of a single sample of white noise at 2.0),
 *	the metric row's floor, and
 *	the row's share of the baseline (a rise above baseline × (1 + share), a fall below baseline / (1 + share));
 *
 * a threshold above 2.0 raises floor and share in proportion, one below leaves them. From there on the baseline is frozen: it does not learn the excursion. The
 * excursion becomes an anomaly when it has lasted long enough:
 *
 *	3 samples  if it is novel and extreme: over 4 limits away, and outside of the levels known by more than their whole range;
 *	8 samples  if it is novel: outside of the range of sustained levels of the last days (which fades in three days);
 *	10 samples, and 1.5 times the longest excursion of the last days, if such levels are known: bursts and batch jobs. A level once
 *	           judged normal is found by its duration, and by the health criteria.
 *
 * With little experience (the first 720 samples) up to 3 samples more. An anomaly ends when the level is back within half the limit for 3
 * samples, or when the series has settled on its new level, which is then adopted as the baseline: at the earliest 60 samples after the
 * anomaly was raised, if it moved by less than a limit within 30 samples, at the latest after 720. A return to the baseline left by adoption is
 * no anomaly. Excursions that ended before they became anomalies are known from then on, and so is, after 60 samples, one that is still not longer than those known;
 * of an anomaly only a third becomes known: its like is seen again, and after four or five in three days it is the usual thing.
 */
#ifndef ANALYZE_ANOMALY_H
#define ANALYZE_ANOMALY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/baseline.h"
#include "model/severity.h"

#define DETECTOR_WARM_UP 20 /* samples before any judgement */
#define DETECTOR_ADOPT 60   /* samples after which a settled new level is the normal one */
#define DETECTOR_MEDIAN 5

enum detector_state { DETECTOR_NORMAL, DETECTOR_SUSPECT, DETECTOR_ALARM };
enum detector_change { DETECTOR_SAME, DETECTOR_RAISED, DETECTOR_ENDED };

struct detector { /* private */
	double floor, share, threshold;
	struct baseline usual;
	double recent[DETECTOR_MEDIAN];
	unsigned recent_count, recent_next;
	uint64_t seen;       /* samples, ever */
	double low, high;    /* the range of sustained levels known, fading towards the baseline */
	double longest;      /* samples of the longest known excursion, fading */
	double former;       /* baseline before the last adoption */
	bool former_known;
	enum detector_state state;
	int side;            /* of the excursion: 1 above, -1 below */
	double peak;         /* its most distant level */
	unsigned length;     /* its samples beyond the limit */
	unsigned calm;       /* samples in a row that are not */
	unsigned held;       /* samples since the alarm */
	double mark;         /* level when it was last looked at for settling */
};

/* What an alarm says. */
struct finding {
	double value;     /* the current sample */
	double baseline;
	double deviation; /* of sustained levels from the baseline */
	double score; /* level's distance / (distance + limit): 0 on the baseline, 0.5 at the limit, towards 1 far beyond */
	enum severity severity; /* high from three limits on, else medium */
};

/* detector_init: floor and share as in METRICS, threshold > 0 in standard deviations; a larger one never finds more. */
void detector_init(struct detector *d, double floor, double share, double threshold);
/* detector_feed judges the next sample (a finite number). An anomaly is raised once and ended once. */
enum detector_change detector_feed(struct detector *d, double value);
/* detector_finding tells how far the last sample is from the usual; meant for while an anomaly holds. */
struct finding detector_finding(const struct detector *d);
/* detector_interrupt: samples are missing. An excursion under way is dropped, what is usual is kept. */
enum detector_change detector_interrupt(struct detector *d);
/* detector_restart: the series begins anew (the node was rebooted); the baseline warms up again. */
enum detector_change detector_restart(struct detector *d);

#endif
