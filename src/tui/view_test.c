/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/view.h"

#include "tui/fixture.h"
#include "tui/keys.h"

static struct model model;
static struct view view;
static struct cells cells;
static struct strbuf screen;

static int
setup(void **state)
{
	(void)state;
	fixture_fill(&model);
	view_init(&view, &model);
	view.now_ms = FIXTURE_NOW;
	strcpy(view.origin, "watch at 127.0.0.1:4900");
	return fixture_locale();
}

static int
teardown(void **state)
{
	(void)state;
	view_release(&view);
	model_release(&model);
	cells_release(&cells);
	strbuf_release(&screen);
	memset(&cells, 0, sizeof(cells));
	return 0;
}

/* draw returns the whole screen as text, a line a row. Whatever is on it, it fits, and is visible. */
static const char *
draw(int width, int height)
{
	strbuf_reset(&screen);
	cells_size(&cells, width, height);
	view_draw(&view, &cells);
	for (int row = 0; row < height; row++) {
		cells_text(&cells, row, &screen);
		strbuf_addc(&screen, '\n');
	}
	for (int i = 0; i < width * height; i++)
		assert_true(cells.at[i].cp == 0 ||
		    (cells.at[i].cp >= 0x20 && cells.at[i].cp != 0x7F && cells.at[i].cp != 0x202E));
	return screen.data;
}

static void
assert_has(const char *text)
{
	if (strstr(screen.data, text) == NULL)
		fail_msg("\"%s\" is not on the screen:\n%s", text, screen.data);
}

static void
assert_lacks(const char *text)
{
	if (strstr(screen.data, text))
		fail_msg("\"%s\" is on the screen:\n%s", text, screen.data);
}

static void
hit(const char *keys)
{
	for (; *keys; keys++)
		view_key(&view, *keys);
}

/* ---- what an operator has to see ---------------------------------------------------------------------------------- */

static void
test_which_since_when_who_what_next(void **state)
{
	(void)state;
	draw(120, 40);
	assert_has("shop@host");
	assert_has("critical for 12 min, since 10:18:00");
	assert_has("Restarts 86 in 5 min (critical above 10); Message queue 37,176 messages (warning above 10,000)");
	assert_has("Open  Message queue of mailer grows, since 10:20:00");
	assert_has("lines 10 min");
	assert_has("Who   mailer <0.102.0>; connector under payments_sup (storm)");
	/* What is critical comes first. */
	assert_has("Next  Restarts: read the exit reasons.");
	assert_has("Message queue: bound its senders.");
	assert_has("not observed: file_descriptors");
	assert_has("watch at 127.0.0.1:4900");
	assert_has("86 in 5 min");
	assert_has("12 %  max 50 %");
	assert_has("F10 Quit");
}

static void
test_small_screens_keep_what_matters(void **state)
{
	(void)state;
	draw(80, 24);
	assert_has("critical for 12 min");
	assert_has("Who   mailer");
	assert_has("Next  Restarts: read");
	assert_has("37,176");
	draw(40, 12);
	assert_has("critical for 12 min");
	assert_has("Restarts 86 in 5 min");
	assert_has("mailer");
	assert_has("37,176");
	assert_has("F10 Quit");
	draw(20, 5);
	assert_has("arsenal top needs");
	for (int width = 1; width < 130; width += 3)
		for (int height = 1; height < 45; height += 4)
			draw(width, height);
}

static void
test_all_nodes_the_worst_first(void **state)
{
	const char *gone, *shop, *odd, *fine;

	(void)state;
	view_select(&view, "");
	draw(120, 20);
	assert_has("4 nodes");
	assert_has("1 not linked");
	assert_has("1 critical");
	assert_has("1 healthy");
	assert_has("Message queue of mailer grows");
	assert_has("nobody listens");
	gone = strstr(screen.data, "gone@host");
	shop = strstr(screen.data, "shop@host");
	odd = strstr(screen.data, "<b>evil");
	fine = strstr(screen.data, "fine@host");
	assert_true(gone && shop && odd && fine && gone < shop && shop < odd && odd < fine);
	draw(40, 12);
	assert_has("unreachable");
}

static void
test_two_hundred_nodes(void **state)
{
	struct strbuf all = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 200; i++)
		strbuf_addf(&all,
		    "%s{\"name\":\"app%03d@host\",\"state\":\"up\",\"overall_status\":\"%s\",\"cpu_utilization\":%d,"
		    "\"info\":{}}",
		    i ? "," : "[", i, i == 150 ? "critical" : "healthy", i % 100);
	strbuf_addc(&all, ']');
	view_select(&view, "");
	fixture_answer(&model, ASK_NODES, all.data);
	draw(120, 40);
	assert_has("200 nodes  1 critical  199 healthy");
	assert_has("app150@host");
	assert_lacks("app199@host");
	view_key(&view, KEY_CODE_END);
	draw(80, 24);
	assert_has("app199@host");
	hit("r");
	view_key(&view, KEY_CODE_HOME);
	draw(80, 24);
	assert_has("CPU\xE2\x96\xBC");
	assert_string_equal(view.list.rows[0].cells[0].text, "app099@host");
	strbuf_release(&all);
}

static void
test_no_node(void **state)
{
	(void)state;
	view_select(&view, "");
	fixture_answer(&model, ASK_NODES, "[]");
	draw(80, 24);
	assert_has("0 nodes");
	assert_has("No node is watched there.");
}

static void
test_lost_and_found(void **state)
{
	(void)state;
	model.lost_ms = FIXTURE_NOW - 65000;
	model.answered_ms = FIXTURE_NOW - 67000;
	strcpy(model.lost_why, "it cannot be reached");
	draw(120, 24);
	assert_has("LOST since 10:28:55: it cannot be reached. Shown is what was at 10:28:53.");
	model.lost_ms = 0;
	draw(120, 24);
	assert_lacks("LOST");
}

static void
test_a_node_that_is_down(void **state)
{
	(void)state;
	view_select(&view, "gone@host");
	draw(80, 24);
	assert_has("unreachable for 60 s");
	assert_has("nobody listens");
	view_select(&view, "never@heard.of");
	draw(80, 24);
	assert_has("This node is not watched there.");
}

static void
test_nothing_is_known_yet(void **state)
{
	struct model empty;
	struct view v;

	(void)state;
	model_init(&empty);
	view_init(&v, &empty);
	cells_size(&cells, 80, 24);
	for (size_t i = 0; i < VIEW_PANELS; i++) {
		v.panel = i;
		view_draw(&v, &cells);
	}
	model_select(&empty, "a@b");
	for (size_t i = 1; i < VIEW_PANELS; i++) {
		v.panel = i;
		view_draw(&v, &cells);
		view_key(&v, KEY_CODE_ENTER);
	}
	view_release(&v);
	model_release(&empty);
}

/* ---- panels --------------------------------------------------------------------------------------------------------- */

static void
test_processes(void **state)
{
	const char *mailer, *code;

	(void)state;
	draw(120, 40);
	mailer = strstr(screen.data, "mailer                ");
	code = strstr(screen.data, "code_server");
	assert_true(mailer && code && mailer < code);
	assert_has("<b>evil</b>?[31m?");
	assert_lacks("hidden");
	/* The ranking by memory knows it of a process that was not asked. */
	hit("m");
	draw(120, 40);
	assert_has("1.5 MiB");
	assert_has("MEMORY\xE2\x96\xBC");
	hit("b");
	draw(120, 40);
	assert_has("BINARIES\xE2\x96\xBC");
	view_key(&view, KEY_CODE_F6);
	draw(120, 40);
	assert_has("REDS/S\xE2\x96\xBC");
	hit("I");
	draw(120, 40);
	assert_has("REDS/S\xE2\x96\xB2");
}

static void
test_a_process(void **state)
{
	(void)state;
	draw(80, 24);
	view_key(&view, KEY_CODE_ENTER);
	draw(100, 40);
	assert_has("Process mailer <0.102.0>");
	assert_has("3,750 messages a second");
	assert_has("not asked: its queue is deep");
	assert_has("orders_sup under shop_sup");
	/* When it is gone what was known stays, and that is said. */
	fixture_answer(&model, ASK_TOP_QUEUE, "{\"processes\":[]}");
	fixture_answer(&model, ASK_TOP_MEMORY, "{\"processes\":[]}");
	draw(100, 40);
	assert_has("No longer among the rows");
	assert_has("Process mailer");
	view_key(&view, KEY_CODE_ESCAPE);
	draw(100, 40);
	assert_has("No ranking yet");
}

static void
test_restarts(void **state)
{
	(void)state;
	hit("2");
	draw(120, 40);
	assert_has("2 Restarts 86");
	assert_has("{connect_failed,econnre");
	assert_has("periodic");
	assert_has("4 of 100 used");
	assert_has("failed to start: <b>evil");
	view_key(&view, KEY_CODE_ENTER);
	draw(120, 40);
	assert_has("Restarts of connector");
	assert_has("80 restarts in 60 s: connector");
	assert_has("10:29:55");
	assert_has("4 of 100 restarts in 5 s used, 96 left");
}

static void
test_restarts_not_observed(void **state)
{
	(void)state;
	fixture_answer(&model, ASK_RESTARTS, "{\"observed\":false}");
	hit("2");
	draw(80, 24);
	assert_has("Restarts are not observed on this node.");
	assert_lacks("Restarts 0");
}

static void
test_incidents(void **state)
{
	const char *open, *ended;

	(void)state;
	hit("3");
	draw(120, 40);
	open = strstr(screen.data, "OPEN");
	ended = strstr(screen.data, "ended");
	assert_true(open && ended && open < ended);
	view_key(&view, KEY_CODE_ENTER);
	draw(120, 40);
	assert_has("Bound its senders.");
	assert_has("mailer <0.102.0>");
	assert_has("mq_max 29,509, usually 0");
	assert_has("storm: 17 restarts");
	assert_has("still holds");
}

static void
test_events_and_their_filters(void **state)
{
	(void)state;
	hit("4");
	draw(120, 40);
	assert_has("connector under payments_sup: <b>evil</b>?[31m?");
	assert_has("critical: Restarts 11 in 5 min (critical above 10)");
	assert_has("opened: Message queue of mailer grows");
	assert_has("up: linked");
	assert_lacks("not told");
	assert_lacks("of another node");
	hit("vv");
	draw(120, 40);
	assert_lacks("up: linked");
	assert_has("critical: Restarts");
	hit("ve");
	draw(120, 40);
	assert_has("connector under payments_sup");
	assert_lacks("critical: Restarts");
	view_key(&view, KEY_CODE_ENTER);
	draw(120, 40);
	assert_has("Child id");
	view_select(&view, "");
	hit("4");
	draw(120, 40);
	hit("eeeeee");
	draw(120, 40);
	assert_has("connector under payments_sup");
}

static void
test_the_tree_folds(void **state)
{
	(void)state;
	hit("5");
	draw(120, 40);
	assert_has("shop_sup");
	assert_has("    mailer");
	assert_has("restarting");
	assert_has("does not answer");
	view_key(&view, KEY_CODE_DOWN);
	view_key(&view, KEY_CODE_LEFT);
	draw(120, 40);
	assert_has("\xE2\x96\xB8 orders_sup");
	assert_lacks("    mailer");
	view_key(&view, KEY_CODE_RIGHT);
	draw(120, 40);
	assert_has("    mailer");
	view_key(&view, KEY_CODE_ENTER);
	draw(120, 40);
	assert_has("Supervisor orders_sup");
	assert_has("1 of 3 in 5 s used, 2 left");
}

static void
test_the_tree_is_asked_for(void **state)
{
	(void)state;
	assert_false(view_key(&view, '5') & EFFECT_TREE);
	assert_true(view_key(&view, KEY_CODE_F5) & EFFECT_TREE);
	model_answer(&model, ASK_TREE, 501, "{\"error\":{\"message\":\"plain calls only\"}}", 40, FIXTURE_NOW);
	view_select(&view, "fine@host");
	assert_true(view_key(&view, '5') & EFFECT_TREE);
	model.answers[ASK_TREE].waiting = true;
	draw(80, 24);
	assert_has("Asking the node");
	model_answer(&model, ASK_TREE, 501, "{\"error\":{\"message\":\"plain calls only\"}}", 40, FIXTURE_NOW);
	draw(80, 24);
	assert_has("plain calls only");
}

static void
test_ahead(void **state)
{
	(void)state;
	hit("6");
	draw(120, 40);
	assert_has("reporter fails again");
	assert_has("10:30:12");
	assert_has("2024-01-19 16:30");
	assert_has("much later");
	assert_has("no trend");
	assert_has("80 %");
	view_key(&view, KEY_CODE_ENTER);
	draw(120, 40);
	assert_has("Between           10:30:11 and 10:30:13, with a probability of 80 %");
}

static void
test_memory(void **state)
{
	(void)state;
	hit("7");
	draw(120, 40);
	assert_has("May be used");
	assert_has("954 MiB");
	assert_has("25 %");
	assert_has("eheap_alloc");
	assert_has("1.0 MiB more an hour");
}

/* ---- keys ----------------------------------------------------------------------------------------------------------- */

static void
test_filter_and_search(void **state)
{
	(void)state;
	hit("\\code");
	draw(80, 24);
	assert_has("Filter: code_");
	assert_has("code_server");
	assert_lacks("mailer        ");
	view_key(&view, KEY_CODE_ENTER);
	draw(80, 24);
	assert_has("filter: code");
	view_key(&view, KEY_CODE_ESCAPE);
	draw(80, 24);
	assert_has("mailer");
	hit("/nothing\nn");
	draw(80, 24);
	assert_has("is in none of the rows");
	hit("/CODE\n");
	draw(80, 24);
	assert_string_equal(view.choices[1].id, "<0.50.0>");
	/* Esc goes from the node to all nodes only when there is nothing else to leave. */
	assert_string_equal(model.node, FIXTURE_NODE);
	view_key(&view, KEY_CODE_ESCAPE);
	assert_string_equal(model.node, "");
}

static void
test_mq_is_no_wish_to_quit(void **state)
{
	(void)state;
	assert_false(view_key(&view, 'm') & EFFECT_QUIT);
	assert_false(view_key(&view, 'q') & EFFECT_QUIT);
	draw(80, 24);
	assert_has("QUEUE\xE2\x96\xBC");
	assert_true(view_key(&view, 'q') & EFFECT_QUIT);
	view_key(&view, 'm');
	view.now_ms += 2000;
	assert_true(view_key(&view, 'q') & EFFECT_QUIT);
}

static void
test_help_has_every_key(void **state)
{
	(void)state;
	hit("h");
	draw(120, 70);
	for (size_t i = 0; i < BINDING_COUNT; i++)
		assert_has(BINDINGS[i].shown);
	view_key(&view, KEY_CODE_ESCAPE);
	draw(120, 40);
	assert_has("mailer");
	/* What is no key of ours changes nothing, wherever it is hit. */
	hit("h");
	view_key(&view, KEY_CODE_OTHER);
	draw(120, 70);
	assert_has("this help");
}

static void
test_panels_by_tab_and_digits(void **state)
{
	(void)state;
	for (size_t i = 2; i < VIEW_PANELS; i++) {
		view_key(&view, KEY_CODE_TAB);
		assert_int_equal(view.panel, i);
		draw(80, 24);
	}
	view_key(&view, KEY_CODE_TAB);
	assert_int_equal(view.panel, 1);
	view_key(&view, KEY_CODE_BACK_TAB);
	assert_int_equal(view.panel, 7);
	hit("0");
	assert_string_equal(model.node, "");
	/* From all nodes a digit opens the panel of the one that is chosen. */
	draw(80, 24);
	view_key(&view, KEY_CODE_DOWN);
	hit("2");
	assert_string_equal(model.node, "shop@host");
	assert_int_equal(view.panel, 2);
	hit("9");
	assert_int_equal(view.panel, 2);
}

static void
test_refresh_and_span(void **state)
{
	(void)state;
	hit("d");
	assert_int_equal(view.refresh_ms, 5000);
	hit("DD");
	assert_int_equal(view.refresh_ms, 1000);
	hit("D");
	assert_int_equal(view.refresh_ms, 1000);
	hit("]");
	assert_int_equal(model.span_ms, 3600000);
	hit("[[");
	assert_int_equal(model.span_ms, 600000);
	hit(" ");
	draw(80, 24);
	assert_has("PAUSED");
	assert_true(view_key(&view, ' ') & EFFECT_ASK);
}

static void
test_any_keys_in_any_place(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		int key;

		seed = seed * 1664525 + 1013904223;
		key = seed >> 8 & 1 ? (int)(seed >> 16 & 0x7F) : KEY_CODE_UP + (int)(seed >> 16 & 31);
		view_key(&view, key);
		draw(30 + (int)(seed >> 24 & 63), 8 + (int)(seed >> 26));
	}
}

static void
test_whole(void **state)
{
	(void)state;
	view.whole = true;
	draw(80, 60);
	assert_lacks("F10");
	for (int i = 0; i < cells.width * cells.height; i++)
		assert_false(cells.at[i].chosen);
}

static void
test_what_is_asked_for(void **state)
{
	(void)state;
	assert_true(view_wants(&view) & 1u << ASK_HEALTH);
	assert_true(view_wants(&view) & 1u << ASK_TOP_MEMORY);
	assert_false(view_wants(&view) & 1u << ASK_INCIDENTS);
	hit("3");
	assert_true(view_wants(&view) & 1u << ASK_INCIDENTS);
	view_select(&view, "");
	assert_int_equal(view_wants(&view), 1u << ASK_NODES);
}

static void
test_panels_by_name(void **state)
{
	(void)state;
	assert_true(view_open(&view, "memory"));
	assert_int_equal(view.panel, 7);
	assert_false(view_open(&view, "nodes"));
	assert_false(view_open(&view, "nothing"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_which_since_when_who_what_next, setup, teardown),
		cmocka_unit_test_setup_teardown(test_small_screens_keep_what_matters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_nodes_the_worst_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_hundred_nodes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_node, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_and_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_node_that_is_down, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_known_yet, setup, teardown),
		cmocka_unit_test_setup_teardown(test_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_process, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restarts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restarts_not_observed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_incidents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events_and_their_filters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_tree_folds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_tree_is_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ahead, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter_and_search, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mq_is_no_wish_to_quit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_help_has_every_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_panels_by_tab_and_digits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refresh_and_span, setup, teardown),
		cmocka_unit_test_setup_teardown(test_any_keys_in_any_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_panels_by_name, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
