/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The health checks beside the rows of a block, as what changes: a check that is like the one before costs nothing.
 *
 *	entry  rows since the entry before (varint), flags (1 byte), and for each flag, in their order:
 *	       LEVELS    a byte overall, a byte for each criterion
 *	       RATE      8 bytes, the double as it is
 *	       ADVICE    length (varint), text
 *	       STANDING  count (varint), for each anomaly its place in the list of events (varint)
 *
 * Flag CHECKED: there is a check from this row on. Before the first entry there is none, and it would be empty. Two rows with a check that is all
 * healthy, then one without: 00 07 00·00…00 rate, 02 00.
 */
#ifndef ENGINE_CHECK_LOG_H
#define ENGINE_CHECK_LOG_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "engine/engine.h"

/* A check as it is: what the next one is compared with, and what a reader gets. */
struct check_state {
	bool checked;
	struct past_check check;
	struct node_event *anomalies[HEALTH_MAX_ANOMALIES]; /* references of the log's */
	struct strbuf advice;
};

struct check_log {
	struct strbuf bytes;
	struct node_event **events; /* a reference each */
	size_t event_count;
	unsigned entry_row; /* of the last entry */
};

void check_log_release(struct check_log *l);
/* check_log_copy makes *to an independent copy. */
void check_log_copy(struct check_log *to, const struct check_log *from);
/* check_log_size is the memory that the log takes, events included. */
size_t check_log_size(const struct check_log *l);
/* check_log_add adds the check of a row (NULL: none), rows in order; *last is the state before, and becomes this one. */
void check_log_add(struct check_log *l, struct check_state *last, unsigned row, const struct past_check *check);

void check_state_reset(struct check_state *s);
void check_state_release(struct check_state *s);

/* Reading a log, ours or a foreign one. */
struct check_reader {
	const struct strbuf *bytes;
	struct node_event *const *events; /* NULL where one is not known: left out */
	size_t event_count;
	const uint16_t *
	    criteria; /* which criterion each level is of, CRITERION_COUNT: none that is known; NULL: ours in their order */
	unsigned criterion_count;
	size_t at;
	unsigned next_row; /* that the next entry is of; UINT_MAX: there is none */
	unsigned entry_row;
	bool bad; /* what is there is no log */
	struct check_state state;
};

/* check_reader_open begins with a log; the reader's buffers are kept from one to the next. Zeros are a reader that is not open. */
void check_reader_open(struct check_reader *r, const struct check_log *l);
/* check_reader_begin begins with what bytes, events and criteria are set to. */
void check_reader_begin(struct check_reader *r);
/*
 * check_reader_at is the check of a row, NULL if there was none: of the row of the last call, or of one behind it. Its time is time_ms. Valid until
 * the next call.
 */
const struct past_check *check_reader_at(struct check_reader *r, unsigned row, int64_t time_ms);
void check_reader_release(struct check_reader *r);

#endif
