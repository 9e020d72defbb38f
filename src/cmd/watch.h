/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include "cmd/settings.h"
#include "server.h"

/*
 * watch_run watches the nodes of the settings with this cookie until a signal, and prints the events; on_ready (may be NULL) is called once, when everything
 * is set up. Returns the exit code.
 */
int watch_run(const struct settings *s, const char *cookie, void (*on_ready)(void *arg, struct server *srv), void *arg);

#endif
