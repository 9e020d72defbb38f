/* SPDX-License-Identifier: Apache-2.0 */
#include "store/names.h"

#include <stdio.h>
#include <string.h>

/* name_at: the metrics' names, then the criteria's. */
static const char *
name_at(unsigned i, char buf[64])
{
	if (i < METRIC_COUNT)
		return METRICS[i].name;
	snprintf(buf, 64, "health.%s", CRITERIA[i - METRIC_COUNT].name);
	return buf;
}

#define NAMES (SAMPLE_CODE_NAMES - NAMES_MOST)

static uint16_t *
number_of(struct sample_names *names, unsigned i)
{
	return i < METRIC_COUNT ? &names->of_metric[i] : &names->of_criterion[i - METRIC_COUNT];
}

static void
give_number(struct sample_names *names, unsigned i, unsigned number)
{
	*number_of(names, i) = (uint16_t)number;
	if (i < METRIC_COUNT)
		names->metric[number] = (uint16_t)(i + 1);
	else
		names->criterion[number] = (uint16_t)(i - METRIC_COUNT + 1);
}

static void
take_name(struct sample_names *names, unsigned number, const char *name)
{
	char buf[64];

	for (unsigned i = 0; i < NAMES; i++)
		if (strcmp(name_at(i, buf), name) == 0)
			give_number(names, i, number);
}

/* read_names: *next becomes the first number above all those given. A number that no file of ours gives means damage. */
static int
read_names(sqlite3 *sql, struct sample_names *names, unsigned *next)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(sql, "SELECT number, name FROM names ORDER BY number", -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	while ((result = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t number = sqlite3_column_int64(st, 0);
		const char *name = (const char *)sqlite3_column_text(st, 1);

		if (number < 1 || number >= SAMPLE_CODE_NAMES || name == NULL)
			break;
		take_name(names, (unsigned)number, name);
		*next = (unsigned)number + 1;
	}
	sqlite3_finalize(st);
	return result == SQLITE_DONE ? SQLITE_OK : result == SQLITE_ROW ? SQLITE_CORRUPT : result;
}

int
names_read(sqlite3 *sql, struct sample_names *names)
{
	unsigned next = 1;

	return read_names(sql, names, &next);
}

static int
write_name(sqlite3 *sql, unsigned number, const char *name)
{
	sqlite3_stmt *st;
	int result =
	    sqlite3_prepare_v2(sql, "INSERT OR REPLACE INTO names (number, name) VALUES (?1, ?2)", -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_int(st, 1, (int)number);
	sqlite3_bind_text(st, 2, name, -1, SQLITE_STATIC);
	result = sqlite3_step(st);
	sqlite3_finalize(st);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int
write_names(sqlite3 *sql, struct sample_names *names, bool all, unsigned next)
{
	int result = SQLITE_OK;
	char buf[64];

	for (unsigned i = 0; i < NAMES && result == SQLITE_OK; i++) {
		bool given = *number_of(names, i) != 0;

		if (!given && next >= SAMPLE_CODE_NAMES)
			return SQLITE_CORRUPT;
		if (!given)
			give_number(names, i, next++);
		if (!given || all)
			result = write_name(sql, *number_of(names, i), name_at(i, buf));
	}
	return result;
}

int
names_settle(sqlite3 *sql, struct sample_names *names, bool known, bool skip)
{
	struct sample_names before = *names;
	unsigned next = 1;
	int result = known ? SQLITE_OK : read_names(sql, names, &next);

	if (skip && next + 2 * NAMES <= SAMPLE_CODE_NAMES)
		next += NAMES;
	if (result == SQLITE_OK)
		result = sqlite3_exec(sql, "BEGIN", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = write_names(sql, names, known, next);
	if (result == SQLITE_OK)
		result = sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL);
	/* Numbers that are in no file yet, and that nothing has been written with, may be others at the next try. */
	if (result != SQLITE_OK)
		*names = before;
	return result;
}
