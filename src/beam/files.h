/* SPDX-License-Identifier: Apache-2.0 */
/* Load, memory and limits of the watched node's machine or container, from files that the node reads for us. */
#ifndef BEAM_FILES_H
#define BEAM_FILES_H

#include <stdbool.h>

#include "base/attr.h"
#include "beam/batch.h"
#include "beam/procfs.h"
#include "etf/etf.h"
#include "model/sample.h"

struct files {        /* private; starts zeroed */
	bool grouped; /* the memory groups are known */
	unsigned group_count;
	struct procfs_group groups[PROCFS_GROUPS_MAX];
};

/* files_add adds the calls that read the files. */
void files_add(const struct files *files, struct batch *b);
/*
 * files_read takes their results into the sample; what a file does not tell is not observed. True if the memory groups have become known just now: their own
 * files are to be read next.
 */
bool files_read(struct files *files, struct etf *results, struct sample *s) MUST_CHECK;

#endif
