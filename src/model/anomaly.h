/* SPDX-License-Identifier: Apache-2.0 */
/* A finding: something on a node is not as it usually is. The seed's fields, and score, culprits and metric on top. */
#ifndef MODEL_ANOMALY_H
#define MODEL_ANOMALY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/anomaly_type.h"
#include "model/culprit.h"
#include "model/metric.h"
#include "model/severity.h"
#include "model/term.h"

#define ANOMALY_MAX_CULPRITS 3
#define INCIDENT_ID_SIZE 32

struct anomaly {
	enum anomaly_type type;
	enum severity severity;
	int64_t time_ms;
	char description[256];
	double score; /* 0 to 1 */
	/* metric anomalies; metric is METRIC_NONE for the others */
	enum metric_id metric;
	double current_value; /* in the metric's unit, or unit/s if it is watched by its rate */
	double baseline_value;
	double deviation; /* baseline's standard deviation, same unit */
	unsigned culprit_count;
	struct culprit culprits[ANOMALY_MAX_CULPRITS];
	/* restart anomalies; NULL for the others */
	struct term *supervisor;
	struct term *child_id;
	uint64_t restart_count; /* within the window that made it an anomaly */
	/* the incident that it belongs to (model/incident.h); "" if none */
	char incident[INCIDENT_ID_SIZE];
	bool root; /* of that incident, as it was found */
};

void anomaly_copy(struct anomaly *to, const struct anomaly *from);
void anomaly_release(struct anomaly *a);

#endif
