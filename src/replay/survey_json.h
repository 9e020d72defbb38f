/* SPDX-License-Identifier: Apache-2.0 */
/* A survey as JSON and back: {"kind":"tables","total":40,"rows":[{…}]}. */
#ifndef REPLAY_SURVEY_JSON_H
#define REPLAY_SURVEY_JSON_H

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "model/survey.h"

void survey_json_write(struct jsonw *j, const struct survey *s);
/* survey_json_read fills *s, whose rows the caller owns (survey_release), also if it is false with a reason: that is no survey. */
bool survey_json_read(const json_t *object, struct survey *s, struct err *err) MUST_CHECK;

#endif
