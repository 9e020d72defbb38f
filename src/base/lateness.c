/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lateness.h"

void
lateness_init(struct lateness *l, int64_t interval_us)
{
	*l = (struct lateness) { .interval_us = interval_us };
}

void
lateness_ring(struct lateness *l, int64_t now_us)
{
	int64_t late_us = l->last_us ? now_us - l->last_us - l->interval_us : 0;

	if (late_us < 0) /* after a late one it rings sooner */
		late_us = 0;
	l->last_us = now_us;
	l->late_us[l->rings++ % LATENESS_KEPT] = late_us;
	if (late_us > l->worst_us)
		l->worst_us = late_us;
}

int64_t
lateness_recent(const struct lateness *l)
{
	int64_t worst_us = 0;

	for (size_t i = 0; i < LATENESS_KEPT; i++)
		if (l->late_us[i] > worst_us)
			worst_us = l->late_us[i];
	return worst_us;
}
