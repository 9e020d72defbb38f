/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded restarts as JSON lines: {"t_ms":1700432101157,"supervisor":"queue_sup","child":"queue_gc","reason":"case_clause"}. The reason may be
 * left out, other fields are passed over. A line that is anything else is an error that names it: what came of it would be an invention.
 */
#ifndef REPLAY_RESTART_LINES_H
#define REPLAY_RESTART_LINES_H

#include "model/restart.h"
#include "replay/line_reader.h"

#define RESTART_TEXT_MAX 1024 /* bytes of a name or reason */

/*
 * restart_lines_next reads the next restart (its terms are the caller's: restart_release) and the number of its line. Empty lines are passed over. An
 * error names file, line and column.
 */
enum read_result restart_lines_next(
    struct line_reader *lines, struct restart *out, uint64_t *number, struct err *err) MUST_CHECK;

#endif
