/* SPDX-License-Identifier: Apache-2.0 */
/* Included by tests and benchmarks only: a term that need be no more than itself. */
#ifndef MODEL_TERM_FIXTURE_H
#define MODEL_TERM_FIXTURE_H

#include <string.h>

#include "model/term.h"

/* text_term: its bytes are its text, which is no external format, but identity and text are right. NULL for NULL. */
static inline struct term *
text_term(const char *text)
{
	return text ? term_new((const uint8_t *)text, (uint32_t)strlen(text), text, false) : NULL;
}

#endif
