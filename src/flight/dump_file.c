/* SPDX-License-Identifier: Apache-2.0 */
#include "flight/dump_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/jsonw.h"
#include "base/utf8.h"
#include "crashdump/crashdump.h"

#define TAIL_BYTES 128
#define PIECE_BYTES (1 << 20)
#define DUMP_TOP 10
/* As a verdict's: stronger than what was seen to grow before, weaker than a supervisor that was seen to give up. */
#define HIGH 0.85
#define MEDIUM 0.62

void
dump_file_init(struct dump_file *d, const char *path, int64_t uid)
{
	struct stat st;

	memset(d, 0, sizeof(*d));
	d->uid = uid;
	/* A part of a path is another path. */
	if (strlen(path) < sizeof(d->path))
		memcpy(d->path, path, strlen(path) + 1);
	d->existed = d->path[0] && stat(path, &st) == 0;
	if (d->existed) {
		d->size = st.st_size;
		d->modified = st.st_mtim;
	}
}

static bool
is_as_before(const struct dump_file *d, const struct stat *st)
{
	return d->existed && d->size == st->st_size && d->modified.tv_sec == st->st_mtim.tv_sec &&
	    d->modified.tv_nsec == st->st_mtim.tv_nsec;
}

static bool
is_acceptable(const struct stat *st, int64_t uid, struct err *err)
{
	if (!S_ISREG(st->st_mode))
		return err_set(err, "it cannot be read: it is no regular file");
	return (int64_t)st->st_uid == uid || err_set(err, "it is not read: it is not of the user that the VM ran as");
}

static int
open_dump(const char *path, int64_t uid, struct stat *st, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, st) != 0)
		err_set(err, "it cannot be read: %s", strerror(errno));
	else if (is_acceptable(st, uid, err))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
has_its_end(int fd, int64_t size)
{
	char tail[TAIL_BYTES];
	ssize_t n = pread(fd, tail, sizeof(tail), size > TAIL_BYTES ? size - TAIL_BYTES : 0);

	return n > 0 && crashdump_is_written(tail, (size_t)n);
}

enum dump_state
dump_file_look(struct dump_file *d, int64_t now_ms)
{
	enum dump_state state = DUMP_GROWING;
	struct err err;
	struct stat st;
	int fd;

	if (!d->path[0] || stat(d->path, &st) != 0 || is_as_before(d, &st))
		return DUMP_NONE;
	if (st.st_size != d->grown_size || d->grown_ms == 0) {
		d->grown_size = st.st_size;
		d->grown_ms = now_ms;
	}
	fd = open_dump(d->path, d->uid, &st, &err);
	if (fd < 0) {
		snprintf(d->note, sizeof(d->note), "%.255s", err.text);
		return DUMP_UNREADABLE;
	}
	if (has_its_end(fd, st.st_size) || now_ms - d->grown_ms >= DUMP_SETTLED_MS)
		state = DUMP_WHOLE;
	close(fd);
	return state;
}

/* ---- what it says ---- */

/* No more than was there at first: somebody may go on writing for ever. */
static bool
feed_all(struct crashdump *c, int fd, int64_t size, const atomic_bool *stop, struct err *err)
{
	char *piece = xmalloc(PIECE_BYTES);
	bool ok = true;
	ssize_t n = 1;

	while (ok && n != 0 && size > 0) {
		if (atomic_load(stop)) {
			ok = err_set(err, "its reading was broken off, %" PRId64 " bytes before the end", size);
			break;
		}
		n = read(fd, piece, size < PIECE_BYTES ? (size_t)size : PIECE_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		/* What stands in it instead is not told: it may be anything. */
		ok = n < 0 ? err_set(err, "%s", strerror(errno))
			   : crashdump_feed(c, piece, (size_t)n, NULL) || err_set(err, "it is no Erlang crash dump");
		size -= n;
	}
	free(piece);
	return ok;
}

static void
copy_words(const struct crashdump_summary *s, struct dump_words *out)
{
	struct strbuf text = STRBUF_INIT, json = STRBUF_INIT, line = STRBUF_INIT;
	struct jsonw j;

	utf8_add_visible(&line, s->slogan, sizeof(out->slogan) - 8);
	snprintf(out->slogan, sizeof(out->slogan), "%s", strbuf_cstr(&line));
	strbuf_reset(&line);
	/* What merely is worth a look is in the summary, but explains nothing. */
	if (s->cause_count > 0 && s->causes[0].confidence != CRASH_LOW)
		utf8_add_visible(&line, s->causes[0].what, sizeof(out->cause) - 8);
	snprintf(out->cause, sizeof(out->cause), "%s", strbuf_cstr(&line));
	out->confidence = line.len == 0 ? 0 : s->causes[0].confidence == CRASH_HIGH ? HIGH : MEDIUM;
	strbuf_release(&line);
	crashdump_text(s, &text);
	jsonw_init(&j, &json);
	crashdump_json(s, &j);
	out->text = strbuf_detach(&text);
	out->json = strbuf_detach(&json);
}

static bool
is_of(const struct crashdump_summary *s, const char *node, struct err *err)
{
	if (!s->distributed || s->node[0] == '\0' || strcmp(s->node, node) == 0)
		return true;
	return err_set(err, "it is another node's: %.200s", s->node);
}

void
dump_file_read(const struct dump_file *d, const char *node, const atomic_bool *stop, struct dump_words *out)
{
	const struct crashdump_summary *s = NULL;
	struct crashdump *c = crashdump_new(DUMP_TOP);
	struct err err = { .text = "" };
	struct stat st;
	int fd = open_dump(d->path, d->uid, &st, &err);

	memset(out, 0, sizeof(*out));
	if (fd >= 0 && feed_all(c, fd, st.st_size, stop, &err) && (s = crashdump_finish(c, NULL)) == NULL)
		err_set(&err, "it is no Erlang crash dump");
	if (fd >= 0)
		close(fd);
	if (s && is_of(s, node, &err))
		copy_words(s, out);
	else
		snprintf(out->note, sizeof(out->note), "%.255s", err.text);
	crashdump_free(c);
}

void
dump_words_release(struct dump_words *w)
{
	free(w->text);
	free(w->json);
}
