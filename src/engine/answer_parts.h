/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces that several answers are made of. Each "fields" function writes into an object that is open. */
#ifndef ENGINE_ANSWER_PARTS_H
#define ENGINE_ANSWER_PARTS_H

#include "engine/answer.h"
#include "engine/engine.h"
#include "engine/foresight.h"
#include "model/pattern.h"

/* The key of all reasons that found no place of their own. */
#define ANSWER_OTHER "arsenal_other"

/* The ops by short names. */
void put_object(struct answer *a, const char *key);
void put_array(struct answer *a, const char *key);
void put_array_of(struct answer *a, const char *key, uint32_t count);
void put_end(struct answer *a);

/* A key and its value; the ops say what becomes of NULL, "", NaN and 0. */
void part_text(struct answer *a, const char *key, const char *text);
void part_word(struct answer *a, const char *key, const char *word);
void part_integer(struct answer *a, const char *key, double value);
void part_real(struct answer *a, const char *key, double value);
void part_bool(struct answer *a, const char *key, bool value);
void part_time(struct answer *a, const char *key, int64_t time_ms);
void part_term(struct answer *a, const char *key, const struct term *t);

/*
 * Numbers of the seed's types. As a term what was not observed (NaN) is 0, and the caller lists it in not_observed; in JSON it is null.
 * part_metric: an integer or a float, as the metric is.
 */
void part_seed_real(struct answer *a, const char *key, double value);
void part_metric(struct answer *a, const char *key, enum metric_id id, double value);
/* part_measure is the same, but what was not observed is nil. */
void part_measure(struct answer *a, const char *key, enum metric_id id, double value);
/* seed_value is the value to write with an op. */
double seed_value(const struct answer *a, double value);
/* sample_value is NaN if it was not observed, and without a sample. */
double sample_value(const struct sample *s, enum metric_id id);

/* part_cut marks the object that is open, if one of the terms (NULL: none) in it is not whole. */
void part_cut(struct answer *a, const struct term *t, const struct term *u);

void part_process(struct answer *a, const struct top_process *p);
void part_table(struct answer *a, const struct survey_table *t);
void part_culprit(struct answer *a, const struct culprit *c);
/* part_processes writes a list under the key. */
void part_processes(struct answer *a, const char *key, const struct top_process *p, unsigned count);
/* part_anomaly_fields writes into an open object. */
void part_anomaly_fields(struct answer *a, const struct anomaly *anomaly);
void part_anomaly(struct answer *a, const struct anomaly *anomaly);
void part_restart(struct answer *a, const struct restart *r);
/* part_pattern_fields writes into an open object. */
void part_pattern_fields(struct answer *a, const struct pattern *p);
/* part_patterns writes a list. */
void part_patterns(struct answer *a, const struct pattern *p, size_t count);
void part_predictions(struct answer *a, const struct prediction *p, size_t count);
/* part_capacity writes a map by the resources' names. */
void part_capacity(struct answer *a, const struct capacity *c, size_t count, int64_t now_ms);
/* resource_word is what a metric is called as a resource: "memory", "cpu", "message_queue", else its own name. */
const char *resource_word(enum metric_id id);

#endif
