/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces that several answers are made of. Each "fields" function writes into an object that is open. */
#ifndef ENGINE_ANSWER_PARTS_H
#define ENGINE_ANSWER_PARTS_H

#include "base/jsonw.h"
#include "engine/engine.h"

/* part_text writes "" as null. */
void part_text(struct jsonw *j, const char *key, const char *text);
/* part_number writes NaN as null. */
void part_number(struct jsonw *j, const char *key, double value);
void part_time(struct jsonw *j, const char *key, int64_t time_ms);
void part_process(struct jsonw *j, const struct top_process *p);
void part_anomaly(struct jsonw *j, const struct anomaly *a);
void part_restart(struct jsonw *j, const struct restart *r);
void part_health_fields(struct jsonw *j, const struct health *h);

#endif
