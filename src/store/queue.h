/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits for the disk: rows of all nodes, bounded in bytes. Rows of one loop turn become ready together, so that a transaction never
 * holds a restart without the mark that covers it. When there is no room, the oldest samples go; samples that a block behind them covers
 * go when it is ready. The caller locks.
 */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum row_kind { ROW_SHARED, ROW_SAMPLE, ROW_RESTART, ROW_EVENT, ROW_MARK, ROW_BLOCK, ROW_INCIDENT, ROW_KIND_COUNT };

struct row {
	struct row *next; /* private */
	enum row_kind kind;
	size_t node;         /* index of the node in struct db */
	int64_t time_ms;     /* block: of its first row */
	int64_t last_ms;     /* block */
	int a, b;            /* restart: kind, flags; event: type, severity; block: kind, nothing */
	uint64_t id;         /* shared: its id; restart: its cause, 0 if unknown; mark: the mark */
	uint64_t times, met; /* restart; times, block: its rows */
	uint32_t body_len,
	    more_len; /* sample: sample, check; restart: pid; incident: kind '\0' name, JSON; else body */
	unsigned char data[];
};

/* row_new copies both parts (NULL if there is none). */
struct row *row_new(
    enum row_kind kind, int64_t time_ms, const void *body, size_t body_len, const void *more, size_t more_len);
size_t row_size(const struct row *r);
/* row_incident_kind, row_incident_id: of a ROW_INCIDENT. */
const char *row_incident_kind(const struct row *r);
const char *row_incident_id(const struct row *r);

struct rows {
	struct row *first, *last;
	size_t count, bytes;
};

void rows_add(struct rows *rows, struct row *r);
/* rows_take takes the oldest out, or returns NULL. */
struct row *rows_take(struct rows *rows);
/* rows_join appends all of `more`, which is empty then. */
void rows_join(struct rows *rows, struct rows *more);
void rows_free(struct rows *rows);

struct queue {
	size_t max_bytes;
	size_t writing;                 /* bytes that the writer has taken and not yet given up */
	struct rows turn, turn_samples; /* of this turn of the loop */
	struct rows ready, ready_samples;
};

/* queue_bytes is what all its rows take, those that are being written too. */
size_t queue_bytes(const struct queue *q);
/* queue_room makes room for so many bytes by giving up samples, the oldest first, and returns how many; *fits tells whether it was enough. */
size_t queue_room(struct queue *q, size_t bytes, bool *fits);
/* queue_add takes the row. Room was made for it. */
void queue_add(struct queue *q, struct row *r);
/* queue_mark notes a mark: a node's newest of a turn is all that counts. */
void queue_mark(struct queue *q, size_t node, uint64_t mark);
/* queue_end_turn makes what was added ready, and lets go the samples that its blocks cover and that the writer has not taken yet. */
void queue_end_turn(struct queue *q);
/* queue_take moves all that is ready to `out`, in the order in which it is to be written; its bytes count until queue_written. */
void queue_take(struct queue *q, struct rows *out);
void queue_written(struct queue *q, size_t bytes);
void queue_release(struct queue *q);

#endif
