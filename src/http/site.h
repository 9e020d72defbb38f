/* SPDX-License-Identifier: Apache-2.0 */
/* What the resources share: where answers come from, and what is kept between requests. No sockets: requests in, replies out. */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include "http/download.h"
#include "http/events.h"
#include "http/exchange.h"
#include "http/http.h"
#include "http/prometheus.h"
#include "http/query.h"
#include "http/waiters.h"

struct http_server;

struct site {
	struct http_source source;
	struct events events;
	struct prometheus prometheus;
	struct waiters tree_waiters;
	struct downloads downloads;
	const struct http_server *server; /* for its counts; NULL: none */
};

/* What a route's handler gets. */
struct call {
	struct site *site;
	const struct request *rq;
	struct query query;
	char id[REPORT_ID_SIZE];   /* of {id} in the path */
	const struct engine *node; /* of {node} in the path, or of ?node= where the route takes it; else NULL */
	struct reply *rp;
};

void site_init(struct site *site, const struct http_source *source, size_t max_streams);
void site_release(struct site *site);
/* site_serve answers a request by its route (struct http_server_options.serve). */
void site_serve(void *site, const struct request *rq, struct reply *rp);

/* site_find returns the engine of a node, or NULL. */
const struct engine *site_find(const struct site *site, const char *name);
/* site_no_node makes the 404 for a node that is not watched: it names it and those that are. */
void site_no_node(const struct site *site, const char *name, struct reply *rp);

#endif
