/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "beam/tls_conf.h"
#include "beam/tls_session.h"
#include "os/file.h"

#define PEM_MAX (1u << 20) /* bytes of a file */
#define FILES 4            /* the conf itself, certificate, key, CA */

struct tls {
	char *path;
	struct tls_conf conf;
	SSL_CTX *ctx;
	struct watched {    /* a file that was read last, whether it was any good or not, to see that it changed */
		char *path; /* NULL: none */
		struct stamp {
			struct timespec modified;
			ino_t inode;
			off_t size;
		} stamp;
	} files[FILES];
};

/* ---- for sessions ------------------------------------------------------------------------------------------------------ */

struct ssl_ctx_st *
tls_context(const struct tls *t)
{
	return t->ctx;
}

const struct tls_conf *
tls_options(const struct tls *t)
{
	return &t->conf;
}

const char *
tls_path(const struct tls *t)
{
	return t->path;
}

void
tls_put_time(const ASN1_TIME *time, struct strbuf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	ASN1_TIME_print(bio, time);
	len = BIO_get_mem_data(bio, &data);
	strbuf_add(out, data, (size_t)len);
	BIO_free(bio);
}

bool
tls_own_is_over(const struct tls *t, struct strbuf *out)
{
	const X509 *cert = SSL_CTX_get0_certificate(t->ctx);

	if (cert && X509_cmp_current_time(X509_get0_notAfter(cert)) < 0) {
		strbuf_addf(out, "%s expired on ", t->conf.certfile);
		tls_put_time(X509_get0_notAfter(cert), out);
		return true;
	}
	if (cert && X509_cmp_current_time(X509_get0_notBefore(cert)) > 0) {
		strbuf_addf(out, "%s is valid only from ", t->conf.certfile);
		tls_put_time(X509_get0_notBefore(cert), out);
		return true;
	}
	return false;
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
	SSL_CTX_set_verify(ctx, c->verify_none ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, tls_session_on_verify);
	if (c->depth >= 0)
		SSL_CTX_set_verify_depth(ctx, c->depth);
	SSL_CTX_set_info_callback(ctx, tls_session_on_alert);
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

/* Before it is read: what changes meanwhile is seen as a change. */
static void
watch(struct watched *w, const char *path)
{
	w->path = path ? xstrdup(path) : NULL;
	take_stamp(&w->stamp, path);
}

static bool
has_changed(const struct tls *t)
{
	struct stamp stamp;

	for (size_t i = 0; i < FILES; i++) {
		take_stamp(&stamp, t->files[i].path);
		if (memcmp(&stamp, &t->files[i].stamp, sizeof(stamp)) != 0)
			return true;
	}
	return false;
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
	if (tls_own_is_over(t, warnings))
		strbuf_adds(warnings, "\n");
}

/* Fills in files, conf and ctx. */
static bool
load(struct tls *t, struct strbuf *warnings, struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	struct err cause;
	bool ok;

	watch(&t->files[0], t->path);
	ok = file_read(t->path, PEM_MAX, &text, err) &&
	    tls_conf_read(&t->conf, t->path, strbuf_cstr(&text), text.len, warnings, err);
	if (text.data)
		explicit_bzero(text.data, text.cap);
	strbuf_release(&text);
	if (!ok)
		return false;
	watch(&t->files[1], t->conf.certfile);
	watch(&t->files[2], t->conf.keyfile);
	watch(&t->files[3], t->conf.cacertfile);
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
	for (size_t i = 0; i < FILES; i++)
		free(t->files[i].path);
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
tls_refresh(struct tls *t, struct strbuf *warnings, struct err *err)
{
	struct tls fresh = { .path = t->path };
	struct watched former[FILES];

	if (!has_changed(t))
		return true;
	if (load(&fresh, warnings, err)) {
		release(t);
		*t = fresh;
		return true;
	}
	/* What is wrong may be put right in a file that the former conf did not name. */
	memcpy(former, t->files, sizeof(former));
	memcpy(t->files, fresh.files, sizeof(t->files));
	memcpy(fresh.files, former, sizeof(former));
	release(&fresh);
	return false;
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
