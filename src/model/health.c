/* SPDX-License-Identifier: Apache-2.0 */
#include "model/health.h"

const struct criterion_row CRITERIA[CRITERION_COUNT] = {
#define HEALTH_ROW(id, name, warning, critical, unit, help) [CRITERION_##id] = { name, warning, critical, unit, help },
	HEALTH_TABLE(HEALTH_ROW)
#undef HEALTH_ROW
};
