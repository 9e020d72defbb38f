/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording, judged as it would have been live: a table of series by the series detector, a node's metrics and inputs by an engine. What a file is, its first
 * bytes say: a live recording, a store of `watch --store`, CSV or JSON lines; of a table the columns say whether it is a node's (any of
 * them is a metric) or series.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "replay/outlet.h"
#include "replay/source.h"

struct replay_options {
	double threshold; /* anomaly_threshold; 0: the default, or the one of the recording */
	const char *node; /* only that one of several; NULL: all */
	bool series;      /* columns are series, whatever their names */
};

/*
 * replay_run reads the file ("-": the standard input) and gives what comes of it to the outlets, their end among it if there was a beginning. False with a reason that
 * names the file: it cannot be read (to its end), has nothing that can be judged, or less than half of its rows can be used.
 */
bool replay_run(const char *path, const struct replay_options *o, const struct outlets *out, struct flaws *f,
    struct err *err) MUST_CHECK;
/* replay_source is the same with bytes from anywhere, but for stores, which must be files. It takes over the source. */
bool replay_source(struct source *s, const struct replay_options *o, const struct outlets *out, struct flaws *f,
    struct err *err) MUST_CHECK;

#endif
