/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>

#include "base/testing.h"

static void
grows_and_stays_terminated(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	assert_string_equal(strbuf_cstr(&sb), "");
	for (int i = 0; i < 1000; i++)
		strbuf_addc(&sb, (char)('a' + i % 26));
	assert_int_equal(sb.len, 1000);
	assert_int_equal(strlen(sb.data), 1000);
	strbuf_adds(&sb, "xyz");
	strbuf_addf(&sb, "-%d-%s", 7, "seven");
	assert_string_equal(sb.data + 1000, "xyz-7-seven");
	strbuf_release(&sb);
	assert_null(sb.data);
}

static void
holds_embedded_nuls(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	strbuf_add(&sb, "a\0b", 3);
	strbuf_add(&sb, NULL, 0);
	assert_int_equal(sb.len, 3);
	assert_memory_equal(sb.data, "a\0b", 4);
	strbuf_release(&sb);
}

static void
cut_and_reset_keep_memory(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	const char *data;

	(void)state;
	strbuf_reset(&sb);
	strbuf_adds(&sb, "hello");
	data = sb.data;
	strbuf_cut(&sb, 9);
	assert_int_equal(sb.len, 5);
	strbuf_cut(&sb, 2);
	assert_string_equal(sb.data, "he");
	strbuf_reset(&sb);
	assert_string_equal(strbuf_cstr(&sb), "");
	assert_ptr_equal(sb.data, data);
	strbuf_release(&sb);
}

static void
detach_hands_over(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	char *empty = strbuf_detach(&sb), *text;

	(void)state;
	assert_string_equal(empty, "");
	strbuf_adds(&sb, "mine");
	text = strbuf_detach(&sb);
	assert_string_equal(text, "mine");
	assert_int_equal(sb.len, 0);
	assert_null(sb.data);
	free(text);
	free(empty);
}

static void
long_formats_are_not_cut(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	strbuf_addf(&sb, "%0*d", 5000, 1);
	assert_int_equal(sb.len, 5000);
	assert_int_equal(sb.data[4999], '1');
	strbuf_release(&sb);
}

static void
varints_come_back(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, INT64_MAX, UINT64_MAX };
	static const uint8_t too_large[] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02 };
	const uint8_t *p = too_large, *end;
	struct strbuf sb = STRBUF_INIT;
	uint64_t v;

	(void)state;
	assert_false(varint_read(&p, too_large + sizeof(too_large), &v));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		strbuf_reset(&sb);
		strbuf_add_varint(&sb, numbers[i]);
		p = (const uint8_t *)sb.data;
		end = p + sb.len;
		assert_true(varint_read(&p, end, &v));
		assert_true(v == numbers[i] && p == end);
		p = (const uint8_t *)sb.data;
		assert_false(varint_read(&p, end - 1, &v));
	}
	strbuf_release(&sb);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stays_terminated),
		cmocka_unit_test(holds_embedded_nuls),
		cmocka_unit_test(cut_and_reset_keep_memory),
		cmocka_unit_test(detach_hands_over),
		cmocka_unit_test(long_formats_are_not_cut),
		cmocka_unit_test(varints_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
