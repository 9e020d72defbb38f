/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a recording, for people: a line for each finding, and a summary. */
#ifndef REPLAY_OUTLET_TEXT_H
#define REPLAY_OUTLET_TEXT_H

#include <stdio.h>

#include "replay/outlet.h"

struct text_outlet {
	FILE *to;
	bool colour;
	bool all;     /* every event of a node, not only findings */
	bool scores;  /* every sample of a series */
	char day[16]; /* private: of the last event */
};

struct outlet text_outlet(struct text_outlet *t);
/* event_is_finding: an event that says that something is wrong, rather than that something happened. */
bool event_is_finding(const struct node_event *ev);

#endif
