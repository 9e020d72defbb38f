/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A streaming JSON writer (the w keeps it apart from jansson, which reads): values go straight into a strbuf, commas are placed by themselves.
 *
 *	struct jsonw j;
 *	jsonw_init(&j, &out);
 *	jsonw_object(&j);
 *	jsonw_key(&j, "node"); jsonw_str(&j, "a@h");
 *	jsonw_end(&j);
 *
 * Strings are made valid UTF-8 (an invalid byte becomes U+FFFD). A number that JSON cannot hold (NaN, infinity) becomes
 * null.
 */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define JSONW_MAX_DEPTH 32

struct jsonw { /* private */
	struct strbuf *out;
	int depth;
	bool comma[JSONW_MAX_DEPTH];
	bool after_key;
	char close[JSONW_MAX_DEPTH];
};

void jsonw_init(struct jsonw *j, struct strbuf *out);
void jsonw_object(struct jsonw *j);
void jsonw_array(struct jsonw *j);
/* jsonw_end closes the innermost object or array. */
void jsonw_end(struct jsonw *j);
void jsonw_key(struct jsonw *j, const char *key);
void jsonw_str(struct jsonw *j, const char *s); /* NULL writes null */
void jsonw_strn(struct jsonw *j, const char *s, size_t len);
void jsonw_int(struct jsonw *j, int64_t v);
void jsonw_uint(struct jsonw *j, uint64_t v);
/* jsonw_double writes the shortest text that reads back as the same double; whole numbers without a fraction. */
void jsonw_double(struct jsonw *j, double v);
/* jsonw_rounded is jsonw_double, many times as fast, for columns of thousands: a fraction is rounded to 12 digits, those before the point counted. */
void jsonw_rounded(struct jsonw *j, double v);
/* jsonw_digits writes v rounded to so many significant digits, 1 to 12: the digits of whole numbers, too. */
void jsonw_digits(struct jsonw *j, double v, unsigned digits);
void jsonw_bool(struct jsonw *j, bool v);
void jsonw_null(struct jsonw *j);
/* jsonw_space writes white space, which means nothing: for who has to write something. */
void jsonw_space(struct jsonw *j);
/* jsonw_raw writes one value that is JSON already. */
void jsonw_raw(struct jsonw *j, const char *json);
/* jsonw_time writes milliseconds since the epoch as RFC 3339 UTC with milliseconds. */
void jsonw_time(struct jsonw *j, int64_t time_ms);

#endif
