/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer, as the resources see them: no HTTP library in sight. The server (server.h) fills the one and sends the other.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/jsonw.h"
#include "base/strbuf.h"

#define REPLY_MAX_HEADERS 6
#define REPLY_HEADER_SIZE 160

#define TYPE_JSON "application/json; charset=utf-8"

/* What came; the texts belong to the server and are valid until the answer is made. */
struct request {
	const char *path;  /* starts with "/", not decoded */
	const char *query; /* not decoded; NULL if there is none */
	const char *if_none_match;
	const char *accept_encoding; /* NULL: not told, so for the others */
	const char *last_event_id;
	bool authorized; /* no token is set, or it was shown */
};

/* The carrier of an answer that is made bit by bit: an endless one, or one that is too long to be made at once. */
struct stream;

/* stream_send queues bytes; it never blocks and never frees the stream. */
void stream_send(struct stream *s, const void *data, size_t len);
/* stream_pending: bytes queued that the client has not taken yet. */
size_t stream_pending(const struct stream *s);

/* stream_end: the answer is whole. The user gets its `closed`; the stream is gone. */
void stream_end(struct stream *s);

/* Who feeds a stream. Callbacks come from the loop. */
struct stream_user {
	unsigned stall_s; /* a client that takes nothing for so long is given up */
	void (*opened)(void *arg, struct stream *s);
	void (*drained)(void *arg); /* the client has taken all that was queued */
	void (*closed)(void *arg);  /* once and last, also if it was never opened; the stream is gone */
};

/* The carrier of an answer that comes later. */
struct deferred;

struct reply;

/* deferred_send sends the answer; the carrier is gone then, and the user hears no more of it. */
void deferred_send(struct deferred *d, const struct reply *rp);

/* Who owes an answer. Callbacks come from the loop. */
struct deferred_user {
	void (*opened)(void *arg, struct deferred *d);
	void (*closed)(void *arg); /* the client went before it was answered */
};

struct reply {
	int status; /* 200 unless set */
	const char *type;
	struct strbuf body;
	/* A body that need not be copied, instead: static memory. */
	const void *file;
	size_t file_len;
	size_t header_count;
	struct {
		const char *name;
		char value[REPLY_HEADER_SIZE];
	} headers[REPLY_MAX_HEADERS];
	/* Set for an answer that is made bit by bit: no body then. To HEAD, `closed` is all that is called. */
	const struct stream_user *stream;
	void *stream_arg;
	/* Set for an answer that comes later: no body then. */
	const struct deferred_user *deferred;
	void *deferred_arg;
};

void reply_init(struct reply *rp);
void reply_release(struct reply *rp);
/* reply_header adds a header; the name is a literal. */
void reply_header(struct reply *rp, const char *name, const char *fmt, ...) PRINTF(3, 4);
/* reply_json begins a JSON body. */
void reply_json(struct reply *rp, struct jsonw *j);
/* reply_error makes the answer {"error": {"status": …, "message": …}}. Foreign text in it may hold anything. */
void reply_error(struct reply *rp, int status, const char *fmt, ...) PRINTF(3, 4);

#endif
