/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/recording.h"

#include "base/testing.h"
#include "engine/answer.h"
#include "replay/fixture.h"
#include "replay/recording_fixture.h"
#include "replay/replay.h"

/* ---- a recording in memory ---- */

struct take {
	struct engine *e;
	struct strbuf recording, events;
	uint64_t next_id;
	unsigned kinds[EVENT_TYPE_COUNT];
};

static void
on_input(void *arg, const struct engine_input *in)
{
	struct take *t = arg;

	recording_write_input(&t->recording, 0, in);
}

static void
add_event(void *arg, const struct node_event *ev)
{
	struct take *t = arg;
	struct answer_json a;
	struct jsonw j;

	jsonw_init(&j, &t->events);
	answer_json_init(&a, &j);
	answer_event(&a.base, ev);
	strbuf_addc(&t->events, '\n');
	t->kinds[ev->type]++;
}

static void
take_events(void *arg)
{
	struct take *t = arg;
	struct node_event *ev;

	while ((ev = engine_next_event(t->e)) != NULL) {
		ev->id = ++t->next_id;
		add_event(t, ev);
		node_event_unref(ev);
	}
}

static int
setup(void **state)
{
	static struct take t;
	struct engine_options o = engine_defaults();

	t = (struct take) { .e = NULL };
	o.interval_ms = LIFE_STEP_MS;
	o.anomaly_threshold = 1.75;
	o.warning[CRITERION_RESTARTS] = 3;
	t.e = engine_new("a@h", &o);
	recording_write_head(&t.recording, LIFE_T0);
	recording_write_node(&t.recording, 0, "a@h", engine_options(t.e), false);
	engine_tap(t.e, on_input, &t);
	life_lead(t.e, take_events, &t);
	take_events(&t);
	*state = &t;
	return 0;
}

static int
teardown(void **state)
{
	struct take *t = *state;

	engine_free(t->e);
	strbuf_release(&t->recording);
	strbuf_release(&t->events);
	return 0;
}

static struct source *
source_of(struct pieces *p, const struct strbuf *bytes, size_t size)
{
	struct err err;
	struct source *s;

	*p = (struct pieces) { bytes->data, bytes->len, 0, size, 11 };
	s = source_from(pieces_read, p, "tape", &err);
	assert_non_null(s);
	return s;
}

static bool
replay(const struct strbuf *bytes, size_t size, bool strict, struct take *out, struct flaws *f, struct err *err)
{
	struct outlets outlets = { .count = 0 };
	const struct outlet one = { .event = add_event, .arg = out };
	struct pieces p;

	flaws_init(f, "tape", strict);
	outlets_add(&outlets, &one);
	return replay_source(source_of(&p, bytes, size), &(struct replay_options) { .threshold = 0 }, &outlets, f, err);
}

/* ---- tests ---- */

static void
something_happened(void **state)
{
	const struct take *t = *state;

	assert_true(t->kinds[EVENT_ANOMALY] >= 3);
	assert_true(t->kinds[EVENT_RESTART] > 50);
	assert_true(t->kinds[EVENT_HEALTH_ALERT] > 0);
	assert_true(t->kinds[EVENT_NODE] >= 4);
	for (int i = 0; i < INPUT_KIND_COUNT; i++) {
		char key[32];

		snprintf(key, sizeof(key), ",\"%s\":", INPUT_NAMES[i]);
		assert_non_null(strstr(t->recording.data, key));
	}
}

static void
a_replay_finds_the_same_however_the_bytes_come(void **state)
{
	static const size_t sizes[] = { 1000000, 0, 4096, 1 };
	const struct take *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct take again = { .e = NULL };
		struct flaws f;
		struct err err;

		if (!replay(&t->recording, sizes[i], true, &again, &f, &err))
			fail_msg("%s", err.text);
		assert_string_equal(again.events.data, t->events.data);
		strbuf_release(&again.events);
	}
}

static void
inputs_are_written_again_as_they_were_read(void **state)
{
	const struct take *t = *state;
	struct strbuf again = STRBUF_INIT;
	struct flaws f;
	struct err err;
	struct pieces p;
	struct recorded r;
	struct recording *rec = recording_new(line_reader_new(source_of(&p, &t->recording, 0)), &f);

	flaws_init(&f, "tape", true);
	while (recording_next(rec, &r, &err) == READ_OK) {
		if (r.kind == RECORDED_HEAD)
			recording_write_head(&again, LIFE_T0);
		else if (r.kind == RECORDED_NODE)
			recording_write_node(&again, r.node, r.name, &r.options, r.restored);
		else
			recording_write_input(&again, r.node, r.in);
	}
	assert_int_equal(again.len, t->recording.len);
	assert_memory_equal(again.data, t->recording.data, again.len);
	recording_free(rec);
	strbuf_release(&again);
}

static void
of_a_node_that_is_not_wanted_nothing_is_said(void **state)
{
	const struct take *t = *state;
	struct take again = { .e = NULL };
	struct outlets outlets = { .count = 0 };
	const struct outlet one = { .event = add_event, .arg = &again };
	struct pieces p;
	struct flaws f;
	struct err err;

	flaws_init(&f, "tape", true);
	outlets_add(&outlets, &one);
	assert_false(replay_source(
	    source_of(&p, &t->recording, 0), &(struct replay_options) { .node = "b@h" }, &outlets, &f, &err));
	assert_string_equal(err.text, "tape: there is nothing in it that can be judged");
	assert_int_equal(again.events.len, 0);
}

static void
a_recording_behind_another_begins_anew(void **state)
{
	const struct take *t = *state;
	struct strbuf twice = STRBUF_INIT;
	struct take again = { .e = NULL };
	struct flaws f;
	struct err err;

	strbuf_add(&twice, t->recording.data, t->recording.len);
	strbuf_add(&twice, t->recording.data, t->recording.len);
	assert_true(replay(&twice, 0, true, &again, &f, &err));
	for (int i = 0; i < EVENT_TYPE_COUNT; i++)
		assert_int_equal(again.kinds[i], 2 * t->kinds[i]);
	strbuf_release(&again.events);
	strbuf_release(&twice);
}

static void
lines_that_make_no_sense_are_counted(void **state)
{
	static const struct {
		const char *line;
		enum flaw flaw;
		const char *why;
	} table[] = {
		{ "{\"lost\":3}", FLAW_LOST, "line 3: 3 inputs" },
		{ "{\"node\":0,", FLAW_LINE, "line 3, column 10: no JSON: string or '}' expected near end of file" },
		{ "[]", FLAW_LINE, "line 3, column 1: no object" },
		{ "{\"now\":1,\"tick\":null}", FLAW_INPUT, "line 3: \"node\" is no number of one" },
		{ "{\"node\":1000,\"now\":1,\"tick\":null}", FLAW_INPUT, "line 3: \"node\" is no number of one" },
		{ "{\"node\":5,\"now\":1,\"tick\":null}", FLAW_INPUT,
		    "line 3: an input of node 5, which was not named" },
		{ "{\"node\":0,\"tick\":null}", FLAW_INPUT, "line 3: there is no \"now\"" },
		{ "{\"node\":0,\"now\":9223372036854775807,\"tick\":null}", FLAW_INPUT,
		    "line 3: \"now\" is not within the years 0 to 9999" },
		{ "{\"node\":0,\"now\":1,\"what\":1}", FLAW_INPUT, "line 3: no kind of input that is known" },
		{ "{\"node\":0,\"now\":1,\"sample\":{}}", FLAW_INPUT, "line 3: there is no \"time_ms\"" },
		{ "{\"node\":0,\"now\":1,\"sample\":{\"time_ms\":1}}", FLAW_INPUT, "line 3: there are no \"values\"" },
		{ "{\"node\":0,\"now\":1,\"sample\":{\"time_ms\":1,\"values\":{\"load1\":\"x\"}}}", FLAW_INPUT,
		    "line 3: \"load1\" is no number" },
		{ "{\"node\":0,\"now\":1,\"restart\":{\"kind\":\"restart\"}}", FLAW_INPUT,
		    "line 3: a restart without supervisor or child" },
		{ "{\"node\":0,\"now\":1,\"restart\":{\"kind\":\"odd\"}}", FLAW_INPUT,
		    "line 3: \"kind\" is none of the words that it may be" },
		{ "{\"node\":0,\"now\":1,\"restart\":{\"kind\":\"restart\",\"supervisor\":{\"text\":\"a\",\"term\":"
		  "\"6g\"}}}",
		    FLAW_INPUT, "line 3: \"supervisor\" is not what it should be" },
		{ "{\"node\":0,\"now\":1,\"link\":{\"state\":\"up\"}}", FLAW_INPUT,
		    "line 3: \"detail\" is not what it should be" },
		{ "{\"node\":0,\"now\":1,\"survey\":{\"kind\":\"odd\"}}", FLAW_INPUT,
		    "line 3: a survey of a kind that is not known, or of too many rows" },
		{ "{\"node\":0,\"now\":1,\"survey\":{\"kind\":\"ports\",\"total\":1,\"rows\":[{\"by\":3}]}}",
		    FLAW_INPUT, "line 3: what a survey groups by is not known" },
		{ "{\"node\":1,\"name\":\"b@h\",\"options\":{\"interval_ms\":0}}", FLAW_INPUT,
		    "line 3: options that no engine can have" },
		{ "{\"node\":0,\"now\":1,\"supervisor\":{\"kind\":\"supervisor\",\"strategy\":\"one_for_one\",\"time_"
		  "ms\":1,"
		  "\"supervisor\":{\"text\":\"a\",\"term\":\"83770161\"},\"pid\":null,\"known\":true,\"intensity\":1,"
		  "\"period_ms\":-1000000000000000,\"used\":1,"
		  "\"children\":1,\"ages_ms\":[]}}",
		    FLAW_INPUT, "line 3: \"period_ms\" is not from 0 to 1000000000000" },
		{ "{\"node\":1,\"name\":\"\"}", FLAW_INPUT, "line 3: a node without a name" },
		{ "{\"node\":1,\"name\":\"b@h\",\"restored\":true}", FLAW_PAST, "of b@h" },
	};
	struct engine_options o = engine_defaults();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct strbuf bytes = STRBUF_INIT;
		struct take again = { .e = NULL };
		struct flaws f;
		struct err err;

		recording_write_head(&bytes, LIFE_T0);
		recording_write_node(&bytes, 0, "a@h", &o, false);
		strbuf_addf(&bytes, "%s\n", table[i].line);
		strbuf_adds(&bytes, "{\"node\":0,\"now\":2,\"sample\":{\"time_ms\":2,\"values\":{}}}\n");
		if (!replay(&bytes, 0, false, &again, &f, &err))
			fail_msg("%s: %s", table[i].line, err.text);
		assert_int_equal(f.count[table[i].flaw], 1);
		assert_string_equal(f.first[table[i].flaw], table[i].why);
		assert_false(replay(&bytes, 0, true, &again, &f, &err));
		assert_non_null(strstr(err.text, table[i].why));
		strbuf_release(&again.events);
		strbuf_release(&bytes);
	}
}

static void
of_which_most_makes_no_sense_cannot_be_judged(void **state)
{
	struct strbuf bytes = STRBUF_INIT;
	struct engine_options o = engine_defaults();
	struct take again = { .e = NULL };
	struct flaws f;
	struct err err;

	(void)state;
	recording_write_head(&bytes, LIFE_T0);
	recording_write_node(&bytes, 0, "a@h", &o, false);
	strbuf_adds(&bytes, "{\"node\":0,\"now\":2,\"sample\":{\"time_ms\":2,\"values\":{}}}\n");
	strbuf_adds(&bytes, "{\"node\":0,\"now\":3,\"tick\":null}\n{\"odd\":1}\n[]\n");
	assert_true(replay(&bytes, 0, false, &again, &f, &err));
	strbuf_adds(&bytes, "{\"odd\":1}\n");
	assert_false(replay(&bytes, 0, false, &again, &f, &err));
	assert_string_equal(err.text, "tape: most of it could not be used: 3 rows of 5");
	strbuf_release(&again.events);
	strbuf_release(&bytes);
}

static void
newer_recordings_are_refused(void **state)
{
	struct strbuf bytes = STRBUF_INIT;
	struct take again = { .e = NULL };
	struct flaws f;
	struct err err;

	(void)state;
	strbuf_adds(&bytes, "{\"arsenal_recording\":2}\n");
	assert_false(replay(&bytes, 0, false, &again, &f, &err));
	assert_non_null(strstr(err.text, "a recording of version 2"));
	strbuf_release(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(something_happened),
		cmocka_unit_test(a_replay_finds_the_same_however_the_bytes_come),
		cmocka_unit_test(inputs_are_written_again_as_they_were_read),
		cmocka_unit_test(of_a_node_that_is_not_wanted_nothing_is_said),
		cmocka_unit_test(a_recording_behind_another_begins_anew),
		cmocka_unit_test(lines_that_make_no_sense_are_counted),
		cmocka_unit_test(of_which_most_makes_no_sense_cannot_be_judged),
		cmocka_unit_test(newer_recordings_are_refused),
	};

	return cmocka_run_group_tests_name("replay/recording", tests, setup, teardown);
}
