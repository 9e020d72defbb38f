/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/probe_supervisor.h"

#include <string.h>

#include "beam/probe_message.h"
#include "etf/etf_term.h"

#define PERIOD_MAX_S 1000000000 /* some thirty years */

/* Numbers that the probe does not know are the atom undefined. */
static bool
read_number(struct etf *e, int64_t max, int64_t *number)
{
	if (etf_is_atom(etf_peek(e))) {
		etf_skip(e);
		return false;
	}
	*number = etf_int(e);
	if (*number < 0)
		etf_fail(e);
	*number = *number < max ? *number : max;
	return true;
}

static void
read_ages(struct etf *e, struct supervisor_facts *f)
{
	uint32_t n = etf_tuple(e);

	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		int64_t age = 0;

		if (read_number(e, PERIOD_MAX_S, &age) && f->age_count < SUPERVISOR_AGES_MAX)
			f->ages_ms[f->age_count++] = age * 1000;
	}
}

static void
read_siblings(struct etf *e, struct supervisor_facts *f)
{
	bool together = f->strategy == ONE_FOR_ALL || f->strategy == REST_FOR_ONE;
	uint32_t n = etf_list(e);
	uint32_t kept = n < SIBLINGS_MAX ? n : SIBLINGS_MAX;

	if (!etf_ok(e))
		return;
	f->siblings = together ? siblings_new(kept) : NULL;
	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		struct term *id = probe_read_wrapped(e);

		if (f->siblings && i < kept)
			f->siblings->ids[i] = term_ref(id);
		term_unref(id);
	}
	etf_list_end(e, n);
}

static void
read_made_with(struct etf *e, struct supervisor_facts *f)
{
	static const char *const kinds[] = { "supervisor", "dynamic_supervisor" };
	struct etf_atom kind;

	f->kind = "other";
	if (!etf_atom(e, &kind))
		return;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kind.text, kinds[i]) == 0)
			f->kind = kinds[i];
}

/* {Supervisor, Pid, Kind, Strategy, Intensity, Period, Used, Ages, Children, Siblings} */
static bool
read_facts(struct etf *e, int64_t time_ms, struct supervisor_facts *f)
{
	int64_t intensity = 0, period_s = 0, used = 0;
	struct etf_atom strategy;

	memset(f, 0, sizeof(*f));
	f->time_ms = time_ms;
	etf_tuple_of(e, 10);
	f->supervisor = etf_term(e);
	f->pid = etf_term(e);
	read_made_with(e, f);
	if (etf_atom(e, &strategy))
		f->strategy = strategy_find(strategy.text);
	f->known = read_number(e, UINT32_MAX, &intensity);
	f->known = read_number(e, PERIOD_MAX_S, &period_s) && f->known;
	f->known = read_number(e, UINT32_MAX, &used) && f->known && period_s > 0;
	f->intensity = (uint32_t)intensity;
	f->period_ms = period_s * 1000;
	f->used = (uint32_t)used;
	read_ages(e, f);
	if (!read_number(e, INT64_MAX, &f->children))
		f->children = -1;
	read_siblings(e, f);
	return etf_ok(e);
}

bool
probe_read_supervisors(struct etf *e, probe_supervisor_cb *cb, void *arg)
{
	int64_t time_ms = etf_int(e);
	uint32_t n = etf_list(e);

	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		struct supervisor_facts f;

		if (read_facts(e, time_ms, &f))
			cb(arg, &f);
		supervisor_facts_release(&f);
	}
	etf_list_end(e, n);
	return etf_done(e);
}
