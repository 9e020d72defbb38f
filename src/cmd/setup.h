/* SPDX-License-Identifier: Apache-2.0 */
/* What commands have in common: secrets from their files, and a server with a kept name. */
#ifndef CMD_SETUP_H
#define CMD_SETUP_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "cmd/settings.h"
#include "os/instance.h"
#include "server.h"

/*
 * setup_cookie reads the cookie: --cookie-file, else $RELEASE_COOKIE, else ~/.erlang.cookie. The text is wiped by setup_wipe.
 */
bool setup_cookie(const struct settings *s, struct strbuf *cookie, struct err *err) MUST_CHECK;
/* setup_secret reads one secret from a file, without the white space around it; `what` names it in the reason. */
bool setup_secret(const char *path, const char *what, struct strbuf *secret, struct err *err) MUST_CHECK;
/* setup_wipe overwrites a secret and frees it. */
void setup_wipe(struct strbuf *secret);
/* setup_state_dir is --state-dir or the default. Caller frees. */
char *setup_state_dir(const struct settings *s);
/* setup_engine are the engine's options as the settings have them. */
struct engine_options setup_engine(const struct settings *s);
/* setup_log_level sets it; false with a reason on an unknown word. */
bool setup_log_level(const struct settings *s, struct err *err) MUST_CHECK;

#endif
