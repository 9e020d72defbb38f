/* SPDX-License-Identifier: Apache-2.0 */
/* The times of a recording, judged one after the other: which can follow what came before, and between which samples are missing. */
#ifndef REPLAY_TIMELINE_H
#define REPLAY_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#define TIMELINE_RECENT 9
#define TIMELINE_GAP \
	12 /* usual distances without a sample end what was under way, as with a node that is watched live */

enum timing {
	TIMING_NEXT,      /* it follows */
	TIMING_SPARSE,    /* so, but samples are missing before it */
	TIMING_GAP,       /* so, and for so long that what was under way has ended */
	TIMING_DUPLICATE, /* the same time again */
	TIMING_BACKWARDS,
	TIMING_JUMP, /* more than a year away from what came before, and not confirmed by this one being the next after such a jump forward */
	TIMING_LOST  /* time went back by more than a year, and stays there */
};

struct timeline { /* private; all zero at first */
	bool begun;
	int64_t last_ms;
	bool leapt;
	int64_t leapt_ms;
	int64_t recent_ms[TIMELINE_RECENT]; /* the last distances */
	unsigned count;
};

/* timeline_judge takes over a time that follows. */
enum timing timeline_judge(struct timeline *t, int64_t time_ms);
/* timeline_usual_ms is the median of the last distances; 0 before there are three. */
int64_t timeline_usual_ms(const struct timeline *t);

#endif
