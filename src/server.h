/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server owns the parts and the loop: links bring samples and restarts to the engines, the engines' events go to the event log, and from there to every
 * outlet. The rooms meet here and nowhere else.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/engine.h"

struct server;

struct server_options {
	const char *const *nodes; /* "name@host[:port]" */
	size_t node_count;
	const char *local_name; /* our own node name, kept (os/instance.h) */
	const char *cookie;
	bool inject;
	struct engine_options engine;
	size_t max_events;        /* kept for outlets that resume */
	const char *http_address; /* NULL: no HTTP */
	bool http_any_port;       /* if the address is in use, take a free port of the same host */
	const char *token;        /* for HTTP; may be NULL */
	/* For the console and one-shot commands; may be NULL. Called from the loop. */
	void (*on_event)(void *arg, const struct node_event *ev);
	void (*on_sample)(void *arg, struct server *srv, size_t node);
	void *arg;
};

/* server_new builds everything and listens; NULL and a reason that names the part that failed. */
struct server *server_new(const struct server_options *options, struct err *err) MUST_CHECK;
/* server_run turns the loop until server_stop, SIGINT or SIGTERM; timeout_ms > 0 ends it then at the latest. */
void server_run(struct server *srv, int64_t timeout_ms);
/* server_stop ends the loop at the end of this turn. */
void server_stop(struct server *srv);
void server_free(struct server *srv);

struct event_base *server_loop(struct server *srv);
size_t server_node_count(const struct server *srv);
const struct engine *server_engine(const struct server *srv, size_t node);
/* server_http_address is "127.0.0.1:4900", or NULL without HTTP. */
const char *server_http_address(const struct server *srv);

#endif
