/* SPDX-License-Identifier: Apache-2.0 */
/* A metric's past on all scales of time, for engine/outlook. */
#ifndef ENGINE_FORESIGHT_SCALES_H
#define ENGINE_FORESIGHT_SCALES_H

#include "engine/engine.h"
#include "engine/outlook.h"

#define FORESIGHT_SCALES 6

struct foresight_scales {
	size_t count;
	struct outlook_scale scales[FORESIGHT_SCALES];
};

/* foresight_scales_read fills in the metric's past from from_ms on, as of the last sample. False if there is none, or the metric was not in it. */
bool foresight_scales_read(
    const struct engine *e, enum metric_id metric, int64_t from_ms, struct foresight_scales *out);

#endif
