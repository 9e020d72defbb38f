/* SPDX-License-Identifier: Apache-2.0 */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

static bool
read_all(int fd, const char *path, size_t max, struct strbuf *out, struct err *err)
{
	char buf[4096];
	size_t total = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, "%s: %s", path, strerror(errno));
		total += (size_t)n;
		if (total > max)
			return err_set(err, "%s: larger than %zu bytes", path, max);
		strbuf_add(out, buf, (size_t)n);
	}
	return true;
}

bool
file_read(const char *path, size_t max, struct strbuf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ok;

	if (fd < 0)
		return err_set(err, "%s: %s", path, strerror(errno));
	ok = read_all(fd, path, max, out, err);
	close(fd);
	return ok;
}

bool
file_read_plain(const char *path, size_t max, struct strbuf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;
	bool ok;

	if (fd < 0)
		return err_set(
		    err, "%s: %s", path, errno == ELOOP ? "it is a link, which is not followed" : strerror(errno));
	ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read_all(fd, path, max, out, err)
							: err_set(err, "%s: no regular file", path);
	close(fd);
	return ok;
}

static bool
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

bool
file_write(const char *path, unsigned mode, const void *data, size_t len, struct err *err)
{
	struct strbuf beside = STRBUF_INIT;
	bool ok = false;
	int fd;

	strbuf_addf(&beside, "%s.%ld.new", path, (long)getpid());
	unlink(beside.data);
	fd = open(beside.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
	if (fd >= 0) {
		ok = write_all(fd, data, len);
		ok = close(fd) == 0 && ok;
		ok = ok && rename(beside.data, path) == 0;
	}
	if (!ok) {
		err_set(err, "%s: %s", path, strerror(errno));
		unlink(beside.data);
	}
	strbuf_release(&beside);
	return ok;
}

bool
folder_make(const char *path, struct err *err)
{
	char *part = xstrdup(path);
	bool ok = true;

	for (char *p = part + 1; ok; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST && errno != EISDIR)
			ok = err_set(err, "cannot make the folder %s: %s", part, strerror(errno));
		*p = c;
		if (c == '\0')
			break;
	}
	free(part);
	return ok;
}
