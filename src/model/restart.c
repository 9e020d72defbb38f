/* SPDX-License-Identifier: Apache-2.0 */
#include "model/restart.h"

#include <string.h>

const char *
restart_kind_name(enum restart_kind kind)
{
	static const char *const names[] = { "restart", "start_error", "gave_up", "undone", "collateral",
		"collateral_undone" };

	return names[kind];
}

struct term *
restart_key(const struct restart *r)
{
	return r->key ? r->key : r->supervisor;
}

enum severity
restart_severity(enum restart_kind kind)
{
	switch (kind) {
	case RESTART_DONE:
	case RESTART_UNDONE:
	case RESTART_COLLATERAL:
	case RESTART_COLLATERAL_UNDONE:
		return SEVERITY_LOW;
	case RESTART_FAILED:
		return SEVERITY_MEDIUM;
	case RESTART_GAVE_UP:
	case RESTART_KIND_COUNT:
		break;
	}
	return SEVERITY_HIGH;
}

void
restart_copy(struct restart *to, const struct restart *from)
{
	*to = *from;
	term_ref(to->supervisor);
	term_ref(to->key);
	term_ref(to->child_id);
	term_ref(to->child_pid);
	term_ref(to->reason);
	siblings_ref(to->siblings);
}

void
restart_release(struct restart *r)
{
	term_unref(r->supervisor);
	term_unref(r->key);
	term_unref(r->child_id);
	term_unref(r->child_pid);
	term_unref(r->reason);
	siblings_unref(r->siblings);
	memset(r, 0, sizeof(*r));
}
