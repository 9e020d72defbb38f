/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timefmt.h"

#include <stdio.h>
#include <time.h>

char *
time_rfc3339(char buf[TIME_RFC3339_SIZE], int64_t time_ms)
{
	int64_t ms = time_ms % 1000;
	time_t s = (time_t)(time_ms / 1000);
	struct tm tm;

	if (ms < 0) {
		ms += 1000;
		s--;
	}
	if (gmtime_r(&s, &tm) == NULL) {
		snprintf(buf, TIME_RFC3339_SIZE, "0000-00-00T00:00:00.000Z");
		return buf;
	}
	snprintf(buf, TIME_RFC3339_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", (long long)tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
	return buf;
}
