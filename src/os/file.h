/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OS_FILE_H
#define OS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"

/* file_read appends a file of at most max bytes; false with a reason that names the file otherwise. */
bool file_read(const char *path, size_t max, struct strbuf *out, struct err *err) MUST_CHECK;
/* file_read_plain is for folders that others may write to: only what is a regular file itself, not a link to one, is read. */
bool file_read_plain(const char *path, size_t max, struct strbuf *out, struct err *err) MUST_CHECK;
/* file_write makes the file with these bytes and this mode, or replaces it whole (written beside it and renamed). */
bool file_write(const char *path, unsigned mode, const void *data, size_t len, struct err *err) MUST_CHECK;
/* folder_make makes the folder and its parents, the new ones for the owner only (0700). */
bool folder_make(const char *path, struct err *err) MUST_CHECK;

#endif
