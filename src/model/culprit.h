/* SPDX-License-Identifier: Apache-2.0 */
/* Who made a finding: a process, a table, or what many processes or ports have in common. */
#ifndef MODEL_CULPRIT_H
#define MODEL_CULPRIT_H

#include <stdint.h>

#include "model/sample.h"

/* id, word in answers, what `count` counts ("": nothing) */
#define CULPRIT_TABLE(X)                     \
	X(PROCESS, "process", "")            \
	X(TABLE, "table", "tables")          \
	X(PARENT, "parent", "processes")     \
	X(CALL, "initial_call", "processes") \
	X(PORT_OWNER, "port_owner", "ports") \
	X(PORT_PARENT, "port_parent", "ports")

enum culprit_kind {
#define CULPRIT_ENUM(id, ...) CULPRIT_##id,
	CULPRIT_TABLE(CULPRIT_ENUM)
#undef CULPRIT_ENUM
	    CULPRIT_KIND_COUNT
};

struct culprit {
	enum culprit_kind kind;
	/*
	 * Of a table only its name and `value`, its bytes; of a parent or owner pid, name, first call and `value`, which is the count; of a call
	 * initial_call and `value`.
	 */
	struct top_process process;
	double count;     /* of what the kind counts; NaN: of a process */
	double growth;    /* of what the finding is about, in the unit of `value`; NaN: not known */
	double share;     /* 0 to 1: its part of all growth that is known; NaN: not known */
	int64_t since_ms; /* from when growth is measured; 0: not known */
	char detail
	    [SAMPLE_TEXT]; /* of a table its owner; of many processes what one of them does; of a process that does not work on its queue, where it waits; else "" */
};

struct strbuf;

/* culprit_kind_name: "process", "table", … */
const char *culprit_kind_name(enum culprit_kind kind);
/* culprit_add writes who it is, for people: "leaky <0.80.0>", "table sessions of sessions_owner", "1200 processes started by pool <0.81.0>". Foreign characters are made visible. */
void culprit_add(struct strbuf *out, const struct culprit *c);

#endif
