/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/unit.h"

#include <math.h>

#define EXPONENT_LEAST (-1000) /* 2^1000 is a factor that there is, and does not take 1e30 away from the range */

float
unit_of(struct unit *u, double value)
{
	double from;

	if (!u->known) {
		u->origin = value;
		u->known = true;
	}
	from = value - u->origin;
	if (from == 0)
		return 0;
	if (u->factor == 0)
		u->factor = ldexp(1, -(int)fmax(EXPONENT_LEAST, ilogb(from)));
	from *= u->factor;
	return from > UNIT_RANGE ? UNIT_RANGE : from < -UNIT_RANGE ? -UNIT_RANGE : (float)from;
}
