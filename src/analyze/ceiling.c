/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/ceiling.h"

#include <assert.h>
#include <math.h>

/* A maximum fades by 0.0005 a sample: by what a block's samples come to at its end, and linearly until then. */
#define FADE 0.0005

static const struct {
	unsigned samples, rank;
	double fade;
} KINDS[CEILING_KINDS] = {
	[CEILING_SHORT] = { CEILING_SHORT_BLOCK, CEILING_SHORT_RANK, 0.9910381481909836 /* 0.9995^18 */ },
	[CEILING_LONG] = { CEILING_LONG_BLOCK, CEILING_LONG_RANK, 0.9753038143277889 /* 0.9995^50 */ },
};

/* level is the k-th largest, 0 while there are fewer. */
static double
level(const struct maxima *m, enum ceiling_kind kind)
{
	return m->known < KINDS[kind].rank ? 0 : m->top[KINDS[kind].rank - 1] * (1 - FADE * m->samples);
}

static double
ratio(const struct maxima *m, enum ceiling_kind kind, double evidence)
{
	double at = level(m, kind);

	if (m->known < KINDS[kind].rank || evidence == 0)
		return 0;
	/* Compared by a product: a quotient by a tiny level would not be finite. */
	return evidence >= at * CEILING_MOST ? CEILING_MOST : evidence / at;
}

static void
fade(struct maxima *m, double factor)
{
	for (unsigned i = 0; i < m->known; i++)
		m->top[i] *= factor;
}

static void
keep(struct maxima *m, unsigned rank)
{
	unsigned i;

	if (m->known < rank)
		m->known++;
	else if (m->block <= m->top[rank - 1])
		return;
	for (i = m->known - 1; i > 0 && m->top[i - 1] < m->block; i--)
		m->top[i] = m->top[i - 1];
	m->top[i] = m->block;
}

static void
learn(struct maxima *m, enum ceiling_kind kind, double evidence)
{
	if (evidence > m->block)
		m->block = evidence;
	if (++m->samples < KINDS[kind].samples)
		return;
	fade(m, KINDS[kind].fade);
	keep(m, KINDS[kind].rank);
	m->block = 0;
	m->samples = 0;
}

double
ceiling_level(const struct ceiling *c)
{
	return level(&c->of[CEILING_LONG], CEILING_LONG);
}

double
ceiling_ratio(const struct ceiling *c, double evidence)
{
	double sum = 0;

	for (enum ceiling_kind kind = 0; kind < CEILING_KINDS; kind++)
		sum += ratio(&c->of[kind], kind, evidence);
	return sum / CEILING_KINDS;
}

void
ceiling_learn(struct ceiling *c, double evidence)
{
	assert(evidence >= 0 && isfinite(evidence));
	for (enum ceiling_kind kind = 0; kind < CEILING_KINDS; kind++)
		learn(&c->of[kind], kind, evidence);
}
