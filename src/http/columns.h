/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics over time for charts: of each its unit and kind, and points in equal steps as columns, so that a chart takes them as they are.
 *
 *	{"time_range": {"start", "end"}, "step": 60, "metrics": {"process_count":
 *	    {"unit": "count", "kind": "gauge", "resolution": 60, "time": […], "min": […], "max": […], "mean": […], "last": […], "count": […]}, …}}
 *
 * "step" and "resolution" are in seconds, "time" is when a step begins, in milliseconds since 1970. The resolution is that of the first point: it is more than the step
 * where only roll-ups are kept of that time.
 *
 * `fields` says which columns. "value" is what a chart draws: the mean of a gauge, the rate per second of a counter, null where it has begun anew or was not observed
 * for long before. Where it is asked for, a counter has neither min, max, mean nor last, which would be of what was counted since boot.
 *
 * With `times=shared` all metrics have the same times:
 *
 *	{"time_range": …, "step": 300, "time": […], "metrics": {"process_count": {"unit", "kind", "resolution", "value": [612, null, 613, …]}, …}}
 *
 * They are all steps from the first to the last of which anything is kept, null where there is no value; a roll-up stands in all steps that it covers. A metric that was
 * never observed in that time is left out.
 *
 * "usual", "usual_low" and "usual_high", of metrics that are watched for anomalies, are the baseline and the band around it within which nothing is out of the ordinary, as
 * of the end of each step (engine/usual.h): of a counter of its rate, with "value". Null where nothing was usual yet, and where only roll-ups are kept.
 *
 * `digits` rounds all but times and counts to so many significant digits. A day of 60 metrics in steps of 5 minutes, shared, "value" alone, at 5 digits takes some 130 kB;
 * with min and max 330 kB; what was usual of the 20 that are watched adds 130 kB, and 2 ms of CPU for each.
 */
#ifndef HTTP_COLUMNS_H
#define HTTP_COLUMNS_H

#include "http/columns_query.h"
#include "http/download.h"

/* columns_serve answers. */
void columns_serve(const struct columns_query *q, struct downloads *downloads, struct reply *rp);

#endif
