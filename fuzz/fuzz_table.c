/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings as anybody may hand them in: what is read of them must be finite numbers at times that grow, however the bytes come. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "replay/fixture.h"
#include "replay/table.h"

static void
must_make_sense(const struct table_row *row, int64_t *last_ms, bool *any)
{
	if (row->usable && *any && row->time_ms <= *last_ms)
		abort();
	if (row->usable) {
		*last_ms = row->time_ms;
		*any = true;
	}
	for (size_t i = 0; row->usable && i < row->count; i++)
		if (isinf(row->cells[i]))
			abort();
	if (strlen(row->time_text) + strlen(row->value_text) > LINE_MAX_BYTES)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pieces p = { (const char *)data, size, 0, size % 3 ? 0 : size + 1, 1 };
	const struct table_row *row;
	struct strbuf told = STRBUF_INIT;
	struct flaws flaws;
	struct err err;
	struct source *s = source_from(pieces_read, &p, "fuzz", &err);
	struct table *t;
	int64_t last_ms = 0;
	bool any = false;

	if (s == NULL)
		return 0;
	flaws_init(&flaws, "fuzz", false);
	t = table_new(line_reader_new(s), &flaws, &err);
	while (t && table_next(t, &row, &err) == READ_OK)
		must_make_sense(row, &last_ms, &any);
	flaws_add(&flaws, &told);
	strbuf_release(&told);
	table_free(t);
	return 0;
}
