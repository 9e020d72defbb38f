/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --tls-conf says, in the form of OTP's ssl_dist_optfile: [{server, Options}, {client, Options}]. We are a client. Pure. An option that we cannot follow
 * is named in a warning; where leaving it out would let somebody in whom the file keeps out, the file is refused.
 * Source: "Using TLS for Erlang Distribution", SSL User's Guide; ssl(3erl).
 */
#ifndef BEAM_TLS_CONF_H
#define BEAM_TLS_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"

#define TLS_CONF_DEPTH_MAX 100

struct tls_conf {
	char *certfile; /* NULL: we show none */
	char *keyfile;  /* NULL without a certfile; else the certfile, if not given */
	char *cacertfile;
	char *password;        /* of the keyfile; NULL: none */
	char *server_name;     /* instead of the node's host; NULL: that */
	bool no_server_name;   /* neither sent nor checked */
	bool verify_none;      /* the node's certificate is not checked */
	int depth;             /* -1: not given */
	bool tls_1_2, tls_1_3; /* one at least */
	char *ciphers;         /* "A:B", names of OpenSSL's or the RFCs'; NULL: OpenSSL's own choice */
};

/*
 * tls_conf_read reads the text of the file `name`. warnings gets lines for a person. False and a reason that names file, line and option; release it either
 * way.
 */
bool tls_conf_read(struct tls_conf *c, const char *name, const char *text, size_t len, struct strbuf *warnings,
    struct err *err) MUST_CHECK;
/* tls_conf_release wipes the password. */
void tls_conf_release(struct tls_conf *c);

#endif
