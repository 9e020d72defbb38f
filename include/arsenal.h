/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libarsenal: watches a system of processes and tells what is wrong with it. Samples and restarts go in; events, health,
 * statistics and anomalies come out, with the numbers and the JSON of arsenal's HTTP interface. It does no I/O, starts no
 * threads and reads no clock: the caller brings the figures and the time.
 *
 *	struct arsenal *a = arsenal_new("mail", NULL, err, sizeof(err));
 *	arsenal_sample_set(a, "process_count", 12);
 *	arsenal_sample_submit(a, now_ms);
 *	arsenal_track_restart(a, now_ms, "smtp_pool", "smtp_3", "signal 11");
 *	while ((ev = arsenal_next_event(a)) != NULL) { ...; arsenal_event_free(ev); }
 *	arsenal_health_json(a, now_ms, &text);
 *
 * Errors. Functions that can fail return ARSENAL_OK (0) or one of ARSENAL_ERR_*; arsenal_last_error() has the sentence for a
 * person. A call that fails has changed nothing but that sentence, and its results are not written. NULL and wrong values are errors, never
 * crashes, wherever this file does not say otherwise; pointers must be NULL or valid.
 *
 * Time. `now_ms` is in milliseconds, from 1 to ARSENAL_TIME_MAX, and must not go back from one call with a handle to the next (the
 * same again is fine): ARSENAL_ERR_TIME. Times are printed as since 1970-01-01 UTC. Take CLOCK_MONOTONIC plus the difference to
 * CLOCK_REALTIME at the start, so that a clock that is set back does no harm.
 *
 * Text. UTF-8, ended by a NUL byte. What was put in comes out as it was.
 *
 * Threads. A handle, and the events that came from it, are used by one thread at a time; different handles are independent. Tables, names and
 * versions may be read by any thread. Strings of JSON belong to whoever holds them.
 *
 * Memory. What one handle keeps is bounded by its options. When the system has no memory left, the program is ended with a line on
 * stderr and abort(3).
 *
 * Growth. Structs that cross this border go with their size: new fields are added at their ends, and programs that were built with
 * an older header go on working; what they do not set has its default. Enums get new values at their ends.
 */
#ifndef ARSENAL_H
#define ARSENAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define ARSENAL_API __attribute__((visibility("default")))
#else
#define ARSENAL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- version --------------------------------------------------------------------------------------------------------- */

#define ARSENAL_VERSION_MAJOR 0
#define ARSENAL_VERSION_MINOR 1
#define ARSENAL_VERSION_PATCH 0
#define ARSENAL_VERSION_STRING "0.1.0"
/* As a number that grows: major * 1000000 + minor * 1000 + patch. */
#define ARSENAL_VERSION_NUMBER 1000

/* arsenal_version is ARSENAL_VERSION_NUMBER of the library that runs, arsenal_version_string its text. */
ARSENAL_API int arsenal_version(void);
ARSENAL_API const char *arsenal_version_string(void);

/* ---- limits ---------------------------------------------------------------------------------------------------------- */

#define ARSENAL_TIME_MAX INT64_C(253402300799999) /* the end of the year 9999 */
#define ARSENAL_TEXT_MAX 1024                /* bytes of a supervisor's, a child's name, of what is kept of a reason */
#define ARSENAL_NAME_MAX 255                 /* bytes of a handle's name */
#define ARSENAL_VALUE_MAX 9007199254740992.0 /* of a metric: 2^53 */
#define ARSENAL_SCHEDULERS_MAX 256
#define ARSENAL_SUBSCRIPTIONS_MAX 64
#define ARSENAL_TIMES_MAX 1000000 /* restarts in one report */

/* ---- errors ---------------------------------------------------------------------------------------------------------- */

enum arsenal_error {
	ARSENAL_OK = 0,
	ARSENAL_ERR_ARGUMENT = 1, /* NULL where a pointer must be, a struct of a wrong size, flags that do not exist */
	ARSENAL_ERR_UNKNOWN = 2,  /* no metric, criterion, supervisor or subscription of that name or number */
	ARSENAL_ERR_RANGE = 3,    /* a number outside its range; NaN; an end before its start */
	ARSENAL_ERR_TIME = 4,     /* now_ms went back, or is no time */
	ARSENAL_ERR_TEXT = 5,     /* text that is empty, too long, or not UTF-8 */
	ARSENAL_ERR_STATE = 6,    /* it makes no sense now: an empty sample; the event is of another type */
	ARSENAL_ERR_BUSY = 7,     /* input from within a callback of the same handle */
	ARSENAL_ERR_LIMIT = 8     /* no more of these */
};

/* arsenal_strerror says in general what an error is; never NULL. */
ARSENAL_API const char *arsenal_strerror(int error);

/* ---- a handle -------------------------------------------------------------------------------------------------------- */

struct arsenal;

/* Levels of one criterion of health: warning above, critical above. 0 < warning <= critical <= ARSENAL_VALUE_MAX, in the
 * criterion's unit. */
struct arsenal_levels {
	const char *criterion; /* a name of arsenal_criterion_name */
	double warning;
	double critical;
};

struct arsenal_options {
	size_t size; /* set by arsenal_options_init */
	/* Expected distance of two samples, 10 to 86400000; 5000. After 12 of them (30 s at least) without a sample nothing counts as
	 * observed any more. */
	int64_t interval_ms;
	double anomaly_threshold; /* standard deviations from the baseline that are an anomaly, 0.1 to 100; 2.0 */
	int64_t retention_ms;     /* how long history is kept, 1000 to 315360000000 (ten years); 86400000 (a day) */
	size_t max_history_size;  /* restarts, and events, in the history, 1 to 1000000; 10000 */
	size_t max_history_bytes; /* for the samples in the history, 65536 to 2^40 (2^31 on 32 bits); 67108864 */
	size_t max_events;        /* events that wait for arsenal_next_event, 1 to 1000000; 4096 */
	/* Children, and supervisors, with statistics of their own, 1 to 1000000; 2000. Beyond it whoever restarted longest ago makes room, and
	 * counts in the totals only. */
	size_t max_children;
	const struct arsenal_levels *levels; /* level_count of them; those that are not named have their defaults */
	size_t level_count;
	/*
	 * What is monitored: lists of names, each ended by NULL; NULL for no such list; at most 10000 names each. "only": nothing but these;
	 * "except": not these, even where "only" has them. Restarts that are not monitored are not counted, kept or told; metrics that are not
	 * monitored are neither kept nor judged. A metric is a name of arsenal_metric_name, or a group: cpu, memory, processes, io, gc.
	 */
	const char *const *only_supervisors;
	const char *const *except_supervisors;
	const char *const *only_children;
	const char *const *except_children;
	const char *const *only_metrics;
	const char *const *except_metrics;
};

/* arsenal_options_init fills in the defaults; size is sizeof(struct arsenal_options). With NULL or
 * another size it makes options that arsenal_new refuses. */
ARSENAL_API void arsenal_options_init(struct arsenal_options *options, size_t size);

/*
 * arsenal_new makes a handle for the system of that name (1 to ARSENAL_NAME_MAX bytes, no control characters: it is "node" in events). options:
 * NULL for the defaults; copied, with all that they point to. On failure it returns NULL and writes the reason to err, cut to err_size
 * bytes; err may be NULL. The caller owns the handle: arsenal_free.
 */
ARSENAL_API struct arsenal *arsenal_new(
    const char *name, const struct arsenal_options *options, char *err, size_t err_size);
/* arsenal_free gives up a handle with all that it keeps; NULL is fine. From within a callback it takes effect when the call that led to the
 * callback returns. Events taken out stay valid. */
ARSENAL_API void arsenal_free(struct arsenal *a);
/* arsenal_last_error is the reason of the last call with this handle that failed, "" if none has; valid until the next call. */
ARSENAL_API const char *arsenal_last_error(const struct arsenal *a);
/* arsenal_name is the name; NULL for NULL. */
ARSENAL_API const char *arsenal_name(const struct arsenal *a);

/* ---- metrics --------------------------------------------------------------------------------------------------------- */
/*
 * The table of metrics is public by name: names, units and meanings stay; numbers (ids) may be others in another version. There are
 * two kinds. A gauge is a level as it is now (memory_available). A counter is a sum since the start of what it counts (io_input) and is given
 * as the running sum, never as a difference: its change per second is what is judged. A counter that falls has begun anew.
 * Names are those of OTP. For other systems: a process is a process or a worker, a scheduler a CPU or a thread pool's thread, a message
 * queue any queue of work.
 */

enum arsenal_metric_kind { ARSENAL_GAUGE = 0, ARSENAL_COUNTER = 1 };

/* arsenal_metric_count is the number of metrics: ids go from 0 to count - 1. */
ARSENAL_API int arsenal_metric_count(void);
/* arsenal_metric_id is the id of a name, -1 if there is none. */
ARSENAL_API int arsenal_metric_id(const char *name);
/* Facts of a metric; NULL for an id that is none. Units: "count" "bytes" "percent" "ms" "us" "words" "load" "bool". help is one line; a
 * metric that is "derived" there is computed where it can be: from what it names, where that was given; else as it was set. */
ARSENAL_API const char *arsenal_metric_name(int id);
ARSENAL_API const char *arsenal_metric_unit(int id);
ARSENAL_API const char *arsenal_metric_help(int id);
/* arsenal_metric_kind_of is ARSENAL_GAUGE or ARSENAL_COUNTER, -1 for an id that is none. */
ARSENAL_API int arsenal_metric_kind_of(int id);

/* ---- samples --------------------------------------------------------------------------------------------------------- */
/*
 * A handle holds one sample that is being filled: begin empties it, set and its like fill it, submit hands it in and empties it. What is
 * not set is "not observed", which is never taken as 0. cpu_utilization wants scheduler times or the value itself; health's memory
 * wants memory_limit and memory_available (or memory_utilization).
 */

/* arsenal_sample_begin empties the sample. */
ARSENAL_API int arsenal_sample_begin(struct arsenal *a);
/* arsenal_sample_set sets a metric by name, arsenal_sample_set_id by id. 0 <= value <= ARSENAL_VALUE_MAX, in the metric's unit; percent to
 * 100; bool 0 or 1. Set again it is replaced. */
ARSENAL_API int arsenal_sample_set(struct arsenal *a, const char *metric, double value);
ARSENAL_API int arsenal_sample_set_id(struct arsenal *a, int id, double value);
/*
 * arsenal_sample_scheduler sets the time counters of a scheduler or CPU (0 to ARSENAL_SCHEDULERS_MAX - 1): busy time and all time since some
 * start, in any unit, busy <= total, total > 0. From two samples comes cpu_utilization. Optional.
 */
ARSENAL_API int arsenal_sample_scheduler(struct arsenal *a, int index, uint64_t busy, uint64_t total);

/* A process or worker, to be named as the culprit when something grows. Texts may be NULL; cut after 31 bytes (pid) or 95. A number is
 * 0 to ARSENAL_VALUE_MAX, or NaN where it is not known. */
struct arsenal_process {
	const char *pid;
	const char *name;
	const char *initial_call;     /* what it was started to do */
	const char *current_function; /* what it does now */
	double queue_len;             /* messages, or items of work that wait for it */
	double memory;                /* bytes */
	double reductions;            /* work done per second, in any unit that is the same for all */
	const char *application;      /* what it belongs to */
	double binary;                /* bytes of shared memory, beside its own, that it holds */
};

/* arsenal_sample_process adds one process to the sample; size is sizeof(*p). Give all or the largest ones, in any order: the ten largest
 * by queue, by memory, by shared memory and by work are kept. Optional. */
ARSENAL_API int arsenal_sample_process(struct arsenal *a, const struct arsenal_process *p, size_t size);
/* arsenal_sample_submit hands the sample in as of now_ms, and takes the node as up. ARSENAL_ERR_STATE if nothing was set. After an error the
 * sample is as it was. */
ARSENAL_API int arsenal_sample_submit(struct arsenal *a, int64_t now_ms);

/* ---- restarts -------------------------------------------------------------------------------------------------------- */

enum arsenal_restart_kind {
	ARSENAL_RESTART_DONE = 0,   /* the child ended and is restarted */
	ARSENAL_RESTART_FAILED = 1, /* an attempt to restart it failed */
	/* The supervisor restarts no more and ends. A caught restart of the same child and pid, if its last, was none: it is taken back. */
	ARSENAL_RESTART_GAVE_UP = 2
};

struct arsenal_restart_report {
	const char *supervisor; /* 1 to ARSENAL_TEXT_MAX bytes: who restarts; its name is its identity */
	const char *child;      /* 1 to ARSENAL_TEXT_MAX bytes: who is restarted; unique under its supervisor */
	const char
	    *reason; /* why it ended; NULL or "": not known. Longer than ARSENAL_TEXT_MAX it is cut, and marked so */
	const char *pid;          /* of the process that ended, up to 63 bytes; NULL: not known */
	const char *restart_type; /* "permanent", "transient" and so on, up to 31 bytes; NULL: not known */
	int64_t time_ms;          /* when; 0: now. Not after now_ms, and not more than an hour before */
	uint64_t times;           /* 0 or 1: one restart; up to ARSENAL_TIMES_MAX: so many, reported by hand */
	enum arsenal_restart_kind kind;
	/* false: caught by whoever restarts. true: reported by the application, beside or instead. A caught one and one by hand, of the same
	 * supervisor and child within 5 s, are one and the same restart, counted once. */
	bool by_hand;
};

/* arsenal_restart takes a report; size is sizeof(*r). */
ARSENAL_API int arsenal_restart(struct arsenal *a, int64_t now_ms, const struct arsenal_restart_report *r, size_t size);
/* arsenal_track_restart reports one restart by hand. */
ARSENAL_API int arsenal_track_restart(
    struct arsenal *a, int64_t now_ms, const char *supervisor, const char *child, const char *reason);
/* arsenal_lost_restarts: so many restarts happened of which no more is known; 1 to ARSENAL_TIMES_MAX. They count in totals and rates. */
ARSENAL_API int arsenal_lost_restarts(struct arsenal *a, int64_t now_ms, uint64_t count);

/* ---- time and state -------------------------------------------------------------------------------------------------- */

/* arsenal_tick lets time pass without a sample: rates fall, levels fall back, anomalies end. Once a second or so. */
ARSENAL_API int arsenal_tick(struct arsenal *a, int64_t now_ms);
/* arsenal_node_up and arsenal_node_down tell that what is watched runs or not; a change is an event, and the way down an anomaly. detail (NULL: none)
 * says why, up to 255 bytes. */
ARSENAL_API int arsenal_node_up(struct arsenal *a, int64_t now_ms);
ARSENAL_API int arsenal_node_down(struct arsenal *a, int64_t now_ms, const char *detail);

/* ---- events ---------------------------------------------------------------------------------------------------------- */

/* Types are bits, so that several can be named at once. */
enum arsenal_event_type {
	ARSENAL_EVENT_RESTART = 1,           /* a restart was counted */
	ARSENAL_EVENT_HEALTH_ALERT = 2,      /* a criterion's level changed */
	ARSENAL_EVENT_PERFORMANCE_ALERT = 4, /* an anomaly of a metric, of high severity */
	ARSENAL_EVENT_ANOMALY = 8,           /* an anomaly began */
	ARSENAL_EVENT_NODE = 16,             /* up or down */
	ARSENAL_EVENT_INCIDENT = 32 /* findings that belong together: opened, joined, another root, ended; as JSON */
};
#define ARSENAL_EVENTS_NONE 0u
#define ARSENAL_EVENTS_ALL 63u

enum arsenal_severity { ARSENAL_LOW = 0, ARSENAL_MEDIUM = 1, ARSENAL_HIGH = 2 };
/* UNKNOWN: not observed, which is never the same as healthy. */
enum arsenal_level { ARSENAL_UNKNOWN = 0, ARSENAL_HEALTHY = 1, ARSENAL_WARNING = 2, ARSENAL_CRITICAL = 3 };

/* Names as in the JSON: "health_alert", "medium", "critical"; NULL for a value that is none. arsenal_event_type_find is the type of a name, 0
 * if there is none. */
ARSENAL_API const char *arsenal_event_type_name(int type);
ARSENAL_API int arsenal_event_type_find(const char *name);
ARSENAL_API const char *arsenal_severity_name(int severity);
ARSENAL_API const char *arsenal_level_name(int level);

struct arsenal_event;

/* arsenal_subscribe says which types (bits) wait for arsenal_next_event from now on; all at first. */
ARSENAL_API int arsenal_subscribe(struct arsenal *a, unsigned types);
/* arsenal_next_event takes out the oldest event that waits, or NULL. The caller owns it: arsenal_event_free. Beyond max_events the oldest ones
 * are dropped, and counted: arsenal_event_dropped. */
ARSENAL_API struct arsenal_event *arsenal_next_event(struct arsenal *a);
/* arsenal_event_free gives up an event; NULL is fine. */
ARSENAL_API void arsenal_event_free(struct arsenal_event *ev);
/* arsenal_event_copy keeps an event beyond its callback. The caller owns the copy; NULL for NULL. */
ARSENAL_API struct arsenal_event *arsenal_event_copy(const struct arsenal_event *ev);

/*
 * The callback form. The callback gets each event of the types that the filter (NULL: every event) says true to, within the call
 * that caused it, in order, before the call returns. The event is valid until the callback returns. From within a callback or filter all
 * questions may be asked; input is refused (ARSENAL_ERR_BUSY). Subscribing and unsubscribing there count from the next event on. It must not
 * leave by longjmp or an exception.
 */
typedef void (*arsenal_callback)(const struct arsenal_event *ev, void *arg);
typedef bool (*arsenal_filter)(const struct arsenal_event *ev, void *arg);
/* arsenal_subscribe_callback gives the subscription's number to *id (never 0). ARSENAL_ERR_LIMIT beyond ARSENAL_SUBSCRIPTIONS_MAX. types must name
 * one at least. */
ARSENAL_API int arsenal_subscribe_callback(
    struct arsenal *a, unsigned types, arsenal_filter filter, arsenal_callback callback, void *arg, unsigned *id);
ARSENAL_API int arsenal_unsubscribe(struct arsenal *a, unsigned id);

/* What all events have. For NULL they return 0 or NULL. Texts are valid as long as the event. */
ARSENAL_API int arsenal_event_type_of(const struct arsenal_event *ev);
ARSENAL_API int arsenal_event_severity(const struct arsenal_event *ev);
ARSENAL_API int64_t arsenal_event_time_ms(const struct arsenal_event *ev);
ARSENAL_API const char *arsenal_event_node(const struct arsenal_event *ev);
/* arsenal_event_id grows from event to event of a handle, from 1. */
ARSENAL_API uint64_t arsenal_event_id(const struct arsenal_event *ev);
/* arsenal_event_dropped is how many events were dropped between the one that was taken out before and this one. */
ARSENAL_API uint64_t arsenal_event_dropped(const struct arsenal_event *ev);
/* arsenal_event_json is the event as one line of JSON, as in the HTTP event stream; arsenal_event_text is a line for a person. Both end
 * without a newline; the caller owns *out (arsenal_string_free). */
ARSENAL_API int arsenal_event_json(const struct arsenal_event *ev, char **out);
ARSENAL_API int arsenal_event_text(const struct arsenal_event *ev, char **out);

/* The bodies. size is sizeof(*out); texts are valid as long as the event; ARSENAL_ERR_STATE if the event is of another type. */

struct arsenal_restart_event {
	const char *supervisor;
	const char *child;
	const char *reason;
	const char *pid;          /* NULL: not known */
	const char *restart_type; /* "": not known */
	int64_t time_ms;
	uint64_t restart_count; /* of this child so far; 0: not counted by child */
	uint64_t times;         /* how many restarts the report stands for, from 1 */
	enum arsenal_restart_kind kind;
	bool by_hand;
	bool caught;
};
ARSENAL_API int arsenal_event_restart(const struct arsenal_event *ev, struct arsenal_restart_event *out, size_t size);

struct arsenal_anomaly {
	const char *type; /* "cpu_anomaly" and so on */
	const char *description;
	int64_t time_ms;
	double score;           /* 0 to 1 */
	const char *metric;     /* NULL: not about a metric; then the three values are NaN */
	double current_value;   /* in the metric's unit, or unit/s for a counter */
	double baseline_value;  /* what is usual */
	double deviation;       /* standard deviation of that */
	const char *supervisor; /* of restart anomalies; NULL in others */
	const char *child;
	uint64_t restart_count;
	const char *culprit_pid;  /* the process most to blame, NULL: none known. The JSON has up to three */
	const char *culprit_name; /* "": it has none */
	enum arsenal_severity severity;
};
/* For anomalies and performance alerts. */
ARSENAL_API int arsenal_event_anomaly(const struct arsenal_event *ev, struct arsenal_anomaly *out, size_t size);

struct arsenal_health {
	enum arsenal_level overall; /* the worst of the criteria */
	unsigned anomaly_count;     /* that hold now */
	unsigned recommendation_count;
	int64_t last_check_ms; /* 0: none yet */
	double restart_rate;   /* restarts in the last hour; NaN: not observed */
	int changed;           /* in an event: the criterion whose change caused it; else -1 */
};
ARSENAL_API int arsenal_event_health(const struct arsenal_event *ev, struct arsenal_health *out, size_t size);

struct arsenal_node_event {
	const char *state;  /* "up", "unreachable", … */
	const char *detail; /* "": none */
	bool up;
};
ARSENAL_API int arsenal_event_node_state(const struct arsenal_event *ev, struct arsenal_node_event *out, size_t size);

/* ---- answers, for programs to branch on ------------------------------------------------------------------------------- */
/*
 * size is sizeof(*out). Texts in a result are valid until the next input of the handle. now_ms is the time that is asked for: not before the last
 * input's. Questions change nothing.
 */

/* arsenal_get_health judges the last sample and the restarts as of now_ms. */
ARSENAL_API int arsenal_get_health(struct arsenal *a, int64_t now_ms, struct arsenal_health *out, size_t size);
/* arsenal_force_health_check is a tick and its verdict: time passes to now_ms, alerts that are due become events, and *overall (not NULL)
 * is the status after that. */
ARSENAL_API int arsenal_force_health_check(struct arsenal *a, int64_t now_ms, enum arsenal_level *overall);

/* The table of criteria, public by name as that of metrics is. NULL (or -1) for what is none. */
ARSENAL_API int arsenal_criterion_count(void);
ARSENAL_API int arsenal_criterion_id(const char *name);
ARSENAL_API const char *arsenal_criterion_name(int id);
ARSENAL_API const char *arsenal_criterion_unit(int id);
ARSENAL_API const char *arsenal_criterion_help(int id);

struct arsenal_criterion {
	const char *name;
	const char *unit;
	enum arsenal_level level;
	double value; /* NaN: not observed */
	double warning;
	double critical;
	char recommendation[256]; /* what to do; "" while healthy or unknown */
};
ARSENAL_API int arsenal_get_criterion(
    struct arsenal *a, int64_t now_ms, int id, struct arsenal_criterion *out, size_t size);

/* arsenal_get_metric is a metric's value in the last sample, arsenal_get_baseline what is usual for it and how far levels usually
 * stray from that (standard deviation). ARSENAL_ERR_STATE if it was not observed, or the baseline is not known yet. */
ARSENAL_API int arsenal_get_metric(struct arsenal *a, int id, double *value);
ARSENAL_API int arsenal_get_baseline(struct arsenal *a, int id, double *mean, double *deviation);

struct arsenal_restart_stats {
	uint64_t total;  /* since the start, never capped */
	uint64_t failed; /* failed attempts; not in total */
	uint64_t gave_up;
	uint64_t undescribed;    /* of total, those of which no more is known */
	double rate;             /* restarts in the last hour */
	double mean_interval_ms; /* between restarts; NaN with fewer than two */
	unsigned child_count;    /* for arsenal_get_child: at most 20 */
	unsigned pattern_count;  /* the JSON has them, arsenal_get_patterns all there are */
};
/* arsenal_get_restarts: of all supervisors (NULL), or of one; ARSENAL_ERR_UNKNOWN if that one has restarted nothing. */
ARSENAL_API int arsenal_get_restarts(
    struct arsenal *a, int64_t now_ms, const char *supervisor, struct arsenal_restart_stats *out, size_t size);

#define ARSENAL_PATTERN_MEMBERS 8
enum arsenal_pattern_type {
	ARSENAL_PATTERN_STORM = 0,    /* rapid consecutive restarts of one child */
	ARSENAL_PATTERN_CASCADE = 1,  /* related children that fail in sequence, again and again */
	ARSENAL_PATTERN_PERIODIC = 2, /* restarts of one child at regular intervals */
	ARSENAL_PATTERN_RESOURCE = 3  /* restarts of one child that follow spikes of a metric */
};
/* arsenal_pattern_type_name: as in the JSON, "restart_storm"; NULL for a value that is none. */
ARSENAL_API const char *arsenal_pattern_type_name(int type);

/* A pattern among restarts. What is of one type alone is 0 or NULL in others. */
struct arsenal_pattern {
	enum arsenal_pattern_type type;
	bool active;            /* it may go on */
	const char *supervisor; /* of a cascade: its root's */
	const char *child;
	uint64_t frequency; /* restarts in it, of a cascade rounds */
	double confidence;  /* 0 to 1 */
	int64_t first_ms, last_ms;
	int64_t detected_ms; /* when the evidence was enough */
	double interval_ms;  /* periodic */
	double jitter;       /* periodic: standard deviation of an interval, as a share of it */
	uint64_t missed;     /* periodic: beats that did not come */
	double delay_ms; /* cascade: usual time from the root to the last; resource: from the spike to the restart */
	const char *resource;      /* resource: the metric that spikes */
	double resource_threshold; /* resource: the lowest spike that a restart followed, in the metric's unit */
	double fired;              /* resource: share of the spikes that a restart followed */
	unsigned member_count;     /* cascade: in their usual order, the root first */
	struct {
		const char *supervisor;
		const char *child;
	} members[ARSENAL_PATTERN_MEMBERS];
	char text[256]; /* one line for a person */
};
/*
 * arsenal_get_patterns: the patterns among the restarts as of now_ms, the one that restarted last first. out has room for *count of size bytes each, 1 to
 * 10000; afterwards *count is how many there are, the latest ones if that is all the room.
 */
ARSENAL_API int arsenal_get_patterns(
    struct arsenal *a, int64_t now_ms, struct arsenal_pattern *out, size_t size, size_t *count);

enum arsenal_prediction_type {
	ARSENAL_PREDICTION_PERIODIC = 0, /* the next failure of a child that fails at regular intervals */
	ARSENAL_PREDICTION_RESOURCE = 1, /* a child fails when a metric reaches its trigger */
	ARSENAL_PREDICTION_BUDGET = 2    /* a supervisor gives up. Not told by this library: budgets are not observed */
};
/* arsenal_prediction_type_name: as in the JSON, "periodic_restart"; NULL for a value that is none. */
ARSENAL_API const char *arsenal_prediction_type_name(int type);

/* A failure that will come between earliest and latest, with that confidence. Times are 0 where it is not heading there; latest_ms 0 beside a next_ms: may
 * be much later, too. */
struct arsenal_prediction {
	enum arsenal_prediction_type type;
	const char *supervisor;
	const char *child; /* NULL: the supervisor itself */
	int64_t next_ms, earliest_ms, latest_ms;
	double confidence;
	const char *resource; /* resource: the metric, and in its unit: NaN in others, and where it is not known */
	double trigger;
	double present;
	double distance; /* from present to trigger; negative: beyond it */
	char text[256];  /* one line for a person */
};
/* arsenal_get_predictions: who will fail next, the next one first, those without a time last; out and count as in arsenal_get_patterns. */
ARSENAL_API int arsenal_get_predictions(
    struct arsenal *a, int64_t now_ms, struct arsenal_prediction *out, size_t size, size_t *count);

/* How much of a resource there is, and how long it lasts. NaN and 0: not known. No trend, no date. */
struct arsenal_capacity {
	const char *resource; /* "processes", "memory", "cpu", "ports", "atoms", "ets", "file_descriptors" */
	const char *metric;   /* in whose unit these are: */
	double current;
	double limit;
	double growth_per_hour, growth_low, growth_high;
	double utilization; /* % */
	bool trend;         /* false: none */
	int64_t span_ms;    /* of the past that this goes by; 0: too little is known */
	/* When the limit is reached, and the interval. latest_ms 0 beside a full_ms: may be much later, too. */
	int64_t full_ms, earliest_ms, latest_ms;
	int64_t horizon_ms; /* so far was looked ahead */
	double confidence;  /* that the limit is reached within the interval */
	char text[256];     /* one line for a person */
};
/* arsenal_get_capacity: all resources, in that order; out and count as in arsenal_get_patterns. Some 200 us of CPU for each. */
ARSENAL_API int arsenal_get_capacity(
    struct arsenal *a, int64_t now_ms, struct arsenal_capacity *out, size_t size, size_t *count);

struct arsenal_child {
	const char *supervisor;
	const char *child;
	uint64_t restarts; /* since the start */
};
/* arsenal_get_child: the children most restarted (index 0 has the most), of all supervisors or of one. */
ARSENAL_API int arsenal_get_child(
    struct arsenal *a, int64_t now_ms, const char *supervisor, unsigned index, struct arsenal_child *out, size_t size);

/* arsenal_get_anomaly: those that hold now, newest first; index below arsenal_anomaly_count. */
ARSENAL_API unsigned arsenal_anomaly_count(const struct arsenal *a);
ARSENAL_API int arsenal_get_anomaly(struct arsenal *a, unsigned index, struct arsenal_anomaly *out, size_t size);

/*
 * arsenal_get_top: the largest processes as of the last sample that had some (index 0 is the largest, at most ten are known), by "memory",
 * "message_queue" ("queue" for short), "reductions" or "binary". Texts that were not given are "".
 */
ARSENAL_API int arsenal_get_top(
    struct arsenal *a, const char *by, unsigned index, struct arsenal_process *out, size_t size);

struct arsenal_stats {
	uint64_t samples;
	uint64_t restarts;
	uint64_t events;
	uint64_t events_dropped; /* they waited beyond max_events */
	uint64_t anomalies;
	uint64_t health_checks;
	int64_t last_check_ms; /* 0: none yet */
	unsigned subscriptions;
};
ARSENAL_API int arsenal_get_stats(struct arsenal *a, struct arsenal_stats *out, size_t size);

/* What a metric was in a stretch of time. */
struct arsenal_point {
	int64_t time_ms; /* when it begins */
	double min, max, mean, last;
	uint64_t count; /* of the samples that had the metric: at least 1 */
};
/*
 * arsenal_get_points: a metric over time, from start_ms to end_ms, both included, 0 <= start <= end <= ARSENAL_TIME_MAX. step_ms > 0: in stretches that long,
 * which begin at its multiples; those without the metric are left out. step_ms 0: each sample. What is older than the retention period is known by the
 * minute for two weeks, by the hour for 90 days, as far as memory goes; fractions are rounded to thousandths there. out has room for *count points of
 * size bytes each, 1 to 1000000; afterwards *count is how many there are, the oldest ones if that is all the room.
 */
ARSENAL_API int arsenal_get_points(struct arsenal *a, int id, int64_t start_ms, int64_t end_ms, int64_t step_ms,
    struct arsenal_point *out, size_t size, size_t *count);

/* ---- answers, whole, as JSON ------------------------------------------------------------------------------------------ */
/*
 * The texts of the HTTP interface: field names, units and shapes are the same, what was not observed is null, times are RFC 3339. On success the
 * caller owns *out (arsenal_string_free); on failure *out is NULL.
 */

/* arsenal_string_free frees a text that the library handed over; NULL is fine. */
ARSENAL_API void arsenal_string_free(char *text);
/* Name, state, since when, overall status. */
ARSENAL_API int arsenal_node_json(struct arsenal *a, int64_t now_ms, char **out);
/* Overall status, criteria, anomalies, recommendations. */
ARSENAL_API int arsenal_health_json(struct arsenal *a, int64_t now_ms, char **out);
/* The last sample. */
ARSENAL_API int arsenal_performance_json(struct arsenal *a, char **out);
/* Restart statistics, patterns and the newest restarts: of all supervisors (NULL), or of one; ARSENAL_ERR_UNKNOWN if that one has restarted
 * nothing. */
ARSENAL_API int arsenal_restarts_json(struct arsenal *a, int64_t now_ms, const char *supervisor, char **out);
/* History from start_ms to end_ms, both included, 0 <= start <= end <= ARSENAL_TIME_MAX: samples, restarts, health checks, events, oldest
 * first. A day of samples every 5 s is tens of megabytes of text: ask for less. */
ARSENAL_API int arsenal_history_json(struct arsenal *a, int64_t start_ms, int64_t end_ms, char **out);
/* Patterns among the restarts, the one that restarted last first. */
ARSENAL_API int arsenal_patterns_json(struct arsenal *a, int64_t now_ms, char **out);
/* Findings that belong together, with their root: the incident that opened last first. */
ARSENAL_API int arsenal_incidents_json(struct arsenal *a, int64_t now_ms, char **out);
/* Who will fail next, the next one first; what may run out, by resource. */
ARSENAL_API int arsenal_predictions_json(struct arsenal *a, int64_t now_ms, char **out);
ARSENAL_API int arsenal_capacity_json(struct arsenal *a, int64_t now_ms, char **out);
/* Anomalies found, newest first. */
ARSENAL_API int arsenal_anomalies_json(struct arsenal *a, char **out);
/* The largest processes, by "memory", "message_queue" ("queue" for short), "reductions" or "binary" (shared memory that it holds), at most max (1 to 1000; ten are known). */
ARSENAL_API int arsenal_top_json(struct arsenal *a, const char *by, unsigned max, char **out);
/* The monitor's own figures. */
ARSENAL_API int arsenal_stats_json(struct arsenal *a, int64_t now_ms, char **out);

#ifdef __cplusplus
}
#endif

#endif
