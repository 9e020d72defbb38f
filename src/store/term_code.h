/* SPDX-License-Identifier: Apache-2.0 */
/* Terms and texts inside what the store keeps, as the port wraps them: {t, Term}, {x, Text} if only its text was kept, nil for none. */
#ifndef STORE_TERM_CODE_H
#define STORE_TERM_CODE_H

#include <stddef.h>

#include "etf/etf.h"
#include "etf/etf_write.h"
#include "model/term.h"

/* term_code_write: t may be NULL. */
void term_code_write(struct strbuf *out, const struct term *t);
/* term_code_read returns a term that the caller owns, or NULL for nil and for an error (the cursor tells which). */
struct term *term_code_read(struct etf *e);

/* name_code_read reads an atom and returns its index in a table of count names, or -1 if it is not there. */
int name_code_read(struct etf *e, const char *(*name)(int index), int count);

/* number_code_*: a double; NaN and the infinities are nil, which is read as NaN. */
void number_code_write(struct strbuf *out, double v);
double number_code_read(struct etf *e);
void text_code_write(struct strbuf *out, const char *text);

#endif
