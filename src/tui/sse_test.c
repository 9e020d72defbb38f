/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/sse.h"

#include <stdlib.h>
#include <string.h>

#include "base/testing.h"

static struct strbuf seen; /* "id=data;" of each event */

static void
on_event(void *arg, const char *id, const char *data, size_t len)
{
	(void)arg;
	assert_int_equal(strlen(data), len);
	strbuf_addf(&seen, "%s=%.40s;", id, data);
}

/* All that is fed in pieces of every size gives the same. */
static void
assert_events(const char *stream, const char *expected)
{
	size_t len = strlen(stream);

	for (size_t piece = 1; piece <= len; piece++) {
		struct sse s;

		strbuf_reset(&seen);
		sse_init(&s, on_event, NULL);
		for (size_t i = 0; i < len; i += piece)
			sse_feed(&s, stream + i, len - i < piece ? len - i : piece);
		assert_string_equal(strbuf_cstr(&seen), expected);
		sse_release(&s);
	}
	strbuf_release(&seen);
}

static void
test_events(void **state)
{
	(void)state;
	assert_events("id: 7\nevent: restart\ndata: {\"a\":1}\n\n", "7={\"a\":1};");
	assert_events("id:7\ndata:x\n\nid: 8\ndata: y\n\n", "7=x;8=y;");
	/* The id stays until there is another; lines of data are one text. */
	assert_events("id: 7\ndata: x\n\ndata: y\ndata: z\n\n", "7=x;7=y\nz;");
	assert_events("data\n\n", "=;");
}

static void
test_ends_of_lines(void **state)
{
	(void)state;
	assert_events("id: 1\r\ndata: x\r\n\r\nid: 2\rdata: y\r\r", "1=x;2=y;");
}

static void
test_what_is_no_event(void **state)
{
	(void)state;
	assert_events(": ping\n\nretry: 2000\n\nevent: node\n\nfoo: bar\n\n", "");
	/* What is cut off is none. */
	assert_events("data: x\n", "");
}

static void
test_an_endless_event_is_passed_over(void **state)
{
	struct sse s;
	char *piece = malloc(SSE_MAX_BYTES);

	(void)state;
	memset(piece, 'x', SSE_MAX_BYTES);
	sse_init(&s, on_event, NULL);
	sse_feed(&s, "data: ", 6);
	for (int i = 0; i < 4; i++)
		sse_feed(&s, piece, SSE_MAX_BYTES);
	assert_true(s.line.len <= SSE_MAX_BYTES);
	sse_feed(&s, "\n\nid: 3\ndata: y\n\n", 17);
	assert_string_equal(strbuf_cstr(&seen), "3=y;");
	sse_release(&s);
	strbuf_release(&seen);
	free(piece);
}

/* It would be sent back in an address. */
static void
test_an_endless_id_is_none(void **state)
{
	struct sse s;
	char *id = malloc(SSE_ID_MAX_BYTES + 1);

	(void)state;
	memset(id, 'x', SSE_ID_MAX_BYTES + 1);
	sse_init(&s, on_event, NULL);
	sse_feed(&s, "id: 3\nid: ", 10);
	sse_feed(&s, id, SSE_ID_MAX_BYTES + 1);
	sse_feed(&s, "\ndata: y\n\n", 10);
	assert_string_equal(strbuf_cstr(&seen), "3=y;");
	sse_release(&s);
	strbuf_release(&seen);
	free(id);
}

static void
test_a_new_stream(void **state)
{
	struct sse s;

	(void)state;
	sse_init(&s, on_event, NULL);
	sse_feed(&s, "id: 3\ndata: y\n\ndata: half", 25);
	sse_restart(&s);
	sse_feed(&s, "data: z\n\n", 9);
	assert_string_equal(strbuf_cstr(&seen), "3=y;3=z;");
	assert_string_equal(strbuf_cstr(&s.id), "3");
	sse_release(&s);
	strbuf_release(&seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_ends_of_lines),
		cmocka_unit_test(test_what_is_no_event),
		cmocka_unit_test(test_an_endless_event_is_passed_over),
		cmocka_unit_test(test_an_endless_id_is_none),
		cmocka_unit_test(test_a_new_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
