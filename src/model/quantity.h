/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for a person: few digits, and the unit. */
#ifndef MODEL_QUANTITY_H
#define MODEL_QUANTITY_H

#include <stdint.h>

#include "base/strbuf.h"
#include "model/metric.h"

#define QUANTITY_SIZE 48

/* quantity_add appends a value: "1.5 GiB", "12.3 %", "250 ms", "1.2M"; "unknown" for NaN. */
void quantity_add(struct strbuf *out, enum metric_unit unit, double v);
/* quantity_text does so into a buffer, and returns it. */
const char *quantity_text(char buf[QUANTITY_SIZE], enum metric_unit unit, double v);
/* duration_text: "3 s", "4 min 10 s", "2 h 5 min", "3 d 2 h"; negative ones are taken as 0. */
const char *duration_text(char buf[QUANTITY_SIZE], int64_t ms);

#endif
