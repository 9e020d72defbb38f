/* SPDX-License-Identifier: Apache-2.0 */
/* The outlet as a whole: a site behind a server, and a clock for the streams' pings. */
#include "http/http.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "http/resources.h"
#include "http/server.h"
#include "http/site.h"

#define DEFAULT_MAX_STREAMS 64
#define DEFAULT_MAX_CONNECTIONS 256
#define PING_S 15

struct http {
	struct site site;
	struct http_server *server;
	struct event *ping;
};

static void
on_ping(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct http *h = arg;

	events_ping(&h->site.events);
}

struct http *
http_new(struct event_base *base, const struct http_options *o, const struct http_source *source, struct err *err)
{
	const struct timeval every = { PING_S, 0 };
	struct http *h = xcalloc(1, sizeof(*h));
	struct http_server_options so = {
		.address = o->address,
		.token = o->token,
		.max_connections = o->max_connections ? o->max_connections : DEFAULT_MAX_CONNECTIONS,
		.serve = site_serve,
		.arg = &h->site,
	};

	site_init(&h->site, source, o->max_streams ? o->max_streams : DEFAULT_MAX_STREAMS);
	h->server = http_server_new(base, &so, err);
	h->site.server = h->server;
	h->ping = event_new(base, -1, EV_PERSIST, on_ping, h);
	event_add(h->ping, &every);
	if (h->server)
		return h;
	http_free(h);
	return NULL;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	http_server_free(h->server);
	event_free(h->ping);
	site_release(&h->site);
	free(h);
}

const char *
http_address(const struct http *h)
{
	return http_server_address(h->server);
}

void
http_pump(struct http *h)
{
	events_pump(&h->site.events);
}

void
http_tree(struct http *h, const struct engine *e, enum request_result result, const char *why)
{
	resource_tree_came(&h->site, e, result, why);
}
