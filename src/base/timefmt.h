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
/* time_parse_ago reads that, or so much before now: "90s", "30m", "1h", "7d". */
bool time_parse_ago(const char *text, int64_t now_ms, int64_t *time_ms) MUST_CHECK;

#endif
