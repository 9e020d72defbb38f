/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema, as the steps that lead to it: user_version is how many of them a file has behind it. A step is never changed once released;
 * a new one goes at the end.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

static const char *const SCHEMA_STEPS[] = {
	/* 1: Times are milliseconds since the epoch. Ids grow in the order of writing, and only their order means anything. */
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	/* The numbers by which samples name metrics and checks name criteria ('health.memory'). */
	"CREATE TABLE names (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
	/* mark: all inputs up to it are in; since: the id of its first restart. */
	"CREATE TABLE sessions (session INTEGER PRIMARY KEY, mark INTEGER NOT NULL, since INTEGER NOT NULL);"
	/* What rows have in common: causes of restarts (cause_code.h), findings of checks (event_code.h). time: when it was put; rows
	   name it for an hour at most, then it is written anew, so that it can go by its age. */
	"CREATE TABLE shared (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, body BLOB NOT NULL);"
	"CREATE TABLE samples (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, body BLOB NOT NULL, checked BLOB);"
	/* kind: 0 restart, 1 start_error, 2 gave_up; what the engine made of those before it: 3 `times` of them were no restarts, 4 so many
	   siblings were restarted along, 5 were not; flags: 1 by hand, 2 caught; times: it stands for so many, of which `met` were reported
	   by an earlier row from the other side and do not count; cause NULL: so many of which nothing is known. */
	"CREATE TABLE restarts (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, session INTEGER NOT NULL, kind INTEGER "
	"NOT NULL,"
	" flags INTEGER NOT NULL, times INTEGER NOT NULL, met INTEGER NOT NULL, cause INTEGER, pid BLOB);"
	"CREATE TABLE events (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, type TEXT NOT NULL, severity TEXT NOT "
	"NULL,"
	" body BLOB NOT NULL);"
	/* Restarts that have expired, of a session that goes on. An empty cause: of which nothing is known. */
	"CREATE TABLE tallies (id INTEGER PRIMARY KEY, session INTEGER NOT NULL, kind INTEGER NOT NULL, cause BLOB NOT "
	"NULL,"
	" count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, UNIQUE (session, kind, cause));",

	/* 2: Several nodes in one file, and the past in blocks. What version 1 has is the history of one node, number 1. */
	"CREATE TABLE nodes (node INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
	"INSERT INTO nodes (node, name) SELECT 1, value FROM meta WHERE key = 'node';"
	"DELETE FROM meta WHERE key = 'node';"
	/* Samples that are in no block yet. */
	"ALTER TABLE samples ADD COLUMN node INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE restarts ADD COLUMN node INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE events ADD COLUMN node INTEGER NOT NULL DEFAULT 1;"
	"CREATE INDEX samples_of ON samples (node, time);"
	"CREATE INDEX restarts_of ON restarts (node);"
	"CREATE INDEX events_of ON events (node);"
	/* last: when it was open last; it goes, with its tallies, when its restarts have gone by their age. */
	"CREATE TABLE sessions_2 (node INTEGER NOT NULL, session INTEGER NOT NULL, mark INTEGER NOT NULL,"
	" since INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (node, session)) WITHOUT ROWID;"
	"INSERT INTO sessions_2 SELECT 1, session, mark, since,"
	" max((SELECT coalesce(max(time), 0) FROM samples), (SELECT coalesce(max(time), 0) FROM restarts)) FROM "
	"sessions;"
	"DROP TABLE sessions;"
	"ALTER TABLE sessions_2 RENAME TO sessions;"
	"CREATE TABLE tallies_2 (node INTEGER NOT NULL, session INTEGER NOT NULL, kind INTEGER NOT NULL, cause BLOB "
	"NOT "
	"NULL,"
	" count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY (node, session, kind, cause)) WITHOUT ROWID;"
	"INSERT INTO tallies_2 SELECT 1, session, kind, cause, count, first, last FROM tallies;"
	"DROP TABLE tallies;"
	"ALTER TABLE tallies_2 RENAME TO tallies;"
	/* Sealed pieces of the past (engine/past.h). kind: 0 samples with their checks, 1 minutes, 2 hours; rows: how many of them;
	   first, last: the times of the first and the last. A block of samples takes the place of the rows that it covers. */
	"CREATE TABLE blocks (id INTEGER PRIMARY KEY, node INTEGER NOT NULL, kind INTEGER NOT NULL, first INTEGER NOT "
	"NULL,"
	" last INTEGER NOT NULL, rows INTEGER NOT NULL, body BLOB NOT NULL);"
	"CREATE INDEX blocks_of ON blocks (node, kind, last);"
	"CREATE INDEX blocks_by_age ON blocks (kind, last);"
	/* What was recorded of a node's death or loss; name is its id for people and files, body JSON. No retention but by size. */
	"CREATE TABLE incidents (id INTEGER PRIMARY KEY, node INTEGER NOT NULL, time INTEGER NOT NULL, kind TEXT NOT "
	"NULL,"
	" name TEXT NOT NULL UNIQUE, body BLOB NOT NULL);",
};

#endif
