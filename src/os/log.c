/* SPDX-License-Identifier: Apache-2.0 */
#include "os/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

static atomic_int threshold = LOG_INFO;
static void (*sink)(void *arg, enum log_level level, const char *line);
static void *sink_arg;
static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;

void
log_set_level(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

void
log_set_sink(void (*to)(void *arg, enum log_level level, const char *line), void *arg)
{
	pthread_mutex_lock(&sink_lock);
	sink = to;
	sink_arg = arg;
	pthread_mutex_unlock(&sink_lock);
}

/* to_sink returns false if there is none. */
static bool
to_sink(enum log_level level, const char *line)
{
	bool is;

	pthread_mutex_lock(&sink_lock);
	is = sink != NULL;
	if (is)
		sink(sink_arg, level, line);
	pthread_mutex_unlock(&sink_lock);
	return is;
}

/* A peer's text may stand in a message: control characters must not reach the terminal. */
static void
clean(char *line)
{
	for (unsigned char *p = (unsigned char *)line; *p; p++)
		if (*p < 0x20 || *p == 0x7F)
			*p = '?';
}

static void
to_stderr(enum log_level level, const char *line)
{
	static const char *const names[] = { "error: ", "warning: ", "", "debug: " };
	static const char *const colours[] = { "\033[31m", "\033[33m", "", "\033[2m" };
	bool colour = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;

	/* One call, so that lines of two threads do not mix. */
	fprintf(stderr, "arsenal: %s%s%s%s\n", colour ? colours[level] : "", names[level], line,
	    colour && *colours[level] ? "\033[0m" : "");
}

void
log_write(enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;

	if ((int)level > atomic_load(&threshold))
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	clean(line);
	if (!to_sink(level, line))
		to_stderr(level, line);
}

void
log_lines(enum log_level level, const char *text)
{
	for (size_t len; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (len > 0)
			log_write(level, "%.*s", (int)len, text);
	}
}
