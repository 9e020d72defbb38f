/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/input.h"

#include "engine/state.h"

const char *const INPUT_NAMES[INPUT_KIND_COUNT] = {
#define INPUT_NAME(id, name) name,
	INPUT_TABLE(INPUT_NAME)
#undef INPUT_NAME
};

void
engine_tap(struct engine *e, engine_tap_fn *tap, void *arg)
{
	e->tap = tap;
	e->tap_arg = arg;
}

void
input_tell(const struct engine *e, const struct engine_input *in)
{
	if (e->tap && !e->restoring)
		e->tap(e->tap_arg, in);
}

void
engine_take(struct engine *e, const struct engine_input *in)
{
	switch (in->kind) {
	case INPUT_SAMPLE:
		engine_feed(e, in->now_ms, in->u.sample);
		break;
	case INPUT_RESTART:
		(void)engine_restart(e, in->now_ms, in->u.restart);
		break;
	case INPUT_LOST_RESTARTS:
		engine_lost_restarts(e, in->now_ms, in->u.lost_restarts);
		break;
	case INPUT_SUPERVISOR:
		engine_supervisor(e, in->now_ms, in->u.supervisor);
		break;
	case INPUT_LINK:
		engine_link(e, in->now_ms, in->u.link.state, in->u.link.detail);
		break;
	case INPUT_INFO:
		engine_info(e, in->u.info);
		break;
	case INPUT_SURVEY:
		engine_survey(e, in->now_ms, in->u.survey);
		break;
	case INPUT_TICK:
		engine_tick(e, in->now_ms);
		break;
	case INPUT_NOTE:
		engine_note(e, in->now_ms, "%s", in->u.note);
		break;
	case INPUT_KIND_COUNT:
		break;
	}
}
