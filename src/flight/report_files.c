/* SPDX-License-Identifier: Apache-2.0 */
#include "flight/report_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/file.h"

#define FILE_MODE 0600
#define NAMES_MAX 10000 /* of a folder that somebody has filled with other things */

char *
report_files_folder(const char *named, const char *store, const char *state_dir)
{
	struct strbuf folder = STRBUF_INIT;

	if (named && strcmp(named, "off") == 0)
		return NULL;
	if (named)
		strbuf_adds(&folder, named);
	else if (store)
		strbuf_addf(&folder, "%s-reports", store);
	else
		strbuf_addf(&folder, "%s/reports", state_dir);
	return strbuf_detach(&folder);
}

static char *
path_of(const char *folder, const char *id, enum report_format format)
{
	struct strbuf path = STRBUF_INIT;

	strbuf_addf(&path, "%s/%s%s", folder, id, REPORT_FORMATS[format].extension);
	return strbuf_detach(&path);
}

static bool
write_one(const char *folder, const char *id, enum report_format format, const struct strbuf *body, struct err *err)
{
	char *path = path_of(folder, id, format);
	bool ok = file_write(path, FILE_MODE, body->data, body->len, err);

	free(path);
	return ok;
}

/* JSON comes last: a report that is listed is there in all its forms. */
bool
report_files_write(const char *folder, const struct report *r, struct strbuf *json, struct err *err)
{
	struct strbuf body = STRBUF_INIT;
	bool ok = folder_make(folder, err);

	for (int f = FORMATS_KEPT - 1; ok && f > FORMAT_JSON; f--) {
		strbuf_reset(&body);
		report_write(r, (enum report_format)f, &body);
		ok = write_one(folder, r->id, (enum report_format)f, &body, err);
	}
	strbuf_release(&body);
	report_write(r, FORMAT_JSON, json);
	return ok && write_one(folder, r->id, FORMAT_JSON, json, err);
}

/* ---- what is there ---- */

static int
newest_first(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

/* id_of is the id in a JSON file's name, or NULL if it is none: what else is in a folder is nobody's to delete. The caller frees it. */
static char *
id_of(const char *name)
{
	size_t len = strlen(name), tail = strlen(REPORT_FORMATS[FORMAT_JSON].extension);
	char *id;

	if (len <= tail || strcmp(name + len - tail, REPORT_FORMATS[FORMAT_JSON].extension) != 0)
		return NULL;
	id = xstrndup(name, len - tail);
	if (report_id_ok(id) && report_id_is_dated(id))
		return id;
	free(id);
	return NULL;
}

/* ids_in lists the ids, newest first; *count of them, each to be freed, and the list. */
static char **
ids_in(const char *folder, size_t *count)
{
	char **ids = xcalloc(NAMES_MAX, sizeof(*ids));
	DIR *dir = opendir(folder);
	const struct dirent *d;

	*count = 0;
	while (dir && *count < NAMES_MAX && (d = readdir(dir)) != NULL)
		if ((ids[*count] = id_of(d->d_name)) != NULL)
			++*count;
	if (dir)
		closedir(dir);
	qsort(ids, *count, sizeof(*ids), newest_first);
	return ids;
}

static void
free_ids(char **ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(ids[i]);
	free(ids);
}

/* JSON goes first: what is not listed any more is not missed. */
static void
delete_report(const char *folder, const char *id)
{
	for (int f = FORMAT_JSON; f < FORMATS_KEPT; f++) {
		char *path = path_of(folder, id, (enum report_format)f);

		unlink(path);
		free(path);
	}
}

size_t
report_files_prune(const char *folder)
{
	size_t count, deleted = 0;
	char **ids = ids_in(folder, &count);

	for (size_t i = REPORT_FILES_KEPT; i < count; i++, deleted++)
		delete_report(folder, ids[i]);
	free_ids(ids, count);
	return deleted;
}

static bool
read_head(const char *folder, const char *id, struct report_head *out)
{
	char *path = path_of(folder, id, FORMAT_JSON);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	char head[REPORT_HEAD_BYTES];
	ssize_t n = fd >= 0 ? read(fd, head, sizeof(head)) : -1;

	if (fd >= 0)
		close(fd);
	free(path);
	return n > 0 && report_head_read(head, (size_t)n, out) && strcmp(out->id, id) == 0;
}

size_t
report_files_list(const char *folder, struct report_head *out, size_t max)
{
	size_t count, found = 0;
	char **ids = ids_in(folder, &count);

	for (size_t i = 0; i < count && found < max; i++)
		found += read_head(folder, ids[i], &out[found]);
	free_ids(ids, count);
	return found;
}

bool
report_files_read(const char *folder, const char *id, enum report_format format, struct strbuf *out, struct err *err)
{
	char *path;
	bool ok;

	if (!report_id_ok(id))
		return err_set(err, "\"%.100s\" is no report's id", id);
	path = path_of(folder, id, format);
	ok = file_read_plain(path, REPORT_FILE_MAX_BYTES, out, err);
	free(path);
	return ok;
}
