/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of the VM that are full, and schedulers that cannot keep up. */
#include "report/rules.h"

#include <math.h>

void
rule_table_full(const struct report *r, struct opinion *o)
{
	static const enum metric_id tables[] = { METRIC_ATOM_COUNT, METRIC_PROCESS_COUNT, METRIC_PORT_COUNT,
		METRIC_OPEN_FDS };
	char used[QUANTITY_SIZE], limit[QUANTITY_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		double share = evidence_at_end(r, tables[i]) / evidence_at_end(r, METRICS[tables[i]].limit);

		if (!(share >= 0.9) || o->weight > 0)
			continue;
		o->weight = share >= 0.97 ? 0.85 : 0.65;
		opinion_title(o, "The limit of %s was reached: %s of %s", phrase_metric(tables[i]),
		    quantity_text(used, UNIT_COUNT, evidence_at_end(r, tables[i])),
		    quantity_text(limit, UNIT_COUNT, evidence_at_end(r, METRICS[tables[i]].limit)));
		opinion_growth_backs(r, o, tables[i]);
		if (tables[i] == METRIC_ATOM_COUNT)
			opinion_because(o, "A VM whose atom table is full ends.");
	}
}

void
rule_overload(const struct report *r, struct opinion *o)
{
	const struct report_growth *cpu = evidence_growth_of(r, METRIC_CPU_UTILIZATION);
	const struct report_growth *waiting = evidence_growth_of(r, METRIC_RUN_QUEUE);
	const struct top_process *p = evidence_first_ranked(r, TOP_REDUCTIONS, ANOMALY_CPU);
	char name[PHRASE_NAME], rate[QUANTITY_SIZE];

	if (!(cpu && cpu->after > 85) && !waiting)
		return;
	o->weight = cpu && waiting ? 0.5 : 0.36;
	opinion_title(o, "The schedulers were overloaded");
	opinion_growth_backs(r, o, METRIC_CPU_UTILIZATION);
	opinion_growth_backs(r, o, METRIC_RUN_QUEUE);
	if (p)
		opinion_because(o, "%s did most of the work: %s reductions a second.", phrase_process(name, p),
		    quantity_text(rate, UNIT_COUNT, isnan(p->reductions) ? p->value : p->reductions));
}
