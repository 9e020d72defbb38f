/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The write-ahead log of an SQLite file, read by us: the format is https://www.sqlite.org/fileformat2.html#walformat.
 *
 *	header   magic, version, page size, sequence, salt (8 bytes), checksum (8 bytes)
 *	frame    page number, size of the file in pages if it commits (else 0), salt (8), checksum (8), the page
 *
 * A frame's checksum goes on from that of the frame before, so SQLite ends at the first one that does not hold, and takes what is behind it for
 * the rest of an earlier log. It cannot tell a flipped bit from a torn end, and would lose all that was committed behind it without a word. We
 * look further: as each checksum is also stored, frames behind a bad one can be checked one by one.
 */
#ifndef STORE_WAL_H
#define STORE_WAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct wal {
	int fd; /* -1: there is none */
	uint32_t page_size;
	uint32_t frames;   /* whole ones in the file */
	bool garbage;      /* there is something, but no log of a file with this page size */
	uint32_t chained;  /* so many frames, the last of which commits, are what SQLite reads */
	uint32_t usable;   /* the last frame that holds and commits is the one before this */
	uint32_t *page_of; /* by frame: its page, 0 if its checksum does not hold */
};

/* wal_open reads the log at `path` of a file with this page size. Without one, or if it cannot be read, it has no frames. wal_release in any case. */
void wal_open(struct wal *w, const char *path, uint32_t page_size);
void wal_release(struct wal *w);
/* wal_is_damaged: something was committed that SQLite would not read. */
bool wal_is_damaged(const struct wal *w);
/* wal_offset is where in the log the page of frame i (from 0) is. */
int64_t wal_offset(const struct wal *w, uint32_t frame);

#endif
