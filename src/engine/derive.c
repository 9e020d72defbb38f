/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/derive.h"

#include <math.h>

#include "base/attr.h"

enum operation { LESS, PERCENT_OF, TIMES };

/* In order: a row may use those above it. */
static const struct {
	enum metric_id result;
	enum metric_id a;
	enum operation operation;
	enum metric_id b;
} RULES[] = {
	{ METRIC_RUNNING, METRIC_ACTIVE_TASKS, LESS, METRIC_RUN_QUEUE },
	{ METRIC_MEMORY_USED, METRIC_MEMORY_LIMIT, LESS, METRIC_MEMORY_AVAILABLE },
	{ METRIC_MEMORY_UTILIZATION, METRIC_MEMORY_USED, PERCENT_OF, METRIC_MEMORY_LIMIT },
	{ METRIC_VM_MEMORY_PROCESSES_FREE, METRIC_VM_MEMORY_PROCESSES, LESS, METRIC_VM_MEMORY_PROCESSES_USED },
	{ METRIC_VM_MEMORY_ATOM_FREE, METRIC_VM_MEMORY_ATOM, LESS, METRIC_VM_MEMORY_ATOM_USED },
	{ METRIC_PROCESS_UTILIZATION, METRIC_PROCESS_COUNT, PERCENT_OF, METRIC_PROCESS_LIMIT },
	{ METRIC_GC_BYTES_RECLAIMED, METRIC_GC_WORDS_RECLAIMED, TIMES, METRIC_WORDSIZE },
};

/* The readings of one sample are not of one instant, so that a difference may come out a little below 0. */
static double
compute(enum operation operation, double a, double b)
{
	switch (operation) {
	case LESS:
		return fmax(0, a - b);
	case PERCENT_OF:
		return b > 0 ? 100 * a / b : NAN;
	case TIMES:
		return a * b;
	}
	return NAN;
}

static void
apply_rules(struct sample *s)
{
	for (size_t i = 0; i < ARRAY_LEN(RULES); i++)
		if (s->present[RULES[i].a] && s->present[RULES[i].b])
			sample_set(s, RULES[i].result,
			    compute(RULES[i].operation, s->value[RULES[i].a], s->value[RULES[i].b]));
}

static void
derive_other_memory(struct sample *s)
{
	static const enum metric_id parts[] = { METRIC_VM_MEMORY_ATOM, METRIC_VM_MEMORY_BINARY, METRIC_VM_MEMORY_CODE,
		METRIC_VM_MEMORY_ETS };
	double rest = s->value[METRIC_VM_MEMORY_SYSTEM];

	if (!s->present[METRIC_VM_MEMORY_SYSTEM])
		return;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!s->present[parts[i]])
			return;
		rest -= s->value[parts[i]];
	}
	sample_set(s, METRIC_VM_MEMORY_OTHER, fmax(0, rest));
}

/* NaN if the counters did not move forward. */
static double
share_of_growth(double active, double total)
{
	return total > 0 && active >= 0 ? fmin(100, 100 * active / total) : (double)NAN;
}

/* busy_share is NaN if the counters did not move forward: first sample, counters switched off and on, scheduler offline. */
static double
busy_share(const struct sample *s, const struct sample *before, unsigned i)
{
	if (before == NULL || i >= before->scheduler_count || before->scheduler_total[i] == 0 ||
	    s->scheduler_total[i] < before->scheduler_total[i] || s->scheduler_active[i] < before->scheduler_active[i])
		return NAN;
	return share_of_growth((double)(s->scheduler_active[i] - before->scheduler_active[i]),
	    (double)(s->scheduler_total[i] - before->scheduler_total[i]));
}

static void
derive_cpu(struct sample *s, const struct sample *before)
{
	double sum = 0;
	unsigned observed = 0;

	if (s->scheduler_count == 0)
		return;
	for (unsigned i = 0; i < s->scheduler_count; i++) {
		double share = busy_share(s, before, i);

		s->scheduler_utilization[i] = (float)share;
		if (!isnan(share)) {
			sum += share;
			observed++;
		}
	}
	sample_set(s, METRIC_CPU_UTILIZATION, observed ? sum / observed : NAN);
}

/* All threads of the VM count, so that it may be more than 100 %. */
static void
derive_cpu_time(struct sample *s, const struct sample *before)
{
	static const enum metric_id sources[] = { METRIC_RUNTIME, METRIC_WALLCLOCK };
	double grown[ARRAY_LEN(sources)], online = s->value[METRIC_SCHEDULERS_ONLINE];

	if (before == NULL || !s->present[METRIC_SCHEDULERS_ONLINE] || !(online > 0))
		return;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		if (!s->present[sources[i]] || !before->present[sources[i]])
			return;
		grown[i] = s->value[sources[i]] - before->value[sources[i]];
	}
	if (grown[0] >= 0 && grown[1] > 0)
		sample_set(s, METRIC_CPU_TIME_UTILIZATION, 100 * grown[0] / grown[1] / online);
}

/* Sums over the schedulers of a kind. */
static void
derive_dirty(struct sample *s, const struct sample *before)
{
	static const struct {
		enum metric_id result;
		enum metric_id active;
		enum metric_id total;
	} kinds[] = {
		{ METRIC_DIRTY_CPU_UTILIZATION, METRIC_DIRTY_CPU_ACTIVE, METRIC_DIRTY_CPU_TOTAL },
		{ METRIC_DIRTY_IO_UTILIZATION, METRIC_DIRTY_IO_ACTIVE, METRIC_DIRTY_IO_TOTAL },
	};

	for (size_t i = 0; before && i < ARRAY_LEN(kinds); i++) {
		enum metric_id active = kinds[i].active, total = kinds[i].total;

		if (s->present[active] && s->present[total] && before->present[active] && before->present[total])
			sample_set(s, kinds[i].result,
			    share_of_growth(
				s->value[active] - before->value[active], s->value[total] - before->value[total]));
	}
}

void
derive(struct sample *s, const struct sample *before)
{
	if (s->scheduler_count > SAMPLE_MAX_SCHEDULERS)
		s->scheduler_count = SAMPLE_MAX_SCHEDULERS;
	apply_rules(s);
	derive_other_memory(s);
	derive_cpu(s, before);
	derive_cpu_time(s, before);
	derive_dirty(s, before);
}

bool
is_derived(const struct sample *s)
{
	for (size_t i = 0; i < ARRAY_LEN(RULES); i++)
		if (s->present[RULES[i].result])
			return true;
	return s->present[METRIC_VM_MEMORY_OTHER] || s->present[METRIC_CPU_UTILIZATION] ||
	    s->present[METRIC_DIRTY_CPU_UTILIZATION] || s->present[METRIC_DIRTY_IO_UTILIZATION];
}
