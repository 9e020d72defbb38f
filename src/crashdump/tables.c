/* SPDX-License-Identifier: Apache-2.0 */
/* ETS tables, ports and large binaries: counted, the biggest kept. */
#include <string.h>

#include "crashdump/state.h"

/* ---- ETS ---------------------------------------------------------------------------------------------------------------- */

static const struct field_row TABLE[] = {
	FIELD_TEXT(struct crash_table, "Name", name),
	FIELD_TEXT(struct crash_table, "Type", type),
	FIELD_NUMBER(struct crash_table, "Objects", objects),
};

void
begin_table(struct crashdump *c, const char *argument, size_t len)
{
	memset(&c->table, 0, sizeof(c->table));
	c->table_words = 0;
	field_copy(c->table.owner, sizeof(c->table.owner), argument, len);
}

void
table_line(struct crashdump *c, const char *line, size_t len)
{
	size_t n;
	const char *value = field_value(line, len, "Words", &n);

	if (value)
		c->table_words = field_number(value, n);
	else
		fields_take(TABLE, ARRAY_LEN(TABLE), &c->table, line, len);
}

void
table_end(struct crashdump *c)
{
	struct crashdump_summary *s = &c->s;
	size_t n = s->table_count;

	c->table.memory_bytes = saturated_product(c->table_words, s->word_bytes);
	s->tables++;
	s->tables_bytes = saturated_sum(s->tables_bytes, c->table.memory_bytes);
	if (n == s->top && c->table.memory_bytes <= s->table[n - 1].memory_bytes)
		return;
	if (n == s->top)
		n--;
	s->table_count = n + 1;
	for (; n > 0 && s->table[n - 1].memory_bytes < c->table.memory_bytes; n--)
		s->table[n] = s->table[n - 1];
	s->table[n] = c->table;
}

/* ---- ports -------------------------------------------------------------------------------------------------------------- */

static const struct field_row PORT[] = {
	FIELD_TEXT(struct crash_port, "Connected", connected),
	FIELD_NUMBER(struct crash_port, "Queue", queue_bytes),
};

void
begin_port(struct crashdump *c, const char *argument, size_t len)
{
	memset(&c->port, 0, sizeof(c->port));
	field_copy(c->port.id, sizeof(c->port.id), argument, len);
}

/* "Port controls linked-in driver: tcp_inet", "Port is UNIX fd not opened by emulator: 0/1" */
void
port_line(struct crashdump *c, const char *line, size_t len)
{
	if (len > 5 && memcmp(line, "Port ", 5) == 0)
		field_copy(c->port.what, sizeof(c->port.what), line + 5, len - 5);
	else
		fields_take(PORT, ARRAY_LEN(PORT), &c->port, line, len);
}

void
port_end(struct crashdump *c)
{
	struct crashdump_summary *s = &c->s;
	size_t n = s->port_count;

	s->ports++;
	if (c->port.queue_bytes == 0 || (n == s->top && c->port.queue_bytes <= s->port[n - 1].queue_bytes))
		return;
	if (n == s->top)
		n--;
	s->port_count = n + 1;
	for (; n > 0 && s->port[n - 1].queue_bytes < c->port.queue_bytes; n--)
		s->port[n] = s->port[n - 1];
	s->port[n] = c->port;
}

/* ---- binaries ----------------------------------------------------------------------------------------------------------- */

/* The place of the smallest. */
static size_t
smallest(const struct crashdump *c)
{
	size_t at = 0;

	for (size_t i = 1; i < c->reference_count; i++)
		if (c->references[i].size_bytes < c->references[at].size_bytes)
			at = i;
	return at;
}

static struct crash_reference *
find_reference(struct crashdump *c, uint64_t address)
{
	for (size_t i = 0; i < c->reference_count; i++)
		if (c->references[i].address == address)
			return &c->references[i];
	return NULL;
}

/* "Yc7FD47F250028:0:2FAF080" is a reference to a part of a binary outside of the heap: its address, the part's offset and size. "Ys…" is a part of that. */
void
refer(struct crashdump *c, const char *body, size_t len)
{
	const char *end = body + len;
	uint64_t v[3] = { 0, 0, 0 };
	const char *p = body + 2;
	struct crash_reference *r;
	size_t digits;

	if (len < 3 || (body[1] != 'c' && body[1] != 's'))
		return;
	for (int i = 0; i < 3 && p < end; i++, p += digits + 1)
		v[i] = field_hex(p, (size_t)(end - p), &digits);
	if (v[2] <= c->reference_floor || v[2] == 0)
		return;
	if ((r = find_reference(c, v[0])) == NULL) {
		r = &c->references[c->reference_count < REFERENCES_MAX ? c->reference_count++ : smallest(c)];
		*r = (struct crash_reference) { .address = v[0], .size_bytes = v[2] };
		memcpy(r->holder, c->details.pid, sizeof(r->holder));
		if (c->reference_count == REFERENCES_MAX)
			c->reference_floor = c->references[smallest(c)].size_bytes;
	}
	r->count++;
}

static void
keep_binary(struct crashdump *c, uint64_t address, uint64_t size_bytes)
{
	struct crashdump_summary *s = &c->s;
	size_t n = s->binary_count;

	if (n == s->top && size_bytes <= s->binary[n - 1].size_bytes)
		return;
	if (n == s->top)
		n--;
	s->binary_count = n + 1;
	for (; n > 0 && s->binary[n - 1].size_bytes < size_bytes; n--) {
		s->binary[n] = s->binary[n - 1];
		c->binary_address[n] = c->binary_address[n - 1];
	}
	s->binary[n] = (struct crash_binary) { .size_bytes = size_bytes };
	c->binary_address[n] = address;
}

/* "2FAF080:eHh4…": its size, and its bytes, which nobody wants. */
void
binary_line(struct crashdump *c, const char *line, size_t len)
{
	uint64_t size_bytes = field_hex(line, len, NULL);

	lines_skip(&c->lines, true);
	c->s.binaries++;
	c->s.binaries_bytes = saturated_sum(c->s.binaries_bytes, size_bytes);
	keep_binary(c, field_hex(c->argument, strlen(c->argument), NULL), size_bytes);
}

void
binaries_finish(struct crashdump *c)
{
	for (size_t i = 0; i < c->s.binary_count; i++) {
		const struct crash_reference *r = find_reference(c, c->binary_address[i]);

		if (r == NULL)
			continue;
		c->s.binary[i].references = r->count;
		memcpy(c->s.binary[i].holder, r->holder, sizeof(r->holder));
	}
}
