/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node's post-mortem has one report at a time. What becomes known while a thread writes it is put into `end`, and the report is written again when the thread is
 * done. The watching after an end is a timer: the VM's process (its sockets close some moments before it is gone), then the crash dump.
 */
#include "flight/flight.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "flight/report_files.h"
#include "flight/report_job.h"
#include "os/clock.h"
#include "os/process.h"

#define LOOK_MS 250            /* between two looks at the process and the dump, soon after the end; */
#define LOOK_LATER_MS 2000     /* and later */
#define SOON_MS 10000          /* the process is gone by then, or lives on */
#define DUMP_APPEARS_MS 30000  /* so long a dump may take to appear, */
#define DUMP_WRITTEN_MS 600000 /* and to be written */
#define SETTLED_MS 2000        /* so long what there is to know at once may take, before the report is written */
#define INSIDE_PAUSE_US 20000
#define FLAP_MS 300000
#define OOM_MS 60000 /* between two looks at the kernel's count */
#define HOUR_MS 3600000
#define HOUR_MAX 20
#define SAME_BOOT_MS 5000 /* two clocks, read over a network */
#define WRITERS 4         /* threads, of all nodes: a lost network takes all of them at once */

struct flight_node {
	struct flight *f;
	struct engine *engine;
	void *arg;
	struct event *timer;
	/* the VM as it is */
	struct node_info info;
	struct vm {
		struct process process; /* pid 0: not on this machine, or not known */
		struct dump_file dump;
		uint64_t oom_kills; /* of its host */
	} vm;
	int64_t boot_ms; /* 0: not known */
	int64_t oom_ms;  /* when the kills were last looked at */
	bool linked;
	bool stopping;
	bool back; /* linked again, but not known whether as the same VM */
	/* the post-mortem: of the last end */
	bool has_end;
	char id[REPORT_ID_SIZE];
	struct report_range range;
	struct report *report; /* made when it is to be written first; NULL: not yet */
	struct report_end end;
	struct vm ended;
	struct dump_words *words; /* what end's texts are of; NULL: none */
	struct report_job *job;   /* the report is the thread's meanwhile */
	bool changed;             /* end is not as it was written, or waits for its turn */
	bool dump_ready;          /* the dump is to be read by the next job */
	bool dump_done;           /* nothing more is expected of it */
	bool settling;            /* not written yet: more is about to be known */
	bool has_next;            /* the node ended again while the thread was at work: */
	bool next_flap;           /* in the same post-mortem */
	struct report_end next;
	struct vm next_vm;
	char told[REPORT_SENTENCE]; /* the verdict that people were told last */
	int64_t hour_ms;            /* the rate limit: post-mortems since */
	unsigned in_hour;
};

struct flight {
	struct event_base *base;
	struct flight_options o;
	char *folder;
	struct flight_node **nodes;
	size_t count;
	struct report_head *heads; /* REPORT_FILES_KEPT, newest first */
	size_t head_count;
	unsigned writing; /* jobs */
	bool closing;
};

static int64_t
now(const struct flight_node *n)
{
	return n->f->o.now_ms(n->f->o.arg);
}

static void PRINTF(3, 4) notice(const struct flight_node *n, bool warning, const char *fmt, ...)
{
	struct err text;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text.text, sizeof(text.text), fmt, args);
	va_end(args);
	n->f->o.notice(n->f->o.arg, warning, text.text);
}

/* ---- writing ------------------------------------------------------------------------------------------------------------ */

/* The list is kept beside the files, so that whoever wants to see it need not wait for a disk. */
static void
put_head(struct flight *f, const struct strbuf *json)
{
	struct report_head head;
	size_t i = 0;

	if (!report_head_read(json->data, json->len, &head))
		return;
	while (i < f->head_count && strcmp(f->heads[i].id, head.id) != 0)
		i++;
	if (i == f->head_count) {
		f->head_count += f->head_count < REPORT_FILES_KEPT;
		memmove(&f->heads[1], &f->heads[0], (f->head_count - 1) * sizeof(head));
		i = 0;
	}
	f->heads[i] = head;
}

/* People are told of each, and again when the verdict has become another. */
static void
tell(struct flight_node *n, const struct report_job_done *done)
{
	const struct report *r = n->report;
	const char *amended = n->told[0] ? ", amended" : "";
	char path[600];

	if (strcmp(n->told, r->verdict.title) == 0)
		return;
	if (done->written)
		snprintf(path, sizeof(path), "%.400s/%s.html", n->f->folder, r->id);
	else
		snprintf(path, sizeof(path), "%s", r->id);
	notice(n, !r->end.stopping, "node %s: post-mortem%s: %s (%s)", r->node, amended, r->verdict.title, path);
	engine_note(n->engine, now(n), "post-mortem%s: %s (%s)", amended, r->verdict.title, path);
	n->f->o.changed(n->arg);
	memcpy(n->told, r->verdict.title, sizeof(n->told));
}

static void begin_next(struct flight_node *n);

static void
take_words(struct flight_node *n, struct dump_words *words)
{
	const struct report_end *end = &n->report->end;

	n->words = words;
	memcpy(n->end.dump_path, end->dump_path, sizeof(end->dump_path));
	memcpy(n->end.dump_note, end->dump_note, sizeof(end->dump_note));
	memcpy(n->end.dump_slogan, end->dump_slogan, sizeof(end->dump_slogan));
	memcpy(n->end.dump_cause, end->dump_cause, sizeof(end->dump_cause));
	n->end.dump_confidence = end->dump_confidence;
	n->end.dump_text = end->dump_text;
	n->end.dump_json = end->dump_json;
}

static void start_job(struct flight_node *n);
static void write_waiting(struct flight *f);

static void
on_written(void *arg, struct report_job_done *done)
{
	struct flight_node *n = arg;

	n->job = NULL;
	if (done->words)
		take_words(n, done->words);
	if (!done->written && n->f->folder)
		notice(n, true, "node %s: its post-mortem could not be written: %s", n->report->node, done->err.text);
	if (done->written)
		put_head(n->f, &done->json);
	if (n->f->o.keep)
		n->f->o.keep(n->arg, n->report->id, n->report->end.time_ms, &done->json);
	if (done->pruned > 0)
		notice(n, false, "%zu old post-mortem%s deleted: the newest %d are kept", done->pruned,
		    done->pruned > 1 ? "s were" : " was", REPORT_FILES_KEPT);
	tell(n, done);
	n->f->writing--;
	/* What became known of an end is written before the next one takes its place. */
	if (n->has_next && n->changed && !n->next_flap)
		start_job(n);
	else if (n->has_next)
		begin_next(n);
	write_waiting(n->f);
}

static void
make_report(struct flight_node *n)
{
	int64_t since_ms = engine_past_since(n->engine);
	struct report_range range = n->range;

	/* Not the time before the watch began. */
	if (since_ms > range.from_ms && since_ms <= range.to_ms)
		range.from_ms = since_ms;
	n->report = report_new(n->engine, n->end.time_ms, &range, &n->end);
	memcpy(n->report->id, n->id, sizeof(n->id));
}

static void
start_job(struct flight_node *n)
{
	const struct dump_file *dump = n->dump_ready ? &n->ended.dump : NULL;

	if (n->report == NULL)
		make_report(n);
	n->changed = n->dump_ready = false;
	n->report->end = n->end;
	n->f->writing++;
	n->job = report_job_start(n->f->base, n->f->folder, n->report, dump, on_written, n);
}

static void
write_report(struct flight_node *n)
{
	n->changed = true;
	if (!n->job && !n->settling && n->f->writing < WRITERS)
		start_job(n);
}

static void
write_waiting(struct flight *f)
{
	for (size_t i = 0; i < f->count && f->writing < WRITERS && !f->closing; i++)
		if (f->nodes[i]->has_end && f->nodes[i]->changed)
			write_report(f->nodes[i]);
}

/* ---- after the end -------------------------------------------------------------------------------------------------------- */

static void
arm(struct flight_node *n, int64_t since_end_ms)
{
	int64_t ms = since_end_ms < SOON_MS ? LOOK_MS : LOOK_LATER_MS;
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(n->timer, &tv);
}

static void
look_at_process(struct flight_node *n)
{
	enum report_process was = n->end.process;

	if (n->ended.process.pid == 0 || was == PROCESS_GONE)
		return;
	n->end.process = process_is_gone(&n->ended.process) ? PROCESS_GONE : PROCESS_ALIVE;
	n->changed = n->changed || n->end.process != was;
}

static void
look_at_kills(struct flight_node *n)
{
	if (n->ended.process.pid && !n->end.oom_kills && host_oom_kills() > n->ended.oom_kills)
		n->changed = n->end.oom_kills = true;
}

/* appears_ms: how long after the end one may still begin. */
static void
look_at_dump(struct flight_node *n, int64_t since_ms, int64_t appears_ms)
{
	enum dump_state state = n->dump_done ? DUMP_NONE : dump_file_look(&n->ended.dump, now(n));

	if (state == DUMP_WHOLE || (state == DUMP_GROWING && since_ms >= DUMP_WRITTEN_MS)) {
		n->changed = n->dump_ready = n->dump_done = true;
	} else if (state == DUMP_UNREADABLE) {
		memcpy(n->end.dump_path, n->ended.dump.path, sizeof(n->end.dump_path));
		memcpy(n->end.dump_note, n->ended.dump.note, sizeof(n->end.dump_note));
		n->changed = n->dump_done = true;
	} else if (state == DUMP_NONE && since_ms >= appears_ms) {
		n->dump_done = true;
	}
}

static bool
is_settled(const struct flight_node *n, int64_t since_ms)
{
	const struct report_end *end = &n->end;

	return end->process == PROCESS_GONE || end->unregistered || end->stopping || end->returned != RETURN_NONE ||
	    since_ms >= SETTLED_MS || since_ms < 0; /* the clock was set back */
}

static void
look(struct flight_node *n, int64_t since_ms, int64_t appears_ms)
{
	look_at_process(n);
	look_at_kills(n);
	look_at_dump(n, since_ms, appears_ms);
	n->settling = n->settling && !is_settled(n, since_ms);
	if (n->changed)
		write_report(n);
}

/* A link that was lost while the VM lives is no end: nothing is looked for then. */
static void
on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct flight_node *n = arg;
	int64_t since_ms = now(n) - n->end.time_ms;

	if (!n->has_end || n->end.returned == RETURN_SAME)
		return;
	look(n, since_ms, DUMP_APPEARS_MS);
	if (since_ms < SOON_MS || !n->dump_done)
		arm(n, since_ms);
}

/* ---- the end ---------------------------------------------------------------------------------------------------------------- */

static void
forget_report(struct flight_node *n)
{
	report_free(n->report);
	n->report = NULL;
	if (n->words)
		dump_words_release(n->words);
	free(n->words);
	n->words = NULL;
}

static bool
is_allowed(struct flight_node *n)
{
	int64_t now_ms = now(n);

	/* Or the clock was set back. */
	if (now_ms - n->hour_ms >= HOUR_MS || now_ms < n->hour_ms) {
		n->hour_ms = now_ms;
		n->in_hour = 0;
	}
	if (++n->in_hour == HOUR_MAX + 1)
		notice(n, true,
		    "node %s: it was lost more than %d times in an hour: no more post-mortems until that is over",
		    engine_node(n->engine), HOUR_MAX);
	return n->in_hour <= HOUR_MAX;
}

/* A link that flaps goes on in the post-mortem that it has. */
static bool
is_flap(const struct flight_node *n)
{
	return n->has_end && n->end.returned == RETURN_SAME && now(n) - n->end.time_ms < FLAP_MS;
}

/* take_end: the node's post-mortem is of this end from now on. */
static void
take_end(struct flight_node *n, const struct report_end *end, const struct vm *vm, bool flap)
{
	forget_report(n);
	if (!flap) {
		report_id_set(n->id, engine_node(n->engine), end->time_ms);
		n->told[0] = '\0';
	}
	n->range = (struct report_range) { end->time_ms - REPORT_FLIGHT_MS, end->time_ms };
	n->end = *end;
	n->ended = *vm;
	n->dump_ready = n->dump_done = false;
	n->has_end = n->settling = n->changed = true;
}

/* The thread is done with the report of the end before. The node may be back meanwhile. */
static void
begin_next(struct flight_node *n)
{
	n->has_next = false;
	take_end(n, &n->next, &n->next_vm, n->next_flap);
	n->back = n->linked;
	look(n, now(n) - n->end.time_ms, DUMP_APPEARS_MS);
	arm(n, 0);
}

/* begin_end begins a post-mortem, which is not written yet. False: none is wanted, or not now. */
static bool
begin_end(struct flight_node *n, enum node_state state, const char *detail, bool inside)
{
	struct report_end end = {
		.time_ms = now(n), .state = state, .inside = inside, .stopping = n->stopping, .os_pid = n->info.os_pid
	};
	bool flap = is_flap(n);

	if (engine_last(n->engine) == NULL || (!flap && !is_allowed(n)))
		return false;
	end.losses = flap ? n->end.losses + 1 : 1;
	snprintf(end.detail, sizeof(end.detail), "%s", detail);
	/* One that still waits for its turn is written now, for this one takes its place. */
	if (n->has_end && n->changed && !n->job && !flap)
		start_job(n);
	/* The loop does not wait for the thread. */
	if (n->job) {
		report_job_hurry(n->job);
		n->has_next = true;
		n->next_flap = flap;
		n->next = end;
		n->next_vm = n->vm;
		return false;
	}
	take_end(n, &end, &n->vm, flap);
	return true;
}

/* ---- inputs ------------------------------------------------------------------------------------------------------------------- */

static bool
is_linked(enum node_state state)
{
	return state == NODE_UP || state == NODE_STALLED;
}

void
flight_state(struct flight_node *n, enum node_state state, const char *detail, bool gone)
{
	if (n == NULL)
		return;
	if (n->linked && !is_linked(state) && state != NODE_CONNECTING) {
		n->linked = false;
		if (!begin_end(n, state, detail, false))
			return;
		look(n, 0, DUMP_APPEARS_MS);
		arm(n, 0);
	} else if (state == NODE_UP && !n->linked) {
		n->linked = true;
		n->stopping = false;
		n->back = n->has_end && n->end.returned == RETURN_NONE;
	} else if (gone && n->has_next) {
		n->next.unregistered = true;
	} else if (gone && n->has_end && n->end.returned == RETURN_NONE && !n->end.unregistered) {
		n->end.unregistered = n->changed = true;
		look(n, now(n) - n->end.time_ms, DUMP_APPEARS_MS);
	}
}

/* What is known of a VM of this machine: its process, and where its crash dump would be. */
void
flight_info(struct flight_node *n, const struct node_info *info)
{
	const char *at = n ? strrchr(engine_node(n->engine), '@') : NULL;
	struct process p;

	if (n == NULL)
		return;
	n->info = *info;
	if (!n->f->o.here && (at == NULL || !host_is_here(at + 1)))
		return;
	/* Told again, of the same VM: what there was before its end stays noted. */
	if (process_find(&p, info->os_pid, "beam") &&
	    (p.pid != n->vm.process.pid || p.started != n->vm.process.started)) {
		n->vm.process = p;
		n->vm.oom_kills = host_oom_kills();
		dump_file_init(&n->vm.dump, info->crash_dump, p.uid);
	}
}

static bool
is_same_vm(const struct flight_node *n, int64_t boot_ms)
{
	const struct process *before = &n->ended.process, *after = &n->vm.process;
	int64_t apart = boot_ms - n->boot_ms;

	if (before->pid && after->pid)
		return before->pid == after->pid && before->started == after->started;
	return apart <= SAME_BOOT_MS && apart >= -SAME_BOOT_MS;
}

static void
came_back(struct flight_node *n, int64_t boot_ms)
{
	n->back = false;
	n->end.returned = is_same_vm(n, boot_ms) ? RETURN_SAME : RETURN_RESTARTED;
	n->end.returned_ms = now(n);
	n->changed = true;
	if (n->end.returned == RETURN_SAME) {
		event_del(n->timer);
		n->end.process = n->ended.process.pid ? PROCESS_ALIVE : PROCESS_UNKNOWN;
		n->end.unregistered = false;
		n->dump_done = true;
	}
	look(n, now(n) - n->end.time_ms, DUMP_APPEARS_MS);
}

void
flight_sample(struct flight_node *n)
{
	const struct sample *s = n ? engine_last(n->engine) : NULL;
	int64_t boot_ms;

	if (s == NULL || !s->present[METRIC_WALLCLOCK])
		return;
	boot_ms = sample_booted_ms(s->time_ms, s->value[METRIC_WALLCLOCK]);
	if (n->back)
		came_back(n, boot_ms);
	n->boot_ms = boot_ms;
	if (n->vm.process.pid && s->time_ms - n->oom_ms >= OOM_MS) {
		n->oom_ms = s->time_ms;
		n->vm.oom_kills = host_oom_kills();
	}
}

void
flight_stopping(struct flight_node *n)
{
	if (n)
		n->stopping = true;
}

/* The callback may begin another one. */
static void
wait_for_job(struct flight_node *n)
{
	while (n->job)
		report_job_wait(n->job);
}

/* Nobody else runs on this loop any more: it may be waited. */
bool
flight_vm_ended(struct flight_node *n, int64_t patience_ms)
{
	int64_t began_ms = clock_now_ms();

	if (n == NULL || n->vm.process.pid == 0)
		return false;
	while (!process_is_gone(&n->vm.process) && dump_file_look(&n->vm.dump, now(n)) == DUMP_NONE) {
		if (clock_now_ms() - began_ms >= patience_ms)
			return false;
		usleep(INSIDE_PAUSE_US);
	}
	wait_for_job(n);
	if (!begin_end(n, NODE_UNREACHABLE, "the VM closed the pipe to its engine", true))
		return false;
	look(n, SETTLED_MS, SETTLED_MS);
	wait_for_job(n);
	return true;
}

void
flight_vm_dump(struct flight_node *n)
{
	while (!n->dump_done) {
		usleep(INSIDE_PAUSE_US);
		/* Its process ends last of all: a dump is there by then, or never will be. */
		look(n, now(n) - n->end.time_ms, n->end.process == PROCESS_GONE ? 0 : DUMP_APPEARS_MS);
	}
	wait_for_job(n);
}

/* ---- life --------------------------------------------------------------------------------------------------------------------- */

struct flight *
flight_new(struct event_base *base, const struct flight_options *options)
{
	struct flight *f = xcalloc(1, sizeof(*f));

	f->base = base;
	f->o = *options;
	f->folder = options->folder ? xstrdup(options->folder) : NULL;
	f->heads = xcalloc(REPORT_FILES_KEPT, sizeof(*f->heads));
	if (f->folder)
		f->head_count = report_files_list(f->folder, f->heads, REPORT_FILES_KEPT);
	return f;
}

struct flight_node *
flight_add(struct flight *f, struct engine *e, void *arg)
{
	struct flight_node *n = xcalloc(1, sizeof(*n));

	n->f = f;
	n->engine = e;
	n->arg = arg;
	n->timer = evtimer_new(f->base, on_timer, n);
	f->nodes = xreallocarray(f->nodes, f->count + 1, sizeof(struct flight_node *));
	f->nodes[f->count++] = n;
	return n;
}

/* What is still to be written is written, whoever else is at it: each is waited for. */
static void
close_node(struct flight_node *n)
{
	wait_for_job(n);
	n->settling = false;
	if (n->has_end && n->changed)
		start_job(n);
	wait_for_job(n);
	forget_report(n);
	event_free(n->timer);
	free(n);
}

void
flight_free(struct flight *f)
{
	if (f == NULL)
		return;
	f->closing = true;
	for (size_t i = 0; i < f->count; i++)
		if (f->nodes[i]->job)
			report_job_hurry(f->nodes[i]->job);
	for (size_t i = 0; i < f->count; i++)
		close_node(f->nodes[i]);
	free(f->nodes);
	free(f->heads);
	free(f->folder);
	free(f);
}

size_t
flight_reports(const struct flight *f, const struct report_head **heads)
{
	*heads = f ? f->heads : NULL;
	return f ? f->head_count : 0;
}

const char *
flight_folder(const struct flight *f)
{
	return f ? f->folder : NULL;
}
