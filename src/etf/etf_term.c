/* SPDX-License-Identifier: Apache-2.0 */
#include "etf/etf_term.h"

#include "base/utf8.h"
#include "etf/etf_canonical.h"
#include "etf/etf_text.h"
#include "etf/etf_write.h"

static struct term *
from_text(const struct strbuf *text)
{
	struct strbuf ext = STRBUF_INIT;
	struct term *t;

	etf_put_binary(&ext, text->data, text->len);
	t = term_new((const uint8_t *)ext.data, (uint32_t)ext.len, strbuf_cstr(text), true);
	strbuf_release(&ext);
	return t;
}

static struct term *
whole(const struct strbuf *ext)
{
	struct strbuf text = STRBUF_INIT;
	struct term *t = NULL;
	struct etf e;

	etf_init(&e, ext->data, ext->len);
	if (etf_text(&e, TERM_TEXT_MAX, &text))
		t = term_new((const uint8_t *)ext->data, (uint32_t)ext->len, strbuf_cstr(&text), false);
	strbuf_release(&text);
	return t;
}

/* Too large or too deep: printing stops early, so that the work is bounded, too. */
static struct term *
too_large(struct etf raw)
{
	struct strbuf text = STRBUF_INIT;
	struct term *t = NULL;

	if (etf_text(&raw, TERM_TEXT_MAX, &text))
		t = from_text(&text);
	strbuf_release(&text);
	return t;
}

struct term *
etf_term(struct etf *e)
{
	struct etf_span raw = etf_raw(e);
	struct strbuf ext = STRBUF_INIT;
	struct etf at;
	struct term *t;

	if (!etf_ok(e))
		return NULL;
	etf_init(&at, raw.data, raw.len);
	if (raw.len <= 2 * ETF_TERM_MAX && etf_canonical(&at, ETF_TERM_MAX, &ext)) {
		t = whole(&ext);
	} else {
		etf_init(&at, raw.data, raw.len);
		t = too_large(at);
	}
	strbuf_release(&ext);
	if (t == NULL)
		etf_fail(e);
	return t;
}

struct term *
etf_term_cut(struct etf *e)
{
	struct etf_span s = etf_binary(e);
	struct strbuf text = STRBUF_INIT;
	struct term *t;

	if (!etf_ok(e))
		return NULL;
	utf8_add_clean(&text, s.data, s.len < TERM_TEXT_MAX ? s.len : TERM_TEXT_MAX);
	if (text.len > 0)
		strbuf_cut(&text, etf_utf8_cut(text.data, text.len, TERM_TEXT_MAX));
	t = from_text(&text);
	strbuf_release(&text);
	return t;
}
