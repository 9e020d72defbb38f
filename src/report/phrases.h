/* SPDX-License-Identifier: Apache-2.0 */
/* Phrases of which a report's sentences are made. Texts of the node are cut, and made printable. */
#ifndef REPORT_PHRASES_H
#define REPORT_PHRASES_H

#include "model/quantity.h"
#include "report/report.h"

#define PHRASE_NAME 180 /* of a process or child in a sentence, terminator included */

/* Behind the levels of the memory, where some are left out. */
#define PHRASE_MEMORY_OLD "what the allocators held of it is left out: they were asked last before it changed so much"

/* phrase_printable copies a text of the node, cut to a buffer of max bytes (more than 8), visible characters only; returns buf. */
const char *phrase_printable(char *buf, size_t max, const char *text);
/* phrase_culprit: a process as the next one says it, else as culprit_add does, cut. */
const char *phrase_culprit(char buf[PHRASE_NAME], const struct culprit *c);
/* phrase_process: "name <0.1.0>", "m:f/1 <0.1.0>", or the pid alone. */
const char *phrase_process(char buf[PHRASE_NAME], const struct top_process *p);
const char *phrase_ranked(char buf[PHRASE_NAME], const struct ranked *p);
/* phrase_term: the term's text, cut. */
const char *phrase_term(char buf[PHRASE_NAME], const struct term *t);
/* phrase_first is a process's first value in its ranking: "1.5 GiB", "at most 20", "not ranked". */
const char *phrase_first(char buf[QUANTITY_SIZE], const struct report_grower *g);
/* phrase_clock: "10:30:05" (UTC). */
const char *phrase_clock(char buf[16], int64_t time_ms);
/* phrase_when: the clock, with the day before it ("11-25 10:30:05") where the range is not within one day of UTC. */
const char *phrase_when(char buf[32], const struct report_range *range, int64_t time_ms);
/* phrase_day: "2026-11-25 10:30:05 UTC". */
const char *phrase_day(char buf[32], int64_t time_ms);
/* phrase_confidence: "high", "medium" or "low", as of a crash dump's causes: how direct the evidence is, which no number of digits makes a probability. */
const char *phrase_confidence(double confidence);
/* phrase_metric is a metric's name for a person: "total memory of the VM"; its own name where there is none. */
const char *phrase_metric(enum metric_id id);
/* phrase_top: what a ranking is of, and its unit. */
const char *phrase_top(enum top_kind kind);
enum metric_unit phrase_top_unit(enum top_kind kind);
/* phrase_span is a duration without what is 0 of it: "15 min", "2 h 5 min". */
const char *phrase_span(char buf[QUANTITY_SIZE], int64_t ms);
/* phrase_times: "" once, else " (one of 6 like it)". */
const char *phrase_times(char buf[QUANTITY_SIZE], unsigned times);
/* phrase_restarts: "1 restart, 0 failed attempts, 2 supervisors gave up", and whether all of them were seen. */
const char *phrase_restarts(char buf[REPORT_SENTENCE], const struct report *r);
/* phrase_from_to: "10:30:05 - 10:40:05", or the one moment if it is but one. */
const char *phrase_from_to(char buf[80], const struct report_range *range, int64_t from_ms, int64_t to_ms);
/* phrase_ending is a sentence on how the node ended; "" for a report without an end. */
void phrase_ending(char buf[REPORT_SENTENCE], const struct report_end *end);

#endif
