/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A damaged file makes way for a new one: PATH becomes PATH.damaged-<time>, with its log, and PATH.replacing, which is complete, becomes PATH.
 * So does a file begin, too: there is none at PATH that is not complete. Whenever the program ends in between, the next one finishes it: until PATH has gone, nothing has happened; then PATH.replacing is what counts.
 */
#ifndef STORE_ASIDE_H
#define STORE_ASIDE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"

#define ASIDE_MARK ".damaged-"
#define ASIDE_MAKING ".making"
#define ASIDE_READY ".replacing"
#define ASIDE_KEPT 3 /* damaged files; of more the oldest go */

/* aside_suffix appends what a file that is set aside now will have behind its name. */
void aside_suffix(const char *path, struct strbuf *suffix);
/* aside_prepare makes an empty PATH.making, in place of one that came to nothing, with PATH's mode and owner, or the mode 0600. */
bool aside_prepare(const char *path, struct err *err) MUST_CHECK;
/* aside_ready: PATH.making is complete, and becomes PATH.replacing. */
bool aside_ready(const char *path, struct err *err) MUST_CHECK;
/* aside_exchange does it. suffix NULL: PATH is empty or was taken away, and it and its log go. False with a reason; then it can be done again. */
bool aside_exchange(const char *path, const char *suffix, struct err *err) MUST_CHECK;
/* aside_is_half_done: PATH.replacing is to become PATH, and all but that has happened, or all but that and the log. What is left of others goes. */
bool aside_is_half_done(const char *path);
/* aside_limit removes the oldest of the files that were set aside, if there are more than ASIDE_KEPT, and adds that to the notice. */
void aside_limit(const char *path, struct strbuf *notice);

#endif
