/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A crash dump in pieces. The first byte chooses their size, and whether the magic is put before the rest, for most inputs would end there. What comes out must be
 * printable and of bounded size.
 */
#include <stdlib.h>
#include <string.h>

#include "crashdump/crashdump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool condition)
{
	if (!condition)
		abort();
}

static void
print(const struct crashdump_summary *s)
{
	struct strbuf out = STRBUF_INIT;
	struct jsonw j;

	crashdump_text(s, &out);
	for (size_t i = 0; i < out.len; i++)
		demand(out.data[i] == '\n' || (unsigned char)out.data[i] >= 0x20);
	demand(out.len < 1 << 20);
	strbuf_reset(&out);
	jsonw_init(&j, &out);
	crashdump_json(s, &j);
	demand(out.len > 2 && out.data[out.len - 1] == '}');
	strbuf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char magic[] = "=erl_crash_dump:0.5\n";
	struct crashdump *c = crashdump_new(size > 0 ? 1 + data[0] % 7 : 1);
	size_t piece = size > 0 ? 1 + data[0] % 50u : 1;
	const struct crashdump_summary *s;
	struct err err;
	bool ok = true;

	if (size > 0 && data[0] % 4)
		ok = crashdump_feed(c, magic, sizeof(magic) - 1, &err);
	for (size_t at = 1; ok && at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		void *copy = malloc(n);

		memcpy(copy, data + at, n);
		ok = crashdump_feed(c, copy, n, &err);
		free(copy);
	}
	if (ok && (s = crashdump_finish(c, &err)) != NULL)
		print(s);
	demand(!crashdump_is_written(data, size) || size >= 4);
	crashdump_free(c);
	return 0;
}
