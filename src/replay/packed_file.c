/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/packed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "os/clock.h"
#include "os/log.h"
#include "replay/unpack.h"

#define WORTH_WAKING (256u << 10) /* bytes for which the thread is woken early */
#define ROUND_MS 1000
#define FLUSH_US 5000000 /* of what is packed: each flush costs some of the packing */

struct packed_file {
	char *path;
	int fd;
	struct stream_packer *packer; /* NULL: nothing is packed */
	uint64_t max_bytes;
	pthread_t thread;
	/* what both share */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct strbuf waiting;
	bool closing;
	enum packed_file_state state;
	/* the thread's */
	struct strbuf taken, packed;
	uint64_t written;
	int64_t flushed_us;
	bool unflushed;
};

/* ---- the thread ---- */

static bool
write_all(struct packed_file *f, const char *data, size_t len, struct err *err)
{
	while (len > 0) {
		ssize_t n = write(f->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, "%s", strerror(errno));
		data += n;
		len -= (size_t)n;
		f->written += (uint64_t)n;
	}
	return true;
}

/* pack_and_write takes what was taken; at the end of the file what the packer still holds, too. */
static bool
pack_and_write(struct packed_file *f, bool end, struct err *err)
{
	bool flush = clock_mono_us() - f->flushed_us >= FLUSH_US;

	if (f->packer == NULL)
		return write_all(f, f->taken.data, f->taken.len, err);
	f->unflushed = f->unflushed || f->taken.len > 0;
	if (!f->unflushed && !end)
		return true;
	strbuf_reset(&f->packed);
	if (!stream_packer_add(f->packer, strbuf_cstr(&f->taken), f->taken.len, flush, &f->packed, err) ||
	    (end && !stream_packer_end(f->packer, &f->packed, err)))
		return false;
	if (flush) {
		f->flushed_us = clock_mono_us();
		f->unflushed = false;
	}
	return write_all(f, f->packed.data, f->packed.len, err);
}

/* take waits for a round to be over, or for much; false if the file is to be closed. */
static bool
take(struct packed_file *f)
{
	struct timespec until;
	bool closing;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ROUND_MS / 1000;
	strbuf_reset(&f->taken);
	pthread_mutex_lock(&f->lock);
	while (!f->closing && f->waiting.len < WORTH_WAKING)
		if (pthread_cond_timedwait(&f->wake, &f->lock, &until) == ETIMEDOUT)
			break;
	closing = f->closing;
	{
		struct strbuf empty = f->taken;

		f->taken = f->waiting;
		f->waiting = empty;
	}
	pthread_mutex_unlock(&f->lock);
	return !closing;
}

static void
set_state(struct packed_file *f, enum packed_file_state state)
{
	pthread_mutex_lock(&f->lock);
	f->state = state;
	pthread_mutex_unlock(&f->lock);
}

static void *
run(void *arg)
{
	struct packed_file *f = arg;
	bool more = true, ok = true, full = false;
	struct err err;

	while (more && ok && !full) {
		more = take(f);
		full = f->written >= f->max_bytes;
		ok = pack_and_write(f, !more || full, &err);
	}
	if (!ok)
		log_warning("%s: %s; it ends here", f->path, err.text);
	else if (full)
		log_warning(
		    "%s: has reached its size of %llu bytes, and ends here", f->path, (unsigned long long)f->max_bytes);
	if (!ok || full)
		set_state(f, ok ? PACKED_FILE_FULL : PACKED_FILE_FAILED);
	return NULL;
}

/* ---- the loop's side ---- */

static bool
open_file(struct packed_file *f, struct err *err)
{
	enum packing packing = packing_of_name(f->path);
	struct err cause;

	if (packing != PACKING_NONE && (f->packer = stream_packer_new(packing, &cause)) == NULL)
		return err_set(err, "%s: %s", f->path, cause.text);
	f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	if (f->fd < 0 && errno == EEXIST)
		return err_set(
		    err, "%s: is there already, and is not written over: a recording is of one run", f->path);
	return f->fd >= 0 || err_set(err, "%s: %s", f->path, strerror(errno));
}

static bool
start(struct packed_file *f, struct err *err)
{
	pthread_condattr_t attr;
	int result;

	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &attr);
	pthread_condattr_destroy(&attr);
	f->flushed_us = clock_mono_us();
	result = pthread_create(&f->thread, NULL, run, f);
	return result == 0 || err_set(err, "%s: no thread: %s", f->path, strerror(result));
}

static void
release(struct packed_file *f)
{
	stream_packer_free(f->packer);
	strbuf_release(&f->waiting);
	strbuf_release(&f->taken);
	strbuf_release(&f->packed);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f);
}

struct packed_file *
packed_file_new(const char *path, uint64_t max_bytes, struct err *err)
{
	struct packed_file *f = xcalloc(1, sizeof(*f));

	f->path = xstrdup(path);
	f->fd = -1;
	f->max_bytes = max_bytes;
	if (open_file(f, err) && start(f, err))
		return f;
	release(f);
	return NULL;
}

bool
packed_file_close(struct packed_file *f)
{
	bool ok;

	if (f == NULL)
		return true;
	pthread_mutex_lock(&f->lock);
	f->closing = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	ok = f->state == PACKED_FILE_OPEN;
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	release(f);
	return ok;
}

bool
packed_file_put(struct packed_file *f, const void *data, size_t len)
{
	bool taken;

	pthread_mutex_lock(&f->lock);
	taken = f->state == PACKED_FILE_OPEN && f->waiting.len + len <= PACKED_FILE_WAITING;
	if (taken) {
		strbuf_add(&f->waiting, data, len);
		if (f->waiting.len >= WORTH_WAKING)
			pthread_cond_signal(&f->wake);
	}
	pthread_mutex_unlock(&f->lock);
	return taken;
}

enum packed_file_state
packed_file_state(struct packed_file *f)
{
	enum packed_file_state state;

	pthread_mutex_lock(&f->lock);
	state = f->state;
	pthread_mutex_unlock(&f->lock);
	return state;
}
