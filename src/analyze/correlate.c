/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/correlate.h"

#include <math.h>
#include <string.h>

#include "analyze/odds.h"

#define ENOUGH (-2.5) /* log_p of a pattern, after all trials */
#define SAMPLE_DEFAULT_MS 5000

void
load_init(struct load *r, double floor)
{
	memset(r, 0, sizeof(*r));
	spikes_init(&r->spikes, floor);
	r->sample_ms = SAMPLE_DEFAULT_MS;
}

/* ---- the resource ---- */

static int64_t
moment_ms(const struct spike *s, enum moment m)
{
	return m == MOMENT_RISEN ? s->rise_ms : s->top_ms;
}

static void
keep_spike(struct load *r, const struct spike *s)
{
	const unsigned max = sizeof(r->wait) / sizeof(r->wait[0]);

	if (r->waiting == max) {
		memmove(r->wait, r->wait + 1, (max - 1) * sizeof(r->wait[0]));
		r->waiting--;
	}
	r->wait[r->waiting++] = *s;
}

void
load_feed(struct load *r, int64_t time_ms, double value)
{
	struct spike s;
	int64_t distance = time_ms - r->before_ms;

	if (!isfinite(value)) {
		spikes_gap(&r->spikes);
		return;
	}
	if (r->first_ms == 0)
		r->first_ms = time_ms;
	else if (distance <= 0)
		return;
	else if (distance > 10 * r->sample_ms)
		spikes_gap(&r->spikes);
	else
		r->sample_ms += (distance - r->sample_ms) / 4;
	r->before_ms = time_ms;
	if (spikes_feed(&r->spikes, time_ms, value, &s))
		keep_spike(r, &s);
}

bool
load_next(struct load *r, const struct trail *trail, struct spike *spike, uint64_t *number)
{
	if (r->waiting == 0 || r->wait[0].top_ms + CORRELATE_LAG_MS + r->sample_ms > trail_settled_ms(trail))
		return false;
	*spike = r->wait[0];
	*number = ++r->seen;
	r->covered_ms += (double)(CORRELATE_LAG_MS + 2 * r->sample_ms);
	r->waiting--;
	memmove(r->wait, r->wait + 1, r->waiting * sizeof(r->wait[0]));
	return true;
}

/* ---- hits ---- */

static bool
judge(const struct load *r, const struct spike *s, struct hit *h)
{
	bool any = false;

	for (int m = 0; m < MOMENT_COUNT; m++) {
		int64_t delay = h->time_ms - moment_ms(s, (enum moment)m);

		h->delay_ms[m] = (double)delay;
		h->by[m] = delay >= -r->sample_ms && delay <= CORRELATE_LAG_MS + r->sample_ms;
		any = any || h->by[m];
	}
	return any;
}

bool
correlate_hit(
    const struct load *r, const struct trail *trail, const struct spike *spike, size_t *index, struct hit *out)
{
	int64_t last_ms = spike->top_ms + CORRELATE_LAG_MS + r->sample_ms;

	if (*index == 0)
		*index = trail_find(trail, spike->rise_ms - r->sample_ms);
	while (*index < trail_log_count(trail)) {
		const struct landmark *l = trail_log(trail, (*index)++);

		if (l->time_ms > last_ms)
			break;
		*out = (struct hit) { .spike = spike, .track = l->track, .time_ms = l->time_ms };
		if (judge(r, spike, out))
			return true;
	}
	return false;
}

/* ---- what a child and a resource have to do with each other ---- */

static void
remember(struct correlation *c, const struct hit *h)
{
	if (c->count == CORRELATE_MEMORY)
		memmove(c->hit, c->hit + 1, --c->count * sizeof(c->hit[0]));
	c->hit[c->count].time_ms = h->time_ms;
	memcpy(c->hit[c->count++].by, h->by, sizeof(h->by));
	for (int m = 0; m < MOMENT_COUNT; m++)
		if (h->by[m]) {
			c->by[m]++;
			c->delay_ms[m] += h->delay_ms[m];
		}
}

/* Of the restarts that the trail remembers of the child: how many hit, and how many would by chance. */
static double
chance(const struct correlation *c, const struct load *r, const struct trail *trail, const struct track *t,
    int64_t until_ms)
{
	int64_t since = trail_began_ms(trail) > r->first_ms ? trail_began_ms(trail) : r->first_ms;
	double observed = (double)(until_ms - since), least = 0;

	for (int m = 0; m < MOMENT_COUNT; m++) {
		uint64_t hits = 0;

		for (unsigned i = 0; i < c->count; i++)
			hits += c->hit[i].by[m] && c->hit[i].time_ms >= t->times[0];
		if (hits >= CORRELATE_HITS)
			least = fmin(least, odds_log_tail(hits, t->count * fmin(1, r->covered_ms / observed)));
	}
	return least + log(MOMENT_COUNT * CORRELATE_SERIES);
}

void
correlation_add(struct correlation *c, const struct load *r, const struct trail *trail, const struct hit *h,
    int64_t now_ms, unsigned children)
{
	if (c->hits > 0 && h->number == c->last_spike)
		return;
	if (c->hits++ == 0) {
		c->first_ms = h->time_ms;
		c->first_spike = h->number;
	}
	c->lowest = c->hits == 1 ? h->spike->top : fmin(c->lowest, h->spike->top);
	c->last_ms = h->time_ms;
	c->last_spike = h->number;
	remember(c, h);
	c->log_p = fmin(c->log_p, chance(c, r, trail, h->track, h->spike->end_ms) + log(children > 1 ? children : 1));
	if (!c->found && c->log_p <= ENOUGH) {
		c->found = true;
		c->detected_ms = now_ms;
	}
}

bool
correlation_is_active(const struct correlation *c, const struct load *r)
{
	return c->found && r->seen < c->last_spike + CORRELATE_SILENT;
}

static enum moment
better(const struct correlation *c)
{
	return c->by[MOMENT_TOP] > c->by[MOMENT_RISEN] ? MOMENT_TOP : MOMENT_RISEN;
}

double
correlation_delay(const struct correlation *c)
{
	enum moment m = better(c);

	return c->by[m] ? c->delay_ms[m] / c->by[m] : 0;
}

double
correlation_fired(const struct correlation *c)
{
	return (double)c->hits / (double)(c->last_spike - c->first_spike + 1);
}
