/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TIMEFMT_H
#define BASE_TIMEFMT_H

#include <stdint.h>

#define TIME_RFC3339_SIZE 80

/* time_rfc3339 writes milliseconds since the epoch as "2024-01-18T10:30:00.000Z" and returns buf. Any int64 is
 * accepted. */
char *time_rfc3339(char buf[TIME_RFC3339_SIZE], int64_t time_ms);

#endif
