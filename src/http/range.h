/* SPDX-License-Identifier: Apache-2.0 */
/* ?start= and ?end= of a request. */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct call;

/*
 * range_take reads both: an end that is missing is now, a start that is missing is span_ms before the end. False, with the reason in the reply, if one is no
 * time, or the end is before the start.
 */
bool range_take(const struct call *c, int64_t span_ms, int64_t *start_ms, int64_t *end_ms) MUST_CHECK;

#endif
