/* SPDX-License-Identifier: Apache-2.0 */
/* The summary as JSON. Names end in their unit; what the dump does not have is null. */
#include <string.h>

#include "base/jsonw.h"
#include "crashdump/summary.h"

static void
text(struct jsonw *j, const char *key, const char *value)
{
	jsonw_key(j, key);
	jsonw_str(j, *value ? value : NULL);
}

static void
number(struct jsonw *j, const char *key, uint64_t value)
{
	jsonw_key(j, key);
	jsonw_uint(j, value);
}

/* 0: not known */
static void
limit(struct jsonw *j, const char *key, uint64_t value)
{
	jsonw_key(j, key);
	if (value)
		jsonw_uint(j, value);
	else
		jsonw_null(j);
}

static void
boolean(struct jsonw *j, const char *key, bool value)
{
	jsonw_key(j, key);
	jsonw_bool(j, value);
}

static void
begin_list(struct jsonw *j, const char *key)
{
	jsonw_key(j, key);
	jsonw_array(j);
}

static void
begin_group(struct jsonw *j, const char *key)
{
	jsonw_key(j, key);
	jsonw_object(j);
}

static void
stack(struct jsonw *j, const struct crash_stack *s)
{
	begin_list(j, "stack");
	for (size_t i = 0; i < s->count; i++)
		jsonw_str(j, s->frame[i]);
	jsonw_end(j);
}

static void
causes(struct jsonw *j, const struct crashdump_summary *s)
{
	static const char *const names[] = { "low", "medium", "high" };

	begin_list(j, "causes");
	for (size_t i = 0; i < s->cause_count; i++) {
		const struct crash_cause *c = &s->causes[i];

		jsonw_object(j);
		text(j, "what", c->what);
		text(j, "confidence", names[c->confidence]);
		text(j, "why", c->why + strspn(c->why, " "));
		text(j, "next", c->next);
		text(j, "pid", c->pid);
		jsonw_end(j);
	}
	jsonw_end(j);
}

static void
process(struct jsonw *j, const struct crash_process *p)
{
	static const char *const names[CRASH_TERMS] = { "list_cells", "tuples", "maps", "binaries", "other" };

	jsonw_object(j);
	text(j, "pid", p->pid);
	text(j, "name", p->name);
	text(j, "label", p->label);
	text(j, "initial_call", p->initial_call);
	text(j, "current_function", p->current);
	text(j, "state", p->state);
	text(j, "parent", p->parent);
	text(j, "parent_name", p->parent_name);
	text(j, "ancestors", p->ancestors);
	number(j, "memory_bytes", p->memory_bytes);
	number(j, "heap_bytes", p->heap_bytes);
	number(j, "binaries_bytes", p->binaries_bytes);
	number(j, "message_queue_len", p->queue);
	text(j, "oldest_message", p->message);
	number(j, "reductions", p->reductions);
	number(j, "links_and_monitors", p->links);
	boolean(j, "in_garbage_collection", p->collecting);
	stack(j, &p->stack);
	jsonw_key(j, "heap_terms");
	if (p->heap_seen) {
		jsonw_object(j);
		for (int i = 0; i < CRASH_TERMS; i++)
			number(j, names[i], p->terms[i]);
		jsonw_end(j);
	} else {
		jsonw_null(j);
	}
	jsonw_end(j);
}

static void
processes(struct jsonw *j, const struct crashdump_summary *s)
{
	static const char *const names[CRASH_RANKS] = { "by_memory", "by_message_queue", "by_binaries",
		"by_reductions" };

	begin_group(j, "processes");
	number(j, "count", s->processes.count);
	limit(j, "limit", s->processes.limit);
	number(j, "memory_bytes", s->processes.memory_bytes);
	number(j, "messages", s->processes.queued);
	number(j, "long_queues", s->processes.long_queues);
	begin_group(j, "states");
	for (size_t i = 0; i < s->processes.state_count; i++)
		number(j, s->processes.states[i].name, s->processes.states[i].count);
	jsonw_end(j);
	for (int by = 0; by < CRASH_RANKS; by++) {
		begin_list(j, names[by]);
		for (size_t i = 0; i < s->by_count[by]; i++)
			process(j, s->by[by][i]);
		jsonw_end(j);
	}
	number(j, "kind_count", s->processes.kinds);
	begin_list(j, "kinds");
	for (size_t i = 0; i < s->kind_count; i++) {
		jsonw_object(j);
		text(j, "initial_call", s->kinds[i].call);
		number(j, "count", s->kinds[i].count);
		number(j, "memory_bytes", s->kinds[i].memory_bytes);
		number(j, "biggest_bytes", s->kinds[i].biggest_bytes);
		number(j, "messages", s->kinds[i].queue);
		jsonw_end(j);
	}
	jsonw_end(j);
	jsonw_end(j);
}

static void
tables(struct jsonw *j, const struct crashdump_summary *s)
{
	begin_group(j, "ets");
	number(j, "count", s->tables);
	number(j, "memory_bytes", s->tables_bytes);
	begin_list(j, "by_memory");
	for (size_t i = 0; i < s->table_count; i++) {
		const struct crash_table *t = &s->table[i];

		jsonw_object(j);
		text(j, "name", t->name);
		text(j, "owner", t->owner);
		text(j, "owner_name", t->owner_name);
		text(j, "type", t->type);
		number(j, "objects", t->objects);
		number(j, "memory_bytes", t->memory_bytes);
		jsonw_end(j);
	}
	jsonw_end(j);
	jsonw_end(j);
}

static void
binaries(struct jsonw *j, const struct crashdump_summary *s)
{
	begin_group(j, "binaries");
	number(j, "count", s->binaries);
	number(j, "total_bytes", s->binaries_bytes);
	begin_list(j, "largest");
	for (size_t i = 0; i < s->binary_count; i++) {
		const struct crash_binary *b = &s->binary[i];

		jsonw_object(j);
		number(j, "size_bytes", b->size_bytes);
		number(j, "references", b->references);
		text(j, "holder", b->holder);
		text(j, "holder_name", b->holder_name);
		jsonw_end(j);
	}
	jsonw_end(j);
	jsonw_end(j);
}

static void
ports(struct jsonw *j, const struct crashdump_summary *s)
{
	begin_group(j, "ports");
	number(j, "count", s->ports);
	limit(j, "limit", s->ports_limit);
	begin_list(j, "by_queue");
	for (size_t i = 0; i < s->port_count; i++) {
		const struct crash_port *p = &s->port[i];

		jsonw_object(j);
		text(j, "id", p->id);
		text(j, "what", p->what);
		text(j, "connected", p->connected);
		text(j, "connected_name", p->connected_name);
		number(j, "queue_bytes", p->queue_bytes);
		jsonw_end(j);
	}
	jsonw_end(j);
	jsonw_end(j);
}

static void
schedulers(struct jsonw *j, const struct crashdump_summary *s)
{
	begin_group(j, "schedulers");
	number(j, "count", s->schedulers);
	number(j, "dirty", s->dirty_schedulers);
	number(j, "run_queue", s->run_queue);
	text(j, "calling_thread", s->calling_thread);
	begin_list(j, "running");
	for (size_t i = 0; i < s->busy_count; i++) {
		const struct crash_scheduler *b = &s->busy[i];

		jsonw_object(j);
		text(j, "scheduler", b->name);
		text(j, "pid", b->process);
		text(j, "name", b->process_name);
		text(j, "state", b->state);
		text(j, "current_function", b->current);
		text(j, "port", b->port);
		boolean(j, "wrote_the_dump", b == crash_caller(s));
		stack(j, &b->stack);
		jsonw_end(j);
	}
	jsonw_end(j);
	jsonw_end(j);
}

static void
nodes(struct jsonw *j, const struct crashdump_summary *s)
{
	static const char *const states[] = { "not_connected", "hidden", "visible" };

	begin_group(j, "nodes");
	number(j, "visible", s->visible_nodes);
	number(j, "hidden", s->hidden_nodes);
	number(j, "not_connected", s->lost_nodes);
	begin_list(j, "list");
	for (size_t i = 0; i < s->node_count; i++) {
		jsonw_object(j);
		text(j, "name", s->nodes[i].name);
		text(j, "state", states[s->nodes[i].count % 3]);
		jsonw_end(j);
	}
	jsonw_end(j);
	jsonw_end(j);
}

static void
file(struct jsonw *j, const struct crashdump_summary *s)
{
	begin_group(j, "file");
	number(j, "bytes", s->bytes);
	text(j, "format", s->format);
	boolean(j, "complete", s->complete && *s->aborted == '\0');
	text(j, "aborted", s->aborted);
	jsonw_end(j);
}

static void
header(struct jsonw *j, const struct crashdump_summary *s)
{
	text(j, "node", s->node);
	boolean(j, "distributed", s->distributed);
	text(j, "time", s->time);
	text(j, "slogan", s->slogan);
	causes(j, s);
	text(j, "system_version", s->system_version);
	limit(j, "otp_release", s->otp_release);
	number(j, "word_bytes", s->word_bytes);
	text(j, "compiled", s->compiled);
	text(j, "taints", s->taints);
}

static void
sums(struct jsonw *j, const struct crashdump_summary *s)
{
	begin_group(j, "memory");
	for (size_t i = 0; i < s->memory_kinds; i++)
		number(j, s->memory[i].name, s->memory[i].count);
	jsonw_end(j);
	begin_group(j, "allocators");
	number(j, "blocks_bytes", s->blocks_bytes);
	number(j, "carriers_bytes", s->carriers_bytes);
	jsonw_end(j);
	begin_group(j, "atoms");
	number(j, "count", s->atoms);
	limit(j, "limit", s->atoms_limit);
	text(j, "newest", s->newest_atoms);
	jsonw_end(j);
	begin_group(j, "code");
	number(j, "modules", s->modules);
	number(j, "current_bytes", s->code_bytes);
	number(j, "old_bytes", s->old_code_bytes);
	jsonw_end(j);
	number(j, "timers", s->timers);
	number(j, "persistent_terms", s->persistent_terms);
}

void
crashdump_json(const struct crashdump_summary *s, struct jsonw *j)
{
	jsonw_object(j);
	header(j, s);
	file(j, s);
	sums(j, s);
	processes(j, s);
	tables(j, s);
	binaries(j, s);
	ports(j, s);
	schedulers(j, s);
	nodes(j, s);
	jsonw_end(j);
}
