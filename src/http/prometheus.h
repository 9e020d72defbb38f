/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus text format 0.0.4. Every metric goes out under its arsenal_ name and under both names of the prometheus.erl world, so that the boards
 * people have go on working; beside them what arsenal itself finds. What was not observed has no sample, and a node that is not up has none but
 * arsenal's own.
 */
#ifndef HTTP_PROMETHEUS_H
#define HTTP_PROMETHEUS_H

#include <stddef.h>

#include "base/strbuf.h"
#include "http/forecasts.h"
#include "model/metric.h"

#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct call;
struct family;

struct prometheus {
	struct family *families; /* of the metric table: built once */
	size_t count;
	struct forecasts forecasts;
};

void prometheus_init(struct prometheus *p);
void prometheus_release(struct prometheus *p);
/* prometheus_serve is the route's handler. */
void prometheus_serve(struct call *c);

/* prometheus_name appends arsenal's own name of a metric, in Prometheus' base units: "arsenal_gc_time_seconds_total". */
void prometheus_name(struct strbuf *out, enum metric_id id);
/* prometheus_scale is what a value is multiplied with under this name: a name that says seconds gets seconds. */
double prometheus_scale(enum metric_id id, const char *name);

#endif
