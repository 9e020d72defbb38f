/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inputs of an engine as JSON, one line each:
 *
 *	{"node":0,"now":1795651977489,"sample":{"time_ms":…,"values":{"run_queue":0,…},"schedulers":[[busy,all],…],"top":{"memory":[{"pid":…},…]}}}
 *	{"node":0,"now":1795651978012,"restart":{"time_ms":…,"kind":"restart","supervisor":{"text":"sup","term":"7703737570"},…}}
 *	{"node":0,"now":1795651978489,"tick":null}
 *
 * and so on for each kind (engine/input.h). Numbers are written so that the same doubles come back, terms with their bytes, so that an engine that takes them judges
 * exactly as the one that was tapped.
 */
#ifndef REPLAY_INPUT_CODE_H
#define REPLAY_INPUT_CODE_H

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "engine/input.h"

/* input_code_write adds the pairs "now" and of the kind to an open object. */
void input_code_write(struct jsonw *j, const struct engine_input *in);

/* An input that was read, and what it refers to. Large: keep one. */
struct input_code {
	struct engine_input in;
	union {
		struct sample sample;
		struct restart restart;
		struct supervisor_facts supervisor;
		struct node_info info;
		struct survey survey;
		char text[256];
	} u;
};

/*
 * input_code_read: false with a reason if the object is no input; otherwise input_code_release gives up what it holds, also after an engine took it. What later
 * releases write beside, metrics that are not known among it, is passed over.
 */
bool input_code_read(const json_t *object, struct input_code *out, struct err *err) MUST_CHECK;
void input_code_release(struct input_code *c);

/* The engine's options, as they matter for judging. Those that are missing stay as they are in *o. */
void options_code_write(struct jsonw *j, const struct engine_options *o);
bool options_code_read(const json_t *object, struct engine_options *o, struct err *err) MUST_CHECK;

#endif
