/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/trail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define HOUR_MS 3600000
#define FIRST_ROOM 8

/* ---- tracks ---- */

void
track_init(struct track *t, const struct track_owner *owner)
{
	*t = (struct track) { .refs = 1, .owner = owner, .head_ms = INT64_MIN };
}

void
track_leave(struct track *t)
{
	if (t == NULL)
		return;
	t->owner->left(t);
	track_unref(t);
}

struct track *
track_ref(struct track *t)
{
	t->refs++;
	return t;
}

void
track_unref(struct track *t)
{
	if (--t->refs > 0)
		return;
	free(t->times);
	t->owner->free(t);
}

static void
remember(struct track *t, int64_t time_ms)
{
	if (t->count == TRAIL_TIMES) {
		memmove(t->times, t->times + 1, (TRAIL_TIMES - 1) * sizeof(*t->times));
		t->count--;
	} else if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : FIRST_ROOM;
		t->times = xrealloc(t->times, t->room * sizeof(*t->times));
	}
	t->times[t->count++] = time_ms;
}

double
track_rate(const struct track *t, const struct trail *trail, int64_t now_ms)
{
	int64_t since = t->count == TRAIL_TIMES ? t->times[0] : trail->began_ms;

	return (double)t->count / (double)(now_ms - since > HOUR_MS / 12 ? now_ms - since : HOUR_MS / 12);
}

/* ---- the ring of those that wait ---- */

static struct waiting *
waiting_at(const struct trail *t, size_t index)
{
	return &t->ring[(t->start + index) & (t->room - 1)]; /* room is a power of two */
}

const struct waiting *
trail_waiting(const struct trail *t, size_t index)
{
	return index < t->count ? waiting_at(t, index) : NULL;
}

static void
grow(struct trail *t)
{
	size_t room = t->room ? 2 * t->room : FIRST_ROOM;
	struct waiting *ring = xmalloc(room * sizeof(*ring));

	for (size_t i = 0; i < t->count; i++)
		ring[i] = *waiting_at(t, i);
	free(t->ring);
	t->ring = ring;
	t->room = room;
	t->start = 0;
}

static void
insert(struct trail *t, const struct waiting *w)
{
	size_t i = t->count++;

	for (; i > 0 && waiting_at(t, i - 1)->time_ms > w->time_ms; i--)
		*waiting_at(t, i) = *waiting_at(t, i - 1);
	*waiting_at(t, i) = *w;
}

void
trail_init(struct trail *t)
{
	memset(t, 0, sizeof(*t));
	t->scanned_ms = t->crowd_from_ms = t->crowd_to_ms = t->settled_ms = t->pace_ms = INT64_MIN;
}

void
trail_forget(struct trail *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct track *track = waiting_at(t, i)->track;

		track->waiting = track->present = 0;
		track->folded = 0;
		track_unref(track);
	}
	for (size_t i = 0; i < t->log_count; i++)
		track_unref(t->log[(t->log_start + i) % t->log_room].track);
	free(t->ring);
	free(t->log);
	trail_init(t);
}

void
trail_release(struct trail *t)
{
	trail_forget(t);
}

void
trail_add(struct trail *t, struct track *track, int64_t time_ms, uint64_t times)
{
	struct waiting w = { track, time_ms > t->scanned_ms ? time_ms : t->scanned_ms, times };

	if (t->began_ms == 0)
		t->began_ms = time_ms;
	if (track->waiting == TRAIL_FOLD) {
		track->folded += times;
		track->folded_ms = w.time_ms > track->folded_ms ? w.time_ms : track->folded_ms;
		return;
	}
	if (t->count == t->room)
		grow(t);
	track_ref(track);
	track->waiting++;
	insert(t, &w);
}

void
trail_take(struct trail *t, struct track *track, int64_t time_ms)
{
	for (size_t i = t->count; i > 0; i--) {
		struct waiting *w = waiting_at(t, i - 1);

		if (w->time_ms < time_ms)
			break;
		if (w->track == track && w->time_ms == time_ms && w->times > 0) {
			w->times--;
			return;
		}
	}
	track->folded -= track->folded > 0;
}

/* ---- crowds ---- */

static void
count_pace(struct trail *t, int64_t time_ms)
{
	if (t->pace_ms != INT64_MIN)
		t->pace *= exp(-(double)(time_ms - t->pace_ms) / HOUR_MS);
	t->pace++;
	t->pace_ms = time_ms;
}

static void
enter(struct trail *t, const struct waiting *w)
{
	if (w->track->present++ > 0)
		return;
	t->present++;
	count_pace(t, w->time_ms);
}

static void
leave(struct trail *t)
{
	t->present -= --waiting_at(t, t->behind++)->track->present == 0;
}

/* Those that are present are not what is usual. */
static bool
is_crowd(const struct trail *t)
{
	double usual = fmax(0, t->pace - t->present) * TRAIL_MINUTE_MS / HOUR_MS;

	return t->present >= TRAIL_CROWD + (unsigned)(TRAIL_CROWD_RATE * usual);
}

/* What is marked is one span: of two the earlier one has settled, or they touch. */
static void
mark_crowd(struct trail *t, int64_t from_ms, int64_t to_ms)
{
	if (from_ms > t->crowd_to_ms)
		t->crowd_from_ms = from_ms;
	t->crowd_to_ms = to_ms;
}

static void
scan(struct trail *t)
{
	const struct waiting *w = waiting_at(t, t->scanned++);

	enter(t, w);
	while (w->time_ms - waiting_at(t, t->behind)->time_ms > TRAIL_MINUTE_MS)
		leave(t);
	t->scanned_ms = w->time_ms;
	if (is_crowd(t))
		mark_crowd(t, waiting_at(t, t->behind)->time_ms, w->time_ms);
}

/* ---- settling ---- */

static void
keep_in_log(struct trail *t, struct track *track, int64_t time_ms)
{
	if (t->log_count == TRAIL_LOG) {
		track_unref(t->log[t->log_start].track);
		t->log_start = (t->log_start + 1) % t->log_room;
		t->log_count--;
	} else if (t->log_count == t->log_room) {
		t->log_room = t->log_room ? 2 * t->log_room : FIRST_ROOM;
		t->log = xrealloc(t->log, t->log_room * sizeof(*t->log));
	}
	t->log[(t->log_start + t->log_count++) % t->log_room] = (struct landmark) { time_ms, track_ref(track) };
}

static void
settle(struct trail *t, struct step *s)
{
	struct track *track = s->track;
	bool first = track->head_ms == INT64_MIN;

	s->crowded = s->time_ms >= t->crowd_from_ms && s->time_ms <= t->crowd_to_ms;
	s->head = s->times > 0 && (first || s->time_ms - track->head_ms >= TRAIL_HEAD_MS);
	t->settled_ms = s->time_ms;
	if (s->head && !s->crowded) {
		remember(track, s->time_ms);
		keep_in_log(t, track, s->time_ms);
		track->heads++;
		track->spells += first || s->time_ms - track->head_ms >= TRAIL_MINUTE_MS;
	}
	if (s->head)
		track->head_ms = s->time_ms;
	/* A flood settles in steps of TRAIL_SETTLED_MS: what comes right behind one is none of its own, or the flood would look regular. */
	if (s->last_ms > s->time_ms && s->last_ms > track->head_ms)
		track->head_ms = s->last_ms;
}

/* What was folded comes with the child's next one. */
static void
take_out(const struct waiting *w, struct step *out)
{
	struct track *track = w->track;

	*out = (struct step) { .track = track, .time_ms = w->time_ms, .last_ms = w->time_ms, .times = w->times };
	track->waiting--;
	if (track->folded == 0)
		return;
	out->times += track->folded;
	out->last_ms = track->folded_ms > out->last_ms ? track->folded_ms : out->last_ms;
	track->folded = 0;
}

static void
pop(struct trail *t, struct step *out)
{
	if (t->scanned == 0)
		scan(t);
	if (t->behind == 0)
		leave(t);
	take_out(waiting_at(t, 0), out);
	t->start = (t->start + 1) & (t->room - 1);
	t->count--;
	t->scanned--;
	t->behind--;
	settle(t, out);
}

bool
trail_next(struct trail *t, int64_t now_ms, struct step *out)
{
	while (t->scanned < t->count && now_ms - waiting_at(t, t->scanned)->time_ms >= TRAIL_SCANNED_MS)
		scan(t);
	if (t->count == 0 || (now_ms - waiting_at(t, 0)->time_ms < TRAIL_SETTLED_MS && t->count < TRAIL_WAITING)) {
		t->settled_ms = now_ms - TRAIL_SETTLED_MS > t->settled_ms ? now_ms - TRAIL_SETTLED_MS : t->settled_ms;
		return false;
	}
	pop(t, out);
	return true;
}

int64_t
trail_newest_ms(const struct trail *t)
{
	return t->count > 0 ? waiting_at(t, t->count - 1)->time_ms : t->settled_ms;
}

int64_t
trail_settled_ms(const struct trail *t)
{
	return t->settled_ms;
}

int64_t
trail_began_ms(const struct trail *t)
{
	return t->began_ms;
}

/* ---- the log ---- */

size_t
trail_log_count(const struct trail *t)
{
	return t->log_count;
}

const struct landmark *
trail_log(const struct trail *t, size_t index)
{
	return &t->log[(t->log_start + index) % t->log_room];
}

size_t
trail_find(const struct trail *t, int64_t time_ms)
{
	size_t low = 0, high = t->log_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (trail_log(t, middle)->time_ms < time_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
