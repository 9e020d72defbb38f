/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the largest of one kind had in the past: processes by their memory, tables by their size, parents by the number of their children. Told
 * are only those that are the largest at the time, so what one had while it was not among them is at most what the smallest of them had. Pure.
 *
 * The past is kept as spans of time, and of each span the highest value: what goes up and down has not grown before it is higher than it
 * ever was in a whole span. There are PEAK_SPANS of ten seconds; when they are full, each two become one, until a span is
 * some ten minutes: then the oldest goes.
 */
#ifndef ENGINE_PEAKS_H
#define ENGINE_PEAKS_H

#include <stdbool.h>
#include <stdint.h>

#define PEAK_SPANS 12
#define PEAKS_MAX 96
#define PEAK_KEY 104

struct peak { /* private */
	char key[PEAK_KEY];
	float highest[PEAK_SPANS]; /* of spans over, oldest first; NaN: was not among the largest */
	float now;                 /* of the span that lasts */
	int64_t seen_ms;
};

struct peaks { /* private; all 0 is empty */
	struct peak *rows;
	unsigned count;
	unsigned spans;               /* that are over */
	int64_t span_ms, end_ms;      /* length of a span; when the one that lasts is over */
	float least[PEAK_SPANS], now; /* the highest "smallest of the largest" of each span */
	int64_t since_ms[PEAK_SPANS]; /* when the span was over */
};

struct peak_growth {
	double growth;    /* NaN: not known, for there is no past yet */
	int64_t since_ms; /* the end of the span that it is measured from; 0: not known */
};

/* peaks_begin opens a look at `now_ms` (not before the last one's). `least` is what anything that is not noted now has at the most, 0 if all there are are noted. */
void peaks_begin(struct peaks *l, int64_t now_ms, double least);
/* peaks_note gives the value (0 and more) of one of the largest. */
void peaks_note(struct peaks *l, const char *key, double value);
/*
 * peaks_recent is by how much `value`, what the one has now, is above its highest in the one of the last two spans where that was lower: what it has
 * grown in less than two spans and a half. peaks_long the same of all spans. Negative: it shrank. One of which nothing is known had at most `least`.
 */
struct peak_growth peaks_recent(const struct peaks *l, const char *key, double value);
struct peak_growth peaks_long(const struct peaks *l, const char *key, double value);
void peaks_release(struct peaks *l);

#endif
