/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history on disk: one SQLite file (WAL) for all nodes of a program, written by a thread of its own. What is put is copied into a bounded
 * queue and committed with the next transaction, at the latest after STORE_FLUSH_MS; the loop never waits for the disk.
 *
 * A node's *session* is what its totals go on in: inside an application the life of a router (not of the engine), for `arsenal watch` all of
 * them. A server that begins a new one with an old file has the history, but counts from zero.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/engine.h"

#define STORE_FLUSH_MS 20

#define STORE_MAX_BYTES (INT64_C(1) << 30) /* a bound for whoever has no other */
#define STORE_WATCH_SESSION 1              /* of all nodes that `arsenal watch` watches */

struct event_base;
struct past_block;
struct store;
struct store_node;

struct store_options {
	const char *path;                               /* created with mode 0600 if it is not there */
	int64_t retention_ms;                           /* of samples at full resolution, restarts, events */
	int64_t minute_retention_ms, hour_retention_ms; /* of the roll-ups */
	/*
	 * What is in the file takes so much at most (its WAL comes on top, some MB). Beyond it the oldest goes: samples first, then
	 * minutes, hours, events; incidents if they alone take half of it, with a notice each. 0: no bound.
	 */
	uint64_t max_bytes;
};

struct store_handlers {
	/* Everything of the node put before the mark with this number is on disk (in the operating system's hands: safe from the end of any
	   process; some 4 s later from a power cut, too). NULL: nobody marks. */
	void (*committed)(void *arg, struct store_node *node, uint64_t mark);
	/* Something went wrong or was put right: disk full, a damaged file set aside, back to normal. Once per change, not per failure. */
	void (*notice)(void *arg, bool warning, const char *text);
};

/*
 * store_open opens or creates the file, and brings one of an earlier version to this one; handlers are called from the loop `base`, which must have
 * threads enabled. A file that is damaged is set aside as PATH.damaged-<time>, and a new one begun, into which what can be
 * read is copied (notices say so, and what is lost); of more than three of them the oldest go. NULL with a reason
 * that names the path: no such folder, no permission, in use by another program (waits up to a second for one that is just ending), no
 * SQLite file of ours, of a newer version.
 */
struct store *store_open(struct event_base *base, const struct store_options *options,
    const struct store_handlers *handlers, void *arg, struct err *err) MUST_CHECK;
/*
 * store_node opens a node's history in the file; a node that the file does not know is added. sole: the program has this node only, so that
 * in a file with one other node this is that one under a new name, with its history; a notice says so. All nodes come before the first put;
 * each once. They live as long as the store. NULL with a reason if the file does not take it.
 */
struct store_node *store_node(
    struct store *s, const char *name, uint64_t session, bool sole, struct err *err) MUST_CHECK;
/*
 * store_restore reads what is there into a new engine (between engine_restore_begin and _end, which it calls) and returns the last mark of
 * the node's session, 0 if there is none. Call it before the first put, to any node. Restarts of this session count; older ones are history only.
 */
uint64_t store_restore(struct store_node *n, struct engine *e, int64_t now_ms);

void store_sample(struct store_node *n, const struct sample *sample, const struct past_check *check);
/* store_restart: as engine_restart took it; times as in it. */
void store_restart(struct store_node *n, const struct restart *r);
/* store_lost_restarts: as engine_lost_restarts took them. */
void store_lost_restarts(struct store_node *n, int64_t time_ms, uint64_t count);
/* store_event: EVENT_RESTART and EVENT_NODE are left out, the former is made from the restarts. */
void store_event(struct store_node *n, struct node_event *ev);
/*
 * store_block: a sealed block, as the engine hands it over (engine/past.h). One of samples takes the place of the samples that it covers. The
 * reference stays the caller's.
 */
void store_block(struct store_node *n, const struct past_block *b);
/*
 * store_mark: all inputs up to this number have been put. What is put in one callback of the loop is committed together: put an input and its mark
 * in the same one, then the rows and the mark agree whenever the program ends. Marks of a node grow. When the queue is full (the disk has not
 * taken anything for long), restarts are kept as a number only, and no mark is confirmed until that number is on disk.
 */
void store_mark(struct store_node *n, uint64_t mark);

/*
 * Incidents: what was recorded of a node's death or loss. They are kept until the file is full of them. An id is a name for people and files, of
 * less than STORE_INCIDENT_ID bytes, and so is a kind.
 */
#define STORE_INCIDENT_ID 256

struct store_incident {
	int64_t time_ms;
	const char *node; /* "" if the file does not say */
	const char *kind;
	const char *id;
	uint64_t bytes; /* of the record */
};

/*
 * store_incident keeps a record (JSON, at most 16 MB), in the place of the one with that id, if there is one. False if the queue has no room for
 * it.
 */
bool store_incident(
    struct store_node *n, int64_t time_ms, const char *kind, const char *id, const void *body, size_t len);

struct store_counts {
	uint64_t committed;          /* rows */
	uint64_t dropped;            /* rows that found no room in the queue, or that the disk did not take */
	uint64_t bytes;              /* size of the file, with its log */
	uint64_t queued, queued_max; /* bytes that wait to be written, and as many as may */
	bool failing;                /* the last transaction failed */
	char failure[200];           /* why it did; "" while it does not */
};
struct store_counts store_counts(const struct store *s);

/*
 * store_close commits what is queued (for at most a second) and ends the thread; handlers may come a last time, from within. A disk that does not answer for two
 * seconds keeps the thread, not the caller: what that holds, the lock on the file as well, goes when the disk answers. NULL is fine.
 */
void store_close(struct store *s);

#endif
