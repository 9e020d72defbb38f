/* SPDX-License-Identifier: Apache-2.0 */
/* The live recording that a program makes (replay/recording.h): it taps its engines, and what they take goes into a file. */
#ifndef REPLAY_TAPE_H
#define REPLAY_TAPE_H

#include "engine/engine.h"
#include "replay/packed_file.h"

struct tape;

/* tape_new begins the file; path, max_bytes and errors as for packed_file_new. */
struct tape *tape_new(const char *path, uint64_t max_bytes, int64_t now_ms, struct err *err) MUST_CHECK;
/*
 * tape_add records the engine from now on, as one that begins, unless it has samples already, of which the recording says so. The engine must not outlive the tape
 * with more inputs. At most RECORDING_MAX_NODES.
 */
void tape_add(struct tape *t, struct engine *e);
/* tape_free ends the file; the engines' inputs are recorded no more. NULL is fine. */
void tape_free(struct tape *t);

#endif
