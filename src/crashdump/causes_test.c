/* SPDX-License-Identifier: Apache-2.0 */
#include "crashdump/fixture.h"

#define OOM(bytes, type) "eheap_alloc: Cannot allocate " bytes " bytes of memory (of type \"" type "\")."

/* The likeliest cause has the confidence, and these words somewhere. */
static void
check(const char *dump, enum crash_confidence confidence, const char *const *words)
{
	const struct crashdump_summary *s;
	struct crashdump *c = read_dump(dump, &s);
	struct strbuf text = STRBUF_INIT;

	assert_true(s->cause_count > 0);
	strbuf_addf(&text, "%s\n%s\n%s", s->causes[0].what, s->causes[0].why, s->causes[0].next);
	for (; *words; words++)
		if (strstr(text.data, *words) == NULL)
			fail_msg("\"%s\" is not in: %s", *words, text.data);
	assert_int_equal(s->causes[0].confidence, confidence);
	strbuf_release(&text);
	crashdump_free(c);
}

#define CHECK(dump, confidence, ...) check(dump, confidence, (const char *const[]) { __VA_ARGS__, NULL })

static const char SMALL[] = PROC("<0.10.0>", "Name: init\nSpawned as: init:boot/1\n", "0", "100", "5000");

static void
test_a_heap(void **state)
{
	(void)state;
	CHECK(HEAD(OOM("49515520", "heap"), "scheduler:0") SCHEDULERS MEMORY("110000000", "100000000", "0", "0")
		  PROC("<0.82.0>", "Name: hog\n" PROC_LIB, "0", "12500000", "100000000")
		      INSIDE("<0.82.0>", "A1", "A4:shop", "A3:hog") END,
	    CRASH_HIGH, "process hog <0.82.0> (shop:hog/1) has 95.4 MiB of the VM's 105 MiB (91 %)", "3 list cells",
	    "this process needed another 47.2 MiB (heap)", "max_heap_size");
}

static void
test_a_message_queue(void **state)
{
	(void)state;
	CHECK(HEAD(OOM("54176", "heap"), "scheduler:1") SCHEDULERS MEMORY("110000000", "100000000", "0", "0")
		  PROC("<0.10.0>", "Name: init\n", "0", "100", "5000")
		      PROC("<0.83.0>", "Name: deaf\n", "1017883", "233", "60000000") END,
	    CRASH_HIGH, "deaf <0.83.0>", "1,017,883 messages",
	    "init <0.10.0>, which was only the next to ask (in erlang:halt/1 < init:start_it/1),", "gen_server:loop/7");
}

static void
test_a_table(void **state)
{
	(void)state;
	CHECK(HEAD("ets_alloc: Cannot allocate 1656 bytes of memory (of type \"db_term\").", "scheduler:1")
		  SCHEDULERS MEMORY("200000000", "10000000", "0", "90000000") PROC("<0.10.0>", "Name: shop\n", "0",
		      "100", "5000") "=ets:<0.10.0>\nName: cache\nObjects: 55046\nWords: 10000000\n" END,
	    CRASH_MEDIUM, "ETS table cache of shop <0.10.0> has 76.3 MiB", "55,046 objects", "(db_term)");
}

static void
test_many_tables(void **state)
{
	(void)state;
	CHECK(HEAD(OOM("8", "heap"), "scheduler:1") MEMORY("100000000", "10000000", "0",
		  "90000000") "=ets:<0.10.0>\nName: a\nWords: 3000000\n=ets:<0.11.0>\nName: b\nWords: "
			      "3000000\n=ets:<0.12.0>\nWords: 3000000\n" END,
	    CRASH_HIGH, "3 ETS tables have 68.7 MiB");
}

static void
test_binaries(void **state)
{
	(void)state;
	CHECK(HEAD("binary_alloc: Cannot allocate 1000000 bytes of memory (of type \"binary\").", "scheduler:1") MEMORY(
		  "100000000", "10000000", "80000000", "0") "=proc:<0.82.0>\nState: Waiting\nName: bin_hog\nMessage "
							    "queue length: 0\nBinVHeap: 9000000\nMemory: 5000\n"
							    "=binary:CAFE\n2FAF080:eHh4\n" END,
	    CRASH_HIGH, "binaries have 76.3 MiB", "bin_hog <0.82.0> refers to 68.7 MiB", "The largest has 47.7 MiB");
}

static void
test_a_crowd(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_adds(&text, HEAD(OOM("8", "heap"), "scheduler:1") MEMORY("100000000", "90000000", "0", "0"));
	for (int i = 0; i < 2000; i++)
		strbuf_addf(&text, "=proc:<0.%d.0>\nState: Waiting\nSpawned as: shop:session/1\nMemory: 40000\n", i);
	strbuf_adds(&text, END);
	CHECK(text.data, CRASH_HIGH, "2,000 processes of shop:session/1 have 76.3 MiB",
	    "100 % of all processes, 39.1 KiB each");
	strbuf_release(&text);
}

static void
test_fragmentation(void **state)
{
	(void)state;
	CHECK(HEAD(OOM("8", "heap"), "scheduler:1")
		  MEMORY("400000000", "90000000", "0", "0") "=allocator:eheap_alloc[1]\nmbcs blocks[eheap_alloc] size: "
							    "400000000\nmbcs carriers size: 2000000000\n" END,
	    CRASH_MEDIUM, "hold 1.9 GiB from the system, of which only 381 MiB (20 %) are in use");
}

static void
test_nobody_has_the_memory(void **state)
{
	const struct crashdump_summary *s;
	struct crashdump *c;
	struct strbuf dump = STRBUF_INIT;
	struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_adds(&dump, HEAD(OOM("4000000000", "heap"), "scheduler:1") MEMORY("40000000", "10", "0", "0"));
	strbuf_adds(&dump, SMALL);
	strbuf_adds(&dump, END);
	CHECK(dump.data, CRASH_LOW, "nothing in the dump has most of it", "another 3.7 GiB (heap)", "cgroup");
	c = read_dump(dump.data, &s);
	crashdump_causes_text(s, "  ", &text);
	assert_non_null(strstr(text.data, "  Likely cause: not clear from this dump.\n"));
	strbuf_release(&text);
	strbuf_release(&dump);
	crashdump_free(c);
}

static void
test_limits(void **state)
{
	(void)state;
	CHECK(HEAD("no more index entries in atom_tab (max=1048576)", "scheduler:1")
		  SCHEDULERS MEMORY("1", "1", "0", "0") "=atoms\nuser_17\nuser_16\n" END,
	    CRASH_HIGH, "The atom table is full: 1,048,576 atoms", "which was in shop:run/0", "user_17, user_16",
	    "list_to_atom");
	CHECK(HEAD("no more index entries in export_tab (max=524288)", "scheduler:1") END, CRASH_HIGH, "export_tab");
	CHECK(HEAD("Kernel pid terminated (x) (system_limit)",
		  "scheduler:1") "=allocated_areas\nprocess_table: 24\n"
				 "=proc:<0.1.0>\nSpawned as: shop:session/1\n=proc:<0.2.0>\nSpawned as: "
				 "shop:session/1\n" END,
	    CRASH_HIGH, "The process table is full: 2 of 2 processes", "2 of them are shop:session/1");
}

static void
test_what_the_slogan_says(void **state)
{
	(void)state;
	CHECK(HEAD("Kernel pid terminated (application_controller) ({application_terminated,rabbit,shutdown})",
		  "scheduler:1") END,
	    CRASH_HIGH, "Application rabbit ended", "restart intensity", "log");
	CHECK(HEAD("Kernel pid terminated (application_controller) ({application_start_failure,kernel,{{shutdown,x}}})",
		  "scheduler:1") END,
	    CRASH_HIGH, "Application kernel could not start");
	CHECK(HEAD("Kernel pid terminated (logger) (killed)", "scheduler:1") END, CRASH_HIGH, "The process logger");
	CHECK(HEAD("init terminating in do_boot ({undef,[{shop,nosuch,[],[]},{init,start_em,1,[]}]})", "scheduler:1")
		  END,
	    CRASH_HIGH, "did not start: there is no shop:nosuch");
	CHECK(HEAD("Runtime terminating during boot ({badmatch,1})", "scheduler:1") END, CRASH_HIGH, "did not start.");
	CHECK(HEAD("Received SIGUSR1", "scheduler:1") END, CRASH_HIGH, "somebody asked for a dump");
	CHECK(HEAD("Unexpected op code 17", "scheduler:1") END, CRASH_MEDIUM, "damaged .beam");
	CHECK(HEAD("Failed to create dirty cpu scheduler thread 3, error = 11", "scheduler:1") END, CRASH_MEDIUM,
	    "thread");
	CHECK(HEAD("disk on fire", "scheduler:1") SCHEDULERS END, CRASH_HIGH, "halt(\"disk on fire\")",
	    "which was in shop:run/0, called by init:start_it/1");
}

/* What was not the cause is said as what it is. */
static void
test_what_stands_out(void **state)
{
	const struct crashdump_summary *s;
	struct crashdump *c = read_dump(HEAD("disk on fire", "scheduler:1") SCHEDULERS MEMORY("400000000", "300000000",
					    "0", "0") PROC("<0.82.0>", "Name: hog\n", "0", "100", "200000000")
					    PROC("<0.83.0>", "Name: deaf\n", "20000", "100", "2000000") END,
	    &s);

	(void)state;
	assert_int_equal(s->cause_count, 3);
	assert_int_equal(s->causes[0].confidence, CRASH_HIGH);
	assert_int_equal(s->causes[1].confidence, CRASH_LOW);
	assert_non_null(strstr(s->causes[1].what, "hog"));
	assert_non_null(strstr(s->causes[2].what, "deaf"));
	assert_string_equal(s->causes[2].pid, "<0.83.0>");
	crashdump_free(c);
}

static void
test_not_clear(void **state)
{
	const struct crashdump_summary *s;
	struct crashdump *c = read_dump(HEAD("something new", "scheduler:7") MEMORY("10", "1", "0", "0") END, &s);

	(void)state;
	assert_int_equal(s->cause_count, 0);
	crashdump_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_heap),
		cmocka_unit_test(test_a_message_queue),
		cmocka_unit_test(test_a_table),
		cmocka_unit_test(test_many_tables),
		cmocka_unit_test(test_binaries),
		cmocka_unit_test(test_a_crowd),
		cmocka_unit_test(test_fragmentation),
		cmocka_unit_test(test_nobody_has_the_memory),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_what_the_slogan_says),
		cmocka_unit_test(test_what_stands_out),
		cmocka_unit_test(test_not_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
