/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to get_historical_data: one may be larger than all that a pipe, a packet or a moment should take. So those who ask wait in a queue, the first
 * one's answer is written a part at a time, and goes out as {part, Id, Binary}, …, {reply, Id, Binary}: joined they are the answer. No more
 * than one part is ever in memory. Pure.
 */
#ifndef BEAM_GENSERVER_HISTORY_H
#define BEAM_GENSERVER_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "beam/port_packet.h"
#include "engine/answer_history.h"

/* Who waits. */
#define HISTORY_CALLS_MAX 64
/* Samples of one answer: a day at 1 s, a week at 5 s; some 200 MB, which the caller has to hold. */
#define HISTORY_SAMPLES_MAX 125000
/* A part ends when it has so many bytes: some 200 us of work. */
#define HISTORY_PART_BYTES (64u << 10)
/* No part is written while so much waits to be sent: a small answer is never far behind. */
#define HISTORY_PENDING_BYTES (256u << 10)

struct history_calls { /* private */
	size_t max_samples;
	struct history_call *first;
	struct history_call **end;
	size_t count;
	struct history_answer *answer; /* to the first; NULL: not begun */
	struct answer_term writer;
	struct strbuf part;
};

/* history_calls_init: an answer of more samples than that is refused. */
void history_calls_init(struct history_calls *c, size_t max_samples);
void history_calls_release(struct history_calls *c);
/* history_calls_add: the call is answered in its turn; false if too many wait. */
bool history_calls_add(struct history_calls *c, int64_t id, int64_t start_ms, int64_t end_ms) MUST_CHECK;
/* history_calls_cancel: nobody waits for it any more; an answer that has begun stops where it is. */
void history_calls_cancel(struct history_calls *c, int64_t id);
/* history_calls_has_turn: a part is owed, and there is room for it. */
bool history_calls_has_turn(const struct history_calls *c, const struct packet_writer *out);
/* history_calls_turn writes the next part, if it has a turn. */
void history_calls_turn(struct history_calls *c, const struct engine *e, struct packet_writer *out);

#endif
