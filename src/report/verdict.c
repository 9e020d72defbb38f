/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The most likely cause. Each rule looks for its evidence, gives a weight from 0 to 1, and writes the reasons; the heaviest is the verdict, and the next
 * one is named beside it. The weights are not probabilities that were measured: they say how direct the evidence is. What an end tells by itself
 * (an orderly stop, the same VM back) outweighs what was seen before it, a limit that is reached outweighs growth towards it, and a healthy node
 * was killed only if no rule for a fault has found anything.
 */
#include "report/verdict.h"

#include <math.h>
#include <string.h>

#include "report/rules.h"

#define ALSO 0.45  /* from here on the next one is named */
#define FAULT 0.45 /* from here on a node was not healthy */

const struct verdict_row VERDICTS[VERDICT_COUNT] = {
#define VERDICT_ROW(id, word, help) [VERDICT_##id] = { word, help },
	VERDICT_TABLE(VERDICT_ROW)
#undef VERDICT_ROW
};

static rule *const RULES[VERDICT_COUNT] = {
	[VERDICT_LINK_LOST] = rule_link_lost,
	[VERDICT_STOPPED] = rule_stopped,
	[VERDICT_CRASHED] = rule_crashed,
	[VERDICT_GAVE_UP] = rule_gave_up,
	[VERDICT_STORM] = rule_storm,
	[VERDICT_MEMORY_LIMIT] = rule_memory_limit,
	[VERDICT_QUEUE] = rule_queue,
	[VERDICT_MEMORY] = rule_memory,
	[VERDICT_TABLE_FULL] = rule_table_full,
	[VERDICT_OVERLOAD] = rule_overload,
	[VERDICT_HUNG] = rule_hung,
	[VERDICT_KILLED] = rule_killed,
	[VERDICT_CALM] = rule_calm,
	[VERDICT_NOT_CLEAR] = rule_not_clear,
};

static void
ending_backs(const struct report *r, struct opinion *o)
{
	char text[REPORT_SENTENCE];

	phrase_ending(text, &r->end);
	if (*text)
		opinion_because(o, "%s", text);
}

/* The dump is evidence for whatever the verdict is. */
static void
dump_backs(const struct report *r, struct opinion *o)
{
	if (!r->end.dump_slogan[0])
		return;
	opinion_because(o, "It left a crash dump: \"%s\".", r->end.dump_slogan);
	if (r->end.dump_cause[0] && strcmp(o->title, r->end.dump_cause) != 0)
		opinion_because(o, "The dump shows: %s", r->end.dump_cause);
}

/* A queue that fills makes its process's memory grow: one fault, told once. So is what the dump says of a process that grew. */
static bool
same_fault(const struct report *r, int a, int b)
{
	bool memory_a = a == VERDICT_QUEUE || a == VERDICT_MEMORY || a == VERDICT_MEMORY_LIMIT;
	bool memory_b = b == VERDICT_QUEUE || b == VERDICT_MEMORY || b == VERDICT_MEMORY_LIMIT;

	return (memory_a && memory_b) || (a == VERDICT_CRASHED && memory_b && evidence_grower_in_dump(r)) ||
	    (a == VERDICT_GAVE_UP && b == VERDICT_STORM) || (a == VERDICT_STORM && b == VERDICT_GAVE_UP);
}

static bool
is_about_the_end(int id)
{
	return id == VERDICT_LINK_LOST || id == VERDICT_STOPPED || id == VERDICT_KILLED;
}

/* next_best is the heaviest beside the first, of which it says nothing; -1: none worth naming. */
static int
next_best(const struct report *r, const struct opinion opinions[VERDICT_COUNT], int first)
{
	int next = -1;

	for (int i = 0; i < VERDICT_COUNT; i++)
		if (i != first && !same_fault(r, first, i) && !is_about_the_end(i) && opinions[i].weight >= ALSO &&
		    (next < 0 || opinions[i].weight > opinions[next].weight))
			next = i;
	return next;
}

/* That nothing was wrong with it is worth more the more is known of the end. */
static void
weigh_killed(const struct report *r, struct opinion opinions[VERDICT_COUNT])
{
	struct opinion *o = &opinions[VERDICT_KILLED];

	for (int i = 0; i < VERDICT_COUNT; i++)
		if (i != VERDICT_KILLED && opinions[i].weight >= FAULT)
			return;
	if (o->weight > 0)
		o->weight = r->overall > LEVEL_HEALTHY || r->grower_count > 0 || evidence_is_short(r) ? 0.5
		    : r->end.process == PROCESS_GONE                                                  ? 0.8
												      : 0.7;
}

void
report_judge(struct report *r)
{
	struct opinion opinions[VERDICT_COUNT] = { { 0 } };
	struct report_verdict *v = &r->verdict;
	int best = VERDICT_NOT_CLEAR, next;

	for (int i = 0; i < VERDICT_COUNT; i++)
		RULES[i](r, &opinions[i]);
	weigh_killed(r, opinions);
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (opinions[i].weight >= LEAST && opinions[i].weight > opinions[best].weight)
			best = i;
	/* Equal weights: what comes first in the table is more direct, and "not clear" is the last. */
	if (opinions[VERDICT_CALM].weight >= LEAST && best == VERDICT_NOT_CLEAR)
		best = VERDICT_CALM;
	next = next_best(r, opinions, best);
	*v = (struct report_verdict) { .cause = VERDICTS[best].word };
	ending_backs(r, &opinions[best]);
	dump_backs(r, &opinions[best]);
	v->confidence = best == VERDICT_NOT_CLEAR ? 0 : fmin(opinions[best].weight, 0.98);
	memcpy(v->title, opinions[best].title, sizeof(v->title));
	v->reason_count = opinions[best].reason_count;
	memcpy(v->reasons, opinions[best].reasons, sizeof(v->reasons));
	if (next >= 0)
		memcpy(v->also, opinions[next].title, sizeof(v->also));
}
