/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/requests.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "etf/etf_text.h"
#include "etf/etf_write.h"

#define REASON_MAX 200

void
requests_init(struct requests *r, int64_t last_id)
{
	memset(r, 0, sizeof(*r));
	r->last_id = last_id > 0 ? last_id : 0;
}

/* An id of 0 finds a free place. */
static struct open_request *
find(struct requests *r, int64_t id)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (r->open[i].id == id)
			return &r->open[i];
	return NULL;
}

int64_t
requests_begin(struct requests *r, int64_t now_ms, request_cb *cb, void *arg)
{
	struct open_request *o = find(r, 0);

	if (o == NULL)
		return 0;
	*o = (struct open_request) { ++r->last_id, now_ms + REQUEST_TIMEOUT_MS, cb, arg };
	return o->id;
}

void
requests_put(struct strbuf *out, struct etf_span watcher, int64_t id, const struct strbuf *what)
{
	etf_put_tuple(out, 4);
	etf_put_atom(out, "request");
	etf_put_raw(out, watcher);
	etf_put_int(out, id);
	strbuf_add(out, what->data, what->len);
}

/* The place is free before the callback: it may ask anew. */
static void
end(struct open_request *o, enum request_result result, struct etf *answer, const char *why)
{
	struct open_request was = *o;

	o->id = 0;
	was.cb(was.arg, result, answer, why);
}

/* {error, Reason} */
static void
end_refused(struct open_request *o, struct etf *reason)
{
	struct strbuf text = STRBUF_INIT;
	char why[REASON_MAX + 64];
	struct etf at = *reason;
	bool late = etf_is_atom(etf_peek(reason)) && etf_atom_is(&at, "timeout");

	if (!etf_text(reason, REASON_MAX, &text))
		strbuf_adds(&text, "an unreadable reason");
	snprintf(why, sizeof(why), "the probe did not answer it: %s", strbuf_cstr(&text));
	strbuf_release(&text);
	end(o, late ? REQUEST_TIMED_OUT : REQUEST_REFUSED, NULL, why);
}

bool
requests_reply(struct requests *r, struct etf *e)
{
	int64_t id = etf_int(e);
	struct open_request *o;
	struct etf_atom how;

	if (!etf_ok(e) || id <= 0)
		return false;
	o = find(r, id);
	if (o == NULL)
		return etf_skip(e) && etf_done(e);
	etf_tuple_of(e, 2);
	if (etf_atom(e, &how) && strcmp(how.text, "ok") == 0) {
		end(o, REQUEST_ANSWERED, e, "");
	} else if (etf_ok(e) && strcmp(how.text, "error") == 0) {
		end_refused(o, e);
	} else {
		end(o, REQUEST_MALFORMED, NULL, "the probe's answer could not be read");
		return false;
	}
	return true;
}

void
requests_expire(struct requests *r, int64_t now_ms)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (r->open[i].id != 0 && now_ms >= r->open[i].deadline_ms)
			end(&r->open[i], REQUEST_TIMED_OUT, NULL, "the node did not answer in time");
}

int64_t
requests_deadline(const struct requests *r)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (r->open[i].id != 0 && r->open[i].deadline_ms < first)
			first = r->open[i].deadline_ms;
	return first;
}

void
requests_end(struct requests *r, enum request_result result, const char *why)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (r->open[i].id != 0)
			end(&r->open[i], result, NULL, why);
}
