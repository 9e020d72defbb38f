/* SPDX-License-Identifier: Apache-2.0 */
#include "os/watchdog.h"

#include <assert.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "os/clock.h"
#include "os/log.h"

#define BEAT_MS 500
#define WATCHDOG_MAX_FDS 1024

struct watchdog {
	struct event *beat;
	atomic_llong last_turn_us; /* when the loop last turned, monotonic */
	int64_t stall_us;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	bool stop;
	size_t fd_count;
	int fds[WATCHDOG_MAX_FDS];
};

static void
on_beat(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct watchdog *w = arg;

	atomic_store(&w->last_turn_us, clock_mono_us());
}

static void
cut_links(struct watchdog *w)
{
	for (size_t i = 0; i < w->fd_count; i++)
		shutdown(w->fds[i], SHUT_RDWR);
	if (w->fd_count)
		log_error("the loop has not turned for %d ms: cut %zu links, so that no watched node waits for us",
		    (int)(w->stall_us / 1000), w->fd_count);
	w->fd_count = 0;
}

static void
wait_a_beat(struct watchdog *w)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += BEAT_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&w->wake, &w->lock, &until);
}

static void *
run(void *arg)
{
	struct watchdog *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		wait_a_beat(w);
		if (!w->stop && clock_mono_us() - atomic_load(&w->last_turn_us) > w->stall_us)
			cut_links(w);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void
init_condition(struct watchdog *w)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
}

struct watchdog *
watchdog_new(struct event_base *base, int stall_ms)
{
	const struct timeval every = { 0, BEAT_MS * 1000 };
	struct watchdog *w = xcalloc(1, sizeof(*w));

	w->stall_us = (int64_t)stall_ms * 1000;
	atomic_init(&w->last_turn_us, clock_mono_us());
	pthread_mutex_init(&w->lock, NULL);
	init_condition(w);
	w->beat = event_new(base, -1, EV_PERSIST, on_beat, w);
	event_add(w->beat, &every);
	if (pthread_create(&w->thread, NULL, run, w) != 0) {
		log_error("no thread for the watchdog");
		abort();
	}
	return w;
}

void
watchdog_free(struct watchdog *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	event_free(w->beat);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void
watchdog_add(struct watchdog *w, int fd)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	assert(w->fd_count < WATCHDOG_MAX_FDS);
	w->fds[w->fd_count++] = fd;
	pthread_mutex_unlock(&w->lock);
}

void
watchdog_remove(struct watchdog *w, int fd)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->fd_count; i++)
		if (w->fds[i] == fd)
			w->fds[i--] = w->fds[--w->fd_count];
	pthread_mutex_unlock(&w->lock);
}
