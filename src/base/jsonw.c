/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jsonw.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "base/utf8.h"

#define ROUNDED_DIGITS 12
#define MAX_DECIMALS (ROUNDED_DIGITS + 2) /* of as many significant digits from a thousandth on */

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

/* plain_length is how many bytes from the beginning on are as they are in JSON, too: nearly always all of them. */
static size_t
plain_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= 0x20 && s[n] < 0x7F && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static void
add_string(struct jsonw *j, const char *s, size_t len)
{
	size_t plain = plain_length(s, len);

	strbuf_addc(j->out, '"');
	strbuf_add(j->out, s, plain);
	for (size_t i = plain; i < len;) {
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

/* Answers are full of numbers, and printf takes its time. */
static void
add_integer(struct strbuf *out, uint64_t v, bool negative)
{
	char text[24], *p = text + sizeof(text);

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	if (negative)
		*--p = '-';
	strbuf_add(out, p, (size_t)(text + sizeof(text) - p));
}

void
jsonw_int(struct jsonw *j, int64_t v)
{
	before_value(j);
	add_integer(j->out, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0);
}

void
jsonw_uint(struct jsonw *j, uint64_t v)
{
	before_value(j);
	add_integer(j->out, v, false);
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
		add_integer(j->out, (uint64_t)fabs(v), v < 0);
		return;
	}
	snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		snprintf(text, sizeof(text), "%.17g", v);
	add_with_point(j->out, text);
}

/* The digits behind the point, without the zeros at their end. */
static void
add_fraction(struct strbuf *out, uint64_t fraction, unsigned digits)
{
	char text[MAX_DECIMALS];

	while (fraction % 10 == 0) {
		fraction /= 10;
		digits--;
	}
	for (unsigned i = digits; i-- > 0; fraction /= 10)
		text[i] = (char)('0' + fraction % 10);
	strbuf_addc(out, '.');
	strbuf_add(out, text, digits);
}

/* add_decimals writes a number below 1e12 with at most so many digits behind the point. */
static void
add_decimals(struct jsonw *j, double v, unsigned decimals)
{
	uint64_t unit = 1, scaled;

	for (unsigned i = 0; i < decimals; i++)
		unit *= 10;
	scaled = (uint64_t)(fabs(v) * (double)unit + 0.5);
	before_value(j);
	add_integer(j->out, scaled / unit, v < 0 && scaled > 0);
	if (scaled % unit)
		add_fraction(j->out, scaled % unit, decimals);
}

void
jsonw_rounded(struct jsonw *j, double v)
{
	double size = fabs(v);
	unsigned decimals = ROUNDED_DIGITS;

	if (!isfinite(v) || v == trunc(v) || size < 1e-3 || size >= 1e12) {
		jsonw_double(j, v);
		return;
	}
	for (double d = size; d >= 1; d /= 10)
		decimals--;
	add_decimals(j, v, decimals);
}

/* What is too small or too large to be scaled. */
static void
add_extreme(struct jsonw *j, double v, unsigned digits)
{
	char text[40];

	before_value(j);
	snprintf(text, sizeof(text), "%.*g", (int)digits, v);
	add_with_point(j->out, text);
}

void
jsonw_digits(struct jsonw *j, double v, unsigned digits)
{
	double size = fabs(v), unit = 1;
	unsigned whole = 0, decimals;

	if (!isfinite(v) || v == 0) {
		jsonw_double(j, v);
		return;
	}
	if (size < 1e-3 || size >= 1e12) {
		add_extreme(j, v, digits);
		return;
	}
	for (double d = size; d >= 1; d /= 10)
		whole++;
	if (whole >= digits) {
		for (unsigned i = digits; i < whole; i++)
			unit *= 10;
		jsonw_double(j, rint(v / unit) * unit);
		return;
	}
	decimals = digits - whole;
	for (double d = size * 10; d < 1; d *= 10)
		decimals++;
	add_decimals(j, v, decimals);
}

void
jsonw_bool(struct jsonw *j, bool v)
{
	before_value(j);
	strbuf_adds(j->out, v ? "true" : "false");
}

void
jsonw_space(struct jsonw *j)
{
	strbuf_addc(j->out, '\n');
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
