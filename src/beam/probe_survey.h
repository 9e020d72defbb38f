/* SPDX-License-Identifier: Apache-2.0 */
/* {arsenal_survey, TimeMs, Kind, Total, Rows}, decoded into the model. Pure. */
#ifndef BEAM_PROBE_SURVEY_H
#define BEAM_PROBE_SURVEY_H

#include <stdbool.h>

#include "base/attr.h"
#include "etf/etf.h"
#include "model/survey.h"

/*
 * probe_read_survey reads what follows the tag. False if it is malformed. *known is false for a kind of a later release: it is passed by. Else
 * the caller owns *s; its time is the node's own. Rows beyond the kind's bound are passed by.
 */
bool probe_read_survey(struct etf *e, bool *known, struct survey *s) MUST_CHECK;

#endif
