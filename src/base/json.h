/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A streaming JSON writer: values go straight into a strbuf, commas are placed by themselves.
 *
 *	struct json j;
 *	json_init(&j, &out);
 *	json_object(&j);
 *	json_key(&j, "node"); json_str(&j, "a@h");
 *	json_end(&j);
 *
 * Strings are made valid UTF-8 (an invalid byte becomes U+FFFD). A number that JSON cannot hold (NaN, infinity) becomes
 *null.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define JSON_MAX_DEPTH 32

struct json { /* private */
	struct strbuf *out;
	int depth;
	bool comma[JSON_MAX_DEPTH];
	bool after_key;
	char close[JSON_MAX_DEPTH];
};

void json_init(struct json *j, struct strbuf *out);
void json_object(struct json *j);
void json_array(struct json *j);
/* json_end closes the innermost object or array. */
void json_end(struct json *j);
void json_key(struct json *j, const char *key);
void json_str(struct json *j, const char *s); /* NULL writes null */
void json_strn(struct json *j, const char *s, size_t len);
void json_int(struct json *j, int64_t v);
void json_uint(struct json *j, uint64_t v);
/* json_double writes the shortest text that reads back as the same double; whole numbers without a fraction. */
void json_double(struct json *j, double v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
/* json_time writes milliseconds since the epoch as RFC 3339 UTC with milliseconds. */
void json_time(struct json *j, int64_t time_ms);

#endif
