/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outlet.h"

#include <assert.h>

#define EACH(o, member, ...)                      \
	for (unsigned i = 0; i < (o)->count; i++) \
		if ((o)->all[i].member)           \
	(o)->all[i].member((o)->all[i].arg, __VA_ARGS__)

void
outlets_add(struct outlets *o, const struct outlet *one)
{
	assert(o->count < OUTLETS_MAX);
	o->all[o->count++] = *one;
}

void
outlets_point(const struct outlets *o, const struct replay_point *p)
{
	EACH(o, point, p);
}

void
outlets_sample(const struct outlets *o, const struct engine *e, const struct sample *s)
{
	EACH(o, sample, e, s);
}

void
outlets_event(const struct outlets *o, const struct node_event *ev)
{
	EACH(o, event, ev);
}

void
outlets_end(const struct outlets *o, const char *file, const struct replay_totals *t, const struct flaws *f)
{
	EACH(o, end, file, t, f);
}
