/* SPDX-License-Identifier: Apache-2.0 */
/* One line of CSV (RFC 4180, without line breaks within quotes) → its fields. */
#ifndef REPLAY_CSV_H
#define REPLAY_CSV_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct csv_field {
	char *text;    /* terminated; without quotes and blanks around it */
	size_t column; /* where it begins in the line, in bytes from 1 */
};

/* csv_separator is the first of , ; and the tabulator in the line, outside of quotes; a comma if there is none. */
char csv_separator(const char *line);
/*
 * csv_split splits the line, which it changes, into fields, of which it sets the first max. Returns how many there are, or 0 with a reason
 * and *column: a quote that does not end, or something behind one.
 */
size_t csv_split(
    char *line, char separator, struct csv_field *fields, size_t max, size_t *column, struct err *err) MUST_CHECK;

#endif
