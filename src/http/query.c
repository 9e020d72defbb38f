/* SPDX-License-Identifier: Apache-2.0 */
#include "http/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

/* How much of a foreign word is repeated in a reason. */
#define SHOWN 64

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_utf8(const char *s, size_t len)
{
	uint32_t cp;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_decode((const uint8_t *)s + i, len - i, &cp);
		if (n == 0)
			return false;
	}
	return true;
}

/* decode_escape reads the two digits after a "%"; 0 (never allowed) if they are none. */
static char
decode_escape(const char *digits, size_t left)
{
	int high = left >= 2 ? hex_digit(digits[0]) : -1;
	int low = left >= 2 ? hex_digit(digits[1]) : -1;

	return high < 0 || low < 0 ? 0 : (char)(high << 4 | low);
}

bool
percent_decode(char *buf, const char *text, size_t len, bool plus, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			c = decode_escape(text + i + 1, len - i - 1);
			if (c == 0)
				return err_set(err,
				    "broken escape at \"%.*s\": write %%XX with two hex digits, not %%00",
				    (int)(len - i < 3 ? len - i : 3), text + i);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		buf[n++] = c;
	}
	buf[n] = '\0';
	if (!is_utf8(buf, n))
		return err_set(err, "a word of the address is not UTF-8");
	return true;
}

/* add_param takes "name=value" of len bytes at the end of q->text. */
static bool
add_param(struct query *q, char *text, size_t len, struct err *err)
{
	char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	char *value = equals ? equals + 1 : text + len;
	size_t value_len = len - (size_t)(value - text);

	/* The value first: the name's end may stand on its first byte. */
	if (!percent_decode(value, value, value_len, true, err) || !percent_decode(text, text, name_len, true, err))
		return false;
	if (*text == '\0')
		return err_set(err, "a parameter without a name before \"=%.*s\"", SHOWN, value);
	if (query_get(q, text))
		return err_set(err, "parameter \"%.*s\" is given twice", SHOWN, text);
	if (q->count == QUERY_MAX_PARAMS)
		return err_set(err, "more than %d parameters", QUERY_MAX_PARAMS);
	q->params[q->count].name = text;
	q->params[q->count++].value = value;
	return true;
}

bool
query_parse(struct query *q, const char *text, struct err *err)
{
	memset(q, 0, sizeof(*q));
	if (text == NULL || *text == '\0')
		return true;
	q->text = xstrdup(text);
	for (char *p = q->text, *next; p; p = next) {
		size_t len = strcspn(p, "&");

		next = p[len] ? p + len + 1 : NULL;
		if (len > 0 && !add_param(q, p, len, err))
			return false;
	}
	return true;
}

void
query_release(struct query *q)
{
	free(q->text);
	memset(q, 0, sizeof(*q));
}

const char *
query_get(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->params[i].name, name) == 0)
			return q->params[i].value;
	return NULL;
}

bool
number_parse(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (*text == '\0')
		return false;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (digit > 9 || digit > max || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}
