/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated node whose faults come together, or apart: how many incidents it has, with which root, and how many anomalies are told. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/testing.h"
#include "engine/answer_incidents.h"
#include "engine/engine.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1700000000000)
#define STEP_MS 5000
#define EVENTS_MAX 200

/* A node at work, and what was published of it. */
struct world {
	struct engine *e;
	struct sample s;
	int64_t now;
	uint64_t chance;
	double reductions;
	uint64_t busy, time;
	unsigned count;
	struct node_event *events[EVENTS_MAX]; /* of anomalies and incidents */
};

static struct world w;

static void
world_init(struct world *x)
{
	struct engine_options o = engine_defaults();

	memset(x, 0, sizeof(*x));
	x->e = engine_new("a@h", &o);
	x->now = T0;
	x->chance = 7;
	engine_link(x->e, x->now, NODE_UP, "linked");
}

static void
world_release(struct world *x)
{
	for (unsigned i = 0; i < x->count; i++)
		node_event_unref(x->events[i]);
	engine_free(x->e);
}

static int
setup(void **state)
{
	(void)state;
	world_init(&w);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	world_release(&w);
	return 0;
}

/* noise is from -0.5 to 0.5. */
static double
noise(struct world *x)
{
	x->chance = x->chance * 6364136223846793005u + 1442695040888963407u;
	return (double)(x->chance >> 40) / (double)(1u << 24) - 0.5;
}

static void
take_events(struct world *x)
{
	struct node_event *ev;

	while ((ev = engine_next_event(x->e)) != NULL)
		if ((ev->type == EVENT_ANOMALY || ev->type == EVENT_INCIDENT) && x->count < EVENTS_MAX)
			x->events[x->count++] = ev;
		else
			node_event_unref(ev);
}

static void
rank(struct sample *s, enum top_kind kind, const char *name, const char *application, const char *under, double value)
{
	struct top_process *p = &s->top[kind][s->top_count[kind]++];

	*p = (struct top_process)TOP_PROCESS_INIT;
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->pid, sizeof(p->pid), "<0.%zu.0>", 100 + strlen(name));
	snprintf(p->application, sizeof(p->application), "%s", application);
	snprintf(p->ancestors[0], sizeof(p->ancestors[0]), "%s", under);
	p->ancestor_count = 1;
	p->value = value;
	p->queue_rate = kind == TOP_MESSAGE_QUEUE ? 900 : NAN;
	s->top_told[kind] = true;
}

/* What a sample of a fault is made of, in samples since it began; 0 before. */
struct faults {
	int queue, memory, load, atoms;
};

static void
set_cpu(struct world *x, double percent)
{
	x->time += 1000000;
	x->busy += (uint64_t)(1e4 * percent);
	x->s.scheduler_count = 1;
	x->s.scheduler_active[0] = 1 + x->busy;
	x->s.scheduler_total[0] = 1 + x->time;
}

static void
step(struct world *x, const struct faults *f)
{
	struct sample *s = &x->s;
	double queue = 5000.0 * f->queue;

	memset(s, 0, sizeof(*s));
	s->time_ms = x->now += STEP_MS;
	sample_set(s, METRIC_MQ_MAX, 3 + queue);
	sample_set(s, METRIC_VM_MEMORY_TOTAL, 2e8 * (1 + 0.02 * noise(x)) + 4e7 * f->memory);
	sample_set(s, METRIC_RUN_QUEUE, 2 + 150.0 * (f->load > 0));
	sample_set(s, METRIC_ATOM_COUNT, 30000 + 20000.0 * f->atoms);
	x->reductions += 5e7 * (1 + 0.1 * noise(x)) + 2e9 * (f->load > 0);
	sample_set(s, METRIC_REDUCTIONS, floor(x->reductions));
	set_cpu(x, 15 + 2 * noise(x) + 75 * (f->load > 0));
	rank(s, TOP_MESSAGE_QUEUE, "mailer", "shop", "shop_sup", 3 + queue);
	rank(s, TOP_MEMORY, "mailer", "shop", "shop_sup", 1e6 + 4e7 * f->memory);
	rank(s, TOP_REDUCTIONS, "mailer", "shop", "shop_sup", 1e6 + 4e8 * (f->load > 0));
	engine_feed(x->e, x->now, s);
	take_events(x);
}

static void
steps(struct world *x, int n, const struct faults *grow)
{
	struct faults f = { 0, 0, 0, 0 };

	for (int i = 0; i < n; i++) {
		f = (struct faults) { f.queue + grow->queue, f.memory + grow->memory, f.load + grow->load,
			f.atoms + grow->atoms };
		step(x, &f);
	}
}

static void
rest(struct world *x, int n)
{
	steps(x, n, &(struct faults) { 0, 0, 0, 0 });
}

static void
restart(struct world *x, const char *supervisor, const char *child)
{
	struct restart r = { .time_ms = x->now,
		.kind = RESTART_DONE,
		.supervisor = text_term(supervisor),
		.child_id = text_term(child),
		.reason = text_term("killed") };

	engine_restart(x->e, x->now, &r);
	restart_release(&r);
	take_events(x);
}

static unsigned
told(const struct world *x, enum event_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < x->count; i++)
		n += x->events[i]->type == type;
	return n;
}

/* told_of counts the anomalies of a type that were published. */
static unsigned
told_of(const struct world *x, enum anomaly_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < x->count; i++)
		n += x->events[i]->type == EVENT_ANOMALY && x->events[i]->u.anomaly.type == type;
	return n;
}

static const struct incident *
incident_at(const struct world *x, size_t age)
{
	const struct incident *list[INCIDENTS_KEPT];

	return age < engine_incidents(x->e, list, INCIDENTS_KEPT) ? list[age] : NULL;
}

/* storm: a queue grows, and takes memory; the load that it makes comes with it, and the process is restarted again and again. */
static void
storm(struct world *x)
{
	steps(x, 30, &(struct faults) { 1, 1, 1, 0 });
	for (int i = 0; i < 6; i++) {
		restart(x, "shop_sup", "mailer");
		step(x, &(struct faults) { 30, 30, 30, 0 });
	}
}

static void
assert_has(const struct world *x, const char *part)
{
	struct strbuf out = STRBUF_INIT;
	struct answer_json a;
	struct jsonw j;

	jsonw_init(&j, &out);
	answer_json_init(&a, &j);
	answer_incidents(&a.base, x->e, x->now, INCIDENTS_ALL);
	if (strstr(out.data, part) == NULL)
		fail_msg("no %s in %s", part, out.data);
	strbuf_release(&out);
}

/* same_incidents compares all but the patterns, which are not of the incidents. */
static void
same_incidents(const struct world *x, const struct world *y)
{
	struct strbuf text[2] = { STRBUF_INIT, STRBUF_INIT };
	const struct incident *list[INCIDENTS_KEPT];

	for (int i = 0; i < 2; i++) {
		size_t count = engine_incidents(i ? y->e : x->e, list, INCIDENTS_KEPT);
		struct answer_json a;
		struct jsonw j;

		jsonw_init(&j, &text[i]);
		answer_json_init(&a, &j);
		jsonw_array(&j);
		for (size_t k = 0; k < count; k++) {
			jsonw_object(&j);
			part_incident_fields(&a.base, list[k]);
			jsonw_end(&j);
		}
		jsonw_end(&j);
	}
	assert_string_equal(text[0].data, text[1].data);
	strbuf_release(&text[0]);
	strbuf_release(&text[1]);
}

/* ---- one storm, two faults ---- */

static void
a_storm_is_one_incident(void **state)
{
	const struct incident *i;

	(void)state;
	rest(&w, 300);
	storm(&w);
	assert_null(incident_at(&w, 1));
	i = incident_at(&w, 0);
	assert_non_null(i);
	assert_int_equal(i->ended_ms, 0);
	assert_int_equal(i->members[i->root].type, ANOMALY_MESSAGE_QUEUE);
	assert_true(i->member_count >= 4);
	assert_int_equal(i->restarts, 6);
	/* The root, and what is promised. */
	assert_int_equal(told_of(&w, ANOMALY_MESSAGE_QUEUE), 1);
	assert_int_equal(told_of(&w, ANOMALY_RESTART), 1);
	assert_int_equal(told(&w, EVENT_ANOMALY), 2);
	assert_has(&w, "\"title\":\"Message queue of mailer <0.106.0> grows 900/s; ");
	assert_has(&w, "\"restarts\":6");
	assert_has(&w, "\"restart_storm\"");
	assert_has(&w, "\"joined\":\"culprit\"");
}

static void
anomalies_name_their_incident(void **state)
{
	const struct anomaly *standing[HEALTH_MAX_ANOMALIES], *recent;

	(void)state;
	rest(&w, 300);
	storm(&w);
	recent = engine_recent_anomaly(w.e, 0);
	assert_string_equal(recent->incident, incident_at(&w, 0)->id);
	assert_false(recent->root);
	assert_string_equal(engine_recent_anomaly(w.e, 1)->incident, incident_at(&w, 0)->id);
	assert_true(engine_recent_anomaly(w.e, 1)->root);
	assert_int_equal(engine_anomalies(w.e, standing), 2);
}

static void
two_unrelated_faults_are_two_incidents(void **state)
{
	const struct incident *atoms, *queue;

	(void)state;
	rest(&w, 300);
	for (int i = 1; i <= 60; i++)
		step(&w, &(struct faults) { i, i, 0, i > 30 ? i - 30 : 0 });
	atoms = incident_at(&w, 0);
	queue = incident_at(&w, 1);
	assert_non_null(queue);
	assert_null(incident_at(&w, 2));
	assert_int_equal(queue->members[queue->root].type, ANOMALY_MESSAGE_QUEUE);
	assert_int_equal(atoms->members[atoms->root].type, ANOMALY_ATOM);
	assert_int_equal(told_of(&w, ANOMALY_ATOM), 1);
	assert_int_equal(told_of(&w, ANOMALY_MEMORY), 0);
}

static void
it_ends_once_and_says_so(void **state)
{
	const struct node_event *last;

	(void)state;
	rest(&w, 300);
	storm(&w);
	rest(&w, 400);
	assert_int_not_equal(incident_at(&w, 0)->ended_ms, 0);
	last = w.events[w.count - 1];
	assert_int_equal(last->type, EVENT_INCIDENT);
	assert_int_equal(last->u.incident.change, CHANGE_ENDED);
	assert_int_equal(last->u.incident.ended_ms, incident_at(&w, 0)->ended_ms);
	assert_int_equal(last->u.incident.member_count, incident_at(&w, 0)->member_count);
}

static void
a_node_that_goes_down_is_in_the_incident(void **state)
{
	(void)state;
	rest(&w, 300);
	steps(&w, 30, &(struct faults) { 1, 1, 1, 0 });
	engine_link(w.e, w.now += 1000, NODE_UNREACHABLE, "closed");
	take_events(&w);
	assert_null(incident_at(&w, 1));
	assert_true(incident_at(&w, 0)->node_down);
	assert_int_equal(told_of(&w, ANOMALY_NODE_DOWN), 1);
	engine_tick(w.e, w.now + 3600000);
	assert_int_equal(incident_at(&w, 0)->ended_ms, 0);
	engine_link(w.e, w.now += 3600000, NODE_UP, "linked");
	engine_tick(w.e, w.now += 61000);
	assert_int_not_equal(incident_at(&w, 0)->ended_ms, 0);
}

static void
nothing_is_said_of_a_node_at_rest(void **state)
{
	(void)state;
	rest(&w, 2000);
	assert_int_equal(w.count, 0);
	assert_null(incident_at(&w, 0));
}

/* ---- the same again ---- */

/* Ticks between the samples change nothing. */
static void
the_same_inputs_make_the_same_incidents(void **state)
{
	static struct world other;

	(void)state;
	world_init(&other);
	rest(&w, 300);
	storm(&w);
	rest(&w, 400);
	rest(&other, 300);
	for (int i = 0; i < 30; i++) {
		step(&other, &(struct faults) { i + 1, i + 1, i + 1, 0 });
		for (int ms = 1000; ms < STEP_MS; ms += 1000)
			engine_tick(other.e, other.now + ms);
	}
	for (int i = 0; i < 6; i++) {
		restart(&other, "shop_sup", "mailer");
		step(&other, &(struct faults) { 30, 30, 30, 0 });
	}
	rest(&other, 400);
	same_incidents(&w, &other);
	assert_int_equal(w.count, other.count);
	world_release(&other);
}

/* give_back restores what was published into another engine, which judges nothing again. */
static void
give_back(const struct world *from, struct world *to)
{
	engine_restore_begin(to->e);
	for (unsigned i = 0; i < from->count; i++)
		engine_restore_event(to->e, node_event_ref(from->events[i]));
	engine_restore_end(to->e, from->now);
	to->now = from->now;
}

static void
incidents_come_back_after_a_restart(void **state)
{
	static struct world next;

	(void)state;
	rest(&w, 300);
	storm(&w);
	rest(&w, 400);
	world_init(&next);
	give_back(&w, &next);
	same_incidents(&w, &next);
	take_events(&next);
	assert_int_equal(next.count, 0);
	world_release(&next);
}

/* What was open is as it was told last, and is over when nothing of it holds. */
static void
an_open_incident_ends_after_a_restart(void **state)
{
	static struct world next;

	(void)state;
	rest(&w, 300);
	storm(&w);
	world_init(&next);
	give_back(&w, &next);
	assert_string_equal(incident_at(&next, 0)->id, incident_at(&w, 0)->id);
	assert_int_equal(incident_at(&next, 0)->member_count, incident_at(&w, 0)->member_count);
	rest(&next, 20);
	assert_int_not_equal(incident_at(&next, 0)->ended_ms, 0);
	assert_int_equal(told(&next, EVENT_ANOMALY), 0);
	assert_int_equal(told(&next, EVENT_INCIDENT), 1);
	world_release(&next);
}

/* The whole story again, as the store gives it back: inputs and events by time. What holds goes on under its id, and nothing is told twice. */
static void
what_is_judged_again_is_the_same_incident(void **state)
{
	static struct world next;
	const struct anomaly *standing[HEALTH_MAX_ANOMALIES];
	unsigned at = 0;

	(void)state;
	rest(&w, 300);
	steps(&w, 30, &(struct faults) { 1, 1, 1, 0 });
	world_init(&next);
	engine_restore_begin(next.e);
	for (int i = 0; i < 330; i++) {
		step(&next, &(struct faults) { i < 300 ? 0 : i - 299, i < 300 ? 0 : i - 299, i >= 300, 0 });
		while (at < w.count && w.events[at]->time_ms <= next.now)
			engine_restore_event(next.e, node_event_ref(w.events[at++]));
	}
	engine_restore_end(next.e, next.now);
	take_events(&next);
	assert_int_equal(next.count, 0);
	assert_int_equal(at, w.count);
	assert_null(incident_at(&next, 1));
	assert_string_equal(incident_at(&next, 0)->id, incident_at(&w, 0)->id);
	assert_int_equal(engine_anomalies(next.e, standing), 1);
	assert_string_equal(standing[0]->incident, incident_at(&w, 0)->id);
	rest(&next, 100);
	assert_int_equal(told(&next, EVENT_ANOMALY), 0);
	assert_int_not_equal(incident_at(&next, 0)->ended_ms, 0);
	world_release(&next);
}

/* While nothing ran the clock was set back by a day: no incident is of a time that has not come, or open until then. */
static void
the_clock_was_set_back(void **state)
{
	static struct world next;
	const struct incident *i;

	(void)state;
	rest(&w, 300);
	steps(&w, 30, &(struct faults) { 1, 1, 1, 0 });
	w.now -= 86400000;
	world_init(&next);
	give_back(&w, &next);
	rest(&next, 30);
	i = incident_at(&next, 0);
	assert_non_null(i);
	assert_true(i->ended_ms != 0 && i->ended_ms <= next.now);
	assert_true(i->opened_ms <= i->last_ms && i->last_ms <= next.now);
	for (unsigned k = 0; k < i->member_count; k++)
		assert_true(i->members[k].since_ms <= next.now && i->members[k].ended_ms <= next.now);
	world_release(&next);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_storm_is_one_incident),
		TEST(anomalies_name_their_incident),
		TEST(two_unrelated_faults_are_two_incidents),
		TEST(it_ends_once_and_says_so),
		TEST(a_node_that_goes_down_is_in_the_incident),
		TEST(nothing_is_said_of_a_node_at_rest),
		TEST(the_clock_was_set_back),
		TEST(the_same_inputs_make_the_same_incidents),
		TEST(incidents_come_back_after_a_restart),
		TEST(an_open_incident_ends_after_a_restart),
		TEST(what_is_judged_again_is_the_same_incident),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
