/* SPDX-License-Identifier: Apache-2.0 */
/* The verdicts there are: one row each, with its rule in rules_*.c. */
#ifndef REPORT_VERDICT_H
#define REPORT_VERDICT_H

/* clang-format off */
/* id, word, what it says */
#define VERDICT_TABLE(X) \
X(LINK_LOST, "link_lost", "The link was lost and the node lived on, or nothing says that it did not") \
X(STOPPED, "stopped_in_order", "The node was stopped in order (init:stop and the like)") \
X(CRASHED, "crashed", "The VM ended by itself, with a crash dump") \
X(GAVE_UP, "supervisor_gave_up", "A supervisor reached its restart intensity shortly before the end") \
X(STORM, "restart_storm", "A child kept being restarted") \
X(MEMORY_LIMIT, "memory_limit", "The memory that the VM may use was used up") \
X(QUEUE, "message_queue", "The message queue of a process grew without bound") \
X(MEMORY, "memory_growth", "Memory grew, and who owns it") \
X(TABLE_FULL, "limit_reached", "A table of the VM (processes, ports, atoms) or the file descriptors were used up") \
X(OVERLOAD, "overload", "The schedulers could not keep up") \
X(HUNG, "hung", "The node stopped answering before it was lost") \
X(KILLED, "killed", "The VM was gone at once, and nothing that was seen before explains it") \
X(CALM, "nothing_unusual", "Nothing stands out in the range") \
X(NOT_CLEAR, "not_clear", "Nothing that was seen explains it")
/* clang-format on */

enum verdict_id {
#define VERDICT_ENUM(id, ...) VERDICT_##id,
	VERDICT_TABLE(VERDICT_ENUM)
#undef VERDICT_ENUM
	    VERDICT_COUNT
};

struct verdict_row {
	const char *word;
	const char *help;
};

extern const struct verdict_row VERDICTS[VERDICT_COUNT];

#endif
