/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BEAM_ETF_TERM_H
#define BEAM_ETF_TERM_H

#include "etf/etf.h"
#include "model/term.h"

/* A term is kept whole up to this size; a larger one as its cut text. */
#define ETF_TERM_MAX 8192

/* etf_term reads one term: canonical form and text. NULL if the cursor was or became bad. The caller owns a reference. */
struct term *etf_term(struct etf *e);
/* etf_term_cut reads a binary: the text, cut already, of a term that was too large to be sent. */
struct term *etf_term_cut(struct etf *e);

#endif
