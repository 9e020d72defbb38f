/* SPDX-License-Identifier: Apache-2.0 */
/* Where a metric of an engine is heading; what capacity and predictions share. */
#ifndef ENGINE_FORESIGHT_TREND_H
#define ENGINE_FORESIGHT_TREND_H

#include "engine/engine.h"
#include "engine/outlook.h"

/* foresight_outlook: of the metric's past from from_ms on; false if too little is known. limit and at_peak as in struct outlook_question. */
bool foresight_outlook(
    const struct engine *e, enum metric_id metric, int64_t from_ms, double limit, bool at_peak, struct outlook *out);
/* foresight_present is the metric's value; NaN if it is not observed at present. */
double foresight_present(const struct engine *e, int64_t now_ms, enum metric_id id);
/* foresight_date is the time that is so long after the last sample; 0 if that is not finite. */
int64_t foresight_date(const struct engine *e, double ms);
/* foresight_boot_ms is when the node began; 0: not known. */
int64_t foresight_boot_ms(const struct engine *e);

#endif
