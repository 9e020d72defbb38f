/* SPDX-License-Identifier: Apache-2.0 */
/* Over a socket pair, with a TLS server at the other end and a loop, both turned by hand; the certificates are made here. */
#include "beam/stream.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/testing.h"
#include "beam/tls.h"
#include "os/file.h"

#define DAY 86400L

struct pair { /* a certificate and its key */
	X509 *cert;
	EVP_PKEY *key;
};

/* What lives as long as the program: the folder, and the CA that signs. */
static struct {
	char folder[40];
	struct pair ca, other, node, us;
} made;

struct world {
	struct event_base *base;
	struct tls *tls;
	struct stream *stream;
	SSL_CTX *ctx; /* of the node */
	SSL *ssl;
	int node; /* its end */
	struct strbuf log;
	struct strbuf warnings;
	struct err err;
};

/* ---- certificates ---------------------------------------------------------------------------------------------------- */

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* hosts NULL: a CA. by NULL: signed by itself. Valid from and until so many days from now. */
static struct pair
make(const char *name, const char *hosts, const struct pair *by, long from, long until)
{
	struct pair p = { X509_new(), EVP_EC_gen("P-256") };
	X509_NAME *subject = X509_get_subject_name(p.cert);

	X509_set_version(p.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(p.cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(p.cert), from * DAY);
	X509_gmtime_adj(X509_getm_notAfter(p.cert), until * DAY);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(p.cert, by ? X509_get_subject_name(by->cert) : subject);
	X509_set_pubkey(p.cert, p.key);
	if (hosts)
		add_extension(p.cert, NID_subject_alt_name, hosts);
	else
		add_extension(p.cert, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(p.cert, by ? by->key : p.key, EVP_sha256()) > 0);
	return p;
}

static void
discard(struct pair *p)
{
	X509_free(p->cert);
	EVP_PKEY_free(p->key);
}

/* NAME.crt and NAME.key in the folder; a password for the key, or NULL. */
static void
write_pair(const struct pair *p, const char *name, char *password)
{
	struct strbuf path = STRBUF_INIT;
	FILE *f;

	strbuf_addf(&path, "%s/%s.crt", made.folder, name);
	f = fopen(path.data, "w");
	assert_int_equal(PEM_write_X509(f, p->cert), 1);
	fclose(f);
	strbuf_reset(&path);
	strbuf_addf(&path, "%s/%s.key", made.folder, name);
	f = fopen(path.data, "w");
	assert_int_equal(
	    PEM_write_PrivateKey(f, p->key, password ? EVP_aes_256_cbc() : NULL, NULL, 0, NULL, password), 1);
	fclose(f);
	strbuf_release(&path);
}

static int
make_all(void **state)
{
	char locked[] = "pass";

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	strcpy(made.folder, "/tmp/arsenal-stream-XXXXXX");
	if (mkdtemp(made.folder) == NULL)
		return -1;
	made.ca = make("the CA", NULL, NULL, -1, 1);
	made.other = make("the CA", NULL, NULL, -1, 1);
	made.node = make("node", "DNS:host.example,DNS:*.wild.example,IP:127.0.0.1,IP:::1", &made.ca, -1, 1);
	made.us = make("us", "DNS:us", &made.ca, -1, 1);
	write_pair(&made.ca, "ca", NULL);
	write_pair(&made.other, "other", NULL);
	write_pair(&made.us, "us", NULL);
	write_pair(&made.us, "locked", locked);
	return 0;
}

static int
discard_all(void **state)
{
	struct strbuf command = STRBUF_INIT;
	int code;

	(void)state;
	discard(&made.ca);
	discard(&made.other);
	discard(&made.node);
	discard(&made.us);
	strbuf_addf(&command, "rm -rf %s", made.folder);
	code = system(command.data);
	strbuf_release(&command);
	return code;
}

/* ---- both ends ------------------------------------------------------------------------------------------------------- */

static void
on_opened(void *arg)
{
	strbuf_adds(&((struct world *)arg)->log, "opened\n");
}

static void
on_readable(void *arg, struct evbuffer *in)
{
	struct world *w = arg;
	char text[64];
	int n;

	while ((n = evbuffer_remove(in, text, sizeof(text))) > 0)
		strbuf_add(&w->log, text, (size_t)n);
}

static void
on_ended(void *arg, enum stream_end how, enum node_state state, const char *reason)
{
	static const char *const names[] = { "closed", "lost", "tls" };
	struct world *w = arg;

	strbuf_addf(&w->log, "%s, %s: %s\n", names[how], node_state_name(state), reason);
	/* As the connector does. */
	stream_free(w->stream);
	w->stream = NULL;
}

static const struct stream_handlers HANDLERS = { .opened = on_opened, .readable = on_readable, .ended = on_ended };

/* The file conf in the folder, with the client options; @ in it is the folder. */
static void
write_conf(const char *options)
{
	struct strbuf text = STRBUF_INIT;
	struct strbuf path = STRBUF_INIT;
	struct err err;

	strbuf_adds(&text, "[{client, [");
	for (const char *p = options; *p; p++)
		if (*p == '@')
			strbuf_adds(&text, made.folder);
		else
			strbuf_addc(&text, *p);
	strbuf_adds(&text, "]}].");
	strbuf_addf(&path, "%s/conf", made.folder);
	assert_true(file_write(path.data, 0600, text.data, text.len, &err));
	strbuf_release(&text);
	strbuf_release(&path);
}

static bool
configure(struct world *w, const char *options)
{
	struct strbuf path = STRBUF_INIT;

	memset(w, 0, sizeof(*w));
	write_conf(options);
	strbuf_addf(&path, "%s/conf", made.folder);
	w->tls = tls_new(path.data, &w->warnings, &w->err);
	strbuf_release(&path);
	return w->tls != NULL;
}

/* The node has this certificate, and wants one of ours of the CA; NULL: it speaks no TLS. */
static void
open_to(struct world *w, const char *host, const struct pair *node)
{
	int fds[2];

	w->base = event_base_new();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	w->node = fds[1];
	if (node) {
		w->ctx = SSL_CTX_new(TLS_server_method());
		SSL_CTX_use_certificate(w->ctx, node->cert);
		SSL_CTX_use_PrivateKey(w->ctx, node->key);
		X509_STORE_add_cert(SSL_CTX_get_cert_store(w->ctx), made.ca.cert);
		SSL_CTX_set_verify(w->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		w->ssl = SSL_new(w->ctx);
		SSL_set_fd(w->ssl, w->node);
		SSL_set_accept_state(w->ssl);
	}
	w->stream = stream_new(w->base, fds[0], w->tls, host, &w->err);
	assert_non_null(w->stream);
	stream_handle(w->stream, &HANDLERS, w);
}

#define GOOD "{certfile, \"@/us.crt\"}, {keyfile, \"@/us.key\"}, {cacertfile, \"@/ca.crt\"}"

/* Both sides until nothing moves any more. */
static void
turn(struct world *w)
{
	for (int i = 0; i < 30; i++) {
		event_base_loop(w->base, EVLOOP_NONBLOCK);
		if (w->ssl)
			SSL_do_handshake(w->ssl);
	}
}

static void
finish(struct world *w)
{
	stream_free(w->stream);
	if (w->base)
		event_base_free(w->base);
	tls_free(w->tls);
	SSL_free(w->ssl);
	SSL_CTX_free(w->ctx);
	if (w->node > 0)
		close(w->node);
	strbuf_release(&w->log);
	strbuf_release(&w->warnings);
}

static void
expect_log(struct world *w, const char *wanted)
{
	if (strstr(strbuf_cstr(&w->log), wanted) == NULL)
		fail_msg("\"%s\" is told, not \"%s\"", strbuf_cstr(&w->log), wanted);
}

static void
expect(const char *options, const char *host, const struct pair *node, const char *wanted)
{
	struct world w;

	assert_true(configure(&w, options));
	open_to(&w, host, node);
	turn(&w);
	expect_log(&w, wanted);
	finish(&w);
}

/* ---- tests ----------------------------------------------------------------------------------------------------------- */

static void
carries_bytes_in_the_clear(void **state)
{
	struct world w = { .node = -1 };
	char text[8] = "";

	(void)state;
	open_to(&w, "h", NULL);
	assert_true(stream_is_open(w.stream));
	stream_write(w.stream, "hello", 5);
	assert_int_equal(write(w.node, "good day", 8), 8);
	turn(&w);
	assert_string_equal(strbuf_cstr(&w.log), "good day");
	assert_int_equal(read(w.node, text, sizeof(text)), 5);
	close(w.node);
	w.node = -1;
	turn(&w);
	expect_log(&w, "closed, unreachable: the connection was closed by the node");
	finish(&w);
}

static void
carries_bytes_through_tls(void **state)
{
	static const char *const hosts[] = { "host.example", "a.wild.example", "127.0.0.1", "::1", "::1%lo" };
	char text[8] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct world w;

		assert_true(configure(&w, GOOD));
		assert_int_equal(w.warnings.len, 0);
		open_to(&w, hosts[i], &made.node);
		assert_false(stream_is_open(w.stream));
		stream_write(w.stream, "hello", 5);
		turn(&w);
		assert_string_equal(strbuf_cstr(&w.log), "opened\n");
		assert_int_equal(SSL_read(w.ssl, text, sizeof(text)), 5);
		assert_memory_equal(text, "hello", 5);
		assert_int_equal(SSL_write(w.ssl, "good day", 8), 8);
		turn(&w);
		assert_string_equal(strbuf_cstr(&w.log), "opened\ngood day");
		/* Names are sent, addresses are not. */
		if (i == 0)
			assert_string_equal(SSL_get_servername(w.ssl, TLSEXT_NAMETYPE_host_name), hosts[i]);
		if (i == 2)
			assert_null(SSL_get_servername(w.ssl, TLSEXT_NAMETYPE_host_name));
		stream_free(w.stream);
		w.stream = NULL;
		turn(&w);
		assert_int_equal(SSL_read(w.ssl, text, sizeof(text)), 0);
		assert_int_equal(SSL_get_shutdown(w.ssl), SSL_RECEIVED_SHUTDOWN); /* the farewell */
		finish(&w);
	}
}

static void
an_end_without_farewell_is_an_end(void **state)
{
	(void)state;
	for (int how = 0; how < 3; how++) {
		struct world w;

		assert_true(configure(&w, GOOD));
		open_to(&w, "127.0.0.1", &made.node);
		turn(&w);
		if (how == 0)
			shutdown(w.node, SHUT_RDWR);
		else if (how == 1)
			shutdown(stream_fd(w.stream), SHUT_RDWR); /* as the watchdog does */
		else
			SSL_shutdown(w.ssl);
		turn(&w);
		expect_log(&w, "closed, unreachable: the connection was closed by the node");
		finish(&w);
	}
}

static void
says_why_a_node_is_not_trusted(void **state)
{
	struct pair late = make("late", "DNS:host.example", &made.ca, -9, -1);
	struct pair early = make("early", "DNS:host.example", &made.ca, 1, 9);
	struct pair self = make("self", "DNS:host.example", NULL, -1, 1);
	struct pair false_ca = make("stranger", "DNS:host.example", &made.other, -1, 1);

	(void)state;
	expect(GOOD, "host.example", &late, "tls, refused: the node's certificate (CN = late) expired on ");
	expect(GOOD, "host.example", &early, "tls, refused: the node's certificate (CN = early) is valid from ");
	expect(GOOD, "host.example", &self, "tls, refused: the node's certificate (CN = self) is signed by itself");
	expect(GOOD, "host.example", &false_ca, "is of a CA that we do not trust: CN = the CA is not in ");
	expect(GOOD, "elsewhere", &made.node,
	    "tls, refused: the node's certificate is for host.example, *.wild.example, 127.0.0.1, ::1, not for "
	    "elsewhere: ");
	expect(GOOD, "10.0.0.1", &made.node, "not for 10.0.0.1: ");
	expect(GOOD ", {server_name_indication, \"x.example\"}", "host.example", &made.node, "not for x.example: ");
	expect(GOOD ", {server_name_indication, disable}", "elsewhere", &made.node, "opened\n");
	expect(GOOD ", {server_name_indication, \"host.example\"}", "elsewhere", &made.node, "opened\n");
	expect(GOOD ", {verify, verify_none}", "elsewhere", &late, "opened\n");
	discard(&late);
	discard(&early);
	discard(&self);
	discard(&false_ca);
}

/* OpenSSL takes ".example" for all names that end so, and "" for any. */
static void
takes_no_name_that_stands_for_many(void **state)
{
	static const char *const hosts[] = { ".example", "", "%lo" };
	struct world w;
	int fds[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		assert_true(configure(&w, GOOD));
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
		w.node = fds[1];
		w.base = event_base_new();
		assert_null(stream_new(w.base, fds[0], w.tls, hosts[i], &w.err));
		assert_non_null(strstr(w.err.text, "is no host name that a certificate could have"));
		finish(&w);
	}
}

static void
says_why_a_node_does_not_trust_us(void **state)
{
	struct pair late = make("late", "DNS:us", &made.ca, -9, -1);
	struct pair stranger = make("stranger", "DNS:us", &made.other, -1, 1);

	(void)state;
	write_pair(&late, "late", NULL);
	write_pair(&stranger, "stranger", NULL);
	for (int i = 0; i < 2; i++) {
		const char *version = i ? ", {versions, ['tlsv1.3']}" : ", {versions, ['tlsv1.2']}";
		struct strbuf options = STRBUF_INIT;

		strbuf_addf(&options, "{cacertfile, \"@/ca.crt\"}%s", version);
		expect(options.data, "127.0.0.1", &made.node, "tls, refused: the node demands a certificate of ours");
		strbuf_adds(&options, ", {certfile, \"@/late.crt\"}, {keyfile, \"@/late.key\"}");
		expect(options.data, "127.0.0.1", &made.node,
		    "tls, refused: the node refuses our certificate (TLS alert: ");
		expect(options.data, "127.0.0.1", &made.node, "late.crt expired on ");
		strbuf_reset(&options);
		strbuf_addf(&options,
		    "{cacertfile, \"@/ca.crt\"}, {certfile, \"@/stranger.crt\"}, {keyfile, \"@/stranger.key\"}%s",
		    version);
		expect(options.data, "127.0.0.1", &made.node, "is it of a CA in the node's cacertfile");
		strbuf_release(&options);
	}
	discard(&late);
	discard(&stranger);
}

static void
says_that_it_is_no_tls(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *wanted;
	} table[] = {
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", 28, "tls, incompatible: what listens there does not speak TLS" },
		{ "\0\3sok", 5, "tls, incompatible: what listens there does not speak TLS" },
		{ "\x15\3\3\0\2\2\x46", 7,
		    "tls, incompatible: the node speaks no version of TLS that we offer (1.2, 1.3)" },
		{ "\x15\3\3\0\2\2\x47", 7, "find strong enough" },
		{ "\x15\3\3\0\2\2\x50", 7, "tls, refused: the node ended the TLS connection (alert: internal error)" },
		{ "\x16\3\3\xff\xff", 5, "tls, incompatible: what listens there does not speak TLS" },
		{ "\x16\3\3\0\5\2\0\0\1\1", 10, "tls, incompatible: TLS failed: " },
		{ NULL, 0, "tls, unreachable: closed the connection when TLS began" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct world w;

		assert_true(configure(&w, GOOD));
		open_to(&w, "host.example", NULL);
		if (table[i].len > 0)
			assert_int_equal(write(w.node, table[i].bytes, table[i].len), table[i].len);
		else
			shutdown(w.node, SHUT_RDWR);
		turn(&w);
		expect_log(&w, table[i].wanted);
		finish(&w);
	}
}

static void
takes_the_ciphers_that_are_named(void **state)
{
	(void)state;
	expect(GOOD ", {ciphers, [\"ECDHE-ECDSA-AES256-GCM-SHA384\"]}", "127.0.0.1", &made.node, "opened\n");
	expect(GOOD ", {ciphers, \"TLS_AES_128_GCM_SHA256:TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\"}", "127.0.0.1",
	    &made.node, "opened\n");
}

static void
says_what_is_wrong_with_the_files(void **state)
{
	static const struct {
		const char *options;
		const char *wanted;
	} bad[] = {
		{ "{cacertfile, \"@/none\"}", "cacertfile: cannot be read: " },
		{ "{cacertfile, \"@/us.key\"}", "us.key holds no certificate in PEM" },
		{ GOOD ", {certfile, \"x\"}", "certfile is given twice" },
		{ "{certfile, \"@/none\"}, {cacertfile, \"@/ca.crt\"}", "certfile: cannot be read: " },
		{ "{certfile, \"@/us.key\"}, {cacertfile, \"@/ca.crt\"}", "us.key holds no certificate in PEM" },
		{ "{certfile, \"@/us.crt\"}, {keyfile, \"@/none\"}, {cacertfile, \"@/ca.crt\"}",
		    "keyfile: cannot be read: " },
		{ "{certfile, \"@/us.crt\"}, {cacertfile, \"@/ca.crt\"}", "us.crt holds no private key in PEM" },
		{ "{certfile, \"@/us.crt\"}, {keyfile, \"@/ca.key\"}, {cacertfile, \"@/ca.crt\"}",
		    "ca.key is not that of the certificate in " },
		{ "{certfile, \"@/us.crt\"}, {keyfile, \"@/locked.key\"}, {cacertfile, \"@/ca.crt\"}",
		    "locked.key is encrypted: give its {password" },
		{ "{certfile, \"@/us.crt\"}, {keyfile, \"@/locked.key\"}, {password, \"no\"}, {cacertfile, "
		  "\"@/ca.crt\"}",
		    "locked.key cannot be decrypted: is the password right?" },
		{ GOOD ", {ciphers, \"ALL\"}", "ciphers: \"ALL\" is not known, or too weak" },
		{ GOOD ", {ciphers, \"AECDH-AES256-SHA\"}", "ciphers: \"AECDH-AES256-SHA\" is not known, or too weak" },
		{ GOOD ", {ciphers, \"TLS_AES_128_GCM_SHA256\"}, {versions, ['tlsv1.2']}", "ciphers: none of them" },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(configure(&w, bad[i].options));
		if (strstr(w.err.text, bad[i].wanted) == NULL)
			fail_msg("\"%s\" is said, not \"%s\"", w.err.text, bad[i].wanted);
		assert_non_null(strstr(w.err.text, "/conf"));
		finish(&w);
	}
	assert_true(configure(&w,
	    "{certfile, \"@/us.crt\"}, {keyfile, \"@/locked.key\"}, {password, \"pass\"}, {cacertfile, \"@/ca.crt\"}"));
	finish(&w);
}

static void
reads_changed_files_again(void **state)
{
	struct strbuf path = STRBUF_INIT;
	struct world w;
	struct err err;

	(void)state;
	strbuf_addf(&path, "%s/changing.crt", made.folder);
	write_pair(&made.other, "changing", NULL);
	assert_true(
	    configure(&w, "{certfile, \"@/us.crt\"}, {keyfile, \"@/us.key\"}, {cacertfile, \"@/changing.crt\"}"));
	assert_true(tls_refresh(w.tls, &w.warnings, &err));
	assert_true(file_write(path.data, 0600, "nonsense", 8, &err));
	assert_false(tls_refresh(w.tls, &w.warnings, &err));
	assert_non_null(strstr(err.text, "changing.crt holds no certificate"));
	assert_true(tls_refresh(w.tls, &w.warnings, &err)); /* said once */
	unlink(path.data);                                  /* so that it is another file, however fast we are */
	write_pair(&made.ca, "changing", NULL);
	assert_true(tls_refresh(w.tls, &w.warnings, &err));
	open_to(&w, "host.example", &made.node);
	turn(&w);
	expect_log(&w, "opened\n");
	finish(&w);
	strbuf_release(&path);
}

/* A changed conf names a file that comes later: nothing else changes then. */
static void
sees_a_file_that_was_missing(void **state)
{
	struct world w;
	struct err err;

	(void)state;
	assert_true(configure(&w, "{certfile, \"@/us.crt\"}, {keyfile, \"@/us.key\"}, {cacertfile, \"@/other.crt\"}"));
	write_conf("{certfile, \"@/us.crt\"}, {keyfile, \"@/us.key\"}, {cacertfile, \"@/missing.crt\"}");
	assert_false(tls_refresh(w.tls, &w.warnings, &err));
	assert_non_null(strstr(err.text, "cacertfile: cannot be read"));
	assert_true(tls_refresh(w.tls, &w.warnings, &err)); /* said once */
	write_pair(&made.ca, "missing", NULL);
	assert_true(tls_refresh(w.tls, &w.warnings, &err));
	assert_int_equal(w.warnings.len, 0);
	open_to(&w, "host.example", &made.node);
	turn(&w);
	expect_log(&w, "opened\n");
	finish(&w);
}

/* As at the start, nobody goes without checks unwarned. */
static void
warns_of_a_change(void **state)
{
	struct world w;
	struct err err;

	(void)state;
	assert_true(configure(&w, GOOD));
	write_conf(GOOD ", {verify, verify_none}");
	assert_true(tls_refresh(w.tls, &w.warnings, &err));
	assert_non_null(strstr(strbuf_cstr(&w.warnings), "verify_none: "));
	finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_bytes_in_the_clear),
		cmocka_unit_test(carries_bytes_through_tls),
		cmocka_unit_test(an_end_without_farewell_is_an_end),
		cmocka_unit_test(says_why_a_node_is_not_trusted),
		cmocka_unit_test(takes_no_name_that_stands_for_many),
		cmocka_unit_test(says_why_a_node_does_not_trust_us),
		cmocka_unit_test(says_that_it_is_no_tls),
		cmocka_unit_test(takes_the_ciphers_that_are_named),
		cmocka_unit_test(says_what_is_wrong_with_the_files),
		cmocka_unit_test(reads_changed_files_again),
		cmocka_unit_test(sees_a_file_that_was_missing),
		cmocka_unit_test(warns_of_a_change),
	};

	return cmocka_run_group_tests(tests, make_all, discard_all);
}
