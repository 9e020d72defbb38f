/* SPDX-License-Identifier: Apache-2.0 */
#include "store/term_code.h"

#include <math.h>
#include <string.h>

#include "etf/etf_term.h"

void
term_code_write(struct strbuf *out, const struct term *t)
{
	if (t == NULL) {
		etf_put_atom(out, "nil");
		return;
	}
	etf_put_tuple(out, 2);
	etf_put_atom(out, t->truncated ? "x" : "t");
	etf_put_raw(out, (struct etf_span) { t->ext, t->ext_len });
}

static bool
is_nil(struct etf *e)
{
	struct etf at = *e;

	if (!etf_is_atom(etf_peek(e)) || !etf_atom_is(&at, "nil"))
		return false;
	*e = at;
	return true;
}

struct term *
term_code_read(struct etf *e)
{
	struct etf_atom kind;

	if (is_nil(e) || !etf_tuple_of(e, 2) || !etf_atom(e, &kind))
		return NULL;
	if (strcmp(kind.text, "t") == 0)
		return etf_term(e);
	if (strcmp(kind.text, "x") == 0)
		return etf_term_cut(e);
	etf_fail(e);
	return NULL;
}

int
name_code_read(struct etf *e, const char *(*name)(int index), int count)
{
	struct etf_atom atom;

	if (!etf_atom(e, &atom))
		return -1;
	for (int i = 0; i < count; i++)
		if (strcmp(name(i), atom.text) == 0)
			return i;
	return -1;
}

void
number_code_write(struct strbuf *out, double v)
{
	if (isfinite(v))
		etf_put_float(out, v);
	else
		etf_put_atom(out, "nil");
}

double
number_code_read(struct etf *e)
{
	return is_nil(e) ? NAN : etf_number(e);
}

void
text_code_write(struct strbuf *out, const char *text)
{
	etf_put_binary(out, text, strlen(text));
}
