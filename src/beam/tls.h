/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS for the distribution, as the side that connects: what we show (certificate and key), whom we trust (the CA), and for each connection the check of the node's
 * certificate: signed by the CA, in time, and for the host in the node's name. What goes wrong is said so that the next step is clear.
 */
#ifndef BEAM_TLS_H
#define BEAM_TLS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "model/node.h"

struct ssl_st;
struct tls;
struct tls_session;

/* tls_new reads the file (beam/tls_conf.h) and what it names. warnings gets lines for a person. NULL and a reason otherwise. */
struct tls *tls_new(const char *path, struct strbuf *warnings, struct err *err) MUST_CHECK;
/* tls_free: after the last session. NULL is fine. */
void tls_free(struct tls *t);
/* tls_refresh reads the files again if one of them has changed. If they are no good now, what was read before is kept; false and a reason then, once. */
bool tls_refresh(struct tls *t, struct err *err) MUST_CHECK;

/* tls_session_new is for one connection to that host. NULL and a reason if it is no name that can be checked. */
struct tls_session *tls_session_new(struct tls *t, const char *host, struct err *err) MUST_CHECK;
/* tls_session_free says farewell to the other side if the handshake was done; the SSL is its bufferevent's. */
void tls_session_free(struct tls_session *s);
struct ssl_st *tls_session_ssl(struct tls_session *s);
/*
 * tls_session_failed: the connection has ended, `error` is OpenSSL's (0: none), and the handshake was done (opened) or not. True, with state and reason, if that
 * was TLS's doing; false if the other side merely closed.
 */
bool tls_session_failed(
    struct tls_session *s, unsigned long error, bool opened, enum node_state *state, struct err *err) MUST_CHECK;

#endif
