/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rhythm of the day in a series: what is usual at each time of it, around a trend. Medians over the days, as in a seasonal decomposition by
 * medians (R. B. Cleveland et al., STL, J. Official Stat. 6 (1990), 3-73, with its robust weights replaced by a median).
 */
#ifndef ANALYZE_RHYTHM_H
#define ANALYZE_RHYTHM_H

#include <stdbool.h>
#include <stddef.h>

#define RHYTHM_PLACES 24 /* of a cycle, at most */

struct rhythm {
	size_t count;             /* places of a cycle */
	double at[RHYTHM_PLACES]; /* what comes on top; at[0] is the first value's place. Their median is 0 */
};

/*
 * rhythm_find looks for a cycle of `cycle` <= RHYTHM_PLACES places in n values (NaN: not known), around a straight line. False if there are less than two cycles, or what
 * is around the line does not come again a cycle later (correlation below a half).
 */
bool rhythm_find(const double *values, size_t n, size_t cycle, double slope, struct rhythm *out);

#endif
