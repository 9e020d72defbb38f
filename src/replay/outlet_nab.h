/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores as the Numenta Anomaly Benchmark wants them: timestamp,value,anomaly_score for each row of a series, the first two as they are in the file. The score is
 * exactly 1 where an anomaly is reported, and less elsewhere, 0 where the row could not be used.
 */
#ifndef REPLAY_OUTLET_NAB_H
#define REPLAY_OUTLET_NAB_H

#include <stdio.h>

#include "replay/outlet.h"

struct nab_outlet {
	FILE *to;
	bool begun;
	bool unfit; /* what came is not one series */
};

struct outlet nab_outlet(struct nab_outlet *o);

#endif
