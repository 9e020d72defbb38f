/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the same is behind two findings: told by their culprits, and by the supervisors of restarts. */
#ifndef MODEL_KINSHIP_H
#define MODEL_KINSHIP_H

#include "model/incident.h"

/* The closer ones come first. */
enum kinship {
	KINSHIP_UNKNOWN,  /* of one of the two nobody is known */
	KINSHIP_KIN,      /* the same process, or one above the other; restarts under the same supervisor */
	KINSHIP_SIBLINGS, /* a process, and restarts of its supervisor's children: its own, or another's */
	KINSHIP_OTHERS,   /* different processes, of the same application as far as is known */
	KINSHIP_STRANGERS /* different processes of different applications */
};

/*
 * kinship_of compares two findings. Of lists of culprits the first of one and any of the other must be related, for who comes second or third may be large by
 * nature. Applications of the system (kernel, stdlib, sasl) work for all others, and make nobody a stranger.
 */
enum kinship kinship_of(const struct incident_member *a, const struct incident_member *b);

#endif
