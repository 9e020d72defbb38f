/* SPDX-License-Identifier: Apache-2.0 */
#include "store/table_code.h"

#include "store/term_code.h"

int
table_code_read(struct etf *e, const char *(*name)(int index), int count)
{
	int i = name_code_read(e, name, count);

	if (i < 0)
		etf_fail(e);
	return i < 0 ? 0 : i;
}

static const char *
severity_at(int i)
{
	return severity_name((enum severity)i);
}

enum severity
severity_code_read(struct etf *e)
{
	return (enum severity)table_code_read(e, severity_at, SEVERITY_HIGH + 1);
}

static const char *
level_at(int i)
{
	return level_name((enum level)i);
}

enum level
level_code_read(struct etf *e)
{
	return (enum level)table_code_read(e, level_at, LEVEL_CRITICAL + 1);
}

static const char *
anomaly_at(int i)
{
	return ANOMALIES[i].name;
}

enum anomaly_type
anomaly_code_read(struct etf *e)
{
	return (enum anomaly_type)table_code_read(e, anomaly_at, ANOMALY_TYPE_COUNT);
}

static const char *
culprit_at(int i)
{
	return culprit_kind_name((enum culprit_kind)i);
}

enum culprit_kind
culprit_code_read(struct etf *e)
{
	return (enum culprit_kind)table_code_read(e, culprit_at, CULPRIT_KIND_COUNT);
}

static const char *
criterion_at(int i)
{
	return CRITERIA[i].name;
}

enum criterion
criterion_code_read(struct etf *e)
{
	int i = name_code_read(e, criterion_at, CRITERION_COUNT);

	return i < 0 ? CRITERION_COUNT : (enum criterion)i;
}

enum metric_id
metric_code_read(struct etf *e)
{
	struct etf_atom atom;

	return etf_atom(e, &atom) ? metric_find(atom.text, atom.len) : METRIC_NONE;
}

void
list_code_write(struct strbuf *out, unsigned n)
{
	if (n > 0)
		etf_put_list(out, n);
}

unsigned
list_code_read(struct etf *e, unsigned max)
{
	uint32_t n = etf_list(e);

	if (n > max)
		etf_fail(e);
	return n > max ? 0 : n;
}
