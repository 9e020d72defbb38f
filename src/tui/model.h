/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the nodes: the last answer to each question, the latest events, and lines of the last minutes. Answers are kept as they came (JSON) and read
 * with get.h; nothing in them is trusted. Everything has a bound.
 */
#ifndef TUI_MODEL_H
#define TUI_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/strbuf.h"

#define MODEL_NAME_SIZE 320
#define MODEL_WHY_SIZE 256
#define MODEL_EVENTS 1000
#define MODEL_EVENT_BYTES (4u << 20)
#define TREND_POINTS 60
#define TREND_STEP_MS 10000
#define CHART_POINTS 120
#define RESTART_TIMES 4096

/* What can be asked. */
enum ask {
	ASK_NODES,
	ASK_STATS,
	/* of a node */
	ASK_HEALTH,
	ASK_RESTARTS,
	ASK_HISTORY,
	ASK_TOP_QUEUE,
	ASK_TOP_MEMORY,
	ASK_TOP_REDUCTIONS,
	ASK_TOP_BINARY,
	ASK_INCIDENTS,
	ASK_PREDICTIONS,
	ASK_CAPACITY,
	ASK_MEMORY,
	ASK_TREE,
	ASK_COUNT
};

/* The row of a question in the table of them. */
struct ask_row {
	const char *path; /* behind /api/v1/, or behind a node's path */
	bool of_node;
	bool slow; /* the node itself is asked, so only when somebody wants it */
};

extern const struct ask_row ASKS[ASK_COUNT];

struct answer {
	json_t *body;             /* the last good one; NULL: none yet */
	int64_t came_ms;          /* when; 0: never */
	bool waiting;             /* asked, not yet answered */
	char why[MODEL_WHY_SIZE]; /* why the last question has no answer; "": it has */
};

/* CPU and memory of a node in the last ten minutes, newest last, in percent; NAN where nothing is known. */
struct trend {
	char name[MODEL_NAME_SIZE];
	int64_t bucket; /* of the newest, in steps since the epoch */
	double cpu[TREND_POINTS], memory[TREND_POINTS];
	bool asked; /* for what was before */
};

enum chart { CHART_CPU, CHART_MEMORY, CHART_PROCESSES, CHART_RUN_QUEUE, CHART_QUEUE, CHART_RESTARTS, CHART_COUNT };

extern const struct chart_row {
	const char *title, *abbreviation; /* the latter of 8 columns at most */
	const char *metric;               /* NULL: restarts, which are counted here */
	const char *now;                  /* field of a node in /api/v1/nodes that has its last value; NULL: none */
	const char *unit;                 /* as in format.h */
	const char *criterion;            /* that judges it; NULL: none */
	double least;                     /* the range that is drawn is at least so large */
} CHARTS[CHART_COUNT];

struct model {
	char node[MODEL_NAME_SIZE]; /* the selected one; "": none */
	struct answer answers[ASK_COUNT];

	json_t **events; /* newest last */
	size_t event_count;
	size_t event_bytes[MODEL_EVENTS];
	size_t events_bytes, events_dropped;

	struct trend *trends;
	size_t trend_count;

	int64_t span_ms; /* of the charts */
	double charts[CHART_COUNT][CHART_POINTS];
	int64_t restarts[RESTART_TIMES]; /* of the selected node, oldest first */
	size_t restart_count;
	int64_t restarts_since_ms; /* what was before is not known */

	int64_t lost_ms; /* since when there is no answer from the server; 0: there is */
	char lost_why[MODEL_WHY_SIZE];
	int64_t answered_ms;             /* the last answer; 0: none yet */
	char stream_why[MODEL_WHY_SIZE]; /* why no events come; "": they do */
};

void model_init(struct model *m);
void model_release(struct model *m);

/* model_select forgets what was known of another node; "" selects none. */
void model_select(struct model *m, const char *node);
/* model_span sets what the charts reach over. */
void model_span(struct model *m, int64_t span_ms);
/*
 * model_answer takes what came of a question: HTTP's status and body, or status 0 and the reason. Whatever is no JSON of the expected kind counts as no answer.
 */
void model_answer(struct model *m, enum ask ask, int status, const char *body, size_t len, int64_t now_ms);
/* model_trend takes a node's past (an answer of /history in steps of TREND_STEP_MS). */
void model_trend(struct model *m, const char *node, const char *body, size_t len);
/* model_event takes one event; what is none is passed over. */
void model_event(struct model *m, const char *data, size_t len);

/* model_nodes is the array of nodes; NULL: not known yet. */
const json_t *model_nodes(const struct model *m);
/* model_node is the selected node among them, or NULL. */
const json_t *model_node(const struct model *m);
/* model_body is the last good answer, NULL if there is none. */
const json_t *model_body(const struct model *m, enum ask ask);
/* model_trend_of finds a node's lines; NULL if there are none. */
struct trend *model_trend_of(struct model *m, const char *node);
/* model_history_path appends the path of the question for the charts' past, until now. */
void model_history_path(const struct model *m, int64_t now_ms, struct strbuf *out);

#endif
