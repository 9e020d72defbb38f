/* SPDX-License-Identifier: Apache-2.0 */
/* One thing that a supervisor reported about a child. */
#ifndef MODEL_RESTART_H
#define MODEL_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "model/severity.h"
#include "model/supervisor.h"
#include "model/term.h"

enum restart_kind {
	RESTART_DONE,    /* the child ended and is restarted */
	RESTART_FAILED,  /* an attempt to restart it failed (start_error) */
	RESTART_GAVE_UP, /* the supervisor reached its restart intensity and ends */
	/* Not reports, but what the engine makes of them; for the history on disk only. */
	RESTART_UNDONE,     /* what was taken for a restart was none: the supervisor gave up instead */
	RESTART_COLLATERAL, /* siblings were restarted along */
	RESTART_COLLATERAL_UNDONE,
	RESTART_KIND_COUNT
};

struct restart {
	int64_t time_ms; /* when it happened, engine time */
	enum restart_kind kind;
	bool by_hand;   /* reported by the application (track_restart) */
	bool caught;    /* seen by the probe; both, once the two reports of one restart have met */
	uint64_t times; /* it stands for so many like it; 0 is taken as 1 */
	bool group; /* the child's id is undefined (DynamicSupervisor): child_id is its start function, which stands for
		       many */
	struct term *supervisor; /* registered name, else pid; as given, if reported by hand */
	struct term *key;        /* the supervisor's identity, where it is another term than `supervisor`; else NULL */
	struct term *child_id;
	struct term *child_pid; /* pid of the child that ended, or NULL */
	struct term *reason;
	bool undone; /* set by the engine in what it keeps: it was no restart, for the supervisor gave up instead */
	/*
	 * Set by the engine, where the supervisor is known: how many siblings were restarted along. They are among the first `sibling_count` of
	 * `siblings`, the child itself left out.
	 */
	bool collateral_known;
	unsigned collateral;
	unsigned sibling_count;
	struct siblings *siblings;
	char restart_type[32]; /* "permanent", "transient", "intrinsic", … as the supervisor says */
	uint64_t
	    restart_count; /* set by the engine: restarts of this child under this supervisor since the watch began */
};

/* restart_kind_name: "restart", "start_error", "gave_up", "undone", "collateral", "collateral_undone". */
const char *restart_kind_name(enum restart_kind kind);
/* restart_key is the supervisor's identity, NULL if nothing is known of it. */
struct term *restart_key(const struct restart *r);
/* restart_severity: low for a restart, medium for a failed attempt, high for a supervisor that gave up. */
enum severity restart_severity(enum restart_kind kind);
/* restart_copy makes *to a copy that holds references of its own. */
void restart_copy(struct restart *to, const struct restart *from);
/* restart_release gives up the terms. */
void restart_release(struct restart *r);

#endif
