/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers as Erlang terms. How many elements a map or list has is mostly known at its end only: its head is written with a count of 0 and patched
 * then; the head of a counted one is right from the beginning, so that it can be sent before the end is written. Nothing that the VM would refuse is ever written: numbers are finite, texts are UTF-8.
 */
#include <assert.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "base/utf8.h"
#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "etf/etf_write.h"

static struct answer_term *
writer(struct answer *a)
{
	return (struct answer_term *)a;
}

/* value counts the value that comes next, unless it belongs to a key, which is counted itself. */
static struct strbuf *
value(struct answer *a)
{
	struct answer_term *t = writer(a);

	if (t->depth > 0 && t->open[t->depth - 1].tag != ETF_MAP)
		t->open[t->depth - 1].count++;
	return t->out;
}

static void
open_level(struct answer *a, enum etf_tag tag)
{
	struct answer_term *t = writer(a);

	assert(t->depth < ANSWER_TERM_DEPTH);
	t->open[t->depth].head = t->out->len;
	t->open[t->depth].count = 0;
	t->open[t->depth].tag = (uint8_t)tag;
	t->open[t->depth].is_counted = false;
	t->depth++;
}

static void
open_counted(struct answer *a, enum etf_tag tag, uint32_t count)
{
	struct answer_term *t = writer(a);

	open_level(a, tag);
	t->open[t->depth - 1].is_counted = true;
	t->open[t->depth - 1].expected = count;
}

static void
term_object(struct answer *a)
{
	struct strbuf *out = value(a);

	open_level(a, ETF_MAP);
	etf_put_map(out, 0);
}

static void
term_array(struct answer *a)
{
	struct strbuf *out = value(a);

	open_level(a, ETF_LIST);
	etf_put_list(out, 1);
}

static void
term_object_of(struct answer *a, uint32_t count)
{
	struct strbuf *out = value(a);

	open_counted(a, ETF_MAP, count);
	etf_put_map(out, count);
}

/* An empty list is its end alone. */
static void
term_array_of(struct answer *a, uint32_t count)
{
	struct strbuf *out = value(a);

	open_counted(a, ETF_LIST, count);
	if (count > 0)
		etf_put_list(out, count);
}

static void
term_pair(struct answer *a)
{
	struct strbuf *out = value(a);

	open_level(a, ETF_SMALL_TUPLE);
	etf_put_tuple(out, 2);
}

static void
patch_count(struct strbuf *out, size_t head, uint32_t count)
{
	for (int i = 0; i < 4; i++)
		out->data[head + 1 + (size_t)i] = (char)(count >> (24 - 8 * i));
}

static void
term_end(struct answer *a)
{
	struct answer_term *t = writer(a);
	uint32_t count;
	size_t head;

	assert(t->depth > 0);
	t->depth--;
	head = t->open[t->depth].head;
	count = t->open[t->depth].count;
	if (t->open[t->depth].tag == ETF_SMALL_TUPLE) {
		assert(count == 2);
		return;
	}
	if (t->open[t->depth].is_counted)
		assert(count == t->open[t->depth].expected);
	else
		patch_count(t->out, head, count);
	if (t->open[t->depth].tag == ETF_MAP)
		return;
	if (count == 0 && !t->open[t->depth].is_counted)
		strbuf_cut(t->out, head);
	etf_put_nil(t->out);
}

/* ---- keys ---- */

static struct strbuf *
key(struct answer *a)
{
	struct answer_term *t = writer(a);

	assert(t->depth > 0 && t->open[t->depth - 1].tag == ETF_MAP);
	t->open[t->depth - 1].count++;
	return t->out;
}

static void
term_key(struct answer *a, const char *name)
{
	etf_put_atom(key(a), name);
}

/* Most texts are ASCII, and the history is full of them. */
static void
put_text(struct strbuf *out, const char *text)
{
	size_t head = out->len, plain = 0;

	while (text[plain] != '\0' && (uint8_t)text[plain] < 0x80)
		plain++;
	etf_put_binary(out, text, plain);
	if (text[plain] == '\0')
		return;
	utf8_add_clean(out, text + plain, strlen(text + plain));
	patch_count(out, head, (uint32_t)(out->len - head - 5));
}

/* A term that came as a text only is that text. */
static void
put_term(struct strbuf *out, const struct term *t)
{
	if (t->ext_len)
		strbuf_add(out, t->ext, t->ext_len);
	else
		put_text(out, t->text);
}

static void
term_key_term(struct answer *a, const struct term *t)
{
	struct strbuf *out = key(a);

	if (t)
		put_term(out, t);
	else
		etf_put_atom(out, ANSWER_OTHER);
}

/* ---- values ---- */

static void
term_null(struct answer *a)
{
	etf_put_atom(value(a), "nil");
}

static void
term_boolean(struct answer *a, bool v)
{
	etf_put_atom(value(a), v ? "true" : "false");
}

static void
term_integer(struct answer *a, double v)
{
	if (!isfinite(v))
		term_null(a);
	else if (fabs(v) >= 0x1p63)
		etf_put_int(value(a), v < 0 ? INT64_MIN : INT64_MAX);
	else
		etf_put_int(value(a), (int64_t)round(v));
}

/* OTP 27 tells -0.0 from 0.0; nobody who reads a figure wants to. */
static void
term_real(struct answer *a, double v)
{
	if (isfinite(v))
		etf_put_float(value(a), v == 0 ? 0 : v);
	else
		term_null(a);
}

static void
term_text_value(struct answer *a, const char *text)
{
	if (text && text[0])
		put_text(value(a), text);
	else
		term_null(a);
}

static void
term_word(struct answer *a, const char *word)
{
	if (word && word[0])
		etf_put_atom(value(a), word);
	else
		term_null(a);
}

static void
term_term(struct answer *a, const struct term *t)
{
	if (t)
		put_term(value(a), t);
	else
		term_null(a);
}

/* ---- times ---- */

#define ATOM(len, text) "\x77" len text
#define BINARY(len, text) "\x6D\0\0\0" len text

/* The pairs of a DateTime that are always the same, with the head for all 13. */
static const char SAME[] = "\x74\0\0\0\x0D" ATOM("\x0A", "__struct__") ATOM("\x0F", "Elixir.DateTime")
    ATOM("\x08", "calendar") ATOM("\x13", "Elixir.Calendar.ISO")
	ATOM("\x0A", "std_offset") "\x61\0" ATOM("\x0A", "utc_offset") "\x61\0" ATOM("\x09", "time_zone")
	    BINARY("\x07", "Etc/UTC") ATOM("\x09", "zone_abbr") BINARY("\x03", "UTC");

static void
put_field(struct strbuf *out, const char *name, int64_t v)
{
	etf_put_atom(out, name);
	etf_put_int(out, v);
}

static void
put_time(struct strbuf *out, const struct tm *tm, int ms)
{
	strbuf_add(out, SAME, sizeof(SAME) - 1);
	put_field(out, "year", (int64_t)tm->tm_year + 1900);
	put_field(out, "month", tm->tm_mon + 1);
	put_field(out, "day", tm->tm_mday);
	put_field(out, "hour", tm->tm_hour);
	put_field(out, "minute", tm->tm_min);
	put_field(out, "second", tm->tm_sec);
	etf_put_atom(out, "microsecond");
	etf_put_tuple(out, 2);
	etf_put_int(out, ms * 1000);
	etf_put_int(out, 3);
}

/* Calendar.ISO goes from the year -9999 to 9999; a time beyond is none. */
static bool
split_time(int64_t time_ms, struct tm *tm, int *ms)
{
	int64_t rest = time_ms % 1000;
	time_t s = (time_t)(time_ms / 1000) - (rest < 0);

	*ms = (int)(rest < 0 ? rest + 1000 : rest);
	return gmtime_r(&s, tm) != NULL && tm->tm_year >= -9999 - 1900 && tm->tm_year <= 9999 - 1900;
}

static void
term_instant(struct answer *a, int64_t time_ms)
{
	struct tm tm;
	int ms;

	if (split_time(time_ms, &tm, &ms))
		put_time(value(a), &tm, ms);
	else
		term_null(a);
}

static void
term_time(struct answer *a, int64_t time_ms)
{
	if (time_ms)
		term_instant(a, time_ms);
	else
		term_null(a);
}

void
answer_term_init(struct answer_term *a, struct strbuf *out)
{
	static const struct answer_ops ops = {
		.object = term_object,
		.array = term_array,
		.end = term_end,
		.key = term_key,
		.key_term = term_key_term,
		.null = term_null,
		.boolean = term_boolean,
		.integer = term_integer,
		.real = term_real,
		.text = term_text_value,
		.word = term_word,
		.term = term_term,
		.time = term_time,
		.instant = term_instant,
		.object_of = term_object_of,
		.array_of = term_array_of,
		.pair = term_pair,
	};

	memset(a, 0, sizeof(*a));
	a->base = (struct answer) { &ops, true };
	a->out = out;
}
