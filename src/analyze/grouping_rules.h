/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two findings belong together: the rules of analyze/grouping.h, between a finding and one that is in an incident. */
#ifndef ANALYZE_GROUPING_RULES_H
#define ANALYZE_GROUPING_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/incident.h"

#define GROUPING_NEAR 6  /* samples */
#define GROUPING_LAG 120 /* samples */

/* within_samples: a time is at most so many samples long. */
bool within_samples(int64_t ms, int64_t interval_ms, int64_t samples);
/* is_explained: `by` is a usual cause of m, and who is behind them does not speak against it. */
bool is_explained(int64_t interval_ms, const struct incident_member *m, const struct incident_member *by);
/* rule_between is the first rule by which m joins an incident for the sake of one that is in it; JOIN_COUNT: by none. */
enum incident_join rule_between(
    int64_t interval_ms, const struct incident_member *m, const struct incident_member *other);

#endif
