/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From findings to incidents: which open incident a finding belongs to, what an incident's root is, and when it is over. Pure and bounded; the same
 * findings make the same incidents, whatever ticks come between.
 *
 * Findings are compared by who is behind them (model/kinship.h): *kin* are the same process or one above the other, *siblings* are a process and restarts
 * under its supervisor, *strangers* are of different applications. A finding joins the open incident for which the first of these rules holds (of more,
 * the one that was heard of last); else it opens one:
 *
 *	same_kind  a finding of its type is in it, and they are not known to be of different processes
 *	culprit    kin is in it, or siblings that were seen at most 120 samples before
 *	cause      its usual cause or consequence (model/cause.h) is in it, and was seen at most 120 samples before. Where it is known who is behind
 *	           both, a close cause must be kin; a loose one kin, siblings, or begun within 6 samples; a wide one no stranger, or begun so
 *	time       one that began within 6 samples of it is in it, whenever they were found; neither this nor the root is a stranger
 *	node_down  the node went down: the most severe, of those the latest, that is open takes it
 *
 * A finding becomes the root if it explains the present one: it is its cause by the rule above, and began at most 120 samples later, for what lies deeper
 * is often seen later; and nothing in the incident explains it in turn. A node that went down is explained by what came before only. A finding that joins is *told* as an anomaly of its own only if it is the
 * root, or if it is of high severity and of another process than all others in it; a root also when it becomes severe.
 *
 * What is in an incident already is brought up to date when it is found again; but a level that had risen and falls is relief, and what was said of its rise stays.
 *
 * An incident is over when nothing of it has held for 12 samples; it ended then when the last of it ended.
 */
#ifndef ANALYZE_GROUPING_H
#define ANALYZE_GROUPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/incident.h"

#define GROUPING_CALM 12 /* samples */

struct grouping { /* private, but for reading */
	const char *node;
	int64_t interval_ms;
	struct incident *kept[INCIDENTS_KEPT]; /* by time of opening, oldest first */
	unsigned count;
	struct {
		int64_t time_ms; /* 0: never */
		enum level level;
	} risen[CRITERION_COUNT];
};

/* What became of a finding. */
struct grouped {
	struct incident *incident;
	enum incident_change change; /* opened, joined, or root: it joined as the new root */
	bool anew; /* it is in it for the first time; else what was known of it was brought up to date */
	bool root; /* it is the root now */
	bool tell; /* as an anomaly of its own */
	bool told; /* it was told before, or is now */
};

/* grouping_init: the node's name must outlive g; interval_ms > 0, the expected distance of samples. */
void grouping_init(struct grouping *g, const char *node, int64_t interval_ms);
void grouping_release(struct grouping *g);

/*
 * grouping_take puts a finding into an incident. since_ms is when it began, as far as is known (at most a->time_ms); `promised`: it is told whatever
 * explains it. Findings come by time, and what is over by then was closed before
 * (grouping_next_over).
 */
struct grouped grouping_take(struct grouping *g, const struct anomaly *a, int64_t since_ms, bool promised);
/* grouping_end: a finding of the incident has ended. */
void grouping_end(struct incident *i, unsigned member, int64_t ended_ms);
/* grouping_next_over closes an incident that is over as of now_ms, and returns it; NULL if there is none (any more). */
struct incident *grouping_next_over(struct grouping *g, int64_t now_ms);
/*
 * grouping_restart counts n restarts where they belong: in the open incident that names the supervisor, else in one that names none, of more in the one
 * heard of last. pid (may be NULL) is the process that ended: if it is a culprit of whom nothing is known above, that supervisor is.
 */
void grouping_restart(struct grouping *g, int64_t time_ms, const struct term *supervisor, const struct term *child,
    const struct term *pid, uint64_t n);
/* grouping_level: a criterion rose to a level above healthy. It belongs where findings of its kind are, also of one that opens soon after. */
void grouping_level(struct grouping *g, int64_t time_ms, enum criterion c, enum level level);
/* grouping_restore takes an incident of an earlier run (given over) in the place of the one with its id, or by its time. */
void grouping_restore(struct grouping *g, struct incident *i);
/* grouping_drop gives up the incident at an age. */
void grouping_drop(struct grouping *g, size_t age);
/* grouping_has says whether another open incident has a finding of this one. */
bool grouping_has(const struct grouping *g, const struct incident *i);
/* grouping_at: 0 is the one that opened last; NULL beyond the oldest kept. */
struct incident *grouping_at(const struct grouping *g, size_t age);

#endif
