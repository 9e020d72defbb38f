/* SPDX-License-Identifier: Apache-2.0 */
#include "model/survey.h"

#include <stdlib.h>

const struct survey_row SURVEYS[SURVEY_KIND_COUNT] = {
#define SURVEY_ROW(id, name, type, max) [SURVEY_##id] = { name, sizeof(struct type), max },
	SURVEY_TABLE(SURVEY_ROW)
#undef SURVEY_ROW
};

const struct survey_number LINK_NUMBER[LINK_NUMBER_COUNT] = {
#define LINK_ROW(id, atom, field, prometheus, help) [LINK_##id] = { atom, field, prometheus, help },
	LINK_NUMBERS(LINK_ROW)
#undef LINK_ROW
};

const struct survey_number ALLOCATOR_NUMBER[ALLOCATOR_NUMBER_COUNT] = {
#define ALLOCATOR_ROW(id, atom, field) [ALLOCATOR_##id] = { atom, field, "", "" },
	ALLOCATOR_NUMBERS(ALLOCATOR_ROW)
#undef ALLOCATOR_ROW
};

void
survey_release(struct survey *s)
{
	free(s->rows);
	s->rows = NULL;
	s->count = 0;
}
