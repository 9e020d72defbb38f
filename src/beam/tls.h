/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS for the distribution, as the side that connects: what we show (certificate and key) and whom we trust (the CA), from the file of --tls-conf and those that
 * it names. What is wrong with them is said so that the next step is clear.
 */
#ifndef BEAM_TLS_H
#define BEAM_TLS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"

struct asn1_string_st;
struct ssl_ctx_st;
struct tls;
struct tls_conf;

/* tls_new reads the file (beam/tls_conf.h) and what it names. warnings gets lines for a person. NULL and a reason otherwise. */
struct tls *tls_new(const char *path, struct strbuf *warnings, struct err *err) MUST_CHECK;
/* tls_free: after the last session. NULL is fine. */
void tls_free(struct tls *t);
/*
 * tls_refresh reads the files again if one of them has changed; warnings as above. If they are no good now, what was read before is kept; false and a
 * reason then, once.
 */
bool tls_refresh(struct tls *t, struct strbuf *warnings, struct err *err) MUST_CHECK;

/* For sessions: OpenSSL's context, the options, and the path of their file. */
struct ssl_ctx_st *tls_context(const struct tls *t);
const struct tls_conf *tls_options(const struct tls *t);
const char *tls_path(const struct tls *t);
/* tls_put_time appends a date of a certificate. */
void tls_put_time(const struct asn1_string_st *time, struct strbuf *out);
/* tls_own_is_over: our certificate has expired, or is not valid yet; then a sentence that says so is appended. */
bool tls_own_is_over(const struct tls *t, struct strbuf *out);

#endif
