/* SPDX-License-Identifier: Apache-2.0 */
#include "os/usage.h"

#include <sys/resource.h>

static uint64_t
ms(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_usec / 1000;
}

struct usage
usage_now(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (struct usage) { ms(&u.ru_utime) + ms(&u.ru_stime), (uint64_t)u.ru_maxrss * 1024 };
}
