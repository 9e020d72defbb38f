/* SPDX-License-Identifier: Apache-2.0 */
/* A sample as JSON, with its rankings, and back bit by bit; how, is in replay/input_code.h. */
#ifndef REPLAY_SAMPLE_JSON_H
#define REPLAY_SAMPLE_JSON_H

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "model/sample.h"

void sample_json_write(struct jsonw *j, const struct sample *s);
/* sample_json_read fills *s. False with a reason if it is none; metrics that are not known are left out. */
bool sample_json_read(const json_t *object, struct sample *s, struct err *err) MUST_CHECK;

#endif
