/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server owns the loop, the nodes' engines, the event log and HTTP: whoever brings samples and restarts puts them into an engine and says so, the
 * engines' events go to the event log, and from there to every outlet. What brings them is a link that the server does not know: `arsenal watch` has its
 * links in links.h, the port program its own in application.h.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "engine/engine.h"
#include "model/request.h"

struct event_base;
struct flight;
struct server;
struct store;
struct server_node;

struct server_options {
	size_t max_events; /* kept for outlets that resume */
	bool
	    no_interrupt; /* SIGINT is not for us: the terminal's Ctrl-C belongs to the program that started this one */
	/* Time for everything (engine time); NULL: clock_now_ms. */
	int64_t (*now_ms)(void *arg);
	/* For the console and one-shot commands; may be NULL. Called as soon as an event is there, before the input that brought it is over. */
	void (*on_event)(void *arg, struct node_event *ev);
	void *arg;
};

struct server *server_new(const struct server_options *options);
/* server_listen starts HTTP. any_port: if the address is in use, a free port of the same host will do. False with a reason otherwise. */
bool server_listen(
    struct server *srv, const char *address, const char *token, bool any_port, struct err *err) MUST_CHECK;
/* server_add makes an engine for a node; false with a reason if one of that name is there. */
struct server_node *server_add(
    struct server *srv, const char *name, const struct engine_options *options, struct err *err) MUST_CHECK;
/* server_node_stats: who adds figures of the node's link to the node's own, in an open object; NULL: nobody. */
void server_node_stats(struct server_node *n, void (*stats)(const void *arg, struct jsonw *j), const void *arg);
/*
 * server_node_ask: who asks the node for its supervision tree; NULL: nobody. It returns REQUEST_UNDER_WAY, and then tells server_node_tree once what came of it,
 * or why it cannot ask. It is not called again before.
 */
void server_node_ask(struct server_node *n, enum request_result (*ask_tree)(void *arg), void *arg);
/* server_node_tree takes the tree over (with REQUEST_ANSWERED); `why` is a line for a person. */
void server_node_tree(struct server_node *n, enum request_result result, struct tree *t, const char *why);
/*
 * server_node_taker: who takes the node's events before all outlets do (its history on disk), and then, also when there are none, what else its engine has to
 * hand over after an input or as time passed; NULL: nobody.
 */
void server_node_taker(
    struct server_node *n, void (*event)(void *arg, struct node_event *ev), void (*rest)(void *arg), void *arg);
struct engine *server_node_engine(struct server_node *n);
/* server_node_changed is called after every input to the engine: its events go to the outlets. */
void server_node_changed(struct server_node *n);

/* server_reports: whose post-mortems HTTP lists; NULL: none. */
void server_reports(struct server *srv, const struct flight *f);
/* server_store: whose figures are among the server's; NULL: there is no history on disk. */
void server_store(struct server *srv, const struct store *store);

/* server_run turns the loop until server_stop, SIGINT or SIGTERM; timeout_ms > 0 ends it then at the latest. */
void server_run(struct server *srv, int64_t timeout_ms);
/* server_stop ends the loop at the end of this turn. */
void server_stop(struct server *srv);
void server_free(struct server *srv);

struct event_base *server_loop(struct server *srv);
int64_t server_now_ms(const struct server *srv);
size_t server_node_count(const struct server *srv);
const struct engine *server_engine(const struct server *srv, size_t node);
/* server_http_address is "127.0.0.1:4900", or NULL without HTTP. */
const char *server_http_address(const struct server *srv);

#endif
