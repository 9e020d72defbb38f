/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that grows while a loop must not wait for a disk: what is put is packed (by the name's end: .gz, .zst; else not) and written by a thread of its own.
 * What waits for it is bounded, and so is the file. What was put is in the file within seconds, so that of a program that is killed hardly
 * anything is missing; of a packed file only its proper end.
 */
#ifndef REPLAY_PACKED_FILE_H
#define REPLAY_PACKED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define PACKED_FILE_WAITING (16u << 20) /* bytes that may wait for the thread */

struct packed_file;

enum packed_file_state {
	PACKED_FILE_OPEN,
	PACKED_FILE_FULL,  /* it has reached its bound, and is closed properly */
	PACKED_FILE_FAILED /* it could not be written; why was logged */
};

/* packed_file_new makes the file (mode 0600), which must not be there. NULL with a reason that names the path. */
struct packed_file *packed_file_new(const char *path, uint64_t max_bytes, struct err *err) MUST_CHECK;
/* packed_file_close writes what waits, and ends the file. False if it is not whole. NULL is fine. */
bool packed_file_close(struct packed_file *f);
/* packed_file_put: false, and nothing is taken, if too much waits already, or the file has ended. */
bool packed_file_put(struct packed_file *f, const void *data, size_t len) MUST_CHECK;
enum packed_file_state packed_file_state(struct packed_file *f);

#endif
