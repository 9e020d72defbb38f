/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's files share: its state, and the functions between them. Nobody else includes this. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <event2/event.h>
#include <pthread.h>

#include "base/map.h"
#include "store/db.h"
#include "store/pairs.h"
#include "store/queue.h"
#include "store/store.h"

#define STORE_QUEUE_BYTES (32 << 20)
#define STORE_NOTICES 8         /* that wait for the loop; further ones go */
#define STORE_SHARED_MS 3600000 /* for so long rows name a shared one, then it is written anew (schema.h) */

/* What a file of max_bytes keeps at most, so that restarts without end, each with a reason of its own, leave room for the rest. */
struct store_limits {
	int64_t restarts; /* one by one; older ones of a session are in its tallies. A start reads so many at most */
	int64_t shared;   /* rows; restarts of which each is kept name none that is older */
	int64_t
	    tallies; /* of a session with their reasons; then as many without, and all further restarts count together */
	size_t remembered; /* shared rows that further ones may name */
};

/* Shared rows that were put lately, by their bytes. */
struct shared {
	struct map ids; /* struct shared_id */
	size_t bytes;
};

struct notice {
	bool warning;
	char text[1500];
};

/* A node that is open. */
struct store_node {
	struct store *s;
	size_t index; /* in db.nodes */
	char *name;
	uint64_t session;

	/* the loop's */
	struct pairs pairs;
	uint64_t lost; /* restarts that found no room, since the last that did; they go into the file as a number */
	bool full;     /* and there are such */

	/* both sides', under the lock */
	uint64_t mark; /* committed */
	bool mark_is_news;
};

struct store {
	struct store_options options; /* path is our own copy */
	struct store_handlers handlers;
	void *arg;
	struct store_limits limits;
	struct db db;              /* the loop's until the first row is ready, then the writer's */
	struct store_node **nodes; /* as in db.nodes; all that there will be when the first row is ready */
	size_t node_count;

	/* the loop's */
	struct event *turn; /* runs at the end of a turn in which something was put */
	bool turn_waits;
	struct event *news; /* the writer activates it */
	int64_t now_ms;     /* the latest time that was put */
	struct shared shared;
	uint64_t next_shared;
	unsigned files_seen;      /* of `files` */
	unsigned full;            /* nodes that are; a notice said so */
	bool looked;              /* what rows share was looked through */
	bool begun;               /* something was put */
	struct strbuf body, more; /* scratch */

	/* both sides', under the lock */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue queue;
	int64_t newest_ms; /* the writer's now_ms */
	bool closing;
	bool abandoned; /* the disk did not answer: there is no loop any more, and the thread frees the store */
	bool ended;     /* the thread is about to */
	unsigned files; /* begun since the start because one was damaged: what was shared is gone */
	struct notice notices[STORE_NOTICES];
	unsigned notice_count;
	struct store_counts counts;

	pthread_t thread;
};

/* store_notice hands a notice to the loop; any thread. */
void store_notice(struct store *s, bool warning, const char *fmt, ...) PRINTF(3, 4);
/* store_wake_loop has the loop look at the writer's news; any thread, under the lock. */
void store_wake_loop(struct store *s);

/* The writer's side: its thread alone uses this. */
struct writer {
	struct store *s;
	struct rows rows;   /* of the transaction under way, or of the one to be tried again */
	int retry_ms;       /* 0: the last one went well */
	int64_t now_ms;     /* the latest time that was put */
	int64_t expired_ms; /* now_ms of the last retention that found nothing more; 0: none yet */
	bool expire_more;
	bool full;             /* the file has reached its bound, which was said */
	bool salvage_waits;    /* for the next rows: it failed */
	struct strbuf evicted; /* the incident that had to go in this step; empty: none */
	int64_t close_by_us;   /* 0: not closing */
	int64_t sync_at_us;    /* what was committed is to be synced then; 0: all is */
	bool sync_fails;       /* which was said */
};

/* writer.c: what the thread does, until the store closes. */
void writer_run(struct store *s);
/* rows.c: writes all rows of a transaction; SQLITE_OK, or the error. */
int rows_write(struct writer *w);
/* retention.c: for a bound of so many bytes, 0: none. */
struct store_limits store_limits_of(uint64_t max_bytes);
/* retention.c: one small step of a transaction; expire_more tells whether there is more to do. SQLITE_OK, or the error. */
int retention_step(struct writer *w);

#endif
