/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes of a recording as JSON lines: of a node its events, as `arsenal watch --json` prints them; of series
 *
 *	{"type":"anomaly","series":"value","timestamp":"2014-04-11T09:00:00.000Z","time":"2014-04-11 09:00:00","value":12.3,"score":0.712}
 *	{"type":"sample",…}                             each other sample, if scores are wanted
 *
 * and at last {"type":"summary",…}.
 */
#ifndef REPLAY_OUTLET_JSON_H
#define REPLAY_OUTLET_JSON_H

#include <stdio.h>

#include "replay/outlet.h"

struct json_outlet {
	FILE *to;
	bool all;    /* every event of a node, not only findings */
	bool scores; /* every sample of a series */
};

struct outlet json_outlet(struct json_outlet *o);

#endif
