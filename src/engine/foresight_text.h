/* SPDX-License-Identifier: Apache-2.0 */
/* What foresight says, in one line for a person. */
#ifndef ENGINE_FORESIGHT_TEXT_H
#define ENGINE_FORESIGHT_TEXT_H

#include "engine/foresight.h"

/* foresight_tell_capacity and foresight_tell_prediction write the texts, as of now_ms. */
void foresight_tell_capacity(struct capacity *c, int64_t now_ms);
void foresight_tell_prediction(struct prediction *p, int64_t now_ms);

#endif
