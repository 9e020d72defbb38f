/* SPDX-License-Identifier: Apache-2.0 */
#include "store/aside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"

static const char *const PARTS[] = { "", "-wal", "-journal" };

/* ---- names ---- */

static bool
exists(const char *path, const char *suffix)
{
	struct strbuf name = STRBUF_INIT;
	bool is;

	strbuf_addf(&name, "%s%s", path, suffix);
	is = access(name.data, F_OK) == 0;
	strbuf_release(&name);
	return is;
}

/* With a number if there is one of that name. */
void
aside_suffix(const char *path, struct strbuf *suffix)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32];
	size_t plain;

	strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	strbuf_addf(suffix, ASIDE_MARK "%s", text);
	plain = suffix->len;
	for (int i = 2; i < 1000 && exists(path, suffix->data); i++) {
		strbuf_cut(suffix, plain);
		strbuf_addf(suffix, "-%d", i);
	}
}

/* ---- the exchange ---- */

static bool
move(const char *path, const char *part, const char *from, const char *to, struct err *err)
{
	struct strbuf old = STRBUF_INIT, new = STRBUF_INIT;
	bool ok;

	strbuf_addf(&old, "%s%s%s", path, from, part);
	strbuf_addf(&new, "%s%s%s", path, to, part);
	ok = rename(old.data, new.data) == 0 || errno == ENOENT ||
	    err_set(err, "%s: cannot be set aside: %s", old.data, strerror(errno));
	strbuf_release(&old);
	strbuf_release(&new);
	return ok;
}

/* remove_parts: false if the file itself, the last of them, stays. */
static bool
remove_parts(const char *path)
{
	bool gone = false;

	for (size_t i = ARRAY_LEN(PARTS); i-- > 0;) {
		struct strbuf name = STRBUF_INIT;

		strbuf_addf(&name, "%s%s", path, PARTS[i]);
		gone = unlink(name.data) == 0;
		strbuf_release(&name);
	}
	return gone;
}

/* sync_folder: new names outlive a power cut, too. */
static void
sync_folder(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(copy);
}

static void
remove_new(const char *path)
{
	static const char *const names[] = { ASIDE_MAKING, ASIDE_READY };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct strbuf name = STRBUF_INIT;

		strbuf_addf(&name, "%s%s", path, names[i]);
		(void)remove_parts(name.data);
		strbuf_release(&name);
	}
}

/* Whoever may read the old file may read the new one. */
static void
take_rights(const char *path, int fd)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return;
	if (fchown(fd, st.st_uid, st.st_gid) != 0)
		st.st_mode &= 0700; /* another owner's group is not meant */
	(void)fchmod(fd, st.st_mode & 0777);
}

bool
aside_prepare(const char *path, struct err *err)
{
	struct strbuf name = STRBUF_INIT;
	int fd;

	strbuf_addf(&name, "%s" ASIDE_MAKING, path);
	remove_new(path);
	fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		err_set(err, "%s: %s", name.data, strerror(errno));
	else
		take_rights(path, fd);
	if (fd >= 0)
		close(fd);
	strbuf_release(&name);
	return fd >= 0;
}

bool
aside_ready(const char *path, struct err *err)
{
	return move(path, "", ASIDE_MAKING, ASIDE_READY, err);
}

bool
aside_exchange(const char *path, const char *suffix, struct err *err)
{
	bool ok = true;

	if (suffix == NULL)
		(void)remove_parts(path);
	for (size_t i = 0; i < ARRAY_LEN(PARTS) && suffix && ok; i++)
		ok = move(path, PARTS[i], "", suffix, err);
	ok = ok && move(path, "", ASIDE_READY, "", err);
	sync_folder(path);
	return ok;
}

bool
aside_is_half_done(const char *path)
{
	if (!exists(path, "") && exists(path, ASIDE_READY))
		return true;
	remove_new(path);
	return false;
}

/* ---- not without end ---- */

static bool
is_part(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 1; i < ARRAY_LEN(PARTS); i++)
		if (len > strlen(PARTS[i]) && strcmp(name + len - strlen(PARTS[i]), PARTS[i]) == 0)
			return true;
	return false;
}

/* find_oldest counts the files, and copies the name of the oldest: their names are in the order of their times. */
static unsigned
find_oldest(const char *folder, const char *prefix, char *oldest, size_t size)
{
	DIR *d = opendir(folder);
	struct dirent *f;
	unsigned count = 0;

	while (d && (f = readdir(d)) != NULL) {
		if (strncmp(f->d_name, prefix, strlen(prefix)) != 0 || is_part(f->d_name))
			continue;
		if (count++ == 0 || strcmp(f->d_name, oldest) < 0)
			snprintf(oldest, size, "%s", f->d_name);
	}
	if (d)
		closedir(d);
	return count;
}

void
aside_limit(const char *path, struct strbuf *notice)
{
	char *copy = xstrdup(path), *copy_2 = xstrdup(path), oldest[NAME_MAX + 1];
	struct strbuf prefix = STRBUF_INIT;
	const char *folder = dirname(copy);
	bool gone = true;

	strbuf_addf(&prefix, "%s" ASIDE_MARK, basename(copy_2));
	while (gone && find_oldest(folder, prefix.data, oldest, sizeof(oldest)) > ASIDE_KEPT) {
		struct strbuf name = STRBUF_INIT;

		strbuf_addf(&name, "%s/%s", folder, oldest);
		gone = remove_parts(name.data);
		if (gone)
			strbuf_addf(notice, "; %s, the oldest of those that were set aside, was removed", name.data);
		strbuf_release(&name);
	}
	strbuf_release(&prefix);
	free(copy_2);
	free(copy);
}
