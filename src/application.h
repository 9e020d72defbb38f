/* SPDX-License-Identifier: Apache-2.0 */
/* The engine inside an application: the router's port, the conversation with it, the server and the store meet here (doc/port.md). */
#ifndef APPLICATION_H
#define APPLICATION_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/*
 * application_run serves the router on two descriptors until they are closed or SIGTERM comes, and commits what it has. *code is the exit code. False
 * with a reason if the descriptors are not those of a router.
 */
bool application_run(int in_fd, int out_fd, int *code, struct err *err) MUST_CHECK;

#endif
