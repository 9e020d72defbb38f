/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/probe_message.h"

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "etf/etf_term.h"
#include "etf/etf_text.h"

#define METRIC_NAME_MAX 64

enum probe_message
probe_message_open(struct etf *e)
{
	static const struct {
		const char *tag;
		uint32_t arity;
	} messages[] = {
		[PROBE_TICK] = { "arsenal_tick", 6 },
		[PROBE_RESTARTS] = { "arsenal_restarts", 3 },
		[PROBE_NOTICE] = { "arsenal_notice", 3 },
		[PROBE_SURVEY] = { "arsenal_survey", 5 },
		[PROBE_CAPTURE] = { "arsenal_capture", 4 },
		[PROBE_REPLY] = { "arsenal_reply", 3 },
		[PROBE_SUPERVISORS] = { "arsenal_supervisors", 3 },
		[PROBE_STOPPING] = { "arsenal_stopping", 2 },
	};
	uint32_t arity = etf_tuple(e);
	struct etf_atom tag;

	if (etf_atom(e, &tag))
		for (size_t i = 0; i < ARRAY_LEN(messages); i++)
			if (arity == messages[i].arity && strcmp(tag.text, messages[i].tag) == 0)
				return (enum probe_message)i;
	return PROBE_UNKNOWN;
}

/* The text of a term, cut to the buffer (17 bytes at least). */
static void
read_text(struct etf *e, char *buf, size_t size)
{
	struct strbuf sb = STRBUF_INIT;

	buf[0] = '\0';
	if (etf_text(e, size - 1, &sb))
		memcpy(buf, strbuf_cstr(&sb), sb.len + 1);
	strbuf_release(&sb);
}

/* ---- ticks ----------------------------------------------------------------------------------------------------------- */

/* A metric that this build does not know is passed by. */
static void
read_metric(struct etf *e, struct sample *s)
{
	enum metric_id id = METRIC_NONE;
	struct etf_atom name;
	double value;

	etf_tuple_of(e, 2);
	if (!etf_atom(e, &name))
		return;
	value = etf_number(e);
	if (name.len <= METRIC_NAME_MAX && strlen(name.text) == name.len)
		id = metric_find(name.text, name.len);
	if (etf_ok(e) && id != METRIC_NONE)
		sample_set(s, id, value);
}

static void
read_metrics(struct etf *e, struct sample *s)
{
	uint32_t n = etf_list(e);

	for (uint32_t i = 0; i < n && etf_ok(e); i++)
		read_metric(e, s);
	etf_list_end(e, n);
}

void
probe_read_schedulers(struct etf *e, unsigned online, struct sample *s)
{
	uint32_t n = etf_list(e);

	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		int64_t id;
		int64_t active;
		int64_t total;

		etf_tuple_of(e, 3);
		id = etf_int(e);
		active = etf_int(e);
		total = etf_int(e);
		if (!etf_ok(e) || id < 1 || id > online || id > SAMPLE_MAX_SCHEDULERS || active < 0 || total < 0)
			continue;
		s->scheduler_active[id - 1] = (uint64_t)active;
		s->scheduler_total[id - 1] = (uint64_t)total;
		if (id > s->scheduler_count)
			s->scheduler_count = (uint16_t)id;
	}
	etf_list_end(e, n);
}

static void
read_ancestors(struct etf *e, struct top_process *p)
{
	uint32_t n = etf_list(e);

	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		if (p->ancestor_count < SAMPLE_ANCESTORS)
			etf_chars(e, p->ancestors[p->ancestor_count++], SAMPLE_NAME);
		else
			etf_skip(e);
	}
	etf_list_end(e, n);
}

/* What this build does not know of a process is passed by. */
static void
read_process_value(struct etf *e, const char *key, struct top_process *p)
{
	const struct {
		const char *key;
		char *text;
		size_t size;
		double *number;
	} fields[] = {
		{ "name", p->name, sizeof(p->name), NULL },
		{ "initial_call", p->initial_call, sizeof(p->initial_call), NULL },
		{ "current_function", p->current_function, sizeof(p->current_function), NULL },
		{ "application", p->application, sizeof(p->application), NULL },
		{ "value", NULL, 0, &p->value },
		{ "message_queue_len", NULL, 0, &p->queue_len },
		{ "fill_rate", NULL, 0, &p->queue_rate },
		{ "memory", NULL, 0, &p->memory },
		{ "binary", NULL, 0, &p->binary },
		{ "reductions", NULL, 0, &p->reductions },
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strcmp(key, fields[i].key) == 0) {
			if (fields[i].text)
				etf_chars(e, fields[i].text, fields[i].size);
			else
				*fields[i].number = etf_number(e);
			return;
		}
	if (strcmp(key, "pid") == 0)
		read_text(e, p->pid, sizeof(p->pid));
	else if (strcmp(key, "ancestors") == 0)
		read_ancestors(e, p);
	else
		etf_skip(e);
}

static void
read_process(struct etf *e, struct top_process *p)
{
	uint32_t n = etf_map(e);

	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		struct etf_atom key;

		if (etf_atom(e, &key))
			read_process_value(e, key.text, p);
	}
}

static void
read_ranking(struct etf *e, enum top_kind kind, struct sample *s)
{
	uint32_t n = etf_list(e);

	s->top_told[kind] = true;
	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		struct top_process process = TOP_PROCESS_INIT;

		read_process(e, &process);
		if (etf_ok(e) && s->top_count[kind] < SAMPLE_TOP)
			s->top[kind][s->top_count[kind]++] = process;
	}
	etf_list_end(e, n);
}

static void
read_top(struct etf *e, struct sample *s)
{
	uint32_t n = etf_list(e);

	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		struct etf_atom name;
		int kind = 0;

		etf_tuple_of(e, 2);
		etf_atom(e, &name);
		while (kind < TOP_KIND_COUNT && strcmp(top_kind_name((enum top_kind)kind), name.text) != 0)
			kind++;
		if (kind == TOP_KIND_COUNT)
			etf_skip(e);
		else
			read_ranking(e, (enum top_kind)kind, s);
	}
	etf_list_end(e, n);
}

bool
probe_read_tick(struct etf *e, int64_t *seq, struct sample *s)
{
	memset(s, 0, sizeof(*s));
	*seq = etf_int(e);
	s->time_ms = etf_int(e);
	read_metrics(e, s);
	probe_read_schedulers(e, SAMPLE_MAX_SCHEDULERS, s);
	read_top(e, s);
	return etf_done(e);
}

/* ---- restarts -------------------------------------------------------------------------------------------------------- */

static enum restart_kind
read_kind(struct etf *e)
{
	struct etf_atom kind;

	etf_atom(e, &kind);
	if (strcmp(kind.text, "start_error") == 0)
		return RESTART_FAILED;
	if (strcmp(kind.text, "gave_up") == 0)
		return RESTART_GAVE_UP;
	if (strcmp(kind.text, "child_terminated") != 0)
		etf_fail(e);
	return RESTART_DONE;
}

struct term *
probe_read_wrapped(struct etf *e)
{
	struct etf_atom how;

	etf_tuple_of(e, 2);
	etf_atom(e, &how);
	if (strcmp(how.text, "t") == 0)
		return etf_term(e);
	if (strcmp(how.text, "x") == 0)
		return etf_term_cut(e);
	etf_fail(e);
	return NULL;
}

static void
read_restart_type(struct etf *e, struct restart *r)
{
	struct term *type = probe_read_wrapped(e);

	if (type)
		snprintf(r->restart_type, sizeof(r->restart_type), "%.*s",
		    (int)etf_utf8_cut(type->text, strlen(type->text), sizeof(r->restart_type) - 1), type->text);
	term_unref(type);
}

static struct term *
read_pid(struct etf *e)
{
	if (etf_is_pid(etf_peek(e)))
		return etf_term(e);
	etf_skip(e);
	return NULL;
}

/* A child without an id is one of many with the same start function, which stands for all of them. */
static void
read_start(struct etf *e, struct restart *r)
{
	r->group = r->child_id && !r->child_id->truncated && strcmp(r->child_id->text, "undefined") == 0;
	if (!r->group || etf_is_atom(etf_peek(e))) {
		etf_skip(e);
		return;
	}
	term_unref(r->child_id);
	r->child_id = etf_term(e);
}

static void
read_times(struct etf *e, struct restart *r)
{
	int64_t times = etf_int(e);

	if (times < 1 || times > UINT32_MAX)
		etf_fail(e);
	r->times = (uint64_t)times;
}

static bool
read_restart(struct etf *e, struct restart *r)
{
	uint32_t arity = etf_tuple(e);

	memset(r, 0, sizeof(*r));
	if (arity != 9 && arity != 10)
		etf_fail(e);
	r->caught = true;
	r->time_ms = etf_int(e);
	r->kind = read_kind(e);
	r->supervisor = etf_term(e);
	etf_skip(e); /* the supervisor's pid: its name is what it goes by */
	r->child_id = probe_read_wrapped(e);
	r->child_pid = read_pid(e);
	r->reason = probe_read_wrapped(e);
	read_restart_type(e, r);
	read_start(e, r);
	if (arity == 10)
		read_times(e, r);
	return etf_ok(e);
}

bool
probe_read_restarts(struct etf *e, uint64_t *lost, probe_restart_cb *cb, void *arg)
{
	int64_t before = etf_int(e);
	uint32_t n = etf_list(e);
	uint32_t read = n < PROBE_RESTARTS_MAX ? n : PROBE_RESTARTS_MAX;

	*lost = 0;
	if (!etf_ok(e) || before < 0)
		return false;
	*lost = (uint64_t)before + (n - read);
	for (uint32_t i = 0; i < read && etf_ok(e); i++) {
		struct restart r;

		if (read_restart(e, &r))
			cb(arg, &r);
		restart_release(&r);
	}
	for (uint32_t i = read; i < n && etf_ok(e); i++)
		etf_skip(e);
	etf_list_end(e, n);
	return etf_done(e);
}

/* ---- notices and info ------------------------------------------------------------------------------------------------ */

bool
probe_read_notice(struct etf *e, bool *warning, char text[PROBE_NOTICE_SIZE])
{
	*warning = !etf_atom_is(e, "info");
	etf_chars(e, text, PROBE_NOTICE_SIZE);
	return etf_done(e);
}

static void
read_info_value(struct etf *e, const char *key, struct node_info *info)
{
	if (strcmp(key, "otp_release") == 0)
		etf_chars(e, info->otp_release, sizeof(info->otp_release));
	else if (strcmp(key, "erts_version") == 0)
		etf_chars(e, info->erts_version, sizeof(info->erts_version));
	else if (strcmp(key, "elixir") == 0)
		etf_chars(e, info->elixir, sizeof(info->elixir));
	else if (strcmp(key, "schedulers_online") == 0)
		info->schedulers_online = (unsigned)etf_int(e);
	else if (strcmp(key, "restart_capture") == 0)
		info->restarts_seen = etf_atom_is(e, "whole");
	else if (strcmp(key, "capture_note") == 0)
		etf_chars(e, info->note, sizeof(info->note));
	else if (strcmp(key, "os_pid") == 0)
		info->os_pid = etf_int(e);
	else if (strcmp(key, "crash_dump") == 0)
		etf_chars(e, info->crash_dump, sizeof(info->crash_dump));
	else if (strcmp(key, "applications") == 0)
		etf_chars(e, info->applications, sizeof(info->applications));
	else
		etf_skip(e);
}

bool
probe_read_stopping(struct etf *e)
{
	etf_int(e);
	return etf_done(e);
}

bool
probe_read_info(struct etf *e, struct node_info *info)
{
	uint32_t n = etf_map(e);

	memset(info, 0, sizeof(*info));
	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		struct etf_atom key;

		if (etf_atom(e, &key))
			read_info_value(e, key.text, info);
	}
	return etf_ok(e);
}

bool
probe_read_capture(struct etf *e, struct node_info *info)
{
	struct node_info read = *info;

	read.restarts_seen = etf_atom_is(e, "whole");
	etf_skip(e); /* the source: the note says what it does not see */
	etf_chars(e, read.note, sizeof(read.note));
	if (!etf_done(e))
		return false;
	*info = read;
	return true;
}
