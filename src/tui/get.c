/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/get.h"

#include <math.h>

#include "base/timefmt.h"

const char *
get_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

double
get_number(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

int64_t
get_time(const json_t *object, const char *key)
{
	int64_t time_ms = 0;

	if (!time_parse(get_text(object, key), &time_ms))
		return 0;
	return time_ms;
}

bool
get_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const json_t *
get_array(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_array(v) ? v : NULL;
}

const json_t *
get_object(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_object(v) ? v : NULL;
}
