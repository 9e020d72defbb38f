/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "replay/unpack.h"

#define PIECE 65536
#define PEEK_BYTES 64

struct source {
	char *name;
	int fd; /* -1: not ours to close */
	source_read_fn *read;
	void *arg;
	struct stream_unpacker *unpacker; /* NULL: nothing is packed */
	char *raw;                        /* bytes that were read; raw_len of them are left at raw_at */
	const void *raw_at;
	size_t raw_len;
	bool raw_ended;
	bool cut;
	char *peeked; /* of what source_read gives */
	size_t peeked_at, peeked_len;
};

static ssize_t
read_fd(void *arg, void *to, size_t n)
{
	const struct source *s = arg;

	return read(s->fd >= 0 ? s->fd : STDIN_FILENO, to, n);
}

/* ---- raw bytes ---- */

static bool
fill(struct source *s, struct err *err)
{
	ssize_t n;

	if (s->raw_len > 0 || s->raw_ended)
		return true;
	do
		n = s->read(s->arg, s->raw, PIECE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, "%s: %s", s->name, strerror(errno));
	s->raw_at = s->raw;
	s->raw_len = (size_t)n;
	s->raw_ended = n == 0;
	return true;
}

static ssize_t
take_raw(struct source *s, void *to, size_t n)
{
	size_t len = n < s->raw_len ? n : s->raw_len;

	memcpy(to, s->raw_at, len);
	s->raw_at = (const char *)s->raw_at + len;
	s->raw_len -= len;
	return (ssize_t)len;
}

static bool
unpack(struct source *s, void *to, size_t *len, struct err *err)
{
	struct err cause;

	return stream_unpacker_run(s->unpacker, &s->raw_at, &s->raw_len, to, len, &cause) ||
	    err_set(err, "%s: %s", s->name, cause.text);
}

static ssize_t
take_unpacked(struct source *s, void *to, size_t n, struct err *err)
{
	for (;;) {
		size_t len = n;
		bool ended = s->raw_len == 0;

		if (ended && stream_unpacker_is_whole(s->unpacker))
			return 0;
		if (!unpack(s, to, &len, err))
			return -1;
		if (len > 0)
			return (ssize_t)len;
		/* Nothing came of nothing: what was packed is not whole. */
		if (ended && s->raw_ended) {
			s->cut = true;
			return 0;
		}
		if (!fill(s, err))
			return -1;
	}
}

static ssize_t
take(struct source *s, void *to, size_t n, struct err *err)
{
	if (!fill(s, err))
		return -1;
	return s->unpacker ? take_unpacked(s, to, n, err) : take_raw(s, to, n);
}

/* ---- opening ---- */

/* gather reads until there are enough bytes to tell what it is, however few come at a time. */
static bool
gather(struct source *s, struct err *err)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < PEEK_BYTES && n > 0) {
		n = s->read(s->arg, s->raw + len, PEEK_BYTES - len);
		if (n < 0 && errno != EINTR)
			return err_set(err, "%s: %s", s->name, strerror(errno));
		len += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n;
	}
	s->raw_at = s->raw;
	s->raw_len = len;
	s->raw_ended = n == 0;
	return true;
}

static bool
peek(struct source *s, struct err *err)
{
	ssize_t n = 1;

	while (s->peeked_len < PEEK_BYTES && n > 0) {
		n = take(s, s->peeked + s->peeked_len, PEEK_BYTES - s->peeked_len, err);
		if (n < 0)
			return false;
		s->peeked_len += (size_t)n;
	}
	return true;
}

static bool
begin(struct source *s, struct err *err)
{
	enum packing packing;
	struct err cause;

	s->raw = xmalloc(PIECE);
	s->peeked = xmalloc(PEEK_BYTES);
	if (!gather(s, err))
		return false;
	packing = packing_of(s->raw_at, s->raw_len);
	if (packing != PACKING_NONE && (s->unpacker = stream_unpacker_new(packing, &cause)) == NULL)
		return err_set(err, "%s: %s", s->name, cause.text);
	return peek(s, err);
}

static struct source *
begun(struct source *s, struct err *err)
{
	if (begin(s, err))
		return s;
	source_close(s);
	return NULL;
}

struct source *
source_from(source_read_fn *read_fn, void *arg, const char *name, struct err *err)
{
	struct source *s = xcalloc(1, sizeof(*s));

	*s = (struct source) { .name = xstrdup(name), .fd = -1, .read = read_fn, .arg = arg };
	return begun(s, err);
}

struct source *
source_open(const char *path, struct err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct source *s = xcalloc(1, sizeof(*s));
	struct stat st;

	*s = (struct source) {
		.name = xstrdup(is_stdin ? "standard input" : path), .fd = -1, .read = read_fd, .arg = s
	};
	if (!is_stdin && (s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		err_set(err, "%s: %s", path, strerror(errno));
	else if (fstat(is_stdin ? STDIN_FILENO : s->fd, &st) == 0 && S_ISDIR(st.st_mode))
		err_set(err, "%s: is a folder", s->name);
	else
		return begun(s, err);
	source_close(s);
	return NULL;
}

void
source_close(struct source *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	stream_unpacker_free(s->unpacker);
	free(s->raw);
	free(s->peeked);
	free(s->name);
	free(s);
}

/* ---- reading ---- */

const char *
source_name(const struct source *s)
{
	return s->name;
}

bool
source_is_cut(const struct source *s)
{
	return s->cut;
}

size_t
source_peek(const struct source *s, const char **bytes)
{
	*bytes = s->peeked + s->peeked_at;
	return s->peeked_len - s->peeked_at;
}

ssize_t
source_read(struct source *s, void *to, size_t n, struct err *err)
{
	size_t left = s->peeked_len - s->peeked_at, len = n < left ? n : left;

	if (left == 0)
		return take(s, to, n, err);
	memcpy(to, s->peeked + s->peeked_at, len);
	s->peeked_at += len;
	return (ssize_t)len;
}
