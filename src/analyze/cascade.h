/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pattern cascading_failure: related children that fail in sequence, again and again. Found in settled steps (analyze/trail.h), outside of
 * crowds.
 *
 * Two children are suspected when one failed after the other more often than chance allows (analyze/succession.h).
 *
 * A suspicion grows: *rounds* are the times at which two of its members failed together, and who is present in more rounds
 * than its own rate explains becomes a member, the most significant one first, until nobody is left. The root is who was first
 * in most rounds; the order is that of the median delays. All trials are accounted for: pairs, spans, children.
 */
#ifndef ANALYZE_CASCADE_H
#define ANALYZE_CASCADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/succession.h"
#include "analyze/trail.h"

#define CASCADE_MEMBERS 8
#define CASCADE_ROUNDS 3              /* at least */
#define CASCADE_LINK_MS SUCCESSION_MS /* from one member to the next */
#define CASCADE_ROUND_MS 120000       /* from the root to the last */
#define CASCADES_MAX 64

struct cascade {
	unsigned count;
	struct track *members[CASCADE_MEMBERS]; /* in their order, the root first; referenced */
	double log_p;                           /* of chance, times the trials */
	uint64_t rounds;
	double delay_ms; /* median from a round's first to its last */
	int64_t first_ms, last_ms;
	int64_t detected_ms;
	/* private: the round that goes on */
	int64_t round_ms;
	unsigned present;
	bool counted;
};

struct cascades {
	size_t count;
	struct cascade *all[CASCADES_MAX];
};

void cascades_release(struct cascades *c);
/*
 * cascades_look takes a head that settled outside of crowds (the last one of the trail's log), as of now_ms; among `children` patterns are
 * looked for. A cascade that has to make room is handed over in *ended (the caller calls cascade_free), else NULL.
 */
void cascades_look(struct cascades *c, const struct trail *trail, const struct step *s, int64_t now_ms,
    unsigned children, struct cascade **ended);
void cascade_free(struct cascade *c);
/* cascade_is_active: the next round is not long overdue, given how often they came. */
bool cascade_is_active(const struct cascade *c, int64_t now_ms);

#endif
