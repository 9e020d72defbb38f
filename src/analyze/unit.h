/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit of a series' own: its first value is 0, and the first other one between 1 and 2 (or -1 and -2). In it values of all sizes fit
 * into floats, and a series multiplied by a power of two is the very same. What is more than 1e30 away is as far as that.
 */
#ifndef ANALYZE_UNIT_H
#define ANALYZE_UNIT_H

#include <stdbool.h>

#define UNIT_RANGE 1e30f

/* { 0 } is one that has seen nothing. */
struct unit {
	double origin;
	double factor; /* a power of two; 0 before there was a second value */
	bool known;    /* the origin is */
};

/* unit_of gives the value (|value| <= 1e300) in the unit, within ±UNIT_RANGE. */
float unit_of(struct unit *u, double value);

#endif
