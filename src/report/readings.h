/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's past as a report needs it: one metric over a range in at most so many points, and all metrics of its end. Pure. */
#ifndef REPORT_READINGS_H
#define REPORT_READINGS_H

#include "report/report.h"

/* readings_of gives the points of a metric within from_ms … to_ms, some REPORT_CHART_POINTS at most; *out is the caller's to free (NULL if there are none). */
size_t readings_of(const struct engine *e, enum metric_id id, int64_t from_ms, int64_t to_ms, struct past_point **out);
/* readings_columns fills in the columns with the samples from from_ms to to_ms, the newest REPORT_SAMPLES_MAX of them. */
void readings_columns(const struct engine *e, int64_t from_ms, int64_t to_ms, struct report_columns *c);
void readings_columns_release(struct report_columns *c);

#endif
