/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TIMEFMT_H
#define BASE_TIMEFMT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define TIME_RFC3339_SIZE 80

/* time_rfc3339 writes milliseconds since the epoch as "2024-01-18T10:30:00.000Z" and returns buf. Any int64 is
 * accepted. */
char *time_rfc3339(char buf[TIME_RFC3339_SIZE], int64_t time_ms);

/*
 * time_parse reads a time as RFC 3339 writes it ("2024-01-18T10:30:00.5+02:00", a space for the T and, since forms make one of it, for the plus),
 * or as milliseconds since the epoch: nothing around it, years 0 to 9999. False otherwise, and then *time_ms is as it was.
 */
bool time_parse(const char *text, int64_t *time_ms) MUST_CHECK;
/*
 * time_parse_moment reads that, or what people say, as of now: so much ago ("90s", "30m", "1h", "7d"), a day of UTC ("today", "yesterday", "2024-01-18":
 * its begin), a clock of UTC ("18:00", "18:00:30": the last time it was that), or a day and a clock ("yesterday 18:00", "2024-01-18 18:00").
 */
bool time_parse_moment(const char *text, int64_t now_ms, int64_t *time_ms) MUST_CHECK;

/* What it takes, for a message. */
#define TIME_MOMENTS "2024-01-18T10:30:00Z, 30m, 1h or 7d ago, 18:00, yesterday 18:00, 2024-01-18 18:00"

#endif
