/* SPDX-License-Identifier: Apache-2.0 */
#include "model/node.h"

const char *
node_state_name(enum node_state s)
{
	static const char *const names[] = { "connecting", "up", "stalled", "unreachable", "refused", "hanging",
		"incompatible" };

	return names[s];
}
