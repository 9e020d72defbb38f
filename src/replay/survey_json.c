/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/survey_json.h"

#include <string.h>

#include "base/alloc.h"
#include "replay/fields.h"

static const struct field TABLE[] = {
	FIELD("name", TEXT, struct survey_table, name),
	FIELD("named", BOOL, struct survey_table, named),
	FIELD("owner", TEXT, struct survey_table, owner),
	FIELD("count", NUMBER, struct survey_table, count),
	FIELD("size", NUMBER, struct survey_table, size),
	FIELD("memory", NUMBER, struct survey_table, memory),
};

static const struct field LINK[] = {
	FIELD("peer", TEXT, struct survey_link, peer), FIELD("type", TEXT, struct survey_link, type),
	FIELD("state", TEXT, struct survey_link, state), FIELD("carrier", TEXT, struct survey_link, carrier),
	FIELD("busy", BOOL, struct survey_link, busy), FIELD("ours", BOOL, struct survey_link, ours),
#define LINK_FIELD(id, atom, name, ...) FIELD(name, NUMBER, struct survey_link, number[LINK_##id]),
	LINK_NUMBERS(LINK_FIELD)
#undef LINK_FIELD
};

static const struct field ALLOCATOR[] = {
	FIELD("name", TEXT, struct survey_allocator, name), FIELD("kind", TEXT, struct survey_allocator, kind),
#define ALLOCATOR_FIELD(id, atom, name) FIELD(name, NUMBER, struct survey_allocator, number[ALLOCATOR_##id]),
	ALLOCATOR_NUMBERS(ALLOCATOR_FIELD)
#undef ALLOCATOR_FIELD
};

static const struct field VM_EVENT[] = {
	FIELD("kind", TEXT, struct survey_vm_event, kind),
	FIELD("pid", TEXT, struct survey_vm_event, pid),
	FIELD("name", TEXT, struct survey_vm_event, name),
	FIELD("value", NUMBER, struct survey_vm_event, value),
	FIELD("age_ms", INT64, struct survey_vm_event, age_ms),
};

static const struct field GROUP[] = {
	FIELD("by", UINT32, struct survey_group, by),
	FIELD("pid", TEXT, struct survey_group, pid),
	FIELD("name", TEXT, struct survey_group, name),
	FIELD("count", NUMBER, struct survey_group, count),
	FIELD("runnable", NUMBER, struct survey_group, runnable),
	FIELD("one", TEXT, struct survey_group, one),
};

static const struct field PORT_GROUP[] = {
	FIELD("by", UINT32, struct survey_port_group, by),
	FIELD("pid", TEXT, struct survey_port_group, pid),
	FIELD("name", TEXT, struct survey_port_group, name),
	FIELD("count", NUMBER, struct survey_port_group, count),
};

FIELDS_COVER(struct survey_table, 264);
FIELDS_COVER(struct survey_link, 448);
FIELDS_COVER(struct survey_allocator, 80);
FIELDS_COVER(struct survey_vm_event, 176);
FIELDS_COVER(struct survey_group, 248);
FIELDS_COVER(struct survey_port_group, 144);

static const struct {
	const struct field *fields;
	size_t count;
} ROWS[SURVEY_KIND_COUNT] = {
	[SURVEY_TABLES] = { TABLE, ARRAY_LEN(TABLE) },
	[SURVEY_LINKS] = { LINK, ARRAY_LEN(LINK) },
	[SURVEY_ALLOCATORS] = { ALLOCATOR, ARRAY_LEN(ALLOCATOR) },
	[SURVEY_VM_EVENTS] = { VM_EVENT, ARRAY_LEN(VM_EVENT) },
	[SURVEY_GROUPS] = { GROUP, ARRAY_LEN(GROUP) },
	[SURVEY_PORTS] = { PORT_GROUP, ARRAY_LEN(PORT_GROUP) },
};

void
survey_json_write(struct jsonw *j, const struct survey *s)
{
	const char *row = s->rows;

	jsonw_object(j);
	jsonw_key(j, "kind");
	jsonw_str(j, SURVEYS[s->kind].name);
	jsonw_key(j, "total");
	jsonw_double(j, s->total);
	jsonw_key(j, "rows");
	jsonw_array(j);
	for (unsigned i = 0; i < s->count; i++, row += SURVEYS[s->kind].size) {
		jsonw_object(j);
		fields_write(j, ROWS[s->kind].fields, ROWS[s->kind].count, row);
		jsonw_end(j);
	}
	jsonw_end(j);
	jsonw_end(j);
}

static int
find_kind(const char *name)
{
	int kind = 0;

	while (name && kind < SURVEY_KIND_COUNT && strcmp(SURVEYS[kind].name, name) != 0)
		kind++;
	return name ? kind : SURVEY_KIND_COUNT;
}

/* What things are grouped by is a number here, of which there are but a few. */
static bool
is_grouping_known(const struct survey *s)
{
	for (unsigned i = 0; i < s->count; i++)
		if ((s->kind == SURVEY_GROUPS && survey_groups(s)[i].by > GROUP_BY_OWNER) ||
		    (s->kind == SURVEY_PORTS && survey_port_groups(s)[i].by > GROUP_BY_OWNER))
			return false;
	return true;
}

bool
survey_json_read(const json_t *object, struct survey *s, struct err *err)
{
	int kind = find_kind(json_string_value(json_object_get(object, "kind")));
	const json_t *rows = json_object_get(object, "rows");
	size_t count = json_array_size(rows);
	char *row;

	*s = (struct survey) { .total = json_number_value(json_object_get(object, "total")) };
	if (kind == SURVEY_KIND_COUNT || count > SURVEYS[kind].max)
		return err_set(err, "a survey of a kind that is not known, or of too many rows");
	s->kind = (enum survey_kind)kind;
	s->count = (unsigned)count;
	if (count == 0)
		return true;
	s->rows = row = xcalloc(count, SURVEYS[kind].size);
	for (size_t i = 0; i < count; i++, row += SURVEYS[kind].size)
		if (!fields_read(json_array_get(rows, i), ROWS[kind].fields, ROWS[kind].count, row, err))
			return false;
	return is_grouping_known(s) || err_set(err, "what a survey groups by is not known");
}
