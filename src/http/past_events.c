/* SPDX-License-Identifier: Apache-2.0 */
#include "http/past_events.h"

#include "engine/answer.h"
#include "http/event_filter.h"
#include "http/query.h"
#include "http/site.h"

/* An incident has some 2 kB: so many are written in a few milliseconds. */
#define MOST 500
#define DEFAULT 100
/* So many are looked at in a few milliseconds, where hardly any is wanted. */
#define LOOKED_AT 50000

struct page {
	struct event_filter filter;
	uint64_t before, n;
};

static bool
read_number(const struct call *c, const char *name, uint64_t max, uint64_t *value, struct err *err)
{
	const char *text = query_get(&c->query, name);

	if (text == NULL || (number_parse(text, max, value) && *value > 0))
		return true;
	return err_set(err, "%s: \"%.64s\" is not a number from 1 to %llu", name, text, (unsigned long long)max);
}

static bool
read_page(struct page *p, const struct call *c, struct err *err)
{
	*p = (struct page) { .before = UINT64_MAX, .n = DEFAULT };
	return event_filter_read(&p->filter, c, err) && read_number(c, "before", UINT64_MAX, &p->before, err) &&
	    read_number(c, "n", MOST, &p->n, err);
}

/* The newest event with an id below that; NULL if none is kept. */
static const struct node_event *
event_before(const struct eventlog *log, uint64_t id)
{
	const struct node_event *ev;
	uint64_t cursor;

	if (id > eventlog_last_id(log))
		id = eventlog_last_id(log) + 1;
	if (id < 2)
		return NULL;
	cursor = id - 2;
	ev = eventlog_next(log, &cursor, NULL);
	return ev && ev->id < id ? ev : NULL;
}

/* write_events writes the page, which may be short, and returns the id that the next one is before: 0 if nothing older is kept. */
static uint64_t
write_events(struct jsonw *j, const struct eventlog *log, const struct page *p)
{
	struct answer_json a;
	const struct node_event *ev;
	uint64_t n = 0, looked_at = 0, before = p->before;

	answer_json_init(&a, j);
	while ((ev = event_before(log, before)) != NULL && n < p->n && looked_at++ < LOOKED_AT) {
		before = ev->id;
		if (!event_filter_wants(&p->filter, ev))
			continue;
		answer_event(&a.base, ev);
		n++;
	}
	return ev ? before : 0;
}

void
past_events_serve(struct call *c)
{
	struct page p;
	struct jsonw j;
	struct err err;
	uint64_t before;

	if (!read_page(&p, c, &err)) {
		reply_error(c->rp, 400, "%s", err.text);
		return;
	}
	reply_json(c->rp, &j);
	jsonw_object(&j);
	jsonw_key(&j, "events");
	jsonw_array(&j);
	before = write_events(&j, c->site->events.log, &p);
	jsonw_end(&j);
	jsonw_key(&j, "before");
	if (before)
		jsonw_uint(&j, before);
	else
		jsonw_null(&j);
	jsonw_end(&j);
}
