/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node sends goes into its engine, and what the engine made of it into the node's history on disk, in that order, so that an engine that is
 * restored counts as this one does. Whoever brings a node's inputs (links.h, application.h) brings them here.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "server.h"
#include "store/store.h"

struct recorder {
	struct server_node *node;
	struct engine *engine;   /* the node's */
	struct store_node *kept; /* NULL: nothing is kept on disk */
};

/* recorder_options sets what an engine must do so that its history can be kept. */
void recorder_options(struct engine_options *o);
/*
 * recorder_open opens the file, with the engines' retention; its figures are the server's from then on. max_bytes, handlers, arg and errors as for
 * store_open.
 */
struct store *recorder_open(struct server *srv, const char *path, const struct engine_options *o, uint64_t max_bytes,
    const struct store_handlers *handlers, void *arg, struct err *err) MUST_CHECK;
/* recorder_close commits what is there (store_close). NULL is fine. Recorders take nothing afterwards. */
void recorder_close(struct server *srv, struct store *store);

/* recorder_init: r stays where it is, and lives until server_node_taker(node, NULL, NULL, NULL) or the server's end. kept may be NULL. */
void recorder_init(struct recorder *r, struct server_node *node, struct store_node *kept);
/* recorder_restore reads the history into the engine, and returns the session's last mark (store_restore). Before the first input of any node. */
uint64_t recorder_restore(struct recorder *r, int64_t now_ms);

/* Inputs, as the engine has them; the server is told that the node changed. */
void recorder_sample(struct recorder *r, int64_t now_ms, const struct sample *s);
void recorder_restart(struct recorder *r, int64_t now_ms, const struct restart *report);
void recorder_lost_restarts(struct recorder *r, int64_t now_ms, uint64_t count);
/* recorder_incident keeps a post-mortem's record, in the place of the one with that id. */
void recorder_incident(struct recorder *r, const char *id, int64_t time_ms, const struct strbuf *json);
void recorder_supervisor(struct recorder *r, int64_t now_ms, const struct supervisor_facts *f);

#endif
