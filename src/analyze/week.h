/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rhythm of the week: how much surprise is usual at this hour of it? A job that runs each Monday at nine surprises once or twice,
 * and then it is known that something happens at that time. For each of the 168 hours the largest surprise within it is averaged
 * over the weeks, with weights that fall exponentially but for the first ones (P. R. Winters, "Forecasting sales by exponentially weighted
 * moving averages", 1960, for a period of one week). An hour is known when it has come twice.
 */
#ifndef ANALYZE_WEEK_H
#define ANALYZE_WEEK_H

#include <stdbool.h>
#include <stdint.h>

#define WEEK_HOURS 168
#define WEEK_KNOWN 2    /* so often an hour came before it is known */
#define WEEK_WEIGHT 0.3 /* of the latest week */
#define WEEK_MOST 10.0  /* the largest surprise that is told from a larger one */

/* { 0 } is one that has seen nothing. */
struct week {
	uint16_t usual[WEEK_HOURS]; /* WEEK_MOST is UINT16_MAX */
	uint8_t weeks[WEEK_HOURS];  /* in which the hour came */
	bool open;
	int64_t hour; /* that is under way, since the epoch, */
	double most;  /* and its largest surprise */
};

/* week_usual is what surprise (0 to WEEK_MOST) is usual in the hour of time_ms, any time; 0 while that is not known. */
double week_usual(const struct week *w, int64_t time_ms);
/* week_learn counts a sample's surprise (>= 0). Whenever the hour changes, forwards or backwards, the one under way is done. */
void week_learn(struct week *w, int64_t time_ms, double surprise);

#endif
