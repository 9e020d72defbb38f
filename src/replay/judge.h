/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that judge recordings share: each is one way from a file to verdicts. Nobody else includes this. */
#ifndef REPLAY_JUDGE_H
#define REPLAY_JUDGE_H

#include "replay/replay.h"
#include "replay/table.h"

/* One run over one file. */
struct judge {
	const struct replay_options *options;
	const struct outlets *out;
	struct flaws *flaws;
	struct replay_totals totals;
	uint64_t others; /* what could be used, and was no sample that is judged */
};

/*
 * Each judges a file to its end, false with a reason: judge_table the rows of a table, judge_recording a live recording (both take over the lines),
 * judge_store the history of a store. judge_series and judge_node: the rows of a table whose columns are series, or a node's metrics.
 */
bool judge_table(struct judge *j, struct line_reader *lines, struct err *err) MUST_CHECK;
bool judge_recording(struct judge *j, struct line_reader *lines, struct err *err) MUST_CHECK;
bool judge_store(struct judge *j, const char *path, struct err *err) MUST_CHECK;
bool judge_series(struct judge *j, struct table *table, struct err *err) MUST_CHECK;
bool judge_node(struct judge *j, struct table *table, struct err *err) MUST_CHECK;

/* judge_sample counts a sample that an engine took, and gives it and the engine's events to the outlets; judge_events the latter. */
void judge_sample(struct judge *j, struct engine *e);
void judge_events(struct judge *j, struct engine *e);
/* judge_time widens the range of times; before the sample is counted. */
void judge_time(struct judge *j, int64_t time_ms);
/* judge_wants: the node is among those that are wanted. */
bool judge_wants(const struct judge *j, const char *node);
/* judge_engine makes the engine of a node, with the threshold that is wanted; the node is said to be up. */
struct engine *judge_engine(struct judge *j, const char *node, const struct engine_options *options);

#endif
