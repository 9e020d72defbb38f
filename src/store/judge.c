/* SPDX-License-Identifier: Apache-2.0 */
#include "store/judge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "store/schema.h"
#include "store/wal.h"

#define SCHEMA_VERSION ((uint32_t)ARRAY_LEN(SCHEMA_STEPS))
#define MOST_VERSIONS 9999 /* no release ever has more: then a bit has flipped */
#define PAGE_BYTES 4096

static const char MAGIC[16] = "SQLite format 3";

static uint32_t
header_word(const struct file_header *h, size_t at)
{
	const unsigned char *p = h->bytes + at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A few flipped bits do not make it another program's. */
static bool
is_near(uint32_t a, uint32_t b)
{
	return __builtin_popcount(a ^ b) <= 3;
}

/* A page of zeros instead of a header is ours if our lock's file is beside it. */
static bool
is_wiped(const struct file_header *h, const char *path)
{
	struct strbuf lock = STRBUF_INIT;
	bool wiped = h->len == sizeof(h->bytes);
	struct stat st;

	for (size_t i = 0; i < h->len; i++)
		wiped = wiped && h->bytes[i] == 0;
	strbuf_addf(&lock, "%s.lock", path);
	wiped = wiped && stat(lock.data, &st) == 0 && S_ISREG(st.st_mode);
	strbuf_release(&lock);
	return wiped;
}

enum condition
judge_header(const struct file_header *h, const char *path, struct err *err)
{
	bool magic = memcmp(h->bytes, MAGIC, h->len < sizeof(MAGIC) ? h->len : sizeof(MAGIC)) == 0;
	bool whole = h->len == sizeof(h->bytes);
	bool ours = whole && is_near(header_word(h, 68), JUDGE_APPLICATION_ID);

	if (h->len == 0)
		return GOOD;
	if (!magic && !ours && is_wiped(h, path))
		return DAMAGED;
	if (!magic && !ours) {
		err_set(err, "%s: is no history of arsenal's (no SQLite file); it was left alone", path);
		return REFUSED;
	}
	if (!whole || !magic || (ours && header_word(h, 68) != JUDGE_APPLICATION_ID))
		return DAMAGED;
	if (!ours) {
		err_set(err, "%s: is another program's SQLite file; it was left alone", path);
		return REFUSED;
	}
	if (header_word(h, 60) > MOST_VERSIONS)
		return DAMAGED;
	if (header_word(h, 60) > SCHEMA_VERSION) {
		err_set(err, "%s: was written by a newer arsenal (schema %u, this one knows %u); it was left alone",
		    path, header_word(h, 60), SCHEMA_VERSION);
		return REFUSED;
	}
	return GOOD;
}

bool
judge_read(const char *path, int flags, struct file_header *h, struct err *err)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st;
	ssize_t n;

	memset(h, 0, sizeof(*h));
	if (fd < 0)
		return (errno == ENOENT && !(flags & O_CREAT)) || err_set(err, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, "%s: is no regular file", path);
	}
	n = pread(fd, h->bytes, sizeof(h->bytes), 0);
	close(fd);
	if (n < 0)
		return err_set(err, "%s: %s", path, strerror(errno));
	h->len = (size_t)n;
	return true;
}

enum condition
judge_log(const struct file_header *h, const char *path)
{
	struct strbuf log = STRBUF_INIT;
	struct wal wal;
	bool damaged;

	strbuf_addf(&log, "%s-wal", path);
	wal_open(&wal, log.data, PAGE_BYTES);
	damaged = wal_is_damaged(&wal) || (h->len == 0 && wal.usable > 0);
	wal_release(&wal);
	strbuf_release(&log);
	return damaged ? DAMAGED : GOOD;
}
