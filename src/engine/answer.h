/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's answers, with the seed's names and shapes: the one place where they are written, whatever the form they
 * go out in. An answer is written to a `struct answer`, of which there are two: JSON (HTTP, --json, libarsenal) and
 * Erlang terms (applications).
 *
 *	struct answer_json a;
 *	answer_json_init(&a, &out);
 *	answer_health(&a.base, e, now_ms);
 *
 * What was not observed is null in JSON. As a term, where the seed's types want a number, it is 0, and its path is in the answer's
 * `not_observed`.
 */
#ifndef ENGINE_ANSWER_H
#define ENGINE_ANSWER_H

#include "base/jsonw.h"
#include "base/strbuf.h"
#include "engine/engine.h"

struct answer;

struct answer_ops {
	void (*object)(struct answer *a);                           /* a map */
	void (*array)(struct answer *a);                            /* a list */
	void (*end)(struct answer *a);                              /* of the innermost one, pairs too */
	void (*key)(struct answer *a, const char *key);             /* an atom */
	void (*key_term)(struct answer *a, const struct term *key); /* JSON: its text; NULL: arsenal_other */
	void (*null)(struct answer *a);                             /* nil */
	void (*boolean)(struct answer *a, bool v);
	void (*integer)(struct answer *a, double v);          /* a term is rounded, JSON is as it is; NaN: null */
	void (*real)(struct answer *a, double v);             /* a float, also when it is whole; NaN: null */
	void (*text)(struct answer *a, const char *text);     /* for people: a binary; NULL or "" is null */
	void (*word)(struct answer *a, const char *word);     /* one of ours: an atom; NULL or "" is null */
	void (*term)(struct answer *a, const struct term *t); /* the very term; JSON: its text; NULL is null */
	void (*time)(struct answer *a, int64_t time_ms); /* a DateTime (UTC, milliseconds); JSON: RFC 3339; 0 is null */
	void (*instant)(struct answer *a, int64_t time_ms); /* the same, but 0 is the epoch */
	/* A map, an array, of which is known how many keys or values will follow: what goes out before its end is written needs it. */
	void (*object_of)(struct answer *a, uint32_t count);
	void (*array_of)(struct answer *a, uint32_t count);
	/* A pair: {first, second} as a term, [first, second] in JSON; two values follow, and end. */
	void (*pair)(struct answer *a);
};

struct answer {
	const struct answer_ops *ops;
	bool terms; /* for the few shapes that differ */
};

/* JSON, into a writer that the caller keeps. */
struct answer_json {
	struct answer base;
	struct jsonw *j;
};
void answer_json_init(struct answer_json *a, struct jsonw *j);

/* The external term format, without the version byte. DateTimes are maps with '__struct__' => 'Elixir.DateTime', as Elixir has them. */
#define ANSWER_TERM_DEPTH 16
struct answer_term {
	struct answer base;
	struct strbuf *out;
	int depth;
	struct {
		size_t head;    /* where the tag is */
		uint32_t count; /* of elements, or of keys */
		uint8_t tag;
		bool is_counted; /* its head is right already, and may be gone from the buffer */
		uint32_t expected;
	} open[ANSWER_TERM_DEPTH];
};
void answer_term_init(struct answer_term *a, struct strbuf *out);

/* Each writes one value (an object, or an array where the name is plural). */
/*
 * answer_node is a node at a glance: the link's state and why, since when; overall_status and since when that stands; the worst criterion (null where
 * all are healthy, or nothing is known), the open incidents and the worst of them, restarts of the last 5 minutes, the figures of the last
 * sample (null once that is stale), and what the node is. Some 600 bytes.
 */
void answer_node(struct answer *a, const struct engine *e, int64_t now_ms);
void answer_health(struct answer *a, const struct engine *e, int64_t now_ms); /* the seed's system_health */
/* answer_performance: the seed's performance_metrics, and "metrics": every metric by name. */
void answer_performance(struct answer *a, const struct engine *e);
/* answer_restarts writes restart statistics and the newest restarts, for HTTP; false (and nothing written) if that supervisor is not
 * known. */
bool answer_restarts(struct answer *a, const struct engine *e, int64_t now_ms, const char *supervisor) MUST_CHECK;
/* answer_restart_statistics: over all (NULL), or of the supervisor with this identity; all zero if it never restarted anything. */
void answer_restart_statistics(struct answer *a, const struct engine *e, int64_t now_ms, const struct term *key);
/*
 * answer_history: {time_range: {start, end}, metrics, restarts, health_checks, events}, oldest first, both ends included. metrics are
 * performance_metrics in the seed's shape alone (without "metrics"); health_checks are system_healths with "levels" instead of "criteria";
 * each of events has type, timestamp, severity and data. A sample with its check takes some 4 us and 1.6 KB as terms, 20 us as JSON: what can be
 * long is written in pieces (engine/answer_history.h).
 */
void answer_history(struct answer *a, const struct engine *e, int64_t start_ms, int64_t end_ms);
void answer_anomalies(
    struct answer *a, const struct engine *e); /* recent ones, newest first, each with the rankings of then as "top" */
/*
 * answer_incidents: the incidents kept, the one that opened last first: as part_incident_fields has them, and the restart patterns in each. One has
 * some 2 KB.
 */
enum incidents_wanted { INCIDENTS_ALL, INCIDENTS_OPEN, INCIDENTS_ENDED };
void answer_incidents(struct answer *a, const struct engine *e, int64_t now_ms, enum incidents_wanted wanted);
/* answer_vm_events: {counts: {long_gc: n, …}, events: [{kind, pid, name, value, timestamp}]}, newest first. */
void answer_vm_events(struct answer *a, const struct engine *e);
/* answer_patterns: the patterns of a type (PATTERN_TYPE_COUNT: of all), the latest 500 of which are looked at, the one that restarted last first. */
void answer_patterns(struct answer *a, const struct engine *e, int64_t now_ms, enum pattern_type type);
/*
 * answer_predictions: who will fail next, the next one first, those without a time last, at most 200. answer_capacity: a map by resource of what it has, its limit,
 * its growth per hour, and the time left (ms). Both end their intervals with `confidence`, and have null where nothing can be told.
 */
void answer_predictions(struct answer *a, const struct engine *e, int64_t now_ms);
void answer_capacity(struct answer *a, const struct engine *e, int64_t now_ms);
/* answer_top writes the first processes of a ranking, at most max. */
void answer_top(struct answer *a, const struct engine *e, enum top_kind kind, unsigned max);
/*
 * answer_tree: the supervision tree, joined with the restarts that the engine knows of and judged by the criteria's levels. Processes are in the order in
 * which a tree is drawn: each comes after its supervisor, before what is below the supervisor's next child.
 */
void answer_tree(struct answer *a, const struct engine *e, const struct tree *t, int64_t now_ms);
/*
 * answer_memory: {timestamp, levels: [{name, bytes, share (% of the level above), help, parts: [{name, bytes, share, rest, help, owners}], excess,
 * excess_help}]}: engine/memory_account.h. owners, the largest, are there for the parts of which they are known.
 */
void answer_memory(struct answer *a, const struct engine *e);
/* The last survey of that kind: {timestamp, total, <kind>: [...]}. */
void answer_tables(struct answer *a, const struct engine *e);
void answer_links(struct answer *a, const struct engine *e);
void answer_allocators(struct answer *a, const struct engine *e);
void answer_groups(struct answer *a, const struct engine *e);
void answer_ports(struct answer *a, const struct engine *e);
/* answer_event: type, node, id, severity, timestamp, and the seed's shape as data. */
void answer_event(struct answer *a, const struct node_event *ev);
/* answer_event_data: the seed's shape alone, as subscribers get it. */
void answer_event_data(struct answer *a, const struct node_event *ev);
/*
 * The fields of the seed's struct (its "Internal State Management"), into an open object: restart_history, performance_history,
 * health_history (newest first, at most max_entries each), monitoring_interval, retention_period, last_health_check,
 * anomaly_thresholds, baseline_metrics. event_subscriptions is the caller's to add.
 */
void answer_state_fields(struct answer *a, const struct engine *e, int64_t now_ms, unsigned max_entries);
/* answer_stats_fields: the engine's part of get_server_stats, into an open object: restart_events_tracked, performance_samples,
 * health_checks, last_health_check, monitoring_interval, retention_period, and anomalies, events, history_since. */
void answer_stats_fields(struct answer *a, const struct engine *e);

/*
 * answer_is_told_by_incident: people read of an incident when it opens, when another root is found and when it ends. The root's anomaly says the same, and
 * what else joins is in the last line: neither need be shown to them.
 */
bool answer_is_told_by_incident(const struct node_event *ev);
/* answer_event_body appends what happened alone: neither when nor on which node. */
void answer_event_body(struct strbuf *out, const struct node_event *ev);
/* answer_event_text appends one line for a person (no newline): what, where, who. `colour`: with ANSI colours. */
void answer_event_text(struct strbuf *out, const struct node_event *ev, bool colour);

#endif
