/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/csv.h"

#include <stdbool.h>
#include <string.h>

char
csv_separator(const char *line)
{
	bool quoted = false;

	for (; *line; line++) {
		quoted = quoted != (*line == '"');
		if (!quoted && strchr(",;\t", *line))
			return *line;
	}
	return ',';
}

static bool
is_blank(char c, char separator)
{
	return c == ' ' || (c == '\t' && separator != '\t');
}

/* take_quoted reads behind the opening quote, in place, and leaves *p behind the closing one; "" is a quote. */
static bool
take_quoted(char **p)
{
	char *to = *p;

	for (; **p; (*p)++) {
		if (**p == '"' && *++*p != '"') {
			*to = '\0';
			return true;
		}
		*to++ = **p;
	}
	return false;
}

static char *
end_of_plain(char *p, char separator, char **next)
{
	char *end = strchr(p, separator);

	end = end ? end : p + strlen(p);
	*next = end;
	while (end > p && is_blank(end[-1], separator))
		end--;
	return end;
}

/* take_field leaves *p at the separator or the line's end, which may have been overwritten by the field's own end. */
static bool
take_field(char **p, char separator, struct csv_field *f, bool *last, struct err *err)
{
	char *end, *next;

	if (**p == '"') {
		f->text = ++*p;
		if (!take_quoted(p))
			return err_set(err, "a quote that does not end");
		while (is_blank(**p, separator))
			(*p)++;
		if (**p && **p != separator)
			return err_set(err, "something behind a quoted field");
		*last = **p == '\0';
		return true;
	}
	f->text = *p;
	end = end_of_plain(*p, separator, &next);
	*last = *next == '\0';
	*end = '\0';
	*p = next;
	return true;
}

size_t
csv_split(char *line, char separator, struct csv_field *fields, size_t max, size_t *column, struct err *err)
{
	struct csv_field over = { .text = NULL };
	size_t count = 0;
	bool last = false;

	for (char *p = line; !last; p++) {
		struct csv_field *f = count < max ? &fields[count] : &over;

		while (is_blank(*p, separator))
			p++;
		*column = f->column = (size_t)(p - line) + 1;
		if (!take_field(&p, separator, f, &last, err))
			return 0;
		count++;
	}
	return count;
}
