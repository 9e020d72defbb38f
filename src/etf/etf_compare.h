/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BEAM_ETF_COMPARE_H
#define BEAM_ETF_COMPARE_H

#include "etf/etf.h"

/*
 * etf_compare orders two canonical terms (beam/etf_canonical.h) as map keys: Erlang's term order, integers before floats. Terms whose order
 * in the VM depends on the VM itself (pids, ports, references, funs) and maps are ordered by their bytes. A total order: <0, 0, >0.
 */
int etf_compare(struct etf_span a, struct etf_span b);

#endif
