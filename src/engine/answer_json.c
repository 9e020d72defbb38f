/* SPDX-License-Identifier: Apache-2.0 */
/* Answers as JSON: terms as their text, words as strings. */
#include "base/attr.h"
#include "engine/answer.h"
#include "engine/answer_parts.h"

static struct jsonw *
writer(struct answer *a)
{
	return ((struct answer_json *)a)->j;
}

static void
json_object(struct answer *a)
{
	jsonw_object(writer(a));
}

static void
json_array(struct answer *a)
{
	jsonw_array(writer(a));
}

static void
json_object_of(struct answer *a, uint32_t count UNUSED)
{
	jsonw_object(writer(a));
}

static void
json_array_of(struct answer *a, uint32_t count UNUSED)
{
	jsonw_array(writer(a));
}

static void
json_end(struct answer *a)
{
	jsonw_end(writer(a));
}

static void
json_key(struct answer *a, const char *key)
{
	jsonw_key(writer(a), key);
}

static void
json_key_term(struct answer *a, const struct term *key)
{
	jsonw_key(writer(a), key ? key->text : ANSWER_OTHER);
}

static void
json_null(struct answer *a)
{
	jsonw_null(writer(a));
}

static void
json_boolean(struct answer *a, bool v)
{
	jsonw_bool(writer(a), v);
}

static void
json_number(struct answer *a, double v)
{
	jsonw_double(writer(a), v);
}

static void
json_text(struct answer *a, const char *text)
{
	jsonw_str(writer(a), text && text[0] ? text : NULL);
}

static void
json_term(struct answer *a, const struct term *t)
{
	json_text(a, t ? t->text : NULL);
}

static void
json_instant(struct answer *a, int64_t time_ms)
{
	jsonw_time(writer(a), time_ms);
}

static void
json_time(struct answer *a, int64_t time_ms)
{
	if (time_ms)
		json_instant(a, time_ms);
	else
		json_null(a);
}

void
answer_json_init(struct answer_json *a, struct jsonw *j)
{
	static const struct answer_ops ops = {
		.object = json_object,
		.array = json_array,
		.end = json_end,
		.key = json_key,
		.key_term = json_key_term,
		.null = json_null,
		.boolean = json_boolean,
		.integer = json_number,
		.real = json_number,
		.text = json_text,
		.word = json_text,
		.term = json_term,
		.time = json_time,
		.instant = json_instant,
		.object_of = json_object_of,
		.array_of = json_array_of,
		.pair = json_array,
	};

	*a = (struct answer_json) { .base = { &ops, false }, .j = j };
}
