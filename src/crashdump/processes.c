/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes, and the rankings of them. The dump has all processes first and what is in them (dictionary, stack, heap) behind, so that whoever is to be looked at closely
 * is known before that comes: one pass is enough.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "crashdump/state.h"

#define LONG_QUEUE 1000

static const struct field_row PROCESS[] = {
	FIELD_TEXT(struct crash_process, "State", state),
	FIELD_TEXT(struct crash_process, "Name", name),
	FIELD_TEXT(struct crash_process, "Current call", current),
	FIELD_TEXT(struct crash_process, "Last scheduled in for", current),
	FIELD_TEXT(struct crash_process, "Spawned by", parent),
	FIELD_NUMBER(struct crash_process, "Message queue length", queue),
	FIELD_NUMBER(struct crash_process, "Reductions", reductions),
	FIELD_NUMBER(struct crash_process, "Memory", memory_bytes),
};

static const struct field_row AROUND_PROCESS[] = {
	FIELD_TEXT(struct crashdump, "Spawned as", spawned_as),
	FIELD_NUMBER(struct crashdump, "Stack+heap", heap_words),
	FIELD_NUMBER(struct crashdump, "OldHeap", old_heap_words),
	FIELD_NUMBER(struct crashdump, "BinVHeap", binaries_words),
	FIELD_NUMBER(struct crashdump, "OldBinVHeap", old_binaries_words),
};

void
begin_process(struct crashdump *c, const char *argument, size_t len)
{
	memset(&c->process, 0, sizeof(c->process));
	field_copy(c->process.pid, sizeof(c->process.pid), argument, len);
	*c->spawned_as = '\0';
	c->heap_words = c->old_heap_words = c->binaries_words = c->old_binaries_words = 0;
}

/* "[<0.10.0>, {to,<0.9.0>,#Ref<0.1.2.3>}]": commas outside of braces, and one. */
static uint64_t
count_links(const char *text, size_t len)
{
	uint64_t n = len > 2;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		depth += (text[i] == '{') - (text[i] == '}');
		n += text[i] == ',' && depth == 0;
	}
	return n;
}

void
process_line(struct crashdump *c, const char *line, size_t len)
{
	size_t n;
	const char *value;

	if (fields_take(PROCESS, ARRAY_LEN(PROCESS), &c->process, line, len) ||
	    fields_take(AROUND_PROCESS, ARRAY_LEN(AROUND_PROCESS), c, line, len))
		return;
	if ((value = field_value(line, len, "Program counter", &n)) != NULL)
		(void)field_function(c->process.current, sizeof(c->process.current), value, n);
	else if ((value = field_value(line, len, "Link list", &n)) != NULL)
		c->process.links = count_links(value, n);
}

static uint64_t
measure(const struct crash_process *p, enum crash_rank by)
{
	switch (by) {
	case CRASH_BY_MEMORY:
		return p->memory_bytes;
	case CRASH_BY_QUEUE:
		return p->queue;
	case CRASH_BY_BINARIES:
		return p->binaries_bytes;
	case CRASH_BY_REDUCTIONS:
		return p->reductions;
	case CRASH_RANKS:
		break;
	}
	return 0;
}

static void
give_up(struct crashdump *c, struct crash_process *p)
{
	struct ranked *r = (struct ranked *)p;

	if (--r->rankings > 0)
		return;
	map_remove(&c->ranked, p->pid, strlen(p->pid));
	if (c->details.ranked == r)
		c->details.ranked = NULL;
	strbuf_release(&r->label.lines);
	strbuf_release(&r->message.lines);
	free(r);
}

void
ranked_free_all(struct crashdump *c)
{
	for (int by = 0; by < CRASH_RANKS; by++)
		while (c->s.by_count[by] > 0)
			give_up(c, c->s.by[by][--c->s.by_count[by]]);
}

static bool
belongs(const struct crashdump_summary *s, const struct crash_process *p, enum crash_rank by)
{
	size_t n = s->by_count[by];

	return measure(p, by) > 0 && (n < s->top || measure(p, by) > measure(s->by[by][n - 1], by));
}

static void
insert(struct crashdump *c, struct ranked *r, enum crash_rank by)
{
	struct crash_process **list = c->s.by[by];
	size_t n = c->s.by_count[by];

	if (n == c->s.top)
		give_up(c, list[--n]);
	c->s.by_count[by] = n + 1;
	for (; n > 0 && measure(list[n - 1], by) < measure(&r->p, by); n--)
		list[n] = list[n - 1];
	list[n] = &r->p;
	r->rankings++;
}

/* A pid that stands twice is of a file that nobody's VM wrote: the first counts. */
static void
rank(struct crashdump *c)
{
	const struct crash_process *p = &c->process;
	struct ranked *r = NULL;

	for (int by = 0; by < CRASH_RANKS; by++) {
		if (!belongs(&c->s, p, by))
			continue;
		if (r == NULL) {
			if (map_get(&c->ranked, p->pid, strlen(p->pid)))
				return;
			r = xcalloc(1, sizeof(*r));
			r->p = *p;
			map_put(&c->ranked, p->pid, strlen(p->pid), r);
		}
		insert(c, r, by);
	}
}

static void
count_state(struct crashdump *c)
{
	struct crash_count *states = c->s.processes.states;
	size_t i = 0;

	while (i < c->s.processes.state_count && strcmp(states[i].name, c->process.state) != 0)
		i++;
	if (i == CRASH_STATES)
		return;
	if (i == c->s.processes.state_count)
		field_copy(states[c->s.processes.state_count++].name, sizeof(states->name), c->process.state,
		    strlen(c->process.state));
	states[i].count++;
}

static void
remember_name(struct crashdump *c)
{
	const struct crash_process *p = &c->process;

	if (*p->name && map_len(&c->names) < NAMES_MAX)
		free(map_put(&c->names, p->pid, strlen(p->pid), xstrdup(p->name)));
}

/* proc_lib's own entry says nothing, nor does that of a fun: where such a process is has to do until its dictionary says more. */
static void
count_kind(struct crashdump *c)
{
	const struct crash_process *p = &c->process;
	bool tells = *c->spawned_as && strcmp(c->spawned_as, "erlang:apply/2") != 0 &&
	    strncmp(c->spawned_as, "proc_lib:init_p/", 16) != 0;

	kinds_defer(
	    &c->kinds, p->pid, tells || *p->current == '\0' ? c->spawned_as : p->current, p->memory_bytes, p->queue);
}

void
process_end(struct crashdump *c)
{
	struct crash_process *p = &c->process;
	uint64_t word = c->s.word_bytes;

	p->heap_bytes = saturated_product(saturated_sum(c->heap_words, c->old_heap_words), word);
	p->binaries_bytes = saturated_product(saturated_sum(c->binaries_words, c->old_binaries_words), word);
	p->collecting = strncmp(p->state, "Garbing", 7) == 0;
	field_copy(p->initial_call, sizeof(p->initial_call), c->spawned_as, strlen(c->spawned_as));
	c->s.processes.count++;
	c->s.processes.memory_bytes = saturated_sum(c->s.processes.memory_bytes, p->memory_bytes);
	c->s.processes.queued = saturated_sum(c->s.processes.queued, p->queue);
	c->s.processes.long_queues += p->queue >= LONG_QUEUE;
	count_state(c);
	remember_name(c);
	count_kind(c);
	rank(c);
}
