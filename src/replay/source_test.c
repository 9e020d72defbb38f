/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"

#include "base/attr.h"
#include "base/strbuf.h"
#include "replay/fixture.h"
#include "replay/unpack.h"

static const enum packing PACKINGS[] = { PACKING_GZIP, PACKING_ZSTD };

/* A text that does not pack well, of many pieces. */
static void
make_text(struct strbuf *out, size_t lines)
{
	unsigned seed = 7;

	for (size_t i = 0; i < lines; i++)
		strbuf_addf(out, "%zu,%d\n", i, rand_r(&seed));
}

static void
pack(enum packing packing, const struct strbuf *text, struct strbuf *out)
{
	struct err err;
	struct stream_packer *p = stream_packer_new(packing, &err);
	size_t half = text->len / 2;

	if (p == NULL)
		fail_msg("%s", err.text);
	assert_true(stream_packer_add(p, text->data, half, true, out, &err));
	assert_true(stream_packer_add(p, text->data + half, text->len - half, false, out, &err));
	assert_true(stream_packer_end(p, out, &err));
	stream_packer_free(p);
}

/* read_all: whether it was cut off. */
static bool
read_all(const struct strbuf *bytes, size_t size, struct strbuf *out)
{
	struct pieces p = { bytes->data, bytes->len, 0, size, 3 };
	struct err err;
	struct source *s = source_from(pieces_read, &p, "test", &err);
	char buf[1000];
	ssize_t n;
	bool cut;

	if (s == NULL)
		fail_msg("%s", err.text);
	while ((n = source_read(s, buf, sizeof(buf), &err)) > 0)
		strbuf_add(out, buf, (size_t)n);
	if (n < 0)
		fail_msg("%s", err.text);
	cut = source_is_cut(s);
	source_close(s);
	return cut;
}

static void
bytes_come_as_they_are(void **state)
{
	struct strbuf text = STRBUF_INIT, got = STRBUF_INIT;

	(void)state;
	make_text(&text, 10000);
	for (size_t size = 0; size < 3; size++) {
		assert_false(read_all(&text, size, &got));
		assert_int_equal(got.len, text.len);
		assert_memory_equal(got.data, text.data, text.len);
		strbuf_reset(&got);
	}
	strbuf_release(&got);
	strbuf_release(&text);
}

static void
packed_bytes_are_unpacked(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	make_text(&text, 20000);
	for (size_t i = 0; i < ARRAY_LEN(PACKINGS); i++) {
		struct strbuf packed = STRBUF_INIT, got = STRBUF_INIT;

		/* Two streams, one behind the other, are one. */
		pack(PACKINGS[i], &text, &packed);
		pack(PACKINGS[i], &text, &packed);
		assert_true(packed.len < 2 * text.len);
		assert_false(read_all(&packed, 0, &got));
		assert_int_equal(got.len, 2 * text.len);
		assert_memory_equal(got.data, text.data, text.len);
		assert_memory_equal(got.data + text.len, text.data, text.len);
		strbuf_release(&got);
		strbuf_release(&packed);
	}
	strbuf_release(&text);
}

static void
of_a_stream_without_end_all_is_read(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	make_text(&text, 20000);
	for (size_t i = 0; i < ARRAY_LEN(PACKINGS); i++) {
		struct strbuf packed = STRBUF_INIT, got = STRBUF_INIT;
		struct err err;
		struct stream_packer *p = stream_packer_new(PACKINGS[i], &err);

		assert_true(stream_packer_add(p, text.data, text.len, true, &packed, &err));
		stream_packer_free(p);
		assert_true(read_all(&packed, 0, &got));
		assert_int_equal(got.len, text.len);
		assert_memory_equal(got.data, text.data, text.len);
		strbuf_release(&got);
		strbuf_release(&packed);
	}
	strbuf_release(&text);
}

static void
damage_is_an_error(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	make_text(&text, 20000);
	for (size_t i = 0; i < ARRAY_LEN(PACKINGS); i++) {
		struct strbuf packed = STRBUF_INIT;
		struct pieces p;
		struct err err;
		struct source *s;
		char buf[1000];
		ssize_t n = 1;

		pack(PACKINGS[i], &text, &packed);
		memset(packed.data + packed.len / 2, 0xff, 100);
		p = (struct pieces) { packed.data, packed.len, 0, 0, 3 };
		s = source_from(pieces_read, &p, "test.csv", &err);
		assert_non_null(s);
		while (n > 0)
			n = source_read(s, buf, sizeof(buf), &err);
		assert_int_equal(n, -1);
		assert_non_null(strstr(err.text, "test.csv: "));
		assert_non_null(strstr(err.text, "damaged"));
		source_close(s);
		strbuf_release(&packed);
	}
	strbuf_release(&text);
}

static void
what_cannot_be_opened_is_told(void **state)
{
	struct err err;

	(void)state;
	assert_null(source_open("/nowhere/to/be.csv", &err));
	assert_string_equal(err.text, "/nowhere/to/be.csv: No such file or directory");
	assert_null(source_open("/", &err));
	assert_string_equal(err.text, "/: is a folder");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_as_they_are),
		cmocka_unit_test(packed_bytes_are_unpacked),
		cmocka_unit_test(of_a_stream_without_end_all_is_read),
		cmocka_unit_test(damage_is_an_error),
		cmocka_unit_test(what_cannot_be_opened_is_told),
	};

	return cmocka_run_group_tests_name("replay/source", tests, NULL, NULL);
}
