/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/past_guesses.h"

#include "base/attr.h"

#define GUESS(id, kind, a, b)                                                \
	{                                                                    \
		METRIC_##id, GUESS_##kind, METRIC_##a, (uint16_t)METRIC_##b, \
	}
#define LIKE(id, a)                                             \
	{                                                       \
		METRIC_##id, GUESS_LIKE, METRIC_##a, GRID_NONE, \
	}

/* Derived metrics, and sums that the VM makes itself. They hold for the last values of roll-ups, too. */
#define OF_METRICS                                                                                                     \
	GUESS(MEMORY_USED, LESS, MEMORY_LIMIT, MEMORY_AVAILABLE), LIKE(VM_MEMORY_PROCESSES_USED, VM_MEMORY_PROCESSES), \
	    GUESS(VM_MEMORY_PROCESSES_FREE, LESS, VM_MEMORY_PROCESSES, VM_MEMORY_PROCESSES_USED),                      \
	    GUESS(VM_MEMORY_TOTAL, SUM, VM_MEMORY_PROCESSES, VM_MEMORY_SYSTEM),                                        \
	    GUESS(VM_MEMORY_OTHER, LESS, VM_MEMORY_SYSTEM, VM_MEMORY_BINARY),                                          \
	    GUESS(VM_MEMORY_ATOM_FREE, LESS, VM_MEMORY_ATOM, VM_MEMORY_ATOM_USED),                                     \
	    GUESS(GC_BYTES_RECLAIMED, TIMES, GC_WORDS_RECLAIMED, WORDSIZE),                                            \
	    GUESS(RUNNING, LESS, ACTIVE_TASKS, RUN_QUEUE)

static const struct guess OF_SAMPLES[] = { OF_METRICS };

/* The least and the largest value lie near the last one. */
#define LEAST(id, ...) { ROLLUP_COLUMN(ROLLUP_MIN, METRIC_##id), GUESS_LIKE, METRIC_##id, GRID_NONE },
#define LARGEST(id, ...) { ROLLUP_COLUMN(ROLLUP_MAX, METRIC_##id), GUESS_LIKE, METRIC_##id, GRID_NONE },

static const struct guess OF_ROLLUPS[] = { OF_METRICS, METRIC_TABLE(LEAST) METRIC_TABLE(LARGEST) };

struct packer *
past_packer_new(enum past_block_kind kind, const struct grid *rows)
{
	if (kind == PAST_SAMPLES)
		return packer_new(rows, OF_SAMPLES, ARRAY_LEN(OF_SAMPLES));
	return packer_new(rows, OF_ROLLUPS, ARRAY_LEN(OF_ROLLUPS));
}
