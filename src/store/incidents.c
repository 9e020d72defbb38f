/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents of a store that is written: which there are is known to the loop, their bodies are on disk alone. The loop asks the writer for one,
 * and the answer comes back as the writer's other news do.
 */
#include "store/incidents.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/state.h"

struct incident_request {
	struct incident_request *next;
	char *id;
	void (*take)(void *arg, const char *body, size_t len); /* NULL: nobody asked, it is gone */
	void *arg;
	bool found;
	struct strbuf body;
};

static void
append(struct incident_request **list, struct incident_request *q)
{
	while (*list)
		list = &(*list)->next;
	q->next = NULL;
	*list = q;
}

static struct incident_request *
take_first(struct incident_request **list)
{
	struct incident_request *q = *list;

	if (q)
		*list = q->next;
	return q;
}

/* ---- the loop's ---- */

const struct store_incident *
store_incident_at(const struct store *s, size_t age)
{
	return incident_list_at(&s->incidents, age);
}

void
store_incident_body(struct store *s, const char *id, void (*take)(void *arg, const char *body, size_t len), void *arg)
{
	struct incident_request *q = xcalloc(1, sizeof(*q));

	*q = (struct incident_request) { .id = xstrdup(id), .take = take, .arg = arg, .body = STRBUF_INIT };
	/* The writer has the file from now on. */
	s->begun = true;
	pthread_mutex_lock(&s->lock);
	append(&s->asked, q);
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static void
request_free(struct incident_request *q)
{
	strbuf_release(&q->body);
	free(q->id);
	free(q);
}

/* One that is not in the file (any more: the file was full, or was replaced) is none. */
static void
give(struct store *s, struct incident_request *q)
{
	if (!q->found)
		incident_list_remove(&s->incidents, q->id);
	if (q->take)
		q->take(q->arg, q->found ? strbuf_cstr(&q->body) : NULL, q->body.len);
	request_free(q);
}

static void
give_all(struct store *s, struct incident_request **list)
{
	struct incident_request *q;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		q = take_first(list);
		pthread_mutex_unlock(&s->lock);
		if (q == NULL)
			return;
		give(s, q);
	}
}

void
incidents_deliver(struct store *s)
{
	give_all(s, &s->answered);
}

void
incidents_give_up(struct store *s)
{
	give_all(s, &s->answered);
	give_all(s, &s->asked);
}

void
incidents_release(struct store *s)
{
	struct incident_request *q;

	while ((q = take_first(&s->answered)) != NULL || (q = take_first(&s->asked)) != NULL)
		request_free(q);
}

/* ---- the writer's ---- */

/* find_row: the last one put with this id that is not in the file yet. */
static const struct row *
find_row(const struct rows *rows, const char *id)
{
	const struct row *found = NULL;

	for (const struct row *r = rows->first; r; r = r->next)
		if (r->kind == ROW_INCIDENT && strcmp(row_incident_id(r), id) == 0)
			found = r;
	return found;
}

static bool
take_row(struct incident_request *q, const struct row *r)
{
	if (r)
		strbuf_add(&q->body, r->data + r->body_len, r->more_len);
	return r != NULL;
}

static bool
find_waiting(struct writer *w, struct incident_request *q)
{
	struct store *s = w->s;
	bool found;

	pthread_mutex_lock(&s->lock);
	found = take_row(q, find_row(&s->queue.turn, q->id)) || take_row(q, find_row(&s->queue.ready, q->id));
	pthread_mutex_unlock(&s->lock);
	return found || take_row(q, find_row(&w->rows, q->id));
}

static void
answer(struct store *s, struct incident_request *q)
{
	pthread_mutex_lock(&s->lock);
	append(&s->answered, q);
	store_wake_loop(s);
	pthread_mutex_unlock(&s->lock);
}

void
incidents_answer(struct writer *w)
{
	struct store *s = w->s;
	struct incident_request *q;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		q = take_first(&s->asked);
		pthread_mutex_unlock(&s->lock);
		if (q == NULL)
			return;
		q->found = find_waiting(w, q) || (s->db.sql && incident_read(s->db.sql, q->id, &q->body) == SQLITE_ROW);
		answer(s, q);
	}
}

void
incidents_gone(struct writer *w, const char *id)
{
	struct incident_request *q = xcalloc(1, sizeof(*q));

	*q = (struct incident_request) { .id = xstrdup(id), .body = STRBUF_INIT };
	answer(w->s, q);
}
