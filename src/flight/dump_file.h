/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crash dump that a node may leave on this machine: whether one has appeared since the node was seen, whether it is written to its end, and what it says.
 *
 * The node names the path, and may lie: only a regular file of the user that the VM ran as is opened, so that nothing is told of others' files, and no device or pipe
 * holds anybody up.
 */
#ifndef DUMP_FILE_H
#define DUMP_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/strbuf.h"

struct dump_file {
	char path[512]; /* "": none is looked for */
	int64_t uid;    /* whose it must be */
	/* what was there before */
	bool existed;
	int64_t size;
	struct timespec modified;
	/* of one that appears */
	int64_t grown_size;
	int64_t grown_ms;
	char note[256]; /* why it cannot be read; "" otherwise */
};

enum dump_state {
	DUMP_NONE,       /* nothing new is there */
	DUMP_GROWING,    /* it is being written */
	DUMP_WHOLE,      /* it has its end, or has not grown for DUMP_SETTLED_MS */
	DUMP_UNREADABLE, /* `note` says why */
};

#define DUMP_SETTLED_MS 30000

/* dump_file_init notes what is at the path now; uid: whom the VM's files belong to. */
void dump_file_init(struct dump_file *d, const char *path, int64_t uid);
/* dump_file_look says what has come of it. */
enum dump_state dump_file_look(struct dump_file *d, int64_t now_ms);

/* What a dump says, for a report. */
struct dump_words {
	char slogan[256];
	char cause[400];   /* "" if the dump does not show it */
	double confidence; /* 0 to 1 */
	char *text;        /* summaries; on the heap */
	char *json;
	char note[256]; /* why there is none of these */
};

/*
 * dump_file_read analyses a dump; it takes as long as reading the file, or until *stop is set by another thread. Nodes may share a folder: a dump that names another node than this one is not its
 * own, and says nothing.
 */
void dump_file_read(const struct dump_file *d, const char *node, const atomic_bool *stop, struct dump_words *out);
void dump_words_release(struct dump_words *w);

#endif
