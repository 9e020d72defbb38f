/* SPDX-License-Identifier: Apache-2.0 */
/* Phrases of which a report's sentences are made. Texts of the node are cut, and made printable. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "model/quantity.h"
#include "report/report.h"

#define WORDS_NAME 180 /* of a process or child in a sentence, terminator included */

/* words_printable copies a text of the node, cut to a buffer of max bytes (more than 8), visible characters only; returns buf. */
const char *words_printable(char *buf, size_t max, const char *text);
/* words_process: "name <0.1.0>", "m:f/1 <0.1.0>", or the pid alone. */
const char *words_process(char buf[WORDS_NAME], const struct top_process *p);
const char *words_ranked(char buf[WORDS_NAME], const struct ranked *p);
/* words_term: the term's text, cut. */
const char *words_term(char buf[WORDS_NAME], const struct term *t);
/* words_first is a process's first value in its ranking: "1.5 GiB", "at most 20", "not ranked". */
const char *words_first(char buf[QUANTITY_SIZE], const struct report_grower *g);
/* words_clock: "10:30:05" (UTC). */
const char *words_clock(char buf[16], int64_t time_ms);
/* words_day: "2026-11-25 10:30:05 UTC". */
const char *words_day(char buf[32], int64_t time_ms);
/* words_metric is a metric's name for a person: "total memory of the VM"; its own name where there is none. */
const char *words_metric(enum metric_id id);
/* words_top: what a ranking is of, and its unit. */
const char *words_top(enum top_kind kind);
enum metric_unit words_top_unit(enum top_kind kind);
/* words_ending is a sentence on how the node ended; "" for a report without an end. */
void words_ending(char buf[REPORT_SENTENCE], const struct report_end *end);

#endif
