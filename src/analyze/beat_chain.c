/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/beat_chain.h"

#include <math.h>
#include <string.h>

#include "analyze/trail.h"

#define FAR_BACK 9 /* restarts that may lie between two beats */
#define LEAST 4    /* beats of which anything can be said */
#define JITTER_MIN 0.004
#define JITTER_MAX 0.2

struct model {
	double period;
	double jitter;
	double missed; /* share of the beats */
	double others; /* other restarts in an interval */
};

/* What is usual; and as if so many restarts had said so, when it is estimated from a chain. */
static const struct model USUAL = { .jitter = 0.08, .missed = 0.15, .others = 0.25 };
#define AS_IF 4

struct chain {
	unsigned count; /* of beats */
	unsigned at[TRAIL_TIMES];
	double number[TRAIL_TIMES]; /* of the beat, the first is 0 */
};

/* ---- the likeliest chain ---- */

/* The parts of a link's gain that depend on the number of beats alone. */
struct prices {
	double link[BEAT_CHAIN_APART + 1];
	double precision[BEAT_CHAIN_APART + 1];
	double other, event, time;
};

static void
set_prices(struct prices *p, const struct model *m)
{
	double rate = 1 - m->missed + m->others;

	for (int k = 1; k <= BEAT_CHAIN_APART; k++) {
		double variance = fmin(m->jitter * m->jitter * k, 0.0625);

		p->precision[k] = 1 / (2 * variance);
		p->link[k] = (k - 1) * log(m->missed) + log(1 - m->missed) - log(2 * (double)M_PI * variance) / 2;
	}
	p->other = log(m->others);
	p->event = log(rate);
	p->time = rate - m->others;
}

/* gain of a beat i after a beat j, with x in intervals; -INFINITY: they are too far apart. */
static double
gain(const struct prices *p, const double *x, unsigned j, unsigned i)
{
	double distance = x[i] - x[j], error;
	int k = (int)(distance + 0.5); /* round() is a call, and this is the innermost loop */

	if (k < 1 || k > BEAT_CHAIN_APART)
		return -INFINITY;
	error = distance - k;
	return p->link[k] - error * error * p->precision[k] + (i - j - 1) * p->other - (i - j) * p->event +
	    p->time * distance;
}

static void
backtrack(struct chain *c, const double *x, const int *before, unsigned last)
{
	unsigned n = 0, i = last;

	c->at[n++] = i;
	while (before[i] >= 0)
		c->at[n++] = i = (unsigned)before[i];
	for (unsigned a = 0; a < n / 2; a++) {
		unsigned swap = c->at[a];

		c->at[a] = c->at[n - 1 - a];
		c->at[n - 1 - a] = swap;
	}
	c->count = n;
	c->number[0] = 0;
	for (unsigned a = 1; a < n; a++)
		c->number[a] = c->number[a - 1] + round(x[c->at[a]] - x[c->at[a - 1]]);
}

/* The best chain that ends at each restart. */
struct ends {
	double x[TRAIL_TIMES], best[TRAIL_TIMES];
	int before[TRAIL_TIMES];
	unsigned top;
};

static void
find_ends(const int64_t *times, unsigned count, const struct model *m, struct ends *e)
{
	struct prices p;

	set_prices(&p, m);
	e->top = 0;
	for (unsigned i = 0; i < count; i++) {
		e->x[i] = (double)(times[i] - times[0]) / m->period;
		e->best[i] = 0;
		e->before[i] = -1;
		for (unsigned j = i; j-- > 0 && i - j <= FAR_BACK && e->x[i] - e->x[j] < BEAT_CHAIN_APART + 0.5;) {
			double with = e->best[j] + gain(&p, e->x, j, i);

			if (with > e->best[i]) {
				e->best[i] = with;
				e->before[i] = (int)j;
			}
		}
		if (e->best[i] > e->best[e->top])
			e->top = i;
	}
}

static void
find_chain(const int64_t *times, unsigned count, const struct model *m, struct chain *c)
{
	struct ends e;

	find_ends(times, count, m, &e);
	backtrack(c, e.x, e.before, e.top);
}

double
beat_chain_guess(const int64_t *times, unsigned count, double period_ms)
{
	struct model m = USUAL;
	struct ends e;

	m.period = period_ms;
	find_ends(times, count, &m, &e);
	return e.best[e.top];
}

/* ---- what a chain says ---- */

struct fit {
	double period, start; /* of the line */
	double drifting;      /* mean square of the errors of intervals, as shares */
	double locked;        /* of beats */
	double beats, missed, others, span;
};

static void
fit_line(const int64_t *times, const struct chain *c, struct fit *f)
{
	double n = c->count, k = 0, t = 0, kk = 0, kt = 0, below;

	for (unsigned a = 0; a < c->count; a++) {
		double at = (double)(times[c->at[a]] - times[c->at[0]]);

		k += c->number[a];
		t += at;
		kk += c->number[a] * c->number[a];
		kt += c->number[a] * at;
	}
	below = n * kk - k * k;
	f->period = below > 0 ? (n * kt - k * t) / below : 1;
	f->start = (t - f->period * k) / n;
}

static void
fit_chain(const int64_t *times, const struct chain *c, struct fit *f)
{
	unsigned last = c->count - 1;

	fit_line(times, c, f);
	f->drifting = f->locked = 0;
	for (unsigned a = 0; a < c->count; a++) {
		double at = (double)(times[c->at[a]] - times[c->at[0]]);
		double error = (at - f->start) / f->period - c->number[a];

		f->locked += error * error;
		if (a > 0) {
			double k = c->number[a] - c->number[a - 1];

			error = (double)(times[c->at[a]] - times[c->at[a - 1]]) / f->period - k;
			f->drifting += error * error / k;
		}
	}
	f->beats = last;
	f->missed = c->number[last] - last;
	f->others = c->at[last] - c->at[0] - last;
	f->span = (double)(times[c->at[last]] - times[c->at[0]]) / f->period;
}

static double
shrunk(double squares, double n)
{
	double variance = (squares + AS_IF * USUAL.jitter * USUAL.jitter) / (n + AS_IF);

	return sqrt(fmin(fmax(variance, JITTER_MIN * JITTER_MIN), JITTER_MAX * JITTER_MAX));
}

static void
learn(struct model *m, const struct fit *f)
{
	m->period = f->period;
	m->jitter = shrunk(f->drifting, f->beats);
	m->missed = (f->missed + AS_IF * USUAL.missed) / (f->missed + f->beats + AS_IF);
	m->others = (f->others + AS_IF * USUAL.others) / (f->span + AS_IF);
}

static double
log_normals(double squares, double n, double jitter)
{
	return -n * log(2 * (double)M_PI * jitter * jitter) / 2 - squares / (2 * jitter * jitter);
}

/* xlogx: x log(x / of), which is 0 where x is. */
static double
xlogx(double x, double of)
{
	return x > 0 ? x * log(x / of) : 0;
}

/*
 * weigh is the log of the likelihood ratio of the chain, with the rates that are the most likely, per interval. What was chosen to suit (interval, jitter, two
 * rates) costs half a log n each (G. Schwarz, "Estimating the dimension of a model", 1978).
 */
static double
weigh(const struct fit *f, double burst, bool locked, double wide)
{
	double n = f->beats + f->others, all = f->beats + f->missed;
	double errors = locked ? log_normals(f->locked, f->beats, shrunk(f->locked, f->beats))
			       : log_normals(f->drifting, f->beats, shrunk(f->drifting, f->beats)) - wide;
	double come = xlogx(f->beats, all) + xlogx(f->missed, all), noise = xlogx(f->others, f->span) - f->others;
	double open = fmax(f->span - n * burst, f->span / 4);

	return come + errors + noise - (xlogx(n, open) - n) - 2 * log(n);
}

/* The errors of drifting intervals grow with their number of beats: half the sum of the logarithms. */
static double
widening(const struct chain *c)
{
	double sum = 0;

	for (unsigned a = 1; a < c->count; a++)
		sum += log(c->number[a] - c->number[a - 1]) / 2;
	return sum;
}

/* ---- a locked clock ---- */

/* Where beats are expected, and how far from there one is still taken for a beat. */
struct grid {
	double start, period;
	double worst; /* square of the error, in intervals */
};

/* A restart farther away is likelier to be another one, and its beat a missed one. */
static void
set_grid(struct grid *g, const int64_t *times, const struct chain *c, const struct fit *f)
{
	struct model m;
	double variance;

	learn(&m, f);
	variance = f->beats > 0 ? pow(shrunk(f->locked, f->beats), 2) : 0;
	g->start = (double)(times[c->at[0]] - times[0]) + f->start;
	g->period = f->period;
	g->worst = 2 * variance * log((1 - m.missed) / (m.missed * m.others * sqrt(2 * (double)M_PI * variance)));
}

/* put adds a restart as the beat of that number, unless the beat has a nearer one. */
static void
put(struct chain *c, unsigned i, double number, double error, double *nearest)
{
	if (c->count > 0 && c->number[c->count - 1] == number) {
		if (error >= *nearest)
			return;
		c->count--;
	}
	c->at[c->count] = i;
	c->number[c->count++] = number;
	*nearest = error;
}

/*
 * snap makes a chain of the restarts that are near the line, each beat's nearest, from the chain's ends on as far as it goes: what the errors of several
 * intervals add up to does not matter any more.
 */
static void
snap(const int64_t *times, unsigned count, const struct fit *f, struct chain *c)
{
	struct grid g;
	struct chain new = { .count = 0 };
	double nearest = 0;

	set_grid(&g, times, c, f);
	for (unsigned i = 0; i < count; i++) {
		double x = ((double)(times[i] - times[0]) - g.start) / g.period, k = round(x),
		       error = (x - k) * (x - k);

		if (error > g.worst)
			continue;
		if (new.count > 0 && k - new.number[new.count - 1] > BEAT_CHAIN_APART) {
			if (i > c->at[c->count - 1])
				break;
			if (i <= c->at[0])
				new.count = 0;
		}
		put(&new, i, k, error, &nearest);
	}
	for (unsigned a = new.count; a-- > 0;)
		new.number[a] -= new.number[0];
	if (new.count >= LEAST)
		*c = new;
}

/* ---- the better of the two ---- */

struct verdict {
	double evidence;
	bool locked;
	struct chain chain;
	struct fit fit;
};

static void
judge(struct verdict *best, const int64_t *times, const struct chain *c, double burst_ms)
{
	struct fit f;
	double evidence[2];

	fit_chain(times, c, &f);
	evidence[false] = weigh(&f, burst_ms / f.period, false, widening(c));
	evidence[true] = weigh(&f, burst_ms / f.period, true, 0);
	for (int locked = 0; locked < 2; locked++)
		if (best->chain.count == 0 || evidence[locked] > best->evidence)
			*best = (struct verdict) { evidence[locked], locked, *c, f };
}

static void
tell(const struct verdict *v, const int64_t *times, struct beat_chain *out)
{
	const struct chain *c = &v->chain;
	const struct fit *f = &v->fit;

	*out = (struct beat_chain) { .evidence = v->evidence,
		.period_ms = f->period,
		.jitter = shrunk(v->locked ? f->locked : f->drifting, f->beats),
		.locked = v->locked,
		.count = c->count,
		.missed = (unsigned)f->missed,
		.first_ms = times[c->at[0]],
		.last_ms = times[c->at[c->count - 1]] };
}

void
beat_chain_find(const int64_t *times, unsigned count, double period_ms, double burst_ms, struct beat_chain *out)
{
	struct model m = USUAL;
	struct verdict best = { .evidence = 0 };
	struct chain c;
	struct fit f;

	memset(out, 0, sizeof(*out));
	m.period = period_ms;
	for (int pass = 0; pass < 2; pass++) {
		find_chain(times, count, &m, &c);
		if (c.count < LEAST)
			return;
		fit_chain(times, &c, &f);
		learn(&m, &f);
	}
	judge(&best, times, &c, burst_ms);
	for (int pass = 0; pass < 3; pass++) {
		snap(times, count, &f, &c);
		fit_chain(times, &c, &f);
	}
	judge(&best, times, &c, burst_ms);
	tell(&best, times, out);
}
