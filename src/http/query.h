/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a request's target: percent-decoded, bounded, valid UTF-8, or refused with a reason that names the word. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define QUERY_MAX_PARAMS 16

struct query {
	size_t count;
	struct {
		const char *name;
		const char *value;
	} params[QUERY_MAX_PARAMS];
	char *text; /* private: what the params point into */
};

/*
 * percent_decode decodes len bytes into buf, which has room for len + 1 (it may be text itself), and terminates it. `plus`: a "+" is a space, as
 * in forms. False on a broken escape, on %00, and on bytes that are not UTF-8.
 */
bool percent_decode(char *buf, const char *text, size_t len, bool plus, struct err *err) MUST_CHECK;

/*
 * query_parse splits "a=1&b=x%20y" (NULL and "" have no parameters). False with a reason on a broken escape, a parameter given twice or
 * without a name, or more than QUERY_MAX_PARAMS. Release it in either case.
 */
bool query_parse(struct query *q, const char *text, struct err *err) MUST_CHECK;
void query_release(struct query *q);
/* query_get is the value, or NULL if there is no such parameter. */
const char *query_get(const struct query *q, const char *name);

/* number_parse reads a whole decimal number, nothing around it; false beyond max. */
bool number_parse(const char *text, uint64_t max, uint64_t *out) MUST_CHECK;

#endif
