/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BEAM_ETF_TEXT_H
#define BEAM_ETF_TEXT_H

#include "base/attr.h"
#include "base/strbuf.h"
#include "etf/etf.h"

/*
 * etf_text reads one term and appends its text as io_lib:format("~0tp", [T]) prints it on a VM started with +pc unicode: at most max bytes
 * (16 at least) of valid UTF-8, ended by "..." if that is not all. The cursor is behind the term, or bad if the term was; then out is as it was.
 * Differences: pids, ports and references print as on the node that they live on; maps in the order in which they are written.
 */
bool etf_text(struct etf *e, size_t max, struct strbuf *out) MUST_CHECK;

/* etf_float_text writes a finite float in Erlang's shortest form, as "1.0e-5". */
void etf_float_text(struct strbuf *out, double v);

#endif
