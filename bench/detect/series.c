/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores the series of a yardstick: series [--threshold T] CSV OUT. CSV has a header and lines "YYYY-MM-DD hh:mm:ss,value"; OUT gets
 * timestamp, value and anomaly_score, which is 1 where the detector reports and half of its score elsewhere. It reads clean
 * files only; the reader for those of others is that of `arsenal replay`.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyze/series_detector.h"

static int64_t
time_of(const char *stamp)
{
	struct tm tm = { 0 };

	if (strptime(stamp, "%Y-%m-%d %H:%M:%S", &tm) == NULL)
		return 0;
	return (int64_t)timegm(&tm) * 1000;
}

static bool
score_line(struct series_detector *d, char *line, FILE *out)
{
	char *comma = strchr(line, ',');
	struct series_verdict v;
	double value;

	if (comma == NULL)
		return false;
	*comma = '\0';
	value = strtod(comma + 1, NULL);
	if (!isfinite(value))
		return false;
	v = series_detector_feed(d, time_of(line), value);
	fprintf(out, "%s,%.17g,%.6f\n", line, value, v.reported ? 1 : v.score / 2);
	return true;
}

static bool
score_file(FILE *in, FILE *out, double threshold)
{
	struct series_detector d;
	char line[256];

	series_detector_init(&d, threshold);
	fputs("timestamp,value,anomaly_score\n", out);
	if (fgets(line, sizeof(line), in) == NULL)
		return false;
	while (fgets(line, sizeof(line), in) != NULL)
		if (!score_line(&d, line, out))
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	double threshold = SERIES_THRESHOLD;
	FILE *in, *out;
	bool ok;

	if (argc == 5 && strcmp(argv[1], "--threshold") == 0) {
		threshold = strtod(argv[2], NULL);
		argv += 2;
	} else if (argc != 3) {
		fprintf(stderr, "usage: series [--threshold T] CSV OUT\n");
		return 2;
	}
	in = fopen(argv[1], "r");
	out = fopen(argv[2], "w");
	if (in == NULL || out == NULL) {
		fprintf(stderr, "series: cannot open %s\n", in == NULL ? argv[1] : argv[2]);
		return 1;
	}
	ok = score_file(in, out, threshold);
	fclose(in);
	if (fclose(out) != 0 || !ok) {
		fprintf(stderr, "series: cannot score %s\n", argv[1]);
		return 1;
	}
	return 0;
}
