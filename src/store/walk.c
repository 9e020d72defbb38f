/* SPDX-License-Identifier: Apache-2.0 */
#include "store/walk.h"

#include <stdio.h>
#include <string.h>

enum found { FOUND, NOTHING, UNREADABLE };

/* find looks for the newest row with at most this id. */
static enum found
find(struct walk *w, int64_t at_most, int64_t *id)
{
	int result;

	sqlite3_bind_int64(w->probe, 1, at_most);
	result = sqlite3_step(w->probe);
	*id = result == SQLITE_ROW ? sqlite3_column_int64(w->probe, 0) : 0;
	sqlite3_reset(w->probe);
	if (result == SQLITE_DONE)
		return NOTHING;
	return result == SQLITE_ROW && *id <= at_most ? FOUND : UNREADABLE;
}

static void
go_below(struct walk *w, int64_t id)
{
	w->end = w->end || id == INT64_MIN;
	w->next = w->end ? id : id - 1;
}

static void
give_up(struct walk *w)
{
	w->end = true;
	w->ragged = true;
}

/* border: ids from `bad` on cannot be read, `good` can; returns the highest that can. */
static int64_t
border(struct walk *w, int64_t good, int64_t bad)
{
	int64_t id;

	while (bad - good > 1) {
		int64_t middle = good + (bad - good) / 2;

		if (find(w, middle, &id) == FOUND)
			good = middle;
		else
			bad = middle;
	}
	return good;
}

/* Below `from` the next readable id is sought in steps that grow with the distance. */
static bool
reach_over(struct walk *w, int64_t from, int64_t *good)
{
	int64_t bad = from, distance = 1, id;

	for (;;) {
		int64_t at = from - distance;
		enum found found = find(w, at, &id);

		if (found == FOUND) {
			*good = border(w, at, bad);
			return true;
		}
		if (found == NOTHING || at <= 0)
			return false;
		bad = at;
		distance += distance / 8 > 0 ? distance / 8 : 1;
		if (distance > from)
			distance = from;
	}
}

/* Where the newest rows cannot be read, their ids are not known: they are sought from below, by powers of two. */
static bool
begin_below(struct walk *w)
{
	int64_t id, good = -1, first;

	for (int bit = 0; bit < 63; bit++)
		if (find(w, ((int64_t)1 << bit) - 1, &id) == FOUND)
			good = ((int64_t)1 << bit) - 1;
	if (good < 0)
		return false;
	first = good < INT64_MAX / 2 ? 2 * good + 1 : INT64_MAX;
	w->next = first < w->next ? first : w->next;
	return true;
}

/* pass_hole: the row at w->next, or the way to it, cannot be read. */
static void
pass_hole(struct walk *w)
{
	bool newest = !w->begun;
	int64_t id, good;

	sqlite3_reset(w->rows);
	w->stands = false;
	if (++w->holes > WALK_MAX_HOLES) {
		give_up(w);
		return;
	}
	if (find(w, w->next, &id) == FOUND) {
		/* It is this row only, whose content is elsewhere. */
		w->lost++;
		go_below(w, id);
		return;
	}
	w->ragged = w->ragged || newest;
	if ((newest && !begin_below(w)) || !reach_over(w, w->next, &good) || find(w, good, &id) != FOUND) {
		give_up(w);
		return;
	}
	if (!newest)
		w->lost += (uint64_t)(w->next - id);
	w->next = id;
}

int
walk_open(struct walk *w, sqlite3 *sql, const char *table, const char *id, const char *columns, int64_t from)
{
	char text[400];
	int result;

	memset(w, 0, sizeof(*w));
	w->next = from;
	snprintf(text, sizeof(text), "SELECT %s FROM %s WHERE %s <= ?1 ORDER BY %s DESC", columns, table, id, id);
	result = sqlite3_prepare_v2(sql, text, -1, &w->rows, NULL);
	snprintf(text, sizeof(text), "SELECT %s FROM %s WHERE %s <= ?1 ORDER BY %s DESC LIMIT 1", id, table, id, id);
	return result == SQLITE_OK ? sqlite3_prepare_v2(sql, text, -1, &w->probe, NULL) : result;
}

bool
walk_next(struct walk *w)
{
	while (!w->end) {
		int64_t id;
		int result;

		if (!w->stands)
			sqlite3_bind_int64(w->rows, 1, w->next);
		w->stands = true;
		result = sqlite3_step(w->rows);
		id = result == SQLITE_ROW ? sqlite3_column_int64(w->rows, 0) : 0;
		if (result == SQLITE_ROW && id <= w->next) {
			w->begun = true;
			go_below(w, id);
			return true;
		}
		if (result == SQLITE_DONE)
			w->end = true;
		else
			pass_hole(w);
	}
	return false;
}

void
walk_close(struct walk *w)
{
	sqlite3_finalize(w->rows);
	sqlite3_finalize(w->probe);
	w->rows = w->probe = NULL;
}
