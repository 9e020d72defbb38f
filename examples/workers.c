/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that keeps worker processes alive, and lets libarsenal watch them: each interval a sample of the machine and of the
 * workers, each restart as it happens. It prints the events as they come, and at the end what was found, the health and the statistics.
 *
 *	cc workers.c $(pkg-config --cflags --libs arsenal) -o workers
 *	./workers --seconds 5
 *
 * The workers are for show: three do their work, one fails by a schedule, one is killed now and then.
 */
#define _POSIX_C_SOURCE 200809L
#include <arsenal.h>

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SUPERVISOR "workers"
#define CPUS_MAX 256
/* The pause before a restart doubles with each failure, and is the shortest again for a worker that lived long enough. */
#define PAUSE_MIN_MS 50
#define PAUSE_MAX_MS 2000
#define HEALTHY_AFTER_MS 5000

enum fate { STEADY, FAILS, IS_KILLED };

struct worker {
	const char *name;
	enum fate fate;
	int lives_ms; /* until its fate */
	pid_t pid;    /* 0: it waits for its restart */
	int64_t started_ms;
	int64_t due_ms; /* of the restart */
	int64_t pause_ms;
	char reason[64]; /* why it ended */
	pid_t ended;     /* the process that did */
	unsigned restarts;
	double cpu_ticks; /* at the last sample */
};

static struct worker workers[] = {
	{ .name = "http_1", .fate = STEADY },
	{ .name = "http_2", .fate = STEADY },
	{ .name = "index", .fate = STEADY },
	{ .name = "mailer", .fate = FAILS, .lives_ms = 100 },
	{ .name = "thumbnails", .fate = IS_KILLED, .lives_ms = 1500 },
};

#define WORKER_COUNT ((int)(sizeof(workers) / sizeof(workers[0])))

/* Monotonic time, counted from the time of day at the start: it never goes back. */
static int64_t
now_ms(void)
{
	static int64_t offset_ms;
	struct timespec mono, real;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	if (offset_ms == 0) {
		clock_gettime(CLOCK_REALTIME, &real);
		offset_ms = (real.tv_sec - mono.tv_sec) * INT64_C(1000);
	}
	return offset_ms + mono.tv_sec * INT64_C(1000) + mono.tv_nsec / 1000000;
}

/* must ends the program where libarsenal refuses what it is given: here that is always a mistake of ours. */
static void
must(struct arsenal *a, int code)
{
	if (code == ARSENAL_OK)
		return;
	fprintf(stderr, "workers: %s: %s\n", arsenal_strerror(code), arsenal_last_error(a));
	exit(1);
}

/* ---- the workers ---- */

static void
work(const struct worker *w)
{
	struct timespec rest = { 0, 20000000 };
	int64_t until = now_ms() + w->lives_ms;

	while (w->fate == STEADY || now_ms() < until)
		nanosleep(&rest, NULL);
	if (w->fate == FAILS)
		_exit(3);
	raise(SIGKILL);
}

static bool
start_worker(struct worker *w)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid < 0) {
		snprintf(w->reason, sizeof(w->reason), "fork: %s", strerror(errno));
		return false;
	}
	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		work(w);
		_exit(0);
	}
	w->pid = pid;
	w->started_ms = now_ms();
	w->cpu_ticks = 0;
	return true;
}

static struct worker *
find_worker(pid_t pid)
{
	for (int i = 0; i < WORKER_COUNT; i++)
		if (workers[i].pid == pid)
			return &workers[i];
	return NULL;
}

static void
note_end(struct worker *w, int status)
{
	int64_t now = now_ms();

	if (WIFSIGNALED(status))
		snprintf(w->reason, sizeof(w->reason), "signal %d", WTERMSIG(status));
	else
		snprintf(w->reason, sizeof(w->reason), "exit status %d", WEXITSTATUS(status));
	if (w->pause_ms == 0 || now - w->started_ms >= HEALTHY_AFTER_MS)
		w->pause_ms = PAUSE_MIN_MS;
	else
		w->pause_ms = w->pause_ms * 2 < PAUSE_MAX_MS ? w->pause_ms * 2 : PAUSE_MAX_MS;
	w->due_ms = now + w->pause_ms;
	w->ended = w->pid;
	w->pid = 0;
}

static void
collect_ended(void)
{
	struct worker *w;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if ((w = find_worker(pid)) != NULL)
			note_end(w, status);
}

/* ---- what libarsenal is told of them ---- */

static void
report_restart(struct arsenal *a, const struct worker *w, bool done)
{
	struct arsenal_restart_report r = { .supervisor = SUPERVISOR, .child = w->name, .reason = w->reason };
	char pid[24];

	snprintf(pid, sizeof(pid), "%ld", (long)w->ended);
	r.pid = pid;
	r.restart_type = "permanent";
	r.kind = done ? ARSENAL_RESTART_DONE : ARSENAL_RESTART_FAILED;
	must(a, arsenal_restart(a, now_ms(), &r, sizeof(r)));
}

static void
restart_due(struct arsenal *a)
{
	for (int i = 0; i < WORKER_COUNT; i++) {
		struct worker *w = &workers[i];
		bool done;

		if (w->pid != 0 || now_ms() < w->due_ms)
			continue;
		done = start_worker(w);
		w->restarts += done;
		w->due_ms = now_ms() + PAUSE_MAX_MS; /* if it did not start */
		report_restart(a, w, done);
	}
}

/* CPU times of the machine, in clock ticks: libarsenal makes the utilization of them. */
static void
sample_cpus(struct arsenal *a)
{
	FILE *f = fopen("/proc/stat", "r");
	char line[512];
	int cpu = 0;

	while (f && cpu < CPUS_MAX && fgets(line, sizeof(line), f)) {
		uint64_t t[8] = { 0 }, all = 0;

		if (sscanf(line,
			"cpu%*d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			" %" SCNu64,
			&t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) < 5)
			continue;
		for (int i = 0; i < 8; i++)
			all += t[i];
		if (all > 0)
			must(a, arsenal_sample_scheduler(a, cpu++, all - t[3] - t[4], all));
	}
	if (f)
		fclose(f);
}

static void
sample_memory(struct arsenal *a)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[256];
	double kib;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemTotal: %lf", &kib) == 1)
			must(a, arsenal_sample_set(a, "memory_limit", kib * 1024));
		if (sscanf(line, "MemAvailable: %lf", &kib) == 1)
			must(a, arsenal_sample_set(a, "memory_available", kib * 1024));
	}
	if (f)
		fclose(f);
}

/* process_rss is a process's memory in bytes, NaN if it cannot be had. */
static double
process_rss(pid_t pid)
{
	char path[64];
	double pages = NAN;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/statm", (long)pid);
	f = fopen(path, "r");
	if (f == NULL || fscanf(f, "%*f %lf", &pages) != 1)
		pages = NAN;
	if (f)
		fclose(f);
	return pages * (double)sysconf(_SC_PAGESIZE);
}

/* process_ticks is a process's CPU time in clock ticks, NaN if it cannot be had. The program's name, in parentheses, may hold anything. */
static double
process_ticks(pid_t pid)
{
	double user, system, ticks = NAN;
	char path[64], line[1024];
	const char *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f) && (end = strrchr(line, ')')) != NULL &&
	    sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lf %lf", &user, &system) == 2)
		ticks = user + system;
	if (f)
		fclose(f);
	return ticks;
}

static double
sample_worker(struct arsenal *a, struct worker *w, double seconds)
{
	double ticks = process_ticks(w->pid), rss = process_rss(w->pid);
	struct arsenal_process p = { .name = w->name, .memory = rss, .queue_len = NAN };
	char pid[24];

	snprintf(pid, sizeof(pid), "%ld", (long)w->pid);
	p.pid = pid;
	p.initial_call = SUPERVISOR;
	p.reductions = fmax(0, ticks - w->cpu_ticks) / seconds;
	w->cpu_ticks = isnan(ticks) ? w->cpu_ticks : ticks;
	must(a, arsenal_sample_process(a, &p, sizeof(p)));
	return isnan(rss) ? 0 : rss;
}

static void
sample(struct arsenal *a, double seconds)
{
	double rss = 0;
	int running = 0;

	must(a, arsenal_sample_begin(a));
	sample_cpus(a);
	sample_memory(a);
	for (int i = 0; i < WORKER_COUNT; i++) {
		if (workers[i].pid == 0)
			continue;
		running++;
		rss += sample_worker(a, &workers[i], seconds);
	}
	must(a, arsenal_sample_set(a, "process_count", running));
	must(a, arsenal_sample_set(a, "rss_bytes", rss));
	must(a, arsenal_sample_submit(a, now_ms()));
}

/* ---- what libarsenal says ---- */

static void
print_events(struct arsenal *a)
{
	struct arsenal_event *ev;

	while ((ev = arsenal_next_event(a)) != NULL) {
		char *text;

		if (arsenal_event_text(ev, &text) == ARSENAL_OK)
			printf("%s\n", text);
		arsenal_string_free(text);
		arsenal_event_free(ev);
	}
	fflush(stdout);
}

/* The callback form, with a filter: what would wake someone up. */
static bool
is_severe(const struct arsenal_event *ev, void *arg)
{
	(void)arg;
	return arsenal_event_severity(ev) == ARSENAL_HIGH;
}

static void
page_someone(const struct arsenal_event *ev, void *arg)
{
	unsigned *pages = arg;

	(void)ev;
	(*pages)++;
}

static void
print_json(struct arsenal *a, const char *what, int code, char *text)
{
	must(a, code);
	printf("%s %s\n", what, text);
	arsenal_string_free(text);
}

/* Each worker's restarts, as counted here and there. */
static void
print_counts(struct arsenal *a)
{
	struct arsenal_child child;
	struct arsenal_restart_stats stats;

	must(a, arsenal_get_restarts(a, now_ms(), NULL, &stats, sizeof(stats)));
	for (unsigned i = 0; i < stats.child_count; i++) {
		must(a, arsenal_get_child(a, now_ms(), SUPERVISOR, i, &child, sizeof(child)));
		for (int k = 0; k < WORKER_COUNT; k++)
			if (strcmp(workers[k].name, child.child) == 0)
				printf("restarts %s %" PRIu64 " (own count %u)\n", child.child, child.restarts,
				    workers[k].restarts);
	}
}

/* What the restarts have in common, who will fail next, and what runs out: a line for a person each. */
static void
print_findings(struct arsenal *a)
{
	struct arsenal_pattern patterns[8];
	struct arsenal_prediction predictions[8];
	struct arsenal_capacity capacity[8];
	size_t count = 8;

	must(a, arsenal_get_patterns(a, now_ms(), patterns, sizeof(patterns[0]), &count));
	for (size_t i = 0; i < count; i++)
		printf("pattern %s %s: %s\n", patterns[i].child, arsenal_pattern_type_name(patterns[i].type),
		    patterns[i].text);
	count = 8;
	must(a, arsenal_get_predictions(a, now_ms(), predictions, sizeof(predictions[0]), &count));
	for (size_t i = 0; i < count; i++)
		printf("prediction %s: %s\n", arsenal_prediction_type_name(predictions[i].type), predictions[i].text);
	count = 8;
	must(a, arsenal_get_capacity(a, now_ms(), capacity, sizeof(capacity[0]), &count));
	for (size_t i = 0; i < count; i++)
		printf("capacity %s\n", capacity[i].text);
}

static void
print_end(struct arsenal *a, unsigned pages)
{
	char *text;
	int code;

	print_counts(a);
	print_findings(a);
	printf("pages %u\n", pages);
	code = arsenal_health_json(a, now_ms(), &text);
	print_json(a, "health", code, text);
	code = arsenal_restarts_json(a, now_ms(), NULL, &text);
	print_json(a, "restarts", code, text);
	code = arsenal_stats_json(a, now_ms(), &text);
	print_json(a, "stats", code, text);
}

/* ---- the program ---- */

static struct arsenal *
new_arsenal(int64_t interval_ms)
{
	static const struct arsenal_levels levels[] = { { "restarts", 3, 20 } };
	struct arsenal_options o;
	char err[256];
	struct arsenal *a;

	arsenal_options_init(&o, sizeof(o));
	o.interval_ms = interval_ms;
	o.levels = levels;
	o.level_count = 1;
	a = arsenal_new("workers.example", &o, err, sizeof(err));
	if (a == NULL) {
		fprintf(stderr, "workers: %s\n", err);
		exit(1);
	}
	return a;
}

/* run until the time has come, or a signal to end. */
static void
run(struct arsenal *a, const sigset_t *signals, int64_t end_ms, int64_t interval_ms)
{
	int64_t next_ms = now_ms(), before_ms = next_ms - interval_ms;
	struct timespec rest = { 0, 20000000 };
	int sig;

	do {
		collect_ended();
		restart_due(a);
		if (now_ms() >= next_ms) {
			int64_t now = now_ms();

			sample(a, (double)(now - before_ms) / 1000);
			before_ms = now;
			next_ms = now + interval_ms;
		}
		print_events(a);
		sig = sigtimedwait(signals, NULL, &rest);
	} while (now_ms() < end_ms && sig != SIGTERM && sig != SIGINT);
}

static void
stop_workers(void)
{
	for (int i = 0; i < WORKER_COUNT; i++)
		if (workers[i].pid > 0)
			kill(workers[i].pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static long
number(const char *text, long max)
{
	char *end;
	long v = text ? strtol(text, &end, 10) : 0;

	if (v < 1 || v > max || *end) {
		fprintf(stderr, "usage: workers [--seconds N] [--interval MS]\n");
		exit(2);
	}
	return v;
}

int
main(int argc, char **argv)
{
	long seconds = 5, interval_ms = 500;
	unsigned pages = 0, id;
	struct arsenal *a;
	sigset_t signals;

	for (int i = 1; i < argc; i += 2) {
		if (strcmp(argv[i], "--seconds") == 0)
			seconds = number(argv[i + 1], 1000000);
		else if (strcmp(argv[i], "--interval") == 0)
			interval_ms = number(argv[i + 1], 60000);
		else
			number(NULL, 0);
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	a = new_arsenal(interval_ms);
	must(a, arsenal_subscribe_callback(a, ARSENAL_EVENTS_ALL, is_severe, page_someone, &pages, &id));
	for (int i = 0; i < WORKER_COUNT; i++)
		start_worker(&workers[i]); /* one that does not start is due for its restart */
	run(a, &signals, now_ms() + seconds * 1000, interval_ms);
	stop_workers();
	print_end(a, pages);
	arsenal_free(a);
	return 0;
}
