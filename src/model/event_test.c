/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"

#include <string.h>

#include "base/testing.h"
#include "model/term_fixture.h"

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
	struct restart r = { .supervisor = text_term("sup"),
		.child_id = text_term("child"),
		.reason = text_term("killed") },
		       copy;
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
	e->u.restart.supervisor = text_term("sup");
	anomaly->u.anomaly.child_id = text_term("child");
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

static void
terms_have_an_order(void **state)
{
	struct term *a = text_term("a"), *again = text_term("a"), *b = text_term("b");
	struct term *cut = term_new((const uint8_t *)"a", 1, "a", true),
		    *longer = term_new((const uint8_t *)"ab", 2, "a", false);
	const struct term *ordered[] = { NULL, a, longer, cut, b };

	(void)state;
	assert_true(term_same(a, again) && term_same(NULL, NULL));
	assert_int_equal(term_order(a, again), 0);
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < 5; k++) {
			assert_int_equal(term_same(ordered[i], ordered[k]), i == k);
			assert_int_equal(term_order(ordered[i], ordered[k]) < 0, i < k);
			assert_int_equal(term_order(ordered[i], ordered[k]) > 0, i > k);
		}
	term_unref(a);
	term_unref(again);
	term_unref(b);
	term_unref(cut);
	term_unref(longer);
}

static void
cut_term_is_a_binary_of_the_text(void **state)
{
	char text[2000];
	struct term *t, *cut;

	(void)state;
	t = text_term("abc");
	cut = term_cut(t);
	assert_true(cut->truncated);
	assert_int_equal(cut->ext_len, 8);
	assert_memory_equal(cut->ext, "\155\0\0\0\3abc", 8);
	assert_string_equal(cut->text, "abc");
	term_unref(t);
	term_unref(cut);
	/* Never within a character. */
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text + TERM_TEXT_MAX - 1, "\303\251", 2);
	t = text_term(text);
	cut = term_cut(t);
	assert_int_equal(strlen(cut->text), TERM_TEXT_MAX - 1);
	assert_int_equal(cut->ext_len, 5 + TERM_TEXT_MAX - 1);
	term_unref(t);
	term_unref(cut);
}

/* Ten thousand of them are kept. */
static void
restart_events_are_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct restart) < 200);
	assert_true(sizeof(((struct node_event *)NULL)->u) > 2000);
	for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
		struct node_event *e = node_event_new((enum event_type)type, SEVERITY_LOW, "node@host", 1);

		assert_string_equal(e->node, "node@host");
		node_event_unref(e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_keep_bytes_and_text),
		cmocka_unit_test(copies_hold_references_of_their_own),
		cmocka_unit_test(last_reference_frees_the_body),
		cmocka_unit_test(terms_have_an_order),
		cmocka_unit_test(cut_term_is_a_binary_of_the_text),
		cmocka_unit_test(restart_events_are_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
