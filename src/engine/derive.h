/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics that are computed from others (marked "derived" in the metric table). */
#ifndef ENGINE_DERIVE_H
#define ENGINE_DERIVE_H

#include <stdbool.h>

#include "model/sample.h"

/*
 * derive computes into *s what its rows allow; *before is the sample before it or NULL. A derived metric whose sources
 * are in the sample but do not allow it (no difference of scheduler counters yet) is made absent; one whose sources
 * are absent stays as it is. Utilization of a scheduler that was not observed is NaN.
 */
void derive(struct sample *s, const struct sample *before);
/* is_derived: it has been derived before, and comes from where samples are kept. */
bool is_derived(const struct sample *s);

#endif
