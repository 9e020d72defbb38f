/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One node's judgement: samples and restarts in, events and answers out. A pure function of its inputs: no I/O, no
 *clock, no threads, no globals. Time comes in as an argument (`now_ms`: milliseconds since the epoch, never backwards;
 *a smaller one is taken as the last).
 *
 *	engine_feed(e, now, &sample);
 *	while ((ev = engine_next_event(e)) != NULL) { …; node_event_unref(ev); }
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/event.h"
#include "model/health.h"
#include "model/node.h"
#include "model/pattern.h"
#include "model/restart.h"
#include "model/sample.h"
#include "model/supervisor.h"
#include "model/survey.h"
#include "model/tree.h"

struct engine;
struct selection;
struct past_check;

struct engine_options {
	int64_t interval_ms;      /* expected distance of samples */
	double anomaly_threshold; /* standard deviations from the baseline; > 0 */
	size_t max_restarts;      /* restarts kept for the list (statistics count on) */
	size_t
	    max_children; /* (supervisor, child) pairs with statistics of their own, and supervisors; whoever restarted
				longest ago makes room, and counts in the totals only */
	size_t max_patterns;      /* patterns among restarts kept after their end */
	size_t max_events;        /* events waiting for engine_next_event; the oldest are dropped and counted */
	int64_t retention_ms;     /* how long samples, health checks and events are kept */
	size_t max_history_bytes; /* memory for the samples kept; the oldest go first */
	size_t max_past_events;   /* events kept for engine_past_event */
	const struct selection *selection; /* what is monitored at all; NULL: everything. Outlives the engine */
	bool records;                      /* engine_next_record is asked */
	bool blocks;                       /* engine_next_block is asked (engine/past.h) */
	size_t max_rollup_bytes;           /* memory for the minutes kept, and as much for the hours */
	int64_t minute_retention_ms;       /* how long 1-minute roll-ups are kept */
	int64_t hour_retention_ms;         /* how long 1-hour roll-ups are kept */
	double warning[CRITERION_COUNT];
	double critical[CRITERION_COUNT];
};

/* engine_defaults are the documented defaults (interval 5 s, threshold 2.0, CRITERIA's levels). */
struct engine_options engine_defaults(void);

/* engine_new copies the options and the name. The engine is in link state NODE_CONNECTING. */
struct engine *engine_new(const char *node, const struct engine_options *options);
void engine_free(struct engine *e);

/* Inputs. */
/* engine_feed takes one sample: the derived metrics are computed into it first, then it becomes the last sample. */
void engine_feed(struct engine *e, int64_t now_ms, const struct sample *s);
/*
 * engine_restart takes one restart, caught (r->caught) or reported by hand (r->by_hand); the terms stay the caller's. A caught one and a
 * hand report of the same supervisor and child within 5 s are one restart: the first of the two counts and is published, the second
 * completes what is kept of it (pid, reason, type; terms given by hand win) and is published no more. A hand report never meets another
 * hand report. r->times > 1: so many hand reports folded into one. False, and nothing done, if the selection does not want it.
 * A caught RESTART_GAVE_UP takes the restart back upon which the supervisor gave up (struct restart: undone).
 */
bool engine_restart(struct engine *e, int64_t now_ms, const struct restart *r);
/* engine_restart_time is the time that engine_restart takes a restart of time_ms to have: not in the future, not more than an hour ago. */
int64_t engine_restart_time(const struct engine *e, int64_t now_ms, int64_t time_ms);
/* engine_lost_restarts: n restarts that were seen but not described (a flood). They count in totals and rates. */
void engine_lost_restarts(struct engine *e, int64_t now_ms, uint64_t n);
/* engine_supervisor takes what a supervisor told of itself, after it was reported to restart; the terms stay the caller's. */
void engine_supervisor(struct engine *e, int64_t now_ms, const struct supervisor_facts *f);
/*
 * engine_next_record hands over what the last inputs meant beside what they said: records (RESTART_UNDONE and so on) that engine_restart
 * takes while restoring, before the report that they came of. False: there is none. The terms are the caller's (restart_release).
 */
bool engine_next_record(struct engine *e, struct restart *out);
/* engine_link tells the state of the link; a change becomes an event, a loss also a node_down anomaly. */
void engine_link(struct engine *e, int64_t now_ms, enum node_state state, const char *detail);
/* engine_note makes an EVENT_NODE of a line for people; the state stays as it is. */
void engine_note(struct engine *e, int64_t now_ms, const char *fmt, ...) PRINTF(3, 4);
void engine_info(struct engine *e, const struct node_info *info);
/* engine_survey takes the survey over, in the place of the last one of its kind. */
void engine_survey(struct engine *e, int64_t now_ms, struct survey *s);
/* engine_tree takes the supervision tree over, in the place of the last one. It is kept for a few seconds. */
void engine_tree(struct engine *e, int64_t now_ms, struct tree *t);
/* engine_tick lets time pass without a sample: windows expire, levels fall back. Once a second or so. */
void engine_tick(struct engine *e, int64_t now_ms);

/*
 * Restoring, after the program ended and was started again: the inputs above, oldest first, between engine_restore_begin and _end, build the
 * state up again, but publish nothing. While restoring, time is that of the inputs themselves (a restart's own, whatever now_ms is), restarts older
 * than the restart rate's hour keep their times, and restarts make their own EVENT_RESTART for engine_past_event (hand and caught reports meet
 * as they did before); the other events are given by engine_restore_event. Tallies come first.
 */
void engine_restore_begin(struct engine *e);
/* engine_restore_restart puts a restart into the list and among the events only (one of an earlier session): counted is nothing. */
void engine_restore_restart(struct engine *e, const struct restart *r);
/*
 * engine_restore_tally: n restarts from first_ms to last->time_ms of which no more is kept than this; last->supervisor NULL: not even whose they
 * were.
 */
void engine_restore_tally(struct engine *e, const struct restart *last, uint64_t n, int64_t first_ms);
/* engine_restore_sample puts a sample into the history only: judged is nothing by it. */
void engine_restore_sample(struct engine *e, const struct sample *s, const struct past_check *check);
/* engine_restore_event takes the caller's reference. EVENT_RESTART and EVENT_NODE are not taken (they are given up). */
void engine_restore_event(struct engine *e, struct node_event *ev);
void engine_restore_end(struct engine *e, int64_t now_ms);

/* engine_next_event hands over the oldest pending event (the caller unrefs it), or NULL. */
struct node_event *engine_next_event(struct engine *e);

/* Answers. Pointers stay valid until the next input. */
const char *engine_node(const struct engine *e);
enum node_state engine_state(const struct engine *e, const char **detail, int64_t *since_ms);
const struct node_info *engine_node_info(const struct engine *e);
/* engine_last is the last sample with the derived metrics, or NULL before the first. */
const struct sample *engine_last(const struct engine *e);
/* engine_top is the last known ranking; *count entries. */
const struct top_process *engine_top(const struct engine *e, enum top_kind kind, unsigned *count);
/*
 * engine_anomaly_top: the ranking as it was when engine_recent_anomaly(e, age) was found. *count is 0 where it is not known: of anomalies from before
 * this program's start the store has the culprits alone.
 */
const struct top_process *engine_anomaly_top(const struct engine *e, size_t age, enum top_kind kind, unsigned *count);
/* engine_top_at_end is the ranking as it was when the link was lost, until the next sample; while it stands, that of now. */
const struct top_process *engine_top_at_end(const struct engine *e, enum top_kind kind, unsigned *count);
/* engine_last_survey is the last one of a kind, or NULL before the first. */
const struct survey *engine_last_survey(const struct engine *e, enum survey_kind kind);
/* engine_last_tree is the last supervision tree, if it is not older than that; else NULL. */
const struct tree *engine_last_tree(const struct engine *e, int64_t now_ms, int64_t max_age_ms);
/* engine_supervisors gives the identities of those that restarted something, the latest first: at most max of them. */
size_t engine_supervisors(const struct engine *e, const struct term **out, size_t max);
/* engine_health judges the last sample and the restarts as of now_ms. */
void engine_health(const struct engine *e, int64_t now_ms, struct health *out);
/* engine_anomalies: those that hold at present, at most HEALTH_MAX_ANOMALIES. */
unsigned engine_anomalies(const struct engine *e, const struct anomaly *out[HEALTH_MAX_ANOMALIES]);
/* engine_recent_anomaly is the anomaly found at an age (0 is the newest), or NULL beyond the oldest kept (100 are). */
const struct anomaly *engine_recent_anomaly(const struct engine *e, size_t age);

/* engine_incidents: those kept (the last INCIDENTS_KEPT), the one that opened last first; at most max of them. */
size_t engine_incidents(const struct engine *e, const struct incident **out, size_t max);

/*
 * The past, oldest first: start with *it = 0, go on until NULL. What is returned stays valid until the next call or input. Both ends are
 * included.
 */
/* A health check as it is kept beside each sample. */
struct past_check {
	int64_t time_ms;
	enum level overall;
	enum level levels[CRITERION_COUNT];
	double restart_rate; /* NaN: not observed */
	const char
	    *recommendations;   /* lines, '\n' between; "" if none; written when a level changes, and once a minute */
	unsigned anomaly_count; /* that held then */
	struct node_event *const *anomalies;
};

const struct sample *engine_past_sample(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it);
const struct past_check *engine_past_check(
    const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it, const struct sample **sample);
const struct restart *engine_past_restart(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it);
/* engine_past_event: EVENT_NODE and EVENT_INCIDENT are not among them. */
const struct node_event *engine_past_event(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it);

/*
 * Rankings over time: the first few of each, about once a minute, when an anomaly is found, and when the link is lost. They are of this program's
 * run alone, and the last PAST_RANKINGS of them are kept: 16 minutes at the least.
 */
#define PAST_RANKINGS 48
#define PAST_RANKING_ROWS 5

struct ranked {
	char pid[32];
	char name[64]; /* registered name or label, else initial call */
	double value;  /* what it is ranked by */
};

struct past_ranking {
	int64_t time_ms;
	uint8_t count[TOP_KIND_COUNT];
	struct ranked rows[TOP_KIND_COUNT][PAST_RANKING_ROWS];
};

const struct past_ranking *engine_past_ranking(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it);

/* The link's changes of state in this program's run; the last PAST_LINKS. */
#define PAST_LINKS 32

struct past_link {
	int64_t time_ms;
	enum node_state state;
	char detail[160];
};

const struct past_link *engine_past_link(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it);

/* Other versions of applications than before, seen when the probe was attached, in this program's run; the last PAST_DEPLOYS. */
#define PAST_DEPLOYS 16
#define DEPLOY_TEXT 600

struct past_deploy {
	int64_t time_ms; /* when it was seen */
	unsigned changed;
	char text[DEPLOY_TEXT]; /* "shop 1.4.2 -> 1.5.0 and 3 more" */
};

const struct past_deploy *engine_past_deploy(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it);

/* engine_past_since is the time of the oldest sample kept, 0 if none. */
int64_t engine_past_since(const struct engine *e);

/* engine_baseline is what is usual for a metric, and how far sustained levels stray from it; false while it is not known. */
bool engine_baseline(const struct engine *e, enum metric_id id, double *mean, double *deviation);
/* engine_score is how unusual the last sample of a watched metric is by its series alone (analyze/series_detector.h), 0 to 1; NaN: not known. */
double engine_score(const struct engine *e, enum metric_id id);
const struct engine_options *engine_options(const struct engine *e);

#define RESTART_STATS_TOP 20
#define RESTART_STATS_REASONS 101 /* 100 of a child, and what counts as "arsenal_other" */
#define RESTART_STATS_PATTERNS 20
#define RESTART_STATS_BUDGETS 20

struct child_count {
	const struct term *supervisor;
	const struct term *child_id;
	uint64_t count;
	uint64_t undone; /* as in struct restart_stats */
};

/* What a supervisor may still restart before it gives up. */
struct restart_budget {
	const struct term *supervisor;
	const char *kind; /* as in struct supervisor_facts */
	enum strategy strategy;
	uint32_t intensity;
	int64_t period_ms;
	uint32_t used;
	uint32_t left;
	double share;        /* used of intensity, 0 to 1; 0 if nothing may be restarted at all */
	int64_t children;    /* -1: not known */
	uint64_t collateral; /* siblings that were restarted along */
};

struct reason_count {
	const struct term *reason; /* NULL: all that found no place of their own ("arsenal_other") */
	uint64_t count;
};

struct restart_stats {
	bool observed;   /* restarts are seen on this node at all */
	uint64_t total;  /* since the watch began, never capped */
	uint64_t undone; /* were in total until it was known that the supervisor gave up instead */
	uint64_t failed; /* failed attempts */
	uint64_t gave_up;
	uint64_t collateral;     /* siblings restarted along: not in total */
	uint64_t undescribed;    /* counted in total, lost in a flood */
	double rate;             /* in the last hour */
	double mean_interval_ms; /* mean time between restarts; NaN with fewer than two */
	unsigned child_count;    /* most restarted children, most first */
	struct child_count children[RESTART_STATS_TOP];
	unsigned reason_count; /* most frequent first */
	struct reason_count reasons[RESTART_STATS_REASONS];
	unsigned pattern_count; /* as engine_patterns gives them */
	struct pattern patterns[RESTART_STATS_PATTERNS];
	unsigned budget_count; /* of the supervisors that told of themselves, the most used first */
	struct restart_budget budgets[RESTART_STATS_BUDGETS];
};

/* engine_restart_stats: over all supervisors, or over the one whose text is `supervisor` (NULL: all). False if no such
 * supervisor has restarted. */
bool engine_restart_stats(
    const struct engine *e, int64_t now_ms, const char *supervisor, struct restart_stats *out) MUST_CHECK;
/* engine_restart_stats_of is the same for the supervisor with this identity (struct restart: key). */
bool engine_restart_stats_of(
    const struct engine *e, int64_t now_ms, const struct term *key, struct restart_stats *out) MUST_CHECK;
/*
 * engine_patterns gives the patterns among the restarts as of now_ms, latest first, at most max of them: those that go on, and those that ended
 * within the retention period (the last max_patterns of them). Their terms stay the engine's.
 */
size_t engine_patterns(const struct engine *e, int64_t now_ms, struct pattern *out, size_t max);
/* engine_restart_at: the restart kept at an age (0 is the newest), or NULL beyond the oldest. */
const struct restart *engine_restart_at(const struct engine *e, size_t age);

struct engine_counts {
	uint64_t samples;
	uint64_t restarts;
	uint64_t events;
	uint64_t events_dropped;
	uint64_t anomalies;
	uint64_t health_checks;
	int64_t last_check_ms; /* 0: none yet */
};

struct engine_counts engine_counts(const struct engine *e);

#endif
