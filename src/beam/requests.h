/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the probe that wait for their answers (doc/probe.md: request, arsenal_reply): each ends once, by its answer, by time, or by the loss of
 * whom was asked. Pure; time comes as an argument.
 */
#ifndef BEAM_REQUESTS_H
#define BEAM_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "etf/etf.h"
#include "model/request.h"

#define REQUESTS_MAX 4
/* The probe gives up after 7 s, and says so. */
#define REQUEST_TIMEOUT_MS 9000

/*
 * What became of it. `answer` is the cursor at the answer, whose end is the message's end, with REQUEST_ANSWERED only; `why` is a line for a person ("" with an answer). The callee must not
 * free whom was asked.
 */
typedef void request_cb(void *arg, enum request_result result, struct etf *answer, const char *why);

struct requests { /* private */
	int64_t last_id;
	struct open_request {
		int64_t id; /* 0: free */
		int64_t deadline_ms;
		request_cb *cb;
		void *arg;
	} open[REQUESTS_MAX];
};

/* requests_init: ids are greater than last_id, so that an answer to somebody before us is not taken for ours. */
void requests_init(struct requests *r, int64_t last_id);
/* requests_begin returns the id, or 0 if too many are under way. */
int64_t requests_begin(struct requests *r, int64_t now_ms, request_cb *cb, void *arg);
/* requests_put writes {request, Watcher, Id, What}. */
void requests_put(struct strbuf *out, struct etf_span watcher, int64_t id, const struct strbuf *what);
/* requests_reply takes what follows the tag of an arsenal_reply. False if it is malformed. One that nobody waits for (any more) is passed by. */
bool requests_reply(struct requests *r, struct etf *e) MUST_CHECK;
/* requests_expire ends what is overdue; requests_deadline is when it is next needed, INT64_MAX: never. */
void requests_expire(struct requests *r, int64_t now_ms);
int64_t requests_deadline(const struct requests *r);
/* requests_end ends all of them like this. */
void requests_end(struct requests *r, enum request_result result, const char *why);

#endif
