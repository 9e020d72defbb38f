/* SPDX-License-Identifier: Apache-2.0 */
/* The two scales that findings are told on, with the seed's names. */
#ifndef MODEL_SEVERITY_H
#define MODEL_SEVERITY_H

enum severity { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH };

/* LEVEL_UNKNOWN: not observed, which is never the same as healthy. */
enum level { LEVEL_UNKNOWN, LEVEL_HEALTHY, LEVEL_WARNING, LEVEL_CRITICAL };

/* severity_name and level_name: "low" "medium" "high"; "unknown" "healthy" "warning" "critical". */
const char *severity_name(enum severity s);
const char *level_name(enum level l);

#endif
