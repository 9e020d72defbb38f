/* SPDX-License-Identifier: Apache-2.0 */
/* The seed's system_health, of the present, of an alert, and of the past. */
#ifndef ENGINE_ANSWER_HEALTH_H
#define ENGINE_ANSWER_HEALTH_H

#include "engine/answer.h"

/* health_fields writes into an object that is open. */
void health_fields(struct answer *a, const struct health *h);
/* health_past writes a check as it was; the sample is the one it judged. Without the criteria's values: levels only. */
void health_past(struct answer *a, const struct past_check *check, const struct sample *s);

#endif
