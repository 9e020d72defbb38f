/* SPDX-License-Identifier: Apache-2.0 */
/* Live recordings that anybody may have written: whatever is in them, engines take it, and what was read can be written and read again. */
#include <stdlib.h>
#include <string.h>

#include "replay/fixture.h"
#include "replay/recording.h"
#include "replay/replay.h"

#define HEAD                          \
	"{\"arsenal_recording\":1}\n" \
	"{\"node\":0,\"name\":\"a@h\",\"options\":{\"max_history_bytes\":100000,\"max_events\":100}}\n"

/* must_stay: an input that was read is written as something that is read as the same. */
static void
must_stay(const struct engine_input *in)
{
	struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct input_code *again = malloc(sizeof(*again));
	struct err err;
	json_t *o;

	recording_write_input(&first, 0, in);
	o = json_loadb(first.data, first.len - 1, 0, NULL);
	if (o == NULL || !input_code_read(o, again, &err))
		abort();
	recording_write_input(&second, 0, &again->in);
	if (strcmp(first.data, second.data) != 0)
		abort();
	input_code_release(again);
	json_decref(o);
	free(again);
	strbuf_release(&first);
	strbuf_release(&second);
}

static void
read_inputs(const struct strbuf *bytes)
{
	struct pieces p = { bytes->data, bytes->len, 0, 4096, 1 };
	struct flaws flaws;
	struct recorded r;
	struct err err;
	struct source *s = source_from(pieces_read, &p, "fuzz", &err);
	struct recording *rec;

	if (s == NULL)
		return;
	flaws_init(&flaws, "fuzz", false);
	rec = recording_new(line_reader_new(s), &flaws);
	while (recording_next(rec, &r, &err) == READ_OK)
		if (r.kind == RECORDED_INPUT)
			must_stay(r.in);
	recording_free(rec);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct replay_options o = { .threshold = 0 };
	const struct outlets out = { .count = 0 };
	struct strbuf bytes = STRBUF_INIT;
	struct pieces p;
	struct flaws flaws;
	struct err err;
	struct source *s;

	strbuf_adds(&bytes, HEAD);
	strbuf_add(&bytes, data, size);
	read_inputs(&bytes);
	p = (struct pieces) { bytes.data, bytes.len, 0, 0, 1 };
	s = source_from(pieces_read, &p, "fuzz", &err);
	flaws_init(&flaws, "fuzz", false);
	if (s)
		(void)!replay_source(s, &o, &out, &flaws, &err);
	strbuf_release(&bytes);
	return 0;
}
