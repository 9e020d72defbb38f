/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/testing.h"
#include "beam/frame.h"
#include "etf/etf_write.h"

static void
cuts_a_stream_however_it_comes(void **state)
{
	static const char stream[] = "\0\0\0\0\0\0\0\4pabc\0\0\0\2pz\0\0\0\0";
	size_t len = sizeof(stream) - 1;

	(void)state;
	for (size_t piece = 1; piece <= len; piece++) {
		struct frame_reader r;
		struct strbuf seen = STRBUF_INIT;
		struct etf_span body;
		enum frame_kind kind;

		frame_reader_init(&r);
		for (size_t i = 0; i < len; i += piece) {
			frame_feed(&r, stream + i, len - i < piece ? len - i : piece);
			while ((kind = frame_next(&r, &body, NULL)) != FRAME_NONE) {
				assert_int_not_equal(kind, FRAME_BAD);
				strbuf_addc(&seen, kind == FRAME_TICK ? '.' : '[');
				if (kind == FRAME_MESSAGE)
					strbuf_add(&seen, body.data, body.len);
			}
		}
		assert_string_equal(strbuf_cstr(&seen), ".[abc[z.");
		strbuf_release(&seen);
		frame_reader_release(&r);
	}
}

static void
refuses_garbage_with_a_reason(void **state)
{
	static const struct {
		const char *bytes;
		const char *reason;
	} cases[] = {
		{ "\xff\xff\xff\xffp", "4294967295 bytes" },
		{ "HTTP/1.1", "no distribution protocol" },
		{ "\1\0\0\1p", "16777217 bytes" },
		{ "\0\0\0\5\x83xxxx", "unknown type 131" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct frame_reader r;
		struct etf_span body;
		struct err err;

		frame_reader_init(&r);
		frame_feed(&r, cases[i].bytes, 5);
		assert_int_equal(frame_next(&r, &body, &err), FRAME_BAD);
		assert_non_null(strstr(err.text, cases[i].reason));
		frame_reader_release(&r);
	}
}

static void
takes_no_memory_for_bytes_that_have_not_come(void **state)
{
	struct frame_reader r;
	struct etf_span body;

	(void)state;
	frame_reader_init(&r);
	frame_feed(&r, "\0\xff\xff\xffp", 5);
	assert_int_equal(frame_next(&r, &body, NULL), FRAME_NONE);
	assert_true(r.bytes.cap < 4096);
	frame_reader_release(&r);
}

static void
gives_memory_of_a_large_frame_back(void **state)
{
	static char large[1 << 20];
	struct frame_reader r;
	struct etf_span body;

	(void)state;
	frame_reader_init(&r);
	frame_feed(&r, "\0\x10\0\1p", 5);
	frame_feed(&r, large, sizeof(large));
	assert_int_equal(frame_next(&r, &body, NULL), FRAME_MESSAGE);
	assert_int_equal(body.len, sizeof(large));
	frame_feed(&r, "\0", 1);
	assert_true(r.bytes.cap < 4096);
	frame_reader_release(&r);
}

static void
reads_what_it_writes(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct frame_reader r;
	struct etf_span body;
	size_t at;

	(void)state;
	strbuf_adds(&out, "xx");
	at = frame_begin(&out);
	strbuf_adds(&out, "body");
	frame_end(&out, at);
	frame_reader_init(&r);
	frame_feed(&r, out.data + 2, out.len - 2);
	assert_int_equal(frame_next(&r, &body, NULL), FRAME_MESSAGE);
	assert_int_equal(body.len, 4);
	assert_memory_equal(body.data, "body", 4);
	frame_reader_release(&r);
	strbuf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_a_stream_however_it_comes),
		cmocka_unit_test(refuses_garbage_with_a_reason),
		cmocka_unit_test(takes_no_memory_for_bytes_that_have_not_come),
		cmocka_unit_test(gives_memory_of_a_large_frame_back),
		cmocka_unit_test(reads_what_it_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
