/* SPDX-License-Identifier: Apache-2.0 */
/* Scripted findings: which incident each joins, by which rule, and what is told. A sample is 5 s. */
#include "analyze/grouping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/testing.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1700000000000)
#define S 1000

static struct grouping g;
static bool falls; /* what take takes is below its baseline */

/* A finding of a script: what, who is behind it, of which application, under which supervisor. */
struct script {
	int at_s;
	enum anomaly_type type;
	const char *who, *application, *under;
	enum severity severity;
	enum metric_id metric; /* 0: the type's usual one */
};

static enum metric_id
usual_metric(enum anomaly_type type)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		if (METRICS[i].watch != WATCH_NONE && METRICS[i].anomaly == type)
			return (enum metric_id)i;
	return METRIC_NONE;
}

static void
set_culprit(struct anomaly *a, const char *name, const char *application, const char *under)
{
	struct top_process *p = &a->culprits[0].process;

	a->culprit_count = 1;
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->pid, sizeof(p->pid), "<0.%zu.0>", strlen(name) * 100 + (size_t)name[0]);
	snprintf(p->application, sizeof(p->application), "%s", application ? application : "");
	snprintf(p->ancestors[0], sizeof(p->ancestors[0]), "%s", under ? under : "");
	p->ancestor_count = under != NULL;
}

static struct grouped
take(const struct script *s)
{
	struct anomaly a = { .type = s->type,
		.severity = s->severity ? s->severity : SEVERITY_MEDIUM,
		.time_ms = T0 + (int64_t)s->at_s * S,
		.metric = s->metric ? s->metric : usual_metric(s->type),
		.current_value = falls ? 0.5 : 2,
		.baseline_value = 1 };
	struct grouped out;

	if (s->type == ANOMALY_RESTART) {
		a.supervisor = text_term(s->under);
		a.child_id = text_term(s->who);
		a.restart_count = 4;
	} else if (s->who) {
		set_culprit(&a, s->who, s->application, s->under);
	}
	while (grouping_next_over(&g, a.time_ms) != NULL)
		;
	out = grouping_take(&g, &a, a.time_ms - (a.restart_count ? 10 * S : 0), a.metric == METRIC_NONE);
	anomaly_release(&a);
	return out;
}

static int
setup(void **state)
{
	(void)state;
	grouping_init(&g, "a@h", 5 * S);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	grouping_release(&g);
	return 0;
}

static enum incident_join
joined(const struct grouped *out)
{
	return out->incident->members[out->incident->member_count - 1].joined;
}

/* end_all ends all findings of an incident. */
static void
end_all(struct incident *i, int at_s)
{
	for (unsigned k = 0; k < i->member_count; k++)
		grouping_end(i, k, T0 + (int64_t)at_s * S);
}

/* ---- joining ---- */

static void
the_first_finding_opens_an_incident(void **state)
{
	struct grouped out = take(&(struct script) { 0, ANOMALY_MEMORY, "cache", "shop", NULL, 0, 0 });

	(void)state;
	assert_int_equal(out.change, CHANGE_OPENED);
	assert_true(out.tell && out.told && out.root && out.anew);
	assert_int_equal(out.incident->opened_ms, T0);
	assert_int_equal(out.incident->ended_ms, 0);
	assert_string_equal(out.incident->members[0].who[0].name, "cache");
	assert_int_equal(joined(&out), JOIN_FIRST);
}

static void
findings_of_one_type_are_one(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_MEMORY, NULL, NULL, NULL, 0, METRIC_VM_MEMORY_TOTAL });
	struct grouped b =
	    take(&(struct script) { 3000, ANOMALY_MEMORY, NULL, NULL, NULL, SEVERITY_HIGH, METRIC_MEMORY_UTILIZATION });

	(void)state;
	assert_ptr_equal(a.incident, b.incident);
	assert_int_equal(joined(&b), JOIN_KIND);
	assert_false(b.tell || b.told || b.root);
	assert_int_equal(a.incident->severity, SEVERITY_HIGH);
}

static void
who_is_behind_both_makes_them_one(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_ATOM, "parser", "shop", "shop_sup", 0, 0 });
	struct grouped b =
	    take(&(struct script) { 3000, ANOMALY_PORT, "parser", "shop", "shop_sup", SEVERITY_HIGH, 0 });
	struct grouped c = take(&(struct script) { 3500, ANOMALY_RESTART, "w", NULL, "shop_sup", 0, 0 });
	struct grouped d = take(&(struct script) { 5000, ANOMALY_IO, "helper", "shop", "parser", 0, 0 });

	(void)state;
	assert_int_equal(b.incident->members[1].joined, JOIN_CULPRIT);
	assert_false(b.tell);
	assert_ptr_equal(b.incident, a.incident);
	assert_ptr_equal(c.incident, a.incident);
	assert_int_equal(c.incident->members[2].joined, JOIN_CULPRIT);
	assert_ptr_equal(d.incident, a.incident);
	assert_false(d.tell);
	/* Restarts are promised. */
	assert_true(c.tell && !c.root);
}

/* Of all that is under one supervisor not everything belongs together, and what is severe is told. */
static void
siblings_are_one_if_they_fail_soon(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_RESTART, "flaky", NULL, "shop_sup", 0, 0 });
	struct grouped b =
	    take(&(struct script) { 300, ANOMALY_MESSAGE_QUEUE, "mailer", "shop", "shop_sup", SEVERITY_HIGH, 0 });
	struct grouped c = take(&(struct script) { 1200, ANOMALY_ATOM, "parser", "shop", "shop_sup", 0, 0 });

	(void)state;
	assert_ptr_equal(a.incident, b.incident);
	assert_true(b.tell && !b.root);
	assert_ptr_not_equal(a.incident, c.incident);
}

/* What restarts make is nobody's in particular; a process that is busy by itself has nothing to do with them. */
static void
a_loose_cause_explains_no_other_process_later(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_RESTART, "flaky", NULL, "shop_sup", 0, 0 });
	struct grouped b = take(&(struct script) { 100, ANOMALY_CPU, "search", "shop", "search_sup", 0, 0 });
	struct grouped c = take(&(struct script) { 120, ANOMALY_GC, "search", "shop", "search_sup", 0, 0 });

	(void)state;
	assert_ptr_not_equal(a.incident, b.incident);
	assert_true(b.tell);
	assert_ptr_equal(c.incident, b.incident);
}

static void
a_cause_makes_them_one_for_ten_minutes(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_MEMORY, "cache", "shop", NULL, 0, 0 });
	struct grouped b = take(&(struct script) { 600, ANOMALY_GC, NULL, NULL, NULL, SEVERITY_HIGH, 0 });
	struct grouped c = take(&(struct script) { 1201, ANOMALY_RUN_QUEUE, NULL, NULL, NULL, 0, 0 });

	(void)state;
	assert_ptr_equal(b.incident, a.incident);
	assert_int_equal(b.incident->members[1].joined, JOIN_CAUSE);
	assert_false(b.tell);
	assert_ptr_not_equal(c.incident, a.incident);
	assert_true(c.tell);
}

/* The memory of a queue lies with who has the queue; the memory of another process is another matter. */
static void
a_close_cause_is_of_the_same_process(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_MESSAGE_QUEUE, "mailer", "shop", NULL, 0, 0 });
	struct grouped b = take(&(struct script) { 100, ANOMALY_MEMORY, "cache", "shop", NULL, 0, 0 });
	struct grouped c = take(&(struct script) { 110, ANOMALY_CPU, "mailer", "shop", NULL, 0, 0 });

	(void)state;
	assert_ptr_not_equal(a.incident, b.incident);
	assert_true(b.tell);
	assert_ptr_equal(c.incident, a.incident);
	assert_false(c.tell);
}

static void
what_begins_together_is_one(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_ATOM, NULL, NULL, NULL, 0, 0 });
	struct grouped b = take(&(struct script) { 30, ANOMALY_PORT, NULL, NULL, NULL, 0, 0 });
	struct grouped c = take(&(struct script) { 61, ANOMALY_IO, NULL, NULL, NULL, 0, 0 });

	(void)state;
	assert_ptr_equal(a.incident, b.incident);
	assert_int_equal(b.incident->members[1].joined, JOIN_TIME);
	assert_false(b.tell);
	assert_ptr_not_equal(c.incident, a.incident);
}

/* How long it takes until something is found depends on the metric. */
static void
what_began_together_may_be_found_later(void **state)
{
	struct anomaly a = { .type = ANOMALY_ATOM, .time_ms = T0, .metric = METRIC_ATOM_COUNT };
	struct grouped first = grouping_take(&g, &a, T0 - 20 * S, false), second, third;

	(void)state;
	a = (struct anomaly) { .type = ANOMALY_IO, .time_ms = T0 + 300 * S, .metric = METRIC_IO_INPUT };
	second = grouping_take(&g, &a, T0 + 5 * S, false);
	assert_ptr_equal(first.incident, second.incident);
	a = (struct anomaly) { .type = ANOMALY_PORT, .time_ms = T0 + 1000 * S, .metric = METRIC_PORT_COUNT };
	third = grouping_take(&g, &a, T0 + 300 * S, false);
	assert_ptr_not_equal(first.incident, third.incident);
}

static void
strangers_at_the_same_time_are_two(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_MESSAGE_QUEUE, "mailer", "shop", NULL, 0, 0 });
	struct grouped b = take(&(struct script) { 5, ANOMALY_ATOM, "parser", "search", NULL, 0, 0 });
	struct grouped c = take(&(struct script) { 10, ANOMALY_MEMORY, "mailer", "shop", NULL, 0, 0 });
	struct grouped d = take(&(struct script) { 10, ANOMALY_PORT, "parser", "search", NULL, 0, 0 });

	(void)state;
	assert_ptr_not_equal(a.incident, b.incident);
	assert_true(a.tell && b.tell);
	assert_string_not_equal(a.incident->id, b.incident->id);
	assert_ptr_equal(c.incident, a.incident);
	assert_ptr_equal(d.incident, b.incident);
	assert_false(c.tell || d.tell);
}

/* What works for all applications is nobody's stranger. */
static void
the_logger_is_no_stranger(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_RESTART, "w", NULL, "shop_sup", 0, 0 });
	struct grouped b = take(&(struct script) { 10, ANOMALY_MESSAGE_QUEUE, "logger_std_h", "kernel", NULL, 0, 0 });

	(void)state;
	assert_ptr_equal(a.incident, b.incident);
	assert_false(b.root);
}

/* ---- what is told ---- */

static void
high_severity_of_somebody_else_is_told(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_ETS, "owner", "shop", NULL, 0, 0 });
	struct grouped b = take(&(struct script) { 10, ANOMALY_ATOM, "parser", "shop", NULL, SEVERITY_HIGH, 0 });
	struct grouped c = take(&(struct script) { 15, ANOMALY_PORT, "parser", "shop", NULL, SEVERITY_HIGH, 0 });
	struct grouped d = take(&(struct script) { 20, ANOMALY_IO, "other", "shop", NULL, SEVERITY_MEDIUM, 0 });

	(void)state;
	assert_ptr_equal(a.incident, b.incident);
	assert_true(b.tell && !b.root);
	assert_ptr_equal(a.incident, c.incident);
	assert_false(c.tell);
	assert_false(d.tell);
}

static void
what_becomes_severe_is_told_again_if_it_is_the_root(void **state)
{
	struct script memory = { 0, ANOMALY_MEMORY, "cache", "shop", NULL, 0, 0 };
	struct script gc = { 10, ANOMALY_GC, NULL, NULL, NULL, 0, 0 };
	struct grouped out = take(&memory);

	(void)state;
	take(&gc);
	memory.at_s = gc.at_s = 5000;
	memory.severity = gc.severity = SEVERITY_HIGH;
	out = take(&memory);
	assert_true(out.tell && out.root && !out.anew);
	assert_int_equal(out.incident->member_count, 2);
	assert_int_equal(out.incident->members[0].severity, SEVERITY_HIGH);
	assert_int_equal(out.incident->members[0].since_ms, T0);
	out = take(&gc);
	assert_false(out.tell || out.anew);
	out = take(&memory);
	assert_false(out.tell);
	/* One that comes and goes is listed again, and not told again. */
	grouping_end(out.incident, 0, T0 + 5010 * S);
	memory.at_s = 5020;
	out = take(&memory);
	assert_true(out.told && !out.tell && !out.anew);
	assert_int_equal(out.incident->members[0].ended_ms, 0);
}

/* A leak whose process died is still told as a leak, and by whom. */
static void
what_falls_after_it_rose_changes_no_words(void **state)
{
	struct script memory = { 0, ANOMALY_MEMORY, "cache", "shop", NULL, 0, 0 };
	struct script traffic = { 4000, ANOMALY_IO, NULL, NULL, NULL, 0, 0 };
	struct incident *i = take(&memory).incident;
	struct grouped out;

	(void)state;
	memory = (struct script) { 3000, ANOMALY_MEMORY, NULL, NULL, NULL, SEVERITY_HIGH, 0 };
	falls = true;
	out = take(&memory);
	falls = false;
	assert_ptr_equal(out.incident, i);
	assert_true(out.root && out.told && !out.tell && !out.anew);
	assert_string_equal(i->members[0].who[0].name, "cache");
	assert_true(i->members[0].current_value > i->members[0].baseline_value);
	assert_int_equal(i->members[0].seen_ms, T0 + 3000 * S);
	assert_int_equal(i->severity, SEVERITY_MEDIUM);
	/* of what is watched by its rate a fall is news */
	i = take(&traffic).incident;
	traffic.at_s = 4100;
	falls = true;
	take(&traffic);
	falls = false;
	assert_true(i->members[i->member_count - 1].current_value < 1);
}

/* ---- the root ---- */

static void
the_root_is_the_deepest_cause(void **state)
{
	struct grouped out = take(&(struct script) { 0, ANOMALY_RUN_QUEUE, NULL, NULL, NULL, 0, 0 });

	(void)state;
	out = take(&(struct script) { 5, ANOMALY_CPU, "mailer", "shop", NULL, 0, 0 });
	assert_true(out.root && out.tell);
	assert_int_equal(out.change, CHANGE_ROOT);
	out = take(&(struct script) { 10, ANOMALY_GC, NULL, NULL, NULL, 0, 0 });
	assert_false(out.root || out.tell);
	out = take(&(struct script) { 40, ANOMALY_MESSAGE_QUEUE, "mailer", "shop", NULL, 0, 0 });
	assert_true(out.root && out.tell);
	out = take(&(struct script) { 45, ANOMALY_MEMORY, "mailer", "shop", NULL, SEVERITY_HIGH, 0 });
	assert_false(out.root || out.tell);
	assert_int_equal(g.count, 1);
	assert_int_equal(out.incident->members[out.incident->root].type, ANOMALY_MESSAGE_QUEUE);
}

/* What begins ten minutes later made nothing that was there before. */
/* Senders work for a queue; and memory that is full of its messages explains that work, but is not what began it. */
static void
what_is_explained_in_turn_is_no_root(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_REDUCTIONS, "sender", "shop", NULL, 0, 0 });
	struct grouped b = take(&(struct script) { 10, ANOMALY_MESSAGE_QUEUE, "mailer", "shop", NULL, 0, 0 });
	struct grouped c = take(&(struct script) { 20, ANOMALY_MEMORY, NULL, NULL, NULL, 0, 0 });

	(void)state;
	assert_ptr_equal(a.incident, b.incident);
	assert_ptr_equal(a.incident, c.incident);
	assert_int_equal(b.change, CHANGE_ROOT);
	assert_int_equal(c.change, CHANGE_JOINED);
	assert_int_equal(a.incident->members[a.incident->root].type, ANOMALY_MESSAGE_QUEUE);
}

static void
a_late_finding_is_no_root(void **state)
{
	struct grouped out = take(&(struct script) { 0, ANOMALY_MEMORY, "mailer", "shop", NULL, 0, 0 });

	(void)state;
	out = take(&(struct script) { 601, ANOMALY_MESSAGE_QUEUE, "mailer", "shop", NULL, 0, 0 });
	assert_false(out.root || out.tell);
	assert_int_equal(out.incident->root, 0);
	assert_int_equal(joined(&out), JOIN_CULPRIT);
}

static void
a_node_that_goes_down_is_the_end_of_it(void **state)
{
	struct grouped mild = take(&(struct script) { 0, ANOMALY_PORT, "parser", "search", NULL, 0, 0 });
	struct grouped severe = take(&(struct script) { 0, ANOMALY_MEMORY, "cache", "shop", NULL, SEVERITY_HIGH, 0 });
	struct grouped down = take(&(struct script) { 4000, ANOMALY_NODE_DOWN, NULL, NULL, NULL, SEVERITY_HIGH, 0 });

	(void)state;
	assert_ptr_not_equal(mild.incident, severe.incident);
	assert_ptr_equal(down.incident, severe.incident);
	assert_true(down.tell && !down.root && down.incident->node_down);
	assert_int_equal(joined(&down), JOIN_END);
}

static void
a_node_that_was_down_did_not_fall_by_what_came_after(void **state)
{
	struct grouped down = take(&(struct script) { 0, ANOMALY_NODE_DOWN, NULL, NULL, NULL, SEVERITY_HIGH, 0 });
	struct grouped after = take(&(struct script) { 40, ANOMALY_MEMORY, NULL, NULL, NULL, 0, 0 });

	(void)state;
	assert_true(down.root && down.tell);
	assert_ptr_not_equal(after.incident, down.incident);
}

/* ---- its course ---- */

static void
it_ends_when_all_has_been_over_for_a_minute(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_MEMORY, "cache", "shop", NULL, 0, 0 });

	(void)state;
	take(&(struct script) { 10, ANOMALY_GC, NULL, NULL, NULL, 0, 0 });
	assert_null(grouping_next_over(&g, T0 + 10000 * S));
	grouping_end(a.incident, 0, T0 + 100 * S);
	assert_null(grouping_next_over(&g, T0 + 10000 * S));
	grouping_end(a.incident, 1, T0 + 200 * S);
	assert_null(grouping_next_over(&g, T0 + 260 * S));
	assert_ptr_equal(grouping_next_over(&g, T0 + 261 * S), a.incident);
	assert_int_equal(a.incident->ended_ms, T0 + 200 * S);
	assert_int_equal(a.incident->change, CHANGE_ENDED);
	assert_null(grouping_next_over(&g, T0 + 10000 * S));
}

static void
what_comes_after_the_end_is_another(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_MEMORY, "cache", "shop", NULL, 0, 0 }), b;

	(void)state;
	end_all(a.incident, 100);
	b = take(&(struct script) { 161, ANOMALY_MEMORY, "cache", "shop", NULL, 0, 0 });
	assert_ptr_not_equal(a.incident, b.incident);
	assert_true(b.tell);
	assert_string_not_equal(a.incident->id, b.incident->id);
}

static void
restarts_are_counted_where_they_belong(void **state)
{
	struct term *shop = text_term("shop_sup"), *other = text_term("other_sup"), *w = text_term("w");
	struct grouped a = take(&(struct script) { 0, ANOMALY_RESTART, "w", NULL, "shop_sup", 0, 0 });
	struct grouped b = take(&(struct script) { 100, ANOMALY_ATOM, "parser", "search", NULL, 0, 0 });

	(void)state;
	/* Four made it a cycle. */
	assert_int_equal(a.incident->restarts, 4);
	grouping_restart(&g, T0 + 110 * S, shop, w, NULL, 2);
	grouping_restart(&g, T0 + 120 * S, other, w, NULL, 1);
	assert_int_equal(a.incident->restarts, 6);
	assert_int_equal(a.incident->members[0].seen_ms, T0 + 110 * S);
	assert_int_equal(b.incident->restarts, 1);
	end_all(a.incident, 130);
	end_all(b.incident, 130);
	assert_non_null(grouping_next_over(&g, T0 + 300 * S));
	assert_non_null(grouping_next_over(&g, T0 + 300 * S));
	grouping_restart(&g, T0 + 310 * S, shop, w, NULL, 1);
	assert_int_equal(b.incident->restarts + a.incident->restarts, 7);
	term_unref(shop);
	term_unref(other);
	term_unref(w);
}

/* Of a process that is too busy to be asked it is known under whom it was once it is restarted. */
static void
who_is_restarted_is_known_by_its_pid(void **state)
{
	struct term *sup = text_term("shop_sup"), *w = text_term("w"), *pid;
	struct grouped a = take(&(struct script) { 0, ANOMALY_MESSAGE_QUEUE, "mailer", "", NULL, 0, 0 }), b;

	(void)state;
	pid = text_term(a.incident->members[0].who[0].pid);
	grouping_restart(&g, T0 + 60 * S, sup, w, pid, 1);
	b = take(&(struct script) { 100, ANOMALY_RESTART, "w", NULL, "shop_sup", 0, 0 });
	assert_ptr_equal(a.incident, b.incident);
	assert_int_equal(b.incident->members[1].joined, JOIN_CULPRIT);
	term_unref(sup);
	term_unref(w);
	term_unref(pid);
}

static void
levels_are_kept_where_they_belong(void **state)
{
	struct grouped a;

	(void)state;
	grouping_level(&g, T0 - 60 * S, CRITERION_MEMORY, LEVEL_WARNING);
	grouping_level(&g, T0 - 700 * S, CRITERION_CPU, LEVEL_WARNING);
	grouping_level(&g, T0 - 60 * S, CRITERION_ATOMS, LEVEL_CRITICAL);
	a = take(&(struct script) { 0, ANOMALY_MEMORY, "cache", "shop", NULL, 0, 0 });
	assert_int_equal(a.incident->levels[CRITERION_MEMORY], LEVEL_WARNING);
	assert_int_equal(a.incident->levels[CRITERION_CPU], LEVEL_UNKNOWN);
	assert_int_equal(a.incident->levels[CRITERION_ATOMS], LEVEL_UNKNOWN);
	grouping_level(&g, T0 + 60 * S, CRITERION_MEMORY, LEVEL_CRITICAL);
	grouping_level(&g, T0 + 60 * S, CRITERION_CPU, LEVEL_WARNING);
	assert_int_equal(a.incident->levels[CRITERION_MEMORY], LEVEL_CRITICAL);
	assert_int_equal(a.incident->levels[CRITERION_CPU], LEVEL_WARNING);
}

/* ---- bounds ---- */

static void
incidents_are_bounded(void **state)
{
	char first[INCIDENT_ID_SIZE] = "";

	(void)state;
	for (int n = 0; n < INCIDENTS_KEPT + 50; n++) {
		struct grouped out = take(&(struct script) { n * 1000, ANOMALY_ATOM, NULL, NULL, NULL, 0, 0 });

		assert_int_equal(out.change, CHANGE_OPENED);
		if (n == 0)
			memcpy(first, out.incident->id, sizeof(first));
		end_all(out.incident, n * 1000 + 10);
	}
	assert_int_equal(g.count, INCIDENTS_KEPT);
	for (size_t age = 0; age < INCIDENTS_KEPT; age++)
		assert_string_not_equal(grouping_at(&g, age)->id, first);
	assert_null(grouping_at(&g, INCIDENTS_KEPT));
	assert_true(grouping_at(&g, 0)->opened_ms > grouping_at(&g, 1)->opened_ms);
}

static void
open_incidents_are_bounded(void **state)
{
	(void)state;
	for (int n = 0; n < INCIDENTS_KEPT + 50; n++) {
		char sup[32];

		snprintf(sup, sizeof(sup), "sup_%d", n);
		take(&(struct script) { n * 1000, ANOMALY_RESTART, "w", NULL, sup, 0, 0 });
	}
	assert_int_equal(g.count, INCIDENTS_KEPT);
}

static void
findings_of_an_incident_are_bounded(void **state)
{
	struct grouped out = { 0 };

	(void)state;
	for (int n = 0; n < INCIDENT_MEMBERS + 5; n++) {
		char child[32];

		snprintf(child, sizeof(child), "w%d", n);
		out = take(&(struct script) { n, ANOMALY_RESTART, child, NULL, "sup", 0, 0 });
		assert_true(out.tell);
	}
	assert_int_equal(g.count, 1);
	assert_int_equal(out.incident->member_count, INCIDENT_MEMBERS);
	assert_int_equal(out.incident->left_out, 5);
	assert_false(out.anew);
}

/* ---- identity ---- */

static void
ids_are_of_node_time_and_number(void **state)
{
	char a[INCIDENT_ID_SIZE], b[INCIDENT_ID_SIZE];

	(void)state;
	incident_identify(a, "a@h", T0, 0);
	assert_string_equal(a, "20231114T221320Z-67098ecb");
	incident_identify(b, "b@h", T0, 0);
	assert_string_not_equal(a, b);
	incident_identify(b, "a@h", T0, 1);
	assert_string_not_equal(a, b);
	incident_identify(b, "a@h", T0 + 1, 0);
	assert_string_not_equal(a, b);
}

static void
two_of_one_moment_have_two_ids(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_MESSAGE_QUEUE, "mailer", "shop", NULL, 0, 0 });
	struct grouped b = take(&(struct script) { 0, ANOMALY_ATOM, "parser", "search", NULL, 0, 0 });

	(void)state;
	assert_string_not_equal(a.incident->id, b.incident->id);
}

/* One of an earlier run takes the place of the same, and goes on. */
static void
what_is_restored_goes_on(void **state)
{
	struct grouped a = take(&(struct script) { 0, ANOMALY_MEMORY, "cache", "shop", NULL, 0, 0 }), b;
	struct incident *copies[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		copies[i] = malloc(sizeof(*copies[i]));
		incident_copy(copies[i], a.incident);
	}
	grouping_release(&g);
	grouping_restore(&g, copies[0]);
	grouping_restore(&g, copies[1]);
	assert_int_equal(g.count, 1);
	b = take(&(struct script) { 20, ANOMALY_GC, NULL, NULL, NULL, 0, 0 });
	assert_ptr_equal(b.incident, copies[1]);
	assert_false(b.tell);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(the_first_finding_opens_an_incident),
		TEST(findings_of_one_type_are_one),
		TEST(who_is_behind_both_makes_them_one),
		TEST(siblings_are_one_if_they_fail_soon),
		TEST(a_loose_cause_explains_no_other_process_later),
		TEST(a_cause_makes_them_one_for_ten_minutes),
		TEST(a_close_cause_is_of_the_same_process),
		TEST(what_begins_together_is_one),
		TEST(what_began_together_may_be_found_later),
		TEST(strangers_at_the_same_time_are_two),
		TEST(the_logger_is_no_stranger),
		TEST(high_severity_of_somebody_else_is_told),
		TEST(what_becomes_severe_is_told_again_if_it_is_the_root),
		TEST(what_falls_after_it_rose_changes_no_words),
		TEST(the_root_is_the_deepest_cause),
		TEST(what_is_explained_in_turn_is_no_root),
		TEST(a_late_finding_is_no_root),
		TEST(a_node_that_goes_down_is_the_end_of_it),
		TEST(a_node_that_was_down_did_not_fall_by_what_came_after),
		TEST(it_ends_when_all_has_been_over_for_a_minute),
		TEST(what_comes_after_the_end_is_another),
		TEST(restarts_are_counted_where_they_belong),
		TEST(who_is_restarted_is_known_by_its_pid),
		TEST(levels_are_kept_where_they_belong),
		TEST(incidents_are_bounded),
		TEST(open_incidents_are_bounded),
		TEST(findings_of_an_incident_are_bounded),
		TEST(ids_are_of_node_time_and_number),
		TEST(two_of_one_moment_have_two_ids),
		TEST(what_is_restored_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
