/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP outlet: dashboard, API, event stream, Prometheus. It sees the rest of the program only through `struct
 * http_source`.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/jsonw.h"
#include "engine/engine.h"
#include "eventlog.h"
#include "model/request.h"
#include "report/report_format.h"
#include "report/report_head.h"

struct event_base;
struct http;

/* Figures of the history on disk. */
struct http_store {
	uint64_t committed; /* rows */
	uint64_t dropped;   /* rows that are lost: the disk did not take them in time */
	uint64_t bytes;     /* size of the file */
	bool failing;       /* it cannot be written at present */
};

/* What the server lends to the outlets. All functions are called from the loop. */
struct http_source {
	void *arg;
	int64_t (*now_ms)(void *arg);
	size_t (*node_count)(void *arg);
	const struct engine *(*node)(void *arg, size_t i);
	const struct eventlog *(*events)(void *arg);
	/* writes the program's own figures as fields of an open JSON object ("/api/v1/stats") */
	void (*stats)(void *arg, struct jsonw *j);
	/* has the node asked for its supervision tree: REQUEST_UNDER_WAY, and then http_tree tells what came of it; or why it cannot be asked */
	enum request_result (*ask_tree)(void *arg, const struct engine *e);
	/* false: there is no history on disk */
	bool (*store)(void *arg, struct http_store *out);
	/* the post-mortems that are kept, newest first */
	size_t (*reports)(void *arg, const struct report_head **heads);
	/* appends one of them; false with a reason if there is none of that id */
	bool (*report)(void *arg, const char *id, enum report_format format, struct strbuf *out, struct err *err);
};

struct http_options {
	const char *address;    /* "127.0.0.1:8080", "[::1]:0"; port 0 takes a free one */
	size_t max_streams;     /* event streams at a time; 0 for the default (64) */
	size_t max_connections; /* 0 for the default (256) */
	const char
	    *token; /* NULL: none. Without one, addresses that are not loopback are refused (contract, section 11) */
};

/* http_new listens; NULL and a reason that names the address otherwise. */
struct http *http_new(struct event_base *base, const struct http_options *options, const struct http_source *source,
    struct err *err) MUST_CHECK;
void http_free(struct http *h);
/* http_address is what it listens on, with the real port: "127.0.0.1:43210". */
const char *http_address(const struct http *h);
/* http_pump sends new events to the streams. The server calls it whenever events have been added. */
void http_pump(struct http *h);

/* http_tree: what came of the question for the node's tree. An answer is in the engine. */
void http_tree(struct http *h, const struct engine *e, enum request_result result, const char *why);

#endif
