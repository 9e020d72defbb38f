/* SPDX-License-Identifier: Apache-2.0 */
#include "report/phrases.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/timefmt.h"
#include "base/utf8.h"

const char *
phrase_printable(char *buf, size_t max, const char *text)
{
	struct strbuf visible = STRBUF_INIT;

	/* A character takes 4 bytes at most, "..." 3. */
	utf8_add_visible(&visible, text, max - 8);
	snprintf(buf, max, "%s", strbuf_cstr(&visible));
	strbuf_release(&visible);
	return buf;
}

static const char *
named(char buf[PHRASE_NAME], const char *name, const char *pid)
{
	char printable[PHRASE_NAME - 36];

	phrase_printable(printable, sizeof(printable), name);
	snprintf(buf, PHRASE_NAME, "%s%s%.32s", printable, *printable && *pid ? " " : "", pid);
	return buf;
}

const char *
phrase_process(char buf[PHRASE_NAME], const struct top_process *p)
{
	return named(buf, p->name[0] ? p->name : p->initial_call, p->pid);
}

const char *
phrase_culprit(char buf[PHRASE_NAME], const struct culprit *c)
{
	struct strbuf text = STRBUF_INIT;

	if (c->kind == CULPRIT_PROCESS)
		return phrase_process(buf, &c->process);
	culprit_add(&text, c);
	phrase_printable(buf, PHRASE_NAME, strbuf_cstr(&text));
	strbuf_release(&text);
	return buf;
}

const char *
phrase_ranked(char buf[PHRASE_NAME], const struct ranked *p)
{
	return named(buf, p->name, p->pid);
}

const char *
phrase_term(char buf[PHRASE_NAME], const struct term *t)
{
	return phrase_printable(buf, PHRASE_NAME, term_text(t));
}

const char *
phrase_clock(char buf[16], int64_t time_ms)
{
	char time[TIME_RFC3339_SIZE];

	snprintf(buf, 16, "%.8s", strchr(time_rfc3339(time, time_ms), 'T') + 1);
	return buf;
}

const char *
phrase_when(char buf[32], const struct report_range *range, int64_t time_ms)
{
	char from[TIME_RFC3339_SIZE], to[TIME_RFC3339_SIZE], time[TIME_RFC3339_SIZE];
	const char *clock = strchr(time_rfc3339(time, time_ms), 'T');

	time_rfc3339(from, range->from_ms);
	time_rfc3339(to, range->to_ms);
	/* Without the year, which the head of the report has. */
	if (strncmp(from, to, 10) == 0)
		snprintf(buf, 32, "%.8s", clock + 1);
	else
		snprintf(buf, 32, "%.5s %.8s", clock - 5, clock + 1);
	return buf;
}

const char *
phrase_span(char buf[QUANTITY_SIZE], int64_t ms)
{
	char *rest;

	duration_text(buf, ms);
	if ((rest = strstr(buf, " 0 ")) != NULL)
		*rest = '\0';
	return buf;
}

const char *
phrase_times(char buf[QUANTITY_SIZE], unsigned times)
{
	buf[0] = '\0';
	if (times > 1)
		snprintf(buf, QUANTITY_SIZE, " (one of %u like it)", times);
	return buf;
}

const char *
phrase_from_to(char buf[80], const struct report_range *range, int64_t from_ms, int64_t to_ms)
{
	char from[32], to[32];

	if (from_ms == to_ms)
		snprintf(buf, 80, "%s", phrase_when(from, range, from_ms));
	else
		snprintf(buf, 80, "%s - %s", phrase_when(from, range, from_ms), phrase_when(to, range, to_ms));
	return buf;
}

const char *
phrase_restarts(char buf[REPORT_SENTENCE], const struct report *r)
{
	snprintf(buf, REPORT_SENTENCE,
	    "%" PRIu64 " restart%s, %" PRIu64 " failed attempt%s, %" PRIu64 " supervisor%s gave up%s", r->restarts,
	    r->restarts == 1 ? "" : "s", r->failed, r->failed == 1 ? "" : "s", r->gave_up, r->gave_up == 1 ? "" : "s",
	    r->info.restarts_seen || r->info.otp_release[0] == '\0' ? "" : " (not all may have been seen)");
	return buf;
}

const char *
phrase_day(char buf[32], int64_t time_ms)
{
	char time[TIME_RFC3339_SIZE];
	const char *clock = strchr(time_rfc3339(time, time_ms), 'T');

	snprintf(buf, 32, "%.10s %.8s UTC", time, clock + 1);
	return buf;
}

const char *
phrase_confidence(double confidence)
{
	return confidence >= 0.75 ? "high" : confidence >= 0.5 ? "medium" : "low";
}

const char *
phrase_metric(enum metric_id id)
{
	static const struct {
		enum metric_id id;
		const char *words;
	} names[] = {
		{ METRIC_VM_MEMORY_TOTAL, "total memory of the VM" },
		{ METRIC_VM_MEMORY_PROCESSES, "memory of processes" },
		{ METRIC_VM_MEMORY_BINARY, "memory of binaries" },
		{ METRIC_VM_MEMORY_ETS, "memory of ETS tables" },
		{ METRIC_VM_MEMORY_ATOM, "memory of atoms" },
		{ METRIC_VM_MEMORY_CODE, "memory of code" },
		{ METRIC_VM_MEMORY_OTHER, "other memory of the VM" },
		{ METRIC_PERSISTENT_TERM_MEMORY, "memory of persistent terms" },
		{ METRIC_RSS, "resident memory" },
		{ METRIC_MEMORY_UTILIZATION, "used share of the memory limit" },
		{ METRIC_PROCESS_COUNT, "processes" },
		{ METRIC_PORT_COUNT, "ports" },
		{ METRIC_ATOM_COUNT, "atoms" },
		{ METRIC_ETS_COUNT, "ETS tables" },
		{ METRIC_OPEN_FDS, "open file descriptors" },
		{ METRIC_SOCKET_COUNT, "sockets" },
		{ METRIC_MQ_MAX, "longest message queue" },
		{ METRIC_MQ_LONG, "message queues longer than 100" },
		{ METRIC_LOGGER_QUEUE, "the logger's message queue" },
		{ METRIC_RUN_QUEUE, "run queue" },
		{ METRIC_DIRTY_CPU_RUN_QUEUE, "dirty CPU run queue" },
		{ METRIC_DIRTY_IO_RUN_QUEUE, "dirty I/O run queue" },
		{ METRIC_CPU_UTILIZATION, "CPU utilization" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].id == id)
			return names[i].words;
	return METRICS[id].name;
}

const char *
phrase_top(enum top_kind kind)
{
	static const char *const words[TOP_KIND_COUNT] = {
		[TOP_MESSAGE_QUEUE] = "message queue",
		[TOP_MEMORY] = "memory",
		[TOP_REDUCTIONS] = "reductions a second",
		[TOP_BINARY] = "binaries referred to",
	};

	return words[kind];
}

enum metric_unit
phrase_top_unit(enum top_kind kind)
{
	return kind == TOP_MEMORY || kind == TOP_BINARY ? UNIT_BYTES : UNIT_COUNT;
}

const char *
phrase_first(char buf[QUANTITY_SIZE], const struct report_grower *g)
{
	char value[QUANTITY_SIZE];

	quantity_text(value, phrase_top_unit(g->kind), g->first);
	if (g->was_ranked || g->first > 0)
		snprintf(buf, QUANTITY_SIZE, "%s%.30s", g->was_ranked ? "" : "at most ", value);
	else
		snprintf(buf, QUANTITY_SIZE, "not ranked");
	return buf;
}

/* what_came is what became of the node afterwards. */
static void
what_came(char *buf, size_t size, const struct report_end *end)
{
	char text[QUANTITY_SIZE];
	const char *after = duration_text(text, end->returned_ms - end->time_ms);

	buf[0] = '\0';
	if (end->returned == RETURN_SAME)
		snprintf(buf, size, " The same VM was back after %s: it had lived on.", after);
	else if (end->returned == RETURN_RESTARTED)
		snprintf(buf, size, " The node was back after %s, as a new VM.", after);
}

static const char *
how_it_ended(const struct report_end *end)
{
	if (end->stopping)
		return "The node had said that it stops in order.";
	if (end->process == PROCESS_ALIVE)
		return "The VM's process still lived.";
	if (end->process == PROCESS_GONE)
		return "The VM's process was gone at once, without an orderly stop.";
	if (end->unregistered)
		return "EPMD did not know the node any more: the VM was gone, without an orderly stop.";
	if (end->inside)
		return "The pipe to the VM ended without the router's goodbye.";
	return "";
}

void
phrase_ending(char buf[REPORT_SENTENCE], const struct report_end *end)
{
	const char *how = how_it_ended(end);
	char after[100], detail[160];

	buf[0] = '\0';
	if (end->time_ms == 0)
		return;
	what_came(after, sizeof(after), end);
	phrase_printable(detail, sizeof(detail), end->detail);
	snprintf(buf, REPORT_SENTENCE, "The link was lost (%s).%s%s%s", detail, *how ? " " : "", how, after);
}
