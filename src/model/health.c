/* SPDX-License-Identifier: Apache-2.0 */
#include "model/health.h"

const struct criterion_row CRITERIA[CRITERION_COUNT] = {
#define HEALTH_ROW(id, name, warning, critical, unit, help) [CRITERION_##id] = { name, warning, critical, unit, help },
	HEALTH_TABLE(HEALTH_ROW)
#undef HEALTH_ROW
};

const struct health_number_row HEALTH_NUMBERS[HEALTH_NUMBER_COUNT] = {
#define HEALTH_NUMBER_ROW(id, metric, group, field) [HEALTH_NUMBER_##id] = { METRIC_##metric, group, field },
	HEALTH_NUMBER_TABLE(HEALTH_NUMBER_ROW)
#undef HEALTH_NUMBER_ROW
};
