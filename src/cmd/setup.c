/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/setup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "os/file.h"
#include "os/log.h"

#define SECRET_MAX_BYTES 4096

static void
trim(struct strbuf *sb)
{
	size_t start = 0;

	while (sb->len > 0 && isspace((unsigned char)sb->data[sb->len - 1]))
		strbuf_cut(sb, sb->len - 1);
	while (start < sb->len && isspace((unsigned char)sb->data[start]))
		start++;
	if (start > 0) {
		memmove(sb->data, sb->data + start, sb->len - start);
		strbuf_cut(sb, sb->len - start);
	}
}

bool
setup_secret(const char *path, const char *what, struct strbuf *secret, struct err *err)
{
	struct err cause;

	if (!file_read(path, SECRET_MAX_BYTES, secret, &cause))
		return err_set(err, "cannot read the %s: %s", what, cause.text);
	trim(secret);
	if (secret->len == 0)
		return err_set(err, "the %s file %s is empty", what, path);
	return true;
}

static bool
default_cookie(struct strbuf *cookie, struct err *err)
{
	const char *release = getenv("RELEASE_COOKIE");
	const char *home = getenv("HOME");
	struct strbuf path = STRBUF_INIT;
	struct err cause;
	bool ok;

	if (release && *release) {
		strbuf_adds(cookie, release);
		return true;
	}
	strbuf_addf(&path, "%s/.erlang.cookie", home ? home : "");
	ok = setup_secret(path.data, "cookie", cookie, &cause);
	strbuf_release(&path);
	return ok || err_set(err, "%s; name the node's cookie file with --cookie-file", cause.text);
}

bool
setup_cookie(const struct settings *s, struct strbuf *cookie, struct err *err)
{
	return s->cookie_file ? setup_secret(s->cookie_file, "cookie", cookie, err) : default_cookie(cookie, err);
}

void
setup_wipe(struct strbuf *secret)
{
	if (secret->data)
		explicit_bzero(secret->data, secret->cap);
	strbuf_release(secret);
}

char *
setup_state_dir(const struct settings *s)
{
	return s->state_dir ? xstrdup(s->state_dir) : instance_state_dir();
}

struct engine_options
setup_engine(const struct settings *s)
{
	struct engine_options o = engine_defaults();

	o.interval_ms = s->interval_ms;
	o.anomaly_threshold = (double)s->anomaly_threshold_percent / 100;
	if (s->retention_ms > 0)
		o.retention_ms = s->retention_ms;
	return o;
}

bool
setup_log_level(const struct settings *s, struct err *err)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error", [LOG_WARNING] = "warning", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(s->log_level, names[i]) == 0) {
			log_set_level((enum log_level)i);
			return true;
		}
	return err_set(err, "--log-level %s: not error, warning, info or debug", s->log_level);
}
