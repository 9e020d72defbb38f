/* SPDX-License-Identifier: Apache-2.0 */
#include "crashdump/fields.h"

#include <string.h>

uint64_t
saturated_sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t
saturated_product(uint64_t a, uint64_t b)
{
	return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

uint64_t
field_number(const char *text, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		v = saturated_sum(saturated_product(v, 10), (uint64_t)(text[i] - '0'));
	return v;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uint64_t
field_hex(const char *text, size_t len, size_t *used)
{
	uint64_t v = 0;
	size_t i = 0;
	int digit;

	for (; i < len && (digit = hex_digit(text[i])) >= 0; i++)
		v = v >> 60 ? UINT64_MAX : v << 4 | (uint64_t)digit;
	if (used)
		*used = i;
	return v;
}

void
field_copy(char *to, size_t size, const char *text, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(to, text, len);
	to[len] = '\0';
}

const char *
field_value(const char *line, size_t len, const char *key, size_t *value_len)
{
	size_t n = strlen(key);

	if (len <= n || line[n] != ':' || memcmp(line, key, n) != 0)
		return NULL;
	for (n++; n < len && line[n] == ' ';)
		n++;
	*value_len = len - n;
	return line + n;
}

bool
fields_take(const struct field_row *rows, size_t count, void *object, const char *line, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		const char *value;
		size_t n;
		void *field = (char *)object + rows[i].offset;

		if (len == 0 || *rows[i].key != *line || (value = field_value(line, len, rows[i].key, &n)) == NULL)
			continue;
		if (rows[i].size)
			field_copy(field, rows[i].size, value, n);
		else
			*(uint64_t *)field = field_number(value, n);
		return true;
	}
	return false;
}

bool
field_function(char *to, size_t size, const char *text, size_t len)
{
	const char *open = memchr(text, '(', len);
	const char *end = text + len;
	const char *plus;

	if (open == NULL || end[-1] != ')' || memchr(open, ':', (size_t)(end - open)) == NULL)
		return false;
	open++;
	/* Quoted names may hold anything: what counts is the last " + ". */
	for (plus = end - 1; plus > open && !(plus[0] == '+' && plus[-1] == ' ');)
		plus--;
	field_copy(to, size, open, (size_t)((plus > open ? plus - 1 : end - 1) - open));
	return true;
}
