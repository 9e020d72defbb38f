/* SPDX-License-Identifier: Apache-2.0 */
#include "os/process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "os/file.h"

#define FILE_MAX_BYTES 65536
#define STARTED_FIELD 22 /* of /proc/PID/stat, proc(5); the state is the third */

/* read_stat reads name, state and start of a process; false, with errno, if there is none of that pid. */
static bool
read_stat(int64_t pid, char name[32], char *state, uint64_t *started)
{
	struct strbuf text = STRBUF_INIT;
	const char *open, *close, *at;
	char path[64];
	bool ok;

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/stat", pid);
	ok = file_read(path, FILE_MAX_BYTES, &text, NULL);
	/* The name may hold anything, brackets too. */
	open = ok ? strchr(text.data, '(') : NULL;
	close = ok ? strrchr(text.data, ')') : NULL;
	ok = open && close && close > open && close[1] == ' ';
	if (ok) {
		snprintf(name, 32, "%.*s", (int)(close - open - 1 < 31 ? close - open - 1 : 31), open + 1);
		*state = close[2];
		at = close + 2;
		for (int field = 3; at && field < STARTED_FIELD; field++)
			at = (at = strchr(at, ' ')) ? at + 1 : NULL;
		*started = at ? strtoull(at, NULL, 10) : 0;
	}
	strbuf_release(&text);
	return ok;
}

/* read_uid reads the user that a process accesses files as: the last of the four of /proc/PID/status. */
static bool
read_uid(int64_t pid, int64_t *uid)
{
	struct strbuf text = STRBUF_INIT;
	const char *at;
	char path[64];
	bool ok;

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/status", pid);
	at = file_read(path, FILE_MAX_BYTES, &text, NULL) ? strstr(text.data, "\nUid:") : NULL;
	ok = at && sscanf(at, "\nUid: %*d %*d %*d %" SCNd64, uid) == 1;
	strbuf_release(&text);
	return ok;
}

bool
process_find(struct process *p, int64_t pid, const char *name)
{
	char found[32], state;

	*p = (struct process) { .pid = 0 };
	if (pid <= 0 || !read_stat(pid, found, &state, &p->started) || strncmp(found, name, strlen(name)) != 0 ||
	    state == 'Z' || state == 'X' || !read_uid(pid, &p->uid))
		return false;
	p->pid = pid;
	return true;
}

bool
process_is_gone(const struct process *p)
{
	uint64_t started;
	char name[32], state;

	if (!read_stat(p->pid, name, &state, &started))
		return errno == ENOENT || errno == ESRCH;
	return started != p->started || state == 'Z' || state == 'X';
}

bool
host_is_here(const char *host)
{
	static const char *const loopback[] = { "localhost", "127.0.0.1", "::1", "[::1]" };
	char own[256] = "";
	size_t len;

	for (size_t i = 0; i < ARRAY_LEN(loopback); i++)
		if (strcasecmp(host, loopback[i]) == 0)
			return true;
	if (gethostname(own, sizeof(own) - 1) != 0)
		return false;
	len = strcspn(own, ".");
	return len > 0 && len == strcspn(host, ".") && strncasecmp(own, host, len) == 0;
}

uint64_t
host_oom_kills(void)
{
	static const char key[] = "\noom_kill ";
	struct strbuf text = STRBUF_INIT;
	const char *at = file_read("/proc/vmstat", FILE_MAX_BYTES, &text, NULL) ? strstr(text.data, key) : NULL;
	uint64_t count = at ? strtoull(at + strlen(key), NULL, 10) : 0;

	strbuf_release(&text);
	return count;
}
