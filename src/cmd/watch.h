/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include "cmd/settings.h"
#include "server.h"

/* What a command hangs on to a watch; functions may be NULL. */
struct watch_hooks {
	void (*on_ready)(void *arg, struct server *srv); /* everything is set up; the loop begins to turn */
	void (*on_done)(void *arg);                      /* the loop has ended; the server is about to be freed */
	void *arg;
};

/*
 * watch_run watches the nodes of the settings with this cookie until a signal, and prints the events. hooks may be NULL. Returns the exit code.
 */
int watch_run(const struct settings *s, const char *cookie, const struct watch_hooks *hooks);

#endif
