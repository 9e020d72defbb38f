/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readings of plain calls: one table of what is called, and how its result gets into a sample. Only functions that OTP 23 and later have, for one that
 * raises costs all.
 */
#ifndef BEAM_READINGS_H
#define BEAM_READINGS_H

#include <stdbool.h>

#include "base/attr.h"
#include "beam/batch.h"
#include "etf/etf.h"
#include "model/sample.h"

/* readings_add adds the calls; without the heavy ones, which wake every scheduler, if heavy is false. */
void readings_add(struct batch *b, bool heavy);
/*
 * readings_read takes their results into the sample; METRIC_WALLCLOCK gets the VM's monotonic clock in ms. False if a result is not what it should be: the
 * others are there all the same, unless the cursor is bad.
 */
bool readings_read(struct etf *results, bool heavy, struct sample *s) MUST_CHECK;

#endif
