/* SPDX-License-Identifier: Apache-2.0 */
/* Times as recordings have them. */
#ifndef REPLAY_STAMP_H
#define REPLAY_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/*
 * What a number stands for; STAMP_GUESS goes by its size: below 1e11 seconds (until the year 5138), below 1e14 milliseconds (from 1973 on), below 1e17
 * microseconds, else nanoseconds.
 */
enum stamp_unit { STAMP_GUESS, STAMP_S, STAMP_MS, STAMP_US, STAMP_NS };

/* stamp_unit_of_name: "t_ms", "time_ns", … say it, others do not. */
enum stamp_unit stamp_unit_of_name(const char *column);
/* stamp_is_name: a name that a column of times would have ("timestamp", "time", "t_ms", "date", "ts", …). */
bool stamp_is_name(const char *column);
/*
 * stamp_parse reads "2014-04-01 00:00:00", with T, fractions, without seconds or clock, with or without a zone (none: UTC), or a number since the epoch.
 * Milliseconds, the rest is dropped. False if it is none of them, or not within the years 0 to 9999.
 */
bool stamp_parse(const char *text, enum stamp_unit unit, int64_t *time_ms) MUST_CHECK;

#endif
