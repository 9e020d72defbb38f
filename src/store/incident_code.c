/* SPDX-License-Identifier: Apache-2.0 */
#include "store/incident_code.h"

#include <string.h>

#include "store/table_code.h"
#include "store/term_code.h"

#define VERSION 1
#define INCIDENT_ARITY 13
#define MEMBER_ARITY 17
#define WHO_ARITY 6
#define LEVELS_MAX 1000 /* a later release may have more criteria, though not without end */

/* ---- the tables' names ---- */

static const char *
join_at(int i)
{
	return INCIDENT_JOINS[i];
}

static const char *
change_at(int i)
{
	return INCIDENT_CHANGES[i];
}

/* ---- writing ---- */

static void
write_who(struct strbuf *out, const struct incident_who *w)
{
	unsigned n = 0;

	while (n < INCIDENT_ANCESTORS && w->ancestors[n][0])
		n++;
	etf_put_tuple(out, WHO_ARITY);
	etf_put_atom(out, culprit_kind_name(w->kind));
	text_code_write(out, w->pid);
	text_code_write(out, w->name);
	etf_put_int(out, w->named);
	text_code_write(out, w->application);
	list_code_write(out, n);
	for (unsigned i = 0; i < n; i++)
		text_code_write(out, w->ancestors[i]);
	etf_put_nil(out);
}

static void
write_member(struct strbuf *out, const struct incident_member *m)
{
	etf_put_tuple(out, MEMBER_ARITY);
	etf_put_int(out, m->since_ms);
	etf_put_int(out, m->time_ms);
	etf_put_int(out, m->seen_ms);
	etf_put_int(out, m->ended_ms);
	etf_put_atom(out, ANOMALIES[m->type].name);
	etf_put_atom(out, severity_name(m->severity));
	etf_put_atom(out, INCIDENT_JOINS[m->joined]);
	etf_put_int(out, m->told);
	etf_put_atom(out, m->metric == METRIC_NONE ? "nil" : METRICS[m->metric].name);
	number_code_write(out, m->score);
	number_code_write(out, m->current_value);
	number_code_write(out, m->baseline_value);
	number_code_write(out, m->queue_rate);
	list_code_write(out, m->who_count);
	for (unsigned i = 0; i < m->who_count; i++)
		write_who(out, &m->who[i]);
	etf_put_nil(out);
	term_code_write(out, m->supervisor);
	term_code_write(out, m->child_id);
	text_code_write(out, m->description);
}

static void
write_levels(struct strbuf *out, const struct incident *i)
{
	unsigned n = 0;

	for (int c = 0; c < CRITERION_COUNT; c++)
		n += i->levels[c] != LEVEL_UNKNOWN;
	list_code_write(out, n);
	for (int c = 0; c < CRITERION_COUNT; c++) {
		if (i->levels[c] == LEVEL_UNKNOWN)
			continue;
		etf_put_tuple(out, 2);
		etf_put_atom(out, CRITERIA[c].name);
		etf_put_atom(out, level_name(i->levels[c]));
	}
	etf_put_nil(out);
}

void
incident_code_write(struct strbuf *out, const struct incident *i)
{
	etf_put_tuple(out, INCIDENT_ARITY);
	etf_put_int(out, VERSION);
	text_code_write(out, i->id);
	etf_put_atom(out, INCIDENT_CHANGES[i->change]);
	etf_put_int(out, i->opened_ms);
	etf_put_int(out, i->last_ms);
	etf_put_int(out, i->ended_ms);
	etf_put_atom(out, severity_name(i->severity));
	etf_put_int(out, i->root);
	etf_put_int(out, (int64_t)i->left_out);
	etf_put_int(out, (int64_t)i->restarts);
	etf_put_int(out, i->node_down);
	write_levels(out, i);
	list_code_write(out, i->member_count);
	for (unsigned k = 0; k < i->member_count; k++)
		write_member(out, &i->members[k]);
	etf_put_nil(out);
}

/* ---- reading ---- */

/* number_up_to reads an integer from 0 to max. */
static int64_t
number_up_to(struct etf *e, int64_t max)
{
	int64_t n = etf_int(e);

	if (n < 0 || n > max)
		etf_fail(e);
	return n < 0 || n > max ? 0 : n;
}

/* An id is ours, and is printed as it is. */
static void
read_id(struct etf *e, char id[INCIDENT_ID_SIZE])
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";

	etf_chars(e, id, INCIDENT_ID_SIZE);
	if (id[0] == '\0' || id[strspn(id, letters)] != '\0')
		etf_fail(e);
}

static void
read_who(struct etf *e, struct incident_who *w)
{
	unsigned n;

	etf_tuple_of(e, WHO_ARITY);
	w->kind = culprit_code_read(e);
	etf_chars(e, w->pid, sizeof(w->pid));
	etf_chars(e, w->name, sizeof(w->name));
	w->named = number_up_to(e, 1);
	etf_chars(e, w->application, sizeof(w->application));
	n = list_code_read(e, INCIDENT_ANCESTORS);
	for (unsigned i = 0; i < n; i++)
		etf_chars(e, w->ancestors[i], sizeof(w->ancestors[i]));
	etf_list_end(e, n);
}

static void
read_member(struct etf *e, struct incident_member *m)
{
	etf_tuple_of(e, MEMBER_ARITY);
	m->since_ms = number_up_to(e, INT64_MAX);
	m->time_ms = number_up_to(e, INT64_MAX);
	m->seen_ms = number_up_to(e, INT64_MAX);
	m->ended_ms = number_up_to(e, INT64_MAX);
	m->type = anomaly_code_read(e);
	m->severity = severity_code_read(e);
	m->joined = (enum incident_join)table_code_read(e, join_at, JOIN_COUNT);
	m->told = number_up_to(e, 1);
	m->metric = metric_code_read(e);
	m->score = number_code_read(e);
	m->current_value = number_code_read(e);
	m->baseline_value = number_code_read(e);
	m->queue_rate = number_code_read(e);
	m->who_count = list_code_read(e, ANOMALY_MAX_CULPRITS);
	for (unsigned i = 0; i < m->who_count; i++)
		read_who(e, &m->who[i]);
	etf_list_end(e, m->who_count);
	m->supervisor = term_code_read(e);
	m->child_id = term_code_read(e);
	etf_chars(e, m->description, sizeof(m->description));
}

static void
read_levels(struct etf *e, struct incident *i)
{
	unsigned n = list_code_read(e, LEVELS_MAX);

	for (unsigned k = 0; k < n && etf_ok(e); k++) {
		enum criterion c;
		enum level level;

		etf_tuple_of(e, 2);
		c = criterion_code_read(e);
		level = level_code_read(e);
		if (c < CRITERION_COUNT)
			i->levels[c] = level;
	}
	etf_list_end(e, n);
}

static void
read_members(struct etf *e, struct incident *i)
{
	unsigned n = list_code_read(e, INCIDENT_MEMBERS);

	for (unsigned k = 0; k < n && etf_ok(e); k++) {
		struct incident_member m = { 0 };

		read_member(e, &m);
		(void)!incident_add(i, &m);
	}
	etf_list_end(e, n);
	if (i->root >= i->member_count)
		etf_fail(e);
}

void
incident_code_read(struct etf *e, struct incident *i)
{
	memset(i, 0, sizeof(*i));
	etf_tuple_of(e, INCIDENT_ARITY);
	if (etf_int(e) != VERSION)
		etf_fail(e);
	read_id(e, i->id);
	i->change = (enum incident_change)table_code_read(e, change_at, CHANGE_COUNT);
	i->opened_ms = number_up_to(e, INT64_MAX);
	i->last_ms = number_up_to(e, INT64_MAX);
	i->ended_ms = number_up_to(e, INT64_MAX);
	i->severity = severity_code_read(e);
	i->root = (unsigned)number_up_to(e, INCIDENT_MEMBERS);
	i->left_out = (uint64_t)number_up_to(e, INT64_MAX);
	i->restarts = (uint64_t)number_up_to(e, INT64_MAX);
	i->node_down = number_up_to(e, 1);
	read_levels(e, i);
	read_members(e, i);
}
