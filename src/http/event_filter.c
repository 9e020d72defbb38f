/* SPDX-License-Identifier: Apache-2.0 */
#include "http/event_filter.h"

#include <string.h>

#include "http/query.h"
#include "http/site.h"

bool
event_filter_wants(const struct event_filter *f, const struct node_event *ev)
{
	return (f->types >> ev->type & 1) && ev->severity >= f->least &&
	    (f->node == NULL || strcmp(f->node, ev->node) == 0);
}

static bool
parse_types(const char *text, unsigned *types, struct err *err)
{
	*types = 0;
	for (const char *p = text, *next; p; p = next) {
		size_t len = strcspn(p, ",");
		enum event_type t = event_type_find(p, len);

		next = p[len] ? p + len + 1 : NULL;
		if (len == 3 && memcmp(p, "all", 3) == 0)
			*types = ~0u;
		else if (t == EVENT_TYPE_COUNT)
			return err_set(err,
			    "types: \"%.*s\" is no type of event; there are restart, health_alert, performance_alert, "
			    "anomaly, node, incident, and all",
			    (int)(len < 64 ? len : 64), p);
		else
			*types |= 1u << t;
	}
	return true;
}

static bool
parse_severity(const char *text, enum severity *out, struct err *err)
{
	for (enum severity s = SEVERITY_LOW; s <= SEVERITY_HIGH; s++)
		if (strcmp(severity_name(s), text) == 0) {
			*out = s;
			return true;
		}
	return err_set(err, "severity: \"%.64s\" is none of low, medium, high", text);
}

bool
event_filter_read(struct event_filter *f, const struct call *c, struct err *err)
{
	const char *types = query_get(&c->query, "types");
	const char *severity = query_get(&c->query, "severity");

	*f = (struct event_filter) { ~0u, SEVERITY_LOW, c->node ? engine_node(c->node) : NULL };
	return (types == NULL || parse_types(types, &f->types, err)) &&
	    (severity == NULL || parse_severity(severity, &f->least, err));
}
