/* SPDX-License-Identifier: Apache-2.0 */
#include "crashdump/terms.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "crashdump/fields.h"

#define PRINT_DEPTH 8
#define TEXT_MAX 64 /* characters of a list that is text */
#define LIST_MAX 16 /* elements of any other, that are printed */
#define MISSING "\xe2\x80\xa6"

/* One element in a body. */
struct element {
	char tag;
	const char *text; /* behind tag and length */
	size_t len;
	size_t used; /* bytes with all */
};

void
terms_reset(struct terms *t)
{
	for (size_t i = 0; i < t->count; i++)
		t->slots[t->order[i]].used = false;
	memset(t->sieve, 0, sizeof(t->sieve));
	t->count = 0;
	strbuf_reset(&t->bodies);
}

void
terms_release(struct terms *t)
{
	strbuf_release(&t->bodies);
}

/* The address's slot, or the free one for it. */
static size_t
find(const struct terms *t, uint64_t address)
{
	size_t i = (size_t)((address >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 52);

	while (t->slots[i].used && t->slots[i].address != address)
		i = (i + 1) % TERMS_SLOTS;
	return i;
}

void
terms_want(struct terms *t, uint64_t address, unsigned depth)
{
	size_t i = find(t, address);

	if (t->count >= TERMS_MAX || t->slots[i].used)
		return;
	t->slots[i] = (struct terms_slot) { .address = address, .depth = (uint8_t)depth, .used = true };
	t->order[t->count++] = (uint16_t)i;
	t->sieve[address >> 9 & 63] |= UINT64_C(1) << (address >> 3 & 63);
}

/* False at the end, and at what is not understood. */
static bool
parse(const char *p, size_t len, struct element *e)
{
	size_t digits = 0;

	if (len == 0)
		return false;
	*e = (struct element) { .tag = *p, .text = p + 1 };
	if (*p == 'A') {
		uint64_t n = field_hex(p + 1, len - 1, &digits);

		if (digits == 0 || digits + 1 >= len || p[1 + digits] != ':' || n > len - digits - 2)
			return false;
		e->text = p + 2 + digits;
		e->len = (size_t)n;
	} else if (*p == 'H') {
		field_hex(p + 1, len - 1, &digits);
		e->len = digits;
	} else if (*p == 'I') {
		while (e->len + 1 < len && (strchr("-0123456789", p[e->len + 1]) != NULL && p[e->len + 1] != '\0'))
			e->len++;
	} else if (*p == 'P' || *p == 'p') {
		const char *close = memchr(p, '>', len);

		if (close == NULL)
			return false;
		e->len = (size_t)(close - p);
	} else if (*p != 'N') {
		return false;
	}
	e->used = (size_t)(e->text - p) + e->len;
	return e->len > 0 || *p == 'A' || *p == 'N';
}

static bool
is_list(const char *body, size_t len)
{
	return len > 0 && *body == 'l';
}

/* Where the elements of a tuple or a flat map's values begin, or NULL if the body is neither. */
static const char *
elements(const char *body, size_t len)
{
	const char *end = body + len;
	const char *colon;

	if (len == 0 || (*body != 't' && *body != 'M'))
		return NULL;
	colon = memchr(body, ':', len);
	return colon ? colon + 1 : end;
}

static void
want_all(struct terms *t, const char *p, const char *end, unsigned depth)
{
	struct element e;

	while (p < end && parse(p, (size_t)(end - p), &e)) {
		if (e.tag == 'H')
			terms_want(t, field_hex(e.text, e.len, NULL), depth);
		p += e.used + 1;
	}
}

/* The tail of a list is as deep as the list. */
static void
want_parts(struct terms *t, const char *body, size_t len, unsigned depth)
{
	const char *end = body + len;
	const char *p = elements(body, len);
	struct element head;

	if (depth == 0)
		return;
	if (p)
		want_all(t, p, end, depth - 1);
	if (!is_list(body, len) || !parse(body + 1, len - 1, &head))
		return;
	want_all(t, body + 1, body + 1 + head.used, depth - 1);
	if (body + 1 + head.used < end)
		want_all(t, body + head.used + 2, end, depth);
}

void
terms_line(struct terms *t, uint64_t address, const char *body, size_t len)
{
	struct terms_slot *s;

	if (!terms_may_want(t, address))
		return;
	s = &t->slots[find(t, address)];
	if (!s->used || s->found)
		return;
	s->found = true;
	s->at = (uint32_t)t->bodies.len;
	s->len = (uint16_t)(len < TERMS_BODY ? len : TERMS_BODY);
	strbuf_add(&t->bodies, body, s->len);
	want_parts(t, body, s->len, s->depth);
}

const char *
terms_body(const struct terms *t, uint64_t address, size_t *len)
{
	const struct terms_slot *s = &t->slots[find(t, address)];

	if (!s->used || !s->found)
		return NULL;
	*len = s->len;
	return strbuf_cstr(&t->bodies) + s->at;
}

void
terms_each(const struct terms *t, void (*each)(void *arg, const char *body, size_t len), void *arg)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct terms_slot *s = &t->slots[t->order[i]];

		if (s->found)
			each(arg, strbuf_cstr(&t->bodies) + s->at, s->len);
	}
}

bool
terms_pair(const char *body, size_t len, const char **key, size_t *key_len, const char **value, size_t *value_len)
{
	struct element first;
	struct element second;
	const char *p = elements(body, len);

	if (len < 3 || memcmp(body, "t2:", 3) != 0 || !parse(p, (size_t)(body + len - p), &first) || first.tag != 'A')
		return false;
	p += first.used + 1;
	if (p >= body + len || !parse(p, (size_t)(body + len - p), &second))
		return false;
	*key = first.text;
	*key_len = first.len;
	*value = p;
	*value_len = second.used;
	return true;
}

uint64_t
terms_pointer(const char *element, size_t len)
{
	struct element e;

	return parse(element, len, &e) && e.tag == 'H' ? field_hex(e.text, e.len, NULL) : 0;
}

/* ---- printing ------------------------------------------------------------------------------------------------------- */

struct printer {
	const struct terms *t;
	struct strbuf *out;
	size_t end; /* of out: nothing is begun behind it */
	bool cut;
};

static void print_element(struct printer *p, const struct element *e, int depth);

static bool
is_full(struct printer *p)
{
	if (p->out->len < p->end)
		return false;
	if (!p->cut)
		strbuf_adds(p->out, MISSING);
	return p->cut = true;
}

/* The cell that an element points to. */
static bool
cell(const struct terms *t, const struct element *e, struct element *head, struct element *tail)
{
	size_t len = 0;
	const char *body = e->tag == 'H' ? terms_body(t, field_hex(e->text, e->len, NULL), &len) : NULL;

	return body && is_list(body, len) && parse(body + 1, len - 1, head) && head->used + 2 < len &&
	    parse(body + head->used + 2, len - head->used - 2, tail);
}

static bool
is_text(const struct terms *t, struct element e)
{
	struct element head;
	int n = 0;

	while (n < TEXT_MAX && cell(t, &e, &head, &e)) {
		uint64_t c = field_number(head.text, head.len);

		if (head.tag != 'I' || c < 32 || c > 126 || head.len > 3)
			return false;
		n++;
	}
	return n > 0 && (e.tag == 'N' || n == TEXT_MAX);
}

static void
print_text(struct printer *p, struct element e)
{
	struct element head;

	strbuf_addc(p->out, '"');
	for (int n = 0; n < TEXT_MAX && cell(p->t, &e, &head, &e) && !is_full(p); n++)
		strbuf_addc(p->out, (char)field_number(head.text, head.len));
	strbuf_adds(p->out, e.tag == 'N' ? "\"" : MISSING "\"");
}

static void
print_items(struct printer *p, struct element e, int depth)
{
	struct element head;
	int n = 0;

	for (; n < LIST_MAX && cell(p->t, &e, &head, &e) && !is_full(p); n++) {
		strbuf_adds(p->out, n ? ", " : "");
		print_element(p, &head, depth + 1);
	}
	if (e.tag != 'N' && !is_full(p)) {
		strbuf_adds(p->out, e.tag == 'H' ? (n ? ", " : "") : "|");
		if (e.tag == 'H')
			strbuf_adds(p->out, MISSING);
		else
			print_element(p, &e, depth + 1);
	}
}

static void
print_elements(struct printer *p, const char *at, const char *end, int depth)
{
	struct element e;
	bool more = false;

	while (at < end && !is_full(p) && parse(at, (size_t)(end - at), &e)) {
		strbuf_adds(p->out, more ? ", " : "");
		print_element(p, &e, depth + 1);
		at += e.used + 1;
		more = true;
	}
	if (at < end && !is_full(p))
		strbuf_adds(p->out, MISSING);
}

static int
base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void
decode_base64(const char *p, const char *end, struct strbuf *out)
{
	unsigned bits = 0;
	unsigned v = 0;
	int digit;

	for (; p < end && (digit = base64_digit(*p)) >= 0; p++) {
		v = v << 6 | (unsigned)digit;
		bits += 6;
		if (bits >= 8)
			strbuf_addc(out, (char)(v >> (bits -= 8)));
		v &= 0xFFFF;
	}
}

static void
decode_hex(const char *p, const char *end, struct strbuf *out)
{
	for (; p + 1 < end; p += 2)
		strbuf_addc(out, (char)field_hex(p, 2, NULL));
}

/* "Yh5:bGFiZWw=" as <<"label">>, if it is text; any other binary as its size. */
static void
print_binary(struct printer *p, const char *body, size_t len)
{
	const char *end = body + len;
	const char *data = memchr(body, ':', len);
	struct strbuf bytes = STRBUF_INIT;
	bool text = true;

	if (body[1] != 'h' || data == NULL) {
		strbuf_adds(p->out, "<<" MISSING ">>");
		return;
	}
	(p->t->hex_binaries ? decode_hex : decode_base64)(data + 1, end, &bytes);
	for (size_t i = 0; i < bytes.len; i++)
		text = text && (unsigned char)bytes.data[i] >= 32;
	if (text) {
		strbuf_adds(p->out, "<<\"");
		strbuf_add(p->out, strbuf_cstr(&bytes), bytes.len < 200 ? bytes.len : 200);
		strbuf_adds(p->out, "\">>");
	} else {
		strbuf_addf(p->out, "<<%zu bytes>>", bytes.len);
	}
	strbuf_release(&bytes);
}

static void
print_boxed(struct printer *p, const char *body, size_t len, int depth)
{
	const char *end = body + len;

	if (*body == 't') {
		strbuf_addc(p->out, '{');
		print_elements(p, elements(body, len), end, depth);
		strbuf_addc(p->out, '}');
	} else if (*body == 'M') {
		strbuf_adds(p->out, "#{" MISSING "}");
	} else if (*body == 'F' && memchr(body, ':', len)) {
		const char *digits = (const char *)memchr(body, ':', len) + 1;

		strbuf_add(p->out, digits, (size_t)(end - digits));
	} else if (*body == 'Y' && len > 1) {
		print_binary(p, body, len);
	} else if (*body == 'B' || *body == 'P') {
		strbuf_add(p->out, body + 1, len - 1);
	} else {
		strbuf_adds(p->out, *body == 'E' ? "#Ref" : MISSING);
	}
}

static void
print_pointer(struct printer *p, const struct element *e, int depth)
{
	size_t len = 0;
	const char *body = terms_body(p->t, field_hex(e->text, e->len, NULL), &len);

	if (body == NULL || len == 0 || depth > PRINT_DEPTH) {
		strbuf_adds(p->out, MISSING);
	} else if (!is_list(body, len)) {
		print_boxed(p, body, len, depth);
	} else if (is_text(p->t, *e)) {
		print_text(p, *e);
	} else {
		strbuf_addc(p->out, '[');
		print_items(p, *e, depth);
		strbuf_addc(p->out, ']');
	}
}

/* Whether an atom stands without quotes: a small letter first, then letters, digits, _ and @. (Letters beyond ASCII are taken for letters.) */
static bool
is_plain_atom(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(islower((unsigned char)p[i]) || (unsigned char)p[i] >= 0x80 ||
			(i > 0 && (isalnum((unsigned char)p[i]) || p[i] == '_' || p[i] == '@'))))
			return false;
	return len > 0;
}

static void
print_atom(struct strbuf *out, const struct element *e)
{
	const char *quote = is_plain_atom(e->text, e->len) ? "" : "'";

	strbuf_adds(out, quote);
	strbuf_add(out, e->text, e->len < 255 ? e->len : 255);
	strbuf_adds(out, quote);
}

static void
print_element(struct printer *p, const struct element *e, int depth)
{
	if (is_full(p))
		return;
	if (e->tag == 'H')
		print_pointer(p, e, depth);
	else if (e->tag == 'N')
		strbuf_adds(p->out, "[]");
	else if (e->tag == 'A')
		print_atom(p->out, e);
	else if (e->tag == 'p')
		strbuf_addf(p->out, "#Port%.*s", (int)(e->len < 64 ? e->len : 64), e->text);
	else
		strbuf_add(p->out, e->text, e->len < 255 ? e->len : 255);
}

void
terms_print(const struct terms *t, const char *element, size_t len, size_t max, struct strbuf *out)
{
	struct printer p = { t, out, out->len + max, false };
	struct element e;

	if (parse(element, len, &e))
		print_element(&p, &e, 0);
	else
		strbuf_adds(out, MISSING);
}

void
terms_list(const struct terms *t, const char *element, size_t len, size_t max, struct strbuf *out)
{
	struct printer p = { t, out, out->len + max, false };
	struct element e;

	if (parse(element, len, &e))
		print_items(&p, e, 0);
}

/* ---- kept for later --------------------------------------------------------------------------------------------------- */

struct exporter {
	const struct terms *t;
	struct strbuf *out;
	size_t end;
	bool missing;
};

static void export_element(struct exporter *x, const struct element *e, int depth);

static void
export_all(struct exporter *x, const char *p, const char *end, int depth)
{
	struct element e;

	while (p < end && parse(p, (size_t)(end - p), &e)) {
		export_element(x, &e, depth);
		p += e.used + 1;
	}
}

/* Deeper than it was wanted nothing is there. A list is followed as deep as the rest, which is enough for what is short. */
static void
export_element(struct exporter *x, const struct element *e, int depth)
{
	uint64_t address = e->tag == 'H' ? field_hex(e->text, e->len, NULL) : 0;
	size_t len = 0;
	const char *body = address ? terms_body(x->t, address, &len) : NULL;

	if (address == 0 || depth > PRINT_DEPTH)
		return;
	if (body == NULL) {
		x->missing = true;
	} else if (x->out->len + len + 20 < x->end) {
		strbuf_addf(x->out, "%" PRIX64 ":", address);
		strbuf_add(x->out, body, len);
		strbuf_addc(x->out, '\n');
		if (is_list(body, len))
			export_all(x, body + 1, body + len, depth + 1);
		else if (elements(body, len))
			export_all(x, elements(body, len), body + len, depth + 1);
	}
}

bool
terms_export(const struct terms *t, const char *element, size_t len, size_t max, struct strbuf *out)
{
	struct exporter x = { t, out, out->len + max, false };
	struct element e;

	if (parse(element, len, &e))
		export_element(&x, &e, 0);
	return x.missing;
}

void
terms_import(struct terms *t, const char *element, size_t len, unsigned depth, const char *lines, size_t lines_len)
{
	const char *end = lines + lines_len;
	uint64_t root = terms_pointer(element, len);

	if (root)
		terms_want(t, root, depth);
	while (lines < end) {
		const char *newline = memchr(lines, '\n', (size_t)(end - lines));
		const char *stop = newline ? newline : end;
		size_t digits;
		uint64_t address = field_hex(lines, (size_t)(stop - lines), &digits);

		if (lines + digits < stop)
			terms_line(t, address, lines + digits + 1, (size_t)(stop - lines) - digits - 1);
		lines = stop + 1;
	}
}

bool
terms_mfa(const struct terms *t, const char *element, size_t len, struct strbuf *out)
{
	struct element part[3];
	uint64_t address = terms_pointer(element, len);
	size_t n = 0;
	const char *body = address ? terms_body(t, address, &n) : NULL;
	const char *p;

	if (body == NULL || n < 3 || memcmp(body, "t3:", 3) != 0)
		return false;
	p = body + 3;
	for (int i = 0; i < 3; i++) {
		if (p >= body + n || !parse(p, (size_t)(body + n - p), &part[i]) || part[i].tag != (i < 2 ? 'A' : 'I'))
			return false;
		p += part[i].used + 1;
	}
	print_atom(out, &part[0]);
	strbuf_addc(out, ':');
	print_atom(out, &part[1]);
	strbuf_addc(out, '/');
	strbuf_add(out, part[2].text, part[2].len);
	return true;
}
