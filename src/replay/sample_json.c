/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/sample_json.h"

#include <string.h>

#include "replay/fields.h"

static const struct field PROCESS[] = {
	FIELD("pid", TEXT, struct top_process, pid),
	FIELD("name", TEXT, struct top_process, name),
	FIELD("initial_call", TEXT, struct top_process, initial_call),
	FIELD("current_function", TEXT, struct top_process, current_function),
	FIELD("application", TEXT, struct top_process, application),
	FIELD("value", NUMBER, struct top_process, value),
	FIELD("queue_len", NUMBER, struct top_process, queue_len),
	FIELD("queue_rate", NUMBER, struct top_process, queue_rate),
	FIELD("memory", NUMBER, struct top_process, memory),
	FIELD("binary", NUMBER, struct top_process, binary),
	FIELD("reductions", NUMBER, struct top_process, reductions),
};

FIELDS_COVER(struct top_process, 664);

/* ---- writing ---- */

static void
write_values(struct jsonw *j, const struct sample *s)
{
	jsonw_key(j, "values");
	jsonw_object(j);
	for (int i = 0; i < METRIC_COUNT; i++)
		if (s->present[i]) {
			jsonw_key(j, METRICS[i].name);
			jsonw_double(j, s->value[i]);
		}
	jsonw_end(j);
}

static void
write_schedulers(struct jsonw *j, const struct sample *s)
{
	if (s->scheduler_count == 0)
		return;
	jsonw_key(j, "schedulers");
	jsonw_array(j);
	for (unsigned i = 0; i < s->scheduler_count; i++) {
		jsonw_array(j);
		field_write_uint(j, s->scheduler_active[i]);
		field_write_uint(j, s->scheduler_total[i]);
		jsonw_end(j);
	}
	jsonw_end(j);
}

static void
write_process(struct jsonw *j, const struct top_process *p)
{
	jsonw_object(j);
	fields_write(j, PROCESS, ARRAY_LEN(PROCESS), p);
	jsonw_key(j, "ancestors");
	jsonw_array(j);
	for (unsigned i = 0; i < p->ancestor_count; i++)
		field_write_text(j, p->ancestors[i]);
	jsonw_end(j);
	jsonw_end(j);
}

static void
write_rankings(struct jsonw *j, const struct sample *s)
{
	jsonw_key(j, "top");
	jsonw_object(j);
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++) {
		if (!sample_has_top(s, (enum top_kind)kind))
			continue;
		jsonw_key(j, top_kind_name((enum top_kind)kind));
		jsonw_array(j);
		for (unsigned i = 0; i < s->top_count[kind]; i++)
			write_process(j, &s->top[kind][i]);
		jsonw_end(j);
	}
	jsonw_end(j);
}

void
sample_json_write(struct jsonw *j, const struct sample *s)
{
	jsonw_object(j);
	jsonw_key(j, "time_ms");
	jsonw_int(j, s->time_ms);
	write_values(j, s);
	write_schedulers(j, s);
	write_rankings(j, s);
	jsonw_end(j);
}

/* ---- reading ---- */

static bool
read_values(json_t *values, struct sample *s, struct err *err)
{
	const char *name;
	json_t *v;

	json_object_foreach(values, name, v)
	{
		enum metric_id id = metric_find(name, strlen(name));

		if (!json_is_number(v))
			return err_set(err, "\"%.80s\" is no number", name);
		if (id != METRIC_NONE)
			sample_set(s, id, json_number_value(v));
	}
	return json_is_object(values) || err_set(err, "there are no \"values\"");
}

static bool
read_schedulers(const json_t *list, struct sample *s, struct err *err)
{
	size_t count = json_array_size(list);

	if (count > SAMPLE_MAX_SCHEDULERS)
		return err_set(err, "%zu schedulers are too many", count);
	s->scheduler_count = (uint16_t)count;
	for (size_t i = 0; i < count; i++) {
		const json_t *pair = json_array_get(list, i);

		if (!field_read_uint(json_array_get(pair, 0), &s->scheduler_active[i]) ||
		    !field_read_uint(json_array_get(pair, 1), &s->scheduler_total[i]))
			return err_set(err, "\"schedulers\" is not what it should be");
	}
	return true;
}

static bool
read_process(const json_t *object, struct top_process *p, struct err *err)
{
	const json_t *ancestors = json_object_get(object, "ancestors");
	size_t count = json_array_size(ancestors);

	*p = (struct top_process)TOP_PROCESS_INIT;
	if (count > SAMPLE_ANCESTORS)
		return err_set(err, "%zu ancestors are too many", count);
	p->ancestor_count = (uint8_t)count;
	for (size_t i = 0; i < count; i++)
		if (!field_read_text(json_array_get(ancestors, i), p->ancestors[i], sizeof(p->ancestors[i])))
			return err_set(err, "\"ancestors\" is not what it should be");
	return fields_read(object, PROCESS, ARRAY_LEN(PROCESS), p, err);
}

static bool
read_ranking(const json_t *list, struct sample *s, enum top_kind kind, struct err *err)
{
	size_t count = json_array_size(list);

	if (!json_is_array(list) || count > SAMPLE_TOP)
		return list == NULL || err_set(err, "\"%s\" is no ranking", top_kind_name(kind));
	s->top_count[kind] = (uint8_t)count;
	s->top_told[kind] = count == 0;
	for (size_t i = 0; i < count; i++)
		if (!read_process(json_array_get(list, i), &s->top[kind][i], err))
			return false;
	return true;
}

static bool
read_rankings(const json_t *top, struct sample *s, struct err *err)
{
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++)
		if (!read_ranking(
			json_object_get(top, top_kind_name((enum top_kind)kind)), s, (enum top_kind)kind, err))
			return false;
	return true;
}

bool
sample_json_read(const json_t *object, struct sample *s, struct err *err)
{
	const json_t *time = json_object_get(object, "time_ms");

	memset(s, 0, offsetof(struct sample, top));
	s->time_ms = json_integer_value(time);
	if (!json_is_integer(time))
		return err_set(err, "there is no \"time_ms\"");
	return read_values(json_object_get(object, "values"), s, err) &&
	    read_schedulers(json_object_get(object, "schedulers"), s, err) &&
	    read_rankings(json_object_get(object, "top"), s, err);
}
