/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arsenal demo: starts a small OTP application with real faults (otp/demo), and watches it. The node listens on a port of ours, so no EPMD is needed; its cookie is in
 * a file of its own; it ends when our end of its stdin closes, whatever way we end.
 */
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/embed.h"
#include "cmd/setup.h"
#include "cmd/watch.h"
#include "os/child.h"
#include "os/file.h"
#include "os/log.h"

#define DEMO_NODE "arsenal_demo@127.0.0.1"
#define START_MS 10000
#define GRACE_MS 3000

struct demo {
	struct strbuf dir; /* holds the beams and .erlang.cookie; it is the node's $HOME */
	struct strbuf cookie;
	struct child erl;
	uint16_t port;
	bool json;
	struct server *srv;
	struct event *node_ended;
	bool failed;
};

static bool
write_beams(struct demo *d, struct err *err)
{
	struct strbuf path = STRBUF_INIT;
	bool ok = true;

	for (const struct embedded_file *f = DEMO_FILES; ok && f->name; f++) {
		strbuf_reset(&path);
		strbuf_addf(&path, "%s/%s", d->dir.data, f->name);
		ok = file_write(path.data, 0600, f->data, f->len, err);
	}
	strbuf_release(&path);
	return ok;
}

/* The cookie is drawn once and kept, as ~/.erlang.cookie is: a second demo must not change it under a first one that is starting. */
static bool
keep_cookie(struct demo *d, struct err *err)
{
	struct strbuf path = STRBUF_INIT;
	uint64_t random[2];
	bool ok;

	strbuf_addf(&path, "%s/.erlang.cookie", d->dir.data);
	ok = setup_secret(path.data, "cookie", &d->cookie, err);
	if (!ok) {
		strbuf_reset(&d->cookie);
		ok = getrandom(random, sizeof(random), 0) == (ssize_t)sizeof(random);
		strbuf_addf(&d->cookie, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
		ok = ok && file_write(path.data, 0400, d->cookie.data, d->cookie.len, err);
	}
	strbuf_release(&path);
	return ok;
}

static bool
start_node(struct demo *d, struct err *err)
{
	char port[8];
	const char *argv[] = { "erl", "-noshell", "-pa", d->dir.data, "-name", DEMO_NODE, "-start_epmd", "false",
		"-erl_epmd_port", port, "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "-s", "arsenal_demo",
		"main", NULL };

	d->port = port_unused();
	if (d->port == 0)
		return err_set(err, "no free port on 127.0.0.1");
	snprintf(port, sizeof(port), "%u", d->port);
	if (!child_start(&d->erl, argv, d->dir.data, err)) {
		struct err cause = *err;

		return err_set(err, "%s; the demo needs Erlang: apt-get install erlang-base", cause.text);
	}
	/* Not to begin the show with a node that is not there yet. If it never comes, the link says so. */
	(void)!port_wait(d->port, &d->erl, START_MS);
	return true;
}

static void
on_node_ended(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct demo *d = arg;

	log_error("the demo's node ended by itself; what it said is above");
	d->failed = true;
	server_stop(d->srv);
}

static void
explain(struct server *srv)
{
	const char *address = server_http_address(srv);

	printf("\n"
	       "arsenal demo: a small shop (an OTP application with real faults) runs in node " DEMO_NODE
	       " and is watched.\n"
	       "\n");
	if (address)
		printf("  dashboard    http://%s/\n"
		       "  health       curl http://%s/api/v1/nodes/" DEMO_NODE "/health\n"
		       "  restarts     curl http://%s/api/v1/nodes/" DEMO_NODE "/restarts\n"
		       "  live events  curl -N http://%s/api/v1/events\n"
		       "  Prometheus   curl http://%s/metrics\n",
		    address, address, address, address, address);
	printf("\nIt begins quietly, so that arsenal learns what is normal; the faults come by a schedule. Below: the "
	       "schedule, what the shop\n"
	       "does (\"demo\"), and what arsenal sees. Ctrl-C ends both.\n\n");
	fflush(stdout);
}

static void
on_ready(void *arg, struct server *srv)
{
	struct demo *d = arg;

	d->srv = srv;
	d->node_ended = event_new(server_loop(srv), d->erl.exit_fd, EV_READ, on_node_ended, d);
	event_add(d->node_ended, NULL);
	if (!d->json)
		explain(srv);
}

static void
on_done(void *arg)
{
	struct demo *d = arg;

	event_free(d->node_ended);
}

static int
watch_demo(const struct settings *s, struct demo *d)
{
	const struct watch_hooks hooks = { on_ready, on_done, d };
	struct settings with_node = *s;
	char node[64];
	int code;

	snprintf(node, sizeof(node), DEMO_NODE ":%u", d->port);
	with_node.nodes[0] = node;
	with_node.node_count = 1;
	code = watch_run(&with_node, d->cookie.data, &hooks);
	return d->failed ? EXIT_FAILURE : code;
}

static int
run(const struct settings *s)
{
	struct demo d = { .dir = STRBUF_INIT, .cookie = STRBUF_INIT, .json = s->json };
	char *state_dir = setup_state_dir(s);
	int code = EXIT_FAILURE;
	struct err err;

	strbuf_addf(&d.dir, "%s/demo", state_dir);
	if (folder_make(d.dir.data, &err) && write_beams(&d, &err) && keep_cookie(&d, &err) && start_node(&d, &err)) {
		code = watch_demo(s, &d);
		child_stop(&d.erl, GRACE_MS);
	} else {
		log_error("%s", err.text);
	}
	setup_wipe(&d.cookie);
	strbuf_release(&d.dir);
	free(state_dir);
	return code;
}

const struct command COMMAND_DEMO = {
	.name = "demo",
	.arguments = "[options]",
	.summary = "start a small OTP application with real faults and watch it",
	.help = "Starts an Erlang node with a little shop in it, whose parts fail by a schedule (a flaky worker, a "
		"crashing pair, a periodic failure,\n"
		"a restart storm, a leak, a growing message queue, a CPU burst), and watches it like any other node. "
		"Needs \"erl\" in $PATH.\n",
	.options = FOR_DEMO,
	.usage_exit = EXIT_USAGE,
	.run = run,
};
