/* SPDX-License-Identifier: Apache-2.0 */
/* A supervision tree as the probe saw it at one moment: rows, each of which comes after its supervisor's. */
#ifndef MODEL_TREE_H
#define MODEL_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/sample.h"
#include "model/term.h"

#define TREE_MAX_ROWS 2000
#define TREE_MAX_DEPTH 64 /* of a row; a root's is 0 (the probe's DEPTH_MAX) */

/* id, name (the probe's atom) */
#define TREE_STATUS_TABLE(X)        \
	X(RUNNING, "running")       \
	X(RESTARTING, "restarting") \
	X(STOPPED, "stopped")       \
	X(REMOTE, "remote")

enum tree_status {
#define TREE_STATUS_ENUM(id, ...) TREE_##id,
	TREE_STATUS_TABLE(TREE_STATUS_ENUM)
#undef TREE_STATUS_ENUM
	    TREE_STATUS_COUNT
};

/* id, name, what it says of the rows below a supervisor */
#define TREE_LISTING_TABLE(X)                                                                           \
	X(NONE, "none", "a worker, or a supervisor that does not run")                                  \
	X(LISTED, "listed", "all children are listed")                                                  \
	X(SAMPLED, "sampled", "there are too many children to list: some of them, or none")             \
	X(NO_ROOM, "no_room", "the tree has as many rows as it may have")                               \
	X(TOO_DEEP, "too_deep", "it is too deep in the tree to be asked")                               \
	X(NO_TIME, "no_time", "the time for the tree was over")                                         \
	X(NO_ANSWER, "no_answer", "it did not answer; it is left alone for a while")                    \
	X(BUSY, "busy", "its message queue is long: it was not asked")                                  \
	X(NO_SUPERVISOR, "no_supervisor", "its specification says supervisor, but the process is none") \
	X(BRIDGE, "bridge", "a supervisor_bridge, which lists nothing")                                 \
	X(SEEN_ALREADY, "seen_already", "it has a row elsewhere in the tree")

enum tree_listing {
#define TREE_LISTING_ENUM(id, ...) TREE_##id,
	TREE_LISTING_TABLE(TREE_LISTING_ENUM)
#undef TREE_LISTING_ENUM
	    TREE_LISTING_COUNT
};

extern const char *const TREE_STATUSES[TREE_STATUS_COUNT];
extern const char *const TREE_LISTINGS[TREE_LISTING_COUNT];

/* Figures are NaN where they are not known. */
struct tree_row {
	int parent; /* an earlier row's number; -1: a root */
	bool supervisor;
	enum tree_status status;
	enum tree_listing listing;
	struct term *id;   /* the child's, NULL of a root */
	struct term *pid;  /* NULL: none */
	struct term *name; /* NULL: none */
	char label[SAMPLE_TEXT];
	char module[SAMPLE_TEXT];
	char application[SAMPLE_TEXT]; /* of a root; "" if none owns it */
	double children;               /* of a supervisor */
	double active;
	double queue_len;
	double heap_bytes;
};

struct tree {
	int64_t time_ms;
	bool complete; /* nothing was left out for want of time or room */
	unsigned count;
	struct tree_row *rows;
};

/* tree_key is what a supervisor's restarts go by: its name, or else its pid. */
const struct term *tree_key(const struct tree_row *r);
/* tree_release gives up the rows. */
void tree_release(struct tree *t);

#endif
