/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What many restarts have in common, as bytes: {1, Supervisor, Key, Child, Reason, RestartType, Group}. A crash loop repeats it thousands of
 * times, so the file keeps it once, and of each restart little more than its time and pid. Restarts with equal bytes are one line of
 * a tally.
 */
#ifndef STORE_CAUSE_CODE_H
#define STORE_CAUSE_CODE_H

#include "base/attr.h"
#include "base/strbuf.h"
#include "model/restart.h"

void cause_code_write(struct strbuf *out, const struct restart *r);
/*
 * cause_code_read sets those fields of r, which is empty otherwise; the terms are the caller's (restart_release). False, and r is empty, if
 * the bytes are not what cause_code_write writes.
 */
bool cause_code_read(const void *data, size_t len, struct restart *r) MUST_CHECK;
/* cause_code_coarse appends the cause without its reason; false if the bytes are none. */
bool cause_code_coarse(const void *data, size_t len, struct strbuf *out) MUST_CHECK;

#endif
