/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BEAM_ETF_CANONICAL_H
#define BEAM_ETF_CANONICAL_H

#include "base/attr.h"
#include "base/strbuf.h"
#include "etf/etf.h"

/*
 * etf_canonical reads one term and appends its canonical form, the term's identity: equal terms give equal bytes, whichever OTP release
 * wrote them. Integers in the shortest form, atoms in UTF-8, lists of bytes as strings, maps sorted by key. False if the cursor was or
 * became bad, the term nests deeper than ETF_MAX_DEPTH, or the form would be longer than max bytes; then out is as it was.
 */
bool etf_canonical(struct etf *e, size_t max, struct strbuf *out) MUST_CHECK;

#endif
