/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"

#include <string.h>

#include "base/testing.h"

static struct term *
term(const char *text)
{
	return term_new((const uint8_t *)text, (uint32_t)strlen(text), text, false);
}

static void
terms_keep_bytes_and_text(void **state)
{
	static const uint8_t ext[] = { 119, 2, 0, 'k' };
	struct term *t = term_new(ext, sizeof(ext), "ok", true), *empty = term_new(NULL, 0, "", false);

	(void)state;
	assert_int_equal(t->ext_len, 4);
	assert_memory_equal(t->ext, ext, 4);
	assert_string_equal(term_text(t), "ok");
	assert_true(t->truncated);
	assert_string_equal(term_text(empty), "");
	assert_string_equal(term_text(NULL), "undefined");
	assert_null(term_ref(NULL));
	term_unref(NULL);
	assert_ptr_equal(term_ref(t), t);
	term_unref(t);
	assert_string_equal(term_text(t), "ok");
	term_unref(t);
	term_unref(empty);
}

static void
copies_hold_references_of_their_own(void **state)
{
	struct restart r = { .supervisor = term("sup"), .child_id = term("child"), .reason = term("killed") }, copy;
	struct anomaly a = { .supervisor = term_ref(r.supervisor), .child_id = term_ref(r.child_id) }, other;

	(void)state;
	restart_copy(&copy, &r);
	anomaly_copy(&other, &a);
	restart_release(&r);
	anomaly_release(&a);
	assert_null(r.supervisor);
	assert_null(a.supervisor);
	assert_string_equal(term_text(copy.supervisor), "sup");
	assert_null(copy.child_pid);
	restart_release(&copy);
	assert_string_equal(term_text(other.child_id), "child");
	anomaly_release(&other);
}

/* ASan tells if the last reference does not free all. */
static void
last_reference_frees_the_body(void **state)
{
	struct node_event *e = node_event_new(EVENT_RESTART, SEVERITY_LOW, "a@h", 5);
	struct node_event *anomaly = node_event_new(EVENT_ANOMALY, SEVERITY_HIGH, "a@h", 6);
	struct node_event *health = node_event_new(EVENT_HEALTH_ALERT, SEVERITY_HIGH, "a@h", 7);

	(void)state;
	e->u.restart.supervisor = term("sup");
	anomaly->u.anomaly.child_id = term("child");
	health->u.health.anomaly_count = 1;
	health->u.health.anomalies[0] = node_event_ref(anomaly);
	assert_string_equal(e->node, "a@h");
	assert_ptr_equal(node_event_ref(e), e);
	node_event_unref(e);
	assert_string_equal(term_text(e->u.restart.supervisor), "sup");
	node_event_unref(e);
	node_event_unref(anomaly);
	assert_string_equal(term_text(anomaly->u.anomaly.child_id), "child");
	node_event_unref(health);
	node_event_unref(node_event_new(EVENT_NODE, SEVERITY_LOW, "", 0));
	node_event_unref(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_keep_bytes_and_text),
		cmocka_unit_test(copies_hold_references_of_their_own),
		cmocka_unit_test(last_reference_frees_the_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
