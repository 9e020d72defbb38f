/* SPDX-License-Identifier: Apache-2.0 */
/* For benches: a recording of a node's metrics (record_rabbitmq.py writes them), read into rows of values. */
#ifndef BENCH_RECORDING_H
#define BENCH_RECORDING_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/metric.h"

#define RECORDING_LINE_BYTES 65536

/* A recording: rows of values, NaN where there is none. */
struct recording {
	int64_t *time_ms;
	double (*rows)[METRIC_COUNT];
	size_t count, room;
};

/* read_header says which metric each column is; METRIC_NONE: none of ours. */
static inline unsigned
read_header(char *line, enum metric_id *columns, unsigned max)
{
	unsigned n = 0;

	for (char *name = strtok(line, ",\r\n"); name && n < max; name = strtok(NULL, ",\r\n"))
		columns[n++] = metric_find(name, strlen(name));
	return n;
}

static inline void
read_row(struct recording *r, char *line, const enum metric_id *columns, unsigned count)
{
	if (r->count == r->room) {
		r->room = r->room ? 2 * r->room : 1024;
		r->time_ms = xreallocarray(r->time_ms, r->room, sizeof(r->time_ms[0]));
		r->rows = xreallocarray(r->rows, r->room, sizeof(r->rows[0]));
	}
	for (int i = 0; i < METRIC_COUNT; i++)
		r->rows[r->count][i] = NAN;
	r->time_ms[r->count] = strtoll(line, NULL, 10);
	for (unsigned i = 0; i < count; i++, line += strcspn(line, ",\n"), line += *line == ',') {
		char *end;
		double v = strtod(line, &end);

		if (columns[i] != METRIC_NONE && end != line)
			r->rows[r->count][columns[i]] = v;
	}
	r->count++;
}

/* read_recording reads the whole file; one that gzip cannot read ends the program. The rows are the caller's. */
static inline struct recording
read_recording(const char *path)
{
	struct recording r = { .count = 0 };
	enum metric_id columns[2 * METRIC_COUNT];
	char command[4096], *line = xmalloc(RECORDING_LINE_BYTES);
	unsigned count = 0;
	FILE *f;

	snprintf(command, sizeof(command), "gzip -dcq '%s'", path);
	f = popen(command, "r");
	if (f && fgets(line, RECORDING_LINE_BYTES, f))
		count = read_header(line, columns, 2 * METRIC_COUNT);
	while (f && fgets(line, RECORDING_LINE_BYTES, f))
		read_row(&r, line, columns, count);
	if (f == NULL || pclose(f) != 0 || r.count < 2) {
		fprintf(stderr, "%s is no recording that gzip can read\n", path);
		exit(1);
	}
	free(line);
	return r;
}

static inline double
first_value(const struct recording *r, int metric)
{
	for (size_t i = 0; i < r->count; i++)
		if (!isnan(r->rows[i][metric]))
			return r->rows[i][metric];
	return 0;
}

static inline void
free_recording(struct recording *r)
{
	free(r->time_ms);
	free(r->rows);
}

#endif
