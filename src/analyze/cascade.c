/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/cascade.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/odds.h"
#include "analyze/succession.h"
#include "base/alloc.h"

#define NEIGHBOURS 12         /* that failed before: more of them are no sequence */
#define ENOUGH (-4.0)         /* log_p of a cascade, after all trials */
#define ENOUGH_FOR_TWO (-7.0) /* two that are near each other are seen again and again, however long one looks */
#define SUSPICION (-5.0)      /* of a pair, before them */
#define JOINS (-3.0)          /* of a further member, times the children */
#define ROUNDS_MAX 256        /* looked at while growing */
#define GROWN_LOOKS 8         /* each such round it is looked who belongs to it */
#define OVERDUE 5             /* mean distances of rounds */

/* ---- rounds ---- */

struct round {
	int64_t first_ms, last_ms;
	int64_t at_ms[CASCADE_MEMBERS]; /* of each member that was present */
	unsigned present;               /* bit set */
};

struct growth {
	const struct trail *trail;
	struct track *members[CASCADE_MEMBERS];
	unsigned count;
	int64_t time_ms; /* of the newest restart: when things are found must not depend on when they are looked at */
	int64_t now_ms;
	unsigned children;
	struct round *rounds;
	unsigned round_count;
	double log_p;
};

static int
index_in(struct track *const *members, unsigned count, const struct track *t)
{
	for (unsigned i = 0; i < count; i++)
		if (members[i] == t)
			return (int)i;
	return -1;
}

static bool
is_round(const struct round *r)
{
	return (r->present & (r->present - 1)) != 0;
}

/* A member that fails again begins another round. */
static bool
belongs(const struct round *r, unsigned member, int64_t time_ms)
{
	return !(r->present & 1u << member) && time_ms - r->first_ms <= CASCADE_ROUND_MS &&
	    time_ms - r->last_ms <= CASCADE_LINK_MS;
}

/* end_round keeps the round that went on, if it is one. A full list lets its older half go. */
static struct round *
end_round(struct growth *g)
{
	g->round_count += is_round(&g->rounds[g->round_count]);
	if (g->round_count == ROUNDS_MAX) {
		g->round_count = ROUNDS_MAX / 2;
		memcpy(g->rounds, g->rounds + g->round_count, g->round_count * sizeof(g->rounds[0]));
	}
	g->rounds[g->round_count].present = 0;
	return &g->rounds[g->round_count];
}

/* The round that goes on is the last one of the list. */
static void
add_to_round(struct growth *g, unsigned member, int64_t time_ms)
{
	struct round *r = &g->rounds[g->round_count];

	if (r->present && !belongs(r, member, time_ms))
		r = end_round(g);
	if (r->present == 0)
		r->first_ms = time_ms;
	r->at_ms[member] = r->last_ms = time_ms;
	r->present |= 1u << member;
}

static void
find_rounds(struct growth *g)
{
	size_t n = trail_log_count(g->trail);

	g->round_count = 0;
	g->rounds[0].present = 0;
	for (size_t i = 0; i < n; i++) {
		const struct landmark *l = trail_log(g->trail, i);
		int member = index_in(g->members, g->count, l->track);

		if (member >= 0)
			add_to_round(g, (unsigned)member, l->time_ms);
	}
	g->round_count += is_round(&g->rounds[g->round_count]);
}

/* ---- growing ---- */

/* Who was near rounds: a child, and in how many of them, within each of the spans around their beginnings. */
static const int64_t NEAR_MS[][2] = { { -1000, 1000 }, { 0, 40000 }, { -CASCADE_LINK_MS, CASCADE_ROUND_MS } };
#define NEAR (sizeof(NEAR_MS) / sizeof(NEAR_MS[0]))
#define CANDIDATES 64

struct candidate {
	struct track *track;
	uint64_t hits[NEAR];
	unsigned seen[NEAR]; /* round it was counted in last, from 1 */
};

static struct candidate *
candidate_of(struct candidate *all, unsigned *count, struct track *t)
{
	for (unsigned i = 0; i < *count; i++)
		if (all[i].track == t)
			return &all[i];
	if (*count == CANDIDATES)
		return NULL;
	all[*count] = (struct candidate) { .track = t };
	return &all[(*count)++];
}

static void
note(struct candidate *c, unsigned round, int64_t offset_ms)
{
	for (size_t s = 0; s < NEAR; s++)
		if (offset_ms >= NEAR_MS[s][0] && offset_ms <= NEAR_MS[s][1] && c->seen[s] != round) {
			c->seen[s] = round;
			c->hits[s]++;
		}
}

static unsigned
gather(const struct growth *g, struct candidate *all)
{
	unsigned count = 0;

	for (unsigned r = 0; r < g->round_count; r++) {
		int64_t from_ms = g->rounds[r].first_ms - CASCADE_LINK_MS,
			to_ms = g->rounds[r].first_ms + CASCADE_ROUND_MS;

		for (size_t i = trail_find(g->trail, from_ms); i < trail_log_count(g->trail); i++) {
			const struct landmark *l = trail_log(g->trail, i);
			struct candidate *c;

			if (l->time_ms > to_ms)
				break;
			if (index_in(g->members, g->count, l->track) >= 0)
				continue;
			c = candidate_of(all, &count, l->track);
			if (c)
				note(c, r + 1, l->time_ms - g->rounds[r].first_ms);
		}
	}
	return count;
}

/* candidate_chance: that it was present in so many rounds by chance, times the spans and the children. */
static double
candidate_chance(const struct growth *g, const struct candidate *c)
{
	double rate = track_rate(c->track, g->trail, g->time_ms), least = 0;

	for (size_t s = 0; s < NEAR; s++)
		if (c->hits[s] >= 2 && 3 * c->hits[s] >= g->round_count)
			least = fmin(least,
			    odds_log_tail(c->hits[s], g->round_count * rate * (double)(NEAR_MS[s][1] - NEAR_MS[s][0])));
	return least + log(NEAR) + log(g->children);
}

static bool
grow_by_one(struct growth *g)
{
	struct candidate *all = xcalloc(CANDIDATES, sizeof(*all)), *best = NULL;
	unsigned count = gather(g, all);
	double least = JOINS;

	for (unsigned i = 0; i < count; i++) {
		double log_p = candidate_chance(g, &all[i]);

		if (log_p < least) {
			least = log_p;
			best = &all[i];
		}
	}
	if (best) {
		g->members[g->count++] = best->track;
		g->log_p += least;
	}
	free(all);
	return best != NULL;
}

static void
grow(struct growth *g)
{
	if (g->rounds == NULL)
		g->rounds = xmalloc((ROUNDS_MAX + 1) * sizeof(*g->rounds));
	find_rounds(g);
	while (g->round_count >= CASCADE_ROUNDS && g->count < CASCADE_MEMBERS && grow_by_one(g))
		find_rounds(g);
}

/* ---- order and root ---- */

static int
by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values, unsigned count)
{
	if (count == 0)
		return 0;
	qsort(values, count, sizeof(*values), by_number);
	return values[count / 2];
}

static double
median_delay(const struct growth *g, unsigned member)
{
	double delays[ROUNDS_MAX];
	unsigned n = 0;

	for (unsigned r = 0; r < g->round_count; r++)
		if (g->rounds[r].present & 1u << member)
			delays[n++] = (double)(g->rounds[r].at_ms[member] - g->rounds[r].first_ms);
	return median(delays, n);
}

/* Rounds of several begin with the root; who is first in most of them is taken for it. */
static unsigned
root_of(const struct growth *g)
{
	unsigned first[CASCADE_MEMBERS] = { 0 }, root = 0;

	for (unsigned r = 0; r < g->round_count; r++)
		for (unsigned m = 0; m < g->count; m++)
			first[m] += (g->rounds[r].present & 1u << m) && g->rounds[r].at_ms[m] == g->rounds[r].first_ms;
	for (unsigned m = 1; m < g->count; m++)
		if (first[m] > first[root])
			root = m;
	return root;
}

static void
set_order(struct growth *g, struct cascade *c)
{
	double delays[CASCADE_MEMBERS];
	unsigned root = root_of(g);

	for (unsigned m = 0; m < g->count; m++) {
		double delay = m == root ? -1 : median_delay(g, m);
		unsigned i = m;

		for (; i > 0 && delays[i - 1] > delay; i--) {
			delays[i] = delays[i - 1];
			c->members[i] = c->members[i - 1];
		}
		delays[i] = delay;
		c->members[i] = g->members[m];
	}
	c->count = g->count;
}

static double
median_span(const struct growth *g)
{
	double spans[ROUNDS_MAX];

	for (unsigned r = 0; r < g->round_count; r++)
		spans[r] = (double)(g->rounds[r].last_ms - g->rounds[r].first_ms);
	return median(spans, g->round_count);
}

/* ---- the patterns ---- */

void
cascade_free(struct cascade *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->count; i++)
		track_unref(c->members[i]);
	free(c);
}

void
cascades_release(struct cascades *c)
{
	for (size_t i = 0; i < c->count; i++)
		cascade_free(c->all[i]);
	c->count = 0;
}

/* present_in: who was in a round, by the new order. */
static unsigned
present_in(const struct cascade *c, const struct growth *g, const struct round *r)
{
	unsigned present = 0;

	for (unsigned m = 0; m < g->count; m++)
		if (r->present & 1u << m)
			present |= 1u << index_in(c->members, c->count, g->members[m]);
	return present;
}

static void
take_over(struct cascade *c, struct growth *g)
{
	struct track *before[CASCADE_MEMBERS];
	unsigned count = c->count;
	const struct round *last = &g->rounds[g->round_count - 1];

	memcpy(before, c->members, sizeof(before));
	set_order(g, c);
	for (unsigned i = 0; i < c->count; i++)
		track_ref(c->members[i]);
	for (unsigned i = 0; i < count; i++)
		track_unref(before[i]);
	c->log_p = fmin(c->log_p, g->log_p);
	c->delay_ms = median_span(g);
	c->rounds = c->rounds > g->round_count ? c->rounds : g->round_count;
	c->first_ms = count == 0 || g->rounds[0].first_ms < c->first_ms ? g->rounds[0].first_ms : c->first_ms;
	c->last_ms = last->last_ms;
	c->round_ms = last->first_ms;
	c->present = present_in(c, g, last);
	c->counted = true;
}

static struct cascade *
make_room(struct cascades *c)
{
	size_t oldest = 0;
	struct cascade *ended;

	if (c->count < CASCADES_MAX)
		return NULL;
	for (size_t i = 1; i < c->count; i++)
		if (c->all[i]->last_ms < c->all[oldest]->last_ms)
			oldest = i;
	ended = c->all[oldest];
	c->all[oldest] = c->all[--c->count];
	return ended;
}

static double
pairs(const struct growth *g)
{
	return log(g->children) + log(g->children > 1 ? g->children - 1 : 1);
}

/* look_again grows a cascade from the members that it has. Each further round speaks for it: how often others follow the root. */
static void
look_again(struct cascade *c, struct growth *g)
{
	memcpy(g->members, c->members, sizeof(g->members));
	g->count = c->count;
	g->log_p = c->log_p;
	for (unsigned i = 1; i < c->count; i++)
		g->log_p =
		    fmin(g->log_p, succession_chance(c->members[0], c->members[i], g->trail, g->time_ms) + pairs(g));
	grow(g);
	if (g->round_count >= CASCADE_ROUNDS)
		take_over(c, g);
}

static void
look_anew(
    struct cascades *all, struct growth *g, struct track *a, struct track *b, double log_p, struct cascade **ended)
{
	struct cascade *c;

	g->members[0] = a;
	g->members[1] = b;
	g->count = 2;
	g->log_p = log_p + pairs(g);
	grow(g);
	if (g->round_count < CASCADE_ROUNDS || g->log_p > (g->count > 2 ? ENOUGH : ENOUGH_FOR_TWO))
		return;
	*ended = make_room(all);
	c = xcalloc(1, sizeof(*c));
	c->detected_ms = g->now_ms;
	take_over(c, g);
	all->all[all->count++] = c;
}

/* count_round notes that a member failed. True when that makes a round. */
static bool
count_round(struct cascade *c, unsigned member, int64_t time_ms)
{
	bool goes_on = c->present && !(c->present & 1u << member) && time_ms - c->round_ms <= CASCADE_ROUND_MS;

	if (!goes_on) {
		c->present = 0;
		c->round_ms = time_ms;
		c->counted = false;
	}
	c->present |= 1u << member;
	if (!(c->present & (c->present - 1)))
		return false;
	c->last_ms = time_ms;
	if (c->counted)
		return false;
	c->counted = true;
	c->rounds++;
	return true;
}

static struct cascade *
with_both(struct cascades *all, const struct track *a, const struct track *b)
{
	for (size_t i = 0; i < all->count; i++)
		if (index_in(all->all[i]->members, all->all[i]->count, a) >= 0 &&
		    (b == NULL || index_in(all->all[i]->members, all->all[i]->count, b) >= 0))
			return all->all[i];
	return NULL;
}

/* Those that failed shortly before, each once; 0 if they are too many to be a sequence. */
static unsigned
neighbours(const struct trail *trail, const struct step *s, struct track **out)
{
	unsigned count = 0;

	for (size_t i = trail_find(trail, s->time_ms - CASCADE_LINK_MS); i < trail_log_count(trail); i++) {
		struct track *t = trail_log(trail, i)->track;

		if (t == s->track || index_in(out, count, t) >= 0)
			continue;
		if (count == NEIGHBOURS)
			return 0;
		out[count++] = t;
	}
	return count;
}

static void
look_around(struct cascades *all, struct growth *g, struct track *b, struct track *const *near, unsigned count,
    struct cascade **ended)
{
	struct track *best = NULL;
	double least = SUSPICION;

	for (unsigned i = 0; i < count; i++) {
		double log_p = with_both(all, near[i], b) ? 0 : succession_chance(near[i], b, g->trail, g->time_ms);

		if (log_p < least) {
			least = log_p;
			best = near[i];
		}
	}
	if (best == NULL)
		return;
	if (with_both(all, best, NULL))
		look_again(with_both(all, best, NULL), g);
	else if (with_both(all, b, NULL))
		look_again(with_both(all, b, NULL), g);
	else
		look_anew(all, g, best, b, least, ended);
}

void
cascades_look(struct cascades *c, const struct trail *trail, const struct step *s, int64_t now_ms, unsigned children,
    struct cascade **ended)
{
	struct track *near[NEIGHBOURS];
	unsigned count = neighbours(trail, s, near);
	struct growth g = {
		.trail = trail, .time_ms = s->time_ms, .now_ms = now_ms, .children = children > 2 ? children : 2
	};

	*ended = NULL;
	if (count == 0 && with_both(c, s->track, NULL) == NULL)
		return;
	for (size_t i = 0; i < c->count; i++) {
		int member = index_in(c->all[i]->members, c->all[i]->count, s->track);

		if (member >= 0 && count_round(c->all[i], (unsigned)member, s->time_ms) &&
		    (c->all[i]->rounds < 4 * GROWN_LOOKS || c->all[i]->rounds % GROWN_LOOKS == 0))
			look_again(c->all[i], &g);
	}
	look_around(c, &g, s->track, near, count, ended);
	free(g.rounds);
}

bool
cascade_is_active(const struct cascade *c, int64_t now_ms)
{
	double mean = (double)(c->last_ms - c->first_ms) / (double)(c->rounds > 1 ? c->rounds - 1 : 1);

	return (double)(now_ms - c->last_ms) <= OVERDUE * mean;
}
