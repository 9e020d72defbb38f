/* SPDX-License-Identifier: Apache-2.0 */
/* arsenal watch: links to the nodes, the outlets, and the console as one more outlet. */
#include "cmd/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beam/watch.h"
#include "cmd/setup.h"
#include "engine/answer.h"
#include "flight/report_files.h"
#include "links.h"
#include "os/clock.h"
#include "os/log.h"
#include "recorder.h"
#include "replay/tape.h"

struct console {
	bool json;
	bool colour;
};

static void
print_event(void *arg, struct node_event *ev)
{
	const struct console *c = arg;
	struct strbuf line = STRBUF_INIT;
	struct answer_json a;
	struct jsonw j;

	if (!c->json && answer_is_told_by_incident(ev))
		return;
	if (c->json) {
		jsonw_init(&j, &line);
		answer_json_init(&a, &j);
		answer_event(&a.base, ev);
	} else {
		answer_event_text(&line, ev, c->colour);
	}
	strbuf_addc(&line, '\n');
	fwrite(line.data, 1, line.len, stdout);
	fflush(stdout);
	strbuf_release(&line);
}

static bool
listen_on(struct server *srv, const struct settings *s, struct err *err)
{
	struct strbuf token = STRBUF_INIT;
	bool ok;

	if (strcmp(s->http, "off") == 0)
		return true;
	ok = (s->token_file == NULL || setup_secret(s->token_file, "token", &token, err)) &&
	    server_listen(srv, s->http, s->token_file ? token.data : NULL, !s->http_given, err);
	setup_wipe(&token);
	return ok;
}

static bool
announce(struct server *srv, struct instance *in, struct err *err)
{
	const char *address = server_http_address(srv);

	log_info("our node name is %s", in->name);
	if (address == NULL)
		return true;
	log_info("listening on http://%s/", address);
	return instance_publish(in, address, err);
}

static void
on_notice(void *arg UNUSED, bool warning, const char *text)
{
	log_write(warning ? LOG_WARNING : LOG_INFO, "%s", text);
}

/* open_store: true without one, if none is wanted. */
static bool
open_store(struct server *srv, struct links_options *o, const struct settings *s, struct err *err)
{
	static const struct store_handlers handlers = { .notice = on_notice };

	if (s->store == NULL)
		return true;
	recorder_options(&o->engine);
	o->store = recorder_open(srv, s->store, &o->engine, (uint64_t)s->store_max, &handlers, NULL, err);
	return o->store != NULL;
}

/* begin_tape: true without one, if none is wanted. */
static bool
begin_tape(struct links_options *o, const struct settings *s, struct err *err)
{
	if (s->record == NULL)
		return true;
	o->tape = tape_new(s->record, (uint64_t)s->record_max, clock_now_ms(), err);
	return o->tape != NULL;
}

/* serve runs between having a name and giving it back. */
static bool
serve(struct server *srv, struct links_options *o, const struct settings *s, struct instance *in,
    const struct watch_hooks *hooks, struct err *err)
{
	bool begun = open_store(srv, o, s, err) && begin_tape(o, s, err);
	struct links *links = begun ? links_new(srv, o, err) : NULL;
	bool ok = links && listen_on(srv, s, err) && announce(srv, in, err);

	if (ok && hooks && hooks->on_ready)
		hooks->on_ready(hooks->arg, srv);
	if (ok)
		server_run(srv, 0);
	if (ok && hooks && hooks->on_done)
		hooks->on_done(hooks->arg);
	links_free(links);
	tape_free(o->tape);
	recorder_close(srv, o->store);
	return ok;
}

int
watch_run(const struct settings *s, const char *cookie, const struct watch_hooks *hooks)
{
	struct console console = { s->json, isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL };
	const struct server_options o = {
		.max_events = (size_t)s->max_events,
		.on_event = print_event,
		.arg = &console,
	};
	struct links_options links = {
		.nodes = s->nodes,
		.node_count = s->node_count,
		.cookie = cookie,
		.tls_conf = s->tls_conf,
		.inject = !s->no_inject,
		.engine = setup_engine(s),
	};
	char *state_dir = setup_state_dir(s);
	char *reports = report_files_folder(s->reports, s->store, state_dir);
	struct instance in;
	struct err err;
	bool ok = instance_take(&in, state_dir, INSTANCE_WATCH, &err);

	if (ok) {
		struct server *srv = server_new(&o);

		links.local_name = in.name;
		links.reports = reports;
		ok = serve(srv, &links, s, &in, hooks, &err);
		server_free(srv);
		instance_release(&in);
	}
	if (!ok)
		log_error("%s", err.text);
	free(reports);
	free(state_dir);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(const struct settings *s)
{
	struct strbuf cookie = STRBUF_INIT;
	char name[NODE_NAME_MAX + 1];
	int code = EXIT_FAILURE;
	uint16_t port;
	struct err err;

	for (size_t i = 0; i < s->node_count; i++)
		if (!beam_parse_node(s->nodes[i], name, &port, &err)) {
			log_error("%s", err.text);
			return EXIT_USAGE;
		}
	if (setup_cookie(s, &cookie, &err))
		code = watch_run(s, cookie.data, NULL);
	else
		log_error("%s", err.text);
	setup_wipe(&cookie);
	return code;
}

const struct command COMMAND_WATCH = {
	.name = "watch",
	.arguments = "[options] NODE...",
	.summary = "watch nodes: restarts, health and anomalies on the console, the dashboard, the API, /metrics",
	.help =
	    "Attaches to each NODE as a hidden node, with nothing installed there: a small probe is loaded into it and "
	    "leaves\n"
	    "with arsenal, whatever way arsenal ends. A node that is down is waited for.\n"
	    "\n"
	    "NODE is name@host, or name@host:port to do without EPMD; an IPv6 address is written name@[::1] or\n"
	    "name@[::1]:port. The cookie is read from a file, never from the command line. Run it as a user that may\n"
	    "read the cookie, for example:\n"
	    "\n"
	    "  arsenal watch --cookie-file /var/lib/rabbitmq/.erlang.cookie rabbit@$(hostname -s)\n"
	    "\n"
	    "Nodes with TLS distribution need --tls-conf: a file like their ssl_dist_optfile, of which the client "
	    "options\n"
	    "are used, for example:\n"
	    "\n"
	    "  [{client, [{certfile, \"us.pem\"}, {keyfile, \"us.key\"}, {cacertfile, \"ca.pem\"}]}].\n"
	    "\n"
	    "With --store what happened is kept in a file, and is there again after arsenal was ended, killed or "
	    "updated.\n"
	    "\n"
	    "With --record everything that the nodes say is recorded, some 10 MB a day and node if the file's name "
	    "ends in\n"
	    ".zst: \"arsenal replay\" makes the same findings of it, as often as you like.\n"
	    "\n"
	    "Events go to stdout, one a line; what happens to the links goes to stderr.\n",
	.options = FOR_WATCH,
	.usage_exit = EXIT_USAGE,
	.min_nodes = 1,
	.max_nodes = SETTINGS_MAX_NODES,
	.run = run,
};
