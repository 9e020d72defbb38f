/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of post-mortems: ID.json, ID.txt and ID.html of each, for the owner only. Ids begin with the time, so that their order is that of time. */
#ifndef REPORT_FILES_H
#define REPORT_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "report/report_format.h"
#include "report/report_head.h"

#define REPORT_FILES_KEPT 100 /* the newest; older ones are deleted */
#define REPORT_FILE_MAX_BYTES (64u << 20)

/*
 * report_files_folder is where reports go: the folder that was named ("off": NULL), else STORE-reports beside the store, else "reports" in the state folder.
 * The caller frees it.
 */
char *report_files_folder(const char *named, const char *store, const char *state_dir);

/* report_files_write makes or replaces the report's files (and the folder); false with a reason that names the path. `json` gets what is in the JSON file. */
bool report_files_write(const char *folder, const struct report *r, struct strbuf *json, struct err *err) MUST_CHECK;
/* report_files_prune deletes all but the newest REPORT_FILES_KEPT reports and returns how many those were. */
size_t report_files_prune(const char *folder);
/*
 * report_files_list reads the heads of the reports there, newest first, max at most; what is none is passed by. Returns their number; a folder that is not
 * there has none.
 */
size_t report_files_list(const char *folder, struct report_head *out, size_t max);
/* report_files_read appends one file; false with a reason if there is none of that id. */
bool report_files_read(
    const char *folder, const char *id, enum report_format format, struct strbuf *out, struct err *err) MUST_CHECK;

#endif
