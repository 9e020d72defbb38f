/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the keys is report_json's: whatever has another is none of ours. */
#include "report/report_head.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "base/utf8.h"

struct scan {
	const char *at, *end;
};

static bool
take(struct scan *s, const char *literal)
{
	size_t len = strlen(literal);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, literal, len) != 0)
		return false;
	s->at += len;
	return true;
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* take_escape reads what follows a backslash. Surrogates become U+FFFD each: jsonw writes none. */
static bool
take_escape(struct scan *s, struct strbuf *out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name;
	uint32_t cp = 0;

	if (s->at == s->end)
		return false;
	name = *s->at ? strchr(names, *s->at) : NULL;
	if (name) {
		strbuf_addc(out, values[name - names]);
		s->at++;
		return true;
	}
	if (*s->at != 'u' || s->end - s->at < 5)
		return false;
	for (int i = 1; i <= 4; i++) {
		int digit = hex_digit(s->at[i]);

		if (digit < 0)
			return false;
		cp = cp << 4 | (uint32_t)digit;
	}
	s->at += 5;
	utf8_add(out, cp ? cp : 0xFFFD);
	return true;
}

/* take_string reads a string, or null as "", into a buffer that must hold it. */
static bool
take_string(struct scan *s, char *out, size_t size)
{
	struct strbuf raw = STRBUF_INIT, text = STRBUF_INIT;
	bool ok = true;

	out[0] = '\0';
	if (take(s, "null"))
		return true;
	if (!take(s, "\""))
		return false;
	while (ok && s->at < s->end && *s->at != '"') {
		char c = *s->at++;

		if (c == '\\')
			ok = take_escape(s, &raw);
		else if ((unsigned char)c < 0x20)
			ok = false;
		else
			strbuf_addc(&raw, c);
	}
	utf8_add_clean(&text, strbuf_cstr(&raw), raw.len);
	ok = ok && take(s, "\"") && text.len < size;
	if (ok)
		memcpy(out, strbuf_cstr(&text), text.len + 1);
	strbuf_release(&raw);
	strbuf_release(&text);
	return ok;
}

static bool
take_number(struct scan *s, double *out)
{
	char digits[32];
	size_t len = 0;
	char *end;

	while (len < sizeof(digits) - 1 && s->at < s->end && *s->at && strchr("0123456789.eE+-", *s->at))
		digits[len++] = *s->at++;
	digits[len] = '\0';
	*out = strtod(digits, &end);
	return len > 0 && *end == '\0' && *out >= 0 && *out <= 1;
}

bool
report_head_read(const char *json, size_t len, struct report_head *out)
{
	struct scan s = { json, json + len };
	char kind[40], made[40];

	return take(&s, "{\"id\":") && take_string(&s, out->id, sizeof(out->id)) && take(&s, ",\"kind\":") &&
	    take_string(&s, kind, sizeof(kind)) && take(&s, ",\"node\":") &&
	    take_string(&s, out->node, sizeof(out->node)) && take(&s, ",\"time_range\":{\"start\":") &&
	    take_string(&s, out->start, sizeof(out->start)) && take(&s, ",\"end\":") &&
	    take_string(&s, out->end, sizeof(out->end)) && take(&s, "},\"made_at\":") &&
	    take_string(&s, made, sizeof(made)) && take(&s, ",\"verdict\":{\"cause\":") &&
	    take_string(&s, out->cause, sizeof(out->cause)) && take(&s, ",\"title\":") &&
	    take_string(&s, out->title, sizeof(out->title)) && take(&s, ",\"confidence\":") &&
	    take_number(&s, &out->confidence);
}

void
report_head_json(const struct report_head *h, struct jsonw *j)
{
	const char *const fields[][2] = { { "id", h->id }, { "node", h->node }, { "start", h->start },
		{ "end", h->end }, { "cause", h->cause }, { "title", h->title } };

	jsonw_object(j);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		jsonw_key(j, fields[i][0]);
		jsonw_str(j, fields[i][1]);
	}
	jsonw_key(j, "confidence");
	jsonw_double(j, h->confidence);
	jsonw_end(j);
}

/* ---- ids ---- */

#define NAME_END (REPORT_ID_SIZE - 10) /* behind it: "+", 8 digits, terminator */

static bool
is_id_char(char c)
{
	return isascii((unsigned char)c) && (isalnum((unsigned char)c) || (c && strchr("._-@+", c)));
}

/* FNV-1a (G. Fowler, L. C. Noll, P. Vo). */
static uint32_t
hash_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

void
report_id_set(char id[REPORT_ID_SIZE], const char *node, int64_t time_ms)
{
	char time[TIME_RFC3339_SIZE];
	const char *at = node;
	bool whole = true;
	size_t n = 0;

	time_rfc3339(time, time_ms);
	for (const char *p = time; *p && *p != '.'; p++)
		if (*p != '-' && *p != ':')
			id[n++] = *p;
	id[n++] = 'Z';
	id[n++] = '-';
	for (; *at && n < NAME_END; at++) {
		whole = whole && is_id_char(*at);
		id[n++] = is_id_char(*at) ? *at : '_';
	}
	id[n] = '\0';
	/* Two names that differ only in what is left out are lost at once, perhaps. */
	if (*at || !whole)
		snprintf(id + n, REPORT_ID_SIZE - n, "+%08" PRIx32, hash_of(node));
}

bool
report_id_ok(const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < len; i++)
		if (!is_id_char(id[i]))
			return false;
	return len > 0 && len < REPORT_ID_SIZE && id[0] != '.';
}

bool
report_id_is_dated(const char *id)
{
	static const char shape[] = "ddddddddTddddddZ-";

	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)id[i]) : id[i] != shape[i])
			return false;
	return true;
}
