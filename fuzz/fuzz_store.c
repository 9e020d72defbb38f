/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs of a history that somebody else has written: events, causes, samples, checks. What can be read can be written and read again; of incidents an
 * engine takes them up, goes on, and tells of them.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/answer.h"
#include "engine/answer_incidents.h"
#include "store/cause_code.h"
#include "store/event_code.h"
#include "store/sample_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sample_names names;

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
number_names(void)
{
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		names.of_metric[i] = (uint16_t)(i + 1);
		names.metric[i + 1] = (uint16_t)(i + 1);
	}
	for (unsigned i = 0; i < CRITERION_COUNT; i++) {
		names.of_criterion[i] = (uint16_t)(METRIC_COUNT + i + 1);
		names.criterion[METRIC_COUNT + i + 1] = (uint16_t)(i + 1);
	}
}

#define NOW_MS INT64_C(1700000000000)

/* take_up: what was open ends within some samples. Takes the reference. */
static void
take_up(struct node_event *ev)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);
	const struct incident *kept[INCIDENTS_KEPT];
	struct strbuf out = STRBUF_INIT;
	struct answer_term a;

	engine_restore_begin(e);
	engine_restore_event(e, ev);
	engine_restore_end(e, NOW_MS);
	engine_tick(e, NOW_MS + 3600000);
	require(engine_incidents(e, kept, INCIDENTS_KEPT) == 1 && kept[0]->ended_ms != 0);
	answer_term_init(&a, &out);
	answer_incidents(&a.base, e, NOW_MS, INCIDENTS_ALL);
	strbuf_release(&out);
	engine_free(e);
}

static void
check_event(const uint8_t *data, size_t size)
{
	struct node_event *ev = event_code_read(data, size, "a@h"), *again;
	struct strbuf out = STRBUF_INIT;

	if (ev == NULL)
		return;
	event_code_write(&out, ev);
	again = event_code_read(out.data, out.len, "a@h");
	require(again && again->type == ev->type && again->time_ms == ev->time_ms);
	node_event_unref(again);
	if (ev->type == EVENT_INCIDENT)
		take_up(ev);
	else
		node_event_unref(ev);
	strbuf_release(&out);
}

static void
check_cause(const uint8_t *data, size_t size)
{
	struct strbuf out = STRBUF_INIT;
	struct restart r, again;

	if (!cause_code_read(data, size, &r))
		return;
	cause_code_write(&out, &r);
	require(cause_code_read(out.data, out.len, &again) && term_same(r.supervisor, again.supervisor));
	restart_release(&again);
	restart_release(&r);
	strbuf_reset(&out);
	require(cause_code_coarse(data, size, &out));
	strbuf_release(&out);
}

static void
check_sample(const uint8_t *data, size_t size)
{
	static struct sample s, again;
	struct strbuf out = STRBUF_INIT;

	if (!sample_code_read(data, size, &names, 1, &s))
		return;
	require(s.scheduler_count <= SAMPLE_MAX_SCHEDULERS);
	sample_code_write(&out, &s, &names);
	require(sample_code_read(out.data, out.len, &names, 1, &again));
	require(memcmp(s.present, again.present, sizeof(s.present)) == 0);
	strbuf_release(&out);
}

static void
check_check(const uint8_t *data, size_t size)
{
	static struct check_code c;

	if (check_code_read(data, size, &names, 1, &c))
		require(
		    c.finding_count <= HEALTH_MAX_ANOMALIES && strlen(c.recommendations) < sizeof(c.recommendations));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(
	    const uint8_t *data, size_t size) = { check_event, check_cause, check_sample, check_check };

	if (names.of_metric[0] == 0)
		number_names();
	if (size > 0)
		checks[data[0] % 4](data + 1, size - 1);
	return 0;
}
