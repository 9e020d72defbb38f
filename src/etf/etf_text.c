/* SPDX-License-Identifier: Apache-2.0 */
/* The rules are those of io_lib, io_lib_pretty and io_lib_format in OTP's stdlib. */
#include "etf/etf_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define BIG_TEXT_MAX 1024 /* bytes of magnitude that are turned into decimals */

struct printer {
	struct strbuf *out;
	size_t max; /* length that out may have in the end; longer means that printing can stop */
};

static void print_term(struct printer *p, struct etf *e, unsigned depth);

static bool
is_full(const struct printer *p)
{
	return p->out->len > p->max;
}

/* ---- characters ------------------------------------------------------------------------------------------------------ */

/* io_lib:printable_unicode_list/1 */
static bool
is_printable(uint32_t cp)
{
	return (cp >= 0x20 && cp <= 0x7E) || (cp >= 0x08 && cp <= 0x0D) || cp == 0x1B || (cp >= 0xA0 && cp < 0xD800) ||
	    (cp > 0xDFFF && cp < 0xFFFE) || (cp > 0xFFFF && cp <= 0x10FFFF);
}

/* io_lib:string_char/4 */
static void
add_char(struct strbuf *out, uint32_t cp, char quote)
{
	static const char letters[] = "btnvfr"; /* 8 to 13 */

	if (cp == (unsigned char)quote || cp == '\\')
		strbuf_addf(out, "\\%c", (char)cp);
	else if ((cp >= 0x20 && cp <= 0x7E) || cp >= 0xA0)
		utf8_add(out, cp);
	else if (cp >= 8 && cp <= 13)
		strbuf_addf(out, "\\%c", letters[cp - 8]);
	else if (cp == 0x1B || cp == 0x7F)
		strbuf_adds(out, cp == 0x1B ? "\\e" : "\\d");
	else
		strbuf_addf(out, "\\%03o", (unsigned)cp);
}

/* ---- atoms ----------------------------------------------------------------------------------------------------------- */

static bool
is_reserved(const char *text)
{
	static const char *const words[] = { "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr",
		"bxor", "case", "catch", "cond", "div", "end", "fun", "if", "let", "not", "of", "or", "orelse",
		"receive", "rem", "try", "when", "xor" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static bool
is_lower(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7);
}

static bool
is_name_char(uint32_t c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '@' ||
	    (c >= 0xC0 && c <= 0xDE && c != 0xD7);
}

static bool
needs_quotes(const struct etf_atom *atom)
{
	bool first = true;

	if (atom->len == 0 || is_reserved(atom->text))
		return true;
	for (size_t i = 0; i < atom->len;) {
		uint32_t cp = 0;

		i += utf8_decode((const uint8_t *)atom->text + i, atom->len - i, &cp);
		if (!(first ? is_lower(cp) : is_name_char(cp)))
			return true;
		first = false;
	}
	return false;
}

static void
add_atom(struct strbuf *out, const struct etf_atom *atom)
{
	if (!needs_quotes(atom)) {
		strbuf_add(out, atom->text, atom->len);
		return;
	}
	strbuf_addc(out, '\'');
	for (size_t i = 0; i < atom->len;) {
		uint32_t cp = 0;

		i += utf8_decode((const uint8_t *)atom->text + i, atom->len - i, &cp);
		add_char(out, cp, '\'');
	}
	strbuf_addc(out, '\'');
}

static void
print_atom(struct printer *p, struct etf *e)
{
	struct etf_atom atom;

	if (etf_atom(e, &atom))
		add_atom(p->out, &atom);
}

/* ---- numbers --------------------------------------------------------------------------------------------------------- */

/*
 * Below a power of two lie the doubles twice as dense as above it. So the nearest 16 digits may miss it where the next 16 above still read back as
 * it: text, 16 digits in %e form, becomes those.
 */
static void
next_above(char *text)
{
	char *end = strchr(text, 'e');

	for (char *c = end - 1; c >= text; c--) {
		if (*c == '.')
			continue;
		if (*c != '9') {
			++*c;
			return;
		}
		*c = '0';
	}
}

static void
shortest_text(char text[40], double v)
{
	for (int precision = 0; precision <= 15; precision++) {
		snprintf(text, 40, "%.*e", precision, v);
		if (strtod(text, NULL) == v)
			return;
	}
	next_above(text);
	if (strtod(text, NULL) != v)
		snprintf(text, 40, "%.16e", v);
}

/* Significant digits without trailing zeros, and the decimal exponent of d.ddd; v > 0. */
static int
shortest_digits(double v, char digits[20])
{
	char text[40];
	size_t n = 0;

	shortest_text(text, v);
	for (const char *c = text; *c != 'e'; c++)
		if (*c != '.')
			digits[n++] = *c;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	return atoi(strchr(text, 'e') + 1);
}

static void
add_scientific(struct strbuf *out, const char *digits, int exponent)
{
	strbuf_addf(out, "%c.%se%d", digits[0], digits[1] ? digits + 1 : "0", exponent);
}

static void
add_decimal(struct strbuf *out, const char *digits, int exponent)
{
	int len = (int)strlen(digits);
	int point = exponent + 1; /* digits before the point */

	if (point <= 0) {
		strbuf_adds(out, "0.");
		for (int i = point; i < 0; i++)
			strbuf_addc(out, '0');
		strbuf_adds(out, digits);
	} else if (point >= len) {
		strbuf_adds(out, digits);
		for (int i = len; i < point; i++)
			strbuf_addc(out, '0');
		strbuf_adds(out, ".0");
	} else {
		strbuf_addf(out, "%.*s.%s", point, digits, digits + point);
	}
}

/* The shorter of both forms, the decimal one where they are equally long and below 2^53: float_to_list(V, [short]). */
void
etf_float_text(struct strbuf *out, double v)
{
	struct strbuf decimal = STRBUF_INIT;
	struct strbuf scientific = STRBUF_INIT;
	char digits[20];
	int exponent;

	if (signbit(v))
		strbuf_addc(out, '-');
	if (v == 0) {
		strbuf_adds(out, "0.0");
		return;
	}
	exponent = shortest_digits(fabs(v), digits);
	add_scientific(&scientific, digits, exponent);
	if (exponent > -20 && exponent < 20)
		add_decimal(&decimal, digits, exponent);
	if (decimal.len > 0 && decimal.len <= scientific.len && fabs(v) < 9007199254740992.0)
		strbuf_adds(out, decimal.data);
	else
		strbuf_adds(out, scientific.data);
	strbuf_release(&decimal);
	strbuf_release(&scientific);
}

static void
print_float(struct printer *p, struct etf *e)
{
	double v = etf_float(e);

	if (etf_ok(e))
		etf_float_text(p->out, v);
}

/* Schoolbook: the magnitude is divided by 10^9 again and again. */
static void
add_big(struct strbuf *out, struct etf_big big)
{
	uint8_t n[BIG_TEXT_MAX];
	uint32_t groups[BIG_TEXT_MAX * 8 / 29 + 1];
	size_t count = 0;
	size_t len = big.digits.len;

	memcpy(n, big.digits.data, len);
	while (len > 0) {
		uint64_t rest = 0;

		for (size_t i = len; i > 0; i--) {
			rest = rest << 8 | n[i - 1];
			n[i - 1] = (uint8_t)(rest / 1000000000);
			rest %= 1000000000;
		}
		groups[count++] = (uint32_t)rest;
		while (len > 0 && n[len - 1] == 0)
			len--;
	}
	strbuf_addf(out, "%s%" PRIu32, big.negative ? "-" : "", count ? groups[--count] : 0);
	while (count > 0)
		strbuf_addf(out, "%09" PRIu32, groups[--count]);
}

static void
print_integer(struct printer *p, struct etf *e)
{
	struct etf_big big;

	if (etf_peek(e) == ETF_SMALL_INTEGER || etf_peek(e) == ETF_INTEGER) {
		strbuf_addf(p->out, "%" PRId64, etf_int(e));
		return;
	}
	big = etf_big(e);
	if (etf_ok(e) && big.digits.len > BIG_TEXT_MAX)
		strbuf_adds(p->out, "..."); /* more digits than anybody reads */
	else if (etf_ok(e) && big.digits.len > 0)
		add_big(p->out, big);
	else
		strbuf_addc(p->out, '0');
}

/* ---- binaries -------------------------------------------------------------------------------------------------------- */

/* A binary that is a string: printable UTF-8, or else (io_lib_pretty does so) printable Latin-1. */
static bool
is_text(struct etf_span s, bool utf8)
{
	for (size_t i = 0; i < s.len;) {
		uint32_t cp = s.data[i];
		size_t n = utf8 ? utf8_decode(s.data + i, s.len - i, &cp) : 1;

		if (n == 0 || !is_printable(cp))
			return false;
		i += n;
	}
	return s.len > 0;
}

static bool
is_valid_utf8(struct etf_span s)
{
	uint32_t cp;
	size_t n;

	for (size_t i = 0; i < s.len; i += n)
		if ((n = utf8_decode(s.data + i, s.len - i, &cp)) == 0)
			return false;
	return true;
}

static void
add_text_binary(struct printer *p, struct etf_span s, bool utf8)
{
	bool ascii = true;

	strbuf_adds(p->out, "<<\"");
	for (size_t i = 0; i < s.len && !is_full(p);) {
		uint32_t cp = s.data[i];

		ascii = ascii && cp < 0x80;
		i += utf8 ? utf8_decode(s.data + i, s.len - i, &cp) : 1;
		add_char(p->out, cp, '"');
	}
	strbuf_adds(p->out, utf8 && !ascii ? "\"/utf8>>" : "\">>");
}

static void
add_byte_binary(struct printer *p, struct etf_span s, unsigned last_bits)
{
	strbuf_adds(p->out, "<<");
	for (size_t i = 0; i < s.len && !is_full(p); i++) {
		bool last = i + 1 == s.len && last_bits < 8;

		strbuf_addf(p->out, "%s%u", i ? "," : "", last ? s.data[i] >> (8 - last_bits) : s.data[i]);
		if (last)
			strbuf_addf(p->out, ":%u", last_bits);
	}
	strbuf_adds(p->out, ">>");
}

static void
print_binary(struct printer *p, struct etf *e)
{
	unsigned last_bits;
	struct etf_span s = etf_bits(e, &last_bits);
	bool utf8 = last_bits == 8 && is_valid_utf8(s);

	if (last_bits == 8 && is_text(s, utf8))
		add_text_binary(p, s, utf8);
	else
		add_byte_binary(p, s, last_bits);
}

/* ---- lists ----------------------------------------------------------------------------------------------------------- */

static void
print_bytes(struct printer *p, struct etf *e)
{
	struct etf_span s = etf_string(e);
	bool text = is_text(s, false);

	strbuf_addc(p->out, text ? '"' : '[');
	for (size_t i = 0; i < s.len && !is_full(p); i++) {
		if (text)
			add_char(p->out, s.data[i], '"');
		else
			strbuf_addf(p->out, "%s%u", i ? "," : "", s.data[i]);
	}
	strbuf_addc(p->out, text ? '"' : ']');
}

/* Whether n printable code points and a [] come next. */
static bool
is_char_list(struct etf e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		int64_t cp = etf_is_integer(etf_peek(&e)) ? etf_int(&e) : -1;

		if (!etf_ok(&e) || cp < 0 || cp > 0x10FFFF || !is_printable((uint32_t)cp))
			return false;
	}
	return etf_peek(&e) == ETF_NIL;
}

static void
print_char_list(struct printer *p, struct etf *e, uint32_t n)
{
	strbuf_addc(p->out, '"');
	for (uint32_t i = 0; i < n && !is_full(p); i++)
		add_char(p->out, (uint32_t)etf_int(e), '"');
	strbuf_addc(p->out, '"');
	if (!is_full(p))
		etf_list_end(e, n);
}

/* A row of terms; each after the first has the separator before it. */
static void
print_terms(struct printer *p, struct etf *e, uint32_t n, unsigned depth)
{
	for (uint32_t i = 0; i < n && etf_ok(e) && !is_full(p); i++) {
		if (i)
			strbuf_addc(p->out, ',');
		print_term(p, e, depth);
	}
}

static void
print_list(struct printer *p, struct etf *e, unsigned depth)
{
	uint32_t n = etf_list(e);

	if (n > 0 && is_char_list(*e, n)) {
		print_char_list(p, e, n);
		return;
	}
	strbuf_addc(p->out, '[');
	print_terms(p, e, n, depth);
	if (n > 0 && etf_ok(e) && !is_full(p)) {
		if (etf_peek(e) != ETF_NIL) {
			strbuf_addc(p->out, '|');
			print_term(p, e, depth);
		} else {
			etf_list_end(e, n);
		}
	}
	strbuf_addc(p->out, ']');
}

/* ---- the rest -------------------------------------------------------------------------------------------------------- */

static void
print_tuple(struct printer *p, struct etf *e, unsigned depth)
{
	uint32_t n = etf_tuple(e);

	strbuf_addc(p->out, '{');
	print_terms(p, e, n, depth);
	strbuf_addc(p->out, '}');
}

static void
print_map(struct printer *p, struct etf *e, unsigned depth)
{
	uint32_t n = etf_map(e);

	strbuf_adds(p->out, "#{");
	for (uint32_t i = 0; i < n && etf_ok(e) && !is_full(p); i++) {
		if (i)
			strbuf_addc(p->out, ',');
		print_term(p, e, depth);
		strbuf_adds(p->out, " => ");
		print_term(p, e, depth);
	}
	strbuf_addc(p->out, '}');
}

static void
print_identifier(struct printer *p, struct etf *e)
{
	struct etf_id id;

	if (!etf_identifier(e, &id))
		return;
	if (etf_is_pid(id.tag)) {
		strbuf_addf(p->out, "<0.%" PRIu32 ".%" PRIu32 ">", id.word[0], id.word[1]);
	} else if (etf_is_port(id.tag)) {
		strbuf_addf(p->out, "#Port<0.%" PRIu64 ">", (uint64_t)id.word[1] << 32 | id.word[0]);
	} else {
		strbuf_adds(p->out, "#Ref<0");
		for (unsigned i = id.count; i > 0; i--)
			strbuf_addf(p->out, ".%" PRIu32, id.word[i - 1]);
		strbuf_addc(p->out, '>');
	}
}

static void
print_fun(struct printer *p, struct etf *e)
{
	struct etf_fun fun;
	struct etf module;

	if (!etf_fun(e, &fun))
		return;
	strbuf_adds(p->out, "#Fun<");
	etf_init(&module, fun.module.data, fun.module.len);
	print_atom(p, &module);
	strbuf_addf(p->out, ".%" PRId64 ".%" PRId64 ">", fun.index, fun.uniq);
}

static void
print_export(struct printer *p, struct etf *e)
{
	e->p++; /* the tag, which was peeked */
	strbuf_adds(p->out, "fun ");
	print_atom(p, e);
	strbuf_addc(p->out, ':');
	print_atom(p, e);
	strbuf_addf(p->out, "/%" PRId64, etf_int(e));
}

static void
print_any(struct printer *p, struct etf *e, unsigned depth)
{
	uint8_t tag = etf_peek(e);

	if (etf_is_atom(tag))
		print_atom(p, e);
	else if (etf_is_integer(tag))
		print_integer(p, e);
	else if (tag == ETF_NEW_FLOAT || tag == ETF_FLOAT)
		print_float(p, e);
	else if (tag == ETF_BINARY || tag == ETF_BIT_BINARY)
		print_binary(p, e);
	else if (tag == ETF_STRING)
		print_bytes(p, e);
	else if (tag == ETF_LIST || tag == ETF_NIL)
		print_list(p, e, depth + 1);
	else if (tag == ETF_SMALL_TUPLE || tag == ETF_LARGE_TUPLE)
		print_tuple(p, e, depth + 1);
	else if (tag == ETF_MAP)
		print_map(p, e, depth + 1);
	else if (tag == ETF_NEW_FUN)
		print_fun(p, e);
	else if (tag == ETF_EXPORT)
		print_export(p, e);
	else
		print_identifier(p, e);
}

static void
print_term(struct printer *p, struct etf *e, unsigned depth)
{
	if (!etf_ok(e) || is_full(p))
		return;
	if (depth <= ETF_MAX_DEPTH) {
		print_any(p, e, depth);
	} else {
		strbuf_adds(p->out, "...");
		etf_skip(e);
	}
}

bool
etf_text(struct etf *e, size_t max, struct strbuf *out)
{
	struct etf all = *e;
	size_t before = out->len;
	struct printer p = { out, before + max };

	print_term(&p, e, 0);
	if (is_full(&p)) {
		strbuf_cut(out, before + etf_utf8_cut(out->data + before, out->len - before, max - 3));
		strbuf_adds(out, "...");
	}
	/* Printing may have stopped within the term. */
	if (etf_ok(e)) {
		*e = all;
		etf_skip(e);
	}
	if (!etf_ok(e))
		strbuf_cut(out, before);
	return etf_ok(e);
}
