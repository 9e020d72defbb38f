/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_history (answer.h) in pieces, for whoever must not write a day at once:
 *
 *	struct history_answer *h = history_answer_new(e, start_ms, end_ms);
 *	while (history_answer_write(h, a)) { …; what was written may be sent, and taken out of the writer's buffer }
 *	history_answer_free(h);
 *
 * What it tells was fixed when it was made: inputs to the engine between two pieces change nothing in it, and how long each list is stands in its head.
 */
#ifndef ENGINE_ANSWER_HISTORY_H
#define ENGINE_ANSWER_HISTORY_H

#include "engine/answer.h"

struct history_answer;

/* It holds what it tells of, and nothing else of the engine, which may end before it. */
struct history_answer *history_answer_new(const struct engine *e, int64_t start_ms, int64_t end_ms);
void history_answer_free(struct history_answer *h);
/* history_answer_samples is how many samples are in it: what it costs. */
size_t history_answer_samples(const struct history_answer *h);
/*
 * history_answer_write writes the next piece, at most one value of a list (some 2 us and 1 KB as terms, 10 us as JSON); false if that was the last one, or there is no
 * more. The writer must be the same from the first to the last.
 */
bool history_answer_write(struct history_answer *h, struct answer *a);

#endif
