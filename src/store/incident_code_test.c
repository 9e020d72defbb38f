/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents, and the anomalies that belong to them: as bytes and back. */
#include "store/incident_code.h"

#include <stdio.h>
#include <string.h>

#include "base/testing.h"
#include "etf/etf_term.h"
#include "etf/term_fixture.h"
#include "model/event.h"
#include "store/event_code.h"

#define T0 INT64_C(1700000000000)

static void
add_member(struct incident *i, enum anomaly_type type, enum metric_id metric, enum incident_join joined)
{
	struct incident_member m = { .since_ms = T0 - 9,
		.time_ms = T0 + i->member_count,
		.seen_ms = T0 + 7,
		.ended_ms = i->member_count ? T0 + 8 : 0,
		.type = type,
		.severity = SEVERITY_HIGH,
		.joined = joined,
		.told = i->member_count == 0,
		.metric = metric,
		.score = 0.75,
		.current_value = 12,
		.baseline_value = 3.5,
		.queue_rate = NAN,
		.who_count = 2,
		.who = { { .pid = "<0.1.0>",
			     .name = "mailer",
			     .named = true,
			     .application = "shop",
			     .ancestors = { "sup", "top" } },
		    { .kind = CULPRIT_TABLE, .pid = "<0.2.0>", .name = "m:f/1" } },
		.supervisor = joined == JOIN_FIRST ? NULL : atom_term("sup"),
		.child_id = joined == JOIN_FIRST ? NULL : atom_term("w"),
		.description = "what it is" };

	assert_true(incident_add(i, &m));
}

static struct node_event *
incident(void)
{
	struct node_event *ev = node_event_new(EVENT_INCIDENT, SEVERITY_HIGH, "a@h", T0 + 10);
	struct incident *i = &ev->u.incident;

	*i = (struct incident) { .opened_ms = T0,
		.last_ms = T0 + 8,
		.ended_ms = T0 + 8,
		.severity = SEVERITY_HIGH,
		.change = CHANGE_ENDED,
		.left_out = 3,
		.restarts = 17,
		.node_down = true };
	incident_identify(i->id, "a@h", T0, 0);
	i->levels[CRITERION_MEMORY] = LEVEL_CRITICAL;
	i->levels[CRITERION_RESTARTS] = LEVEL_WARNING;
	add_member(i, ANOMALY_MESSAGE_QUEUE, METRIC_MQ_MAX, JOIN_FIRST);
	add_member(i, ANOMALY_RESTART, METRIC_NONE, JOIN_CULPRIT);
	i->root = 1;
	return ev;
}

static void
same_member(const struct incident_member *a, const struct incident_member *b)
{
	assert_int_equal(a->since_ms, b->since_ms);
	assert_int_equal(a->time_ms, b->time_ms);
	assert_int_equal(a->seen_ms, b->seen_ms);
	assert_int_equal(a->ended_ms, b->ended_ms);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->severity, b->severity);
	assert_int_equal(a->joined, b->joined);
	assert_int_equal(a->told, b->told);
	assert_int_equal(a->metric, b->metric);
	assert_true(a->score == b->score && a->current_value == b->current_value);
	assert_true(a->baseline_value == b->baseline_value && isnan(b->queue_rate));
	assert_int_equal(a->who_count, b->who_count);
	assert_memory_equal(a->who, b->who, sizeof(a->who));
	assert_true(term_same(a->supervisor, b->supervisor) && term_same(a->child_id, b->child_id));
	assert_string_equal(a->description, b->description);
}

static void
an_incident_comes_back(void **state)
{
	struct node_event *ev = incident(), *back;
	const struct incident *a = &ev->u.incident, *b;
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	event_code_write(&bytes, ev);
	back = event_code_read(bytes.data, bytes.len, "a@h");
	assert_non_null(back);
	assert_int_equal(back->type, EVENT_INCIDENT);
	b = &back->u.incident;
	assert_string_equal(a->id, b->id);
	assert_int_equal(b->opened_ms, T0);
	assert_int_equal(b->last_ms, T0 + 8);
	assert_int_equal(b->ended_ms, T0 + 8);
	assert_int_equal(b->severity, SEVERITY_HIGH);
	assert_int_equal(b->change, CHANGE_ENDED);
	assert_int_equal(b->root, 1);
	assert_int_equal(b->left_out, 3);
	assert_int_equal(b->restarts, 17);
	assert_true(b->node_down);
	assert_memory_equal(a->levels, b->levels, sizeof(a->levels));
	assert_int_equal(b->member_count, 2);
	for (unsigned k = 0; k < 2; k++)
		same_member(&a->members[k], &b->members[k]);
	node_event_unref(ev);
	node_event_unref(back);
	strbuf_release(&bytes);
}

/* Each cut and each flipped bit is read to something or to nothing; ASan looks on. */
static void
bad_bytes_are_no_incident(void **state)
{
	struct node_event *ev = incident();
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	event_code_write(&bytes, ev);
	for (size_t i = 0; i < bytes.len; i++) {
		assert_null(event_code_read(bytes.data, i, "a@h"));
		for (int bit = 0; bit < 8; bit++) {
			bytes.data[i] ^= (char)(1 << bit);
			node_event_unref(event_code_read(bytes.data, bytes.len, "a@h"));
			bytes.data[i] ^= (char)(1 << bit);
		}
	}
	node_event_unref(ev);
	strbuf_release(&bytes);
}

static void
expect_refused(struct incident *changed)
{
	struct node_event *ev = node_event_new(EVENT_INCIDENT, SEVERITY_LOW, "a@h", T0);
	struct strbuf bytes = STRBUF_INIT;

	incident_copy(&ev->u.incident, changed);
	event_code_write(&bytes, ev);
	assert_null(event_code_read(bytes.data, bytes.len, "a@h"));
	node_event_unref(ev);
	strbuf_release(&bytes);
}

static void
what_makes_no_sense_is_refused(void **state)
{
	struct node_event *ev = incident();
	struct incident *i = &ev->u.incident;

	(void)state;
	i->root = 2;
	expect_refused(i);
	i->root = 0;
	i->opened_ms = -1;
	expect_refused(i);
	i->opened_ms = T0;
	snprintf(i->id, sizeof(i->id), "%s", "\033[31m");
	expect_refused(i);
	i->id[0] = '\0';
	expect_refused(i);
	node_event_unref(ev);
}

static struct node_event *
anomaly(const char *of)
{
	struct node_event *ev = node_event_new(EVENT_ANOMALY, SEVERITY_HIGH, "a@h", T0);
	struct anomaly *a = &ev->u.anomaly;

	a->type = ANOMALY_CPU;
	a->metric = METRIC_CPU_UTILIZATION;
	a->time_ms = T0;
	a->restart_count = 4;
	snprintf(a->incident, sizeof(a->incident), "%s", of);
	a->root = of[0] != '\0';
	return ev;
}

static void
an_anomaly_knows_its_incident(void **state)
{
	struct node_event *ev = anomaly("20231114T221320Z-67098ecb"), *back;
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	event_code_write(&bytes, ev);
	back = event_code_read(bytes.data, bytes.len, "a@h");
	assert_non_null(back);
	assert_string_equal(back->u.anomaly.incident, "20231114T221320Z-67098ecb");
	assert_true(back->u.anomaly.root);
	node_event_unref(ev);
	node_event_unref(back);
	strbuf_release(&bytes);
}

/* Files of the first release have anomalies of 14 elements: without the incident (an empty binary) and the root (a small integer) at their end. */
static void
anomalies_of_the_first_release_are_read(void **state)
{
	struct node_event *ev = anomaly(""), *back;
	struct strbuf bytes = STRBUF_INIT;
	char *arity;

	(void)state;
	event_code_write(&bytes, ev);
	arity = memmem(bytes.data, bytes.len, "h\x10", 2);
	assert_non_null(arity);
	arity[1] = 14;
	back = event_code_read(bytes.data, bytes.len - 7, "a@h");
	assert_non_null(back);
	assert_int_equal(back->u.anomaly.restart_count, 4);
	assert_string_equal(back->u.anomaly.incident, "");
	assert_false(back->u.anomaly.root);
	node_event_unref(ev);
	node_event_unref(back);
	strbuf_release(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_incident_comes_back),
		cmocka_unit_test(bad_bytes_are_no_incident),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(an_anomaly_knows_its_incident),
		cmocka_unit_test(anomalies_of_the_first_release_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
