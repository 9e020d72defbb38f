/* SPDX-License-Identifier: Apache-2.0 */
/* What a report has in it, and how each of its forms tells it. */
#include "report/fixture.h"

static void
test_what_grew_and_who(void **state)
{
	bool queue = false;

	(void)state;
	rest(60);
	queue_fault(5);
	look_back(15);
	assert_true(r->grown_count >= 2);
	for (unsigned i = 0; i < r->grown_count; i++)
		if (r->grown[i].metric == METRIC_MQ_MAX) {
			queue = true;
			assert_true(r->grown[i].compared);
			assert_true(llabs(r->grown[i].since_ms - (now - 5 * 60000)) < 60000);
		}
	assert_true(queue);
	assert_true(r->grower_count >= 2);
	assert_string_equal(r->growers[0].process.name, "victim");
	assert_false(r->growers[0].was_ranked);
}

static void
test_columns_have_every_sample_of_the_end(void **state)
{
	(void)state;
	rest(40);
	look_back(30);
	assert_int_equal(r->samples, 30 * 12 + 1);
	assert_int_equal(r->columns.count, 15 * 12 + 1);
	assert_false(r->columns.cut);
	assert_int_equal(r->columns.times[r->columns.count - 1], now);
	assert_true(r->columns.values[METRIC_PROCESS_COUNT][0] > 300);
	assert_null(r->columns.values[METRIC_LOAD1]);
}

static void
test_hostile_names_are_escaped_in_every_form(void **state)
{
	static const char evil[] = "<script>alert(1)</script>\033[2J\"&'\xff\xe2\x80\xae";
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(20);
	for (int i = 0; i < 12; i++) {
		at_rest();
		sample_set(&s, METRIC_MQ_MAX, 1e6);
		lead(TOP_MESSAGE_QUEUE, "<0.9.0>", evil, 1e6, 1 * MB, 1e6);
		feed();
		restart(now, RESTART_DONE, evil, evil);
	}
	die(PROCESS_GONE);
	report_html(r, &out);
	assert_null(strstr(out.data, "<script"));
	assert_null(strchr(out.data, '\033'));
	assert_null(strstr(out.data,
	    "http"
	    "://"));
	assert_null(strstr(out.data, "https:"));
	assert_non_null(strstr(out.data, "&#60;script&#62;"));
	strbuf_reset(&out);
	report_text(r, &out, false);
	assert_null(strchr(out.data, '\033'));
	assert_null(strstr(out.data, "\xe2\x80\xae"));
	strbuf_reset(&out);
	report_json(r, &out);
	assert_null(strchr(out.data, '\033'));
	assert_non_null(strstr(out.data, "\"cause\":\"message_queue\""));
	strbuf_release(&out);
}

static void
test_everything_is_bounded(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 6000; i++) {
		char child[32];

		at_rest();
		now -= STEP_MS - 100;
		s.time_ms = now;
		feed();
		snprintf(child, sizeof(child), "child%d", i % 700);
		restart(now, i % 50 ? RESTART_DONE : RESTART_GAVE_UP, "sup", child);
	}
	look_back(15);
	assert_int_equal(r->columns.count, REPORT_SAMPLES_MAX);
	assert_true(r->columns.cut);
	assert_int_equal(r->timeline_count, REPORT_RESTARTS_MAX);
	assert_int_equal(r->restart_row_count, REPORT_RESTART_ROWS);
	assert_int_equal(r->restarts + r->gave_up, 6000);
	for (unsigned i = 0; i < r->line_count; i++)
		assert_true(r->lines[i].count <= REPORT_CHART_POINTS + 2);
	report_html(r, &out);
	assert_true(out.len < 2000000);
	strbuf_release(&out);
}

/* flatten makes one space of each gap, so that it does not matter where lines were broken. */
static void
flatten(struct strbuf *text)
{
	size_t to = 0;

	for (size_t i = 0; i < text->len; i++) {
		bool gap = text->data[i] == ' ' || text->data[i] == '\n';

		if (!gap || (to > 0 && text->data[to - 1] != ' '))
			text->data[to++] = gap ? ' ' : text->data[i];
	}
	strbuf_cut(text, to);
}

/* What belongs together is told once, under its root, and not as anomalies beside. */
static void
test_an_incident_is_told_in_every_form(void **state)
{
	static void (*const forms[])(const struct report *, struct strbuf *) = { report_json, report_html };
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(40);
	for (int i = 0; i < 48; i++) {
		at_rest();
		sample_set(&s, METRIC_MQ_MAX, 1000 * i);
		add(METRIC_VM_MEMORY_TOTAL, 20 * MB * i);
		lead(TOP_MESSAGE_QUEUE, "<0.99.0>", "victim", 1000 * i, 20 * MB * i, 1000 * i);
		lead(TOP_MEMORY, "<0.99.0>", "victim", 20 * MB * i, 20 * MB * i, 1000 * i);
		feed();
	}
	look_back(15);
	assert_int_equal(r->incident_count, 1);
	assert_int_equal(r->incidents[0].members[r->incidents[0].root].type, ANOMALY_MESSAGE_QUEUE);
	assert_true(r->incidents[0].member_count > 1);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		strbuf_reset(&out);
		forms[i](r, &out);
		assert_non_null(strstr(out.data, r->incidents[0].id));
	}
	strbuf_reset(&out);
	report_text(r, &out, false);
	assert_non_null(strstr(out.data, "\nIncidents\n"));
	assert_null(strstr(out.data, "nomalies\n"));
	flatten(&out);
	assert_non_null(strstr(out.data, "memory follows"));
	assert_non_null(strstr(out.data, "(the root)"));
	assert_non_null(strstr(out.data, "Next: It gets more than it handles"));
	strbuf_release(&out);
}

static void
headline_is(const char *wanted)
{
	struct strbuf text = STRBUF_INIT;

	report_headline(r, &text);
	assert_string_equal(text.data, wanted);
	strbuf_release(&text);
}

static void
test_a_calm_range_has_a_calm_headline(void **state)
{
	(void)state;
	rest(60);
	look_back(30);
	assert_true(report_is_calm(r));
	headline_is("Healthy at the end. In 30 min: nothing happened.");
}

static void
test_a_range_without_readings_is_not_calm(void **state)
{
	(void)state;
	now += 7200000;
	look_back(5);
	assert_false(report_is_calm(r));
	headline_is("No readings of the node. In 5 min: nothing happened.");
}

/* Restarts of two children, one of which its supervisor gives up; then the VM boots anew. */
static void
test_what_happened_is_in_the_headline_and_on_the_time_line(void **state)
{
	struct strbuf out = STRBUF_INIT;
	unsigned in_bins = 0;

	(void)state;
	rest(60);
	for (int i = 0; i < 3; i++)
		restart(now - 600000 + i * 60000, RESTART_DONE, "shop", "till");
	restart(now - 300000, RESTART_DONE, "shop", "door");
	restart(now - 240000, RESTART_GAVE_UP, "shop", "door");
	for (int i = 0; i < 24; i++) {
		at_rest();
		sample_set(&s, METRIC_WALLCLOCK, 1000.0 * i * STEP_MS / 1000);
		feed();
	}
	look_back(20);
	assert_int_equal(r->boots.boot_count, 1);
	assert_int_equal(r->lane_total, 2);
	/* On whom a supervisor gave up comes first; its last restart was none then. */
	assert_string_equal(term_text(r->lanes[0].child_id), "door");
	assert_int_equal(r->lanes[0].gave_up_ms, now - 240000 - 24 * STEP_MS);
	assert_int_equal(r->lanes[1].count, 3);
	for (unsigned i = 0; i < REPORT_LANE_BINS; i++)
		in_bins += r->lanes[1].bins[i];
	assert_int_equal(in_bins, 3);
	report_headline(r, &out);
	assert_non_null(strstr(out.data, "of 2 children; 1 supervisor that gave up; 1 boot of the VM"));
	strbuf_reset(&out);
	report_html(r, &out);
	assert_non_null(strstr(out.data, "aria-label=\"3 restarts from "));
	assert_non_null(strstr(out.data, "<path class=\"gave_up\""));
	assert_non_null(strstr(out.data, "<title>the VM booted</title>"));
	strbuf_reset(&out);
	report_text(r, &out, false);
	assert_non_null(strstr(out.data, "shop / till: 3, last "));
	assert_non_null(strstr(out.data, "the supervisor gave up"));
	strbuf_release(&out);
}

/* A rhythm is drawn into the lane, told once however often it was found, and what it leads to is ahead. */
static void
test_patterns_and_what_is_ahead(void **state)
{
	struct strbuf out = STRBUF_INIT;
	bool periodic = false;

	(void)state;
	for (int i = 0; i < 40; i++) {
		rest(1);
		restart(now, RESTART_DONE, "shop", "till");
	}
	look_back(30);
	assert_int_equal(r->lane_count, 1);
	for (unsigned i = 0; i < r->lanes[0].span_count; i++)
		periodic = periodic || r->lanes[0].spans[i].type == PATTERN_PERIODIC;
	assert_true(periodic);
	assert_int_equal(r->ahead_ms, now);
	assert_int_equal(r->prediction_count, 1);
	report_text(r, &out, false);
	assert_non_null(strstr(out.data, "\nWhat is ahead\n"));
	assert_non_null(strstr(out.data, "No limit is near"));
	strbuf_reset(&out);
	report_json(r, &out);
	assert_non_null(strstr(out.data, "\"predictions\":[{\"type\":\"periodic_restart\""));
	assert_non_null(strstr(out.data, "\"capacity\":{\"processes\":{"));
	strbuf_reset(&out);
	report_html(r, &out);
	assert_non_null(strstr(out.data, "<h2>What is ahead</h2>"));
	assert_non_null(strstr(out.data, "<path class=\"periodic\""));
	strbuf_release(&out);
}

static void
test_a_deploy_is_told_in_every_form(void **state)
{
	struct node_info info = { .otp_release = "27", .applications = "shop 1.4.2\n" };
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(10);
	engine_info(e, &info);
	rest(10);
	snprintf(info.applications, sizeof(info.applications), "shop 1.5.0\n");
	engine_info(e, &info);
	rest(10);
	look_back(30);
	assert_int_equal(r->deploy_count, 1);
	assert_false(report_is_calm(r));
	headline_is("Healthy at the end. In 30 min: 1 deploy.");
	report_text(r, &out, false);
	assert_non_null(strstr(out.data, "deployed: shop 1.4.2 -> 1.5.0\n"));
	strbuf_reset(&out);
	report_json(r, &out);
	assert_non_null(strstr(out.data, "\"changed\":1,\"text\":\"shop 1.4.2 -> 1.5.0\"}"));
	strbuf_reset(&out);
	report_html(r, &out);
	assert_non_null(strstr(out.data, "<title>deployed: shop 1.4.2 -&#62; 1.5.0</title>"));
	strbuf_release(&out);
}

/* Incidents tell more than what stands out a little. */
static void
test_a_doubtful_verdict_gives_way_to_incidents(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(30);
	for (int i = 0; i < 8; i++)
		restart(now - 30000 + i * 1000, RESTART_DONE, "shop", "till");
	rest(30);
	look_back(60);
	assert_true(r->incident_count > 0);
	assert_true(r->verdict.confidence < 0.5);
	report_text(r, &out, false);
	assert_null(strstr(out.data, "What stands out"));
	strbuf_reset(&out);
	report_json(r, &out);
	assert_non_null(strstr(out.data, "\"cause\":\"restart_storm\""));
	strbuf_release(&out);
}

/* Of what is over, nothing is ahead. */
static void
test_an_earlier_range_looks_not_ahead(void **state)
{
	struct report_range range;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(60);
	range = (struct report_range) { now - 3000000, now - 1200000 };
	r = report_new(e, now, &range, NULL);
	assert_int_equal(r->ahead_ms, 0);
	report_json(r, &out);
	assert_non_null(strstr(out.data, "\"predictions\":null,\"capacity\":null"));
	strbuf_release(&out);
}

/* Days are told where there are two of them: a clock alone would say nothing. */
static void
test_a_range_over_midnight_has_days(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	/* T0 is 22:13:20 UTC. */
	rest(1);
	restart(now, RESTART_DONE, "shop", "till");
	rest(120);
	restart(now, RESTART_DONE, "shop", "till");
	look_back(121);
	report_text(r, &out, false);
	flatten(&out);
	assert_non_null(strstr(out.data, "till: {badmatch,no} 11-14 22:14:20 - 11-15 00:14:20"));
	strbuf_release(&out);
}

static size_t
widest_line(const char *text)
{
	size_t widest = 0, width = 0;

	for (; *text; text++) {
		width = *text == '\n' ? 0 : width + (((unsigned char)*text & 0xC0) != 0x80);
		widest = width > widest ? width : widest;
	}
	return widest;
}

static void
test_text_fits_a_terminal_and_a_page_stays_small(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 24 * 60; i++) {
		rest(1);
		restart(now, RESTART_DONE, "shop", i % 7 ? "till" : "door");
	}
	queue_fault(6);
	look_back(24 * 60);
	report_text(r, &out, false);
	assert_true(widest_line(out.data) <= 80);
	strbuf_reset(&out);
	report_html(r, &out);
	assert_true(out.len < 500000);
	strbuf_release(&out);
}

/* With a folder, the three forms of a report are left there to be looked at: REPORT_TEST_DIR=/tmp/x report_forms_test. */
static void
test_all_forms_are_whole(void **state)
{
	static void (*const forms[])(const struct report *, struct strbuf *) = { report_json, report_html };
	const char *dir = getenv("REPORT_TEST_DIR");
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(40);
	for (int i = 0; i < 10; i++)
		restart(now - 200000 + i * 9000, RESTART_DONE, "rabbit_sup", "rabbit_connection");
	queue_fault(6);
	end.os_pid = 4711;
	die(PROCESS_GONE);
	report_headline(r, &out);
	assert_non_null(strstr(out.data, "Ended at 2023-11-14 "));
	assert_non_null(strstr(out.data, r->verdict.title));
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		strbuf_reset(&out);
		forms[i](r, &out);
		assert_non_null(strstr(out.data, "victim"));
		assert_non_null(strstr(out.data, i ? "</html>" : "\"samples\":{\"count\":"));
		if (dir) {
			char path[300];
			FILE *f;

			snprintf(path, sizeof(path), "%s/report.%s", dir, i ? "html" : "json");
			f = fopen(path, "w");
			assert_non_null(f);
			fwrite(out.data, 1, out.len, f);
			fclose(f);
		}
	}
	strbuf_reset(&out);
	report_text(r, &out, true);
	assert_non_null(strstr(out.data, "Who grew"));
	if (dir)
		puts(out.data);
	strbuf_release(&out);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_grew_and_who),
		TEST(test_columns_have_every_sample_of_the_end),
		TEST(test_hostile_names_are_escaped_in_every_form),
		TEST(test_everything_is_bounded),
		TEST(test_an_incident_is_told_in_every_form),
		TEST(test_a_calm_range_has_a_calm_headline),
		TEST(test_a_range_without_readings_is_not_calm),
		TEST(test_what_happened_is_in_the_headline_and_on_the_time_line),
		TEST(test_patterns_and_what_is_ahead),
		TEST(test_a_deploy_is_told_in_every_form),
		TEST(test_a_doubtful_verdict_gives_way_to_incidents),
		TEST(test_an_earlier_range_looks_not_ahead),
		TEST(test_a_range_over_midnight_has_days),
		TEST(test_text_fits_a_terminal_and_a_page_stays_small),
		TEST(test_all_forms_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
