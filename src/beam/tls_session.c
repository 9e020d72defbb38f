/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/tls_session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "beam/tls.h"
#include "beam/tls_conf.h"

#define NAMES_SHOWN 5

struct tls_session {
	const struct tls *tls;
	SSL *ssl;
	char *host;
	int verify_error; /* X509_V_ERR_*, the first */
	int verify_depth;
	struct strbuf subject; /* of the certificate that failed */
	struct strbuf issuer;
	struct strbuf names; /* whom it is for */
	struct strbuf from;
	struct strbuf until;
	int alert; /* that came and ended the connection; -1: none */
};

/* ---- what is read in certificates -------------------------------------------------------------------------------------- */

/* What OpenSSL prints of a peer's certificate: control characters and what is no UTF-8 are replaced. */
static void
take_bio(BIO *bio, struct strbuf *out)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	utf8_add_printable(out, data, len < 120 ? (size_t)len : 120);
	BIO_free(bio);
}

static void
put_name(const X509_NAME *name, struct strbuf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
	take_bio(bio, out);
}

static void
put_ip(const ASN1_OCTET_STRING *ip, struct strbuf *out)
{
	char text[INET6_ADDRSTRLEN] = "?";

	if (ASN1_STRING_length(ip) == 4)
		inet_ntop(AF_INET, ASN1_STRING_get0_data(ip), text, sizeof(text));
	else if (ASN1_STRING_length(ip) == 16)
		inet_ntop(AF_INET6, ASN1_STRING_get0_data(ip), text, sizeof(text));
	strbuf_adds(out, text);
}

/* The hosts that a certificate is for, a few of them. */
static void
put_hosts(const X509 *cert, struct strbuf *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int shown = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < NAMES_SHOWN; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		BIO *bio;

		if (name->type != GEN_DNS && name->type != GEN_IPADD)
			continue;
		strbuf_adds(out, shown++ ? ", " : "");
		if (name->type == GEN_IPADD) {
			put_ip(name->d.iPAddress, out);
			continue;
		}
		bio = BIO_new(BIO_s_mem());
		BIO_write(bio, ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName));
		take_bio(bio, out);
	}
	GENERAL_NAMES_free(names);
	if (shown == 0)
		put_name(X509_get_subject_name(cert), out);
}

/* ---- the check of the node's certificate ------------------------------------------------------------------------------- */

int
tls_session_on_verify(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_session *s = SSL_get_app_data(ssl);
	const X509 *cert = X509_STORE_CTX_get_current_cert(store);

	if (ok || s == NULL || s->verify_error)
		return ok;
	s->verify_error = X509_STORE_CTX_get_error(store);
	s->verify_depth = X509_STORE_CTX_get_error_depth(store);
	if (cert == NULL)
		return ok;
	put_name(X509_get_subject_name(cert), &s->subject);
	put_name(X509_get_issuer_name(cert), &s->issuer);
	put_hosts(cert, &s->names);
	tls_put_time(X509_get0_notBefore(cert), &s->from);
	tls_put_time(X509_get0_notAfter(cert), &s->until);
	return ok;
}

void
tls_session_on_alert(const SSL *ssl, int where, int what)
{
	struct tls_session *s = SSL_get_app_data(ssl);

	if (s && (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && what >> 8 == SSL3_AL_FATAL)
		s->alert = what & 0xFF;
}

static const char *
whose(const struct tls_session *s)
{
	return s->verify_depth == 0 ? "the node's certificate" : "a CA certificate of the node's";
}

static void
untrusted(const struct tls_session *s, struct err *err)
{
	const char *subject = strbuf_cstr(&s->subject);
	const char *issuer = strbuf_cstr(&s->issuer);

	switch (s->verify_error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		err_set(err,
		    "the node's certificate is of a CA that we do not trust: %s is not in %s, or is another of that "
		    "name",
		    issuer, tls_options(s->tls)->cacertfile);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		err_set(err, "the node's certificate (%s) is signed by itself, and is not in %s", subject,
		    tls_options(s->tls)->cacertfile);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		err_set(err,
		    "the node's certificate is for %s, not for %s: give the node by the name in its certificate, or "
		    "put %s into "
		    "the certificate's subjectAltName",
		    strbuf_cstr(&s->names), s->host, s->host);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		err_set(err, "%s (%s) expired on %s", whose(s), subject, strbuf_cstr(&s->until));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		err_set(
		    err, "%s (%s) is valid from %s only: is a clock wrong?", whose(s), subject, strbuf_cstr(&s->from));
		break;
	case X509_V_ERR_INVALID_PURPOSE:
		err_set(err, "%s (%s) is not meant for a TLS server (its key usage)", whose(s), subject);
		break;
	default:
		err_set(err, "%s (%s) is not accepted: %s", whose(s), subject,
		    X509_verify_cert_error_string(s->verify_error));
		break;
	}
}

/* ---- what the node says ------------------------------------------------------------------------------------------------ */

static void
refused(const struct tls *t, const char *alert, struct err *err)
{
	struct strbuf why = STRBUF_INIT;

	if (tls_options(t)->certfile == NULL)
		err_set(err,
		    "the node demands a certificate of ours, and there is none (TLS alert: %s): give {certfile, …} and "
		    "{keyfile, "
		    "…} in the client options of %s",
		    alert, tls_path(t));
	else if (tls_own_is_over(t, &why))
		err_set(err, "the node refuses our certificate (TLS alert: %s): %s", alert, why.data);
	else
		err_set(err,
		    "the node refuses our certificate %s (TLS alert: %s): is it of a CA in the node's cacertfile, and "
		    "meant for "
		    "a TLS client?",
		    tls_options(t)->certfile, alert);
	strbuf_release(&why);
}

static enum node_state
alerted(const struct tls_session *s, struct err *err)
{
	const char *text = SSL_alert_desc_string_long(s->alert);

	switch (s->alert) {
	case SSL_AD_PROTOCOL_VERSION:
		err_set(err, "the node speaks no version of TLS that we offer (%s%s%s)",
		    tls_options(s->tls)->tls_1_2 ? "1.2" : "",
		    tls_options(s->tls)->tls_1_2 && tls_options(s->tls)->tls_1_3 ? ", " : "",
		    tls_options(s->tls)->tls_1_3 ? "1.3" : "");
		return NODE_INCOMPATIBLE;
	case SSL_AD_INSUFFICIENT_SECURITY:
		err_set(err, "the node and we have no cipher in common that both find strong enough");
		return NODE_INCOMPATIBLE;
	case SSL_AD_HANDSHAKE_FAILURE:
		if (tls_options(s->tls)->certfile != NULL)
			break;
		refused(s->tls, text, err);
		return NODE_REFUSED;
	case SSL_AD_NO_CERTIFICATE:
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
	case SSL_AD_DECRYPT_ERROR: /* a signature: of another CA with the same name */
	case SSL_AD_CERTIFICATE_REQUIRED:
		refused(s->tls, text, err);
		return NODE_REFUSED;
	default:
		break;
	}
	err_set(err, "the node ended the TLS connection (alert: %s); its log says why", text);
	return NODE_REFUSED;
}

bool
tls_session_failed(struct tls_session *s, unsigned long error, bool opened, enum node_state *state, struct err *err)
{
	const char *reason;

	if (s->verify_error && !tls_options(s->tls)->verify_none) {
		untrusted(s, err);
		*state = NODE_REFUSED;
		return true;
	}
	if (s->alert >= 0) {
		*state = alerted(s, err);
		return true;
	}
	/* What has no library is a result code (SSL_ERROR_SYSCALL), which libevent puts among the errors. */
	if (ERR_GET_LIB(error) == 0 || ERR_GET_LIB(error) == ERR_LIB_SYS)
		error = 0; /* the network's, not TLS's */
	if (error == 0 && opened)
		return false;
	*state = error == 0 ? NODE_UNREACHABLE : NODE_INCOMPATIBLE;
	if (error == 0)
		return !err_set(err,
		    "closed the connection when TLS began: it is just ending, or its distribution does not run "
		    "over TLS");
	if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
	    (ERR_GET_REASON(error) == SSL_R_WRONG_VERSION_NUMBER || ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST ||
		ERR_GET_REASON(error) == SSL_R_PACKET_LENGTH_TOO_LONG))
		return !err_set(err,
		    opened ? "sent what is no TLS"
			   : "what listens there does not speak TLS: for a node with plain distribution leave "
			     "out --tls-conf");
	reason = ERR_reason_error_string(error);
	return !err_set(err, "TLS failed: %s", reason ? reason : "unknown error");
}

/* ---- a connection ------------------------------------------------------------------------------------------------------ */

/* Whom the certificate must name: an address or a name. A scope ("%eth0") is no part of an address in a certificate. */
static bool
expect_host(struct tls_session *s, struct err *err)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(s->ssl);
	unsigned char address[16];
	char *scope = strchr(s->host, '%');

	if (scope)
		*scope = '\0';
	if (inet_pton(AF_INET, s->host, address) == 1 || inet_pton(AF_INET6, s->host, address) == 1) {
		if (X509_VERIFY_PARAM_set1_ip_asc(param, s->host) == 1)
			return true;
	} else if (s->host[0] != '.') { /* to OpenSSL that means whatever is below the domain */
		X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
		/* Server name indication has names only, no addresses (RFC 6066). */
		if (SSL_set_tlsext_host_name(s->ssl, s->host) == 1 &&
		    X509_VERIFY_PARAM_set1_host(param, s->host, 0) == 1)
			return true;
	}
	ERR_clear_error();
	return err_set(err, "%s is no host name that a certificate could have", s->host);
}

struct tls_session *
tls_session_new(struct tls *t, const char *host, struct err *err)
{
	struct tls_session *s = xcalloc(1, sizeof(*s));

	s->tls = t;
	s->alert = -1;
	s->host = xstrdup(tls_options(t)->server_name ? tls_options(t)->server_name : host);
	s->ssl = SSL_new(tls_context(t));
	if (s->ssl == NULL)
		abort(); /* out of memory */
	SSL_set_app_data(s->ssl, s);
	if (tls_options(t)->no_server_name || expect_host(s, err))
		return s;
	SSL_free(s->ssl);
	s->ssl = NULL;
	tls_session_free(s);
	return NULL;
}

SSL *
tls_session_ssl(struct tls_session *s)
{
	return s->ssl;
}

void
tls_session_free(struct tls_session *s)
{
	if (s->ssl) {
		SSL_set_app_data(s->ssl, NULL);
		/* After a failure the farewell is not allowed, and its error must not be found by the next connection. */
		if (SSL_is_init_finished(s->ssl))
			SSL_shutdown(s->ssl);
		ERR_clear_error();
	}
	strbuf_release(&s->subject);
	strbuf_release(&s->issuer);
	strbuf_release(&s->names);
	strbuf_release(&s->from);
	strbuf_release(&s->until);
	free(s->host);
	free(s);
}
