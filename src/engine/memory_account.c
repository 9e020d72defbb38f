/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/memory_account.h"

#include <math.h>

/* A part is a metric, less another if there is one; METRIC_NONE is the rest, and comes last. */
struct part_row {
	const char *name;
	enum metric_id metric;
	enum metric_id less;
	const char *help;
};

static const struct level_row {
	const char *name;
	const char *help;
	enum metric_id total;
	const char *excess_help;
	struct part_row parts[MEMORY_PARTS];
} LEVELS[MEMORY_LEVEL_COUNT] = {
	[MEMORY_LIMIT] = { "limit", "What this VM may use: the control group's limit, else the host's memory",
	    METRIC_MEMORY_LIMIT, "pages of files that the VM has mapped count as its own and as available",
	    {
		{ "resident", METRIC_RSS, METRIC_NONE, "Held by this VM (resident set)" },
		{ "available", METRIC_MEMORY_AVAILABLE, METRIC_NONE, "Free, or page cache that can be given up" },
		{ "other_use", METRIC_NONE, METRIC_NONE,
		    "Not this VM: other processes of the control group or host, and the kernel" },
	    } },
	[MEMORY_RESIDENT] = { "resident", "Held by this VM (resident set)", METRIC_RSS,
	    "the allocators have taken address space that was never written to, or that is swapped out",
	    {
		{ "carriers", METRIC_ALLOC_CARRIERS, METRIC_NONE, "Taken by the VM's allocators (carriers)" },
		{ "machine_code", METRIC_ALLOC_EXTERNAL, METRIC_NONE,
		    "Loaded code that the JIT compiled, outside the allocators" },
		{ "outside_allocators", METRIC_NONE, METRIC_NONE,
		    "Thread stacks, the program itself and its libraries, NIFs and drivers with memory of their own" },
	    } },
	[MEMORY_CARRIERS] = { "carriers", "Taken by the VM's allocators (carriers)", METRIC_ALLOC_CARRIERS,
	    "they differ in time only",
	    {
		{ "blocks", METRIC_ALLOC_BLOCKS, METRIC_NONE, "In use (blocks)" },
		{ "free_in_carriers", METRIC_NONE, METRIC_NONE,
		    "Free inside the carriers: fragmentation, and room for growth" },
	    } },
	[MEMORY_BLOCKS] = { "blocks", "In use (blocks)", METRIC_ALLOC_BLOCKS, "they differ in time only",
	    {
		{ "processes", METRIC_VM_MEMORY_PROCESSES, METRIC_NONE,
		    "Heaps, stacks, mailboxes and the rest of processes" },
		{ "binary", METRIC_VM_MEMORY_BINARY, METRIC_NONE, "Binaries that processes refer to" },
		{ "ets", METRIC_VM_MEMORY_ETS, METRIC_NONE, "ETS tables" },
		{ "code", METRIC_VM_MEMORY_CODE, METRIC_ALLOC_EXTERNAL, "Loaded code, without the JIT's" },
		{ "atom", METRIC_VM_MEMORY_ATOM, METRIC_NONE, "The atom table" },
		{ "other_system", METRIC_VM_MEMORY_OTHER, METRIC_NONE,
		    "Other memory of the VM: process table, ports, persistent terms, …" },
		{ "unattributed", METRIC_NONE, METRIC_NONE, "In blocks that erlang:memory() does not tell of" },
	    } },
};

static double
value_of(const struct sample *s, enum metric_id id)
{
	return s && s->present[id] ? s->value[id] : (double)NAN;
}

static double
part_bytes(const struct sample *s, const struct part_row *row)
{
	double bytes = value_of(s, row->metric);

	if (row->less != METRIC_NONE)
		bytes -= value_of(s, row->less);
	/* Not fmax: of NaN and 0 it takes 0. */
	return bytes < 0 ? 0 : bytes;
}

/* NaN in any of them makes both NaN. */
static void
settle(struct memory_level_account *level, double sum)
{
	double rest = level->bytes - sum;

	level->parts[level->part_count - 1].bytes = isnan(rest) || rest > 0 ? rest : 0;
	level->excess = isnan(rest) || rest < 0 ? -rest : 0;
}

static void
account_level(struct memory_level_account *level, const struct level_row *row, const struct sample *s)
{
	double sum = 0;

	*level = (struct memory_level_account) {
		.name = row->name, .help = row->help, .bytes = value_of(s, row->total), .excess_help = row->excess_help
	};
	for (unsigned i = 0; i < MEMORY_PARTS && row->parts[i].name; i++) {
		const struct part_row *part = &row->parts[i];

		level->parts[i] = (struct memory_part) { part->name, part->help, 0 };
		level->part_count++;
		if (part->metric == METRIC_NONE)
			break;
		level->parts[i].bytes = part_bytes(s, part);
		sum += level->parts[i].bytes;
	}
	settle(level, sum);
}

void
memory_account(struct memory_account *account, const struct sample *s)
{
	for (int i = 0; i < MEMORY_LEVEL_COUNT; i++)
		account_level(&account->levels[i], &LEVELS[i], s);
}
