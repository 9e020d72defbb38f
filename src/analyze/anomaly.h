/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision on one series: is it as usual, and if not, is that worth a person's attention? Constant memory; times
 * are in samples, so the same rules hold at every interval.
 *
 * A sample is judged by the *sustained level* (analyze/sustained.h), the running median of the last five. An *excursion* begins when the level's distance from
 * the baseline (analyze/baseline.h) is larger than the *limit*, which is the largest of
 *
 *	4 deviations of the sustained level (about 2.2 deviations of a single sample of white noise on either side: a threshold of 2.0),
 *	the metric row's floor, and
 *	the row's share of the baseline (a rise above baseline × (1 + share), a fall below baseline / (1 + share)).
 *
 * After an hour of samples a fall to half of the least level known is beyond the limit whatever the noise. A level within the limit of the mean
 * of the last hour is no excursion: the baseline had followed half a burst, and is moved back. During an excursion the baseline is
 * frozen: it does not learn it. The excursion becomes an anomaly when it is *sudden* (detector_leap), or has lasted
 * long enough:
 *
 *	5 samples   if it is novel and grows nearly all the time, by a tenth of the limit a sample: a leak; 12 in a surge
 *	12 samples  else, and twice as long as the longest excursion known on that side, but if that is over 60 samples, 1.2 times;
 *	            in a surge at least 60, and twice the longest: load that stays is adopted rather than told. In the first hour
 *	            24, if two kinds of metrics are beyond their limits.
 *
 * It is *sudden* when the series is surprised (the owner knows), each of the last three samples is beyond the limit, their median 4 limits away (6 in the first hour, 10 in a surge), 1.5 times
 * as far as the highest excursion known on the node, on that side, and outside of the known range by half of it. So what is far
 * outside is told at its third sample, unless the node is known to do such things.
 *
 * It is sudden, too, when each of the last three samples went on from the one before, three times as fast as ever known of the series and as three deviations, to 1.5 limits and
 * outside of the known range by half of it; not in a surge. That is the beginning of a fast leak.
 *
 * A *surge* is when three kinds of metrics or more are beyond their limits at once: load, rather than a fault. *Novel* is
 * what lies outside of the range of sustained levels of the last days, which fades in three days, as do the longest
 * and the highest excursion, which all series of a node learn together: that is the calibration of the node, without a distribution. Bursts and batch jobs
 * raise an alarm once, if they are long or far, and are then known. A level once judged normal is found by its
 * duration, and by the health criteria.
 *
 * An anomaly ends when the level is back within half the limit for 3 samples, or when the series has settled on its
 * new level, which is then adopted as the baseline: at the earliest 60 samples after the anomaly was raised, if it
 * moved by less than a limit within 30 samples, at the latest after 720. It is raised again if it has become four
 * times as far meanwhile (and 12 limits). A return to the baseline left by adoption is no anomaly. Excursions that
 * ended before they became anomalies are known from then on, and so is, after 60 samples, one that is still not longer
 * than those known; of an anomaly only a third becomes known: its like is seen again, and after four or five in three
 * days it is the usual thing.
 *
 * The threshold decides what is told, not what is learnt; so a larger one tells no more. All above is said for 2.0. At 2.0 × s, s > 1, an
 * anomaly is told when it is s limits away and has lasted s times as long; for s < 1 an excursion is told when it has lasted s times as long as an
 * anomaly has to, or is sudden and s times as far.
 */
#ifndef ANALYZE_ANOMALY_H
#define ANALYZE_ANOMALY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/baseline.h"
#include "analyze/sustained.h"
#include "model/severity.h"

#define DETECTOR_WARM_UP 20 /* samples before any judgement */
#define DETECTOR_ADOPT 60   /* samples after which a settled new level is the normal one */
#define SURGE_KINDS 3       /* so many kinds of metrics beyond their limits at once are load rather than a fault */

enum detector_state { DETECTOR_NORMAL, DETECTOR_SUSPECT, DETECTOR_ALARM };
enum detector_change { DETECTOR_SAME, DETECTOR_RAISED, DETECTOR_ENDED };

/* What the series of one node tell each other about excursions: what one has learnt spares the others the same alarm. */
struct excursions {
	double longest[2]; /* samples of the longest known; 0 at first. [0] below the baseline, [1] above */
	double highest[2]; /* limits of the highest known; 0 at first */
	unsigned
	    kinds; /* how many kinds of metrics are beyond their limits now; set by the owner, 0 if there is one series only */
};

struct detector { /* private */
	double floor, share;
	double scale; /* the threshold, in defaults */
	struct baseline usual;
	struct {
		uint64_t count;
		double mean;
	} slow; /* of sustained levels, over an hour */
	struct sustained level;
	uint64_t seen;    /* samples, ever */
	double pace[2];   /* of the fastest ramps known, as excursions' */
	double low, high; /* the range of sustained levels known, fading towards the baseline */
	struct excursions *known;
	double former; /* baseline before the last adoption */
	bool former_known;
	enum detector_state state;
	int side;         /* of the excursion: 1 above, -1 below */
	double peak;      /* its most distant level */
	unsigned length;  /* its samples beyond the limit */
	unsigned growing; /* of them the last ones in a row that went further and further */
	unsigned calm;    /* samples in a row that are not */
	unsigned held;    /* samples since the alarm */
	double raised;    /* the level's distance when the alarm was raised, */
	double due;       /* and the samples that it took */
	bool told;        /* the excursion was */
	bool untold;      /* an alarm is to be told when it is far and long enough for the threshold */
	double mark;      /* level when it was last looked at for settling */
};

/* What an alarm says. */
struct finding {
	double value; /* the current sample */
	double baseline;
	double deviation; /* of sustained levels from the baseline */
	double
	    score; /* level's distance / (distance + limit): 0 on the baseline, 0.5 at the limit, towards 1 far beyond */
	enum severity severity; /* high from three limits on, else medium */
};

/* excursions_fade lets one sample's time pass. */
void excursions_fade(struct excursions *x);

/* detector_init: floor and share as in METRICS, threshold > 0 in standard deviations. *known must outlive it. */
void detector_init(struct detector *d, double floor, double share, double threshold, struct excursions *known);
/* detector_feed judges the next sample (a finite number). An anomaly is raised once and ended once. */
enum detector_change detector_feed(struct detector *d, double value);
/*
 * detector_leap, after detector_feed of all series of the node: the last samples may be so far away that nothing has to be waited for. `surprised`: the
 * series' own score says that something new has happened (analyze/series_detector.h); else nothing far away is sudden. Raises, or nothing.
 */
enum detector_change detector_leap(struct detector *d, bool surprised);
/*
 * detector_raise: it is known otherwise that the series has left its level, unseen by the baseline, which is put back to `before`. Raises an
 * anomaly, or again the one that holds.
 */
enum detector_change detector_raise(struct detector *d, double before);
/* detector_limit is how far above the baseline the level has to be, to be beyond the limit. */
double detector_limit(const struct detector *d);
/*
 * detector_usual: the baseline, and between what sustained levels are as usual, that is within the limit on either side; false before the baseline is
 * warm.
 */
bool detector_usual(const struct detector *d, double *mean, double *low, double *high);
/* detector_is_beyond: an excursion is under way, an anomaly or not. */
bool detector_is_beyond(const struct detector *d);
/* detector_finding tells how far the last sample is from the usual; meant for while an anomaly holds. */
struct finding detector_finding(const struct detector *d);
/* detector_interrupt: samples are missing. An excursion under way is dropped, what is usual is kept. */
enum detector_change detector_interrupt(struct detector *d);
/* detector_restart: the series begins anew (the node was rebooted); the baseline warms up again. */
enum detector_change detector_restart(struct detector *d);

#endif
