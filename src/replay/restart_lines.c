/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/restart_lines.h"

#include <inttypes.h>
#include <string.h>

#include "etf/etf_write.h"
#include "replay/table_json.h"

#define YEAR_10000_MS INT64_C(253402300800000)

static bool
is_blank(const struct line *l)
{
	return strspn(l->text, " \t\r") == l->len;
}

/* A name as an application gives it that has no terms: a binary. */
static struct term *
text_term(const char *text, size_t len)
{
	struct strbuf ext = STRBUF_INIT;
	struct term *t;

	etf_put_binary(&ext, text, len);
	t = term_new((const uint8_t *)ext.data, (uint32_t)ext.len, text, false);
	strbuf_release(&ext);
	return t;
}

static bool
take_text(const json_t *object, const char *key, struct term **out, struct err *err)
{
	const json_t *v = json_object_get(object, key);
	size_t len = json_is_string(v) ? json_string_length(v) : 0;

	if (v == NULL)
		return err_set(err, "no \"%s\"", key);
	if (!json_is_string(v))
		return err_set(err, "\"%s\" is no string", key);
	if (len == 0 || len > RESTART_TEXT_MAX)
		return err_set(err, "\"%s\" has %zu bytes, where 1 to %d are allowed", key, len, RESTART_TEXT_MAX);
	if (strlen(json_string_value(v)) < len)
		return err_set(err, "\"%s\" has a zero byte in it", key);
	*out = text_term(json_string_value(v), len);
	return true;
}

static bool
take_time(const json_t *object, int64_t *out, struct err *err)
{
	const json_t *v = json_object_get(object, "t_ms");
	int64_t t = json_is_integer(v) ? json_integer_value(v) : -1;

	if (v == NULL)
		return err_set(err, "no \"t_ms\"");
	if (t <= 0 || t >= YEAR_10000_MS)
		return err_set(err, "\"t_ms\" is no time in milliseconds since the epoch");
	*out = t;
	return true;
}

static bool
take_restart(const json_t *object, struct restart *r, struct err *err)
{
	*r = (struct restart) { .kind = RESTART_DONE, .caught = true, .times = 1 };
	return take_time(object, &r->time_ms, err) && take_text(object, "supervisor", &r->supervisor, err) &&
	    take_text(object, "child", &r->child_id, err) &&
	    (json_object_get(object, "reason") == NULL || take_text(object, "reason", &r->reason, err));
}

static enum read_result
read_line(const struct source *s, const struct line *l, struct restart *out, struct err *err)
{
	size_t column;
	struct err why;
	json_t *object = json_line(l, &column, &why);
	bool ok = object && take_restart(object, out, &why);

	json_decref(object);
	if (ok)
		return READ_OK;
	if (object)
		restart_release(out);
	err_set(err, "%s: line %" PRIu64 ", column %zu: %s", source_name(s), l->number, column, why.text);
	return READ_ERROR;
}

enum read_result
restart_lines_next(struct line_reader *lines, struct restart *out, uint64_t *number, struct err *err)
{
	enum read_result r;
	struct line l;

	while ((r = line_reader_next(lines, &l, err)) == READ_OK)
		if (!is_blank(&l)) {
			*number = l.number;
			return read_line(line_reader_source(lines), &l, out, err);
		}
	return r;
}
