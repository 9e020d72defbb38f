/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS on one connection: the check of the node's certificate (signed by our CA, in time, for the host in the node's name), and the reason in a sentence when
 * one side does not trust the other.
 */
#ifndef BEAM_TLS_SESSION_H
#define BEAM_TLS_SESSION_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/node.h"

struct ssl_st;
struct tls;
struct tls_session;
struct x509_store_ctx_st;

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

/* OpenSSL's callbacks, which the context of all sessions has. */
int tls_session_on_verify(int ok, struct x509_store_ctx_st *store);
void tls_session_on_alert(const struct ssl_st *ssl, int where, int what);

#endif
