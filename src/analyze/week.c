/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/week.h"

#include <math.h>

#define HOUR_MS 3600000
#define STEPS (UINT16_MAX / WEEK_MOST)

/* hour_of rounds down, before the epoch, too. */
static int64_t
hour_of(int64_t time_ms)
{
	return time_ms / HOUR_MS - (time_ms % HOUR_MS < 0);
}

static unsigned
hour_of_week(int64_t hour)
{
	return (unsigned)((hour % WEEK_HOURS + WEEK_HOURS) % WEEK_HOURS);
}

double
week_usual(const struct week *w, int64_t time_ms)
{
	unsigned at = hour_of_week(hour_of(time_ms));

	return w->weeks[at] < WEEK_KNOWN ? 0 : w->usual[at] / STEPS;
}

static void
end_hour(struct week *w)
{
	unsigned at = hour_of_week(w->hour);
	double weight = fmax(WEEK_WEIGHT, 1.0 / (w->weeks[at] + 1)), usual = w->usual[at] / STEPS;

	w->usual[at] = (uint16_t)lround((usual + weight * (w->most - usual)) * STEPS);
	w->weeks[at] += w->weeks[at] < UINT8_MAX;
}

void
week_learn(struct week *w, int64_t time_ms, double surprise)
{
	int64_t hour = hour_of(time_ms);

	if (w->open && hour != w->hour)
		end_hour(w);
	if (!w->open || hour != w->hour) {
		w->open = true;
		w->hour = hour;
		w->most = 0;
	}
	w->most = fmax(w->most, fmin(surprise, WEEK_MOST));
}
