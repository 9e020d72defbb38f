/* SPDX-License-Identifier: Apache-2.0 */
/* A shared library that is loaded when it is needed for the first time, for what few need: linked, it would cost every `watch` memory. */
#ifndef REPLAY_LIBRARY_H
#define REPLAY_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct symbol {
	const char *name;
	void *at; /* of the function pointer that is set */
};

/* library_load sets all of them; it stays loaded. False with a reason that names the Debian package that is missing. */
bool library_load(
    const char *library, const char *package, const struct symbol *symbols, size_t count, struct err *err) MUST_CHECK;

#endif
