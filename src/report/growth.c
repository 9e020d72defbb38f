/* SPDX-License-Identifier: Apache-2.0 */
#include "report/growth.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

#define BEFORE_MIN 12
#define BEGIN_MIN 3
#define POINTS_MIN 4    /* of a range without a time before */
#define SHORT_TIMES 1.5 /* so much further the first reading alone must be outgrown */
#define MAD_TO_SIGMA 1.4826
#define SPREADS 4
#define ONSET 0.1 /* of the growth: from there on it had begun */

const struct growth_row GROWTHS[] = {
	{ METRIC_VM_MEMORY_TOTAL, 32e6, 0.2 },
	{ METRIC_VM_MEMORY_PROCESSES, 24e6, 0.25 },
	{ METRIC_VM_MEMORY_BINARY, 16e6, 0.3 },
	{ METRIC_VM_MEMORY_ETS, 16e6, 0.3 },
	{ METRIC_VM_MEMORY_ATOM, 2e6, 0.1 },
	{ METRIC_VM_MEMORY_CODE, 16e6, 0.2 },
	{ METRIC_VM_MEMORY_OTHER, 32e6, 0.3 },
	{ METRIC_PERSISTENT_TERM_MEMORY, 8e6, 0.5 },
	{ METRIC_RSS, 64e6, 0.2 },
	{ METRIC_MEMORY_UTILIZATION, 8, 0.15 },
	{ METRIC_PROCESS_COUNT, 100, 0.2 },
	{ METRIC_PORT_COUNT, 50, 0.3 },
	{ METRIC_ATOM_COUNT, 5000, 0.1 },
	{ METRIC_ETS_COUNT, 50, 0.3 },
	{ METRIC_OPEN_FDS, 50, 0.3 },
	{ METRIC_SOCKET_COUNT, 50, 0.3 },
	{ METRIC_MQ_MAX, 500, 1.0 },
	{ METRIC_MQ_LONG, 10, 1.0 },
	{ METRIC_LOGGER_QUEUE, 500, 1.0 },
	{ METRIC_RUN_QUEUE, 20, 1.0 },
	{ METRIC_DIRTY_CPU_RUN_QUEUE, 20, 1.0 },
	{ METRIC_DIRTY_IO_RUN_QUEUE, 20, 1.0 },
	{ METRIC_CPU_UTILIZATION, 20, 0.5 },
};

const size_t GROWTH_COUNT = ARRAY_LEN(GROWTHS);

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), ascending);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* usual is the median of the points and, as spread, 1.4826 times the median distance from it. */
static void
usual(const struct past_point *p, size_t n, double *level, double *spread)
{
	double *v = xreallocarray(NULL, n, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = p[i].mean;
	*level = median(v, n);
	for (size_t i = 0; i < n; i++)
		v[i] = fabs(v[i] - *level);
	*spread = MAD_TO_SIGMA * median(v, n);
	free(v);
}

/* onset is when the points rose above a level for good. */
static int64_t
onset(const struct past_point *p, size_t n, double level)
{
	size_t i = n;

	while (i > 0 && p[i - 1].max > level)
		i--;
	return p[i < n ? i : n - 1].time_ms;
}

static double
peak(const struct past_point *p, size_t n)
{
	double most = p[0].max;

	for (size_t i = 1; i < n; i++)
		most = fmax(most, p[i].max);
	return most;
}

bool
growth_judge(const struct growth_row *row, const struct past_point *before, size_t before_count,
    const struct past_point *points, size_t count, struct report_growth *out)
{
	bool compared = before_count >= BEFORE_MIN;
	size_t begin = compared ? before_count : count / 4;
	double least;

	if (count < (compared ? 2 : POINTS_MIN))
		return false;
	*out = (struct report_growth) { .metric = row->metric, .compared = compared };
	usual(compared ? before : points, begin, &out->before, &out->spread);
	least = fmax(fmax(row->floor, row->share * fabs(out->before)), SPREADS * out->spread);
	/* One or two readings are no level: what the node does as it starts is not to look like a fault. */
	least *= begin < BEGIN_MIN ? SHORT_TIMES : 1;
	out->after = points[count - 1].mean;
	out->weight = (out->after - out->before) / least;
	if (out->weight <= 1 || points[count - 2].mean - out->before <= least)
		return false;
	out->peak = peak(points, count);
	out->since_ms = onset(points, count, out->before + ONSET * (out->after - out->before));
	return true;
}
