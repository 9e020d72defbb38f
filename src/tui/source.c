/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/source.h"

#include <event2/event.h>
#include <event2/http.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "tui/client.h"
#include "tui/get.h"

#define BACKLOG 300 /* events from before */
/* What an event tells shows in the figures as well, soon. */
#define SOON_MS 250
#define RETRY_MS 2000
#define TAG_BITS 6
#define TAG_TREND ASK_COUNT

struct source {
	struct event_base *loop;
	struct model *model;
	struct source_options options;
	struct client *client;
	char host[64];
	uint16_t port;
	struct event *ask_now, *soon, *reconnect;
	unsigned under_way; /* questions */
	bool again;         /* ask anew when they have come */
	bool following;
	uint64_t last_event;
	/* Answers about a node that is no longer the selected one are of an earlier round. */
	unsigned round;
	char round_node[MODEL_NAME_SIZE];
	char trend_node[MODEL_NAME_SIZE];
	bool (*find)(void *arg, unsigned tries, char *host, size_t size, uint16_t *port);
	void *find_arg;
	unsigned tries;
};

static int64_t
now(const struct source *s)
{
	return s->options.now_ms(s->options.arg);
}

static void
after(struct event *timer, long ms)
{
	const struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	if (!evtimer_pending(timer, NULL))
		event_add(timer, &t);
}

/* ---- questions -------------------------------------------------------------------------------------------------------- */

static void
add_node_path(struct strbuf *out, const char *node)
{
	char *escaped = evhttp_encode_uri(node);

	strbuf_addf(out, "/api/v1/nodes/%s", escaped ? escaped : "");
	free(escaped);
}

static void
send_question(struct source *s, unsigned what, const char *path, bool slow)
{
	/* The tree takes its time, and nobody waits for it. */
	s->under_way += !slow;
	client_ask(s->client, s->round << TAG_BITS | what, path, slow);
}

static void
ask_one(struct source *s, enum ask ask)
{
	struct strbuf path = STRBUF_INIT;

	if (ASKS[ask].of_node && *s->model->node == '\0')
		return;
	if (ASKS[ask].of_node)
		add_node_path(&path, s->model->node);
	else
		strbuf_adds(&path, "/api/v1/");
	if (ask == ASK_HISTORY)
		model_history_path(s->model, now(s), &path);
	else
		strbuf_adds(&path, ASKS[ask].path);
	s->model->answers[ask].waiting = true;
	send_question(s, (unsigned)ask, path.data, ASKS[ask].slow);
	strbuf_release(&path);
}

static void
ask_trend(struct source *s)
{
	const char *node = s->options.wants_trend(s->options.arg);
	struct strbuf path = STRBUF_INIT;
	int64_t end = now(s);

	if (*node == '\0')
		return;
	snprintf(s->trend_node, sizeof(s->trend_node), "%s", node);
	add_node_path(&path, node);
	strbuf_addf(&path,
	    "/history?start=%" PRId64 "&end=%" PRId64
	    "&step=%ds&fields=value&digits=3&metric=cpu_utilization,memory_utilization",
	    end - TREND_POINTS * (int64_t)TREND_STEP_MS, end, TREND_STEP_MS / 1000);
	send_question(s, TAG_TREND, path.data, false);
	strbuf_release(&path);
}

static void
begin_round(struct source *s)
{
	unsigned wants = s->options.wants(s->options.arg);

	s->again = false;
	if (strcmp(s->round_node, s->model->node) != 0) {
		snprintf(s->round_node, sizeof(s->round_node), "%s", s->model->node);
		s->round++;
	}
	if (wants && !s->following)
		wants |= 1u << ASK_STATS;
	for (int ask = 0; ask < ASK_COUNT; ask++)
		if ((wants & 1u << ask) && !ASKS[ask].slow)
			ask_one(s, (enum ask)ask);
	ask_trend(s);
}

static void
on_ask(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct source *s = arg;

	evtimer_del(s->soon);
	if (s->under_way > 0)
		s->again = true;
	else
		begin_round(s);
}

void
source_ask(struct source *s)
{
	event_active(s->ask_now, 0, 0);
}

void
source_ask_tree(struct source *s)
{
	if (*s->model->node == '\0' || s->model->answers[ASK_TREE].waiting)
		return;
	if (strcmp(s->round_node, s->model->node) != 0) {
		snprintf(s->round_node, sizeof(s->round_node), "%s", s->model->node);
		s->round++;
	}
	ask_one(s, ASK_TREE);
}

/* ---- answers ---------------------------------------------------------------------------------------------------------- */

static void
follow(struct source *s)
{
	double last = get_number(model_body(s->model, ASK_STATS), "last_event_id");
	char id[32];

	if (s->following || !(last >= 0) || last > 9e15)
		return;
	s->following = true;
	snprintf(id, sizeof(id), "%.0f", last > BACKLOG ? last - BACKLOG : 0);
	client_follow(s->client, id);
}

/* A server that wants its token, or is none of ours, is as good as none; but it says why. */
static bool
is_refusal(int status)
{
	return status == 401 || status == 403;
}

static void
note_loss(struct source *s, int status, const char *body, size_t len)
{
	struct model *m = s->model;

	if (status && !is_refusal(status)) {
		m->lost_ms = 0;
		m->answered_ms = now(s);
		s->tries = 0;
		return;
	}
	if (m->lost_ms == 0)
		m->lost_ms = now(s);
	if (status)
		snprintf(m->lost_why, sizeof(m->lost_why), "it refuses us (%d): %s", status,
		    status == 401 ? "it wants its token, see --token-file" : "see its log");
	else
		snprintf(m->lost_why, sizeof(m->lost_why), "%.*s", (int)(len < 200 ? len : 200), body);
	after(s->reconnect, RETRY_MS);
}

static void
on_answer(void *arg, unsigned tag, int status, const char *body, size_t len)
{
	struct source *s = arg;
	unsigned what = tag & ((1u << TAG_BITS) - 1);
	bool current = tag >> TAG_BITS == (s->round & (~0u >> TAG_BITS));

	if (what == ASK_TREE || s->under_way > 0)
		s->under_way -= what != ASK_TREE;
	note_loss(s, status, body, len);
	if (what == TAG_TREND && status == 200)
		model_trend(s->model, s->trend_node, body, len);
	else if (what < ASK_COUNT && (current || !ASKS[what].of_node))
		model_answer(s->model, (enum ask)what, status, body, len, now(s));
	if (what == ASK_STATS)
		follow(s);
	if (s->under_way == 0 && s->again)
		after(s->soon, 1);
	s->options.changed(s->options.arg, s->under_way == 0);
}

static uint64_t
event_id(const struct model *m)
{
	const json_t *last = m->event_count ? m->events[m->event_count - 1] : NULL;

	return (uint64_t)json_integer_value(json_object_get(last, "id"));
}

static void
on_event(void *arg, const char *data, size_t len)
{
	struct source *s = arg;

	model_event(s->model, data, len);
	s->last_event = event_id(s->model);
	after(s->soon, SOON_MS);
	s->options.changed(s->options.arg, false);
}

static void
on_stream(void *arg, const char *why)
{
	struct source *s = arg;

	if (why == NULL)
		s->model->stream_why[0] = '\0';
	else
		snprintf(s->model->stream_why, sizeof(s->model->stream_why), "No events come: %s; trying again.", why);
	s->options.changed(s->options.arg, false);
}

/* ---- connections ------------------------------------------------------------------------------------------------------ */

static void
connect_to(struct source *s, const char *host, uint16_t port)
{
	const struct client_user user = { on_answer, on_event, on_stream, s };

	client_free(s->client);
	snprintf(s->host, sizeof(s->host), "%s", host);
	s->port = port;
	s->under_way = 0;
	s->client = client_new(s->loop, host, port, s->options.token, &user);
}

/* Elsewhere the ids of events go on where they were if it is the same watch that came back; they grow over its restarts. */
static void
move_to(struct source *s, const char *host, uint16_t port)
{
	char id[32];

	for (int i = 0; i < ASK_COUNT; i++)
		s->model->answers[i].waiting = false;
	connect_to(s, host, port);
	snprintf(id, sizeof(id), "%" PRIu64, s->last_event);
	if (s->following && s->last_event)
		client_follow(s->client, id);
	else
		s->following = false;
}

static void
on_reconnect(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct source *s = arg;
	char host[64];
	uint16_t port;

	if (s->find && s->find(s->find_arg, s->tries++, host, sizeof(host), &port) &&
	    (strcmp(host, s->host) != 0 || port != s->port))
		move_to(s, host, port);
	source_ask(s);
}

struct source *
source_new(struct event_base *loop, struct model *m, const struct source_options *options)
{
	struct source *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->model = m;
	s->options = *options;
	s->ask_now = evtimer_new(loop, on_ask, s);
	s->soon = evtimer_new(loop, on_ask, s);
	s->reconnect = evtimer_new(loop, on_reconnect, s);
	connect_to(s, options->host, options->port);
	return s;
}

void
source_find(
    struct source *s, bool (*find)(void *arg, unsigned tries, char *host, size_t size, uint16_t *port), void *arg)
{
	s->find = find;
	s->find_arg = arg;
}

void
source_free(struct source *s)
{
	if (s == NULL)
		return;
	client_free(s->client);
	event_free(s->ask_now);
	event_free(s->soon);
	event_free(s->reconnect);
	free(s);
}
