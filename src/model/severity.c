/* SPDX-License-Identifier: Apache-2.0 */
#include "model/severity.h"

const char *
severity_name(enum severity s)
{
	static const char *const names[] = { "low", "medium", "high" };

	return names[s];
}

const char *
level_name(enum level l)
{
	static const char *const names[] = { "unknown", "healthy", "warning", "critical" };

	return names[l];
}
