/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened on a node in a range of time: what grew, who, what restarted, and the most likely cause. A report is built from an engine, holds copies
 * or references of its own, and is written as text, as JSON, or as one HTML file that needs nothing beside it. Pure. A post-mortem is the
 * report of the last minutes before a node's end, and its `end` says what is known of that; more may become known later: then the verdict is
 * found anew (report_judge) and the report written again.
 *
 *	struct report *r = report_new(e, &(struct report_range) { from, to });
 *	report_text(r, &out, false);
 *	report_free(r);
 *
 * Writing only reads: another thread may do it, as long as nobody else touches the report. What is referred to (terms, events) is counted without a
 * lock, so a report is made and freed where its engine is.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "engine/boots.h"
#include "engine/engine.h"
#include "engine/foresight.h"
#include "engine/memory_account.h"
#include "engine/past.h"

#define REPORT_FLIGHT_MS 900000  /* what a post-mortem looks back, and what a report has at full resolution */
#define REPORT_BEFORE_MS 3600000 /* that much time before the range is what it is compared with */
#define REPORT_SAMPLES_MAX 4000  /* at full resolution; of more, the newest */
#define REPORT_CHART_POINTS 360  /* of a metric over the whole range, about */
#define REPORT_GROWN_MAX 12
#define REPORT_GROWERS_MAX 8
#define REPORT_LEVELS_MAX 50
#define REPORT_RESTART_ROWS 20
#define REPORT_RESTARTS_MAX 200
#define REPORT_FINDINGS_MAX 50
#define REPORT_INCIDENTS_MAX 20
#define REPORT_TABLES 10
#define REPORT_PATTERNS_MAX 20
#define REPORT_LANES_MAX 16  /* children drawn on the restarts' time line, those with most */
#define REPORT_LANE_BINS 240 /* of the range, on that line */
#define REPORT_SPANS_MAX 12
#define REPORT_PREDICTIONS_MAX 10
#define REPORT_REASONS_MAX 8
#define REPORT_SENTENCE 400
#define REPORT_ID_SIZE 160

struct report_range {
	int64_t from_ms;
	int64_t to_ms;
};

/* What came after a node's end: id, name. */
#define REPORT_RETURN_TABLE(X) \
	X(NONE, "not_yet")     \
	X(SAME, "same_vm")     \
	X(RESTARTED, "restarted")

enum report_return {
#define REPORT_RETURN_ENUM(id, ...) RETURN_##id,
	REPORT_RETURN_TABLE(REPORT_RETURN_ENUM)
#undef REPORT_RETURN_ENUM
	    RETURN_COUNT
};

extern const char *const REPORT_RETURNS[RETURN_COUNT];

/* Of an operating system's process: whether it still is. */
enum report_process { PROCESS_UNKNOWN, PROCESS_GONE, PROCESS_ALIVE };

/* What is known of a node's end. All zero: nothing ended, the report is of a range. */
struct report_end {
	int64_t time_ms;
	enum node_state state; /* the link's, then */
	char detail[256];      /* and its reason */
	bool inside;           /* seen by the engine inside the VM: the pipe to it ended */
	bool stopping;         /* it said before that it stops in order */
	enum report_process process;
	bool unregistered; /* EPMD of its host answers, and does not know it (any more) */
	bool oom_kills;    /* the kernel of its host killed for want of memory meanwhile */
	int64_t os_pid;    /* 0: not known */
	enum report_return returned;
	int64_t returned_ms;
	unsigned losses; /* how often the link was lost, one after the other; 1 for once */
	/* A crash dump, if one was found. Texts are heap strings, or NULL; whoever sets them frees them. */
	char dump_path[512];
	char dump_note[256]; /* what became of it, if it was not read */
	char dump_slogan[256];
	char dump_cause[REPORT_SENTENCE]; /* the likely cause that the dump shows; "" if none */
	double dump_confidence;           /* of it, 0 to 1 */
	const char *dump_text;            /* its summary as text, */
	const char *dump_json;            /* and as one JSON value */
};

/* A metric that is not what it was. */
struct report_growth {
	enum metric_id metric;
	double before;    /* usual level before the range, or at its begin */
	double after;     /* at the end */
	double peak;      /* highest in the range */
	double spread;    /* usual deviation before: 1.4826 × median absolute deviation */
	bool compared;    /* with the time before the range; false: with its begin */
	int64_t since_ms; /* when it left the usual */
	double weight;    /* for the order: how many times the least significant change it is */
};

/* A process whose place in a ranking rose. */
struct report_grower {
	enum top_kind kind;
	struct ranked process; /* with its last value */
	double first;          /* its first value in the range; 0 if it was not among the first then */
	bool was_ranked;       /* then */
	int64_t first_ms;
	int64_t last_ms;
};

struct report_level {
	int64_t time_ms;
	enum criterion criterion;
	enum level from, to;
};

struct report_restarts {
	struct term *supervisor;
	struct term *child_id;
	struct term *reason;
	enum restart_kind kind;
	uint64_t count;
	int64_t first_ms;
	int64_t last_ms;
};

/* A pattern among the restarts, told once: the newest of those of its type and child. */
struct report_pattern {
	struct pattern newest; /* its terms are held */
	unsigned times;        /* how often it was found within the range */
	int64_t first_ms;      /* of the first of them */
};

/* From when to when a pattern went on. */
struct report_span {
	enum pattern_type type;
	int64_t from_ms, to_ms;
};

/* A child's restarts over the range. */
struct report_lane {
	struct term *supervisor;
	struct term *key; /* the supervisor's identity; NULL: not known */
	struct term *child_id;
	uint64_t count;                  /* restarts and failed attempts */
	int64_t last_ms;                 /* of them */
	int64_t gave_up_ms;              /* when its supervisor gave up on it, last; 0: it did not */
	uint32_t bins[REPORT_LANE_BINS]; /* of count, by time */
	unsigned span_count;
	struct report_span spans[REPORT_SPANS_MAX]; /* the newest */
};

struct report_top {
	unsigned count;
	struct top_process rows[SAMPLE_TOP];
};

/* Points of a metric over the range, for a chart. */
struct report_line {
	enum metric_id metric;
	size_t count;
	struct past_point *points;
};

/* Readings of the end of the range, each as it came: one column a metric. */
struct report_columns {
	size_t count;
	bool cut; /* there were more */
	int64_t *times;
	double *values[METRIC_COUNT]; /* NaN: not observed; NULL: never in these */
};

/* The most likely cause. */
struct report_verdict {
	const char *cause; /* a word of VERDICTS (report/verdict.h) */
	char title[REPORT_SENTENCE];
	double confidence; /* 0 to 1 */
	unsigned reason_count;
	char reasons[REPORT_REASONS_MAX][REPORT_SENTENCE];
	/* What else is remarkable: the next likely; "" if none. */
	char also[REPORT_SENTENCE];
};

struct report {
	char id[REPORT_ID_SIZE]; /* "" unless it is kept */
	char node[NODE_NAME_MAX + 1];
	struct node_info info;
	struct report_range range;
	int64_t made_ms;
	int64_t interval_ms;
	int64_t boot_ms; /* 0: not known */
	struct report_end end;
	struct report_verdict verdict;
	/* samples */
	size_t samples;               /* within the range */
	struct sample *last;          /* NULL: none */
	struct memory_account memory; /* NaN in the levels that do not fit: */
	bool memory_old;              /* the allocators were asked last before the VM's memory changed much */
	/* health */
	enum level overall;
	enum level levels[CRITERION_COUNT];
	char *recommendations; /* lines */
	unsigned change_count;
	struct report_level changes[REPORT_LEVELS_MAX];
	/* what grew, who */
	unsigned grown_count;
	struct report_growth grown[REPORT_GROWN_MAX];
	struct report_top top[TOP_KIND_COUNT];
	unsigned grower_count;
	struct report_grower growers[REPORT_GROWERS_MAX];
	unsigned table_count;
	struct survey_table tables[REPORT_TABLES]; /* the largest */
	int64_t tables_ms;
	/* restarts */
	uint64_t restarts, failed, gave_up; /* within the range */
	unsigned restart_row_count;         /* most first */
	struct report_restarts restart_rows[REPORT_RESTART_ROWS];
	unsigned timeline_count;
	struct restart *timeline; /* the newest REPORT_RESTARTS_MAX, oldest first */
	unsigned pattern_count, patterns_left_out;
	struct report_pattern patterns[REPORT_PATTERNS_MAX]; /* those within the range, latest first */
	unsigned lane_total;                                 /* children that restarted */
	unsigned lane_count;
	struct report_lane *lanes; /* the first of them, most restarts first */
	/* findings and links */
	unsigned finding_count, findings_left_out;
	struct node_event *findings[REPORT_FINDINGS_MAX]; /* anomalies, the newest, oldest first */
	unsigned incident_count, incidents_left_out;
	struct incident incidents[REPORT_INCIDENTS_MAX]; /* that were open within the range, the newest first; copies */
	unsigned link_count;
	struct past_link links[PAST_LINKS];
	struct boots boots;
	unsigned deploy_count;
	struct past_deploy deploys[PAST_DEPLOYS];
	/* what is ahead at the end; 0: the range ends before what is known, or with the node */
	int64_t ahead_ms;
	struct capacity resources[RESOURCE_COUNT];
	unsigned prediction_count;
	struct prediction predictions[REPORT_PREDICTIONS_MAX]; /* their terms are held */
	/* readings */
	unsigned line_count;
	struct report_line lines[METRIC_COUNT];
	struct report_columns columns;
};

/* report_new builds the report of a range; `end` may be NULL. now_ms is when. The caller owns it. */
struct report *report_new(
    const struct engine *e, int64_t now_ms, const struct report_range *range, const struct report_end *end);
void report_free(struct report *r);
/* report_judge finds the verdict anew, after r->end was changed. */
void report_judge(struct report *r);

/* report_headline appends what happened in a sentence or two: "Critical at the end (restarts). In 15 min 4 incidents, …". */
void report_headline(const struct report *r, struct strbuf *out);
/* report_is_calm: nothing happened that somebody should know. */
bool report_is_calm(const struct report *r);

/* report_needs_verdict: false where incidents tell more than what stands out of a range. */
bool report_needs_verdict(const struct report *r);

/* Each appends. `colour`: with ANSI colours. */
void report_text(const struct report *r, struct strbuf *out, bool colour);
/* report_json appends one object; with the readings at full resolution (`samples`), so that it is the flight record. */
void report_json(const struct report *r, struct strbuf *out);
/* report_html appends a whole document; report_html_body what is in its body, with its title in such a tag: "h1", "h2". */
void report_html(const struct report *r, struct strbuf *out);
void report_html_body(const struct report *r, struct strbuf *out, const char *tag);

#endif
