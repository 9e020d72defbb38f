/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics, on stderr, one line each: "arsenal: warning: node a@h: …". Name the object in the message. Never a
 * cookie, never a token. Threads may call it.
 */
#ifndef OS_LOG_H
#define OS_LOG_H

#include "base/attr.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* log_set_level: messages above it are not written. LOG_INFO at start. */
void log_set_level(enum log_level level);
/* log_set_sink: lines go there instead of stderr, from whatever thread; without the end of the line. NULL: stderr again. */
void log_set_sink(void (*sink)(void *arg, enum log_level level, const char *line), void *arg);
void log_write(enum log_level level, const char *fmt, ...) PRINTF(2, 3);

/* log_lines writes each line of a text by itself. */
void log_lines(enum log_level level, const char *text);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
