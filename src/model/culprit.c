/* SPDX-License-Identifier: Apache-2.0 */
#include "model/culprit.h"

#include <math.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/utf8.h"

static const struct {
	const char *name;
	const char *counts;
} KINDS[CULPRIT_KIND_COUNT] = {
#define CULPRIT_ROW(id, name, counts) { name, counts },
	CULPRIT_TABLE(CULPRIT_ROW)
#undef CULPRIT_ROW
};

const char *
culprit_kind_name(enum culprit_kind kind)
{
	return KINDS[kind].name;
}

static void
add_visible(struct strbuf *out, const char *text)
{
	utf8_add_visible(out, text, SAMPLE_TEXT);
}

static void
add_process(struct strbuf *out, const struct top_process *p)
{
	add_visible(out, p->name[0] ? p->name : p->initial_call[0] ? p->initial_call : "unnamed");
	if (p->pid[0])
		strbuf_addc(out, ' ');
	add_visible(out, p->pid);
}

static void
add_count(struct strbuf *out, const struct culprit *c, const char *how)
{
	if (isfinite(c->count))
		strbuf_addf(out, "%.0f ", c->count);
	strbuf_addf(out, "%s %s ", KINDS[c->kind].counts, how);
}

void
culprit_add(struct strbuf *out, const struct culprit *c)
{
	switch (c->kind) {
	case CULPRIT_TABLE:
		strbuf_adds(out, "table ");
		break;
	case CULPRIT_PARENT:
		add_count(out, c, "started by");
		break;
	case CULPRIT_CALL:
		add_count(out, c, "that began with");
		break;
	case CULPRIT_PORT_OWNER:
		add_count(out, c, "of");
		break;
	case CULPRIT_PORT_PARENT:
		add_count(out, c, "of processes started by");
		break;
	case CULPRIT_PROCESS:
	case CULPRIT_KIND_COUNT:
		break;
	}
	add_process(out, &c->process);
	if (c->detail[0] == '\0')
		return;
	strbuf_adds(out, c->kind == CULPRIT_TABLE ? " of " : c->kind == CULPRIT_PROCESS ? ", " : ", such as ");
	add_visible(out, c->detail);
}
