/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which restarts the engine counts once although both sides reported them: the engine's own rule (analyze/pairing.h), so that what becomes of a row
 * in the tallies is what the engine made of it.
 */
#ifndef STORE_PAIRS_H
#define STORE_PAIRS_H

#include "analyze/pairing.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "model/restart.h"

#define PAIRS_MAX_CHILDREN 4096 /* with a report that waits; then all waiting ends */

struct pairs { /* private; all zero is an empty one */
	struct map children;
	int64_t expired_ms;
	struct strbuf key;
};

/* pairs_meet: of how many of those that r stands for the other side's report was there before. */
uint64_t pairs_meet(struct pairs *p, const struct restart *r);
void pairs_release(struct pairs *p);

#endif
