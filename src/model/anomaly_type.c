/* SPDX-License-Identifier: Apache-2.0 */
#include "model/anomaly_type.h"

const struct anomaly_kind ANOMALIES[ANOMALY_TYPE_COUNT] = {
#define ANOMALY_ROW(id, name, description) [ANOMALY_##id] = { name, description },
	ANOMALY_TABLE(ANOMALY_ROW)
#undef ANOMALY_ROW
};
