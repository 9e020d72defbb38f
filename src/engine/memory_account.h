/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One account of a node's memory that adds up: from what it may use, over what it holds of the machine, to what is used of that, each level a part of
 * the one above. Of every level, bytes + excess is the sum of its parts, by construction: the last part is what the others leave, and where they leave
 * less than nothing, that part is 0 and the excess says by how much. (The figures are read at different moments, by the machine and the VM.)
 */
#ifndef ENGINE_MEMORY_ACCOUNT_H
#define ENGINE_MEMORY_ACCOUNT_H

#include "model/sample.h"

enum memory_level { MEMORY_LIMIT, MEMORY_RESIDENT, MEMORY_CARRIERS, MEMORY_BLOCKS, MEMORY_LEVEL_COUNT };

#define MEMORY_PARTS 7

struct memory_part {
	const char *name; /* NULL: behind the last one */
	const char *help;
	double bytes; /* NaN: not observed */
};

struct memory_level_account {
	const char *name;
	const char *help;
	double bytes; /* NaN: not observed */
	struct memory_part parts[MEMORY_PARTS];
	unsigned part_count;
	double excess;           /* NaN unless all of it was observed */
	const char *excess_help; /* what an excess means here, besides different moments */
};

struct memory_account {
	struct memory_level_account levels[MEMORY_LEVEL_COUNT];
};

/* memory_account fills in all levels; s may be NULL: nothing was observed. */
void memory_account(struct memory_account *account, const struct sample *s);

#endif
