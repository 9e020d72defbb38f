/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Erlang term that came from a node and may go back as the very term: its canonical external format (map keys
 * sorted), which is its identity, and its text in Erlang syntax. Immutable, counted: the event log, the history and the
 * statistics hold the same one.
 */
#ifndef MODEL_TERM_H
#define MODEL_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TERM_TEXT_MAX 1024 /* bytes of text kept */

struct term {
	unsigned refs;  /* private */
	bool truncated; /* the term was over the size limit: ext is a binary with its cut text */
	uint32_t ext_len;
	const uint8_t *ext; /* without the version byte 131 */
	const char *text;   /* as io_lib:format("~0tp") prints it, valid UTF-8, at most TERM_TEXT_MAX bytes */
};

/* term_new copies both; the caller owns one reference. */
struct term *term_new(const uint8_t *ext, uint32_t ext_len, const char *text, bool truncated);
/* term_ref adds a reference and returns t; NULL is allowed. */
struct term *term_ref(struct term *t);
/* term_unref gives one up; the last one frees. NULL is allowed. */
void term_unref(struct term *t);
/* term_same: both are the same term, or both NULL. A truncated one is never the same as a whole one. */
bool term_same(const struct term *a, const struct term *b);
/* term_order orders terms by text, then by their bytes: < 0, 0 (term_same), > 0. NULL comes first. */
int term_order(const struct term *a, const struct term *b);
/* term_cut is the text alone, as a truncated term: what is left of one that is too large to be kept. The caller owns a reference. */
struct term *term_cut(const struct term *t);
/* term_text is the text, or "undefined" for NULL. */
const char *term_text(const struct term *t);

#endif
