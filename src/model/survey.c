/* SPDX-License-Identifier: Apache-2.0 */
#include "model/survey.h"

#include <stdlib.h>

const struct survey_row SURVEYS[SURVEY_KIND_COUNT] = {
#define SURVEY_ROW(id, name, type, max) [SURVEY_##id] = { name, sizeof(struct type), max },
	SURVEY_TABLE(SURVEY_ROW)
#undef SURVEY_ROW
};

void
survey_release(struct survey *s)
{
	free(s->rows);
	s->rows = NULL;
	s->count = 0;
}
