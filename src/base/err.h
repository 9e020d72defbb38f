/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reason for a person, filled where it is known and printed once at the edge. Functions that can fail for a
 * peer's or a user's reason take a `struct err *` and return false (or NULL); programmer errors assert.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#include "base/attr.h"

struct err {
	char text[512]; /* always terminated; a longer reason is cut */
};

/* err_set writes the reason and returns false, so that `return err_set(err, …)` reads as it is. err may be NULL. */
bool err_set(struct err *err, const char *fmt, ...) PRINTF(2, 3);

#endif
