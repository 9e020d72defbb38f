/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many calls in one: the arguments of lists:zipwith3(fun erlang:apply/3, Modules, Functions, ArgumentLists), so many calls for one process and one round trip on
 * the node, without any code of ours there. If one of them raises, all do.
 */
#ifndef BEAM_BATCH_H
#define BEAM_BATCH_H

#include <stdint.h>

#include "base/strbuf.h"

/* The three lists of a call, filled one function after the other. Starts zeroed. */
struct batch { /* private, but for count */
	struct strbuf modules;
	struct strbuf functions;
	struct strbuf arguments;
	uint32_t count;
};

/* batch_add adds a function; the caller writes its argument list, a term, into what is returned. */
struct strbuf *batch_add(struct batch *b, const char *module, const char *function);
/* batch_add_atom adds a function of one argument, an atom, or of none (NULL). */
void batch_add_atom(struct batch *b, const char *module, const char *function, const char *argument);
/* batch_arguments appends the argument list for lists:zipwith3; the batch is used up. */
void batch_arguments(struct batch *b, struct strbuf *out);

#endif
