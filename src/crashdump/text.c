/* SPDX-License-Identifier: Apache-2.0 */
/* The summary for a terminal: the cause first, then what it rests on. */
#include <inttypes.h>
#include <string.h>

#include "crashdump/summary.h"
#include "crashdump/words.h"

#define WIDTH 112
#define LARGE_BYTES (UINT64_C(64) << 10)
#define DETAILED 3 /* of a ranking by memory or queue: whoever is in more is of less interest */

/* Appends the text broken at spaces; lines behind the first begin with the indent. */
static void
add_wrapped(struct strbuf *out, const char *indent, size_t column, const char *text)
{
	while (*text) {
		size_t word = strcspn(text, " ");

		if (column + word > WIDTH && column > strlen(indent)) {
			strbuf_cut(out, out->len - (out->data[out->len - 1] == ' '));
			strbuf_addf(out, "\n%s", indent);
			column = strlen(indent);
		}
		strbuf_add(out, text, word);
		column += word;
		text += word;
		if (*text == ' ') {
			strbuf_addc(out, *text++);
			column++;
		}
	}
	strbuf_addc(out, '\n');
}

/* "  Why:  text", wrapped under itself. */
static void
add_labelled(struct strbuf *out, const char *indent, const char *label, const char *text)
{
	struct strbuf clean = STRBUF_INIT;
	struct strbuf under = STRBUF_INIT;

	words_text(&clean, text);
	strbuf_addf(&under, "%s%*s", indent, (int)strlen(label), "");
	strbuf_addf(out, "%s%s", indent, label);
	add_wrapped(out, strbuf_cstr(&under), under.len, strbuf_cstr(&clean));
	strbuf_release(&clean);
	strbuf_release(&under);
}

static void
add_slogan(const struct crashdump_summary *s, const char *indent, struct strbuf *out)
{
	add_labelled(out, indent, "Slogan: ", *s->slogan ? s->slogan : "(none)");
}

static void
add_cause(const struct crash_cause *cause, const char *indent, struct strbuf *out)
{
	static const char *const names[] = { "Worth a look", "Likely cause (medium confidence)",
		"Likely cause (high confidence)" };
	struct strbuf inner = STRBUF_INIT;

	strbuf_addf(&inner, "%s  ", indent);
	strbuf_addf(out, "\n%s%s\n", indent, names[cause->confidence]);
	add_labelled(out, strbuf_cstr(&inner), "", cause->what);
	if (*cause->why)
		add_labelled(out, strbuf_cstr(&inner), "Why:  ", cause->why + strspn(cause->why, " "));
	if (*cause->next)
		add_labelled(out, strbuf_cstr(&inner), "Next: ", cause->next);
	strbuf_release(&inner);
}

void
crashdump_causes_text(const struct crashdump_summary *s, const char *indent, struct strbuf *out)
{
	add_slogan(s, indent, out);
	if (s->cause_count == 0 || s->causes[0].confidence == CRASH_LOW)
		strbuf_addf(out, "\n%sLikely cause: not clear from this dump.\n", indent);
	for (size_t i = 0; i < s->cause_count; i++)
		add_cause(&s->causes[i], indent, out);
}

static void
add_file(const struct crashdump_summary *s, struct strbuf *out)
{
	strbuf_adds(out, "Crash dump of ");
	words_text(out, *s->node ? s->node : "a node that it does not name");
	strbuf_adds(out, ", ");
	words_text(out, s->time);
	strbuf_adds(out, ", ");
	words_bytes(out, s->bytes);
	strbuf_addc(out, '\n');
	words_text(out, s->system_version);
	if (*s->taints) {
		strbuf_adds(out, "; with native code of ");
		words_text(out, s->taints);
	}
	strbuf_addc(out, '\n');
	if (*s->aborted) {
		strbuf_adds(out, "The dump is cut: the VM stopped writing it (");
		words_text(out, s->aborted);
		strbuf_adds(out, "). What was to come is missing below.\n");
	} else if (!s->complete) {
		strbuf_adds(out,
		    "The dump is cut: its end is missing (a full disk, a limit of time, or it is still being written). "
		    "What was to come is missing below.\n");
	}
}

static void
add_memory(const struct crashdump_summary *s, struct strbuf *out)
{
	uint64_t total = crash_memory(s, "total");

	if (s->memory_kinds == 0)
		return;
	strbuf_adds(out, "\nMemory     ");
	words_bytes(out, total);
	strbuf_addc(out, ':');
	for (size_t i = 0; i < s->memory_kinds; i++) {
		const struct crash_count *m = &s->memory[i];

		if (strcmp(m->name, "total") == 0 || strcmp(m->name, "system") == 0 || strstr(m->name, "_used"))
			continue;
		strbuf_addc(out, ' ');
		words_text(out, m->name);
		strbuf_addc(out, ' ');
		words_bytes(out, m->count);
		strbuf_addf(out, " (%.0f %%)%s", PERCENT(m->count, total), i + 1 < s->memory_kinds ? "," : "");
	}
	strbuf_addc(out, '\n');
	if (s->carriers_bytes == 0)
		return;
	strbuf_adds(out, "Allocators ");
	words_bytes(out, s->carriers_bytes);
	strbuf_addf(out, " from the system, %.0f %% in use\n", PERCENT(s->blocks_bytes, s->carriers_bytes));
}

/* "39 of 262,144" */
static void
add_of(struct strbuf *out, uint64_t n, uint64_t limit)
{
	words_count(out, n);
	if (limit) {
		strbuf_adds(out, " of ");
		words_count(out, limit);
	}
}

static void
add_processes(const struct crashdump_summary *s, struct strbuf *out)
{
	strbuf_adds(out, "Processes  ");
	add_of(out, s->processes.count, s->processes.limit);
	for (size_t i = 0; i < s->processes.state_count; i++) {
		strbuf_adds(out, i ? ", " : ": ");
		words_count(out, s->processes.states[i].count);
		strbuf_addc(out, ' ');
		words_text(out, s->processes.states[i].name);
	}
	strbuf_adds(out, "; messages queued: ");
	words_count(out, s->processes.queued);
	if (s->processes.long_queues) {
		strbuf_adds(out, ", queues of 1,000 and more: ");
		words_count(out, s->processes.long_queues);
	}
	strbuf_addc(out, '\n');
}

static void
add_sums(const struct crashdump_summary *s, struct strbuf *out)
{
	strbuf_adds(out, "Ports      ");
	add_of(out, s->ports, s->ports_limit);
	strbuf_adds(out, "; timers: ");
	words_count(out, s->timers);
	strbuf_adds(out, "\nAtoms      ");
	add_of(out, s->atoms, s->atoms_limit);
	strbuf_adds(out, "; modules: ");
	words_count(out, s->modules);
	strbuf_adds(out, " (");
	words_bytes(out, s->code_bytes);
	strbuf_adds(out, "); persistent terms: ");
	words_count(out, s->persistent_terms);
	strbuf_adds(out, "\nETS tables ");
	words_count(out, s->tables);
	strbuf_adds(out, " (");
	words_bytes(out, s->tables_bytes);
	strbuf_adds(out, "); binaries outside of heaps: ");
	words_count(out, s->binaries);
	strbuf_adds(out, " (");
	words_bytes(out, s->binaries_bytes);
	strbuf_adds(out, ")\n");
}

/* A line of figures under a table's head, right-justified to width. */
static void
add_cell(struct strbuf *out, int width, void (*add)(struct strbuf *, uint64_t), uint64_t v)
{
	struct strbuf text = STRBUF_INIT;

	add(&text, v);
	strbuf_addf(out, "%*s", width, strbuf_cstr(&text));
	strbuf_release(&text);
}

static void
add_detail(struct strbuf *out, const char *label, const char *text)
{
	if (*text)
		add_labelled(out, "                          ", label, text);
}

static void
add_details(const struct crash_process *p, struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT;

	words_stack(&text, &p->stack, 4);
	add_detail(out, "called by ", strbuf_cstr(&text));
	strbuf_reset(&text);
	if (!p->collecting)
		words_heap(&text, p);
	add_detail(out, "heap: ", strbuf_cstr(&text));
	add_detail(out, "label: ", *p->name ? p->label : "");
	add_detail(out, "oldest message: ", p->message);
	strbuf_reset(&text);
	if (*p->parent) {
		words_pid(&text, p->parent_name, p->parent);
		if (p->links) {
			strbuf_adds(&text, "; links and monitors: ");
			words_count(&text, p->links);
		}
		add_detail(out, "spawned by ", strbuf_cstr(&text));
	}
	add_detail(out, "ancestors: ", p->ancestors);
	strbuf_release(&text);
}

static void
add_process(const struct crash_process *p, struct strbuf *out)
{
	add_cell(out, 12, words_bytes, p->memory_bytes);
	add_cell(out, 12, words_count, p->queue);
	strbuf_adds(out, "  ");
	words_process(out, p);
	strbuf_adds(out, ": ");
	words_text(out, p->state);
	if (*p->current) {
		strbuf_adds(out, " in ");
		words_text(out, p->current);
	}
	strbuf_addc(out, '\n');
}

static bool
was_detailed(const struct crashdump_summary *s, enum crash_rank by, const struct crash_process *p)
{
	for (int earlier = 0; earlier < (int)by; earlier++)
		for (size_t i = 0; i < s->by_count[earlier] && i < DETAILED; i++)
			if (s->by[earlier][i] == p)
				return true;
	return false;
}

static const struct ranking {
	enum crash_rank by;
	const char *title;
	const char *column; /* of its own measure, if it is not in every row */
	size_t offset;      /* of that, in struct crash_process */
	void (*add)(struct strbuf *, uint64_t);
	uint64_t least; /* what is less is of no interest */
} RANKINGS[] = {
	{ CRASH_BY_MEMORY, "Processes by memory", NULL, offsetof(struct crash_process, memory_bytes), NULL, 1 },
	{ CRASH_BY_QUEUE, "Processes by message queue", NULL, offsetof(struct crash_process, queue), NULL, 1 },
	{ CRASH_BY_BINARIES, "Processes by binaries that they refer to", "binaries",
	    offsetof(struct crash_process, binaries_bytes), words_bytes, LARGE_BYTES },
	{ CRASH_BY_REDUCTIONS, "Processes by reductions in their life", "reductions",
	    offsetof(struct crash_process, reductions), words_count, 1 },
};

static uint64_t
measure(const struct ranking *r, const struct crash_process *p)
{
	return *(const uint64_t *)(const void *)((const char *)p + r->offset);
}

static void
add_ranking(const struct crashdump_summary *s, const struct ranking *r, struct strbuf *out)
{
	if (s->by_count[r->by] == 0 || measure(r, s->by[r->by][0]) < r->least)
		return;
	strbuf_addf(out, "\n%s\n", r->title);
	if (r->column)
		strbuf_addf(out, "%16s", r->column);
	strbuf_adds(out, "      memory       queue  process\n");
	for (size_t i = 0; i < s->by_count[r->by]; i++) {
		const struct crash_process *p = s->by[r->by][i];

		if (measure(r, p) < r->least)
			break;
		if (r->column)
			add_cell(out, 16, r->add, measure(r, p));
		add_process(p, out);
		if (i < DETAILED && r->by != CRASH_BY_REDUCTIONS && !was_detailed(s, r->by, p))
			add_details(p, out);
	}
}

static void
add_kinds(const struct crashdump_summary *s, struct strbuf *out)
{
	if (s->kind_count == 0)
		return;
	strbuf_adds(out, "\nKinds of processes by memory (those of two and more; kinds in all: ");
	words_count(out, s->processes.kinds);
	strbuf_adds(out, ")\n      memory       count     biggest  initial call, or where they were\n");
	for (size_t i = 0; i < s->kind_count; i++) {
		const struct crash_kind *k = &s->kinds[i];

		add_cell(out, 12, words_bytes, k->memory_bytes);
		add_cell(out, 12, words_count, k->count);
		add_cell(out, 12, words_bytes, k->biggest_bytes);
		strbuf_adds(out, "  ");
		words_text(out, *k->call ? k->call : "(not in the dump)");
		strbuf_addc(out, '\n');
	}
}

static void
add_tables(const struct crashdump_summary *s, struct strbuf *out)
{
	if (s->table_count == 0)
		return;
	strbuf_adds(out, "\nETS tables by memory\n      memory     objects  table\n");
	for (size_t i = 0; i < s->table_count; i++) {
		const struct crash_table *t = &s->table[i];

		add_cell(out, 12, words_bytes, t->memory_bytes);
		add_cell(out, 12, words_count, t->objects);
		strbuf_adds(out, "  ");
		words_text(out, t->name);
		strbuf_adds(out, ", ");
		words_text(out, t->type);
		strbuf_adds(out, ", of ");
		words_pid(out, t->owner_name, t->owner);
		strbuf_addc(out, '\n');
	}
}

static void
add_binaries(const struct crashdump_summary *s, struct strbuf *out)
{
	if (s->binary_count == 0 || s->binary[0].size_bytes < LARGE_BYTES)
		return;
	strbuf_adds(out, "\nLargest binaries\n        size  references  from\n");
	for (size_t i = 0; i < s->binary_count; i++) {
		const struct crash_binary *b = &s->binary[i];

		if (b->size_bytes < LARGE_BYTES)
			break;
		add_cell(out, 12, words_bytes, b->size_bytes);
		add_cell(out, 12, words_count, b->references);
		strbuf_adds(out, "  ");
		if (*b->holder)
			words_pid(out, b->holder_name, b->holder);
		else
			strbuf_adds(out, "(none seen)");
		strbuf_adds(out, b->references > 1 ? " first\n" : "\n");
	}
}

static void
add_ports(const struct crashdump_summary *s, struct strbuf *out)
{
	if (s->port_count == 0)
		return;
	strbuf_adds(out, "\nPorts with data that waits to be written\n       bytes  port\n");
	for (size_t i = 0; i < s->port_count; i++) {
		const struct crash_port *p = &s->port[i];

		add_cell(out, 12, words_bytes, p->queue_bytes);
		strbuf_adds(out, "  ");
		words_text(out, p->id);
		strbuf_adds(out, " (");
		words_text(out, p->what);
		strbuf_adds(out, ") of ");
		words_pid(out, p->connected_name, p->connected);
		strbuf_addc(out, '\n');
	}
}

static void
add_scheduler(const struct crashdump_summary *s, const struct crash_scheduler *b, struct strbuf *out)
{
	struct strbuf label = STRBUF_INIT;
	struct strbuf text = STRBUF_INIT;

	words_text(&label, b->name);
	strbuf_adds(&label, b == crash_caller(s) ? ", which ended the VM: " : ": ");
	words_pid(&text, b->process_name, *b->process ? b->process : b->port);
	strbuf_adds(&text, *b->state ? ": " : "");
	words_text(&text, b->state);
	strbuf_adds(&text, *b->current ? " in " : "");
	words_text(&text, b->current);
	strbuf_adds(&text, b->stack.count ? " < " : "");
	words_stack(&text, &b->stack, CRASH_FRAMES);
	strbuf_addf(out, "  %s", strbuf_cstr(&label));
	add_wrapped(out, "      ", label.len + 2, strbuf_cstr(&text));
	strbuf_release(&label);
	strbuf_release(&text);
}

static void
add_schedulers(const struct crashdump_summary *s, struct strbuf *out)
{
	strbuf_adds(out, "\nSchedulers: ");
	words_count(out, s->schedulers);
	strbuf_adds(out, ", dirty ones: ");
	words_count(out, s->dirty_schedulers);
	strbuf_adds(out, ", waiting for one: ");
	words_count(out, s->run_queue);
	strbuf_adds(out, s->busy_count ? "; what they ran:\n" : "; none ran anything\n");
	for (size_t i = 0; i < s->busy_count; i++)
		add_scheduler(s, &s->busy[i], out);
}

static void
add_nodes(const struct crashdump_summary *s, struct strbuf *out)
{
	static const char *const states[] = { "not connected", "hidden", "visible" };

	if (s->node_count == 0)
		return;
	strbuf_adds(out, "\nOther nodes: ");
	for (size_t i = 0; i < s->node_count; i++) {
		strbuf_adds(out, i ? ", " : "");
		words_text(out, s->nodes[i].name);
		strbuf_addf(out, " (%s)", states[s->nodes[i].count % 3]);
	}
	strbuf_addf(out, "%s\n", s->node_count == CRASH_NODES ? ", …" : "");
}

void
crashdump_text(const struct crashdump_summary *s, struct strbuf *out)
{
	add_file(s, out);
	strbuf_addc(out, '\n');
	crashdump_causes_text(s, "", out);
	add_memory(s, out);
	add_processes(s, out);
	add_sums(s, out);
	for (size_t i = 0; i < ARRAY_LEN(RANKINGS); i++)
		add_ranking(s, &RANKINGS[i], out);
	add_kinds(s, out);
	add_tables(s, out);
	add_binaries(s, out);
	add_ports(s, out);
	add_schedulers(s, out);
	add_nodes(s, out);
}
