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
/* Restarts of which the file keeps each; older ones of this session are in the tallies. A start reads so many at most. */
#define STORE_MAX_RESTARTS 200000
/* Tallies of a session with their reasons; then as many without, and all further restarts count together. */
#define STORE_MAX_TALLIES 20000

/* Shared rows that were put lately, by their bytes. */
struct shared {
	struct map ids; /* struct shared_id */
	size_t bytes;
};

struct notice {
	bool warning;
	char text[640];
};

struct store {
	struct store_options options; /* path and node are our own copies */
	struct store_handlers handlers;
	void *arg;
	struct db db; /* the loop's until the first row is ready, then the writer's */

	/* the loop's */
	struct event *turn; /* runs at the end of a turn in which something was put */
	bool turn_waits;
	struct event *news; /* the writer activates it */
	int64_t now_ms;     /* the latest time that was put */
	struct shared shared;
	struct pairs pairs;
	uint64_t next_shared;
	unsigned files_seen; /* of `files` */
	uint64_t lost;   /* restarts that found no room, since the last that did; they go into the file as a number */
	bool full;       /* a notice said so */
	uint64_t unread; /* rows that a restore could not make sense of */
	struct strbuf body, more; /* scratch */

	/* both sides', under the lock */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue queue;
	int64_t newest_ms; /* the writer's now_ms */
	bool closing;
	uint64_t mark; /* committed */
	bool mark_is_news;
	unsigned files; /* begun since the start because one was damaged: what was shared is gone */
	struct notice notices[STORE_NOTICES];
	unsigned notice_count;
	struct store_counts counts;

	pthread_t thread;
};

/* store_notice hands a notice to the loop; any thread. */
void store_notice(struct store *s, bool warning, const char *fmt, ...) PRINTF(3, 4);

/* writer.c: the thread. */
void *writer_run(void *store);

#endif
