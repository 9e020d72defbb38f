/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OS_USAGE_H
#define OS_USAGE_H

#include <stdint.h>

/* What this program has used so far. */
struct usage {
	uint64_t cpu_ms;
	uint64_t rss_bytes, max_rss_bytes; /* at present; at most. At present 0 where there is no /proc */
};

struct usage usage_now(void);

#endif
