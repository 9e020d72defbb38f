/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/utf8.h"
#include "beam/tls_conf.h"
#include "os/file.h"

#define PEM_MAX (1u << 20) /* bytes of a file */
#define NAMES_SHOWN 5

#define FILES 4 /* the conf itself, certificate, key, CA */

struct tls {
	char *path;
	struct tls_conf conf;
	SSL_CTX *ctx;
	struct stamp { /* of a file, to see that it changed */
		struct timespec modified;
		ino_t inode;
		off_t size;
	} stamps[FILES];
};

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
	struct strbuf sb = STRBUF_INIT;

	utf8_add_clean(&sb, data, len < 120 ? (size_t)len : 120);
	for (size_t i = 0; i < sb.len; i++)
		if ((unsigned char)sb.data[i] < 0x20 || sb.data[i] == 0x7F)
			sb.data[i] = '.';
	strbuf_add(out, strbuf_cstr(&sb), sb.len);
	strbuf_release(&sb);
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
put_time(const ASN1_TIME *time, struct strbuf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ASN1_TIME_print(bio, time);
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

static int
on_verify(int ok, X509_STORE_CTX *store)
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
	put_time(X509_get0_notBefore(cert), &s->from);
	put_time(X509_get0_notAfter(cert), &s->until);
	return ok;
}

static void
on_alert(const SSL *ssl, int where, int what)
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
		    issuer, s->tls->conf.cacertfile);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		err_set(err, "the node's certificate (%s) is signed by itself, and is not in %s", subject,
		    s->tls->conf.cacertfile);
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

/* Our own certificate is out of its time: then that is why. */
static bool
own_is_over(const struct tls *t, struct strbuf *out)
{
	const X509 *cert = SSL_CTX_get0_certificate(t->ctx);

	if (cert && X509_cmp_current_time(X509_get0_notAfter(cert)) < 0) {
		strbuf_addf(out, "%s expired on ", t->conf.certfile);
		put_time(X509_get0_notAfter(cert), out);
		return true;
	}
	if (cert && X509_cmp_current_time(X509_get0_notBefore(cert)) > 0) {
		strbuf_addf(out, "%s is valid only from ", t->conf.certfile);
		put_time(X509_get0_notBefore(cert), out);
		return true;
	}
	return false;
}

static void
refused(const struct tls *t, const char *alert, struct err *err)
{
	struct strbuf why = STRBUF_INIT;

	if (t->conf.certfile == NULL)
		err_set(err,
		    "the node demands a certificate of ours, and there is none (TLS alert: %s): give {certfile, …} and "
		    "{keyfile, "
		    "…} in the client options of %s",
		    alert, t->path);
	else if (own_is_over(t, &why))
		err_set(err, "the node refuses our certificate (TLS alert: %s): %s", alert, why.data);
	else
		err_set(err,
		    "the node refuses our certificate %s (TLS alert: %s): is it of a CA in the node's cacertfile, and "
		    "meant for "
		    "a TLS client?",
		    t->conf.certfile, alert);
	strbuf_release(&why);
}

static enum node_state
alerted(const struct tls_session *s, struct err *err)
{
	const char *text = SSL_alert_desc_string_long(s->alert);

	switch (s->alert) {
	case SSL_AD_PROTOCOL_VERSION:
		err_set(err, "the node speaks no version of TLS that we offer (%s%s%s)",
		    s->tls->conf.tls_1_2 ? "1.2" : "", s->tls->conf.tls_1_2 && s->tls->conf.tls_1_3 ? ", " : "",
		    s->tls->conf.tls_1_3 ? "1.3" : "");
		return NODE_INCOMPATIBLE;
	case SSL_AD_INSUFFICIENT_SECURITY:
		err_set(err, "the node and we have no cipher in common that both find strong enough");
		return NODE_INCOMPATIBLE;
	case SSL_AD_HANDSHAKE_FAILURE:
		if (s->tls->conf.certfile != NULL)
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

	if (s->verify_error && !s->tls->conf.verify_none) {
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
	} else {
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
	s->host = xstrdup(t->conf.server_name ? t->conf.server_name : host);
	s->ssl = SSL_new(t->ctx);
	if (s->ssl == NULL)
		abort(); /* out of memory */
	SSL_set_app_data(s->ssl, s);
	if (t->conf.no_server_name || expect_host(s, err))
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

/* ---- what we show, and whom we trust ------------------------------------------------------------------------------------ */

/* The reason of OpenSSL's last error; its queue is emptied. */
static const char *
last_reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return text ? text : "unknown error";
}

static bool
load_pem(const char *path, const char *what, struct strbuf *pem, struct err *err)
{
	struct err cause;

	return file_read(path, PEM_MAX, pem, &cause) || err_set(err, "%s: cannot be read: %s", what, cause.text);
}

/* The first certificate is ours, those behind it are sent along. */
static bool
add_certificates(SSL_CTX *ctx, BIO *bio, const char *path, struct err *err)
{
	bool ok = true;
	X509 *cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);

	if (cert == NULL)
		return err_set(err, "certfile: %s holds no certificate in PEM (%s)", path, last_reason());
	if (SSL_CTX_use_certificate(ctx, cert) != 1)
		ok = err_set(err, "certfile: %s: %s", path, last_reason());
	X509_free(cert);
	while (ok && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(ctx, cert) != 1) {
			X509_free(cert);
			ok = err_set(err, "certfile: %s: %s", path, last_reason());
		}
	ERR_clear_error(); /* the end of the file was one */
	return ok;
}

static bool
load_certificate(SSL_CTX *ctx, const struct tls_conf *c, struct err *err)
{
	struct strbuf pem = STRBUF_INIT;
	bool ok = load_pem(c->certfile, "certfile", &pem, err);
	BIO *bio;

	if (ok) {
		bio = BIO_new_mem_buf(strbuf_cstr(&pem), (int)pem.len);
		ok = add_certificates(ctx, bio, c->certfile, err);
		BIO_free(bio);
	}
	if (pem.data)
		explicit_bzero(pem.data, pem.cap); /* a key may be in the same file */
	strbuf_release(&pem);
	return ok;
}

struct password {
	const char *text;
	bool asked;
};

static int
on_password(char *buf, int size, int writing UNUSED, void *arg)
{
	struct password *p = arg;
	int len = p->text ? (int)strlen(p->text) : -1;

	p->asked = true;
	if (len < 0 || len > size)
		return -1;
	memcpy(buf, p->text, (size_t)len);
	return len;
}

static bool
no_key(const struct tls_conf *c, const struct password *p, struct err *err)
{
	const char *reason = last_reason();

	if (p->asked && c->password == NULL)
		return err_set(err, "keyfile: the key in %s is encrypted: give its {password, \"…\"}", c->keyfile);
	if (p->asked)
		return err_set(err, "keyfile: the key in %s cannot be decrypted: is the password right?", c->keyfile);
	return err_set(err, "keyfile: %s holds no private key in PEM (%s)", c->keyfile, reason);
}

static bool
load_key(SSL_CTX *ctx, const struct tls_conf *c, struct err *err)
{
	struct password password = { c->password, false };
	struct strbuf pem = STRBUF_INIT;
	EVP_PKEY *key = NULL;
	bool ok = load_pem(c->keyfile, "keyfile", &pem, err);
	BIO *bio;

	if (ok) {
		bio = BIO_new_mem_buf(strbuf_cstr(&pem), (int)pem.len);
		key = PEM_read_bio_PrivateKey(bio, NULL, on_password, &password);
		BIO_free(bio);
		ok = key || no_key(c, &password, err);
	}
	if (pem.data)
		explicit_bzero(pem.data, pem.cap);
	strbuf_release(&pem);
	if (ok && (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)) {
		ERR_clear_error();
		ok = err_set(
		    err, "keyfile: the key in %s is not that of the certificate in %s", c->keyfile, c->certfile);
	}
	EVP_PKEY_free(key);
	return ok;
}

static bool
load_ca(SSL_CTX *ctx, const struct tls_conf *c, struct err *err)
{
	struct strbuf pem = STRBUF_INIT;
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	int count = 0;
	X509 *cert;
	BIO *bio;

	if (!load_pem(c->cacertfile, "cacertfile", &pem, err))
		return false;
	bio = BIO_new_mem_buf(strbuf_cstr(&pem), (int)pem.len);
	while ((cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL)) != NULL) {
		count += X509_STORE_add_cert(store, cert) == 1;
		X509_free(cert);
	}
	BIO_free(bio);
	strbuf_release(&pem);
	ERR_clear_error();
	return count > 0 || err_set(err, "cacertfile: %s holds no certificate in PEM", c->cacertfile);
}

/* ---- ciphers ----------------------------------------------------------------------------------------------------------- */

/* Only what OpenSSL offers by itself: what is weak or without certificates is not among it. */
static const SSL_CIPHER *
find_cipher(SSL_CTX *ctx, const char *name, size_t len)
{
	STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);

	for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);
		const char *names[2] = { SSL_CIPHER_get_name(c), SSL_CIPHER_standard_name(c) };

		for (size_t n = 0; n < ARRAY_LEN(names); n++)
			if (names[n] && strlen(names[n]) == len && memcmp(names[n], name, len) == 0)
				return c;
	}
	return NULL;
}

/* TLS 1.3 has a list of its own. */
static bool
sort_ciphers(SSL_CTX *ctx, const struct tls_conf *c, struct strbuf *older, struct strbuf *newer, struct err *err)
{
	for (const char *p = c->ciphers; *p;) {
		size_t len = strcspn(p, ":");
		const SSL_CIPHER *cipher = find_cipher(ctx, p, len);
		struct strbuf *list;

		if (cipher == NULL)
			return err_set(
			    err, "ciphers: \"%.*s\" is not known, or too weak", (int)(len < 60 ? len : 60), p);
		list = strncmp(SSL_CIPHER_get_name(cipher), "TLS_", 4) == 0 ? newer : older;
		strbuf_adds(list, list->len ? ":" : "");
		strbuf_adds(list, SSL_CIPHER_get_name(cipher));
		p += len + (p[len] == ':');
	}
	return true;
}

static bool
set_ciphers(SSL_CTX *ctx, const struct tls_conf *c, struct err *err)
{
	struct strbuf older = STRBUF_INIT;
	struct strbuf newer = STRBUF_INIT;
	bool ok = sort_ciphers(ctx, c, &older, &newer, err);

	/* A version without ciphers is not offered. */
	if (ok && older.len == 0)
		SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	if (ok && newer.len == 0)
		SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	if (ok && ((older.len == 0 && !c->tls_1_3) || (newer.len == 0 && !c->tls_1_2)))
		ok = err_set(err, "ciphers: none of them is for the versions that are given");
	if (ok &&
	    ((older.len && SSL_CTX_set_cipher_list(ctx, older.data) != 1) ||
		(newer.len && SSL_CTX_set_ciphersuites(ctx, newer.data) != 1)))
		ok = err_set(err, "ciphers: %s", last_reason());
	strbuf_release(&older);
	strbuf_release(&newer);
	return ok;
}

/* ---- outside ----------------------------------------------------------------------------------------------------------- */

static SSL_CTX *
new_context(const struct tls_conf *c)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		abort(); /* out of memory */
	SSL_CTX_set_min_proto_version(ctx, c->tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
	SSL_CTX_set_max_proto_version(ctx, c->tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
	/* OTP closes without a farewell; frames have lengths, so nothing can be cut off unseen. New keys are granted whenever a node wants them. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	/* A read ends after each record, so a peer that sends empty ones for ever has no more than its turn. */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, c->verify_none ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, on_verify);
	if (c->depth >= 0)
		SSL_CTX_set_verify_depth(ctx, c->depth);
	SSL_CTX_set_info_callback(ctx, on_alert);
	return ctx;
}

static void
take_stamp(struct stamp *stamp, const char *path)
{
	struct stat st;

	memset(stamp, 0, sizeof(*stamp));
	if (path == NULL || stat(path, &st) != 0)
		return;
	stamp->modified = st.st_mtim;
	stamp->inode = st.st_ino;
	stamp->size = st.st_size;
}

static void
take_stamps(const struct tls *t, struct stamp stamps[FILES])
{
	const char *const paths[FILES] = { t->path, t->conf.certfile, t->conf.keyfile, t->conf.cacertfile };

	for (size_t i = 0; i < FILES; i++)
		take_stamp(&stamps[i], paths[i]);
}

static bool
load_files(SSL_CTX *ctx, const struct tls_conf *c, struct err *err)
{
	return (c->certfile == NULL || (load_certificate(ctx, c, err) && load_key(ctx, c, err))) &&
	    (c->cacertfile == NULL || load_ca(ctx, c, err)) && (c->ciphers == NULL || set_ciphers(ctx, c, err));
}

static void
warn_of_own(const struct tls *t, struct strbuf *warnings)
{
	if (own_is_over(t, warnings))
		strbuf_adds(warnings, "\n");
}

/* Fills in conf, ctx and stamps. */
static bool
load(struct tls *t, struct strbuf *warnings, struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	struct err cause;
	bool ok = file_read(t->path, PEM_MAX, &text, err) &&
	    tls_conf_read(&t->conf, t->path, strbuf_cstr(&text), text.len, warnings, err);

	if (text.data)
		explicit_bzero(text.data, text.cap);
	strbuf_release(&text);
	if (!ok)
		return false;
	/* Before they are read: what changes meanwhile is seen as a change. */
	take_stamps(t, t->stamps);
	t->ctx = new_context(&t->conf);
	if (!load_files(t->ctx, &t->conf, &cause))
		return err_set(err, "%s: %s", t->path, cause.text);
	warn_of_own(t, warnings);
	return true;
}

static void
release(struct tls *t)
{
	SSL_CTX_free(t->ctx);
	tls_conf_release(&t->conf);
}

struct tls *
tls_new(const char *path, struct strbuf *warnings, struct err *err)
{
	struct tls *t = xcalloc(1, sizeof(*t));

	t->path = xstrdup(path);
	if (load(t, warnings, err))
		return t;
	tls_free(t);
	return NULL;
}

bool
tls_refresh(struct tls *t, struct err *err)
{
	struct tls fresh = { .path = t->path };
	struct strbuf warnings = STRBUF_INIT;
	struct stamp stamps[FILES];
	bool ok;

	take_stamps(t, stamps);
	if (memcmp(stamps, t->stamps, sizeof(stamps)) == 0)
		return true;
	memcpy(t->stamps, stamps, sizeof(stamps));
	ok = load(&fresh, &warnings, err);
	strbuf_release(&warnings);
	if (!ok) {
		release(&fresh);
		return false;
	}
	release(t);
	*t = fresh;
	return true;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	release(t);
	free(t->path);
	free(t);
}
