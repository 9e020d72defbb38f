/* SPDX-License-Identifier: Apache-2.0 */
#include "crashdump/crashdump.h"

#include "crashdump/fixture.h"

static const char WHOLE[] = HEAD("disk on fire", "scheduler:1") SCHEDULERS MEMORY("200000000", "150000000", "10", "20")
    ALLOCATORS PROC("<0.10.0>",
	"Name: init\nSpawned as: init:boot/1\nSpawned by: []\nLink list: [<0.82.0>, {to,<0.9.0>,#Ref<0.1.2.3>}]\n", "0",
	"100", "5000") PROC("<0.82.0>", "Name: hog\n" PROC_LIB, "0", "10000000", "100000000")
	PROC("<0.83.0>", "Name: deaf\n" PROC_LIB, "30000", "233", "5000000")
	    PROC("<0.84.0>", PROC_LIB, "0", "233", "2000") PROC("<0.85.0>", PROC_LIB, "2", "233",
		"3000") "=port:#Port<0.4>\nState: CONNECTED\nConnected: <0.83.0>\nPort controls linked-in driver: "
			"tcp_inet\nQueue: 77\n"
			"=port:#Port<0.5>\nQueue: 0\n"
			"=ets:<0.82.0>\nSlot: 1\nTable: 5\nName: fat\nObjects: 20000\nWords: 1000\nType: set\n"
			"=ets:<0.10.0>\nName: thin\nObjects: 1\nWords: 10\nType: bag\n"
			"=timer:<0.10.0>\nMessage: hi\nTime left: 1\n=node:'app@host'\n=visible_node:12\nName: "
			"'other@host'\nCreation: 1\n"
			"=not_connected:3\nName: 'nonode@nohost'\n=loaded_modules\nCurrent code: 4812976\nOld code: 7\n"
			"=mod:init\nCurrent size: 78672\n=mod:lists\nCurrent size: 1\n=fun\nModule: init\n" INSIDE(
			    "<0.82.0>", "A1", "A4:shop",
			    "A3:hog") "=proc_messages:<0.83.0>\nHA200:N\nHA290:N\n=proc_dictionary:<0.83.0>\nHA310\n="
				      "proc_stack:<0.83.0>\n=proc_heap:<0.83.0>\n"
				      "A200:t2:A3:msg,HA210\nA210:lI104|HA220\nA220:lI105|N\nA310:t2:AE:$process_label,"
				      "HB100\nA400:YcCAFE:0:2FAF080\n" INSIDE("<0.84.0>", "A5", "A4:shop", "A6:worker")
					  INSIDE("<0.85.0>", "A6", "A4:shop",
					      "A6:worker") "=persistent_terms\nAB:code_server|I1\nAC:x|I2\n="
							   "literals\nB0F0:lI1|N\nB100:t2:A5:label,I17\n"
							   "=binary:CAFE\n2FAF080:eHh4eHh4\n=binary:D00D\n10:eHh4\n="
							   "atoms\nnewest\n'second newest'\nolder\n" END;

static void
check_whole(const struct crashdump_summary *s)
{
	const struct crash_process *p = s->by[CRASH_BY_MEMORY][0];

	assert_string_equal(s->slogan, "disk on fire");
	assert_string_equal(s->time, "Wed Nov 25 23:24:58 2026");
	assert_string_equal(s->taints, "crypto");
	assert_int_equal(s->otp_release, 27);
	assert_string_equal(s->node, "app@host");
	assert_true(s->distributed && s->complete);
	assert_int_equal(s->bytes, sizeof(WHOLE) - 1);
	assert_int_equal(s->processes.count, 5);
	assert_int_equal(s->processes.limit, 1048576);
	assert_int_equal(s->processes.queued, 30002);
	assert_int_equal(s->processes.long_queues, 1);
	assert_int_equal(s->ports, 2);
	assert_int_equal(s->ports_limit, 65536);
	assert_int_equal(s->atoms_limit, 1048576);
	assert_int_equal(s->run_queue, 4);
	assert_int_equal(s->schedulers, 2);
	assert_int_equal(s->dirty_schedulers, 2);
	assert_int_equal(s->blocks_bytes, 650);
	assert_int_equal(s->carriers_bytes, 1210);
	assert_int_equal(s->modules, 2);
	assert_int_equal(s->persistent_terms, 2);
	assert_int_equal(s->node_count, 1);
	assert_string_equal(s->nodes[0].name, "other@host");
	assert_string_equal(s->newest_atoms, "newest, 'second newest', older");
	assert_int_equal(crash_memory(s, "processes"), 150000000);
	assert_int_equal(crash_memory(s, "none such"), 0);
	assert_string_equal(p->pid, "<0.82.0>");
	assert_string_equal(p->name, "hog");
	assert_string_equal(p->initial_call, "shop:hog/1");
	assert_string_equal(p->ancestors, "my_sup, <0.10.0>");
	assert_string_equal(p->parent_name, "init");
	assert_int_equal(p->heap_bytes, 80000000);
	assert_int_equal(p->terms[CRASH_LIST_CELLS], 3);
	assert_true(p->stack.count == 1 && strcmp(p->stack.frame[0], "proc_lib:init_p_do_apply/3") == 0);
}

static void
check_rankings(const struct crashdump_summary *s)
{
	const struct crash_process *p = s->by[CRASH_BY_QUEUE][0];

	assert_int_equal(s->by_count[CRASH_BY_QUEUE], 2);
	assert_string_equal(p->pid, "<0.83.0>");
	assert_string_equal(p->label, "{label, 17}");
	assert_string_equal(p->message, "{msg, \"hi\"}");
	assert_ptr_equal(p, crash_find(s, "<0.83.0>"));
	assert_int_equal(crash_find(s, "<0.10.0>")->links, 2);
	assert_null(crash_find(s, "<0.1.0>"));
	assert_int_equal(s->by_count[CRASH_BY_BINARIES], 0);
	assert_int_equal(s->kind_count, 1);
	assert_string_equal(s->kinds[0].call, "shop:worker/1");
	assert_int_equal(s->kinds[0].count, 2);
	assert_int_equal(s->kinds[0].memory_bytes, 5000);
	assert_string_equal(s->table[0].name, "fat");
	assert_string_equal(s->table[0].owner_name, "hog");
	assert_int_equal(s->tables_bytes, 8080);
	assert_int_equal(s->port_count, 1);
	assert_string_equal(s->port[0].what, "controls linked-in driver: tcp_inet");
	assert_string_equal(s->port[0].connected_name, "deaf");
	assert_int_equal(s->binaries, 2);
	assert_int_equal(s->binary[0].size_bytes, 50000000);
	assert_string_equal(s->binary[0].holder, "<0.83.0>");
	assert_string_equal(s->binary[0].holder_name, "deaf");
	assert_int_equal(s->binary[1].references, 0);
	assert_int_equal(s->busy_count, 2);
	assert_string_equal(crash_caller(s)->current, "shop:run/0");
	assert_string_equal(crash_caller(s)->process_name, "init");
}

static void
test_a_dump_in_any_pieces(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < sizeof(WHOLE); piece += piece < 70 ? 1 : 501) {
		const struct crashdump_summary *s;
		struct err err;
		struct crashdump *c = read_pieces(WHOLE, sizeof(WHOLE) - 1, piece, &s, &err);

		assert_non_null(c);
		check_whole(s);
		check_rankings(s);
		crashdump_free(c);
	}
}

static void
test_a_dump_with_crlf(void **state)
{
	struct strbuf text = STRBUF_INIT;
	const struct crashdump_summary *s;
	struct crashdump *c;

	(void)state;
	for (const char *p = WHOLE; *p; p++) {
		if (*p == '\n')
			strbuf_addc(&text, '\r');
		strbuf_addc(&text, *p);
	}
	c = read_dump(text.data, &s);
	assert_string_equal(s->slogan, "disk on fire");
	check_rankings(s);
	assert_true(s->complete);
	assert_true(crashdump_is_written(text.data, text.len));
	crashdump_free(c);
	strbuf_release(&text);
}

static void
refused(const char *bytes, size_t len, const char *why)
{
	for (size_t piece = 1; piece <= len + 1; piece += len > 2 ? len - 1 : 1) {
		const struct crashdump_summary *s;
		struct err err;

		assert_null(read_pieces(bytes, len, piece, &s, &err));
		assert_non_null(strstr(err.text, why));
		assert_non_null(strstr(err.text, "not an Erlang crash dump"));
	}
}

static void
test_what_is_no_dump(void **state)
{
	(void)state;
	refused("", 0, "empty");
	refused("=erl_crash", 10, "it begins with \"=erl_crash\"");
	refused("=erl_crash_dumb:0.5\n", 20, "it begins with");
	refused("hello\x1b[31m", 10, "\"h");
	refused("\x1f\x8b\x08\0\0\0\0\0\0\0", 10, "");
	refused("\n", 1, "it begins with \".\"");
}

static void
test_compressed_ones_are_told_how(void **state)
{
	const struct crashdump_summary *s;
	struct err err;

	(void)state;
	assert_null(read_pieces("\x1f\x8b\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18, 18, &s, &err));
	assert_non_null(strstr(err.text, "gunzip -c"));
}

/* Every cut of it is read without harm; what it says is of what was there. */
static void
test_a_cut_dump(void **state)
{
	(void)state;
	for (size_t len = 16; len < sizeof(WHOLE) - 1; len++) {
		const struct crashdump_summary *s;
		struct err err;
		struct strbuf text = STRBUF_INIT;
		struct crashdump *c = read_pieces(WHOLE, len, 4096, &s, &err);

		assert_non_null(c);
		assert_int_equal(s->complete, len >= sizeof(WHOLE) - 2);
		crashdump_text(s, &text);
		assert_int_equal(strstr(text.data, "The dump is cut") != NULL, len < sizeof(WHOLE) - 2);
		strbuf_release(&text);
		crashdump_free(c);
	}
}

static void
test_a_dump_that_the_vm_cut(void **state)
{
	const struct crashdump_summary *s;
	struct strbuf text = STRBUF_INIT;
	struct crashdump *c =
	    read_dump(HEAD("x", "scheduler:1") "=proc:<0.1\n=abort:CRASH DUMP SIZE LIMIT REACHED\n\n", &s);

	(void)state;
	assert_false(s->complete);
	assert_string_equal(s->aborted, "CRASH DUMP SIZE LIMIT REACHED");
	crashdump_text(s, &text);
	assert_non_null(strstr(text.data, "CRASH DUMP SIZE LIMIT REACHED"));
	strbuf_release(&text);
	crashdump_free(c);
}

static void
test_whether_it_is_written(void **state)
{
	(void)state;
	assert_true(crashdump_is_written("x\n=end\n", 7));
	assert_true(crashdump_is_written("=end", 4));
	assert_true(crashdump_is_written("x\n=abort:CRASH DUMP SIZE LIMIT REACHED\n\n", 40));
	assert_false(crashdump_is_written("", 0));
	assert_false(crashdump_is_written("\n\n", 2));
	assert_false(crashdump_is_written("x=end\n", 6));
	assert_false(crashdump_is_written("=end of it\n", 11));
	assert_false(crashdump_is_written("7FF0:lI1|", 9));
}

static void
test_a_slogan_of_several_lines(void **state)
{
	const struct crashdump_summary *s;
	struct crashdump *c = read_dump(HEAD("first\nsecond: line\n\nthird", "scheduler:1") END, &s);

	(void)state;
	assert_string_equal(s->slogan, "first\nsecond: line\nthird");
	assert_int_equal(s->otp_release, 27);
	crashdump_free(c);
}

/* Before OTP 22 or so: other formats, fields that no longer are. */
static void
test_an_old_dump(void **state)
{
	const struct crashdump_summary *s;
	struct crashdump *c = read_dump(
	    "=erl_crash_dump:0.3\nSat Aug 20 23:50:42 2016\nSlogan: x\n"
	    "System version: Erlang/OTP 18 [erts-7.3] [source] [async-threads:10]\nCompiled: Fri Apr  8 10:11:48 "
	    "2016\nTaints: \nAtoms: 5514\n"
	    "=proc:<0.1.0>\nState: Waiting\nName: a\nSpawned as: proc_lib:init_p/5\nStarted: Sat Aug 20\n"
	    "Message queue length: 0\nReductions: 5\nStack+heap: 10\nOldHeap: 10\nMemory: 1000\n"
	    "Program counter: 0x00007f599b42b170 (gen_server:loop/6 + 64)\nCP: 0x0 (invalid)\narity = 0\n"
	    "=proc_dictionary:<0.1.0>\nH10\n=proc_stack:<0.1.0>\n=proc_heap:<0.1.0>\n"
	    "10:t2:AE:$process_label,H20\n20:Yh2:6869\n=end\n",
	    &s);

	(void)state;
	assert_int_equal(s->otp_release, 18);
	assert_int_equal(s->word_bytes, 4);
	assert_string_equal(s->compiled, "Fri Apr  8 10:11:48 2016");
	assert_int_equal(s->by[CRASH_BY_MEMORY][0]->heap_bytes, 80);
	assert_string_equal(s->by[CRASH_BY_MEMORY][0]->label, "<<\"hi\">>");
	crashdump_free(c);
}

static void
test_hostile_numbers(void **state)
{
	const struct crashdump_summary *s;
	struct strbuf text = STRBUF_INIT;
	struct jsonw j;
	struct crashdump *c = read_dump(
	    HEAD("x", "scheduler:1") MEMORY("99999999999999999999999", "-5", "abc", "18446744073709551615") PROC(
		"<0.1.0>", "Name: \x1b[31mred\n", "99999999999999999999999", "18446744073709551615",
		"18446744073709551615") PROC("<0.2.0>", "", "18446744073709551615", "1",
		"18446744073709551615") "=ets:<0.1.0>\nWords: 18446744073709551615\n"
					"=ets:<0.1.0>\nWords: "
					"18446744073709551615\n=binary:FFFFFFFFFFFFFFFFFFFF\nFFFFFFFFFFFFFFFFFFFFFFF:\n"
					"=binary:\n\n=binary\nFFFFFFFFFFFFFFFF\n" END,
	    &s);

	(void)state;
	assert_int_equal(s->processes.memory_bytes, UINT64_MAX);
	assert_int_equal(s->processes.queued, UINT64_MAX);
	assert_int_equal(s->tables_bytes, UINT64_MAX);
	assert_int_equal(s->binaries_bytes, UINT64_MAX);
	crashdump_text(s, &text);
	assert_null(memchr(text.data, '\x1b', text.len));
	strbuf_reset(&text);
	jsonw_init(&j, &text);
	crashdump_json(s, &j);
	assert_non_null(strstr(text.data, "\"memory_bytes\":18446744073709551615"));
	strbuf_release(&text);
	crashdump_free(c);
}

/* The same pid again and again, with more each time: nobody's VM writes this. */
static void
test_a_pid_that_stands_twice(void **state)
{
	const struct crashdump_summary *s;
	struct crashdump *c = read_dump(HEAD("x", "scheduler:1") PROC("<0.1.0>", "", "1", "1", "10") PROC(
					    "<0.1.0>", "", "2", "1", "20") INSIDE("<0.1.0>", "A1", "A1:m", "A1:f") END,
	    &s);

	(void)state;
	assert_int_equal(s->by_count[CRASH_BY_MEMORY], 1);
	assert_int_equal(s->by[CRASH_BY_MEMORY][0]->memory_bytes, 10);
	crashdump_free(c);
}

static void
add_process(struct strbuf *text, int i)
{
	strbuf_addf(text,
	    "=proc:<0.%d.0>\nState: Waiting\nSpawned as: proc_lib:init_p/5\nMessage queue length: %d\nMemory: %d\n"
	    "Program counter: 0x1 (gen_server:loop/7 + 1)\n",
	    i, i % 7, 1000 + i * 7919 % 10007);
}

static void
add_inside(struct strbuf *text, int i)
{
	strbuf_addf(text,
	    "=proc_dictionary:<0.%d.0>\nH%X0\n=proc_heap:<0.%d.0>\n%X0:t2:AD:$initial_call,H%X8\n%X8:t3:A1:m,A2:f%d,"
	    "I0\n",
	    i, i, i, i, i, i, i % 3);
}

/* Kinds are known behind all processes only, and of those that were in a garbage collection never. */
static void
test_kinds_of_many_processes(void **state)
{
	struct strbuf text = STRBUF_INIT;
	const struct crashdump_summary *s;
	struct crashdump *c;
	uint64_t counted = 0;

	(void)state;
	strbuf_adds(&text, HEAD("x", "scheduler:1"));
	for (int i = 1; i <= 3000; i++)
		add_process(&text, i);
	for (int i = 1; i <= 3000; i++)
		if (i % 10)
			add_inside(&text, i);
	strbuf_adds(&text, END);
	c = read_dump(text.data, &s);
	assert_int_equal(s->processes.kinds, 4);
	for (size_t i = 0; i < s->kind_count; i++)
		counted += s->kinds[i].count;
	assert_int_equal(counted, 3000);
	for (size_t i = 0; i < s->kind_count; i++)
		if (strcmp(s->kinds[i].call, "m:f1/0") == 0)
			assert_int_equal(s->kinds[i].count, 900);
	for (size_t i = 1; i < s->by_count[CRASH_BY_MEMORY]; i++)
		assert_true(s->by[CRASH_BY_MEMORY][i - 1]->memory_bytes >= s->by[CRASH_BY_MEMORY][i]->memory_bytes);
	assert_int_equal(s->by[CRASH_BY_MEMORY][0]->memory_bytes, 1000 + 10006);
	crashdump_free(c);
	strbuf_release(&text);
}

static void
test_json_has_it_all(void **state)
{
	static const char *const parts[] = { "\"slogan\":\"disk on fire\"", "\"complete\":true", "\"name\":\"hog\"",
		"\"initial_call\":\"shop:hog/1\"", "\"oldest_message\":\"{msg, \\\"hi\\\"}\"",
		"\"label\":\"{label, 17}\"", "\"holder\":\"<0.83.0>\"", "\"state\":\"visible\"",
		"\"wrote_the_dump\":true", "\"list_cells\":3" };
	const struct crashdump_summary *s;
	struct crashdump *c = read_dump(WHOLE, &s);
	struct strbuf text = STRBUF_INIT;
	struct jsonw j;

	(void)state;
	jsonw_init(&j, &text);
	crashdump_json(s, &j);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strstr(text.data, parts[i]) == NULL)
			fail_msg("%s is not in %s", parts[i], text.data);
	strbuf_release(&text);
	crashdump_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_dump_in_any_pieces),
		cmocka_unit_test(test_a_dump_with_crlf),
		cmocka_unit_test(test_what_is_no_dump),
		cmocka_unit_test(test_compressed_ones_are_told_how),
		cmocka_unit_test(test_a_cut_dump),
		cmocka_unit_test(test_a_dump_that_the_vm_cut),
		cmocka_unit_test(test_whether_it_is_written),
		cmocka_unit_test(test_a_slogan_of_several_lines),
		cmocka_unit_test(test_an_old_dump),
		cmocka_unit_test(test_hostile_numbers),
		cmocka_unit_test(test_a_pid_that_stands_twice),
		cmocka_unit_test(test_kinds_of_many_processes),
		cmocka_unit_test(test_json_has_it_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
