/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inputs of an engine as values: what engine_feed, engine_restart and the others were called with. Whoever taps an engine gets each of them as it comes,
 * before the engine takes it; an engine of the same options that takes the same inputs in the same order finds the same.
 * Left out are what is restored, and supervision trees, by which nothing is judged.
 */
#ifndef ENGINE_INPUT_H
#define ENGINE_INPUT_H

#include "engine/engine.h"

/* id, name */
#define INPUT_TABLE(X)                    \
	X(SAMPLE, "sample")               \
	X(RESTART, "restart")             \
	X(LOST_RESTARTS, "lost_restarts") \
	X(SUPERVISOR, "supervisor")       \
	X(LINK, "link")                   \
	X(INFO, "info")                   \
	X(SURVEY, "survey")               \
	X(TICK, "tick")                   \
	X(NOTE, "note")

enum input_kind {
#define INPUT_ENUM(id, name) INPUT_##id,
	INPUT_TABLE(INPUT_ENUM)
#undef INPUT_ENUM
	    INPUT_KIND_COUNT
};

extern const char *const INPUT_NAMES[INPUT_KIND_COUNT];

struct engine_input {
	enum input_kind kind;
	int64_t now_ms; /* of INPUT_INFO, which has no time of its own, 0 */
	union {
		const struct sample *sample;
		const struct restart *restart;
		uint64_t lost_restarts;
		const struct supervisor_facts *supervisor;
		struct {
			enum node_state state;
			const char *detail; /* NULL is "" */
		} link;
		const struct node_info *info;
		struct survey *survey; /* engine_take takes it over, a tap must leave it as it is */
		const char *note;
	} u;
};

typedef void engine_tap_fn(void *arg, const struct engine_input *in);

/* engine_tap: who gets the inputs from now on; NULL: nobody. */
void engine_tap(struct engine *e, engine_tap_fn *tap, void *arg);
/* engine_take gives the engine that input. */
void engine_take(struct engine *e, const struct engine_input *in);

#endif
