/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of a hostile node: skipped, printed, made canonical, and read as the probe's messages. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "beam/probe_message.h"
#include "beam/probe_supervisor.h"
#include "beam/probe_survey.h"
#include "beam/probe_tree.h"
#include "beam/procfs.h"
#include "beam/requests.h"
#include "etf/etf_canonical.h"
#include "etf/etf_term.h"
#include "etf/etf_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_text(struct etf e)
{
	struct strbuf out = STRBUF_INIT;
	uint32_t cp;

	if (etf_text(&e, 64, &out)) {
		require(out.len <= 64);
		for (size_t i = 0, n; i < out.len; i += n)
			require((n = utf8_decode((uint8_t *)out.data + i, out.len - i, &cp)) > 0);
	}
	strbuf_release(&out);
}

/* A canonical form is its own canonical form. */
static void
check_canonical(struct etf e)
{
	struct strbuf once = STRBUF_INIT;
	struct strbuf twice = STRBUF_INIT;
	struct etf again;

	if (etf_canonical(&e, 1 << 16, &once)) {
		etf_init(&again, once.data, once.len);
		require(etf_canonical(&again, 1 << 16, &twice) && etf_done(&again));
		require(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	strbuf_release(&once);
	strbuf_release(&twice);
}

static void
check_term(struct etf e)
{
	struct term *t = etf_term(&e);

	require(t == NULL || strlen(t->text) <= TERM_TEXT_MAX);
	term_unref(t);
}

static void
on_restart(void *arg, struct restart *r)
{
	(void)arg;
	require(r->supervisor && r->child_id && r->reason && memchr(r->restart_type, 0, sizeof(r->restart_type)));
}

static void
on_reply(void *arg, enum request_result result, struct etf *answer, const char *why)
{
	struct tree t;

	(void)arg;
	require((result == REQUEST_ANSWERED) == (answer != NULL) && why);
	if (answer == NULL || !probe_read_tree(answer, &t))
		return;
	for (unsigned i = 0; i < t.count; i++)
		require(t.rows[i].parent < (int)i && t.rows[i].parent >= -1);
	tree_release(&t);
}

/* Whatever its number is, somebody waits for it. */
static void
check_reply(struct etf e)
{
	struct requests r;
	struct etf at = e;
	int64_t id = etf_int(&at);

	requests_init(&r, id - 1);
	if (id > 1 && id < INT64_MAX)
		require(requests_begin(&r, 0, on_reply, NULL) == id);
	(void)!requests_reply(&r, &e);
	requests_end(&r, REQUEST_LOST, "");
}

static void
on_supervisor(void *arg, const struct supervisor_facts *f)
{
	(void)arg;
	require(f->supervisor && f->pid && f->age_count <= SUPERVISOR_AGES_MAX && (!f->known || f->period_ms > 0));
	for (unsigned i = 0; f->siblings && i < f->siblings->count; i++)
		require(f->siblings->ids[i]);
}

static void
check_message(struct etf e)
{
	static struct sample sample;
	char text[PROBE_NOTICE_SIZE];
	bool warning;
	struct node_info info = { .note = "" };
	bool known;
	struct survey survey;
	uint64_t lost;
	int64_t seq;

	switch (probe_message_open(&e)) {
	case PROBE_TICK:
		(void)!probe_read_tick(&e, &seq, &sample);
		break;
	case PROBE_RESTARTS:
		(void)!probe_read_restarts(&e, &lost, on_restart, NULL);
		break;
	case PROBE_NOTICE:
		(void)!probe_read_notice(&e, &warning, text);
		break;
	case PROBE_SURVEY:
		if (probe_read_survey(&e, &known, &survey) && known)
			survey_release(&survey);
		break;
	case PROBE_CAPTURE:
		(void)!probe_read_capture(&e, &info);
		break;
	case PROBE_REPLY:
		check_reply(e);
		break;
	case PROBE_SUPERVISORS:
		(void)!probe_read_supervisors(&e, on_supervisor, NULL);
		break;
	case PROBE_STOPPING:
		(void)!probe_read_stopping(&e);
		break;
	case PROBE_UNKNOWN:
		break;
	}
}

static void
check_procfs(struct etf_span text)
{
	struct procfs_group groups[PROCFS_GROUPS_MAX];
	double load[3];
	double v;

	(void)!procfs_loadavg(text, load);
	(void)!procfs_field(text, "MemTotal:", &v);
	(void)!procfs_max_fds(text, &v);
	(void)procfs_groups(text, groups);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct node_info info;
	struct etf e;
	struct etf skipped;

	etf_init(&e, data, size);
	skipped = e;
	etf_skip(&skipped);
	check_text(e);
	check_canonical(e);
	check_term(e);
	check_message(e);
	check_procfs((struct etf_span) { data, size });
	(void)!probe_read_info(&e, &info);
	return 0;
}
