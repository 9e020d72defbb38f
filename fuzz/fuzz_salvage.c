/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged files: the bytes are changes to a good file and its log (bytes set, pages wiped, copied over others, the end cut off), from which all
 * that can be read is copied. It ends, whatever they point at; and what it copies can be copied once more.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "etf/etf_term.h"
#include "etf/etf_write.h"
#include "etf/term_fixture.h"
#include "store/aside.h"
#include "store/cause_code.h"
#include "store/db.h"
#include "store/sample_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE 4096
#define SUFFIX ASIDE_MARK "1"

static char folder[64], path[96], damaged[112], damaged_log[116];
static struct db db; /* an empty file, into which is copied */
static struct {
	unsigned char *bytes, *changed;
	size_t len;
} parts[2]; /* the file, its log */

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
run(const char *sql)
{
	require(sqlite3_exec(db.sql, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static void
insert(const char *sql, const struct strbuf *body)
{
	sqlite3_stmt *st;

	require(sqlite3_prepare_v2(db.sql, sql, -1, &st, NULL) == SQLITE_OK);
	sqlite3_bind_blob(st, 1, body->data, (int)body->len, SQLITE_STATIC);
	require(sqlite3_step(st) == SQLITE_DONE);
	sqlite3_finalize(st);
}

static void
fill(void)
{
	static struct sample s;
	struct strbuf cause = STRBUF_INIT, sample = STRBUF_INIT;
	struct restart r = {
		.supervisor = atom_term("sup"), .child_id = atom_term("c"), .reason = atom_term("killed")
	};

	cause_code_write(&cause, &r);
	sample_set(&s, METRIC_PROCESS_COUNT, 5);
	sample_code_write(&sample, &s, &db.names);
	run("INSERT INTO nodes VALUES (1, 'a@h'); INSERT INTO sessions VALUES (1, 7, 123, 1, 1700000000000);"
	    "INSERT INTO incidents VALUES (9, 1, 5, 'lost', 'one', zeroblob(9000))");
	for (int i = 0; i < 60; i++)
		insert("INSERT INTO shared (time, body) VALUES (1700000000000, ?1)", &cause);
	for (int i = 0; i < 300; i++) {
		insert("INSERT INTO samples (time, body) VALUES (1700000000000, ?1)", &sample);
		if (i % 100 == 0)
			run("PRAGMA wal_checkpoint");
		insert("INSERT INTO restarts (time, session, kind, flags, times, met, cause, pid)"
		       " VALUES (1700000000000, 7, 0, 2, 1, 0, 3, ?1)",
		    &cause);
	}
	restart_release(&r);
	strbuf_release(&cause);
	strbuf_release(&sample);
}

static void
read_part(int i, const char *name)
{
	int fd = open(name, O_RDONLY);
	struct stat st;

	require(fd >= 0 && fstat(fd, &st) == 0);
	parts[i].len = (size_t)st.st_size;
	parts[i].bytes = malloc(parts[i].len);
	parts[i].changed = malloc(parts[i].len);
	require(read(fd, parts[i].bytes, parts[i].len) == (ssize_t)parts[i].len);
	close(fd);
}

static void
clean_up(void)
{
	char name[128];

	db_close(&db);
	unlink(damaged);
	unlink(damaged_log);
	unlink(path);
	snprintf(name, sizeof(name), "%s.lock", path);
	unlink(name);
	rmdir(folder);
}

static void
begin(void)
{
	struct strbuf notice = STRBUF_INIT;
	char log[112];
	struct err err;

	strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fuzz_salvage.XXXXXX" : "/tmp/fuzz_salvage.XXXXXX");
	require(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/a.db", folder);
	snprintf(damaged, sizeof(damaged), "%s" SUFFIX, path);
	snprintf(damaged_log, sizeof(damaged_log), "%s-wal", damaged);
	snprintf(log, sizeof(log), "%s-wal", path);
	require(db_open(&db, path, &notice, &err));
	fill();
	read_part(0, path);
	read_part(1, log);
	db_close(&db);
	unlink(path);
	require(db_open(&db, path, &notice, &err));
	run("PRAGMA synchronous = OFF");
	strbuf_release(&notice);
	atexit(clean_up);
}

/* change: five bytes: what, where (3), with what. */
static void
change(const uint8_t *d, size_t lens[2])
{
	int i = d[0] >> 7;
	size_t where = (size_t)d[1] << 16 | (size_t)d[2] << 8 | d[3], pages = parts[i].len / PAGE;
	unsigned char *bytes = parts[i].changed;

	switch (d[0] & 3) {
	case 0:
		memset(bytes + where % pages * PAGE, d[4], PAGE);
		break;
	case 1:
		memcpy(bytes + where % pages * PAGE, bytes + d[4] % pages * PAGE, PAGE);
		break;
	case 2:
		lens[i] = where % parts[i].len;
		break;
	default:
		bytes[where % parts[i].len] = d[4];
	}
}

static void
write_part(const char *name, const unsigned char *bytes, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	require(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

static void
copy_all(void)
{
	struct strbuf notice = STRBUF_INIT;
	struct salvage *s;
	bool whole, done = false;

	run("DELETE FROM nodes; DELETE FROM sessions; DELETE FROM tallies; DELETE FROM incidents; DELETE FROM shared;"
	    "DELETE FROM restarts; DELETE FROM samples; DELETE FROM blocks; DELETE FROM events; DELETE FROM names "
	    "WHERE number > 900");
	require(salvage_note(db.sql, SUFFIX) == SQLITE_OK);
	require(salvage_begin(db.sql, path, &s, &notice) == SQLITE_OK);
	if (s) {
		require(salvage_names(s, db.sql, &whole) == SQLITE_OK);
		require(salvage_run(s, db.sql, &db.names, INT64_MAX, &done, &notice) == SQLITE_OK && done);
	}
	require(notice.len > 0);
	salvage_free(s);
	strbuf_release(&notice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t lens[2];

	if (parts[0].bytes == NULL)
		begin();
	for (int i = 0; i < 2; i++) {
		memcpy(parts[i].changed, parts[i].bytes, parts[i].len);
		lens[i] = parts[i].len;
	}
	for (size_t at = 0; at + 5 <= size; at += 5)
		change(data + at, lens);
	write_part(damaged, parts[0].changed, lens[0]);
	write_part(damaged_log, parts[1].changed, lens[1]);
	copy_all();
	return 0;
}
