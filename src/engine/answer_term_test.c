/* SPDX-License-Identifier: Apache-2.0 */
/* Answers as terms, read back by the reader of the external format; the same answers in JSON beside them. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/testing.h"
#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "engine/fixture.h"
#include "etf/etf.h"
#include "etf/etf_write.h"

#define T0 INT64_C(1705573800000) /* 2024-01-18T10:30:00Z */
#define INTERVAL 5000

static struct engine *e;
static struct sample s;
static int64_t now;
static struct strbuf out;
static struct answer_term term;
static struct answer *a = &term.base;
static struct etf_span root;

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	e = engine_new("rabbit@h", &o);
	memset(&s, 0, sizeof(s));
	now = T0;
	answer_term_init(&term, &out);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	strbuf_release(&out);
	engine_free(e);
	return 0;
}

/* ---- reading back ---- */

static struct etf
cursor(struct etf_span span)
{
	struct etf c;

	etf_init(&c, span.data, span.len);
	return c;
}

static uint8_t
tag_of(struct etf_span span)
{
	struct etf c = cursor(span);

	return etf_peek(&c);
}

/* check_term fails on what the VM would not read: a key twice, a number that is not finite, anything left over. */
static void
check_term(struct etf *c)
{
	struct etf_span keys[256];
	uint8_t tag = etf_peek(c);
	uint32_t n;

	switch (tag) {
	case ETF_MAP:
		n = etf_map(c);
		assert_true(n < ARRAY_LEN(keys));
		for (uint32_t i = 0; i < n; i++) {
			keys[i] = etf_raw(c);
			for (uint32_t k = 0; k < i; k++)
				assert_false(
				    keys[k].len == keys[i].len && memcmp(keys[k].data, keys[i].data, keys[i].len) == 0);
			check_term(c);
		}
		break;
	case ETF_LIST:
		n = etf_list(c);
		assert_true(n > 0);
		for (uint32_t i = 0; i < n; i++)
			check_term(c);
		etf_list_end(c, n);
		break;
	case ETF_SMALL_TUPLE:
		n = etf_tuple(c);
		for (uint32_t i = 0; i < n; i++)
			check_term(c);
		break;
	case ETF_NEW_FLOAT:
		assert_true(isfinite(etf_float(c)));
		break;
	default:
		etf_skip(c);
	}
	assert_true(etf_ok(c));
}

/* done takes what was written as the root to look into, and makes room for the next answer in `out`. */
static void
done(void)
{
	static uint8_t *kept;
	struct etf c;

	assert_int_equal(term.depth, 0);
	free(kept);
	root = (struct etf_span) { kept = malloc(out.len + 1), out.len };
	memcpy(kept, out.data, out.len);
	c = cursor(root);
	check_term(&c);
	assert_true(etf_done(&c));
	strbuf_reset(&out);
}

static bool
is_atom(struct etf_span span, const char *text)
{
	struct etf c = cursor(span);

	return etf_is_atom(tag_of(span)) && etf_atom_is(&c, text);
}

static bool
is_text(struct etf_span span, const char *text)
{
	struct etf c = cursor(span);
	struct etf_span bytes = etf_binary(&c);

	return etf_ok(&c) && bytes.len == strlen(text) && memcmp(bytes.data, text, bytes.len) == 0;
}

static bool
find(struct etf_span map, const char *key, size_t len, struct etf_span *value)
{
	struct etf c = cursor(map);
	uint32_t n = etf_map(&c);

	for (uint32_t i = 0; i < n; i++) {
		struct etf_span k = etf_raw(&c);
		struct etf kc = cursor(k);
		struct etf_atom atom;

		*value = etf_raw(&c);
		if (tag_of(k) == ETF_BINARY && is_text(k, key))
			return true;
		if (etf_is_atom(tag_of(k)) && etf_atom(&kc, &atom) && atom.len == len &&
		    memcmp(atom.text, key, len) == 0)
			return true;
	}
	return false;
}

/* in follows a path of keys: "memory_usage.total". */
static struct etf_span
in(struct etf_span map, const char *path)
{
	for (const char *p = path; *p; p += *p == '.') {
		size_t len = strcspn(p, ".");

		assert_int_equal(tag_of(map), ETF_MAP);
		if (!find(map, p, len, &map)) {
			print_message("no %s\n", path);
			fail();
		}
		p += len;
	}
	return map;
}

static struct etf_span
at(const char *path)
{
	return in(root, path);
}

static bool
has(struct etf_span map, const char *key)
{
	struct etf_span value;

	return find(map, key, strlen(key), &value);
}

static unsigned
length(struct etf_span list)
{
	struct etf c = cursor(list);

	assert_true(tag_of(list) == ETF_LIST || tag_of(list) == ETF_NIL);
	return tag_of(list) == ETF_NIL ? 0 : etf_list(&c);
}

/* nth is an element of a list or of a tuple. */
static struct etf_span
nth(struct etf_span list, unsigned i)
{
	struct etf c = cursor(list);
	uint32_t n = tag_of(list) == ETF_LIST ? etf_list(&c) : etf_tuple(&c);

	assert_true(i < n);
	while (i-- > 0)
		etf_skip(&c);
	return etf_raw(&c);
}

static int64_t
integer(struct etf_span span)
{
	struct etf c = cursor(span);

	assert_true(etf_is_integer(tag_of(span)));
	return etf_int(&c);
}

static double
real(struct etf_span span)
{
	struct etf c = cursor(span);

	assert_int_equal(tag_of(span), ETF_NEW_FLOAT);
	return etf_float(&c);
}

static bool
lists(struct etf_span list, const char *text)
{
	for (unsigned i = 0; i < length(list); i++)
		if (is_text(nth(list, i), text))
			return true;
	return false;
}

static bool
is_time(struct etf_span span, int64_t seconds_of_day, int64_t us)
{
	return is_atom(in(span, "__struct__"), "Elixir.DateTime") &&
	    integer(in(span, "hour")) * 3600 + integer(in(span, "minute")) * 60 + integer(in(span, "second")) ==
	    seconds_of_day &&
	    integer(nth(in(span, "microsecond"), 0)) == us;
}

/* The types of the seed: i integer, f float, l list, F list of floats, s status, t DateTime. */
struct typed {
	char type;
	const char *path;
};

static void
has_type(struct etf_span span, const struct typed *t)
{
	struct etf_span value = in(span, t->path);
	bool right = false;

	switch (t->type) {
	case 'i':
		right = etf_is_integer(tag_of(value)) && integer(value) >= 0;
		break;
	case 'f':
		right = tag_of(value) == ETF_NEW_FLOAT;
		break;
	case 's':
		right = is_atom(value, "healthy") || is_atom(value, "warning") || is_atom(value, "critical");
		break;
	case 't':
		right = is_atom(in(value, "__struct__"), "Elixir.DateTime");
		break;
	case 'l':
	case 'F':
		right = length(value) || tag_of(value) == ETF_NIL;
		for (unsigned i = 0; t->type == 'F' && i < length(value); i++)
			right = right && tag_of(nth(value, i)) == ETF_NEW_FLOAT;
		break;
	default:
		fail();
	}
	if (!right)
		print_message("%s is not of type %c\n", t->path, t->type);
	assert_true(right);
}

static const struct typed HEALTH[] = { { 's', "overall_status" }, { 'i', "process_count" },
	{ 'i', "memory_usage.total" }, { 'i', "memory_usage.processes" }, { 'i', "memory_usage.system" },
	{ 'i', "memory_usage.atom" }, { 'i', "memory_usage.binary" }, { 'i', "memory_usage.code" },
	{ 'i', "memory_usage.ets" }, { 'f', "cpu_usage" }, { 'f', "restart_rate" },
	{ 'i', "message_queue_lengths.max" }, { 'f', "message_queue_lengths.average" },
	{ 'i', "message_queue_lengths.processes_with_long_queues" }, { 'l', "anomalies" }, { 'l', "recommendations" },
	{ 't', "last_check" }, { 'l', "not_observed" } };

static const struct typed PERFORMANCE[] = { { 'f', "cpu.utilization" }, { 'F', "cpu.load_average" },
	{ 'F', "cpu.scheduler_utilization" }, { 'i', "memory.total" }, { 'i', "memory.used" },
	{ 'i', "memory.available" }, { 'i', "memory.processes" }, { 'i', "memory.system" }, { 'i', "processes.count" },
	{ 'i', "processes.limit" }, { 'f', "processes.utilization" }, { 'i', "processes.runnable" },
	{ 'i', "processes.running" }, { 'i', "io.input" }, { 'i', "io.output" }, { 'i', "gc.collections" },
	{ 'i', "gc.words_reclaimed" }, { 'i', "gc.time_spent" }, { 't', "timestamp" }, { 'l', "not_observed" } };

static void
has_health_types(struct etf_span span)
{
	for (size_t i = 0; i < ARRAY_LEN(HEALTH); i++)
		has_type(span, &HEALTH[i]);
}

static void
has_performance_types(struct etf_span span)
{
	for (size_t i = 0; i < ARRAY_LEN(PERFORMANCE); i++)
		has_type(span, &PERFORMANCE[i]);
}

/* ---- feeding ---- */

static void
feed(int n)
{
	for (int i = 0; i < n; i++) {
		now += INTERVAL;
		s.scheduler_count = 2;
		for (int k = 0; k < 2; k++) {
			s.scheduler_active[k] += 50;
			s.scheduler_total[k] += 100;
		}
		s.time_ms = now;
		engine_feed(e, now, &s);
	}
}

static void
feed_full(int n)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		sample_set(&s, (enum metric_id)i, 1000 + i + 0.25);
	sample_set(&s, METRIC_MEMORY_LIMIT, 1e9);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 5e8);
	sample_set(&s, METRIC_RESTART_CAPTURE, 1);
	feed(n);
}

static struct term *
make_term(const void *ext, size_t len, const char *text, bool truncated)
{
	return term_new(ext, (uint32_t)len, text, truncated);
}

static struct term *
atom_term(const char *text)
{
	struct strbuf ext = STRBUF_INIT;
	struct term *t;

	etf_put_atom(&ext, text);
	t = make_term(ext.data, ext.len, text, false);
	strbuf_release(&ext);
	return t;
}

static struct term *
float_term(double v, const char *text)
{
	struct strbuf ext = STRBUF_INIT;
	struct term *t;

	etf_put_tuple(&ext, 2);
	etf_put_atom(&ext, "f");
	etf_put_float(&ext, v);
	t = make_term(ext.data, ext.len, text, false);
	strbuf_release(&ext);
	return t;
}

static struct term *
pid_term(void)
{
	struct strbuf ext = STRBUF_INIT;
	struct term *t;

	etf_put_pid(&ext, "rabbit@h", 5, 0, 7);
	t = make_term(ext.data, ext.len, "<0.5.0>", false);
	strbuf_release(&ext);
	return t;
}

/* restart takes over the terms. */
static void
restart(struct term *child, struct term *reason, enum restart_kind kind)
{
	struct restart r = { .time_ms = now,
		.kind = kind,
		.supervisor = atom_term("rabbit_sup"),
		.child_id = child,
		.child_pid = kind == RESTART_DONE ? pid_term() : NULL,
		.reason = reason,
		.restart_type = "permanent" };

	engine_restart(e, now, &r);
	restart_release(&r);
}

/* ---- the writer ---- */

static void
containers(void **state)
{
	(void)state;
	a->ops->array(a);
	put_end(a);
	done();
	assert_int_equal(tag_of(root), ETF_NIL);
	a->ops->object(a);
	put_array(a, "empty");
	put_end(a);
	put_object(a, "none");
	put_end(a);
	put_array(a, "many");
	for (int i = 0; i < 70000; i++)
		a->ops->integer(a, i);
	put_end(a);
	put_array(a, "pairs");
	a->ops->pair(a);
	a->ops->word(a, "x");
	a->ops->array(a);
	put_end(a);
	put_end(a);
	put_end(a);
	put_end(a);
	done();
	assert_int_equal(tag_of(at("empty")), ETF_NIL);
	assert_int_equal(tag_of(at("none")), ETF_MAP);
	assert_int_equal(length(at("many")), 70000);
	assert_int_equal(integer(nth(at("many"), 69999)), 69999);
	assert_int_equal(length(at("pairs")), 1);
	assert_true(is_atom(nth(nth(at("pairs"), 0), 0), "x"));
	assert_int_equal(tag_of(nth(nth(at("pairs"), 0), 1)), ETF_NIL);
}

static void
numbers(void **state)
{
	static const struct {
		double v;
		int64_t is;
	} integers[] = { { 0, 0 }, { 2.5, 3 }, { -2.4, -2 }, { 255.6, 256 }, { 1e15, 1000000000000000 },
		{ 1e300, INT64_MAX }, { -1e300, INT64_MIN }, { 0x1p63, INT64_MAX } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(integers); i++) {
		a->ops->integer(a, integers[i].v);
		done();
		assert_int_equal(integer(root), integers[i].is);
	}
	a->ops->integer(a, NAN);
	done();
	assert_true(is_atom(root, "nil"));
	a->ops->real(a, INFINITY);
	done();
	assert_true(is_atom(root, "nil"));
	a->ops->real(a, 3);
	done();
	ASSERT_NEAR(real(root), 3, 0);
	a->ops->real(a, -0.0);
	done();
	assert_false(signbit(real(root)));
}

static void
texts_and_words(void **state)
{
	(void)state;
	a->ops->array(a);
	a->ops->text(a, NULL);
	a->ops->text(a, "");
	a->ops->text(a, "gr\xC3\xBC\xC3\x9F");
	a->ops->text(a, "cut \xE2\x82");
	a->ops->word(a, "");
	a->ops->word(a, "high");
	a->ops->null(a);
	a->ops->boolean(a, true);
	a->ops->boolean(a, false);
	put_end(a);
	done();
	assert_true(is_atom(nth(root, 0), "nil"));
	assert_true(is_atom(nth(root, 1), "nil"));
	assert_true(is_text(nth(root, 2), "gr\xC3\xBC\xC3\x9F"));
	assert_true(is_text(nth(root, 3), "cut \xEF\xBF\xBD\xEF\xBF\xBD"));
	assert_true(is_atom(nth(root, 4), "nil"));
	assert_true(is_atom(nth(root, 5), "high"));
	assert_true(is_atom(nth(root, 6), "nil"));
	assert_true(is_atom(nth(root, 7), "true"));
	assert_true(is_atom(nth(root, 8), "false"));
}

static void
times(void **state)
{
	(void)state;
	a->ops->time(a, T0 + 123);
	done();
	assert_true(is_time(root, 10 * 3600 + 30 * 60, 123000));
	assert_int_equal(integer(at("year")), 2024);
	assert_int_equal(integer(at("month")), 1);
	assert_int_equal(integer(at("day")), 18);
	assert_int_equal(integer(nth(at("microsecond"), 1)), 3);
	assert_true(is_atom(at("calendar"), "Elixir.Calendar.ISO"));
	assert_true(is_text(at("time_zone"), "Etc/UTC"));
	assert_true(is_text(at("zone_abbr"), "UTC"));
	assert_int_equal(integer(at("std_offset")), 0);
	assert_int_equal(integer(at("utc_offset")), 0);
	a->ops->time(a, -1);
	done();
	assert_int_equal(integer(at("year")), 1969);
	assert_true(is_time(root, 86399, 999000));
	a->ops->time(a, 0);
	done();
	assert_true(is_atom(root, "nil"));
	a->ops->instant(a, 0);
	done();
	assert_int_equal(integer(at("year")), 1970);
	a->ops->time(a, INT64_MAX);
	done();
	assert_true(is_atom(root, "nil"));
	a->ops->time(a, INT64_MIN);
	done();
	assert_true(is_atom(root, "nil"));
}

static void
terms(void **state)
{
	struct term *pid = pid_term();
	struct term *text = make_term(NULL, 0, "a text only", false);

	(void)state;
	a->ops->object(a);
	a->ops->key_term(a, pid);
	a->ops->term(a, pid);
	a->ops->key_term(a, NULL);
	a->ops->term(a, NULL);
	part_term(a, "text", text);
	put_end(a);
	done();
	assert_true(is_atom(at("arsenal_other"), "nil"));
	assert_true(is_text(at("text"), "a text only"));
	assert_memory_equal(root.data + 5, pid->ext, pid->ext_len);
	assert_memory_equal(root.data + 5 + pid->ext_len, pid->ext, pid->ext_len);
	term_unref(pid);
	term_unref(text);
}

/* ---- the seed's types ---- */

static void
health_has_the_seeds_types(void **state)
{
	(void)state;
	feed_full(2);
	answer_health(a, e, now);
	done();
	has_health_types(root);
	assert_int_equal(integer(at("process_count")), 1000 + METRIC_PROCESS_COUNT);
	ASSERT_NEAR(real(at("cpu_usage")), 50, 1e-6);
	ASSERT_NEAR(real(at("message_queue_lengths.average")), 1000.25 + METRIC_MQ_AVERAGE, 0);
	assert_int_equal(tag_of(at("not_observed")), ETF_NIL);
	assert_true(is_time(at("last_check"), 10 * 3600 + 30 * 60 + 10, 0));
	assert_true(is_atom(at("criteria.memory.level"), "healthy"));
	assert_true(is_text(at("criteria.memory.unit"), "%"));
}

static void
performance_has_the_seeds_types(void **state)
{
	(void)state;
	feed_full(2);
	answer_performance(a, e);
	done();
	has_performance_types(root);
	assert_int_equal(length(at("cpu.load_average")), 3);
	assert_int_equal(length(at("cpu.scheduler_utilization")), 2);
	assert_int_equal(integer(at("memory.used")), 500000000);
	ASSERT_NEAR(real(at("metrics.memory_utilization")), 50, 0);
	assert_int_equal(tag_of(at("not_observed")), ETF_NIL);
}

static void
offline_schedulers_have_no_number(void **state)
{
	(void)state;
	feed_full(2);
	s.scheduler_count = 3;
	s.scheduler_active[0]++;
	s.scheduler_total[0] += 2;
	s.time_ms = now += INTERVAL;
	engine_feed(e, now, &s);
	answer_performance(a, e);
	done();
	assert_int_equal(length(at("cpu.scheduler_utilization")), 1);
	assert_false(lists(at("not_observed"), "cpu.scheduler_utilization"));
}

/* The types hold for a sample in which nothing was observed; all paths are listed then. */
static void
what_is_not_observed_is_listed(void **state)
{
	(void)state;
	s.time_ms = now;
	engine_feed(e, now, &s);
	answer_performance(a, e);
	done();
	has_performance_types(root);
	for (size_t i = 0; i < ARRAY_LEN(PERFORMANCE); i++)
		if (strchr("ifF", PERFORMANCE[i].type))
			assert_true(lists(at("not_observed"), PERFORMANCE[i].path));
	assert_int_equal(length(at("cpu.load_average")), 3);
	assert_true(is_atom(at("metrics.memory_utilization"), "nil"));
	answer_health(a, e, now);
	done();
	for (size_t i = 1; i < ARRAY_LEN(HEALTH); i++)
		has_type(root, &HEALTH[i]);
	for (size_t i = 0; i < ARRAY_LEN(HEALTH); i++)
		if (strchr("if", HEALTH[i].type))
			assert_true(lists(at("not_observed"), HEALTH[i].path));
	assert_true(is_atom(at("overall_status"), "unknown"));
}

static void
nothing_came_yet(void **state)
{
	(void)state;
	answer_health(a, e, now);
	done();
	assert_true(is_atom(at("last_check"), "nil"));
	assert_int_equal(integer(at("process_count")), 0);
	assert_true(is_atom(at("criteria.cpu.value"), "nil"));
	answer_performance(a, e);
	done();
	assert_true(is_atom(at("timestamp"), "nil"));
	assert_int_equal(tag_of(at("cpu.scheduler_utilization")), ETF_NIL);
	answer_node(a, e, now);
	done();
	assert_true(is_text(at("name"), "rabbit@h"));
	answer_top(a, e, TOP_MEMORY, 5);
	done();
	assert_true(is_atom(at("by"), "memory"));
	answer_anomalies(a, e);
	done();
	assert_int_equal(tag_of(root), ETF_NIL);
	answer_restart_statistics(a, e, now, NULL);
	done();
	assert_int_equal(integer(at("total_restarts")), 0);
	assert_true(lists(at("not_observed"), "restart_rate"));
}

/* ---- restarts ---- */

static void
restart_statistics_have_the_seeds_shape(void **state)
{
	struct etf_span child;

	(void)state;
	for (int i = 0; i < 6; i++) {
		now += 1000;
		restart(atom_term("w1"), atom_term("killed"), RESTART_DONE);
	}
	restart(float_term(1.5, "{f,1.5}"), atom_term("normal"), RESTART_DONE);
	answer_restart_statistics(a, e, now, NULL);
	done();
	assert_int_equal(integer(at("total_restarts")), 7);
	ASSERT_NEAR(real(at("restart_rate")), 7, 0);
	ASSERT_NEAR(real(at("time_between_restarts")), 5000.0 / 6, 1e-6);
	assert_int_equal(integer(at("restart_reasons.killed")), 6);
	assert_int_equal(integer(at("restart_reasons.normal")), 1);
	assert_int_equal(length(at("most_restarted_children")), 2);
	child = nth(at("most_restarted_children"), 0);
	assert_int_equal(tag_of(child), ETF_SMALL_TUPLE);
	assert_true(is_atom(nth(child, 0), "w1"));
	assert_int_equal(integer(nth(child, 1)), 6);
	assert_int_equal(tag_of(nth(nth(at("most_restarted_children"), 1), 0)), ETF_SMALL_TUPLE);
	assert_true(is_atom(in(nth(at("patterns"), 0), "type"), "restart_storm"));
	assert_true(is_atom(in(nth(at("patterns"), 0), "child_id"), "w1"));
	assert_int_equal(tag_of(at("not_observed")), ETF_NIL);
}

static void
statistics_of_one_supervisor(void **state)
{
	struct term *known = atom_term("rabbit_sup"), *unknown = atom_term("other_sup");

	(void)state;
	restart(atom_term("w1"), atom_term("killed"), RESTART_DONE);
	answer_restart_statistics(a, e, now, known);
	done();
	assert_int_equal(integer(at("total_restarts")), 1);
	assert_true(is_atom(at("time_between_restarts"), "nil"));
	answer_restart_statistics(a, e, now, unknown);
	done();
	assert_int_equal(integer(at("total_restarts")), 0);
	ASSERT_NEAR(real(at("restart_rate")), 0, 0);
	assert_int_equal(tag_of(at("most_restarted_children")), ETF_NIL);
	assert_int_equal(tag_of(at("restart_reasons")), ETF_MAP);
	assert_int_equal(tag_of(at("patterns")), ETF_NIL);
	assert_true(is_atom(at("time_between_restarts"), "nil"));
	term_unref(known);
	term_unref(unknown);
}

static unsigned
tuple_keys(struct etf_span map)
{
	struct etf c = cursor(map);
	uint32_t n = etf_map(&c);
	unsigned found = 0;

	for (uint32_t i = 0; i < n; i++) {
		found += tag_of(etf_raw(&c)) == ETF_SMALL_TUPLE;
		etf_skip(&c);
	}
	return found;
}

/* Before OTP 27 the VM refuses a map with both 0.0 and -0.0 as keys; and an application may have our word as a reason. */
static void
reasons_that_are_written_alike_are_one_key(void **state)
{
	char name[16];

	(void)state;
	restart(atom_term("w"), float_term(0.0, "{f,0.0}"), RESTART_DONE);
	restart(atom_term("w"), float_term(-0.0, "{f,-0.0}"), RESTART_DONE);
	restart(atom_term("w"), atom_term("arsenal_other"), RESTART_DONE);
	restart(atom_term("w"), atom_term("arsenal_other"), RESTART_DONE);
	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		restart(atom_term("w"), atom_term(name), RESTART_DONE);
	}
	answer_restart_statistics(a, e, now, NULL);
	done();
	assert_int_equal(tuple_keys(at("restart_reasons")), 1);
	assert_true(integer(at("restart_reasons.arsenal_other")) > 2);
	assert_int_equal(integer(at("total_restarts")), 154);
}

static void
restart_event_has_the_seeds_fields(void **state)
{
	struct term *cut = make_term("\x6D\0\0\0\x03xyz", 8, "xyz", true);
	struct node_event *ev;

	(void)state;
	restart(atom_term("w"), cut, RESTART_DONE);
	ev = next_of(e, EVENT_RESTART);
	answer_event_data(a, ev);
	node_event_unref(ev);
	done();
	assert_true(is_atom(at("supervisor"), "rabbit_sup"));
	assert_true(is_atom(at("child_id"), "w"));
	assert_true(is_text(at("reason"), "xyz"));
	assert_true(etf_is_pid(tag_of(at("child_pid"))));
	assert_int_equal(integer(at("restart_count")), 1);
	assert_true(is_time(at("timestamp"), 10 * 3600 + 30 * 60, 0));
	assert_true(is_atom(at("kind"), "restart"));
	assert_true(is_atom(at("restart_type"), "permanent"));
	assert_true(is_atom(at("group"), "false"));
	assert_true(is_atom(at("truncated"), "true"));
	restart(atom_term("w"), atom_term("x"), RESTART_FAILED);
	ev = next_of(e, EVENT_RESTART);
	answer_event_data(a, ev);
	node_event_unref(ev);
	done();
	assert_true(is_atom(at("child_pid"), "nil"));
	assert_int_equal(tag_of(at("restart_count")), ETF_SMALL_INTEGER);
	assert_false(has(root, "truncated"));
}

/* Atoms are made of what OTP has, never of what a peer writes. */
static void
foreign_restart_type_is_a_text(void **state)
{
	struct restart r = { .time_ms = T0, .restart_type = "arsenal" };

	(void)state;
	part_restart(a, &r);
	done();
	assert_true(is_text(at("restart_type"), "arsenal"));
	assert_true(is_atom(at("supervisor"), "nil"));
	assert_true(is_atom(at("reason"), "nil"));
}

/* ---- anomalies and alerts ---- */

static void
anomaly_values_have_their_metrics_types(void **state)
{
	static const struct {
		enum metric_id metric;
		bool real;
	} cases[] = { { METRIC_PROCESS_COUNT, false }, { METRIC_MEMORY_UTILIZATION, true },
		{ METRIC_CPU_UTILIZATION, true }, { METRIC_IO_INPUT, true }, { METRIC_VM_MEMORY_TOTAL, false } };
	struct anomaly anomaly = { .type = ANOMALY_CPU,
		.severity = SEVERITY_HIGH,
		.time_ms = T0,
		.current_value = 15000.25,
		.baseline_value = 8000,
		.deviation = 3,
		.score = 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		anomaly.metric = cases[i].metric;
		part_anomaly(a, &anomaly);
		done();
		if (cases[i].real) {
			ASSERT_NEAR(real(at("current_value")), 15000.25, 0);
			ASSERT_NEAR(real(at("baseline_value")), 8000, 0);
		} else {
			assert_int_equal(integer(at("current_value")), 15000);
			assert_int_equal(integer(at("baseline_value")), 8000);
		}
		assert_true(is_atom(at("type"), "cpu_anomaly"));
		assert_true(is_atom(at("severity"), "high"));
		ASSERT_NEAR(real(at("score")), 1, 0);
		assert_int_equal(tag_of(at("culprits")), ETF_NIL);
	}
}

static void
restart_anomaly_has_the_terms(void **state)
{
	struct node_event *ev;

	(void)state;
	for (int i = 0; i < 4; i++)
		restart(atom_term("worker_process"), atom_term("killed"), RESTART_DONE);
	ev = next_of(e, EVENT_ANOMALY);
	assert_non_null(ev);
	answer_event(a, ev);
	node_event_unref(ev);
	done();
	assert_true(is_atom(at("type"), "anomaly"));
	assert_true(is_atom(at("data.type"), "restart_anomaly"));
	assert_true(is_atom(at("data.child_id"), "worker_process"));
	assert_true(is_atom(at("data.supervisor"), "rabbit_sup"));
	assert_int_equal(integer(at("data.restart_count")), 4);
	assert_false(has(at("data"), "current_value"));
}

static void
health_alert_is_a_system_health(void **state)
{
	struct node_event *ev;

	(void)state;
	feed_full(2);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 1e7);
	feed(1);
	while ((ev = next_of(e, EVENT_HEALTH_ALERT)) != NULL && ev->u.health.changed != CRITERION_MEMORY)
		node_event_unref(ev);
	assert_non_null(ev);
	answer_event_data(a, ev);
	node_event_unref(ev);
	done();
	has_health_types(root);
	assert_true(is_atom(at("overall_status"), "critical"));
	assert_true(is_atom(at("changed"), "memory"));
	assert_true(length(at("recommendations")) > 0);
	assert_int_equal(tag_of(nth(at("recommendations"), 0)), ETF_BINARY);
}

/* ---- both forms of one state ---- */

static void compare(json_t *json, struct etf_span span);

static void
compare_number(json_t *json, struct etf_span span)
{
	struct etf c = cursor(span);

	ASSERT_NEAR(etf_number(&c), json_number_value(json), etf_is_integer(tag_of(span)) ? 0.5 : 0);
	assert_true(etf_ok(&c));
}

/* A text is a binary, an atom, a DateTime or any term. */
static void
compare_text(json_t *json, struct etf_span span)
{
	if (tag_of(span) == ETF_BINARY)
		assert_true(is_text(span, json_string_value(json)));
	else if (etf_is_atom(tag_of(span)))
		assert_true(is_atom(span, json_string_value(json)));
}

static void
compare_object(json_t *json, struct etf_span span)
{
	const char *key;
	json_t *value;

	assert_int_equal(tag_of(span), ETF_MAP);
	json_object_foreach(json, key, value)
	{
		struct etf_span found;

		if (!find(span, key, strlen(key), &found))
			print_message("%s is missing\n", key);
		assert_true(find(span, key, strlen(key), &found));
		compare(value, found);
	}
}

static void
compare(json_t *json, struct etf_span span)
{
	struct etf c = cursor(span);

	if (json_is_null(json))
		assert_true(is_atom(span, "nil") || etf_number(&c) == 0);
	else if (json_is_number(json))
		compare_number(json, span);
	else if (json_is_string(json))
		compare_text(json, span);
	else if (json_is_boolean(json))
		assert_true(is_atom(span, json_is_true(json) ? "true" : "false"));
	else if (json_is_object(json) && tag_of(span) != ETF_SMALL_TUPLE)
		compare_object(json, span);
	else if (json_is_array(json)) {
		assert_true(length(span) <= json_array_size(json));
		for (unsigned i = 0; i < json_array_size(json); i++)
			if (i < length(span))
				compare(json_array_get(json, i), nth(span, i));
			else /* schedulers that are offline */
				assert_true(json_is_null(json_array_get(json, i)));
	}
}

enum which {
	NODE,
	HEALTHY,
	PERFORMING,
	ANOMALOUS,
	TOP,
	PATTERNED,
	PREDICTED,
	PLANNED,
	STATISTICS,
	HISTORY,
	SERVER_STATE,
	SERVER_STATS,
	WHICH_COUNT
};

static void
write_answer(struct answer *to, enum which which)
{
	switch (which) {
	case NODE:
		answer_node(to, e, now);
		break;
	case HEALTHY:
		answer_health(to, e, now);
		break;
	case PERFORMING:
		answer_performance(to, e);
		break;
	case ANOMALOUS:
		answer_anomalies(to, e);
		break;
	case TOP:
		answer_top(to, e, TOP_MEMORY, SAMPLE_TOP);
		break;
	case PATTERNED:
		answer_patterns(to, e, now, PATTERN_TYPE_COUNT);
		break;
	case PREDICTED:
		answer_predictions(to, e, now);
		break;
	case PLANNED:
		answer_capacity(to, e, now);
		break;
	case STATISTICS:
		answer_restart_statistics(to, e, now, NULL);
		break;
	case HISTORY:
		answer_history(to, e, T0, now);
		break;
	case SERVER_STATE:
		to->ops->object(to);
		answer_state_fields(to, e, now, 10);
		put_end(to);
		break;
	case SERVER_STATS:
		to->ops->object(to);
		answer_stats_fields(to, e);
		put_end(to);
		break;
	case WHICH_COUNT:
		break;
	}
}

static void
both_forms_agree(void)
{
	struct strbuf text = STRBUF_INIT;
	struct answer_json json;
	struct jsonw j;

	for (enum which w = NODE; w < WHICH_COUNT; w++) {
		json_t *parsed;

		strbuf_reset(&text);
		jsonw_init(&j, &text);
		answer_json_init(&json, &j);
		write_answer(&json.base, w);
		parsed = json_loads(strbuf_cstr(&text), JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(parsed);
		write_answer(a, w);
		done();
		compare(parsed, root);
		json_decref(parsed);
	}
	strbuf_release(&text);
}

static void
json_and_terms_agree(void **state)
{
	(void)state;
	both_forms_agree();
	s.time_ms = now;
	engine_feed(e, now, &s);
	both_forms_agree();
	s.top_count[TOP_MEMORY] = 2;
	strcpy(s.top[TOP_MEMORY][0].pid, "<0.9.0>");
	strcpy(s.top[TOP_MEMORY][0].name, "bad \xFF name");
	s.top[TOP_MEMORY][0].value = 5;
	s.top[TOP_MEMORY][1].memory = NAN;
	feed_full(100);
	both_forms_agree();
	for (int i = 0; i < 7; i++)
		restart(atom_term("w"), atom_term(i % 2 ? "killed" : "normal"), RESTART_DONE);
	restart(atom_term("w"), make_term("\x6D\0\0\0\x03xyz", 8, "xyz", true), RESTART_GAVE_UP);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 1e7);
	feed(20);
	both_forms_agree();
}

/* ---- the past ---- */

static void
history_has_the_seeds_shapes(void **state)
{
	(void)state;
	feed_full(50);
	restart(atom_term("w"), atom_term("killed"), RESTART_DONE);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 1e7);
	feed(5);
	answer_history(a, e, T0, now);
	done();
	assert_true(is_time(at("time_range.start"), 10 * 3600 + 30 * 60, 0));
	assert_int_equal(length(at("metrics")), 55);
	assert_int_equal(length(at("health_checks")), 55);
	has_performance_types(nth(at("metrics"), 1));
	has_performance_types(nth(at("metrics"), 54));
	assert_true(is_time(in(nth(at("metrics"), 1), "timestamp"), 10 * 3600 + 30 * 60 + 10, 0));
	assert_int_equal(integer(in(nth(at("metrics"), 1), "memory.available")), 500000000);
	assert_int_equal(integer(in(nth(at("metrics"), 54), "memory.available")), 10000000);
	has_health_types(nth(at("health_checks"), 54));
	assert_true(is_atom(in(nth(at("health_checks"), 54), "overall_status"), "critical"));
	assert_true(is_atom(in(nth(at("health_checks"), 54), "levels.memory"), "critical"));
	assert_true(length(in(nth(at("health_checks"), 54), "recommendations")) > 0);
	assert_int_equal(length(at("restarts")), 1);
	assert_true(length(at("events")) >= 2);
	assert_true(is_time(in(nth(at("events"), 0), "timestamp"), 10 * 3600 + 30 * 60 + 5, 0));
	has_type(in(nth(at("events"), 0), "data"), &HEALTH[0]);
}

/* The ends belong to it; before and behind there is nothing. */
static void
history_of_a_span(void **state)
{
	(void)state;
	feed_full(50);
	answer_history(a, e, T0 + 10 * INTERVAL, T0 + 19 * INTERVAL);
	done();
	assert_int_equal(length(at("metrics")), 10);
	assert_int_equal(length(at("health_checks")), 10);
	answer_history(a, e, T0 - 1000000, T0);
	done();
	assert_int_equal(tag_of(at("metrics")), ETF_NIL);
	assert_int_equal(tag_of(at("restarts")), ETF_NIL);
	assert_int_equal(tag_of(at("health_checks")), ETF_NIL);
	assert_int_equal(tag_of(at("events")), ETF_NIL);
}

static void
state_has_the_newest_first(void **state)
{
	(void)state;
	feed_full(50);
	for (int i = 0; i < 12; i++)
		restart(atom_term("w"), atom_term("killed"), RESTART_DONE);
	write_answer(a, SERVER_STATE);
	done();
	assert_int_equal(length(at("restart_history")), 10);
	assert_int_equal(length(at("performance_history")), 10);
	assert_int_equal(length(at("health_history")), 10);
	assert_int_equal(integer(in(nth(at("restart_history"), 0), "restart_count")), 12);
	assert_true(
	    is_time(in(nth(at("performance_history"), 0), "timestamp"), 10 * 3600 + 30 * 60 + 50 * INTERVAL / 1000, 0));
	assert_true(
	    is_time(in(nth(at("performance_history"), 9), "timestamp"), 10 * 3600 + 30 * 60 + 41 * INTERVAL / 1000, 0));
	has_health_types(nth(at("health_history"), 9));
	assert_int_equal(integer(at("monitoring_interval")), INTERVAL);
	assert_int_equal(integer(at("retention_period")), 86400000);
	ASSERT_NEAR(real(at("anomaly_thresholds.standard_deviations")), 2, 0);
	ASSERT_NEAR(real(at("anomaly_thresholds.memory.critical")), 90, 0);
	assert_true(is_time(at("last_health_check"), 10 * 3600 + 30 * 60 + 50 * INTERVAL / 1000, 0));
	ASSERT_NEAR(real(at("baseline_metrics.cpu.utilization")), 50, 1e-6);
	ASSERT_NEAR(real(at("baseline_metrics.metrics.process_count.mean")), 1000.25 + METRIC_PROCESS_COUNT, 1e-6);
	assert_int_equal(tag_of(at("baseline_metrics.metrics.process_count.deviation")), ETF_NEW_FLOAT);
}

static void
state_before_anything_is_known(void **state)
{
	(void)state;
	write_answer(a, SERVER_STATE);
	done();
	assert_int_equal(tag_of(at("restart_history")), ETF_NIL);
	assert_int_equal(tag_of(at("performance_history")), ETF_NIL);
	assert_int_equal(tag_of(at("health_history")), ETF_NIL);
	assert_true(is_atom(at("baseline_metrics"), "nil"));
	assert_true(is_atom(at("last_health_check"), "nil"));
	write_answer(a, SERVER_STATS);
	done();
	assert_int_equal(integer(at("restart_events_tracked")), 0);
	assert_int_equal(integer(at("performance_samples")), 0);
	assert_true(is_atom(at("history_since"), "nil"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(containers),
		TEST(numbers),
		TEST(texts_and_words),
		TEST(times),
		TEST(terms),
		TEST(health_has_the_seeds_types),
		TEST(performance_has_the_seeds_types),
		TEST(offline_schedulers_have_no_number),
		TEST(what_is_not_observed_is_listed),
		TEST(nothing_came_yet),
		TEST(restart_statistics_have_the_seeds_shape),
		TEST(statistics_of_one_supervisor),
		TEST(reasons_that_are_written_alike_are_one_key),
		TEST(restart_event_has_the_seeds_fields),
		TEST(foreign_restart_type_is_a_text),
		TEST(anomaly_values_have_their_metrics_types),
		TEST(restart_anomaly_has_the_terms),
		TEST(health_alert_is_a_system_health),
		TEST(json_and_terms_agree),
		TEST(history_has_the_seeds_shapes),
		TEST(history_of_a_span),
		TEST(state_has_the_newest_first),
		TEST(state_before_anything_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
