/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A history that nobody writes at present, for reports: read and nothing else, also on a disk that cannot be written or by somebody who may not.
 * Whoever holds a reader keeps a writer from opening the file (which waits for a second): read, and close.
 */
#ifndef STORE_READER_H
#define STORE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "store/store.h"

struct store_reader;

/*
 * store_read_open: NULL with a reason that names the path: it is not there, may not be read, is in use by a running arsenal (which one, and how
 * to ask it), damaged, another program's, of a newer release. One of an earlier release is read through a copy in memory.
 */
struct store_reader *store_read_open(const char *path, struct err *err) MUST_CHECK;
void store_read_close(struct store_reader *r);

/* store_read_node is the name of the file's i-th node, NULL beyond the last. */
const char *store_read_node(const struct store_reader *r, size_t i);
/* store_read_newest_ms is the time of the last thing that the file has of a node: that is its "now". 0: nothing. */
int64_t store_read_newest_ms(struct store_reader *r, size_t i);
/*
 * store_read_restore reads a node's history up to now_ms into a new engine, whose options say how much. False with a reason if it could not be read to its
 * end: what was read is in the engine. *unread (may be NULL) is how many rows made no sense and were left out.
 */
bool store_read_restore(
    struct store_reader *r, size_t i, struct engine *e, int64_t now_ms, uint64_t *unread, struct err *err) MUST_CHECK;

/* store_read_incident_at: 0 is the last one put, NULL beyond the first. Valid until store_read_close. */
const struct store_incident *store_read_incident_at(const struct store_reader *r, size_t age);
/* store_read_incident appends the record; false with a reason if there is none of that id, or it cannot be read. */
bool store_read_incident(struct store_reader *r, const char *id, struct strbuf *body, struct err *err) MUST_CHECK;

#endif
