/* SPDX-License-Identifier: Apache-2.0 */
/* What `arsenal watch` gives a server: hidden links to nodes, which bring samples and restarts to the nodes' engines. */
#ifndef LINKS_H
#define LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/engine.h"
#include "server.h"
#include "store/store.h"

struct links;
struct tape;

struct links_options {
	const char *const *nodes; /* "name@host[:port]" */
	size_t node_count;
	const char *local_name; /* our own node name, kept (os/instance.h) */
	const char *cookie;
	const char *tls_conf; /* file (beam/tls_conf.h); NULL: plain distribution */
	bool inject;
	struct engine_options engine;
	struct store *store; /* where the nodes' history is kept; NULL: nowhere. It outlives the links' inputs */
	struct tape *tape;   /* records the nodes' inputs (replay/tape.h); NULL: nobody. It outlives the links */
	const char
	    *reports; /* folder of the nodes' post-mortems; NULL: they go into the store alone, if there is one */
	/* For one-shot commands; may be NULL. Called from the loop. */
	void (*on_sample)(void *arg, const struct engine *e);
	void *arg;
};

/* links_new adds the nodes to the server and starts to connect; NULL and a reason that names the node that is wrong. */
struct links *links_new(struct server *srv, const struct links_options *options, struct err *err) MUST_CHECK;
/* links_free cuts the links; before server_free. NULL is fine. */
void links_free(struct links *l);

#endif
