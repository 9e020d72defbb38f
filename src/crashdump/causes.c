/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The likely cause: what the slogan says, and what in the figures explains it. A slogan names the last straw (who asked for the bytes that were not there), the
 * figures the load (who had all the others); where they disagree, the load is the cause and the slogan's process is said to be the one that was only hit.
 */
#include <inttypes.h>
#include <string.h>

#include "crashdump/state.h"
#include "crashdump/words.h"

#define SUSPECT_PERCENT 30.0 /* of the VM's memory: worth naming */
#define GUILTY_PERCENT 50.0
#define ASIDE_BYTES (UINT64_C(100) << 20) /* worth naming when memory was not what ended the VM */
#define CROWD 100                         /* processes of a kind that are many */
#define MANY_MESSAGES 10000
#define FULL_PERCENT 95.0

enum reason {
	OUT_OF_MEMORY,
	ATOMS_FULL,
	INDEX_FULL,
	LIMIT_REACHED,
	KERNEL_DIED,
	NOT_STARTED,
	ASKED_FOR,
	BAD_CODE,
	NO_THREADS,
	UNKNOWN,
};

static const struct {
	const char *contains;
	enum reason reason;
} SLOGANS[] = {
	{ ": Cannot allocate ", OUT_OF_MEMORY },
	{ ": Cannot reallocate ", OUT_OF_MEMORY },
	{ "no more index entries in atom_tab", ATOMS_FULL },
	{ "no more index entries in ", INDEX_FULL },
	{ "init terminating in do_boot", NOT_STARTED },
	{ "Runtime terminating during boot", NOT_STARTED },
	{ "Could not start kernel pid", NOT_STARTED },
	{ "Kernel pid terminated", KERNEL_DIED },
	{ "Received SIGUSR1", ASKED_FOR },
	{ "Crash dump requested by user", ASKED_FOR },
	{ "Unexpected op code", BAD_CODE },
	{ "Failed to create", NO_THREADS },
	{ "system_limit", LIMIT_REACHED },
	{ "Too many processes", LIMIT_REACHED },
};

/* What is found, while it is written. */
struct finding {
	struct crashdump_summary *s;
	struct strbuf what, why, next;
	const char *pid;
	enum reason reason;
	double share; /* of memory, in %: by it suspects are ordered */
};

static enum reason
slogan_reason(const char *slogan)
{
	for (size_t i = 0; i < ARRAY_LEN(SLOGANS); i++)
		if (strstr(slogan, SLOGANS[i].contains))
			return SLOGANS[i].reason;
	return UNKNOWN;
}

static void
copy(char *to, size_t size, struct strbuf *text)
{
	field_copy(to, size, strbuf_cstr(text), text->len);
	strbuf_reset(text);
}

static void
conclude(struct finding *f, enum crash_confidence confidence)
{
	struct crash_cause *cause = &f->s->causes[f->s->cause_count];

	if (f->s->cause_count < CRASH_CAUSES) {
		cause->confidence = confidence;
		cause->share = f->share;
		copy(cause->what, sizeof(cause->what), &f->what);
		copy(cause->why, sizeof(cause->why), &f->why);
		copy(cause->next, sizeof(cause->next), &f->next);
		field_copy(cause->pid, sizeof(cause->pid), f->pid ? f->pid : "", f->pid ? strlen(f->pid) : 0);
		f->s->cause_count++;
	}
	f->pid = NULL;
	f->share = 0;
	strbuf_reset(&f->what);
	strbuf_reset(&f->why);
	strbuf_reset(&f->next);
}

/* ---- who has the memory ------------------------------------------------------------------------------------------------ */

/* The VM's own sum, else that of what the dump lists. */
static uint64_t
total(const struct crashdump_summary *s)
{
	uint64_t listed = saturated_sum(s->processes.memory_bytes, saturated_sum(s->tables_bytes, s->binaries_bytes));
	uint64_t said = crash_memory(s, "total");

	return said ? said : listed;
}

/* Whether that many bytes are worth a finding; sets the share. */
static bool
weighs(struct finding *f, uint64_t bytes)
{
	f->share = PERCENT(bytes, total(f->s));
	if (f->share > 100)
		f->share = 100;
	return f->share >= SUSPECT_PERCENT && (f->reason == OUT_OF_MEMORY || bytes >= ASIDE_BYTES);
}

static void
conclude_share(struct finding *f)
{
	if (f->reason != OUT_OF_MEMORY)
		conclude(f, CRASH_LOW);
	else
		conclude(f, f->share >= GUILTY_PERCENT ? CRASH_HIGH : CRASH_MEDIUM);
}

static void
open_sentence(struct finding *f)
{
	strbuf_adds(
	    &f->what, f->reason == OUT_OF_MEMORY ? "Out of memory: " : "Not what the slogan says, but it stands out: ");
}

/* "X of the VM's Y (44 %)" */
static void
say_share(struct finding *f, uint64_t bytes)
{
	words_bytes(&f->what, bytes);
	strbuf_adds(&f->what, " of the VM's ");
	words_bytes(&f->what, total(f->s));
	strbuf_addf(&f->what, " (%.0f %%).", f->share);
}

/* What was asked for when there was no more: "eheap_alloc: Cannot allocate 54176 bytes of memory (of type "heap")." */
static void
say_request(struct finding *f)
{
	const char *bytes = strstr(f->s->slogan, "allocate ");
	const char *type = strstr(f->s->slogan, "(of type \"");
	const struct crash_scheduler *caller = crash_caller(f->s);

	if (f->reason != OUT_OF_MEMORY || bytes == NULL)
		return;
	strbuf_adds(&f->why, " The VM ended when ");
	if (caller && *caller->process && f->pid && strcmp(caller->process, f->pid) == 0) {
		strbuf_adds(&f->why, "this process");
	} else if (caller && *caller->process) {
		words_pid(&f->why, caller->process_name, caller->process);
		strbuf_adds(&f->why, ", which was only the next to ask (in ");
		if (caller->stack.count > 0)
			words_stack(&f->why, &caller->stack, 2);
		else
			words_text(&f->why, caller->current);
		strbuf_adds(&f->why, "),");
	} else {
		strbuf_adds(&f->why, "it");
	}
	strbuf_adds(&f->why, " needed another ");
	words_bytes(&f->why, field_number(bytes + 9, strlen(bytes + 9)));
	if (type)
		strbuf_addf(&f->why, " (%.*s)", (int)strcspn(type + 10, "\""), type + 10);
	strbuf_addc(&f->why, '.');
}

static bool
drowns_in_messages(const struct crash_process *p)
{
	return p->queue >= MANY_MESSAGES ||
	    (p->queue >= 1000 && p->memory_bytes > p->heap_bytes &&
		p->memory_bytes - p->heap_bytes > p->memory_bytes / 2);
}

static void
say_queue(struct finding *f, const struct crash_process *p)
{
	strbuf_adds(&f->why, "Its message queue holds ");
	words_count(&f->why, p->queue);
	strbuf_adds(&f->why, " messages");
	if (*p->message) {
		strbuf_adds(&f->why, ", the oldest ");
		words_text(&f->why, p->message);
	}
	strbuf_adds(&f->why, "; it was in ");
	words_text(&f->why, *p->current ? p->current : "a function that the dump does not name");
	strbuf_addc(&f->why, '.');
	strbuf_adds(&f->next,
	    "Messages come faster than it takes them, or it waits for something else and never takes them: look at "
	    "what "
	    "it waits for and at who sends; make senders wait for answers (calls instead of casts), or spread the "
	    "work.");
}

static void
say_heap(struct finding *f, const struct crash_process *p)
{
	if (p->collecting) {
		strbuf_adds(&f->why, "It was in a garbage collection, in ");
		words_text(&f->why, p->current);
		strbuf_adds(&f->why, "; what its heap held is not in the dump then.");
	} else if (p->heap_seen) {
		strbuf_adds(&f->why, "Its heap has ");
		words_heap(&f->why, p);
		strbuf_adds(&f->why, "; it was in ");
		words_text(&f->why, p->current);
		strbuf_addc(&f->why, '.');
	}
	strbuf_adds(&f->next, "Look for what ");
	words_text(&f->next, strncmp(p->initial_call, "proc_lib:", 9) == 0 ? p->current : p->initial_call);
	strbuf_adds(&f->next,
	    " builds up or keeps. A max_heap_size (process_flag/2, spawn_opt) kills such a process instead of the VM.");
}

static void
suspect_process(struct finding *f)
{
	const struct crash_process *p = f->s->by[CRASH_BY_MEMORY][0];

	if (f->s->by_count[CRASH_BY_MEMORY] == 0 || !weighs(f, p->memory_bytes))
		return;
	f->pid = p->pid;
	open_sentence(f);
	strbuf_adds(&f->what, "process ");
	words_process(&f->what, p);
	strbuf_adds(&f->what, " has ");
	say_share(f, p->memory_bytes);
	if (drowns_in_messages(p))
		say_queue(f, p);
	else
		say_heap(f, p);
	say_request(f);
	conclude_share(f);
}

static void
suspect_kind(struct finding *f)
{
	const struct crash_kind *k = &f->s->kinds[0];

	for (size_t i = 0; i < f->s->kind_count; i++, k++) {
		if (k->count < CROWD || k->biggest_bytes > k->memory_bytes / 2 || !weighs(f, k->memory_bytes))
			continue;
		open_sentence(f);
		words_count(&f->what, k->count);
		strbuf_adds(&f->what, " processes of ");
		words_text(&f->what, k->call);
		strbuf_adds(&f->what, " have ");
		say_share(f, k->memory_bytes);
		strbuf_addf(&f->why, "They are %.0f %% of all processes, ", PERCENT(k->count, f->s->processes.count));
		words_bytes(&f->why, k->memory_bytes / k->count);
		strbuf_adds(&f->why, " each on average, ");
		words_bytes(&f->why, k->biggest_bytes);
		strbuf_adds(&f->why, " the biggest.");
		say_request(f);
		strbuf_adds(&f->next, "Look at who starts them, why they do not end, and what bounds their number.");
		conclude_share(f);
	}
}

static void
suspect_table(struct finding *f)
{
	const struct crash_table *t = &f->s->table[0];
	bool one = f->s->table_count > 0 && weighs(f, t->memory_bytes);

	if (!one && !weighs(f, f->s->tables_bytes))
		return;
	open_sentence(f);
	if (one) {
		strbuf_adds(&f->what, "ETS table ");
		words_text(&f->what, t->name);
		strbuf_adds(&f->what, " of ");
		words_pid(&f->what, t->owner_name, t->owner);
		strbuf_adds(&f->what, " has ");
		say_share(f, t->memory_bytes);
		strbuf_adds(&f->why, "It has ");
		words_count(&f->why, t->objects);
		strbuf_adds(&f->why, " objects.");
		f->pid = t->owner;
	} else {
		words_count(&f->what, f->s->tables);
		strbuf_adds(&f->what, " ETS tables have ");
		say_share(f, f->s->tables_bytes);
	}
	say_request(f);
	strbuf_adds(
	    &f->next, "Look at what inserts into it and what should delete from it: a cache needs a bound or an age.");
	conclude_share(f);
}

static void
suspect_binaries(struct finding *f)
{
	uint64_t bytes = crash_memory(f->s, "binary");
	const struct crash_process *p = f->s->by[CRASH_BY_BINARIES][0];

	if (!weighs(f, bytes))
		return;
	open_sentence(f);
	strbuf_adds(&f->what, "binaries have ");
	say_share(f, bytes);
	if (f->s->by_count[CRASH_BY_BINARIES] > 0) {
		f->pid = p->pid;
		words_process(&f->why, p);
		strbuf_adds(&f->why, " refers to ");
		words_bytes(&f->why, p->binaries_bytes);
		strbuf_adds(&f->why, " of binaries.");
	}
	if (f->s->binary_count > 0) {
		strbuf_adds(&f->why, " The largest has ");
		words_bytes(&f->why, f->s->binary[0].size_bytes);
		strbuf_addc(&f->why, '.');
	}
	say_request(f);
	strbuf_adds(&f->next,
	    "A process that keeps them, or keeps small parts of large ones (binary:copy/1 helps), or seldom collects "
	    "its "
	    "garbage (erlang:garbage_collect/1, hibernate, fullsweep_after).");
	conclude_share(f);
}

/* Carriers that are mostly empty: the system's memory is gone, the VM's is not. */
static void
suspect_fragments(struct finding *f)
{
	const struct crashdump_summary *s = f->s;

	if (f->reason != OUT_OF_MEMORY || s->carriers_bytes < ASIDE_BYTES || s->blocks_bytes > s->carriers_bytes / 2)
		return;
	strbuf_adds(&f->what, "Out of memory: the allocators hold ");
	words_bytes(&f->what, s->carriers_bytes);
	strbuf_adds(&f->what, " from the system, of which only ");
	words_bytes(&f->what, s->blocks_bytes);
	strbuf_addf(&f->what, " (%.0f %%) are in use.", PERCENT(s->blocks_bytes, s->carriers_bytes));
	f->share = 0;
	strbuf_adds(
	    &f->why, "What was freed lies between what is in use (fragmentation), or the crash came behind a peak.");
	strbuf_adds(&f->next,
	    "recon_alloc:fragmentation/1 on a running node shows which allocator; see erts_alloc's strategies.");
	conclude(f, CRASH_MEDIUM);
}

static void
suspect_memory(struct finding *f)
{
	suspect_process(f);
	suspect_table(f);
	suspect_binaries(f);
	suspect_kind(f);
	suspect_fragments(f);
}

static void
out_of_memory(struct finding *f)
{
	size_t before = f->s->cause_count;

	suspect_memory(f);
	if (f->s->cause_count > before)
		return;
	f->share = 0;
	strbuf_adds(&f->what, "Out of memory, but nothing in the dump has most of it: all of the VM is ");
	words_bytes(&f->what, total(f->s));
	strbuf_addc(&f->what, '.');
	say_request(f);
	strbuf_adds(&f->next,
	    "Compare with what the machine, the container (cgroup) or ulimit -v allows: another program may have had "
	    "the rest. "
	    "A single very large request (a huge term_to_binary, a deep copy) fails in a small VM, too.");
	conclude(f, CRASH_LOW);
}

/* ---- limits ------------------------------------------------------------------------------------------------------------ */

static const struct crash_kind *
commonest_kind(const struct crashdump_summary *s)
{
	const struct crash_kind *best = NULL;

	for (size_t i = 0; i < s->kind_count; i++)
		if (best == NULL || s->kinds[i].count > best->count)
			best = &s->kinds[i];
	return best;
}

static void
full_process_table(struct finding *f)
{
	const struct crash_kind *k = commonest_kind(f->s);

	if (f->s->processes.limit == 0 || PERCENT(f->s->processes.count, f->s->processes.limit) < FULL_PERCENT)
		return;
	strbuf_adds(&f->what, "The process table is full: ");
	words_count(&f->what, f->s->processes.count);
	strbuf_adds(&f->what, " of ");
	words_count(&f->what, f->s->processes.limit);
	strbuf_adds(&f->what, " processes.");
	if (k) {
		words_count(&f->why, k->count);
		strbuf_adds(&f->why, " of them are ");
		words_text(&f->why, k->call);
		strbuf_addc(&f->why, '.');
	}
	strbuf_adds(&f->next, "Look at who starts them and why they do not end; +P sets the limit.");
	conclude(f, CRASH_HIGH);
}

static void
say_caller(struct finding *f)
{
	const struct crash_scheduler *caller = crash_caller(f->s);
	struct crash_stack stack;

	if (caller == NULL || *caller->process == '\0')
		return;
	stack = caller->stack;
	/* A return into halt/1 is how it was left, not who called. */
	if (stack.count > 0 && strncmp(stack.frame[0], "erlang:halt/", 12) == 0)
		memmove(stack.frame, stack.frame + 1, --stack.count * sizeof(stack.frame[0]));
	f->pid = caller->process;
	strbuf_adds(&f->why, f->why.len ? " " : "");
	strbuf_adds(&f->why, "It ended in ");
	words_pid(&f->why, caller->process_name, caller->process);
	strbuf_adds(&f->why, ", which was in ");
	words_text(&f->why, caller->current);
	if (stack.count > 0) {
		strbuf_adds(&f->why, ", called by ");
		words_stack(&f->why, &stack, 4);
	}
	strbuf_addc(&f->why, '.');
}

static void
full_atom_table(struct finding *f)
{
	strbuf_adds(&f->what, "The atom table is full: ");
	words_count(&f->what, f->s->atoms_limit ? f->s->atoms_limit : f->s->atoms);
	strbuf_adds(&f->what, " atoms. Atoms are never freed; something makes them from data.");
	say_caller(f);
	if (*f->s->newest_atoms) {
		strbuf_adds(&f->why, f->why.len ? " The newest atoms: " : "The newest atoms: ");
		words_text(&f->why, f->s->newest_atoms);
		strbuf_addc(&f->why, '.');
	}
	strbuf_adds(&f->next,
	    "Look there for list_to_atom, binary_to_atom, String.to_atom, xmerl, or decoders with atom keys; the "
	    "*_existing_atom "
	    "variants are safe.");
	conclude(f, CRASH_HIGH);
}

static void
full_index(struct finding *f)
{
	strbuf_adds(&f->what, "A table of the VM is full: ");
	words_text(&f->what, f->s->slogan);
	say_caller(f);
	strbuf_adds(&f->next,
	    "Something makes what is in it without end (modules, functions): look at code that is generated and "
	    "loaded.");
	conclude(f, CRASH_HIGH);
}

static void
limit_reached(struct finding *f)
{
	if (f->s->cause_count > 0)
		return;
	strbuf_adds(&f->what, "A limit of the VM was reached (system_limit).");
	say_caller(f);
	strbuf_adds(&f->next, "Compare processes, ports, atoms and ETS tables below with their limits.");
	conclude(f, CRASH_MEDIUM);
}

/* ---- the rest ------------------------------------------------------------------------------------------------------------ */

/* The word behind a prefix in the slogan: "{application_terminated,rabbit,shutdown}". */
static size_t
word_behind(const char *slogan, const char *prefix, const char **word)
{
	const char *at = strstr(slogan, prefix);

	if (at == NULL)
		return 0;
	*word = at + strlen(prefix);
	return strcspn(*word, ",})\n");
}

static void
kernel_died(struct finding *f)
{
	const char *app;
	size_t n;

	if ((n = word_behind(f->s->slogan, "{application_start_failure,", &app)) > 0)
		strbuf_addf(&f->what, "Application %.*s could not start; it is permanent, so the VM ended with it.",
		    (int)n, app);
	else if ((n = word_behind(f->s->slogan, "{application_terminated,", &app)) > 0)
		strbuf_addf(&f->what, "Application %.*s ended; it is permanent, so the VM ended with it.", (int)n, app);
	else if ((n = word_behind(f->s->slogan, "Kernel pid terminated (", &app)) > 0)
		strbuf_addf(&f->what, "The process %.*s, without which the VM cannot be, ended.", (int)n, app);
	else
		strbuf_adds(&f->what, "A process without which the VM cannot be ended.");
	strbuf_adds(&f->why, "The slogan has the reason.");
	if (strstr(f->s->slogan, "shutdown"))
		strbuf_adds(&f->why,
		    " shutdown means that its top supervisor gave up: its children failed oftener than its "
		    "restart intensity allows, or one did not start.");
	strbuf_adds(
	    &f->next, "The node's log right before the crash has the supervisor reports with the child and its error.");
	conclude(f, CRASH_HIGH);
}

static void
not_started(struct finding *f)
{
	const char *word;
	size_t n;

	strbuf_adds(&f->what, "The system did not start");
	if ((n = word_behind(f->s->slogan, "{undef,[{", &word)) > 0) {
		const char *rest = word[n] ? word + n + 1 : word + n;

		strbuf_addf(&f->what, ": there is no %.*s:%.*s", (int)n, word, (int)strcspn(rest, ",}"), rest);
	}
	strbuf_adds(&f->what, ".");
	strbuf_adds(&f->why,
	    "What was to run at the start (-s, -run, -eval, or the boot script) failed with what the slogan says.");
	strbuf_adds(
	    &f->next, "Check paths (-pa, ERL_LIBS), the release's contents, configuration files and arguments.");
	conclude(f, CRASH_HIGH);
}

static void
asked_for(struct finding *f)
{
	strbuf_adds(&f->what, "Nothing crashed: somebody asked for a dump");
	strbuf_adds(&f->what,
	    strstr(f->s->slogan, "SIGUSR1") ? " and the VM's end with the signal SIGUSR1."
					    : " at the VM's break menu (A).");
	strbuf_adds(&f->why, "A script, a watchdog or a person, probably because the node hung or was slow.");
	strbuf_adds(&f->next, "Look below at what the schedulers ran and at long message queues.");
	conclude(f, CRASH_HIGH);
}

static void
bad_code(struct finding *f)
{
	strbuf_adds(&f->what, "Code that this VM cannot run: a damaged .beam file, or one of another compiler.");
	say_caller(f);
	strbuf_adds(&f->next, "Compile and install again; check the disk.");
	conclude(f, CRASH_MEDIUM);
}

static void
no_threads(struct finding *f)
{
	strbuf_adds(&f->what, "The VM could not create a thread.");
	strbuf_adds(&f->why, "The machine's or the user's limit of threads or memory was reached.");
	strbuf_adds(&f->next, "Compare ulimit -u, the cgroup's pids.max and memory limit.");
	conclude(f, CRASH_MEDIUM);
}

/* erlang:halt/1 with a text ends the VM with a dump, and is the caller's innermost return address. */
static bool
halted(struct finding *f)
{
	const struct crash_scheduler *caller = crash_caller(f->s);
	bool found = caller && strncmp(caller->current, "erlang:halt/", 12) == 0;

	for (size_t i = 0; caller && i < caller->stack.count && !found; i++)
		found = strncmp(caller->stack.frame[i], "erlang:halt/", 12) == 0;
	if (!found)
		return false;
	strbuf_adds(&f->what, "The program ended the VM itself, with halt(\"");
	words_text(&f->what, f->s->slogan);
	strbuf_adds(&f->what, "\").");
	say_caller(f);
	strbuf_adds(&f->next, "The code that called it says why.");
	conclude(f, CRASH_HIGH);
	return true;
}

static void
by_slogan(struct finding *f)
{
	static void (*const rules[])(struct finding * f) = {
		[OUT_OF_MEMORY] = out_of_memory,
		[ATOMS_FULL] = full_atom_table,
		[INDEX_FULL] = full_index,
		[LIMIT_REACHED] = limit_reached,
		[KERNEL_DIED] = kernel_died,
		[NOT_STARTED] = not_started,
		[ASKED_FOR] = asked_for,
		[BAD_CODE] = bad_code,
		[NO_THREADS] = no_threads,
	};

	if (f->reason != UNKNOWN && rules[f->reason])
		rules[f->reason](f);
}

/* The longest queue, if it did not come as memory already. */
static void
long_queue(struct finding *f)
{
	const struct crash_process *p = f->s->by[CRASH_BY_QUEUE][0];

	if (f->s->by_count[CRASH_BY_QUEUE] == 0 || p->queue < MANY_MESSAGES)
		return;
	for (size_t i = 0; i < f->s->cause_count; i++)
		if (strcmp(f->s->causes[i].pid, p->pid) == 0)
			return;
	f->pid = p->pid;
	strbuf_adds(&f->what, "Not what the slogan says, but it stands out: process ");
	words_process(&f->what, p);
	strbuf_adds(&f->what, " does not keep up with its messages.");
	say_queue(f, p);
	conclude(f, CRASH_LOW);
}

static bool
is_likelier(const struct crash_cause *a, const struct crash_cause *b)
{
	return a->confidence != b->confidence ? a->confidence > b->confidence : a->share > b->share;
}

static void
sort(struct crashdump_summary *s)
{
	for (size_t i = 1; i < s->cause_count; i++) {
		struct crash_cause cause = s->causes[i];
		size_t k = i;

		for (; k > 0 && is_likelier(&cause, &s->causes[k - 1]); k--)
			s->causes[k] = s->causes[k - 1];
		s->causes[k] = cause;
	}
}

void
causes_find(struct crashdump_summary *s)
{
	struct finding f = { .s = s, .reason = slogan_reason(s->slogan) };

	full_process_table(&f);
	if (f.reason != UNKNOWN || !halted(&f))
		by_slogan(&f);
	if (f.reason != OUT_OF_MEMORY)
		suspect_memory(&f);
	long_queue(&f);
	sort(s);
	strbuf_release(&f.what);
	strbuf_release(&f.why);
	strbuf_release(&f.next);
}
