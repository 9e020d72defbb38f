/* SPDX-License-Identifier: Apache-2.0 */
/* The handle's life, its time and its errors. */
#include "lib/handle.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/selection.h"

int
arsenal_version(void)
{
	return ARSENAL_VERSION_NUMBER;
}

const char *
arsenal_version_string(void)
{
	return ARSENAL_VERSION_STRING;
}

/* ---- errors ---- */

const char *
arsenal_strerror(int error)
{
	static const char *const texts[] = {
		[ARSENAL_OK] = "no error",
		[ARSENAL_ERR_ARGUMENT] = "wrong argument",
		[ARSENAL_ERR_UNKNOWN] = "there is none of that name or number",
		[ARSENAL_ERR_RANGE] = "number outside its range",
		[ARSENAL_ERR_TIME] = "time went back, or is no time",
		[ARSENAL_ERR_TEXT] = "text that is empty, too long, or not UTF-8",
		[ARSENAL_ERR_STATE] = "not possible in this state",
		[ARSENAL_ERR_BUSY] = "input from within a callback",
		[ARSENAL_ERR_LIMIT] = "no more of these",
	};

	return error >= 0 && (size_t)error < ARRAY_LEN(texts) ? texts[error] : "unknown error";
}

int
fail(struct arsenal *a, enum arsenal_error code, const char *fmt, ...)
{
	va_list ap;

	if (a) {
		va_start(ap, fmt);
		vsnprintf(a->err.text, sizeof(a->err.text), fmt, ap);
		va_end(ap);
	}
	return (int)code;
}

const char *
arsenal_last_error(const struct arsenal *a)
{
	return a ? a->err.text : "";
}

/* ---- inputs ---- */

int
input_check(struct arsenal *a)
{
	if (a == NULL)
		return ARSENAL_ERR_ARGUMENT;
	if (a->delivering)
		return fail(a, ARSENAL_ERR_BUSY, "a callback asks for input, which has to wait until it returns");
	return ARSENAL_OK;
}

int
time_check(struct arsenal *a, int64_t now_ms)
{
	if (a == NULL)
		return ARSENAL_ERR_ARGUMENT;
	if (now_ms < 1 || now_ms > ARSENAL_TIME_MAX)
		return fail(a, ARSENAL_ERR_TIME, "now_ms: %" PRId64 " is not from 1 to %" PRId64 " ms", now_ms,
		    ARSENAL_TIME_MAX);
	if (now_ms < a->now_ms)
		return fail(a, ARSENAL_ERR_TIME, "now_ms: %" PRId64 " is %" PRId64 " ms before the last input", now_ms,
		    a->now_ms - now_ms);
	return ARSENAL_OK;
}

int
range_check(struct arsenal *a, const char *what, int64_t start_ms, int64_t end_ms)
{
	if (start_ms < 0 || end_ms > ARSENAL_TIME_MAX)
		return fail(a, ARSENAL_ERR_RANGE, "%s: from %" PRId64 " to %" PRId64 " is not within 0 to %" PRId64,
		    what, start_ms, end_ms, ARSENAL_TIME_MAX);
	if (end_ms < start_ms)
		return fail(a, ARSENAL_ERR_RANGE, "%s: the end %" PRId64 " is before the start %" PRId64, what, end_ms,
		    start_ms);
	return ARSENAL_OK;
}

int
input_begin(struct arsenal *a, int64_t now_ms)
{
	int code = input_check(a);

	if (code == ARSENAL_OK)
		code = time_check(a, now_ms);
	if (code != ARSENAL_OK)
		return code;
	a->now_ms = now_ms;
	if (a->started_ms == 0)
		a->started_ms = now_ms;
	return ARSENAL_OK;
}

static void
destroy(struct arsenal *a)
{
	subscriptions_release(a);
	engine_free(a->engine);
	selection_free(a->selection);
	free(a);
}

int
input_end(struct arsenal *a)
{
	a->delivering = true;
	events_deliver(a);
	a->delivering = false;
	if (a->doomed)
		destroy(a);
	return ARSENAL_OK;
}

/* ---- life ---- */

static int
check_name(struct arsenal *a, const char *name)
{
	int code = text_check(a, "name", name, ARSENAL_NAME_MAX);

	if (code != ARSENAL_OK)
		return code;
	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		if (*p < ' ' || *p == 0x7f)
			return fail(a, ARSENAL_ERR_TEXT, "name: it has a control character");
	return ARSENAL_OK;
}

static int
start(struct arsenal *a, const char *name, const struct arsenal_options *options)
{
	/* Whoever calls this supervises: restarts are seen as they happen. */
	struct node_info info = { .restarts_seen = true };
	struct engine_options o;
	size_t max_events;
	int code = check_name(a, name);

	if (code == ARSENAL_OK)
		code = options_take(a, options, &o, &max_events);
	if (code != ARSENAL_OK)
		return code;
	a->engine = engine_new(name, &o);
	engine_info(a->engine, &info);
	ring_init(&a->queue, max_events);
	a->types = ARSENAL_EVENTS_ALL;
	return ARSENAL_OK;
}

struct arsenal *
arsenal_new(const char *name, const struct arsenal_options *options, char *err, size_t err_size)
{
	struct arsenal *a = xcalloc(1, sizeof(*a));

	if (start(a, name, options) == ARSENAL_OK)
		return a;
	if (err && err_size > 0)
		snprintf(err, err_size, "%s", a->err.text);
	selection_free(a->selection);
	free(a);
	return NULL;
}

void
arsenal_free(struct arsenal *a)
{
	if (a == NULL)
		return;
	if (a->delivering)
		a->doomed = true;
	else
		destroy(a);
}

const char *
arsenal_name(const struct arsenal *a)
{
	return a ? engine_node(a->engine) : NULL;
}
