/* SPDX-License-Identifier: Apache-2.0 */
/* Included by tests and benchmarks only: real terms. The caller owns a reference to each. */
#ifndef ETF_TERM_FIXTURE_H
#define ETF_TERM_FIXTURE_H

#include <string.h>

#include "etf/etf_term.h"
#include "etf/etf_write.h"

/* written_term is the term that was written to a buffer, which it releases. */
static inline struct term *
written_term(struct strbuf *ext)
{
	struct term *t;
	struct etf e;

	etf_init(&e, ext->data, ext->len);
	t = etf_term(&e);
	strbuf_release(ext);
	return t;
}

static inline struct term *
atom_term(const char *text)
{
	struct strbuf ext = STRBUF_INIT;

	etf_put_atom(&ext, text);
	return written_term(&ext);
}

static inline struct term *
binary_term(const char *text)
{
	struct strbuf ext = STRBUF_INIT;

	etf_put_binary(&ext, text, strlen(text));
	return written_term(&ext);
}

static inline struct term *
pid_term(const char *node, uint32_t id)
{
	struct strbuf ext = STRBUF_INIT;

	etf_put_pid(&ext, node, id, 0, 1);
	return written_term(&ext);
}

#endif
