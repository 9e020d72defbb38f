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
/* term_text is the text, or "undefined" for NULL. */
const char *term_text(const struct term *t);

#endif
