/* SPDX-License-Identifier: Apache-2.0 */
/* What takes long about a post-mortem, in a short-lived thread: reading a crash dump, writing the report in its forms, putting the files into their folder. */
#ifndef REPORT_JOB_H
#define REPORT_JOB_H

#include "base/err.h"
#include "base/strbuf.h"
#include "flight/dump_file.h"
#include "report/report.h"

struct event_base;
struct report_job;

struct report_job_done {
	bool written; /* the files are there */
	struct err err;
	size_t pruned;      /* old reports that were deleted */
	struct strbuf json; /* the record; what is left in it is freed */
	struct dump_words
	    *words; /* of the dump, if one was read, which the callee takes over; they are in the report, too */
};

typedef void report_job_cb(void *arg, struct report_job_done *done);

/*
 * report_job_start takes the report for the thread: nobody else may touch it before the callback, which comes once, from the loop or from report_job_wait. folder NULL:
 * nothing is written. dump NULL: none is read; else its findings go into the report before that is written. Without a thread, all is done at once.
 */
struct report_job *report_job_start(struct event_base *base, const char *folder, struct report *r,
    const struct dump_file *dump, report_job_cb *cb, void *arg);
/* report_job_hurry: a dump that is being read is not read to its end; the report says so. */
void report_job_hurry(struct report_job *j);
/* report_job_wait waits for the thread, and has the callback made. */
void report_job_wait(struct report_job *j);

#endif
