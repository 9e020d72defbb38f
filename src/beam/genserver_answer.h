/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of doc/port.md and their answers, as terms. Pure. */
#ifndef BEAM_GENSERVER_ANSWER_H
#define BEAM_GENSERVER_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "beam/genserver.h"

/* The plan takes a millisecond or more, and many may ask at once: until the next sample comes, and for a second at most, it is told as it is. */
#define PLAN_FRESH_MS 1000
struct plan_memo {
	struct strbuf answer; /* empty: none yet */
	int64_t time_ms;
	uint64_t samples;
};

/* What answers are made from. */
struct genserver_view {
	const struct engine *engine;
	int64_t now_ms;
	uint32_t os_pid;
	unsigned max_history;
	const char *http; /* NULL: none */
	void (*figures)(void *arg, struct genserver_figures *figures);
	void *arg;
	uint64_t events_dropped;
	struct plan_memo *plan; /* kept from answer to answer */
};

struct request_row;

struct request {
	const struct request_row *row;
	struct etf args;
};

/* request_open reads the head of a request; false if there is none of that name and arity. */
bool request_open(struct request *rq, struct etf_span raw) MUST_CHECK;
/* request_needs_sample: there is nothing to tell before the first one. */
bool request_needs_sample(const struct request *rq);
/* request_history: it is get_historical_data, with good arguments; its answer is not request_answer's, but comes in parts (genserver_history.h). */
bool request_history(const struct request *rq, int64_t *start_ms, int64_t *end_ms) MUST_CHECK;
/* request_answer appends {ok, Map} or {error, Reason}, without the version byte; false, and nothing appended, if the arguments are wrong. */
bool request_answer(const struct request *rq, const struct genserver_view *view, struct strbuf *out) MUST_CHECK;

#endif
