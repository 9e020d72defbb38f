/* SPDX-License-Identifier: Apache-2.0 */
#include "os/instance.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "os/file.h"

#define SLOT_MAX_BYTES 1024

/* A slot's file: the node name on the first line, the HTTP address of a running program on the second. */
struct slot {
	char name[INSTANCE_NAME_SIZE];
	char http[128];
};

static void
slot_path(char *path, size_t size, const char *state_dir, const char *kind, int i)
{
	snprintf(path, size, "%s/%s-%d", state_dir, kind, i);
}

static void
take_line(char **text, char *line, size_t size)
{
	size_t len = strcspn(*text, "\n");

	snprintf(line, size, "%.*s", (int)len, *text);
	*text += len + ((*text)[len] == '\n');
}

static bool
is_kept_name(const char *name)
{
	return strncmp(name, "arsenal-", 8) == 0 && strspn(name + 8, "0123456789abcdef") == 8 && name[16] == '@' &&
	    name[17];
}

static void
slot_read(int fd, struct slot *s)
{
	char buf[SLOT_MAX_BYTES + 1];
	ssize_t n = pread(fd, buf, SLOT_MAX_BYTES, 0);
	char *text = buf;

	buf[n > 0 ? n : 0] = '\0';
	take_line(&text, s->name, sizeof(s->name));
	take_line(&text, s->http, sizeof(s->http));
}

/* Written in place, not renamed: the lock is on this very file. */
static bool
slot_write(int fd, const char *path, const struct slot *s, struct err *err)
{
	char buf[SLOT_MAX_BYTES];
	int n = snprintf(buf, sizeof(buf), "%s\n%s\n", s->name, s->http);

	if (pwrite(fd, buf, (size_t)n, 0) != n || ftruncate(fd, n) != 0)
		return err_set(err, "%s: %s", path, strerror(errno));
	return true;
}

/* The host part is for people: the distribution protocol does not check it when we are the one who connects. */
static void
draw_name(char *name, size_t size)
{
	char host[64] = "localhost";
	uint32_t id;

	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		id = (uint32_t)getpid();
	gethostname(host, sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	for (char *p = host; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.' && *p != '_')
			*p = '-';
	snprintf(name, size, "arsenal-%08x@%s", id, *host ? host : "localhost");
}

static bool
use_slot(struct instance *in, int fd, struct err *err)
{
	struct slot s;

	slot_read(fd, &s);
	if (!is_kept_name(s.name))
		draw_name(s.name, sizeof(s.name));
	s.http[0] = '\0';
	if (!slot_write(fd, in->path, &s, err)) {
		close(fd);
		return false;
	}
	memcpy(in->name, s.name, sizeof(in->name));
	in->lock_fd = fd;
	return true;
}

bool
instance_take(struct instance *in, const char *state_dir, const char *kind, struct err *err)
{
	if (!folder_make(state_dir, err))
		return false;
	for (int i = 0; i < INSTANCE_SLOTS; i++) {
		int fd;

		slot_path(in->path, sizeof(in->path), state_dir, kind, i);
		fd = open(in->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return err_set(err, "%s: %s; name another folder with --state-dir", in->path, strerror(errno));
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return use_slot(in, fd, err);
		close(fd);
	}
	return err_set(err, "all %d names of the state folder %s are in use; name another folder with --state-dir",
	    INSTANCE_SLOTS, state_dir);
}

bool
instance_publish(struct instance *in, const char *http_address, struct err *err)
{
	struct slot s;

	memcpy(s.name, in->name, sizeof(s.name));
	snprintf(s.http, sizeof(s.http), "%s", http_address ? http_address : "");
	return slot_write(in->lock_fd, in->path, &s, err);
}

void
instance_release(struct instance *in)
{
	struct err ignored;

	/* A stale address does no harm: without the lock nobody asks it. */
	(void)!instance_publish(in, NULL, &ignored);
	close(in->lock_fd);
	in->lock_fd = -1;
}

bool
instance_running(const char *state_dir, int i, char *address, size_t size)
{
	char path[512];
	struct slot s;
	bool running;
	int fd;

	slot_path(path, sizeof(path), state_dir, INSTANCE_WATCH, i);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	running = flock(fd, LOCK_SH | LOCK_NB) != 0;
	slot_read(fd, &s);
	close(fd);
	snprintf(address, size, "%s", s.http);
	return running && s.http[0] != '\0';
}

char *
instance_state_dir(void)
{
	static const struct {
		const char *variable;
		const char *below;
	} places[] = { { "ARSENAL_STATE_DIR", "" }, { "STATE_DIRECTORY", "" }, { "XDG_STATE_HOME", "/arsenal" },
		{ "HOME", "/.local/state/arsenal" } };
	struct strbuf path = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const char *value = getenv(places[i].variable);

		if (value && *value) {
			strbuf_addf(&path, "%s%s", value, places[i].below);
			return strbuf_detach(&path);
		}
	}
	return xstrdup("/var/lib/arsenal");
}
