/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks an arsenal over HTTP, and follows its events: never blocks, one question after the other on a connection that is kept. All
 * callbacks come from the loop. What fails is told; when to try again is the asker's business, but for the stream of events, which comes back by
 * itself, behind the last event that it had.
 */
#ifndef TUI_CLIENT_H
#define TUI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct client;

struct client_user {
	/*
	 * The answer to a question: status is HTTP's, and body what came with it (not terminated); or status is 0, and body says why there is no answer. It may ask
	 * nothing from here.
	 */
	void (*answer)(void *arg, unsigned tag, int status, const char *body, size_t len);
	void (*event)(void *arg, const char *data, size_t len);
	/* The stream of events is there (why is NULL), or not, and why. */
	void (*stream)(void *arg, const char *why);
	void *arg;
};

/* client_new takes a numeric host. token: NULL for none. It must be freed outside of its callbacks. */
struct client *client_new(
    struct event_base *loop, const char *host, uint16_t port, const char *token, const struct client_user *user);
void client_free(struct client *c);
/*
 * client_ask asks for a path; `tag` comes back with the answer. slow: it may take long, so others do not wait behind it.
 */
void client_ask(struct client *c, unsigned tag, const char *path, bool slow);
/* client_follow begins with the events behind that id ("0": all that are kept). */
void client_follow(struct client *c, const char *last_event_id);

#endif
