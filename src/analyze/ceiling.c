/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/ceiling.h"

#include <assert.h>
#include <math.h>

bool
ceiling_is_known(const struct ceiling *c)
{
	return c->known == CEILING_RANK;
}

double
ceiling_level(const struct ceiling *c)
{
	return ceiling_is_known(c) ? c->top[CEILING_RANK - 1] : 0;
}

double
ceiling_ratio(const struct ceiling *c, double evidence)
{
	double level = ceiling_level(c);

	if (!ceiling_is_known(c) || evidence == 0)
		return 0;
	/* Compared by a product: a quotient by a tiny level would not be finite. */
	return evidence >= level * CEILING_MOST ? CEILING_MOST : evidence / level;
}

static void
fade(struct ceiling *c)
{
	for (unsigned i = 0; i < c->known; i++)
		c->top[i] *= CEILING_FADE;
}

static void
keep(struct ceiling *c, double maximum)
{
	unsigned i;

	if (c->known < CEILING_RANK)
		c->known++;
	else if (maximum <= c->top[CEILING_RANK - 1])
		return;
	for (i = c->known - 1; i > 0 && c->top[i - 1] < maximum; i--)
		c->top[i] = c->top[i - 1];
	c->top[i] = maximum;
}

void
ceiling_learn(struct ceiling *c, double evidence)
{
	assert(evidence >= 0 && isfinite(evidence));
	fade(c);
	c->block = fmax(c->block, evidence);
	if (++c->samples < CEILING_BLOCK)
		return;
	keep(c, c->block);
	c->block = 0;
	c->samples = 0;
}
