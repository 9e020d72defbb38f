/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/readings.h"

#include <stdio.h>
#include <string.h>

#include "beam/probe_message.h"

typedef void decode_fn(struct sample *s, struct etf *e, enum metric_id id);

static void
read_number(struct sample *s, struct etf *e, enum metric_id id)
{
	/* logical_processors may be unknown */
	if (etf_is_atom(etf_peek(e)))
		etf_skip(e);
	else
		sample_set(s, id, etf_number(e));
}

static void
read_time(struct sample *s, struct etf *e, enum metric_id id)
{
	(void)id;
	s->time_ms = etf_int(e);
}

/* The VM's monotonic clock; the owner knows what it read when the VM started. */
static void
read_uptime(struct sample *s, struct etf *e, enum metric_id id)
{
	sample_set(s, id, etf_number(e));
}

/* {Total, SinceSomebodyAsked} */
static void
read_first(struct sample *s, struct etf *e, enum metric_id id)
{
	etf_tuple_of(e, 2);
	sample_set(s, id, etf_number(e));
	etf_skip(e);
}

static void
read_memory(struct sample *s, struct etf *e, enum metric_id unused)
{
	uint32_t n = etf_list(e);

	(void)unused;
	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		struct etf_atom key;
		char name[32];
		enum metric_id id;
		double value;

		etf_tuple_of(e, 2);
		etf_atom(e, &key);
		value = etf_number(e);
		snprintf(name, sizeof(name), "vm_memory_%.20s", key.text);
		id = metric_find(name, strlen(name));
		if (etf_ok(e) && id != METRIC_NONE)
			sample_set(s, id, value);
	}
	etf_list_end(e, n);
}

/* {{input, In}, {output, Out}} */
static void
read_io(struct sample *s, struct etf *e, enum metric_id unused)
{
	(void)unused;
	etf_tuple_of(e, 2);
	etf_tuple_of(e, 2);
	etf_skip(e);
	sample_set(s, METRIC_IO_INPUT, etf_number(e));
	etf_tuple_of(e, 2);
	etf_skip(e);
	sample_set(s, METRIC_IO_OUTPUT, etf_number(e));
}

static void
read_gc(struct sample *s, struct etf *e, enum metric_id unused)
{
	(void)unused;
	etf_tuple_of(e, 3);
	sample_set(s, METRIC_GC_COLLECTIONS, etf_number(e));
	sample_set(s, METRIC_GC_WORDS_RECLAIMED, etf_number(e));
	etf_skip(e);
}

/* A queue per normal scheduler, then the dirty CPU one, then the dirty I/O one. Short queues make it a list of bytes. */
static void
read_queues(struct sample *s, struct etf *e, enum metric_id unused)
{
	double last[2] = { 0, 0 };
	struct etf_span bytes;
	uint32_t n;

	(void)unused;
	if (etf_peek(e) == ETF_STRING) {
		bytes = etf_string(e);
		for (size_t i = 0; i < bytes.len; i++) {
			last[0] = last[1];
			last[1] = bytes.data[i];
		}
	} else {
		n = etf_list(e);
		for (uint32_t i = 0; i < n && etf_ok(e); i++) {
			last[0] = last[1];
			last[1] = etf_number(e);
		}
		etf_list_end(e, n);
	}
	sample_set(s, METRIC_DIRTY_CPU_RUN_QUEUE, last[0]);
	sample_set(s, METRIC_DIRTY_IO_RUN_QUEUE, last[1]);
}

/* `undefined` until the flag is on. */
static void
read_schedulers(struct sample *s, struct etf *e, enum metric_id unused)
{
	(void)unused;
	s->scheduler_count = 0;
	if (etf_is_atom(etf_peek(e)))
		etf_skip(e);
	else
		probe_read_schedulers(e, (unsigned)s->value[METRIC_SCHEDULERS_ONLINE], s);
}

static void
read_length(struct sample *s, struct etf *e, enum metric_id id)
{
	uint32_t n = etf_list(e);

	for (uint32_t i = 0; i < n && etf_ok(e); i++)
		etf_skip(e);
	etf_list_end(e, n);
	sample_set(s, id, n);
}

struct reading {
	const char *module;
	const char *function;
	const char *argument; /* an atom, or NULL for no arguments */
	decode_fn *decode;
	enum metric_id id;
	bool heavy; /* wakes every scheduler */
};

#define INFO(name, id)                                                         \
	{                                                                      \
		"erlang", "system_info", name, read_number, METRIC_##id, false \
	}
#define STATISTICS(name, decode, id, heavy)                              \
	{                                                                \
		"erlang", "statistics", name, decode, METRIC_##id, heavy \
	}

/* Those that wake every scheduler stand together. */
static const struct reading READINGS[] = {
	{ "erlang", "system_time", "millisecond", read_time, METRIC_NONE, false },
	INFO("schedulers_online", SCHEDULERS_ONLINE),
	STATISTICS("scheduler_wall_time", read_schedulers, NONE, false),
	{ "erlang", "memory", NULL, read_memory, METRIC_NONE, true },
	STATISTICS("io", read_io, NONE, true),
	STATISTICS("garbage_collection", read_gc, NONE, true),
	INFO("process_count", PROCESS_COUNT),
	INFO("process_limit", PROCESS_LIMIT),
	INFO("port_count", PORT_COUNT),
	INFO("port_limit", PORT_LIMIT),
	INFO("atom_count", ATOM_COUNT),
	INFO("atom_limit", ATOM_LIMIT),
	INFO("ets_count", ETS_COUNT),
	INFO("ets_limit", ETS_LIMIT),
	STATISTICS("run_queue_lengths_all", read_queues, NONE, false),
	STATISTICS("total_run_queue_lengths", read_number, RUN_QUEUE, false),
	STATISTICS("total_active_tasks", read_number, ACTIVE_TASKS, false),
	STATISTICS("reductions", read_first, REDUCTIONS, false),
	STATISTICS("context_switches", read_first, CONTEXT_SWITCHES, false),
	STATISTICS("runtime", read_first, RUNTIME, false),
	{ "erlang", "monotonic_time", "millisecond", read_uptime, METRIC_WALLCLOCK, false },
	{ "erlang", "nodes", "connected", read_length, METRIC_DIST_LINKS, false },
	INFO("schedulers", SCHEDULERS),
	INFO("dirty_cpu_schedulers", DIRTY_CPU_SCHEDULERS),
	INFO("dirty_cpu_schedulers_online", DIRTY_CPU_SCHEDULERS_ONLINE),
	INFO("dirty_io_schedulers", DIRTY_IO_SCHEDULERS),
	INFO("logical_processors", LOGICAL_PROCESSORS),
	INFO("wordsize", WORDSIZE),
	INFO("thread_pool_size", THREAD_POOL_SIZE),
};

void
readings_add(struct batch *b, bool heavy)
{
	for (size_t i = 0; i < ARRAY_LEN(READINGS); i++)
		if (heavy || !READINGS[i].heavy)
			batch_add_atom(b, READINGS[i].module, READINGS[i].function, READINGS[i].argument);
}

/* Each result is decoded on its own: one that surprises us costs no other. */
bool
readings_read(struct etf *value, bool heavy, struct sample *s)
{
	uint32_t n = etf_list(value);
	bool good = true;

	for (size_t i = 0; i < ARRAY_LEN(READINGS); i++) {
		const struct reading *r = &READINGS[i];
		struct etf_span raw;
		struct etf e;

		if (r->heavy && !heavy)
			continue;
		raw = etf_raw(value);
		if (!etf_ok(value))
			return false;
		etf_init(&e, raw.data, raw.len);
		if (r->id != METRIC_NONE)
			s->present[r->id] = false;
		r->decode(s, &e, r->id);
		good = etf_done(&e) && good;
	}
	etf_list_end(value, n);
	return good && etf_ok(value);
}
