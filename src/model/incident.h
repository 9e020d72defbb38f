/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings that belong together: one incident, with a root, from the first finding until all of them have ended for some time. (What the store calls incidents
 * are the flight recorder's post-mortems; these are of a node that lives, as a rule.)
 */
#ifndef MODEL_INCIDENT_H
#define MODEL_INCIDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/anomaly.h"
#include "model/health.h"

#define INCIDENTS_KEPT 100 /* of a node */
#define INCIDENT_MEMBERS 16
#define INCIDENT_ANCESTORS 2

/* How a finding came into its incident, the more direct evidence first: id, name, what it means. */
#define INCIDENT_JOIN_TABLE(X)                                                       \
	X(FIRST, "first", "it opened the incident")                                  \
	X(KIND, "same_kind", "one of its type is in it")                             \
	X(CULPRIT, "culprit", "the same process or supervisor is behind it")         \
	X(CAUSE, "cause", "it is a usual cause or consequence of one that is in it") \
	X(TIME, "time", "it began at the same time, and nothing speaks against it")  \
	X(END, "node_down", "the node went down meanwhile")

enum incident_join {
#define INCIDENT_JOIN_ENUM(id, ...) JOIN_##id,
	INCIDENT_JOIN_TABLE(INCIDENT_JOIN_ENUM)
#undef INCIDENT_JOIN_ENUM
	    JOIN_COUNT
};

extern const char *const INCIDENT_JOINS[JOIN_COUNT];

/* What has just changed in an incident: id, name. */
#define INCIDENT_CHANGE_TABLE(X) \
	X(OPENED, "opened")      \
	X(JOINED, "joined")      \
	X(ROOT, "root")          \
	X(ENDED, "ended")

enum incident_change {
#define INCIDENT_CHANGE_ENUM(id, ...) CHANGE_##id,
	INCIDENT_CHANGE_TABLE(INCIDENT_CHANGE_ENUM)
#undef INCIDENT_CHANGE_ENUM
	    CHANGE_COUNT
};

extern const char *const INCIDENT_CHANGES[CHANGE_COUNT];

/* Who is behind a finding, as far as findings are compared by it. Texts are "" where nothing is known. */
struct incident_who {
	enum culprit_kind kind;
	char pid[32];
	char name[SAMPLE_TEXT]; /* registered name or label, else initial call */
	bool named;             /* it is no initial call, which others may have, too */
	char application[SAMPLE_NAME];
	char ancestors[INCIDENT_ANCESTORS][SAMPLE_NAME]; /* the nearest first; of a table its owner */
};

/* A finding in an incident. What it has of an anomaly means the same there. */
struct incident_member {
	int64_t since_ms; /* when it began, as far as is known */
	int64_t time_ms;  /* when it was found */
	int64_t seen_ms;  /* when it was last found, or became worse; of restarts, the last one */
	int64_t ended_ms; /* 0: it holds */
	enum anomaly_type type;
	enum severity severity;
	enum incident_join joined;
	bool told; /* it was published as an anomaly */
	enum metric_id metric;
	double score;
	double current_value;
	double baseline_value;
	double queue_rate; /* of the first culprit, messages a second; NaN: not known */
	unsigned who_count;
	struct incident_who who[ANOMALY_MAX_CULPRITS];
	struct term *supervisor;
	struct term *child_id;
	char description[160];
};

struct incident {
	char id[INCIDENT_ID_SIZE]; /* of the node's name, opened_ms and a number among those of one moment */
	int64_t opened_ms;         /* when its first finding was made */
	int64_t last_ms;           /* when something of it was seen last */
	int64_t ended_ms;          /* when the last of its findings ended; 0: it is open */
	enum severity severity;    /* the highest of its findings */
	enum incident_change change;
	unsigned root; /* index of a member */
	unsigned member_count;
	struct incident_member *members; /* in the order in which they joined */
	uint64_t left_out;               /* findings for which there was no room */
	uint64_t restarts;
	enum level levels[CRITERION_COUNT]; /* the worst to which a criterion rose in it; LEVEL_UNKNOWN: it did not */
	bool node_down;
	bool anew; /* made while an earlier run is restored, of what is judged again; nobody was told */
};

/* incident_identify writes the id: "20261126T100005Z-5c1f03aa". n tells incidents of one node and millisecond apart. */
void incident_identify(char id[INCIDENT_ID_SIZE], const char *node, int64_t opened_ms, unsigned n);
/* incident_member_of makes a member of an anomaly: its terms are held, and it holds (ended_ms 0). */
void incident_member_of(struct incident_member *m, const struct anomaly *a, int64_t since_ms);
void incident_member_release(struct incident_member *m);
/* incident_add puts a member (given over) behind the others; false, and the member is the caller's still, if there is no room. */
bool incident_add(struct incident *i, const struct incident_member *m);
/* incident_holds: some of its findings have not ended. */
bool incident_holds(const struct incident *i);
/* incident_set_back: the clock was set back to now_ms, so that no time of it is later. */
void incident_set_back(struct incident *i, int64_t now_ms);
/* incident_copy makes *to a copy that holds references of its own. */
void incident_copy(struct incident *to, const struct incident *from);
void incident_release(struct incident *i);

#endif
