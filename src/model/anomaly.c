/* SPDX-License-Identifier: Apache-2.0 */
#include "model/anomaly.h"

#include <string.h>

void
anomaly_copy(struct anomaly *to, const struct anomaly *from)
{
	*to = *from;
	term_ref(to->supervisor);
	term_ref(to->child_id);
}

void
anomaly_release(struct anomaly *a)
{
	term_unref(a->supervisor);
	term_unref(a->child_id);
	memset(a, 0, sizeof(*a));
}
