/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/input_code.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "replay/fields.h"
#include "replay/sample_json.h"
#include "replay/survey_json.h"

/* ---- the structs that are tables of fields ---- */

#define COUNTED(fields) fields, ARRAY_LEN(fields)

static const struct field RESTART[] = {
	FIELD("time_ms", INT64, struct restart, time_ms),
	FIELD("by_hand", BOOL, struct restart, by_hand),
	FIELD("caught", BOOL, struct restart, caught),
	FIELD("times", UINT64, struct restart, times),
	FIELD("group", BOOL, struct restart, group),
	FIELD("supervisor", TERM, struct restart, supervisor),
	FIELD("key", TERM, struct restart, key),
	FIELD("child", TERM, struct restart, child_id),
	FIELD("pid", TERM, struct restart, child_pid),
	FIELD("reason", TERM, struct restart, reason),
	FIELD("restart_type", TEXT, struct restart, restart_type),
};

static const struct field SUPERVISOR[] = {
	FIELD("time_ms", INT64, struct supervisor_facts, time_ms),
	FIELD("supervisor", TERM, struct supervisor_facts, supervisor),
	FIELD("pid", TERM, struct supervisor_facts, pid),
	FIELD("known", BOOL, struct supervisor_facts, known),
	FIELD("intensity", UINT32, struct supervisor_facts, intensity),
	FIELD("period_ms", INT64, struct supervisor_facts, period_ms),
	FIELD("used", UINT32, struct supervisor_facts, used),
	FIELD("children", INT64, struct supervisor_facts, children),
};

static const struct field INFO[] = {
	FIELD("otp_release", TEXT, struct node_info, otp_release),
	FIELD("erts_version", TEXT, struct node_info, erts_version),
	FIELD("elixir", TEXT, struct node_info, elixir),
	FIELD("schedulers_online", UINT32, struct node_info, schedulers_online),
	FIELD("injected", BOOL, struct node_info, injected),
	FIELD("restarts_seen", BOOL, struct node_info, restarts_seen),
	FIELD("note", TEXT, struct node_info, note),
	FIELD("os_pid", INT64, struct node_info, os_pid),
	FIELD("crash_dump", TEXT, struct node_info, crash_dump),
	FIELD("applications", TEXT, struct node_info, applications),
};

static const struct field OPTIONS[] = {
	FIELD("interval_ms", INT64, struct engine_options, interval_ms),
	FIELD("anomaly_threshold", NUMBER, struct engine_options, anomaly_threshold),
	FIELD("max_restarts", SIZE, struct engine_options, max_restarts),
	FIELD("max_children", SIZE, struct engine_options, max_children),
	FIELD("max_patterns", SIZE, struct engine_options, max_patterns),
	FIELD("max_events", SIZE, struct engine_options, max_events),
	FIELD("retention_ms", INT64, struct engine_options, retention_ms),
	FIELD("max_history_bytes", SIZE, struct engine_options, max_history_bytes),
	FIELD("max_past_events", SIZE, struct engine_options, max_past_events),
	FIELD("max_rollup_bytes", SIZE, struct engine_options, max_rollup_bytes),
	FIELD("minute_retention_ms", INT64, struct engine_options, minute_retention_ms),
	FIELD("hour_retention_ms", INT64, struct engine_options, hour_retention_ms),
};

FIELDS_COVER(struct restart, 136);
FIELDS_COVER(struct supervisor_facts, 880);
FIELDS_COVER(struct node_info, 4960);
FIELDS_COVER(struct engine_options, 256);

/* Clocks that engines can count with. */
#define FIRST_MS INT64_C(-62167219200000)
#define LAST_MS INT64_C(253402300799999)
/* What the probe reports at most, some thirty years. */
#define PERIOD_MAX_MS INT64_C(1000000000000)

/* ---- words ---- */

static const char *
kind_name(int i)
{
	return restart_kind_name((enum restart_kind)i);
}

static const char *
state_name(int i)
{
	return node_state_name((enum node_state)i);
}

static const char *
strategy_word(int i)
{
	return strategy_name((enum strategy)i);
}

/* What a supervisor is made with: struct supervisor_facts has the literals. */
static const char *
maker_name(int i)
{
	static const char *const names[] = { "other", "supervisor", "dynamic_supervisor" };

	return names[i];
}

#define MAKERS 3
#define STATES (NODE_INCOMPATIBLE + 1)

static void
write_word(struct jsonw *j, const char *key, const char *word)
{
	jsonw_key(j, key);
	jsonw_str(j, word);
}

static bool
read_word(const json_t *object, const char *key, const char *(*name)(int), int count, int *out, struct err *err)
{
	const char *word = json_string_value(json_object_get(object, key));

	for (*out = 0; word && *out < count; ++*out)
		if (strcmp(word, name(*out)) == 0)
			return true;
	return err_set(err, "\"%s\" is none of the words that it may be", key);
}

/* ---- restarts ---- */

static void
write_restart(struct jsonw *j, const struct restart *r)
{
	jsonw_object(j);
	write_word(j, "kind", restart_kind_name(r->kind));
	fields_write(j, COUNTED(RESTART), r);
	jsonw_end(j);
}

static bool
read_restart(const json_t *v, struct restart *r, struct err *err)
{
	int kind;

	if (!read_word(v, "kind", kind_name, RESTART_KIND_COUNT, &kind, err) ||
	    !fields_read(v, COUNTED(RESTART), r, err))
		return false;
	r->kind = (enum restart_kind)kind;
	return (r->supervisor && r->child_id) || err_set(err, "a restart without supervisor or child");
}

/* ---- supervisors ---- */

static void
write_supervisor(struct jsonw *j, const struct supervisor_facts *f)
{
	jsonw_object(j);
	write_word(j, "kind", f->kind ? f->kind : "other");
	write_word(j, "strategy", strategy_name(f->strategy));
	fields_write(j, COUNTED(SUPERVISOR), f);
	jsonw_key(j, "ages_ms");
	jsonw_array(j);
	for (unsigned i = 0; i < f->age_count; i++)
		jsonw_int(j, f->ages_ms[i]);
	jsonw_end(j);
	if (f->siblings) {
		jsonw_key(j, "siblings");
		jsonw_array(j);
		for (unsigned i = 0; i < f->siblings->count; i++)
			field_write_term(j, f->siblings->ids[i]);
		jsonw_end(j);
	}
	jsonw_end(j);
}

static bool
read_siblings(const json_t *list, struct siblings **out)
{
	size_t count = json_array_size(list);
	bool ok = count <= SIBLINGS_MAX;

	if (list == NULL || !ok)
		return ok;
	*out = siblings_new((unsigned)count);
	for (size_t i = 0; i < count && ok; i++) {
		(*out)->ids[i] = field_read_term(json_array_get(list, i), &ok);
		ok = ok && (*out)->ids[i];
	}
	return ok;
}

static bool
read_ages(const json_t *list, struct supervisor_facts *f)
{
	size_t count = json_array_size(list);

	if (count > SUPERVISOR_AGES_MAX)
		return false;
	f->age_count = (unsigned)count;
	for (size_t i = 0; i < count; i++) {
		f->ages_ms[i] = json_integer_value(json_array_get(list, i));
		if (f->ages_ms[i] < 0 || f->ages_ms[i] > PERIOD_MAX_MS)
			return false;
	}
	return true;
}

static bool
read_supervisor(const json_t *v, struct supervisor_facts *f, struct err *err)
{
	int strategy, maker;

	if (!read_word(v, "strategy", strategy_word, STRATEGY_COUNT, &strategy, err) ||
	    !read_word(v, "kind", maker_name, MAKERS, &maker, err) || !fields_read(v, COUNTED(SUPERVISOR), f, err))
		return false;
	f->strategy = (enum strategy)strategy;
	f->kind = maker_name(maker);
	if (f->period_ms < 0 || f->period_ms > PERIOD_MAX_MS)
		return err_set(err, "\"period_ms\" is not from 0 to %" PRId64, PERIOD_MAX_MS);
	if (!read_ages(json_object_get(v, "ages_ms"), f))
		return err_set(err, "\"ages_ms\" is not what it should be");
	if (!read_siblings(json_object_get(v, "siblings"), &f->siblings))
		return err_set(err, "\"siblings\" is not what it should be");
	return f->supervisor || err_set(err, "a supervisor without a name");
}

/* ---- link ---- */

static void
write_link(struct jsonw *j, enum node_state state, const char *detail)
{
	jsonw_object(j);
	write_word(j, "state", node_state_name(state));
	jsonw_key(j, "detail");
	field_write_text(j, detail ? detail : "");
	jsonw_end(j);
}

static bool
read_link(const json_t *v, struct input_code *out, struct err *err)
{
	int state;

	if (!read_word(v, "state", state_name, STATES, &state, err))
		return false;
	out->in.u.link.state = (enum node_state)state;
	out->in.u.link.detail = out->u.text;
	return field_read_text(json_object_get(v, "detail"), out->u.text, sizeof(out->u.text)) ||
	    err_set(err, "\"detail\" is not what it should be");
}

/* ---- all of them ---- */

void
input_code_write(struct jsonw *j, const struct engine_input *in)
{
	jsonw_key(j, "now");
	jsonw_int(j, in->now_ms);
	jsonw_key(j, INPUT_NAMES[in->kind]);
	switch (in->kind) {
	case INPUT_SAMPLE:
		sample_json_write(j, in->u.sample);
		return;
	case INPUT_RESTART:
		write_restart(j, in->u.restart);
		return;
	case INPUT_LOST_RESTARTS:
		field_write_uint(j, in->u.lost_restarts);
		return;
	case INPUT_SUPERVISOR:
		write_supervisor(j, in->u.supervisor);
		return;
	case INPUT_LINK:
		write_link(j, in->u.link.state, in->u.link.detail);
		return;
	case INPUT_INFO:
		jsonw_object(j);
		fields_write(j, COUNTED(INFO), in->u.info);
		jsonw_end(j);
		return;
	case INPUT_SURVEY:
		survey_json_write(j, in->u.survey);
		return;
	case INPUT_NOTE:
		field_write_text(j, in->u.note);
		return;
	case INPUT_TICK:
	case INPUT_KIND_COUNT:
		break;
	}
	jsonw_null(j);
}

static bool
read_body(const json_t *v, struct input_code *out, struct err *err)
{
	struct engine_input *in = &out->in;

	switch (in->kind) {
	case INPUT_SAMPLE:
		in->u.sample = &out->u.sample;
		return sample_json_read(v, &out->u.sample, err);
	case INPUT_RESTART:
		in->u.restart = &out->u.restart;
		return read_restart(v, &out->u.restart, err);
	case INPUT_LOST_RESTARTS:
		return field_read_uint(v, &in->u.lost_restarts) || err_set(err, "no number of restarts");
	case INPUT_SUPERVISOR:
		in->u.supervisor = &out->u.supervisor;
		return read_supervisor(v, &out->u.supervisor, err);
	case INPUT_LINK:
		return read_link(v, out, err);
	case INPUT_INFO:
		in->u.info = &out->u.info;
		return fields_read(v, COUNTED(INFO), &out->u.info, err);
	case INPUT_SURVEY:
		in->u.survey = &out->u.survey;
		return survey_json_read(v, &out->u.survey, err);
	case INPUT_NOTE:
		in->u.note = out->u.text;
		return field_read_text(v, out->u.text, sizeof(out->u.text)) || err_set(err, "no note");
	case INPUT_TICK:
	case INPUT_KIND_COUNT:
		break;
	}
	return true;
}

static enum input_kind
find_kind(const json_t *object, const json_t **body)
{
	enum input_kind kind = INPUT_SAMPLE;

	while (kind < INPUT_KIND_COUNT && (*body = json_object_get(object, INPUT_NAMES[kind])) == NULL)
		kind++;
	return kind;
}

bool
input_code_read(const json_t *object, struct input_code *out, struct err *err)
{
	const json_t *body = NULL, *now = json_object_get(object, "now");

	/* A sample's rankings are read by their counts alone: not all of its 20 kB are cleared each time. */
	memset(&out->u.restart, 0, sizeof(out->u.restart));
	memset(&out->u.supervisor, 0, sizeof(out->u.supervisor));
	memset(&out->u.info, 0, sizeof(out->u.info));
	out->in = (struct engine_input) { .kind = find_kind(object, &body), .now_ms = json_integer_value(now) };
	if (out->in.kind == INPUT_KIND_COUNT)
		return err_set(err, "no kind of input that is known");
	if (!json_is_integer(now))
		return err_set(err, "there is no \"now\"");
	if (out->in.now_ms < FIRST_MS || out->in.now_ms > LAST_MS)
		return err_set(err, "\"now\" is not within the years 0 to 9999");
	if (read_body(body, out, err))
		return true;
	input_code_release(out);
	return false;
}

void
input_code_release(struct input_code *c)
{
	if (c->in.kind == INPUT_RESTART)
		restart_release(&c->u.restart);
	else if (c->in.kind == INPUT_SUPERVISOR)
		supervisor_facts_release(&c->u.supervisor);
	else if (c->in.kind == INPUT_SURVEY)
		survey_release(&c->u.survey);
	c->in.kind = INPUT_TICK;
}

/* ---- options ---- */

static void
write_levels(struct jsonw *j, const char *key, const double *levels)
{
	jsonw_key(j, key);
	jsonw_object(j);
	for (int i = 0; i < CRITERION_COUNT; i++) {
		jsonw_key(j, CRITERIA[i].name);
		jsonw_double(j, levels[i]);
	}
	jsonw_end(j);
}

static void
read_levels(const json_t *object, double *levels)
{
	for (int i = 0; i < CRITERION_COUNT; i++) {
		const json_t *v = json_object_get(object, CRITERIA[i].name);

		if (json_is_number(v))
			levels[i] = json_number_value(v);
	}
}

void
options_code_write(struct jsonw *j, const struct engine_options *o)
{
	jsonw_object(j);
	fields_write(j, COUNTED(OPTIONS), o);
	write_levels(j, "warning", o->warning);
	write_levels(j, "critical", o->critical);
	jsonw_end(j);
}

/* What an engine can be made with, and not so much memory as a file may ask for. */
static bool
make_sense(const struct engine_options *o)
{
	return o->interval_ms > 0 && o->interval_ms <= INT64_C(86400000) && o->anomaly_threshold > 0 &&
	    o->max_restarts > 0 && o->max_restarts <= 1000000 && o->max_children > 0 && o->max_children <= 100000 &&
	    o->max_patterns > 0 && o->max_patterns <= 1000000 && o->max_events > 0 && o->max_events <= 1000000 &&
	    o->max_past_events > 0 && o->max_past_events <= 1000000 && o->retention_ms > 0 &&
	    o->minute_retention_ms >= 0 && o->hour_retention_ms >= 0 && o->max_history_bytes <= (1u << 30) &&
	    o->max_rollup_bytes <= (1u << 30);
}

bool
options_code_read(const json_t *object, struct engine_options *o, struct err *err)
{
	struct engine_options read = *o;

	if (!fields_read(object, COUNTED(OPTIONS), &read, err))
		return false;
	read_levels(json_object_get(object, "warning"), read.warning);
	read_levels(json_object_get(object, "critical"), read.critical);
	if (!make_sense(&read))
		return err_set(err, "options that no engine can have");
	*o = read;
	return true;
}
