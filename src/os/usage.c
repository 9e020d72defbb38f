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

/* max_rss_bytes is 0 where there is no /proc. */
static uint64_t
max_rss_bytes(void)
{
	struct strbuf status = STRBUF_INIT;
	const char *line = NULL;
	uint64_t kb = 0;

	if (file_read("/proc/self/status", STATUS_MAX_BYTES, &status, NULL))
		line = strstr(strbuf_cstr(&status), "\nVmHWM:");
	if (line)
		kb = strtoull(line + strlen("\nVmHWM:"), NULL, 10);
	strbuf_release(&status);
	return kb * 1024;
}

/* The kernel's ru_maxrss begins with that of the program which started this one (it outlives exec). */
struct usage
usage_now(void)
{
	uint64_t rss = max_rss_bytes();
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (struct usage) { ms(&u.ru_utime) + ms(&u.ru_stime), rss ? rss : (uint64_t)u.ru_maxrss * 1024 };
}
