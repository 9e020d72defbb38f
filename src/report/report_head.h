/* SPDX-License-Identifier: Apache-2.0 */
/* What a list of reports says of each: read from the first bytes of its JSON, so that a list need not read whole flight records. Pure. */
#ifndef REPORT_REPORT_HEAD_H
#define REPORT_REPORT_HEAD_H

#include "base/jsonw.h"
#include "report/report.h"

#define REPORT_HEAD_BYTES 4096 /* of the JSON: the head is within them */

struct report_head {
	char id[REPORT_ID_SIZE];
	char node[NODE_NAME_MAX + 1];
	char start[40], end[40]; /* RFC 3339 */
	char cause[40];
	char title[REPORT_SENTENCE];
	double confidence;
};

/* report_head_read reads the first len bytes of what report_json wrote; false if they are not that. Text may be anybody's: bounded and valid UTF-8. */
bool report_head_read(const char *json, size_t len, struct report_head *out) MUST_CHECK;
/* report_head_json writes it as an object. */
void report_head_json(const struct report_head *h, struct jsonw *j);

/*
 * report_id_set makes the id of a report that is kept: its end's time and its node, only letters, digits and ".", "_", "-", "@", "+", so that it is a file's name, too.
 * Of a name that has other characters, or is too long, those are "_" and a hash of the whole is added.
 * report_id_ok says whether a text is such an id, report_id_is_dated whether it begins as those that report_id_set makes: 20260131T235959Z-.
 */
void report_id_set(char id[REPORT_ID_SIZE], const char *node, int64_t time_ms);
bool report_id_ok(const char *id);
bool report_id_is_dated(const char *id);

#endif
