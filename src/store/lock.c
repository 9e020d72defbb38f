/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "os/clock.h"

#define POLL_MS 5

char *
lock_resolve(const char *path, struct err *err)
{
	struct stat st;
	char *real;

	if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode))
		return xstrdup(path);
	real = realpath(path, NULL);
	if (real == NULL)
		err_set(err, "%s: a symbolic link that leads nowhere: %s", path, strerror(errno));
	return real;
}

/* read_pid: who holds it, for people. */
static const char *
read_pid(int fd, char pid[24])
{
	ssize_t n = pread(fd, pid, 23, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	return *pid ? pid : "unknown";
}

static void
leave_pid(int fd)
{
	char pid[24];
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)n, 0) != n)
		errno = 0; /* it is only for people */
}

/* open_lock: -1 with a reason; if it may be missing, there is a reason only if it is not. */
static int
open_lock(const char *path, int flags, bool may_miss, bool *failed, struct err *err)
{
	struct strbuf name = STRBUF_INIT;
	int fd;

	strbuf_addf(&name, "%s.lock", path);
	fd = open(name.data, flags | O_CLOEXEC, 0600);
	*failed = fd < 0 && !(may_miss && errno == ENOENT);
	if (*failed)
		err_set(err, "%s: %s", name.data, strerror(errno));
	strbuf_release(&name);
	return fd;
}

int
lock_take(const char *path, struct err *err)
{
	const struct timespec pause = { 0, POLL_MS * 1000000 };
	int64_t until = clock_mono_us() + LOCK_WAIT_MS * 1000;
	char pid[24];
	bool failed;
	int fd = open_lock(path, O_RDWR | O_CREAT, false, &failed, err);

	if (failed)
		return -1;
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (clock_mono_us() >= until) {
			err_set(err, "%s: in use by another arsenal (process %s)", path, read_pid(fd, pid));
			close(fd);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	leave_pid(fd);
	return fd;
}

bool
lock_share(const char *path, int *fd, struct err *err)
{
	char pid[24];
	bool failed;

	*fd = open_lock(path, O_RDONLY, true, &failed, err);
	if (failed || *fd < 0)
		return !failed;
	if (flock(*fd, LOCK_SH | LOCK_NB) == 0)
		return true;
	return err_set(err, "%s: in use by a running arsenal (process %s): ask that one over HTTP, or end it", path,
	    read_pid(*fd, pid));
}
