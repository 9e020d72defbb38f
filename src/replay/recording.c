/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/recording.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "replay/fields.h"
#include "replay/table_json.h"

#define MARK "{\"arsenal_recording\":"

/* ---- writing ---- */

static void
key_uint(struct jsonw *j, const char *key, uint64_t v)
{
	jsonw_key(j, key);
	jsonw_uint(j, v);
}

static void
end_line(struct jsonw *j)
{
	jsonw_end(j);
	strbuf_addc(j->out, '\n');
}

void
recording_write_head(struct strbuf *out, int64_t now_ms)
{
	struct jsonw j;

	jsonw_init(&j, out);
	jsonw_object(&j);
	key_uint(&j, "arsenal_recording", RECORDING_VERSION);
	jsonw_key(&j, "version");
	jsonw_str(&j, ARSENAL_VERSION);
	jsonw_key(&j, "time");
	jsonw_time(&j, now_ms);
	end_line(&j);
}

void
recording_write_node(struct strbuf *out, unsigned node, const char *name, const struct engine_options *o, bool restored)
{
	struct jsonw j;

	jsonw_init(&j, out);
	jsonw_object(&j);
	key_uint(&j, "node", node);
	jsonw_key(&j, "name");
	field_write_text(&j, name);
	jsonw_key(&j, "restored");
	jsonw_bool(&j, restored);
	jsonw_key(&j, "options");
	options_code_write(&j, o);
	end_line(&j);
}

void
recording_write_input(struct strbuf *out, unsigned node, const struct engine_input *in)
{
	struct jsonw j;

	jsonw_init(&j, out);
	jsonw_object(&j);
	key_uint(&j, "node", node);
	input_code_write(&j, in);
	end_line(&j);
}

void
recording_write_lost(struct strbuf *out, uint64_t count)
{
	struct jsonw j;

	jsonw_init(&j, out);
	jsonw_object(&j);
	key_uint(&j, "lost", count);
	end_line(&j);
}

bool
recording_is(const char *bytes, size_t len)
{
	return len >= strlen(MARK) && memcmp(bytes, MARK, strlen(MARK)) == 0;
}

/* ---- reading ---- */

struct recording {
	struct line_reader *lines;
	struct flaws *flaws;
	bool known[RECORDING_MAX_NODES]; /* since the last head */
	char name[NODE_NAME_MAX + 1];
	struct input_code input;
	bool cut_told;
};

struct recording *
recording_new(struct line_reader *lines, struct flaws *f)
{
	struct recording *r = xcalloc(1, sizeof(*r));

	r->lines = lines;
	r->flaws = f;
	r->input.in.kind = INPUT_TICK;
	return r;
}

void
recording_free(struct recording *r)
{
	if (r == NULL)
		return;
	input_code_release(&r->input);
	line_reader_free(r->lines);
	free(r);
}

static bool
read_head(struct recording *r, const json_t *o, uint64_t line, struct recorded *out, struct err *err)
{
	json_int_t version = json_integer_value(json_object_get(o, "arsenal_recording"));

	if (version < 1 || version > RECORDING_VERSION)
		return flaws_fail(r->flaws, line, 0, err,
		    "a recording of version %" PRId64 ", and this arsenal knows only %d: take a newer one",
		    (int64_t)version, RECORDING_VERSION);
	memset(r->known, 0, sizeof(r->known));
	out->kind = RECORDED_HEAD;
	return true;
}

/* read_number: false if the line names no node that there can be. */
static bool
read_number(const json_t *o, unsigned *node)
{
	json_int_t v = json_integer_value(json_object_get(o, "node"));

	*node = (unsigned)v;
	return json_is_integer(json_object_get(o, "node")) && v >= 0 && v < RECORDING_MAX_NODES;
}

static bool
read_node(struct recording *r, const json_t *o, struct recorded *out, struct err *err)
{
	out->kind = RECORDED_NODE;
	out->options = engine_defaults();
	if (!field_read_text(json_object_get(o, "name"), r->name, sizeof(r->name)) || *r->name == '\0')
		return err_set(err, "a node without a name");
	if (!options_code_read(json_object_get(o, "options"), &out->options, err))
		return false;
	out->name = r->name;
	out->restored = json_is_true(json_object_get(o, "restored"));
	r->known[out->node] = true;
	return true;
}

static bool
read_input(struct recording *r, const json_t *o, struct recorded *out, struct err *err)
{
	if (!r->known[out->node])
		return err_set(err, "an input of node %u, which was not named", out->node);
	if (!input_code_read(o, &r->input, err))
		return false;
	out->kind = RECORDED_INPUT;
	out->in = &r->input.in;
	return true;
}

/* read_line: READ_END: there is nothing in it to hand over. */
static enum read_result
read_line(struct recording *r, const struct line *l, const json_t *o, struct recorded *out, struct err *err)
{
	const json_t *lost = json_object_get(o, "lost");
	struct err cause;
	bool ok;

	if (json_object_get(o, "arsenal_recording"))
		return read_head(r, o, l->number, out, err) ? READ_OK : READ_ERROR;
	if (lost)
		return flaws_note(r->flaws, FLAW_LOST, l->number, 0, err, "%" PRId64 " inputs",
			   (int64_t)json_integer_value(lost))
		    ? READ_END
		    : READ_ERROR;
	ok = read_number(o, &out->node) || err_set(&cause, "\"node\" is no number of one");
	if (ok)
		ok = json_object_get(o, "name") ? read_node(r, o, out, &cause) : read_input(r, o, out, &cause);
	if (ok)
		return READ_OK;
	return flaws_note(r->flaws, FLAW_INPUT, l->number, 0, err, "%s", cause.text) ? READ_END : READ_ERROR;
}

static enum read_result
at_end(struct recording *r, struct err *err)
{
	bool told = r->cut_told;

	r->cut_told = true;
	if (told || !source_is_cut(line_reader_source(r->lines)))
		return READ_END;
	return flaws_note(r->flaws, FLAW_CUT, 0, 0, err, "it has no end") ? READ_END : READ_ERROR;
}

enum read_result
recording_next(struct recording *r, struct recorded *out, struct err *err)
{
	enum read_result result;
	struct line l;

	input_code_release(&r->input);
	while ((result = line_reader_next(r->lines, &l, err)) == READ_OK) {
		struct err cause;
		size_t column;
		json_t *o = json_line(&l, &column, &cause);

		if (o)
			result = read_line(r, &l, o, out, err);
		else
			result = flaws_note(r->flaws, FLAW_LINE, l.number, column, err, "%s", cause.text) ? READ_END
													  : READ_ERROR;
		json_decref(o);
		if (result != READ_END)
			return result;
	}
	return result == READ_END ? at_end(r, err) : result;
}
