/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to say of a file before anything touches it: whose it is, from its first 100 bytes, and whether it and its log are whole. */
#ifndef STORE_JUDGE_H
#define STORE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define JUDGE_APPLICATION_ID 0x6172736e /* "arsn" */

enum condition { GOOD, DAMAGED, REFUSED /* with a reason */ };

struct file_header {
	unsigned char bytes[100];
	size_t len;
};

/* judge_read reads the header; flags as open(2) has them. A file that is not there is empty. False with a reason: it cannot be read, or is no file. */
bool judge_read(const char *path, int flags, struct file_header *h, struct err *err) MUST_CHECK;
/* judge_header: REFUSED are files of other programs and of newer releases. A few flipped bits do not make a file one of those. */
enum condition judge_header(const struct file_header *h, const char *path, struct err *err) MUST_CHECK;
/* judge_log: SQLite takes what is damaged in its log for the log's end, and drops a log beside an empty file. */
enum condition judge_log(const struct file_header *h, const char *path) MUST_CHECK;

#endif
