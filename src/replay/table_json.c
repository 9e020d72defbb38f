/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/table_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "replay/table.h"

struct table_json {
	char *names[TABLE_MAX_COLUMNS];
	double cells[TABLE_MAX_COLUMNS];
	size_t count;
	struct strbuf time_text, value_text;
};

struct table_json *
table_json_new(void)
{
	return xcalloc(1, sizeof(struct table_json));
}

void
table_json_free(struct table_json *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++)
		free(t->names[i]);
	strbuf_release(&t->time_text);
	strbuf_release(&t->value_text);
	free(t);
}

const char *
table_json_column(const struct table_json *t, size_t i)
{
	return t->names[i];
}

/* ---- values ---- */

json_t *
json_line(const struct line *l, size_t *column, struct err *err)
{
	json_error_t why;
	json_t *root = json_loadb(l->text, l->len, JSON_REJECT_DUPLICATES, &why);

	*column = root ? 1 : (size_t)(why.column > 0 ? why.column : 1);
	if (json_is_object(root))
		return root;
	if (root)
		err_set(err, "no object");
	else
		err_set(err, "no JSON: %s", why.text);
	json_decref(root);
	return NULL;
}

static void
set_text(struct strbuf *out, const json_t *v)
{
	strbuf_reset(out);
	if (json_is_string(v))
		strbuf_adds(out, json_string_value(v));
	else if (json_is_integer(v))
		strbuf_addf(out, "%" PRId64, (int64_t)json_integer_value(v));
	else if (json_is_real(v))
		strbuf_addf(out, "%.17g", json_real_value(v));
}

bool
json_stamp(const json_t *v, enum stamp_unit unit, int64_t *time_ms)
{
	struct strbuf text = STRBUF_INIT;
	bool ok;

	set_text(&text, v);
	ok = stamp_parse(strbuf_cstr(&text), unit, time_ms);
	strbuf_release(&text);
	return ok;
}

/* value_of: NaN if it is none. */
static double
value_of(const json_t *v)
{
	if (json_is_number(v))
		return json_number_value(v);
	return json_is_boolean(v) ? json_is_true(v) : NAN;
}

/* ---- columns ---- */

/* find_column: fields come in the same order as a rule. TABLE_MAX_COLUMNS: there is none of that name. */
static size_t
find_column(const struct table_json *t, const char *name, size_t hint)
{
	if (hint < t->count && strcmp(t->names[hint], name) == 0)
		return hint;
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->names[i], name) == 0)
			return i;
	return TABLE_MAX_COLUMNS;
}

static size_t
add_column(struct table_json *t, const char *name)
{
	if (t->count == TABLE_MAX_COLUMNS)
		return TABLE_MAX_COLUMNS;
	t->names[t->count] = xstrdup(name);
	return t->count++;
}

/* take_field: false is an error. */
static bool
take_field(struct table_json *t, struct flaws *f, uint64_t line, const char *name, const json_t *v, size_t *hint,
    struct err *err)
{
	size_t i = find_column(t, name, *hint);
	double value = value_of(v);

	if (json_is_null(v))
		return true;
	if (i == TABLE_MAX_COLUMNS && !isfinite(value))
		return flaws_note(f, FLAW_COLUMN, line, 0, err, "\"%.80s\" is no number", name);
	if (i == TABLE_MAX_COLUMNS)
		i = add_column(t, name);
	if (i == TABLE_MAX_COLUMNS)
		return flaws_note(
		    f, FLAW_COLUMN, line, 0, err, "\"%.80s\": there are %u others", name, TABLE_MAX_COLUMNS);
	*hint = i + 1;
	if (i == 0)
		set_text(&t->value_text, v);
	if (!isfinite(value))
		return flaws_note(f, FLAW_VALUE, line, 0, err, "\"%.80s\" is no number", name);
	t->cells[i] = value;
	return true;
}

static bool
take_fields(struct table_json *t, struct flaws *f, uint64_t line, json_t *root, const json_t *time, struct err *err)
{
	const char *name;
	json_t *v;
	size_t hint = 0;

	json_object_foreach(root, name, v)
	{
		if (v != time && !take_field(t, f, line, name, v, &hint, err))
			return false;
	}
	return true;
}

static const json_t *
find_time(json_t *root, const char **name)
{
	json_t *v;

	json_object_foreach(root, *name, v)
	{
		if (stamp_is_name(*name))
			return v;
	}
	return NULL;
}

static bool
take_object(
    struct table_json *t, struct flaws *f, uint64_t line, json_t *root, struct table_json_row *row, struct err *err)
{
	const char *name = NULL;
	const json_t *time = find_time(root, &name);

	if (time == NULL)
		return flaws_note(f, FLAW_TIME, line, 0, err, "there is no \"time\"");
	set_text(&t->time_text, time);
	if (!json_stamp(time, stamp_unit_of_name(name), &row->time_ms))
		return flaws_note(f, FLAW_TIME, line, 0, err, "\"%.80s\"", strbuf_cstr(&t->time_text));
	row->timed = true;
	return take_fields(t, f, line, root, time, err);
}

bool
table_json_read(
    struct table_json *t, struct flaws *f, const struct line *l, struct table_json_row *row, struct err *err)
{
	struct err cause;
	size_t column;
	json_t *root = json_line(l, &column, &cause);
	bool ok;

	for (size_t i = 0; i < TABLE_MAX_COLUMNS; i++)
		t->cells[i] = NAN;
	strbuf_reset(&t->time_text);
	strbuf_reset(&t->value_text);
	*row = (struct table_json_row) { .timed = false };
	if (root == NULL)
		ok = flaws_note(f, FLAW_LINE, l->number, column, err, "%s", cause.text);
	else
		ok = take_object(t, f, l->number, root, row, err);
	json_decref(root);
	row->time_text = strbuf_cstr(&t->time_text);
	row->value_text = strbuf_cstr(&t->value_text);
	row->count = t->count;
	row->cells = t->cells;
	return ok;
}
