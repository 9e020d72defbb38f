/* SPDX-License-Identifier: Apache-2.0 */
#include "etf/etf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define FLOAT_TEXT_LEN 31

void
etf_init(struct etf *e, const void *data, size_t len)
{
	static const uint8_t nothing;

	e->p = len ? data : &nothing;
	e->end = e->p + len;
	e->bad = false;
}

void
etf_init_versioned(struct etf *e, const void *data, size_t len)
{
	etf_init(e, data, len);
	if (etf_peek(e) == ETF_VERSION)
		e->p++;
	else
		e->bad = true;
}

bool
etf_ok(const struct etf *e)
{
	return !e->bad;
}

bool
etf_fail(struct etf *e)
{
	e->bad = true;
	return false;
}

bool
etf_done(const struct etf *e)
{
	return !e->bad && e->p == e->end;
}

uint8_t
etf_peek(const struct etf *e)
{
	return e->bad || e->p == e->end ? 0 : *e->p;
}

bool
etf_is_integer(uint8_t tag)
{
	return tag == ETF_SMALL_INTEGER || tag == ETF_INTEGER || tag == ETF_SMALL_BIG || tag == ETF_LARGE_BIG;
}

bool
etf_is_atom(uint8_t tag)
{
	return tag == ETF_ATOM || tag == ETF_SMALL_ATOM || tag == ETF_ATOM_UTF8 || tag == ETF_SMALL_ATOM_UTF8;
}

bool
etf_is_pid(uint8_t tag)
{
	return tag == ETF_NEW_PID || tag == ETF_PID;
}

bool
etf_is_reference(uint8_t tag)
{
	return tag == ETF_NEWER_REFERENCE || tag == ETF_NEW_REFERENCE || tag == ETF_REFERENCE;
}

bool
etf_is_port(uint8_t tag)
{
	return tag == ETF_V4_PORT || tag == ETF_NEW_PORT || tag == ETF_PORT;
}

/* ---- bytes ----------------------------------------------------------------------------------------------------------- */

/* take returns the next len bytes and moves on, or NULL. */
static const uint8_t *
take(struct etf *e, size_t len)
{
	const uint8_t *p = e->p;

	if (e->bad || (size_t)(e->end - e->p) < len) {
		e->bad = true;
		return NULL;
	}
	e->p += len;
	return p;
}

static uint64_t
take_uint(struct etf *e, unsigned bytes)
{
	const uint8_t *p = take(e, bytes);
	uint64_t v = 0;

	for (unsigned i = 0; p && i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

static uint8_t
take_tag(struct etf *e)
{
	return (uint8_t)take_uint(e, 1);
}

/* The bytes that follow after a length of so many bytes. */
static struct etf_span
take_counted(struct etf *e, unsigned length_bytes)
{
	size_t len = (size_t)take_uint(e, length_bytes);
	const uint8_t *p = take(e, len);

	return p ? (struct etf_span) { p, len } : (struct etf_span) { NULL, 0 };
}

/* A count of terms that follow: more than there are bytes is a lie. */
static uint32_t
take_count(struct etf *e, unsigned bytes, unsigned terms_each)
{
	uint64_t n = take_uint(e, bytes);

	if (e->bad || n * terms_each > (uint64_t)(e->end - e->p)) {
		e->bad = true;
		return 0;
	}
	return (uint32_t)n;
}

/* ---- numbers --------------------------------------------------------------------------------------------------------- */

struct etf_big
etf_big(struct etf *e)
{
	uint8_t tag = take_tag(e);
	size_t len = (size_t)take_uint(e, tag == ETF_LARGE_BIG ? 4 : 1);
	uint8_t sign = take_tag(e);
	struct etf_big big = { sign != 0, { take(e, len), len } };

	if (tag != ETF_SMALL_BIG && tag != ETF_LARGE_BIG)
		e->bad = true;
	return e->bad ? (struct etf_big) { false, { NULL, 0 } } : big;
}

static int64_t
big_to_int(struct etf *e)
{
	struct etf_big big = etf_big(e);
	uint64_t magnitude = 0;

	while (big.digits.len > 0 && big.digits.data[big.digits.len - 1] == 0)
		big.digits.len--;
	if (big.digits.len > 8)
		return etf_fail(e);
	for (size_t i = big.digits.len; i > 0; i--)
		magnitude = magnitude << 8 | big.digits.data[i - 1];
	if (magnitude > (uint64_t)INT64_MAX + big.negative)
		return etf_fail(e);
	return big.negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
}

int64_t
etf_int(struct etf *e)
{
	switch (etf_peek(e)) {
	case ETF_SMALL_INTEGER:
		take_tag(e);
		return (int64_t)take_uint(e, 1);
	case ETF_INTEGER:
		take_tag(e);
		return (int32_t)(uint32_t)take_uint(e, 4);
	case ETF_SMALL_BIG:
	case ETF_LARGE_BIG:
		return big_to_int(e);
	default:
		return etf_fail(e);
	}
}

static double
new_float(struct etf *e)
{
	uint64_t bits = take_uint(e, 8);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* The old form: 31 bytes of text. */
static double
text_float(struct etf *e)
{
	const uint8_t *p = take(e, FLOAT_TEXT_LEN);
	char text[FLOAT_TEXT_LEN + 1];
	char *rest;
	double v;

	if (p == NULL)
		return 0;
	memcpy(text, p, FLOAT_TEXT_LEN);
	text[FLOAT_TEXT_LEN] = '\0';
	v = strtod(text, &rest);
	if (rest == text)
		e->bad = true;
	return v;
}

double
etf_float(struct etf *e)
{
	uint8_t tag = take_tag(e);
	double v = NAN;

	if (tag == ETF_NEW_FLOAT)
		v = new_float(e);
	else if (tag == ETF_FLOAT)
		v = text_float(e);
	if (!isfinite(v))
		e->bad = true;
	return e->bad ? 0 : v;
}

static double
big_to_double(struct etf *e)
{
	struct etf_big big = etf_big(e);
	double v = 0;

	for (size_t i = big.digits.len; i > 0 && isfinite(v); i--)
		v = v * 256 + big.digits.data[i - 1];
	if (!isfinite(v))
		return etf_fail(e);
	return big.negative ? -v : v;
}

double
etf_number(struct etf *e)
{
	switch (etf_peek(e)) {
	case ETF_NEW_FLOAT:
	case ETF_FLOAT:
		return etf_float(e);
	case ETF_SMALL_BIG:
	case ETF_LARGE_BIG:
		return big_to_double(e);
	default:
		return (double)etf_int(e);
	}
}

/* ---- atoms and binaries ---------------------------------------------------------------------------------------------- */

static bool
set_latin1(struct etf_atom *atom, struct etf_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (c >= 0x80)
			atom->text[atom->len++] = (char)(0xC0 | c >> 6);
		atom->text[atom->len++] = (char)(c < 0x80 ? c : 0x80 | (c & 0x3F));
	}
	return true;
}

static bool
set_utf8(struct etf_atom *atom, struct etf_span s)
{
	unsigned chars = 0;

	for (size_t i = 0; i < s.len; chars++) {
		uint32_t cp;
		size_t n = utf8_decode(s.data + i, s.len - i, &cp);

		if (n == 0 || chars == ETF_ATOM_CHARS)
			return false;
		i += n;
	}
	if (s.len)
		memcpy(atom->text, s.data, s.len);
	atom->len = (uint16_t)s.len;
	return true;
}

bool
etf_atom(struct etf *e, struct etf_atom *atom)
{
	uint8_t tag = take_tag(e);
	bool latin1 = tag == ETF_ATOM || tag == ETF_SMALL_ATOM;
	struct etf_span s;

	atom->len = 0;
	atom->text[0] = '\0';
	if (!etf_is_atom(tag))
		return etf_fail(e);
	s = take_counted(e, tag == ETF_ATOM || tag == ETF_ATOM_UTF8 ? 2 : 1);
	if (e->bad || (latin1 && s.len > ETF_ATOM_CHARS))
		return etf_fail(e);
	if (!(latin1 ? set_latin1(atom, s) : set_utf8(atom, s)))
		return etf_fail(e);
	atom->text[atom->len] = '\0';
	return true;
}

bool
etf_atom_is(struct etf *e, const char *text)
{
	struct etf_atom atom;

	return etf_atom(e, &atom) && atom.len == strlen(text) && memcmp(atom.text, text, atom.len) == 0;
}

struct etf_span
etf_binary(struct etf *e)
{
	if (take_tag(e) != ETF_BINARY)
		e->bad = true;
	return take_counted(e, 4);
}

struct etf_span
etf_bits(struct etf *e, unsigned *last_bits)
{
	size_t len;

	*last_bits = 8;
	if (etf_peek(e) != ETF_BIT_BINARY)
		return etf_binary(e);
	take_tag(e);
	len = (size_t)take_uint(e, 4);
	*last_bits = take_tag(e);
	if (*last_bits < 1 || *last_bits > 8 || len == 0) {
		*last_bits = 8;
		e->bad = true;
	}
	return (struct etf_span) { take(e, len), e->bad ? 0 : len };
}

struct etf_span
etf_string(struct etf *e)
{
	if (take_tag(e) != ETF_STRING)
		e->bad = true;
	return take_counted(e, 2);
}

/* Bytes of a char list (STRING_EXT) are code points; those of a binary are UTF-8. */
static void
add_chars(struct strbuf *sb, struct etf_span s, bool code_points, size_t max)
{
	for (size_t i = 0; code_points && i < s.len && sb->len < max; i++)
		utf8_add(sb, s.data[i]);
	if (!code_points)
		utf8_add_clean(sb, s.data, s.len < max ? s.len : max);
}

static void
add_code_points(struct etf *e, struct strbuf *sb, size_t max)
{
	uint32_t n = etf_list(e);

	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		int64_t cp = etf_int(e);

		if (etf_ok(e) && sb->len < max)
			utf8_add(sb, cp < 0 || cp > 0x10FFFF ? 0xFFFD : (uint32_t)cp);
	}
	etf_list_end(e, n);
}

size_t
etf_utf8_cut(const char *text, size_t len, size_t max)
{
	size_t at = len < max ? len : max;

	if (at == len)
		return len;
	while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80)
		at--;
	return at;
}

bool
etf_chars(struct etf *e, char *buf, size_t size)
{
	struct strbuf sb = STRBUF_INIT;
	size_t len;

	if (etf_peek(e) == ETF_BINARY)
		add_chars(&sb, etf_binary(e), false, size);
	else if (etf_peek(e) == ETF_STRING)
		add_chars(&sb, etf_string(e), true, size);
	else
		add_code_points(e, &sb, size);
	len = etf_utf8_cut(strbuf_cstr(&sb), sb.len, size - 1);
	memcpy(buf, strbuf_cstr(&sb), len);
	buf[len] = '\0';
	strbuf_release(&sb);
	return etf_ok(e);
}

/* ---- containers ------------------------------------------------------------------------------------------------------ */

uint32_t
etf_tuple(struct etf *e)
{
	switch (take_tag(e)) {
	case ETF_SMALL_TUPLE:
		return take_count(e, 1, 1);
	case ETF_LARGE_TUPLE:
		return take_count(e, 4, 1);
	default:
		return etf_fail(e);
	}
}

bool
etf_tuple_of(struct etf *e, uint32_t arity)
{
	return (etf_tuple(e) == arity && etf_ok(e)) || etf_fail(e);
}

uint32_t
etf_list(struct etf *e)
{
	uint8_t tag = take_tag(e);
	uint32_t n;

	if (tag == ETF_NIL)
		return 0;
	/* LIST_EXT of no elements is a tail only: no VM writes it. */
	n = take_count(e, 4, 1);
	if (tag != ETF_LIST || n == 0)
		return etf_fail(e);
	return n;
}

void
etf_list_end(struct etf *e, uint32_t length)
{
	if (length > 0 && take_tag(e) != ETF_NIL)
		e->bad = true;
}

uint32_t
etf_map(struct etf *e)
{
	if (take_tag(e) != ETF_MAP)
		e->bad = true;
	return take_count(e, 4, 2);
}

/* ---- identifiers and funs -------------------------------------------------------------------------------------------- */

static struct etf_span
take_atom(struct etf *e)
{
	const uint8_t *start = e->p;
	struct etf_atom atom;

	return etf_atom(e, &atom) ? (struct etf_span) { start, (size_t)(e->p - start) } : (struct etf_span) { NULL, 0 };
}

static void
take_words(struct etf *e, struct etf_id *id, unsigned count)
{
	if (count > sizeof(id->word) / sizeof(id->word[0])) {
		e->bad = true;
		return;
	}
	id->count = count;
	for (unsigned i = 0; i < count; i++)
		id->word[i] = (uint32_t)take_uint(e, 4);
}

static void
take_port(struct etf *e, struct etf_id *id)
{
	uint64_t number;

	id->node = take_atom(e);
	number = take_uint(e, id->tag == ETF_V4_PORT ? 8 : 4);
	id->count = 2;
	id->word[0] = (uint32_t)number;
	id->word[1] = (uint32_t)(number >> 32);
	id->creation = (uint32_t)take_uint(e, id->tag == ETF_PORT ? 1 : 4);
}

static void
take_reference(struct etf *e, struct etf_id *id)
{
	unsigned count = id->tag == ETF_REFERENCE ? 1 : (unsigned)take_uint(e, 2);

	id->node = take_atom(e);
	if (id->tag == ETF_REFERENCE)
		take_words(e, id, 1);
	id->creation = (uint32_t)take_uint(e, id->tag == ETF_NEWER_REFERENCE ? 4 : 1);
	if (id->tag != ETF_REFERENCE)
		take_words(e, id, count);
}

static void
take_pid(struct etf *e, struct etf_id *id)
{
	id->node = take_atom(e);
	take_words(e, id, 2);
	id->creation = (uint32_t)take_uint(e, id->tag == ETF_NEW_PID ? 4 : 1);
}

bool
etf_identifier(struct etf *e, struct etf_id *id)
{
	*id = (struct etf_id) { .tag = take_tag(e) };
	if (etf_is_pid(id->tag))
		take_pid(e, id);
	else if (etf_is_port(id->tag))
		take_port(e, id);
	else if (etf_is_reference(id->tag))
		take_reference(e, id);
	else
		e->bad = true;
	return etf_ok(e);
}

/* The head of a NEW_FUN_EXT up to and with its pid; the free variables follow, *free_variables of them. */
static void
take_fun_head(struct etf *e, struct etf_fun *fun, uint32_t *free_variables)
{
	struct etf_id pid;

	take(e, 4 + 1 + 16 + 4); /* size, arity, uniq, index */
	*free_variables = take_count(e, 4, 1);
	fun->module = take_atom(e);
	fun->index = etf_int(e);
	fun->uniq = etf_int(e);
	if (!etf_is_pid(etf_peek(e)))
		e->bad = true;
	etf_identifier(e, &pid);
}

bool
etf_fun(struct etf *e, struct etf_fun *fun)
{
	uint32_t free_variables = 0;

	*fun = (struct etf_fun) { .index = 0 };
	if (take_tag(e) != ETF_NEW_FUN)
		e->bad = true;
	take_fun_head(e, fun, &free_variables);
	for (uint32_t i = 0; i < free_variables && etf_ok(e); i++)
		etf_skip(e);
	return etf_ok(e);
}

/* ---- skipping -------------------------------------------------------------------------------------------------------- */

static void
skip_fun_head(struct etf *e, uint64_t *pending)
{
	struct etf_fun fun;
	uint32_t free_variables = 0;

	take_tag(e);
	take_fun_head(e, &fun, &free_variables);
	*pending += free_variables;
}

static void
skip_leaf(struct etf *e, uint8_t tag)
{
	struct etf_atom atom;
	struct etf_id id;
	unsigned bits;

	if (etf_is_atom(tag))
		etf_atom(e, &atom);
	else if (tag == ETF_SMALL_INTEGER || tag == ETF_INTEGER)
		etf_int(e);
	else if (tag == ETF_SMALL_BIG || tag == ETF_LARGE_BIG)
		etf_big(e);
	else if (tag == ETF_NEW_FLOAT || tag == ETF_FLOAT)
		etf_float(e);
	else if (tag == ETF_STRING)
		etf_string(e);
	else if (tag == ETF_BINARY || tag == ETF_BIT_BINARY)
		etf_bits(e, &bits);
	else
		etf_identifier(e, &id);
}

/* Passes one node of the term; the terms within it are added to *pending. */
static void
skip_node(struct etf *e, uint64_t *pending)
{
	uint8_t tag = etf_peek(e);
	uint32_t n;

	switch (tag) {
	case ETF_SMALL_TUPLE:
	case ETF_LARGE_TUPLE:
		*pending += etf_tuple(e);
		break;
	case ETF_NIL:
	case ETF_LIST:
		n = etf_list(e);
		*pending += n ? n + (uint64_t)1 : 0;
		break;
	case ETF_MAP:
		*pending += 2 * (uint64_t)etf_map(e);
		break;
	case ETF_NEW_FUN:
		skip_fun_head(e, pending);
		break;
	case ETF_EXPORT:
		take_tag(e);
		*pending += 3;
		break;
	default:
		skip_leaf(e, tag);
	}
}

bool
etf_skip(struct etf *e)
{
	uint64_t pending = 1;

	for (size_t terms = 0; pending > 0 && etf_ok(e); terms++) {
		if (terms == ETF_MAX_TERMS)
			return etf_fail(e);
		pending--;
		skip_node(e, &pending);
	}
	return etf_ok(e);
}

struct etf_span
etf_raw(struct etf *e)
{
	const uint8_t *start = e->p;

	return etf_skip(e) ? (struct etf_span) { start, (size_t)(e->p - start) } : (struct etf_span) { NULL, 0 };
}
