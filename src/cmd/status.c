/* SPDX-License-Identifier: Apache-2.0 */
/* arsenal status: one check with the exit codes of the plugin convention. A running arsenal is asked first, for it knows more than one look can see. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "beam/watch.h"
#include "cmd/ask.h"
#include "cmd/setup.h"
#include "cmd/verdict.h"
#include "engine/answer.h"
#include "links.h"
#include "os/clock.h"
#include "os/log.h"

/* CPU use is a difference of two samples; closer together they say little. */
#define LOOK_INTERVAL_MS 1000

/* print_health: incidents is the answer of a running arsenal, NULL if there is none. */
static int
print_health(const struct settings *s, const char *node, const char *health, const char *incidents)
{
	struct strbuf line = STRBUF_INIT;
	enum verdict v = VERDICT_UNKNOWN;
	struct err err;

	if (!verdict_line(node, health, &line, &v, &err)) {
		printf("UNKNOWN - %s: %s\n", node, err.text);
	} else {
		if (incidents)
			verdict_incidents(incidents, &line);
		puts(s->json ? health : line.data);
	}
	strbuf_release(&line);
	return (int)v;
}

static int
print_unknown(const struct settings *s, const char *node, const char *why)
{
	struct strbuf out = STRBUF_INIT;
	struct jsonw j;

	if (s->json) {
		jsonw_init(&j, &out);
		jsonw_object(&j);
		jsonw_key(&j, "overall_status");
		jsonw_str(&j, level_name(LEVEL_UNKNOWN));
		jsonw_key(&j, "node");
		jsonw_str(&j, node);
		jsonw_key(&j, "detail");
		jsonw_str(&j, why);
		jsonw_end(&j);
	} else {
		strbuf_addf(&out, "UNKNOWN - %s %s", node, why);
	}
	puts(out.data);
	strbuf_release(&out);
	return VERDICT_UNKNOWN;
}

/* ask is the answer of a running arsenal, or -1 if none watches the node. */
static int
ask(const struct settings *s, const char *state_dir, const char *node)
{
	struct strbuf body = STRBUF_INIT, incidents = STRBUF_INIT;
	struct strbuf why = STRBUF_INIT;
	int code = -1;

	if (ask_running(state_dir, node, "", &body)) {
		if (!verdict_node_is_up(body.data, &why))
			code = print_unknown(s, node, why.data);
		else if (ask_running(state_dir, node, "/health", &body))
			code = print_health(s, node, body.data,
			    ask_running(state_dir, node, "/incidents?open=true", &incidents) ? incidents.data : NULL);
	}
	strbuf_release(&why);
	strbuf_release(&incidents);
	strbuf_release(&body);
	return code;
}

struct look {
	struct server *srv;
	bool seen; /* CPU use is known, so everything is that can be */
};

static void
on_sample(void *arg, const struct engine *e)
{
	struct look *look = arg;

	look->seen = engine_last(e)->present[METRIC_CPU_UTILIZATION];
	if (look->seen || engine_counts(e).samples >= 3)
		server_stop(look->srv);
}

/* One try is enough for a check: a node that cannot be reached or refuses ends it. */
static void
on_event(void *arg, struct node_event *ev)
{
	struct look *look = arg;

	if (ev->type == EVENT_NODE && ev->u.link.state != NODE_CONNECTING && ev->u.link.state != NODE_UP)
		server_stop(look->srv);
}

static int
judge(const struct settings *s, const struct engine *e)
{
	struct strbuf out = STRBUF_INIT;
	struct answer_json a;
	const char *detail;
	struct jsonw j;
	int code;

	if (engine_last(e) == NULL) {
		enum node_state state = engine_state(e, &detail, NULL);

		strbuf_addf(&out, "%s: %s", node_state_name(state), *detail ? detail : "no answer in time");
		code = print_unknown(s, engine_node(e), out.data);
	} else {
		jsonw_init(&j, &out);
		answer_json_init(&a, &j);
		answer_health(&a.base, e, clock_now_ms());
		code = print_health(s, engine_node(e), out.data, NULL);
	}
	strbuf_release(&out);
	return code;
}

static int
look_at(const struct settings *s, const char *local_name, const char *cookie)
{
	struct look look = { NULL, false };
	const struct server_options o = { .max_events = 100, .on_event = on_event, .arg = &look };
	struct links_options links_options = {
		.nodes = s->nodes,
		.node_count = 1,
		.local_name = local_name,
		.cookie = cookie,
		.tls_conf = s->tls_conf,
		.engine = engine_defaults(),
		.on_sample = on_sample,
		.arg = &look,
	};
	struct links *links;
	struct err err;
	int code;

	links_options.engine.interval_ms = LOOK_INTERVAL_MS;
	look.srv = server_new(&o);
	links = links_new(look.srv, &links_options, &err);
	if (links) {
		server_run(look.srv, s->timeout_ms);
		code = judge(s, server_engine(look.srv, 0));
	} else {
		code = print_unknown(s, s->nodes[0], err.text);
	}
	links_free(links);
	server_free(look.srv);
	return code;
}

static int
attach(const struct settings *s, const char *state_dir, const char *node)
{
	struct strbuf cookie = STRBUF_INIT;
	struct instance in;
	struct err err;
	int code;

	if (setup_cookie(s, &cookie, &err) && instance_take(&in, state_dir, INSTANCE_ONCE, &err)) {
		code = look_at(s, in.name, cookie.data);
		instance_release(&in);
	} else {
		code = print_unknown(s, node, err.text);
	}
	setup_wipe(&cookie);
	return code;
}

static int
run(const struct settings *s)
{
	char *state_dir = setup_state_dir(s);
	char node[NODE_NAME_MAX + 1];
	struct err err;
	uint16_t port;
	int code;

	/* The answer is the one line on stdout; a script has no use for the link's story unless it asks for it. */
	if (strcmp(s->log_level, "info") == 0)
		log_set_level(LOG_ERROR);
	if (!beam_parse_node(s->nodes[0], node, &port, &err))
		code = print_unknown(s, s->nodes[0], err.text);
	else if ((code = ask(s, state_dir, node)) < 0)
		code = attach(s, state_dir, node);
	free(state_dir);
	return code;
}

const struct command COMMAND_STATUS = {
	.name = "status",
	.arguments = "[options] NODE",
	.summary = "one check of a node; exit code 0 ok, 1 warning, 2 critical, 3 unknown",
	.help =
	    "Prints one line and ends with the exit code of the monitoring plugins: 0 ok, 1 warning, 2 critical, 3 "
	    "unknown (not\n"
	    "reachable, refused, no answer in time). If an arsenal of this state folder watches the node, it is "
	    "asked; otherwise the\n"
	    "node is looked at for two seconds by plain calls. What one look cannot see (restarts of the last five "
	    "minutes) is printed as\n"
	    "not observed, and is not judged. An arsenal that is asked also tells the incidents that are open, one a "
	    "line.\n",
	.options = FOR_STATUS,
	.usage_exit = VERDICT_UNKNOWN,
	.min_nodes = 1,
	.max_nodes = 1,
	.run = run,
};
