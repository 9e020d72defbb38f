/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: connections, limits, the guard, answers and streams. Its .c is the only file that knows the HTTP library (libevent's evhttp).
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "http/exchange.h"

struct event_base;
struct http_server;

struct http_server_options {
	const char *address;
	const char *token; /* NULL: none, then loopback only */
	size_t max_connections;
	/* answers a request; never blocks. `head` requests are answered like GET, and the server leaves the body out. */
	void (*serve)(void *arg, const struct request *rq, struct reply *rp);
	void *arg;
};

struct http_server_counts {
	uint64_t requests;
	uint64_t refused; /* by the guard, the token or the method, before any route was looked at */
	size_t connections;
};

struct http_server *http_server_new(
    struct event_base *base, const struct http_server_options *options, struct err *err) MUST_CHECK;
/* http_server_free closes all connections; streams' users get their `closed`. */
void http_server_free(struct http_server *s);
const char *http_server_address(const struct http_server *s);
struct http_server_counts http_server_counts(const struct http_server *s);

#endif
