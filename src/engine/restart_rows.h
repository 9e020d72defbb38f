/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The restarts of a time, by child, for time lines: when each of them was; where there are too many to tell them apart, how many there were in each step.
 * Bounded, whatever comes: so many children, times and steps.
 */
#ifndef ENGINE_RESTART_ROWS_H
#define ENGINE_RESTART_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/strbuf.h"
#include "model/restart.h"

#define RESTART_ROW_TIMES 60  /* of a child, that are told one by one */
#define RESTART_ROW_STEPS 288 /* else: of five minutes, in a day */
#define RESTART_ROWS_MAX 2000

/* What happened to a child, in the order of enum restart_kind, and last: it was restarted along with a sibling. */
enum row_kind { ROW_RESTART, ROW_START_ERROR, ROW_GAVE_UP, ROW_COLLATERAL, ROW_KIND_COUNT };

/* "restart", "start_error", "gave_up", "collateral". */
extern const char *const ROW_KINDS[ROW_KIND_COUNT];

struct restart_row {
	struct term *supervisor;
	struct term *child_id;
	bool group; /* the child stands for many */
	uint64_t count[ROW_KIND_COUNT];
	int64_t first_ms, last_ms;
	/* Either times, in the order in which they were added, */
	unsigned time_count;
	struct {
		int64_t time_ms;
		enum row_kind kind;
	} * times;
	/* or counts by step; NULL: none of that kind. */
	bool stepped;
	uint32_t *steps[ROW_KIND_COUNT];
};

struct restart_rows {
	int64_t start_ms;
	int64_t end_ms;
	int64_t step_ms; /* whole seconds */
	size_t count;
	struct restart_row **rows;
	uint64_t total[ROW_KIND_COUNT];
	uint64_t left_out;     /* of total, those of children for which there was no room */
	size_t collateral_max; /* private, so for the following */
	size_t room;
	struct map children;
	struct strbuf key;
};

/* restart_rows_init is for restarts from start_ms to end_ms, both included. */
void restart_rows_init(struct restart_rows *r, int64_t start_ms, int64_t end_ms);
void restart_rows_release(struct restart_rows *r);
/* restart_rows_add takes a restart within the time; its terms are shared. */
void restart_rows_add(struct restart_rows *r, const struct restart *restart);
/* restart_rows_rank puts first whose supervisor gave up, then who restarted most, then who was restarted along most. */
void restart_rows_rank(struct restart_rows *r);

#endif
