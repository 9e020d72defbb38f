/* SPDX-License-Identifier: Apache-2.0 */
#include "flight/report_job.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "flight/report_files.h"

struct report_job {
	struct event *event;
	pthread_t thread;
	bool has_thread;
	char *folder;
	bool has_dump;
	struct dump_file dump;
	atomic_bool stop;
	struct report *report;
	struct report_job_done done;
	report_job_cb *cb;
	void *arg;
};

static void
take_dump(struct report_job *j)
{
	struct dump_words *w = xcalloc(1, sizeof(*w));
	struct report_end *end = &j->report->end;

	dump_file_read(&j->dump, j->report->node, &j->stop, w);
	memcpy(end->dump_path, j->dump.path, sizeof(end->dump_path));
	memcpy(end->dump_note, w->note, sizeof(end->dump_note));
	memcpy(end->dump_slogan, w->slogan, sizeof(end->dump_slogan));
	memcpy(end->dump_cause, w->cause, sizeof(end->dump_cause));
	end->dump_confidence = w->confidence;
	end->dump_text = w->text;
	end->dump_json = w->json;
	j->done.words = w;
}

static void *
work(void *arg)
{
	struct report_job *j = arg;

	if (j->has_dump)
		take_dump(j);
	report_judge(j->report);
	if (j->folder) {
		j->done.written = report_files_write(j->folder, j->report, &j->done.json, &j->done.err);
		j->done.pruned = j->done.written ? report_files_prune(j->folder) : 0;
	} else {
		report_json(j->report, &j->done.json);
	}
	event_active(j->event, EV_TIMEOUT, 0);
	return NULL;
}

static void
finish(struct report_job *j)
{
	if (j->has_thread)
		pthread_join(j->thread, NULL);
	event_free(j->event);
	j->cb(j->arg, &j->done);
	strbuf_release(&j->done.json);
	free(j->folder);
	free(j);
}

static void
on_done(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	finish(arg);
}

struct report_job *
report_job_start(struct event_base *base, const char *folder, struct report *r, const struct dump_file *dump,
    report_job_cb *cb, void *arg)
{
	struct report_job *j = xcalloc(1, sizeof(*j));

	j->event = event_new(base, -1, 0, on_done, j);
	j->folder = folder ? xstrdup(folder) : NULL;
	j->has_dump = dump != NULL;
	if (dump)
		j->dump = *dump;
	j->report = r;
	j->cb = cb;
	j->arg = arg;
	j->has_thread = pthread_create(&j->thread, NULL, work, j) == 0;
	if (!j->has_thread)
		work(j);
	return j;
}

void
report_job_hurry(struct report_job *j)
{
	atomic_store(&j->stop, true);
}

void
report_job_wait(struct report_job *j)
{
	if (j->has_thread)
		pthread_join(j->thread, NULL);
	j->has_thread = false;
	finish(j);
}
