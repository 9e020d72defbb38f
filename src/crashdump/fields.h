/* SPDX-License-Identifier: Apache-2.0 */
/* "Key: value" lines into the fields of a struct, by a table. Numbers of a hostile file end at the largest one; sums do so, too. */
#ifndef CRASHDUMP_FIELDS_H
#define CRASHDUMP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct field_row {
	const char *key;
	size_t offset; /* of the field */
	size_t size;   /* of a text's field; 0: the field is a uint64_t */
};

#define FIELD_TEXT(type, key, member)                                          \
	{                                                                      \
		key, offsetof(type, member), sizeof(((const type *)0)->member) \
	}
#define FIELD_NUMBER(type, key, member)        \
	{                                      \
		key, offsetof(type, member), 0 \
	}

/* fields_take sets the field of the row whose key the line begins with. False if there is none. */
bool fields_take(const struct field_row *rows, size_t count, void *object, const char *line, size_t len);
/* field_value is what follows "key:" and the spaces behind it, if the line begins so; else NULL. */
const char *field_value(const char *line, size_t len, const char *key, size_t *value_len);
/* field_copy copies a text into a field, cut to it and terminated. */
void field_copy(char *to, size_t size, const char *text, size_t len);
/* field_number and field_hex read the digits at the beginning of text; *used, if not NULL, is how many. */
uint64_t field_number(const char *text, size_t len);
uint64_t field_hex(const char *text, size_t len, size_t *used);
/* field_function copies "mod:fun/1" of "0x7f00 (mod:fun/1 + 88)"; false, and nothing copied, if the dump does not know the function. */
bool field_function(char *to, size_t size, const char *text, size_t len);

uint64_t saturated_sum(uint64_t a, uint64_t b);
uint64_t saturated_product(uint64_t a, uint64_t b);

#endif
