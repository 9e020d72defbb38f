/* SPDX-License-Identifier: Apache-2.0 */
#include "os/usage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "os/file.h"

#define STATUS_MAX_BYTES 65536

static uint64_t
ms(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_usec / 1000;
}

/* status_bytes is what a line of /proc/self/status says, 0 without that line. */
static uint64_t
status_bytes(const char *status, const char *key)
{
	const char *line = strstr(status, key);

	return line ? strtoull(line + strlen(key), NULL, 10) * 1024 : 0;
}

/* The kernel's ru_maxrss begins with that of the program which started this one (it outlives exec). */
struct usage
usage_now(void)
{
	struct strbuf status = STRBUF_INIT;
	struct rusage u;
	struct usage use;

	getrusage(RUSAGE_SELF, &u);
	use = (struct usage) { .cpu_ms = ms(&u.ru_utime) + ms(&u.ru_stime),
		.max_rss_bytes = (uint64_t)u.ru_maxrss * 1024 };
	if (file_read("/proc/self/status", STATUS_MAX_BYTES, &status, NULL)) {
		use.rss_bytes = status_bytes(strbuf_cstr(&status), "\nVmRSS:");
		use.max_rss_bytes = status_bytes(strbuf_cstr(&status), "\nVmHWM:");
	}
	strbuf_release(&status);
	return use;
}
