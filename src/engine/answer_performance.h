/* SPDX-License-Identifier: Apache-2.0 */
/* The seed's performance_metrics, nested as the metric table's seed paths say. */
#ifndef ENGINE_ANSWER_PERFORMANCE_H
#define ENGINE_ANSWER_PERFORMANCE_H

#include "engine/answer.h"

#define PERFORMANCE_GROUPS 5
#define PERFORMANCE_FIELDS 8 /* of a group, at most */

/* Which metrics are where: looked up in the table once, for any number of samples. */
struct performance_layout {
	struct {
		const char *name;
		unsigned count;
		struct {
			enum metric_id metric;
			const char *name;
		} fields[PERFORMANCE_FIELDS];
	} groups[PERFORMANCE_GROUPS];
};

void performance_layout_init(struct performance_layout *layout);
/* performance_past writes a sample (an object) in the seed's shape, and nothing on top of it. */
void performance_past(struct answer *a, const struct performance_layout *layout, const struct sample *s);

#endif
