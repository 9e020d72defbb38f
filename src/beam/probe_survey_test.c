/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/probe_survey.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "etf/etf_write.h"

static struct strbuf message = STRBUF_INIT;

static void
put_begin(const char *kind, uint32_t rows)
{
	strbuf_reset(&message);
	etf_put_int(&message, 1700000000000);
	etf_put_atom(&message, kind);
	etf_put_int(&message, 1234);
	etf_put_list(&message, rows);
}

static void
put_text(const char *text)
{
	etf_put_binary(&message, text, strlen(text));
}

static void
put_number(const char *name, double value)
{
	etf_put_tuple(&message, 2);
	etf_put_atom(&message, name);
	etf_put_float(&message, value);
}

static bool
parse(struct survey *s, bool *known)
{
	struct etf e;

	etf_init(&e, message.data, message.len);
	return probe_read_survey(&e, known, s);
}

static void
put_link(const char *peer, const char *state)
{
	etf_put_tuple(&message, 7);
	put_text(peer);
	etf_put_atom(&message, "hidden");
	etf_put_atom(&message, state);
	etf_put_atom(&message, "tls");
	etf_put_atom(&message, "true");
	etf_put_atom(&message, "false");
	etf_put_list(&message, 2);
	put_number("queue_bytes", 17);
	put_number("of_a_later_release", 1);
	etf_put_nil(&message);
}

static void
links_are_read(void **state)
{
	struct survey s;
	bool known;

	(void)state;
	put_begin("links", 2);
	put_link("b@host", "up");
	put_link("c@host", "a_state_that_is_longer_than_any");
	etf_put_nil(&message);
	assert_true(parse(&s, &known) && known);
	assert_int_equal(s.kind, SURVEY_LINKS);
	assert_int_equal(s.count, 2);
	assert_true(s.total == 1234);
	assert_string_equal(survey_links(&s)[0].peer, "b@host");
	assert_string_equal(survey_links(&s)[0].carrier, "tls");
	assert_true(survey_links(&s)[0].busy && !survey_links(&s)[0].ours);
	assert_true(survey_links(&s)[0].number[LINK_QUEUE] == 17);
	assert_true(isnan(survey_links(&s)[0].number[LINK_RECV_BYTES]));
	assert_string_equal(survey_links(&s)[1].state, "a_state_that_is");
	survey_release(&s);
}

static void
allocators_are_read(void **state)
{
	struct survey s;
	bool known;

	(void)state;
	put_begin("allocators", 1);
	etf_put_tuple(&message, 3);
	put_text("eheap_alloc");
	etf_put_atom(&message, "mbcs");
	etf_put_list(&message, 1);
	put_number("carriers_size", 4096);
	etf_put_nil(&message);
	etf_put_nil(&message);
	assert_true(parse(&s, &known) && known);
	assert_string_equal(survey_allocators(&s)[0].name, "eheap_alloc");
	assert_true(survey_allocators(&s)[0].number[ALLOCATOR_CARRIERS_SIZE] == 4096);
	assert_true(isnan(survey_allocators(&s)[0].number[ALLOCATOR_BLOCKS]));
	survey_release(&s);
}

static void
put_table(void)
{
	etf_put_tuple(&message, 6);
	put_text("sessions");
	etf_put_atom(&message, "true");
	put_text("sessions_owner");
	etf_put_int(&message, 1);
	etf_put_int(&message, 2);
	etf_put_int(&message, 3);
}

static void
rows_beyond_the_bound_are_passed_by(void **state)
{
	struct survey s;
	bool known;

	(void)state;
	put_begin("tables", 60);
	for (int i = 0; i < 60; i++)
		put_table();
	etf_put_nil(&message);
	assert_true(parse(&s, &known) && known);
	assert_int_equal(s.count, 50);
	assert_true(survey_tables(&s)[49].memory == 3);
	survey_release(&s);
}

static void
put_vm_event(int64_t age_ms)
{
	etf_put_tuple(&message, 5);
	etf_put_atom(&message, "long_gc");
	put_text("<0.1.0>");
	put_text("a_server");
	etf_put_int(&message, 1200);
	etf_put_int(&message, age_ms);
}

static void
vm_events_are_read(void **state)
{
	struct survey s;
	bool known;

	(void)state;
	put_begin("vm_events", 1);
	put_vm_event(3000);
	etf_put_nil(&message);
	assert_true(parse(&s, &known) && known);
	assert_int_equal(s.count, 1);
	assert_string_equal(survey_vm_events(&s)[0].kind, "long_gc");
	assert_string_equal(survey_vm_events(&s)[0].name, "a_server");
	assert_true(survey_vm_events(&s)[0].value == 1200 && survey_vm_events(&s)[0].age_ms == 3000);
	survey_release(&s);
	put_begin("vm_events", 1);
	put_vm_event(-1);
	etf_put_nil(&message);
	assert_false(parse(&s, &known));
}

static void
put_group(const char *by)
{
	etf_put_tuple(&message, 6);
	etf_put_atom(&message, by);
	put_text("<0.80.0>");
	put_text("pool");
	etf_put_int(&message, 1200);
	etf_put_int(&message, 7);
	put_text("m:f/1 in gen_server:loop/7");
}

static void
put_port_group(const char *by)
{
	etf_put_tuple(&message, 4);
	etf_put_atom(&message, by);
	put_text("<0.80.0>");
	put_text("pool");
	etf_put_int(&message, 12);
}

static void
groups_are_read(void **state)
{
	struct survey s;
	bool known;

	(void)state;
	put_begin("groups", 2);
	put_group("parent");
	put_group("call");
	etf_put_nil(&message);
	assert_true(parse(&s, &known) && known);
	assert_int_equal(s.count, 2);
	assert_int_equal(survey_groups(&s)[0].by, GROUP_BY_PARENT);
	assert_int_equal(survey_groups(&s)[1].by, GROUP_BY_CALL);
	assert_string_equal(survey_groups(&s)[0].pid, "<0.80.0>");
	assert_string_equal(survey_groups(&s)[0].name, "pool");
	assert_string_equal(survey_groups(&s)[0].one, "m:f/1 in gen_server:loop/7");
	assert_true(survey_groups(&s)[0].count == 1200 && survey_groups(&s)[0].runnable == 7);
	survey_release(&s);
	put_begin("groups", 1);
	put_group("hair_colour");
	etf_put_nil(&message);
	assert_false(parse(&s, &known));
}

static void
owners_of_ports_are_read(void **state)
{
	struct survey s;
	bool known;

	(void)state;
	put_begin("ports", 1);
	put_port_group("owner");
	etf_put_nil(&message);
	assert_true(parse(&s, &known) && known);
	assert_int_equal(survey_port_groups(&s)[0].by, GROUP_BY_OWNER);
	assert_string_equal(survey_port_groups(&s)[0].name, "pool");
	assert_true(survey_port_groups(&s)[0].count == 12);
	survey_release(&s);
	put_begin("ports", 1);
	put_group("owner");
	etf_put_nil(&message);
	assert_false(parse(&s, &known));
}

static void
unknown_kinds_are_passed_by_and_nonsense_is_refused(void **state)
{
	struct survey s;
	bool known;

	(void)state;
	put_begin("of_a_later_release", 1);
	put_table();
	etf_put_nil(&message);
	assert_true(parse(&s, &known) && !known);
	put_begin("links", 1);
	put_table();
	etf_put_nil(&message);
	assert_false(parse(&s, &known));
	for (size_t len = message.len; len-- > 0;) {
		message.len = len;
		assert_false(parse(&s, &known));
	}
	strbuf_release(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_read),
		cmocka_unit_test(allocators_are_read),
		cmocka_unit_test(rows_beyond_the_bound_are_passed_by),
		cmocka_unit_test(vm_events_are_read),
		cmocka_unit_test(groups_are_read),
		cmocka_unit_test(owners_of_ports_are_read),
		cmocka_unit_test(unknown_kinds_are_passed_by_and_nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
