/* SPDX-License-Identifier: Apache-2.0 */
#include "http/routes.h"

#include <jansson.h>
#include <stdio.h>

#include "http/assets.h"
#include "http/site_fixture.h"

static void
ask_as(const char *path, const char *query, bool authorized)
{
	struct request rq = { .path = path, .query = query, .authorized = authorized };

	reply_release(&reply);
	reply_init(&reply);
	site_serve(&site, &rq, &reply);
}

static int
ask(const char *path, const char *query)
{
	ask_as(path, query, true);
	return reply.status;
}

/* The answer is JSON of that type. */
static void
answers(const char *path, const char *query, bool array)
{
	json_t *root;

	assert_int_equal(ask(path, query), 200);
	assert_string_equal(reply.type, TYPE_JSON);
	root = json_loadb(reply.body.data, reply.body.len, JSON_REJECT_DUPLICATES, NULL);
	assert_true(array ? json_is_array(root) : json_is_object(root));
	json_decref(root);
}

/* The answer comes as the client takes it; http_test takes it. */
static void
streams(const char *path, const char *query)
{
	assert_int_equal(ask(path, query), 200);
	assert_string_equal(reply.type, TYPE_JSON);
	assert_non_null(reply.stream);
	reply.stream->closed(reply.stream_arg);
}

static void
fails(const char *path, const char *query, int status, const char *says)
{
	json_t *root, *error;

	assert_int_equal(ask(path, query), status);
	root = json_loadb(reply.body.data, reply.body.len, 0, NULL);
	error = json_object_get(root, "error");
	assert_int_equal(json_integer_value(json_object_get(error, "status")), status);
	assert_non_null(strstr(json_string_value(json_object_get(error, "message")), says));
	json_decref(root);
}

static void
patterns(void **state)
{
	const char *node;
	size_t len;

	(void)state;
	assert_true(route_match("/", "/", &node, &len));
	assert_false(route_match("/", "/a", &node, &len));
	assert_true(route_match("/api/v1", "/api/v1/", &node, &len));
	assert_false(route_match("/api/v1", "/api/v1//", &node, &len));
	assert_false(route_match("/api/v1", "/api/v1x", &node, &len));
	assert_false(route_match("/api/v1", "/api", &node, &len));
	assert_false(route_match("/api/v1", "", &node, &len));
	assert_false(route_match("/api/v1", "*", &node, &len));
	assert_true(route_match("/n/{node}/health", "/n/a%40h/health", &node, &len));
	assert_memory_equal(node, "a%40h", len);
	assert_false(route_match("/n/{node}/health", "/n//health", &node, &len));
	assert_false(route_match("/n/{node}/health", "/n/a/b/health", &node, &len));
	assert_false(route_match("/n/{node}", "/n/a/health", &node, &len));
}

static void
resources(void **state)
{
	(void)state;
	answers("/api/v1", NULL, false);
	answers("/api/v1/", "", false);
	answers("/api/v1/nodes", NULL, true);
	answers("/api/v1/nodes/a@h", NULL, false);
	answers("/api/v1/nodes/a%40h/health", NULL, false);
	answers("/api/v1/nodes/b%20c@h/performance", NULL, false);
	answers("/api/v1/nodes/a@h/restarts", NULL, false);
	answers("/api/v1/nodes/a@h/patterns", NULL, true);
	answers("/api/v1/nodes/a@h/patterns", "type=restart_storm", true);
	answers("/api/v1/nodes/a@h/patterns", "type=periodic", true);
	answers("/api/v1/nodes/a@h/predictions", NULL, true);
	answers("/api/v1/nodes/a@h/capacity", NULL, false);
	answers("/api/v1/nodes/a@h/anomalies", NULL, true);
	answers("/api/v1/nodes/a@h/incidents", NULL, true);
	answers("/api/v1/nodes/a@h/incidents", "open=true", true);
	answers("/api/v1/nodes/a@h/incidents", "open=false", true);
	fails("/api/v1/nodes/a@h/incidents", "open=1", 400, "neither true nor false");
	streams("/api/v1/nodes/a@h/history", NULL);
	streams("/api/v1/nodes/a@h/history", "start=2024-01-18T10:30:00%2B00:00&end=1705573801000");
	streams("/api/v1/nodes/a@h/history", "start=0");
	streams("/api/v1/nodes/a@h/history", "step=10s&metric=cpu_utilization,load1");
	streams("/api/v1/nodes/a@h/history", "start=0&step=1h");
	streams("/api/v1/nodes/a@h/history", "start=5&end=9&step=1");
	streams("/api/v1/nodes/a@h/marks", NULL);
	streams("/api/v1/nodes/a@h/marks", "start=0&end=5");
	fails("/api/v1/nodes/a@h/marks", "start=6&end=5", 400, "end: it is before start");
	fails("/api/v1/nodes/a@h/marks", "start=x", 400, "start: \"x\" is neither");
	answers("/api/v1/nodes/a@h/top", "by=queue&n=3", false);
	answers("/api/v1/nodes/a@h/memory", NULL, false);
	answers("/api/v1/nodes/a@h/tables", NULL, false);
	answers("/api/v1/nodes/a@h/links", NULL, false);
	answers("/api/v1/nodes/a@h/allocators", NULL, false);
	answers("/api/v1/nodes/a@h/groups", NULL, false);
	answers("/api/v1/nodes/a@h/ports", NULL, false);
	answers("/api/v1/nodes/a@h/top", "by=memory", false);
	answers("/api/v1/nodes/a@h/top", "by=reductions", false);
	answers("/api/v1/stats", NULL, false);
	assert_non_null(strstr(reply.body.data, "{\"version\":\"0\",\"http\":{\"requests\":0,"));
	assert_non_null(strstr(reply.body.data, "\"event_streams\":0,\"event_streams_max\":"));
}

static void
patterns_of_a_type(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		fixture_restart(&fixture, "sup", "w");
	answers("/api/v1/nodes/a@h/patterns", "type=storm", true);
	assert_non_null(strstr(reply.body.data, "[{\"type\":\"restart_storm\",\"pattern\":\""));
	answers("/api/v1/nodes/a@h/patterns", "type=cascade", true);
	assert_string_equal(reply.body.data, "[]");
}

/* Each holds memory. */
static void
so_many_long_answers_at_a_time(void **state)
{
	struct reply taken[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		assert_int_equal(ask("/api/v1/nodes/a@h/history", i % 2 ? "step=1m" : NULL), 200);
		taken[i] = reply;
		reply_init(&reply);
	}
	fails("/api/v1/nodes/a@h/history", NULL, 503, "16 long answers");
	fails("/api/v1/nodes/a@h/history", "step=1", 503, "16 long answers");
	assert_string_equal(reply.headers[0].name, "Retry-After");
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		taken[i].stream->closed(taken[i].stream_arg);
	streams("/api/v1/nodes/a@h/history", NULL);
}

static void
errors_say_what(void **state)
{
	(void)state;
	fails("/nothing", NULL, 404, "/nothing");
	fails("*", NULL, 404, "*");
	fails("", NULL, 404, "/api/v1");
	fails("/api/v1/nodes/x@h/health", NULL, 404, "a@h, b c@h");
	fails("/api/v1/nodes/a+b/health", NULL, 404, "a+b");
	fails("/api/v1/nodes/%zz/health", NULL, 400, "%zz");
	fails("/metrics", "node=nobody", 404, "nobody");
	fails("/metrics", "nod=a@h", 400, "nod");
	fails("/api/v1/nodes", "x=1", 400, "none");
	fails("/api/v1/nodes/a@h/top", "by=size", 400, "size");
	fails("/api/v1/nodes/a@h/top", "n=0", 400, "n:");
	fails("/api/v1/nodes/a@h/top", "n=-1", 400, "n:");
	fails("/api/v1/nodes/a@h/restarts", "supervisor=sup", 404, "sup");
	fails("/api/v1/nodes/a@h/patterns", "type=storms", 400, "type: \"storms\" is none of restart_storm");
	fails("/api/v1/nodes/a@h/patterns", "n=1", 400, "it takes: type");
	fails("/api/v1/nodes/nobody/patterns", NULL, 404, "a@h, b c@h");
	fails("/api/v1/nodes/nobody/predictions", NULL, 404, "a@h, b c@h");
	fails("/api/v1/nodes/a@h/predictions", "n=1", 400, "it takes: none");
	fails("/api/v1/nodes/nobody/capacity", NULL, 404, "a@h, b c@h");
	fails("/api/v1/nodes/a@h/capacity", "resource=cpu", 400, "it takes: none");
	fails("/api/v1/nodes/a@h/history", "start=yesterday", 400, "start: \"yesterday\"");
	fails("/api/v1/nodes/a@h/history", "end=2024-01-18", 400, "end: \"2024-01-18\"");
	fails("/api/v1/nodes/a@h/history", "start=2&end=1", 400, "before");
	fails("/api/v1/nodes/a@h/history", "step=fast", 400, "step: \"fast\"");
	fails("/api/v1/nodes/a@h/history", "step=1&metric=load1,load2", 400, "metric: \"load2\" is none");
	fails("/api/v1/nodes/a@h/history", "step=1&metric=", 400, "metric: \"\" is none");
	fails("/api/v1/nodes/a@h/history", "metric=load1", 400, "goes with step");
	fails("/api/v1/nodes/a@h/history", "step=1&start=0", 400, "ask for step=");
	fails("/api/v1/events", "types=restart,foo", 400, "foo");
	fails("/api/v1/events", "severity=awful", 400, "awful");
	fails("/api/v1/events", "last_event_id=1x", 400, "1x");
	fails("/api/v1/events", "node=x", 404, "x");
}

static void
long_names_are_refused(void **state)
{
	char path[4096] = "/api/v1/nodes/";

	(void)state;
	memset(path + 14, 'a', sizeof(path) - 15);
	path[sizeof(path) - 1] = '\0';
	fails(path, NULL, 400, "too long");
}

static void
restarts_by_supervisor(void **state)
{
	(void)state;
	fixture_restart(&fixture, "{local,'a b'}", "w");
	answers("/api/v1/nodes/a@h/restarts", "supervisor=%7Blocal,'a+b'%7D", false);
	fails("/api/v1/nodes/a@h/restarts", "supervisor=other", 404, "{local,'a b'}");
}

static void
health_probes(void **state)
{
	(void)state;
	assert_int_equal(ask("/healthz", NULL), 200);
	assert_string_equal(reply.body.data, "ok\n");
	assert_int_equal(ask("/readyz", NULL), 200);
	assert_non_null(strstr(reply.body.data, "the cookie is wrong"));
	engine_link(fixture.engines[0], FIXTURE_NOW, NODE_UNREACHABLE, "gone");
	assert_int_equal(ask("/readyz", NULL), 503);
	assert_non_null(strstr(reply.body.data, "\"ready\":false"));
}

static void
without_the_token(void **state)
{
	(void)state;
	ask_as("/api/v1/nodes", NULL, false);
	assert_int_equal(reply.status, 401);
	assert_string_equal(reply.headers[0].name, "WWW-Authenticate");
	ask_as("/nothing", NULL, false);
	assert_int_equal(reply.status, 401);
	ask_as("/index.html", NULL, false);
	assert_int_equal(reply.status, 401);
	ask_as("/healthz", NULL, false);
	assert_int_equal(reply.status, 200);
	ask_as("/readyz", NULL, false);
	assert_int_equal(reply.status, 200);
	assert_null(strstr(reply.body.data, "a@h"));
	assert_null(strstr(reply.body.data, "cookie"));
}

static void
files_are_cached_by_content(void **state)
{
	struct request rq = { .path = "/", .authorized = true };
	char etag[REPLY_HEADER_SIZE];

	(void)state;
	assert_int_equal(ask("/", "any=thing"), 200);
	assert_non_null(reply.file);
	assert_string_equal(reply.headers[0].name, "ETag");
	memcpy(etag, reply.headers[0].value, sizeof(etag));
	rq.if_none_match = etag;
	reply_init(&reply);
	site_serve(&site, &rq, &reply);
	assert_int_equal(reply.status, 304);
}

static const char *
header(const char *name)
{
	for (size_t i = 0; i < reply.header_count; i++)
		if (strcmp(reply.headers[i].name, name) == 0)
			return reply.headers[i].value;
	return NULL;
}

static void
files_are_packed_for_who_takes_it(void **state)
{
	struct request rq = { .path = "/openapi.json", .accept_encoding = "br, GZIP;q=0.5", .authorized = true };
	char etag[REPLY_HEADER_SIZE];
	size_t whole;

	(void)state;
	assert_int_equal(ask("/openapi.json", NULL), 200);
	assert_null(header("Content-Encoding"));
	assert_string_equal(header("Vary"), "Accept-Encoding");
	whole = reply.file_len;
	snprintf(etag, sizeof(etag), "%s", header("ETag"));
	reply_init(&reply);
	rq.if_none_match = etag;
	site_serve(&site, &rq, &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(header("Content-Encoding"), "gzip");
	assert_string_equal(reply.type, TYPE_JSON);
	assert_true(reply.file_len < whole / 3);
	assert_memory_equal(reply.file, "\x1f\x8b", 2);
	snprintf(etag, sizeof(etag), "%s", header("ETag"));
	reply_init(&reply);
	site_serve(&site, &rq, &reply);
	assert_int_equal(reply.status, 304);
}

static void
who_takes_gzip(void **state)
{
	static const char *const yes[] = { "gzip", "gzip, deflate, br, zstd", "br;q=1.0,gzip;q=0.001", "x,GZip",
		"gzip;q=1", " gzip ; q=0.5" };
	static const char *const no[] = { "", "identity", "gzip;q=0", "gzip; q=0.000", "deflate, gzip;q=0",
		"xgzip, gzipx", "*", ",,", "gzip ;Q=0" };

	(void)state;
	assert_false(assets_accept_gzip(NULL));
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		assert_true(assets_accept_gzip(yes[i]));
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		assert_false(assets_accept_gzip(no[i]));
}

/* Every route of the table is in the OpenAPI file, and nothing else is. */
static void
openapi_is_the_table(void **state)
{
	json_t *root, *paths;

	(void)state;
	assert_int_equal(ask("/openapi.json", NULL), 200);
	root = json_loadb(reply.file, reply.file_len, JSON_REJECT_DUPLICATES, NULL);
	paths = json_object_get(root, "paths");
	assert_int_equal(json_object_size(paths), ROUTE_COUNT);
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		assert_non_null(json_object_get(json_object_get(paths, ROUTES[i].pattern), "get"));
	json_decref(root);
}

static unsigned
ids_of(const char *query, json_int_t *ids, json_int_t *before)
{
	json_t *root, *events;
	unsigned count;

	assert_int_equal(ask("/api/v1/events/past", query), 200);
	root = json_loadb(reply.body.data, reply.body.len, JSON_REJECT_DUPLICATES, NULL);
	events = json_object_get(root, "events");
	count = (unsigned)json_array_size(events);
	for (unsigned i = 0; i < count; i++)
		ids[i] = json_integer_value(json_object_get(json_array_get(events, i), "id"));
	*before = json_integer_value(json_object_get(root, "before"));
	json_decref(root);
	return count;
}

static void
past_events_in_pages(void **state)
{
	json_int_t ids[64], before;
	char next[64];
	unsigned n;

	(void)state;
	for (int i = 0; i < 5; i++)
		fixture_restart(&fixture, "sup", "w");
	fixture_collect(&fixture);
	n = ids_of("types=restart&node=a@h", ids, &before);
	assert_int_equal(n, 5);
	assert_int_equal(before, 0);
	assert_true(ids[0] > ids[1] && ids[3] > ids[4]);
	assert_int_equal(ids_of("types=restart&n=2", ids, &before), 2);
	assert_true(before > 0);
	snprintf(next, sizeof(next), "types=restart&n=2&before=%lld", (long long)before);
	assert_int_equal(ids_of(next, ids, &before), 2);
	assert_int_equal(ids_of("before=1", ids, &before), 0);
	assert_int_equal(ids_of("before=18446744073709551615&n=1", ids, &before), 1);
	assert_int_equal(ids_of("types=restart&node=b%20c@h", ids, &before), 0);
	fails("/api/v1/events/past", "before=x", 400, "before: \"x\"");
	fails("/api/v1/events/past", "n=501", 400, "from 1 to 500");
	fails("/api/v1/events/past", "types=all,none", 400, "none");
}

/* What is asked of the node is answered later, unless it is known, or cannot be. */
static void
trees(void **state)
{
	struct tree t = { .time_ms = 1, .complete = true };

	(void)state;
	fixture_asked = 0;
	fixture_ask_result = REQUEST_NO_PROBE;
	fails("/api/v1/nodes/a@h/tree", NULL, 501, "plain calls");
	fixture_ask_result = REQUEST_NOT_LINKED;
	fails("/api/v1/nodes/b%20c@h/tree", NULL, 503, "the cookie is wrong");
	fixture_ask_result = REQUEST_REFUSED;
	fails("/api/v1/nodes/a@h/tree", NULL, 503, "no time");
	fails("/api/v1/nodes/a@h/tree", "depth=1", 400, "no parameter");
	fixture_ask_result = REQUEST_UNDER_WAY;
	ask("/api/v1/nodes/a@h/tree", NULL);
	assert_non_null(reply.deferred);
	reply.deferred->closed(reply.deferred_arg);
	assert_int_equal(fixture_asked, 4);
	engine_tree(fixture.engines[0], FIXTURE_NOW, &t);
	answers("/api/v1/nodes/a@h/tree", NULL, false);
	assert_int_equal(fixture_asked, 4);
}

static const char *
header_of(const char *name)
{
	for (size_t i = 0; i < reply.header_count; i++)
		if (strcmp(reply.headers[i].name, name) == 0)
			return reply.headers[i].value;
	return NULL;
}

static void
reports_of_a_range(void **state)
{
	(void)state;
	answers("/api/v1/nodes/a@h/report", NULL, false);
	answers("/api/v1/nodes/a@h/report", "since=30m&format=json", false);
	assert_int_equal(ask("/api/v1/nodes/a@h/report", "format=text"), 200);
	assert_string_equal(reply.type, "text/plain; charset=utf-8");
	assert_null(header_of("Content-Security-Policy"));
	assert_int_equal(ask("/api/v1/nodes/a@h/report", "format=html&since=2h&until=1h"), 200);
	assert_string_equal(reply.type, "text/html; charset=utf-8");
	assert_non_null(strstr(header_of("Content-Security-Policy"), "default-src 'none'; style-src 'unsafe-inline'"));
	assert_non_null(strstr(reply.body.data, "</html>"));
	fails("/api/v1/nodes/a@h/report", "format=pdf", 400, "\"pdf\"");
	fails("/api/v1/nodes/a@h/report", "since=soon", 400, "since: \"soon\"");
	fails("/api/v1/nodes/a@h/report", "since=1h&until=2h", 400, "before");
	fails("/api/v1/nodes/nobody/report", NULL, 404, "nobody");
}

static void
kept_reports(void **state)
{
	(void)state;
	answers("/api/v1/reports", NULL, true);
	answers("/api/v1/reports/20240118T103000Z-a%40h", NULL, false);
	assert_int_equal(ask("/api/v1/reports/20240118T103000Z-a@h", "format=html"), 200);
	assert_non_null(header_of("Content-Security-Policy"));
	fails("/api/v1/reports/other", NULL, 404, "other");
	fails("/api/v1/reports/..%2F..%2Fetc%2Fpasswd", NULL, 404, "no such file");
	fails("/api/v1/reports/other", "format=x", 400, "\"x\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test_setup_teardown(resources, setup, teardown),
		cmocka_unit_test_setup_teardown(so_many_long_answers_at_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_say_what, setup, teardown),
		cmocka_unit_test_setup_teardown(long_names_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(restarts_by_supervisor, setup, teardown),
		cmocka_unit_test_setup_teardown(health_probes, setup, teardown),
		cmocka_unit_test_setup_teardown(without_the_token, setup, teardown),
		cmocka_unit_test_setup_teardown(files_are_cached_by_content, setup, teardown),
		cmocka_unit_test_setup_teardown(files_are_packed_for_who_takes_it, setup, teardown),
		cmocka_unit_test_setup_teardown(who_takes_gzip, setup, teardown),
		cmocka_unit_test_setup_teardown(trees, setup, teardown),
		cmocka_unit_test_setup_teardown(reports_of_a_range, setup, teardown),
		cmocka_unit_test_setup_teardown(kept_reports, setup, teardown),
		cmocka_unit_test_setup_teardown(patterns_of_a_type, setup, teardown),
		cmocka_unit_test_setup_teardown(openapi_is_the_table, setup, teardown),
		cmocka_unit_test_setup_teardown(past_events_in_pages, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
