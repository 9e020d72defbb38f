/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jsonw.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "base/utf8.h"

void
jsonw_init(struct jsonw *j, struct strbuf *out)
{
	memset(j, 0, sizeof(*j));
	j->out = out;
}

/* before_value places the comma between two values of one array or object. */
static void
before_value(struct jsonw *j)
{
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (j->comma[j->depth])
		strbuf_addc(j->out, ',');
	j->comma[j->depth] = true;
}

static void
open_level(struct jsonw *j, char open, char close)
{
	before_value(j);
	strbuf_addc(j->out, open);
	assert(j->depth + 1 < JSONW_MAX_DEPTH);
	j->depth++;
	j->comma[j->depth] = false;
	j->close[j->depth] = close;
}

void
jsonw_object(struct jsonw *j)
{
	open_level(j, '{', '}');
}

void
jsonw_array(struct jsonw *j)
{
	open_level(j, '[', ']');
}

void
jsonw_end(struct jsonw *j)
{
	assert(j->depth > 0 && !j->after_key);
	strbuf_addc(j->out, j->close[j->depth]);
	j->depth--;
}

static void
add_escaped(struct strbuf *out, uint32_t cp, const char *raw, size_t n)
{
	static const char *const shorthand[] = { ['\b'] = "\\b",
		['\f'] = "\\f",
		['\n'] = "\\n",
		['\r'] = "\\r",
		['\t'] = "\\t",
		['"'] = "\\\"",
		['\\'] = "\\\\" };

	if (cp < ARRAY_LEN(shorthand) && shorthand[cp])
		strbuf_adds(out, shorthand[cp]);
	else if (cp < 0x20 || cp == 0x7F)
		strbuf_addf(out, "\\u%04x", (unsigned)cp);
	else
		strbuf_add(out, raw, n);
}

static void
add_string(struct jsonw *j, const char *s, size_t len)
{
	strbuf_addc(j->out, '"');
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_decode((const uint8_t *)s + i, len - i, &cp);

		if (n == 0)
			utf8_add(j->out, 0xFFFD);
		else
			add_escaped(j->out, cp, s + i, n);
		i += n ? n : 1;
	}
	strbuf_addc(j->out, '"');
}

void
jsonw_key(struct jsonw *j, const char *key)
{
	before_value(j);
	add_string(j, key, strlen(key));
	strbuf_addc(j->out, ':');
	j->after_key = true;
}

void
jsonw_strn(struct jsonw *j, const char *s, size_t len)
{
	before_value(j);
	add_string(j, s, len);
}

void
jsonw_str(struct jsonw *j, const char *s)
{
	if (s == NULL)
		jsonw_null(j);
	else
		jsonw_strn(j, s, strlen(s));
}

void
jsonw_int(struct jsonw *j, int64_t v)
{
	before_value(j);
	strbuf_addf(j->out, "%" PRId64, v);
}

void
jsonw_uint(struct jsonw *j, uint64_t v)
{
	before_value(j);
	strbuf_addf(j->out, "%" PRIu64, v);
}

/* Whoever uses the engine as a library may have set a locale with another decimal point. */
static void
add_with_point(struct strbuf *out, const char *number)
{
	static const char plain[] = "+-0123456789e";
	size_t len = strspn(number, plain);

	strbuf_add(out, number, len);
	if (number[len] == '\0')
		return;
	strbuf_addc(out, '.');
	strbuf_adds(out, number + len + strcspn(number + len, plain));
}

void
jsonw_double(struct jsonw *j, double v)
{
	char text[40];

	if (!isfinite(v)) {
		jsonw_null(j);
		return;
	}
	before_value(j);
	if (v == trunc(v) && fabs(v) < 1e15) {
		strbuf_addf(j->out, "%.0f", v == 0 ? 0.0 : v);
		return;
	}
	snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		snprintf(text, sizeof(text), "%.17g", v);
	add_with_point(j->out, text);
}

void
jsonw_bool(struct jsonw *j, bool v)
{
	before_value(j);
	strbuf_adds(j->out, v ? "true" : "false");
}

void
jsonw_raw(struct jsonw *j, const char *json)
{
	before_value(j);
	strbuf_adds(j->out, json);
}

void
jsonw_null(struct jsonw *j)
{
	before_value(j);
	strbuf_adds(j->out, "null");
}

void
jsonw_time(struct jsonw *j, int64_t time_ms)
{
	char buf[TIME_RFC3339_SIZE];

	jsonw_str(j, time_rfc3339(buf, time_ms));
}
