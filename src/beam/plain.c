/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call is lists:zipwith3(fun erlang:apply/3, Modules, Functions, ArgumentLists): so many calls for one process and one round trip. If one of them
 * raises, all do; hence only functions that OTP 23 and later have, and the files apart.
 */
#include "beam/plain.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "beam/etf_text.h"
#include "beam/etf_write.h"
#include "beam/peer.h"
#include "beam/probe_message.h"
#include "beam/procfs.h"

#define SLOW_MS 5000 /* files, and on wide nodes the readings that wake every scheduler, are read no more often */
#define WIDE_SCHEDULERS 16
#define STALL_MIN_MS 10000
#define ANSWER_MS 600000 /* then a call is given up, and may be sent again */
#define KEEPER_PAUSE_MS 10000
#define FILES_MAX (4 + 1 + 3 * PROCFS_GROUPS_MAX)

struct plain {
	struct collector base;
	char why[128];
	bool informed;  /* the first call was answered */
	bool flag_held; /* a process there holds scheduler_wall_time */
	int64_t keeper_after_ms;
	int64_t asked_ms; /* readings are under way since; 0: none */
	int64_t next_ms;
	bool files_under_way;
	int64_t slow_after_ms; /* of files */
	int64_t heavy_after_ms;
	bool heavy;      /* of the call under way */
	double start_ms; /* of the VM, on its monotonic clock */
	double native_per_second;
	double start_native;
	struct node_info info;
	struct sample sample; /* what the last call of each kind brought */
	bool grouped;         /* groups are known */
	unsigned group_count;
	struct procfs_group groups[PROCFS_GROUPS_MAX];
};

static struct plain *
plain_of(struct collector *c)
{
	return (struct plain *)c;
}

static int64_t
now(const struct plain *p)
{
	return p->base.handlers->now(p->base.arg);
}

/* ---- the readings ---------------------------------------------------------------------------------------------------- */

typedef void decode_fn(struct plain *p, struct etf *e, enum metric_id id);

static void
read_number(struct plain *p, struct etf *e, enum metric_id id)
{
	/* logical_processors may be unknown */
	if (etf_is_atom(etf_peek(e)))
		etf_skip(e);
	else
		sample_set(&p->sample, id, etf_number(e));
}

static void
read_time(struct plain *p, struct etf *e, enum metric_id id)
{
	(void)id;
	p->sample.time_ms = etf_int(e);
}

static void
read_uptime(struct plain *p, struct etf *e, enum metric_id id)
{
	double mono_ms = etf_number(e);

	if (p->informed)
		sample_set(&p->sample, id, mono_ms - p->start_ms);
}

/* {Total, SinceSomebodyAsked} */
static void
read_first(struct plain *p, struct etf *e, enum metric_id id)
{
	etf_tuple_of(e, 2);
	sample_set(&p->sample, id, etf_number(e));
	etf_skip(e);
}

static void
read_memory(struct plain *p, struct etf *e, enum metric_id unused)
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
			sample_set(&p->sample, id, value);
	}
	etf_list_end(e, n);
}

/* {{input, In}, {output, Out}} */
static void
read_io(struct plain *p, struct etf *e, enum metric_id unused)
{
	(void)unused;
	etf_tuple_of(e, 2);
	etf_tuple_of(e, 2);
	etf_skip(e);
	sample_set(&p->sample, METRIC_IO_INPUT, etf_number(e));
	etf_tuple_of(e, 2);
	etf_skip(e);
	sample_set(&p->sample, METRIC_IO_OUTPUT, etf_number(e));
}

static void
read_gc(struct plain *p, struct etf *e, enum metric_id unused)
{
	(void)unused;
	etf_tuple_of(e, 3);
	sample_set(&p->sample, METRIC_GC_COLLECTIONS, etf_number(e));
	sample_set(&p->sample, METRIC_GC_WORDS_RECLAIMED, etf_number(e));
	etf_skip(e);
}

/* A queue per normal scheduler, then the dirty CPU one, then the dirty I/O one. Short queues make it a list of bytes. */
static void
read_queues(struct plain *p, struct etf *e, enum metric_id unused)
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
	sample_set(&p->sample, METRIC_DIRTY_CPU_RUN_QUEUE, last[0]);
	sample_set(&p->sample, METRIC_DIRTY_IO_RUN_QUEUE, last[1]);
}

/* `undefined` until the flag is on. */
static void
read_schedulers(struct plain *p, struct etf *e, enum metric_id unused)
{
	(void)unused;
	p->sample.scheduler_count = 0;
	if (etf_is_atom(etf_peek(e)))
		etf_skip(e);
	else
		probe_read_schedulers(e, (unsigned)p->sample.value[METRIC_SCHEDULERS_ONLINE], &p->sample);
}

static void
read_length(struct plain *p, struct etf *e, enum metric_id id)
{
	uint32_t n = etf_list(e);

	for (uint32_t i = 0; i < n && etf_ok(e); i++)
		etf_skip(e);
	etf_list_end(e, n);
	sample_set(&p->sample, id, n);
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

/* ---- calls ----------------------------------------------------------------------------------------------------------- */

/* The three lists of a call, filled one function after the other. */
struct batch {
	struct strbuf modules;
	struct strbuf functions;
	struct strbuf arguments;
	uint32_t count;
};

/* The argument list follows: written by the caller into b->arguments. */
static struct strbuf *
batch_add(struct batch *b, const char *module, const char *function)
{
	etf_put_atom(&b->modules, module);
	etf_put_atom(&b->functions, function);
	b->count++;
	return &b->arguments;
}

static void
batch_add_atom(struct batch *b, const char *module, const char *function, const char *argument)
{
	struct strbuf *out = batch_add(b, module, function);

	if (argument) {
		etf_put_list(out, 1);
		etf_put_atom(out, argument);
	}
	etf_put_nil(out);
}

static void
put_list_of(struct strbuf *out, uint32_t count, struct strbuf *elements)
{
	etf_put_list(out, count);
	strbuf_add(out, elements->data, elements->len);
	etf_put_nil(out);
	strbuf_release(elements);
}

/* The arguments of lists:zipwith3; the batch is used up. */
static void
batch_arguments(struct batch *b, struct strbuf *out)
{
	etf_put_list(out, 4);
	etf_put_export(out, "erlang", "apply", 3);
	put_list_of(out, b->count, &b->modules);
	put_list_of(out, b->count, &b->functions);
	put_list_of(out, b->count, &b->arguments);
	etf_put_nil(out);
}

static void
batch_call(struct plain *p, struct batch *b, call_cb *cb)
{
	struct strbuf args = STRBUF_INIT;

	batch_arguments(b, &args);
	if (!peer_call(p->base.peer, now(p), ANSWER_MS, "lists", "zipwith3", &args, cb, p))
		assert(!"two calls are under way at most");
	strbuf_release(&args);
}

/* True if the call returned; otherwise it is told, once in a while. */
static bool
returned(struct plain *p, const char *what, enum call_result result, struct etf *value)
{
	struct strbuf sb = STRBUF_INIT;

	if (result == CALL_RETURNED)
		return true;
	strbuf_addf(&sb, "%s by plain calls failed: ", what);
	if (result == CALL_TIMED_OUT || !etf_text(value, 200, &sb))
		strbuf_adds(&sb, "no answer");
	p->base.handlers->bad(p->base.arg, sb.data);
	strbuf_release(&sb);
	return false;
}

/* ---- what the node is ------------------------------------------------------------------------------------------------- */

/* {ok, Version} or undefined */
static void
read_elixir(struct etf *e, struct node_info *info)
{
	if (etf_is_atom(etf_peek(e))) {
		etf_skip(e);
	} else {
		etf_tuple_of(e, 2);
		etf_skip(e);
		etf_chars(e, info->elixir, sizeof(info->elixir));
	}
}

static void
write_note(struct plain *p)
{
	snprintf(p->info.note, sizeof(p->info.note),
	    "%s%splain calls only: restarts, message queues and the processes behind a finding are not seen", p->why,
	    *p->why ? "; " : "");
}

static void
on_info(void *arg, enum call_result result, struct etf *value)
{
	struct plain *p = arg;
	struct node_info *info = &p->info;

	if (result != CALL_RETURNED) {
		p->base.handlers->failed(p->base.arg, NODE_INCOMPATIBLE,
		    "is linked, but does not answer plain calls (erpc, OTP 23 and later)");
		return;
	}
	etf_list(value);
	etf_chars(value, info->otp_release, sizeof(info->otp_release));
	etf_chars(value, info->erts_version, sizeof(info->erts_version));
	info->schedulers_online = (unsigned)etf_int(value);
	read_elixir(value, info);
	p->start_native = etf_number(value);
	p->native_per_second = etf_number(value);
	p->start_ms = p->native_per_second > 0 ? p->start_native * 1000 / p->native_per_second : 0;
	if (!etf_ok(value)) {
		p->base.handlers->failed(
		    p->base.arg, NODE_INCOMPATIBLE, "is linked, but answers plain calls with nonsense");
		return;
	}
	p->informed = true;
	write_note(p);
	p->base.handlers->info(p->base.arg, info);
	p->asked_ms = 0;
	p->next_ms = now(p);
}

static void
ask_info(struct plain *p)
{
	struct batch b = { .count = 0 };
	struct strbuf *out;

	batch_add_atom(&b, "erlang", "system_info", "otp_release");
	batch_add_atom(&b, "erlang", "system_info", "version");
	batch_add_atom(&b, "erlang", "system_info", "schedulers_online");
	out = batch_add(&b, "application", "get_key");
	etf_put_list(out, 2);
	etf_put_atom(out, "elixir");
	etf_put_atom(out, "vsn");
	etf_put_nil(out);
	batch_add_atom(&b, "erlang", "system_info", "start_time");
	out = batch_add(&b, "erlang", "convert_time_unit");
	etf_put_list(out, 3);
	etf_put_int(out, 1);
	etf_put_atom(out, "second");
	etf_put_atom(out, "native");
	etf_put_nil(out);
	p->asked_ms = now(p);
	batch_call(p, &b, on_info);
}

/*
 * A process that sets the flag and sleeps, linked to our pid: when the link goes, it goes, and the VM, which counts the processes that want the flag,
 * switches it off. Its arguments are those of lists:zipwith3.
 */
static void
hold_flag(struct plain *p)
{
	struct batch b = { .count = 0 };
	struct strbuf args = STRBUF_INIT;
	struct strbuf *out = batch_add(&b, "erlang", "system_flag");

	etf_put_list(out, 2);
	etf_put_atom(out, "scheduler_wall_time");
	etf_put_atom(out, "true");
	etf_put_nil(out);
	batch_add_atom(&b, "timer", "sleep", "infinity");
	batch_arguments(&b, &args);
	peer_spawn_link(p->base.peer, "lists", "zipwith3", &args, 4);
	strbuf_release(&args);
	p->flag_held = true;
	p->keeper_after_ms = now(p) + KEEPER_PAUSE_MS;
}

/* ---- files ----------------------------------------------------------------------------------------------------------- */

static void
add_file(struct batch *b, const char *path)
{
	struct strbuf *out = batch_add(b, "file", "read_file");

	etf_put_list(out, 1);
	etf_put_string(out, path, strlen(path));
	etf_put_nil(out);
}

static void
add_group_files(struct batch *b, const struct procfs_group *g)
{
	static const char *const files[2][3] = { { "memory.max", "memory.current", "memory.stat" },
		{ "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat" } };
	char path[PROCFS_PATH_SIZE + 32];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", g->folder, files[g->v1][i]);
		add_file(b, path);
	}
}

/* {ok, Binary}, or an empty span for {error, _}. */
static struct etf_span
read_file(struct etf *e)
{
	struct etf_span text = { NULL, 0 };

	etf_tuple_of(e, 2);
	if (etf_atom_is(e, "ok"))
		text = etf_binary(e);
	else
		etf_skip(e);
	return text;
}

static void
set_or_clear(struct sample *s, enum metric_id id, bool known, double value)
{
	s->present[id] = false;
	if (known)
		sample_set(s, id, value);
}

static void
read_loadavg(struct plain *p, struct etf_span text)
{
	double load[3];
	bool known = procfs_loadavg(text, load);

	for (int i = 0; i < 3; i++)
		set_or_clear(&p->sample, (enum metric_id)(METRIC_LOAD1 + i), known, known ? load[i] : 0);
}

static void
read_field(struct plain *p, struct etf_span text, const char *key, enum metric_id id)
{
	double value = 0;
	bool known = procfs_field(text, key, &value);

	set_or_clear(&p->sample, id, known, value);
}

/* A group's limit may be lower than the host's memory. Page cache that nobody has used lately counts as free. */
static void
read_group(struct plain *p, struct etf *e, bool v1)
{
	struct etf_span limit_text = read_file(e);
	struct etf_span usage_text = read_file(e);
	struct etf_span stat_text = read_file(e);
	struct sample *s = &p->sample;
	double limit;
	double usage;
	double inactive;
	double left;

	if (!procfs_number(limit_text, &limit) || !procfs_number(usage_text, &usage) ||
	    !procfs_field(stat_text, v1 ? "total_inactive_file" : "inactive_file", &inactive) ||
	    !s->present[METRIC_MEMORY_LIMIT] || limit >= s->value[METRIC_MEMORY_LIMIT])
		return;
	left = limit - (usage > inactive ? usage - inactive : 0);
	s->value[METRIC_MEMORY_LIMIT] = limit;
	if (s->present[METRIC_MEMORY_AVAILABLE] && left < s->value[METRIC_MEMORY_AVAILABLE])
		s->value[METRIC_MEMORY_AVAILABLE] = left > 0 ? left : 0;
}

static void
read_files(struct plain *p, struct etf *e)
{
	struct etf_span text;
	double value = 0;
	bool known;

	etf_list(e);
	read_loadavg(p, read_file(e));
	text = read_file(e);
	read_field(p, text, "MemTotal:", METRIC_MEMORY_LIMIT);
	read_field(p, text, "MemAvailable:", METRIC_MEMORY_AVAILABLE);
	read_field(p, read_file(e), "VmRSS:", METRIC_RSS);
	known = procfs_max_fds(read_file(e), &value);
	set_or_clear(&p->sample, METRIC_MAX_FDS, known, value);
	if (p->grouped) {
		for (unsigned i = 0; i < p->group_count; i++)
			read_group(p, e, p->groups[i].v1);
		return;
	}
	text = read_file(e);
	p->grouped = etf_ok(e);
	if (p->grouped) {
		p->group_count = procfs_groups(text, p->groups);
		p->slow_after_ms = 0; /* and now the groups' own */
	}
}

static void
on_files(void *arg, enum call_result result, struct etf *value)
{
	struct plain *p = arg;

	p->files_under_way = false;
	p->slow_after_ms = now(p) + SLOW_MS;
	if (!returned(p, "reading /proc", result, value))
		return;
	read_files(p, value);
	if (!etf_ok(value))
		p->base.handlers->bad(p->base.arg, "a malformed answer of file:read_file/1");
}

static void
ask_files(struct plain *p)
{
	struct batch b = { .count = 0 };

	add_file(&b, "/proc/loadavg");
	add_file(&b, "/proc/meminfo");
	add_file(&b, "/proc/self/status");
	add_file(&b, "/proc/self/limits");
	if (!p->grouped)
		add_file(&b, "/proc/self/cgroup");
	else
		for (unsigned i = 0; i < p->group_count; i++)
			add_group_files(&b, &p->groups[i]);
	p->files_under_way = true;
	batch_call(p, &b, on_files);
}

/* ---- readings -------------------------------------------------------------------------------------------------------- */

/* Each result is decoded on its own: one that surprises us costs no other. */
static bool
read_results(struct plain *p, struct etf *value)
{
	uint32_t n = etf_list(value);
	bool good = true;

	for (size_t i = 0; i < ARRAY_LEN(READINGS); i++) {
		const struct reading *r = &READINGS[i];
		struct etf_span raw;
		struct etf e;

		if (r->heavy && !p->heavy)
			continue;
		raw = etf_raw(value);
		if (!etf_ok(value))
			return false;
		etf_init(&e, raw.data, raw.len);
		if (r->id != METRIC_NONE)
			p->sample.present[r->id] = false;
		r->decode(p, &e, r->id);
		good = etf_done(&e) && good;
	}
	etf_list_end(value, n);
	return good && etf_ok(value);
}

static void
on_readings(void *arg, enum call_result result, struct etf *value)
{
	struct plain *p = arg;
	struct sample copy;

	p->asked_ms = 0;
	if (!returned(p, "reading", result, value))
		return;
	if (!read_results(p, value))
		p->base.handlers->bad(p->base.arg, "a malformed answer to plain calls");
	if (!etf_ok(value))
		return;
	copy = p->sample; /* the owner changes its time */
	p->base.handlers->sample(p->base.arg, &copy);
}

static void
ask_readings(struct plain *p, int64_t now_ms)
{
	struct batch b = { .count = 0 };

	p->heavy = p->info.schedulers_online <= WIDE_SCHEDULERS || now_ms >= p->heavy_after_ms;
	if (p->heavy)
		p->heavy_after_ms = now_ms + SLOW_MS;
	for (size_t i = 0; i < ARRAY_LEN(READINGS); i++)
		if (p->heavy || !READINGS[i].heavy)
			batch_add_atom(&b, READINGS[i].module, READINGS[i].function, READINGS[i].argument);
	p->asked_ms = now_ms;
	batch_call(p, &b, on_readings);
}

/* ---------------------------------------------------------------------------------------------------------------------- */

static void
plain_start(struct collector *c)
{
	hold_flag(plain_of(c));
	ask_info(plain_of(c));
}

static void
plain_message(struct collector *c, struct etf_span message)
{
	(void)message;
	c->handlers->bad(c->arg, "a message that nobody asked for");
}

static void
plain_down(struct collector *c, uint64_t monitor, struct etf_span reason)
{
	(void)c;
	(void)monitor;
	(void)reason;
}

static void
plain_exited(struct collector *c)
{
	plain_of(c)->flag_held = false;
}

static void
plain_tick(struct collector *c, int64_t now_ms)
{
	struct plain *p = plain_of(c);

	if (!p->informed || p->asked_ms != 0 || now_ms < p->next_ms)
		return;
	if (!p->flag_held && now_ms >= p->keeper_after_ms)
		hold_flag(p);
	/* On the beat, however late this one is. */
	p->next_ms += c->interval_ms * ((now_ms - p->next_ms) / c->interval_ms + 1);
	if (!p->files_under_way && now_ms >= p->slow_after_ms)
		ask_files(p);
	ask_readings(p, now_ms);
}

static int64_t
plain_deadline(const struct collector *c)
{
	const struct plain *p = (const struct plain *)c;

	return p->informed && p->asked_ms == 0 ? p->next_ms : INT64_MAX;
}

static int64_t
plain_awaited_since(const struct collector *c)
{
	const struct plain *p = (const struct plain *)c;

	return p->asked_ms ? p->asked_ms : INT64_MAX;
}

static void
plain_free(struct collector *c)
{
	free(c);
}

static const struct collector_ops OPS = { plain_start, plain_message, plain_down, plain_exited, plain_tick,
	plain_deadline, plain_awaited_since, plain_free };

struct collector *
plain_new(struct peer *peer, int64_t interval_ms, const char *why, const struct collector_handlers *handlers, void *arg)
{
	struct plain *p = xcalloc(1, sizeof(*p));
	int64_t stall_ms = 3 * interval_ms > STALL_MIN_MS ? 3 * interval_ms : STALL_MIN_MS;

	p->base = (struct collector) { &OPS, peer, handlers, arg, interval_ms, stall_ms };
	snprintf(p->why, sizeof(p->why), "%s", why);
	return &p->base;
}
