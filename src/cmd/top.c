/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arsenal top: the terminal view of an arsenal that runs, or else of a node that is linked by this program itself. Either way the view asks over HTTP: an own link has a
 * server of its own behind it, on a free port of the loopback, with a token that nobody else has.
 */
#include <event2/event.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "beam/watch.h"
#include "cmd/ask.h"
#include "cmd/setup.h"
#include "http/address.h"
#include "links.h"
#include "os/log.h"
#include "tui/tui.h"

#define CHECK_MS 2000
/* While nobody answers the screen must not wait for others for long. */
#define RECHECK_MS 300
#define MAX_PLACES 16
#define MAX_EVENTS 10000

/* Where an arsenal may answer. */
struct place {
	char host[64]; /* numeric */
	uint16_t port;
};

struct search {
	const struct settings *settings;
	const char *state_dir;
	const char *token;
	const char *node; /* NULL: any */
	struct place places[MAX_PLACES];
	size_t count;
};

/* ---- which arsenals there are ----------------------------------------------------------------------------------------- */

/* add_places: a name may have several addresses, of which one is listened on. */
static void
add_places(struct search *s, const char *text)
{
	const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	struct address at;

	if (!address_parse(&at, text, NULL) || getaddrinfo(at.host, NULL, &wanted, &all) != 0)
		return;
	for (const struct addrinfo *a = all; a && s->count < MAX_PLACES; a = a->ai_next) {
		struct place *p = &s->places[s->count];

		p->port = at.port;
		s->count +=
		    getnameinfo(a->ai_addr, a->ai_addrlen, p->host, sizeof(p->host), NULL, 0, NI_NUMERICHOST) == 0;
	}
	freeaddrinfo(all);
}

static void
find_places(struct search *s)
{
	char address[128];

	s->count = 0;
	if (s->settings->http)
		add_places(s, s->settings->http);
	for (int i = 0; s->settings->http == NULL && i < INSTANCE_SLOTS; i++)
		if (instance_running(s->state_dir, i, address, sizeof(address)))
			add_places(s, address);
}

/* answers: it is an arsenal, and has the node. */
static bool
answers(const struct search *s, const struct place *p, long timeout_ms)
{
	char address[sizeof(p->host) + 16];
	const struct ask a = { .address = address, .token = s->token, .timeout_ms = timeout_ms };
	struct strbuf path = STRBUF_INIT, body = STRBUF_INIT;
	bool yes;

	snprintf(address, sizeof(address), strchr(p->host, ':') ? "[%s]:%u" : "%s:%u", p->host, p->port);
	strbuf_adds(&path, "/api/v1/nodes");
	if (s->node) {
		strbuf_addc(&path, '/');
		ask_add_escaped(&path, s->node);
	}
	yes = ask_path(&a, path.data, &body);
	strbuf_release(&path);
	strbuf_release(&body);
	return yes;
}

static const struct place *
find_answering(const struct search *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (answers(s, &s->places[i], CHECK_MS))
			return &s->places[i];
	return NULL;
}

/* One that went away may be back at another port; another one may have the node. One is asked at a time: the screen waits for it. */
static bool
on_find(void *arg, unsigned tries, char *host, size_t size, uint16_t *port)
{
	struct search *s = arg;
	const struct place *p;

	if (s->settings->http == NULL)
		find_places(s);
	p = s->count ? &s->places[tries % s->count] : NULL;
	if (p == NULL || !answers(s, p, RECHECK_MS))
		return false;
	snprintf(host, size, "%s", p->host);
	*port = p->port;
	return true;
}

/* ---- the view --------------------------------------------------------------------------------------------------------- */

static bool
show(const struct settings *s, struct tui_options *o, struct err *err)
{
	o->panel = s->panel;
	o->refresh_ms = s->refresh_ms;
	o->timeout_ms = s->timeout_ms;
	return s->once ? tui_print(o, err) : tui_run(o, err);
}

static bool
show_running(struct search *s, const struct place *p, struct err *err)
{
	char origin[sizeof(p->host) + 32];
	struct tui_options o = { .host = p->host,
		.port = p->port,
		.token = s->token,
		.origin = origin,
		.node = s->node,
		.find = on_find,
		.arg = s };
	bool ok;

	snprintf(origin, sizeof(origin), "watch at %s:%u", p->host, p->port);
	o.loop = event_base_new();
	ok = show(s->settings, &o, err);
	event_base_free(o.loop);
	return ok;
}

/* ---- a link of our own ------------------------------------------------------------------------------------------------ */

static bool
draw_token(char token[33], struct err *err)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_set(err, "no random numbers for a token");
	snprintf(token, 33, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
	return true;
}

static bool
show_server(const struct settings *s, struct server *srv, const char *node, const char *token, struct err *err)
{
	struct tui_options o = {
		.loop = server_loop(srv), .token = token, .origin = "linked by itself", .node = node, .settle = true
	};
	struct address at;

	if (!address_parse(&at, server_http_address(srv), err))
		return false;
	o.host = at.host;
	o.port = at.port;
	return show(s, &o, err);
}

static bool
show_linked(const struct settings *s, const char *node, const char *local_name, const char *cookie, struct err *err)
{
	const struct server_options so = { .max_events = MAX_EVENTS };
	const struct links_options lo = {
		.nodes = s->nodes,
		.node_count = 1,
		.local_name = local_name,
		.cookie = cookie,
		.tls_conf = s->tls_conf,
		.inject = !s->no_inject,
		.engine = setup_engine(s),
	};
	struct server *srv = server_new(&so);
	struct links *links = links_new(srv, &lo, err);
	char token[33];
	bool ok = links && draw_token(token, err) && server_listen(srv, "127.0.0.1:0", token, false, err) &&
	    show_server(s, srv, node, token, err);

	links_free(links);
	server_free(srv);
	return ok;
}

static bool
link_and_show(const struct settings *s, const char *state_dir, const char *node, struct err *err)
{
	struct strbuf cookie = STRBUF_INIT;
	struct instance in;
	bool ok = setup_cookie(s, &cookie, err) && instance_take(&in, state_dir, INSTANCE_WATCH, err);

	if (ok) {
		ok = show_linked(s, node, in.name, cookie.data, err);
		instance_release(&in);
	}
	setup_wipe(&cookie);
	return ok;
}

/* ---- the command ------------------------------------------------------------------------------------------------------ */

static bool
show_any(struct search *s, struct err *err)
{
	const struct place *p;

	find_places(s);
	p = find_answering(s);
	/* Who is named is waited for. */
	if (p == NULL && s->settings->http)
		p = s->count ? &s->places[0] : NULL;
	if (p)
		return show_running(s, p, err);
	if (s->settings->http)
		return err_set(err, "--http %s: no such address", s->settings->http);
	if (s->node)
		return link_and_show(s->settings, s->state_dir, s->node, err);
	if (s->count)
		return err_set(err,
		    "the arsenal that runs with the state folder %s does not answer, or wants its token (--token-file)",
		    s->state_dir);
	return err_set(err,
	    "no arsenal watches with the state folder %s; name a node (arsenal top rabbit@myhost), or an arsenal "
	    "(--http ADDR:PORT)",
	    s->state_dir);
}

static int
run(const struct settings *s)
{
	char *state_dir = setup_state_dir(s);
	struct search search = { .settings = s, .state_dir = state_dir };
	struct strbuf token = STRBUF_INIT;
	char node[NODE_NAME_MAX + 1];
	struct err err;
	uint16_t port;
	bool ok = s->node_count == 0 || beam_parse_node(s->nodes[0], node, &port, &err);

	/* What is printed is the answer; the link's story is for those who ask for it. */
	if (s->once && strcmp(s->log_level, "info") == 0)
		log_set_level(LOG_ERROR);
	search.node = s->node_count ? node : NULL;
	ok = ok && (s->token_file == NULL || setup_secret(s->token_file, "token", &token, &err));
	search.token = s->token_file ? token.data : NULL;
	ok = ok && show_any(&search, &err);
	if (!ok)
		log_error("%s", err.text);
	setup_wipe(&token);
	free(state_dir);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command COMMAND_TOP = {
	.name = "top",
	.arguments = "[options] [NODE]",
	.summary = "live view in the terminal: nodes, health, processes, restarts, incidents, tree",
	.help = "Shows what an arsenal that runs with this state folder knows, of all its nodes or of NODE; if none "
		"watches NODE, it is\n"
		"linked as by \"arsenal watch\", for as long as this runs. With --once one whole screen is printed, as "
		"text.\n"
		"\n"
		"The keys are those of htop and observer_cli where they have one; h or F1 lists them all:\n"
		"\n"
		"  F1 h ?           help                         F4 \\          filter rows\n"
		"  F3 /  n          search, and go on            F6 >  <  I     sort by the next column, the one "
		"before, inverted\n"
		"  l mq  m  r  b    processes by queue, memory, reductions, binary memory\n"
		"  Enter, Esc       look into a row, and back    Tab, 1 to 7    panels: processes, restarts, "
		"incidents, events, tree,\n"
		"  Space            hold still                                  ahead, memory\n"
		"  [ ]              charts over 10 min to 24 h   d D            refresh less or more often\n"
		"  F10 q            quit\n"
		"\n"
		"NO_COLOR is obeyed; where the locale is not UTF-8 plain characters are drawn.\n",
	.options = FOR_TOP,
	.usage_exit = EXIT_USAGE,
	.min_nodes = 0,
	.max_nodes = 1,
	.run = run,
};
