/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the tables of a node grow: from one survey of them to the next. Pure. */
#ifndef ENGINE_GROWTH_H
#define ENGINE_GROWTH_H

#include "model/survey.h"

/*
 * growth_of_tables fills in the growth of each row of *now from the same table's row in *before (NULL: there is none). A growth is over the last
 * 10 to 20 minutes, or since the table is seen among the largest, if that is less; NaN: not known, as in the first 20 s.
 */
void growth_of_tables(struct survey *now, const struct survey *before);

#endif
