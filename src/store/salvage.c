/* SPDX-License-Identifier: Apache-2.0 */
#include "store/salvage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/timefmt.h"
#include "os/clock.h"
#include "store/aside.h"
#include "store/image.h"
#include "store/names.h"
#include "store/salvage_progress.h"
#include "store/salvage_table.h"
#include "store/walk.h"

#define MAX_TABLES 12
#define MAX_ROW_BYTES (32 << 20)
#define MAX_SCAN_ROWS 200000 /* of a table without rowid; the bounds of tallies are far below */
#define BATCH_ROWS 1000      /* and so many */
#define BATCH_US 50000       /* or so long in one transaction */
#define SCHEMA_MAX_ROWS 1000

struct salvage {
	char *damaged;
	struct image image;
	sqlite3 *from;
	uint32_t own_roots[MAX_TABLES], roots[MAX_TABLES], names_root, names_index_root;
	struct progress tables[MAX_TABLES];
	bool headed; /* the newest of each is copied */
	/* when the rows were that cannot be read any more: between those beside the holes */
	int64_t lost_from_ms, lost_to_ms;
	struct salvage_row row;
};

static int
run_sql(sqlite3 *sql, const char *text)
{
	return sqlite3_exec(sql, text, NULL, NULL, NULL);
}

/* ---- where the tables are ---- */

static int
default_root(sqlite3 *to, const char *name, uint32_t *root)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(to, "SELECT rootpage FROM sqlite_schema WHERE name = ?1", -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_text(st, 1, name, -1, SQLITE_TRANSIENT);
	result = sqlite3_step(st);
	*root = result == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(st, 0) : 0;
	sqlite3_finalize(st);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* In a file of ours the roots are where they are in the new one, which was made by the same steps. */
static int
find_default_roots(struct salvage *s, sqlite3 *to)
{
	int result = default_root(to, "names", &s->names_root);

	if (result == SQLITE_OK)
		result = default_root(to, "sqlite_autoindex_names_1", &s->names_index_root);
	for (unsigned i = 0; i < SALVAGE_TABLE_COUNT && result == SQLITE_OK; i++)
		result = default_root(to, SALVAGE_TABLES[i].name, &s->roots[i]);
	return result;
}

static void
take_own_root(struct salvage *s, sqlite3_stmt *st)
{
	const char *type = (const char *)sqlite3_column_text(st, 0), *name = (const char *)sqlite3_column_text(st, 1);
	int64_t root = sqlite3_column_int64(st, 2);

	if (type == NULL || name == NULL || root < 2 || root > s->image.pages)
		return;
	for (unsigned i = 0; i < SALVAGE_TABLE_COUNT; i++)
		if (strcmp(type, "table") == 0 && strcmp(name, SALVAGE_TABLES[i].name) == 0)
			s->own_roots[i] = (uint32_t)root;
	if (strcmp(name, "names") == 0)
		s->names_root = (uint32_t)root;
}

/* What the file itself says of it, if that can be read: somebody may have rebuilt it. */
static int
find_own_roots(struct salvage *s)
{
	const struct image_table table = { IMAGE_SCHEMA, IMAGE_SCHEMA_COLUMNS, false, 0 };
	sqlite3_stmt *st;
	sqlite3 *sql;
	int result = image_show(&s->image, &table, 1, &sql);

	if (result != SQLITE_OK)
		return result;
	if (sqlite3_prepare_v2(sql, "SELECT type, name, rootpage FROM " IMAGE_SCHEMA, -1, &st, NULL) == SQLITE_OK) {
		for (int n = 0; n < SCHEMA_MAX_ROWS && sqlite3_step(st) == SQLITE_ROW; n++)
			take_own_root(s, st);
		sqlite3_finalize(st);
	}
	sqlite3_close(sql);
	return SQLITE_OK;
}

/* A table that is not where the file says is tried where the new one has it: then it is there as NAME_2. */
static bool
has_second(const struct salvage *s, unsigned i)
{
	return s->own_roots[i] != 0 && s->own_roots[i] != s->roots[i];
}

static char *
definition(const struct salvage_table *t)
{
	struct strbuf text = STRBUF_INIT;
	size_t key = strlen(t->key);

	if (t->without_rowid)
		strbuf_addf(&text, "%s, PRIMARY KEY (%s)", t->columns, t->key);
	else
		strbuf_addf(&text, "%s INTEGER PRIMARY KEY%s", t->key, t->columns + key);
	return strbuf_detach(&text);
}

struct shown {
	struct image_table tables[IMAGE_MAX_TABLES];
	char second[MAX_TABLES][32];
	unsigned count;
};

static void
show_table(struct salvage *s, struct shown *shown, unsigned i)
{
	const struct salvage_table *t = &SALVAGE_TABLES[i];
	struct image_table shows = { t->name, definition(t), t->without_rowid, s->own_roots[i] };

	if (shows.root == 0)
		shows.root = s->roots[i];
	shown->tables[shown->count++] = shows;
	if (!has_second(s, i))
		return;
	snprintf(shown->second[i], sizeof(shown->second[i]), "%s_2", t->name);
	shown->tables[shown->count++] =
	    (struct image_table) { shown->second[i], definition(t), t->without_rowid, s->roots[i] };
}

static int
open_tables(struct salvage *s)
{
	struct shown shown = { .count = 2 };
	int result;

	shown.tables[0] = (struct image_table) { "names", "number INTEGER PRIMARY KEY, name", false, s->names_root };
	shown.tables[1] =
	    (struct image_table) { "names_2", "name, number, PRIMARY KEY (name, number)", true, s->names_index_root };
	for (unsigned i = 0; i < SALVAGE_TABLE_COUNT; i++)
		show_table(s, &shown, i);
	result = image_show(&s->image, shown.tables, shown.count, &s->from);
	for (unsigned i = 2; i < shown.count; i++)
		free((char *)shown.tables[i].columns);
	if (result == SQLITE_OK)
		sqlite3_limit(s->from, SQLITE_LIMIT_LENGTH, MAX_ROW_BYTES);
	return result;
}

/* ---- life ---- */

static int
read_note(struct salvage *s, sqlite3 *to)
{
	int result = find_default_roots(s, to);

	for (unsigned i = 0; i < SALVAGE_TABLE_COUNT && result == SQLITE_OK; i++)
		result = progress_read(to, SALVAGE_TABLES[i].name, &s->tables[i]);
	return result;
}

static bool
open_damaged(struct salvage *s, struct err *err)
{
	if (!image_open(&s->image, s->damaged, err))
		return false;
	if (find_own_roots(s) == SQLITE_OK && open_tables(s) == SQLITE_OK)
		return true;
	image_release(&s->image);
	return err_set(err, "%s: nothing of it can be read", s->damaged);
}

static int
begin(sqlite3 *to, const char *path, const char *suffix, struct salvage **salvage, struct strbuf *notice)
{
	struct salvage *s = xcalloc(1, sizeof(*s));
	struct strbuf damaged = STRBUF_INIT;
	struct err err;
	int result = read_note(s, to);

	strbuf_addf(&damaged, "%s%s", path, suffix);
	s->damaged = strbuf_detach(&damaged);
	s->lost_from_ms = INT64_MAX;
	if (result == SQLITE_OK && open_damaged(s, &err)) {
		*salvage = s;
		return SQLITE_OK;
	}
	if (result == SQLITE_OK) {
		strbuf_addf(notice, "%s%s; nothing is taken over from it", notice->len > 0 ? "; " : "", err.text);
		result = progress_forget(to);
	}
	free(s->damaged);
	free(s);
	return result;
}

int
salvage_begin(sqlite3 *to, const char *path, struct salvage **salvage, struct strbuf *notice)
{
	struct strbuf suffix = STRBUF_INIT;
	int result = salvage_noted(to, &suffix);

	*salvage = NULL;
	/* A file that somebody else has written must not lead anywhere else. */
	if (result == SQLITE_OK && suffix.len > 0 &&
	    (strncmp(suffix.data, ASIDE_MARK, strlen(ASIDE_MARK)) != 0 || strchr(suffix.data, '/')))
		result = progress_forget(to);
	else if (result == SQLITE_OK && suffix.len > 0)
		result = begin(to, path, suffix.data, salvage, notice);
	strbuf_release(&suffix);
	return result;
}

void
salvage_free(struct salvage *s)
{
	if (s == NULL)
		return;
	sqlite3_close(s->from);
	image_release(&s->image);
	free(s->damaged);
	free(s);
}

/* ---- names ---- */

/* take_name: SQLITE_CORRUPT is not the new file's, but says that this is no name. */
static int
take_name(sqlite3_stmt *from, sqlite3_stmt *st)
{
	int64_t number = sqlite3_column_int64(from, 0);
	int result;

	if (number < 1 || number >= (int64_t)NAMES_MOST || sqlite3_column_type(from, 0) != SQLITE_INTEGER ||
	    sqlite3_column_type(from, 1) != SQLITE_TEXT)
		return SQLITE_CORRUPT;
	sqlite3_bind_int64(st, 1, number);
	sqlite3_bind_value(st, 2, sqlite3_column_value(from, 1));
	result = sqlite3_step(st);
	sqlite3_reset(st);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Rows may come again and again from a tree that is damaged: no more than there can be are taken. */
static int
copy_names(sqlite3_stmt *from, sqlite3 *to, bool *whole)
{
	sqlite3_stmt *st;
	int got = SQLITE_ROW, result;

	result = sqlite3_prepare_v2(to, "INSERT OR IGNORE INTO names (number, name) VALUES (?1, ?2)", -1, &st, NULL);
	for (int n = 0; n < SAMPLE_CODE_NAMES && result == SQLITE_OK && (got = sqlite3_step(from)) == SQLITE_ROW; n++)
		result = take_name(from, st);
	*whole = got == SQLITE_DONE;
	sqlite3_finalize(st);
	return result == SQLITE_CORRUPT ? SQLITE_OK : result;
}

/* The table and the index that keeps its names apart have the same in them. */
int
salvage_names(struct salvage *s, sqlite3 *to, bool *whole)
{
	static const char *const sources[] = { "SELECT number, name FROM names", "SELECT number, name FROM names_2" };
	int result = SQLITE_OK;

	*whole = false;
	for (size_t i = 0; i < ARRAY_LEN(sources) && !*whole && result == SQLITE_OK; i++) {
		sqlite3_stmt *st;

		if (sqlite3_prepare_v2(s->from, sources[i], -1, &st, NULL) != SQLITE_OK)
			continue;
		result = copy_names(st, to, whole);
		sqlite3_finalize(st);
	}
	return result;
}

/* ---- rows ---- */

/* A copy of one table: rows from `from` into `to`. */
struct copy {
	struct salvage *s;
	sqlite3 *sql;
	const struct salvage_table *table;
	struct progress *p;
	sqlite3_stmt *to;
	int rows;
	int64_t until_us;
};

static int
prepare_insert(struct copy *c)
{
	struct strbuf text = STRBUF_INIT;
	int result;

	strbuf_addf(&text, "INSERT OR IGNORE INTO %s (%s) VALUES (?1", c->table->name, c->table->columns);
	for (size_t i = 2; i <= strlen(c->table->types); i++)
		strbuf_addf(&text, ", ?%zu", i);
	strbuf_addc(&text, ')');
	result = sqlite3_prepare_v2(c->sql, text.data, (int)text.len, &c->to, NULL);
	strbuf_release(&text);
	return result;
}

static int
insert(struct copy *c, sqlite3_stmt *from, unsigned leave_out)
{
	int result;

	sqlite3_clear_bindings(c->to);
	for (int i = 0; c->table->types[i]; i++)
		if (c->table->types[i] == 'd' && sqlite3_column_type(from, i) == SQLITE_NULL)
			sqlite3_bind_int(c->to, i + 1, 1);
		else if (!(leave_out & 1u << i))
			sqlite3_bind_value(c->to, i + 1, sqlite3_column_value(from, i));
	result = sqlite3_step(c->to);
	sqlite3_reset(c->to);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* note_time remembers when the rows beside a hole were. */
static void
note_time(struct copy *c, sqlite3_stmt *from, bool behind_hole)
{
	const char *time = strchr(c->table->types, 'w');
	struct salvage *s = c->s;
	int64_t ms;

	if (time == NULL || !c->table->is_history)
		return;
	ms = sqlite3_column_int64(from, (int)(time - c->table->types));
	if (behind_hole && c->p->last_ms != 0) {
		s->lost_from_ms = ms < s->lost_from_ms ? ms : s->lost_from_ms;
		s->lost_to_ms = c->p->last_ms > s->lost_to_ms ? c->p->last_ms : s->lost_to_ms;
	}
	c->p->last_ms = ms;
}

static int
copy_row(struct copy *c, sqlite3_stmt *from, bool behind_hole)
{
	struct salvage_row *row = &c->s->row;
	int result;

	row->from = from;
	c->rows++;
	if (!salvage_row_holds(c->table, row)) {
		c->p->senseless++;
		return SQLITE_OK;
	}
	note_time(c, from, behind_hole);
	result = insert(c, from, row->leave_out);
	if (result == SQLITE_OK && sqlite3_changes(c->sql) > 0)
		c->p->kept++;
	return result;
}

static bool
has_time(const struct copy *c, int max_rows)
{
	return c->rows < max_rows && (c->rows % 16 != 0 || clock_mono_us() < c->until_us);
}

static int
walk_rows(struct copy *c, const char *source, int max_rows)
{
	struct progress *p = c->p;
	unsigned holes = 0;
	struct walk w;
	int result = walk_open(&w, c->s->from, source, c->table->key, c->table->columns, p->next);

	/* What cannot even be asked for has no rows. */
	if (result != SQLITE_OK)
		w.end = p->ragged = true;
	w.begun = p->begun;
	result = SQLITE_OK;
	while (result == SQLITE_OK && has_time(c, max_rows) && walk_next(&w)) {
		result = copy_row(c, w.rows, w.holes != holes);
		holes = w.holes;
	}
	p->begun = w.begun;
	p->next = w.next;
	p->done = w.end;
	p->lost += w.lost;
	p->ragged = p->ragged || w.ragged;
	walk_close(&w);
	return result;
}

/* scan_rows: a table without rowid is small, and read in one piece: from the front to the first hole, and from the back to it. */
static int
scan_rows(struct copy *c, const char *source)
{
	int result = SQLITE_OK, got = SQLITE_ROW;

	for (int back = 0; back < 2 && got != SQLITE_DONE && result == SQLITE_OK; back++) {
		struct strbuf text = STRBUF_INIT;
		sqlite3_stmt *st;

		strbuf_addf(
		    &text, "SELECT %s FROM %s%s", c->table->columns, source, back ? " ORDER BY 1 DESC, 2 DESC" : "");
		got = sqlite3_prepare_v2(c->s->from, text.data, (int)text.len, &st, NULL);
		for (int n = 0; n < MAX_SCAN_ROWS && result == SQLITE_OK && (got = sqlite3_step(st)) == SQLITE_ROW; n++)
			result = copy_row(c, st, false);
		sqlite3_finalize(st);
		strbuf_release(&text);
	}
	c->p->ragged = got != SQLITE_DONE;
	c->p->done = result == SQLITE_OK;
	return result;
}

static int
copy_from(struct copy *c, const char *source, int max_rows)
{
	return c->table->without_rowid ? scan_rows(c, source) : walk_rows(c, source, max_rows);
}

static int
copy_table(struct salvage *s, sqlite3 *to, unsigned i, int max_rows, int64_t until_us)
{
	struct copy c = { .s = s, .sql = to, .table = &SALVAGE_TABLES[i], .p = &s->tables[i], .until_us = until_us };
	int result = prepare_insert(&c);

	if (result == SQLITE_OK)
		result = copy_from(&c, c.table->name, max_rows);
	if (result == SQLITE_OK && c.p->done && c.p->kept == 0 && has_second(s, i)) {
		char second[32];

		snprintf(second, sizeof(second), "%s_2", c.table->name);
		*c.p = (struct progress) { .next = INT64_MAX };
		s->own_roots[i] = s->roots[i];
		result = copy_from(&c, second, INT32_MAX);
	}
	sqlite3_finalize(c.to);
	return result;
}

/* ---- transactions ---- */

static int
commit(sqlite3 *to, int result)
{
	if (result == SQLITE_OK)
		result = run_sql(to, "COMMIT");
	if (result != SQLITE_OK && !sqlite3_get_autocommit(to))
		run_sql(to, "ROLLBACK");
	return result;
}

/* A batch that the file does not take is done again. */
static int
run_batch(struct salvage *s, sqlite3 *to, unsigned i, int max_rows)
{
	struct progress before = s->tables[i];
	int result = run_sql(to, "BEGIN IMMEDIATE");

	if (result == SQLITE_OK)
		result = copy_table(s, to, i, max_rows, clock_mono_us() + BATCH_US);
	if (result == SQLITE_OK)
		result = progress_write(to, SALVAGE_TABLES[i].name, &s->tables[i]);
	result = commit(to, result);
	if (result != SQLITE_OK)
		s->tables[i] = before;
	return result;
}

static int
run_heads(struct salvage *s, sqlite3 *to)
{
	int result = SQLITE_OK;

	for (unsigned i = 0; i < SALVAGE_TABLE_COUNT && result == SQLITE_OK; i++)
		if (!s->tables[i].done && !s->tables[i].begun)
			result = run_batch(s, to, i, 1);
	s->headed = result == SQLITE_OK;
	return result;
}

/* ---- the report ---- */

static void
report_kept(const struct salvage *s, struct strbuf *out)
{
	const char *glue = ": kept are ";

	for (unsigned i = 0; i < SALVAGE_TABLE_COUNT; i++) {
		if (!SALVAGE_TABLES[i].is_history || s->tables[i].kept == 0)
			continue;
		strbuf_addf(out, "%s%" PRIu64 " %s", glue, s->tables[i].kept, SALVAGE_TABLES[i].noun);
		glue = ", ";
	}
	if (*glue == ':')
		strbuf_adds(out, ": nothing could be kept");
}

static void
report_lost(const struct salvage *s, struct strbuf *out)
{
	const char *glue = "; lost are ";
	char from[TIME_RFC3339_SIZE], to[TIME_RFC3339_SIZE];

	for (unsigned i = 0; i < SALVAGE_TABLE_COUNT; i++) {
		const struct progress *p = &s->tables[i];
		uint64_t lost = p->lost + p->senseless;

		if (lost == 0 && !p->ragged)
			continue;
		if (lost == 0)
			strbuf_addf(out, "%sunknown numbers of %s", glue, SALVAGE_TABLES[i].noun);
		else
			strbuf_addf(out, "%s%" PRIu64 " %s%s", glue, lost, SALVAGE_TABLES[i].noun,
			    p->ragged ? " at least" : "");
		glue = ", ";
	}
	if (*glue == ';')
		strbuf_adds(out, "; nothing that could be found is lost");
	else if (s->lost_to_ms > 0)
		strbuf_addf(out, "; from between %s and %s", time_rfc3339(from, s->lost_from_ms),
		    time_rfc3339(to, s->lost_to_ms));
}

static void
report(const struct salvage *s, struct strbuf *notice)
{
	strbuf_addf(notice, "%s%s", notice->len > 0 ? "; " : "", s->damaged);
	report_kept(s, notice);
	report_lost(s, notice);
}

int
salvage_run(struct salvage *s, sqlite3 *to, const struct sample_names *names, int64_t until_us, bool *done,
    struct strbuf *notice)
{
	unsigned i = 0;
	int result;

	*done = false;
	s->row.names = names;
	result = s->headed ? SQLITE_OK : run_heads(s, to);
	while (i < SALVAGE_TABLE_COUNT && result == SQLITE_OK && clock_mono_us() < until_us)
		if (s->tables[i].done)
			i++;
		else
			result = run_batch(s, to, i, BATCH_ROWS);
	if (i < SALVAGE_TABLE_COUNT || result != SQLITE_OK)
		return result;
	result = progress_forget(to);
	*done = result == SQLITE_OK;
	if (*done)
		report(s, notice);
	return result;
}
