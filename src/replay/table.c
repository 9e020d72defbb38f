/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "replay/csv.h"
#include "replay/table_json.h"
#include "replay/timeline.h"

struct table {
	struct line_reader *lines;
	struct flaws *flaws;
	struct table_json *json; /* NULL: it is CSV */
	char separator;
	size_t time_field;
	enum stamp_unit unit;
	size_t fields; /* of a row of CSV, the time among them */
	struct csv_field *field;
	char **names;
	size_t count, room;
	double *cells;
	struct timeline times;
	bool gap; /* one since the last usable row */
	bool cut_told;
	bool again;
	struct table_row row;
};

/* ---- columns ---- */

static void
add_column(struct table *t, const char *name)
{
	if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : 8;
		t->names = xreallocarray(t->names, t->room, sizeof(t->names[0]));
		t->cells = xreallocarray(t->cells, t->room, sizeof(t->cells[0]));
	}
	t->names[t->count] = xstrdup(name);
	t->cells[t->count++] = NAN;
}

size_t
table_columns(const struct table *t)
{
	return t->count;
}

const char *
table_column(const struct table *t, size_t i)
{
	return t->names[i];
}

/* ---- the first line of CSV ---- */

static bool
split(struct table *t, const struct line *l, size_t *count, struct err *err)
{
	struct err cause;
	size_t column;

	*count = csv_split(l->text, t->separator, t->field, t->fields, &column, &cause);
	return *count > 0 || flaws_note(t->flaws, FLAW_LINE, l->number, column, err, "%s", cause.text);
}

/* read_number: NaN if it is no finite number. */
static double
read_number(const char *text)
{
	size_t len = strspn(text, "0123456789.eE+-");
	char *end;
	double value = len > 0 && text[len] == '\0' ? strtod(text, &end) : NAN;

	return isnan(value) || *end || isinf(value) ? NAN : value;
}

/* has_numbers: all but the time are numbers. */
static bool
has_numbers(const struct table *t)
{
	for (size_t i = 0; i < t->fields; i++)
		if (i != t->time_field && isnan(read_number(t->field[i].text)))
			return false;
	return true;
}

/*
 * find_time sets the column of times, by its name or else the first; false if these are no names, but a row: there is a time, or numbers are beside what
 * ought to be one.
 */
static bool
find_time(struct table *t)
{
	int64_t time_ms;
	bool named;

	for (t->time_field = 0; t->time_field < t->fields; t->time_field++)
		if (stamp_is_name(t->field[t->time_field].text))
			break;
	named = t->time_field < t->fields;
	t->time_field = named ? t->time_field : 0;
	t->unit = stamp_unit_of_name(t->field[t->time_field].text);
	return named || (!stamp_parse(t->field[0].text, STAMP_GUESS, &time_ms) && !has_numbers(t));
}

static void
name_columns(struct table *t, bool header)
{
	char number[32];

	for (size_t i = 0; i < t->fields; i++) {
		snprintf(number, sizeof(number), t->fields == 2 ? "value" : "column %zu", i + 1);
		if (i != t->time_field)
			add_column(t, header && *t->field[i].text ? t->field[i].text : number);
	}
}

static bool
begin_csv(struct table *t, const struct line *l, struct err *err)
{
	char *copy = xstrndup(l->text, l->len);
	struct line first = { copy, l->len, l->number };
	size_t count = 0, column;
	struct err cause;
	bool header, ok;

	t->separator = csv_separator(copy);
	t->fields = TABLE_MAX_COLUMNS + 1;
	t->field = xcalloc(t->fields, sizeof(t->field[0]));
	count = csv_split(first.text, t->separator, t->field, t->fields, &column, &cause);
	ok = count >= 2 && count <= t->fields;
	if (ok) {
		t->fields = count;
		header = find_time(t);
		name_columns(t, header);
		if (!header)
			line_reader_again(t->lines);
	} else if (count > 0) {
		flaws_fail(t->flaws, l->number, 0, err, "%zu columns: there must be one of times and 1 to %u of values",
		    count, TABLE_MAX_COLUMNS);
	} else {
		flaws_fail(t->flaws, l->number, column, err, "%s", cause.text);
	}
	free(copy);
	return ok;
}

/* ---- beginning and end ---- */

static bool
begin(struct table *t, struct err *err)
{
	enum read_result result;
	struct line l = { .len = 0 };

	/* Empty lines in front say nothing. */
	do
		result = line_reader_next(t->lines, &l, err);
	while (result == READ_OK && l.text[strspn(l.text, " \t")] == '\0');
	if (result == READ_END)
		err_set(err, "%s: is empty", t->flaws->file);
	if (result != READ_OK)
		return false;
	if (l.text[strspn(l.text, " \t")] != '{')
		return begin_csv(t, &l, err);
	t->json = table_json_new();
	line_reader_again(t->lines);
	return true;
}

struct table *
table_new(struct line_reader *lines, struct flaws *flaws, struct err *err)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->lines = lines;
	t->flaws = flaws;
	if (begin(t, err))
		return t;
	table_free(t);
	return NULL;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++)
		free(t->names[i]);
	free(t->names);
	free(t->cells);
	free(t->field);
	table_json_free(t->json);
	line_reader_free(t->lines);
	free(t);
}

/* ---- rows ---- */

/* note_time: false is an error; *follows is whether the row can be used. */
static bool
note_time(struct table *t, size_t column, bool *follows, struct err *err)
{
	const struct table_row *r = &t->row;
	enum timing timing = timeline_judge(&t->times, r->time_ms);
	struct flaws *f = t->flaws;

	*follows = timing == TIMING_NEXT || timing == TIMING_SPARSE || timing == TIMING_GAP;
	t->gap = t->gap || timing == TIMING_GAP;
	switch (timing) {
	case TIMING_NEXT:
		return true;
	case TIMING_SPARSE:
	case TIMING_GAP:
		return flaws_note(f, FLAW_GAP, r->line, 0, err, "before %s", r->time_text);
	case TIMING_DUPLICATE:
		return flaws_note(f, FLAW_DUPLICATE, r->line, column, err, "%s again", r->time_text);
	case TIMING_BACKWARDS:
		return flaws_note(f, FLAW_BACKWARDS, r->line, column, err, "%s goes back", r->time_text);
	case TIMING_JUMP:
		return flaws_note(f, FLAW_JUMP, r->line, column, err, "%s", r->time_text);
	case TIMING_LOST:
		break;
	}
	return flaws_fail(
	    f, r->line, column, err, "%s: time goes back by more than a year, and stays there", r->time_text);
}

/* read_value: false is an error. What is empty is missing, which matters only where there is nothing else in the row. */
static bool
read_value(struct table *t, const struct csv_field *f, double *cell, struct err *err)
{
	*cell = read_number(f->text);
	return !isnan(*cell) || (*f->text == '\0' && t->count > 1) ||
	    flaws_note(t->flaws, FLAW_VALUE, t->row.line, f->column, err, "\"%s\"", f->text);
}

static bool
read_values(struct table *t, struct err *err)
{
	size_t cell = 0;

	for (size_t i = 0; i < t->fields; i++)
		if (i != t->time_field && !read_value(t, &t->field[i], &t->cells[cell++], err))
			return false;
	return true;
}

/* read_csv: false is an error; *timed is whether there is a row with a time. */
static bool
read_csv(struct table *t, const struct line *l, bool *timed, struct err *err)
{
	const struct csv_field *time = &t->field[t->time_field];
	size_t count;

	*timed = false;
	t->row.time_text = t->row.value_text = "";
	if (!split(t, l, &count, err))
		return false;
	if (count == 0)
		return true;
	if (t->time_field < count)
		t->row.time_text = time->text;
	if (count != t->fields)
		return flaws_note(t->flaws, FLAW_COLUMNS, l->number, 0, err, "%zu instead of %zu", count, t->fields);
	t->row.value_text = t->field[t->time_field == 0].text;
	*timed = stamp_parse(time->text, t->unit, &t->row.time_ms);
	if (!*timed)
		return flaws_note(t->flaws, FLAW_TIME, l->number, time->column, err, "\"%s\"", time->text);
	return read_values(t, err);
}

static bool
read_json(struct table *t, const struct line *l, bool *timed, struct err *err)
{
	struct table_json_row j;

	*timed = false;
	if (!table_json_read(t->json, t->flaws, l, &j, err))
		return false;
	t->row.time_text = j.time_text;
	t->row.value_text = j.value_text;
	t->row.time_ms = j.time_ms;
	*timed = j.timed;
	while (t->count < j.count)
		add_column(t, table_json_column(t->json, t->count));
	for (size_t i = 0; i < t->count; i++)
		t->cells[i] = j.cells[i];
	return true;
}

static bool
read_row(struct table *t, const struct line *l, struct err *err)
{
	bool timed, follows = false, any = false;

	t->row.line = l->number;
	if (!(t->json ? read_json(t, l, &timed, err) : read_csv(t, l, &timed, err)))
		return false;
	if (timed && !note_time(t, t->json ? 0 : t->field[t->time_field].column, &follows, err))
		return false;
	for (size_t i = 0; i < t->count; i++)
		any = any || isfinite(t->cells[i]);
	t->row.usable = follows && any;
	t->row.gap = t->row.usable && t->gap;
	t->gap = t->gap && !t->row.usable;
	t->row.count = t->count;
	t->row.cells = t->cells;
	return true;
}

static enum read_result
at_end(struct table *t, struct err *err)
{
	bool told = t->cut_told;

	t->cut_told = true;
	if (told || !source_is_cut(line_reader_source(t->lines)))
		return READ_END;
	return flaws_note(t->flaws, FLAW_CUT, 0, 0, err, "it has no end") ? READ_END : READ_ERROR;
}

enum read_result
table_next(struct table *t, const struct table_row **row, struct err *err)
{
	enum read_result result;
	struct line l;

	*row = &t->row;
	if (t->again) {
		t->again = false;
		return READ_OK;
	}
	do
		result = line_reader_next(t->lines, &l, err);
	while (result == READ_OK && l.text[strspn(l.text, " \t")] == '\0');
	if (result == READ_END)
		return at_end(t, err);
	if (result != READ_OK || !read_row(t, &l, err))
		return READ_ERROR;
	return READ_OK;
}

void
table_again(struct table *t)
{
	t->again = true;
}
