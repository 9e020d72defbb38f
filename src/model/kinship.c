/* SPDX-License-Identifier: Apache-2.0 */
#include "model/kinship.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"

static bool
is_same_text(const char *a, const char *b)
{
	return a[0] != '\0' && strcmp(a, b) == 0;
}

static bool
is_above(const struct incident_who *above, const struct incident_who *below)
{
	for (unsigned i = 0; i < INCIDENT_ANCESTORS; i++)
		if (is_same_text(below->ancestors[i], above->pid) ||
		    (above->named && is_same_text(below->ancestors[i], above->name)))
			return true;
	return false;
}

static bool
is_related(const struct incident_who *a, const struct incident_who *b)
{
	return is_same_text(a->pid, b->pid) || (a->named && b->named && is_same_text(a->name, b->name)) ||
	    is_above(a, b) || is_above(b, a);
}

static bool
is_related_to_any(const struct incident_who *w, const struct incident_member *m)
{
	for (unsigned i = 0; i < m->who_count; i++)
		if (is_related(w, &m->who[i]))
			return true;
	return false;
}

static bool
is_of_the_system(const char *application)
{
	static const char *const names[] = { "", "kernel", "stdlib", "sasl" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(application, names[i]) == 0)
			return true;
	return false;
}

static enum kinship
kinship_of_processes(const struct incident_member *a, const struct incident_member *b)
{
	const char *of_a = a->who[0].application, *of_b = b->who[0].application;

	if (is_related_to_any(&a->who[0], b) || is_related_to_any(&b->who[0], a))
		return KINSHIP_KIN;
	if (is_of_the_system(of_a) || is_of_the_system(of_b) || strcmp(of_a, of_b) == 0)
		return KINSHIP_OTHERS;
	return KINSHIP_STRANGERS;
}

/* A child that is restarted has a new process each time: what stays is its supervisor. */
static enum kinship
kinship_of_restarts(const struct incident_member *restarts, const struct incident_member *m)
{
	const char *supervisor = term_text(restarts->supervisor);
	enum kinship kin = m->who_count > 0 ? KINSHIP_OTHERS : KINSHIP_UNKNOWN;

	for (unsigned i = 0; i < m->who_count; i++) {
		const struct incident_who *w = &m->who[i];

		if (strcmp(w->pid, supervisor) == 0 || (w->named && strcmp(w->name, supervisor) == 0))
			return KINSHIP_KIN;
		if (strcmp(w->ancestors[0], supervisor) == 0)
			kin = KINSHIP_SIBLINGS;
	}
	return kin;
}

enum kinship
kinship_of(const struct incident_member *a, const struct incident_member *b)
{
	bool a_restarts = a->supervisor != NULL, b_restarts = b->supervisor != NULL;

	if (a_restarts && b_restarts)
		return term_same(a->supervisor, b->supervisor) ? KINSHIP_KIN : KINSHIP_OTHERS;
	if (a_restarts)
		return kinship_of_restarts(a, b);
	if (b_restarts)
		return kinship_of_restarts(b, a);
	return a->who_count > 0 && b->who_count > 0 ? kinship_of_processes(a, b) : KINSHIP_UNKNOWN;
}
