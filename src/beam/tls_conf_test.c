/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/tls_conf.h"

#include <stdio.h>
#include <string.h>

#include "base/testing.h"

struct read {
	struct tls_conf conf;
	struct strbuf warnings;
	struct err err;
	bool ok;
};

static void
begin(struct read *r, const char *text)
{
	memset(r, 0, sizeof(*r));
	r->ok = tls_conf_read(&r->conf, "tls.conf", text, strlen(text), &r->warnings, &r->err);
}

static void
finish(struct read *r)
{
	tls_conf_release(&r->conf);
	strbuf_release(&r->warnings);
}

static void
expect_error(const char *text, const char *wanted)
{
	struct read r;

	begin(&r, text);
	assert_false(r.ok);
	if (strstr(r.err.text, wanted) == NULL)
		fail_msg("\"%s\" is said, not \"%s\"", r.err.text, wanted);
	finish(&r);
}

static void
expect_warning(const char *text, const char *wanted)
{
	struct read r;

	begin(&r, text);
	assert_true(r.ok);
	if (strstr(strbuf_cstr(&r.warnings), wanted) == NULL)
		fail_msg("\"%s\" is said, not \"%s\"", strbuf_cstr(&r.warnings), wanted);
	finish(&r);
}

#define CLIENT(options) "[{server, [{certfile, \"s\"}]},\n {client, [{cacertfile, \"ca\"}, " options "]}]."

static void
reads_the_client_options(void **state)
{
	struct read r;

	(void)state;
	begin(&r,
	    CLIENT(
		"{certfile, \"crt\"}, {keyfile, <<\"key\">>}, {password, [$p, 97]}, {verify, verify_peer}, {depth, 2},"
		"{versions, ['tlsv1.3']}, {secure_renegotiate, true}, {server_name_indication, \"host\"},"
		"{ciphers, [\"A-B\", <<\"C_D\">>]}, {crl_check, false}"));
	assert_true(r.ok);
	assert_string_equal(r.conf.certfile, "crt");
	assert_string_equal(r.conf.keyfile, "key");
	assert_string_equal(r.conf.cacertfile, "ca");
	assert_string_equal(r.conf.password, "pa");
	assert_string_equal(r.conf.server_name, "host");
	assert_string_equal(r.conf.ciphers, "A-B:C_D");
	assert_int_equal(r.conf.depth, 2);
	assert_true(r.conf.tls_1_3);
	assert_false(r.conf.tls_1_2);
	assert_false(r.conf.verify_none);
	assert_int_equal(r.warnings.len, 0);
	finish(&r);
}

static void
has_safe_defaults(void **state)
{
	struct read r;

	(void)state;
	begin(&r, CLIENT("{certfile, \"both.pem\"}, {password, \"\"}"));
	assert_true(r.ok);
	assert_string_equal(r.conf.keyfile, "both.pem");
	assert_null(r.conf.password);
	assert_true(r.conf.tls_1_2 && r.conf.tls_1_3);
	assert_false(r.conf.verify_none);
	assert_int_equal(r.conf.depth, -1);
	finish(&r);
	begin(&r, CLIENT("{certs_keys, [#{certfile => \"c\", keyfile => \"k\"}]}"));
	assert_true(r.ok);
	assert_string_equal(r.conf.certfile, "c");
	assert_string_equal(r.conf.keyfile, "k");
	finish(&r);
}

static void
names_what_it_does_not_follow(void **state)
{
	(void)state;
	expect_warning(CLIENT("{frobnicate, 7}"), "tls.conf:2: \"frobnicate\" is not known");
	expect_warning(CLIENT("inet6"), "tls.conf:2: \"inet6\" is not known");
	expect_warning(CLIENT("{'a\\n\\x{1b}b', 7}"), "\"a..b\" is not known");
	expect_warning(CLIENT("{verify, verify_none}"), "tls.conf:2: verify_none: ");
	expect_warning(CLIENT("{server_name_indication, disable}"), "is not checked");
	expect_warning(CLIENT("{versions, ['tlsv1.2', 'tlsv1.1']}"), "tlsv1.1 is broken");
	expect_warning(CLIENT("{certs_keys, [#{certfile => \"c\"}, #{}]}"), "only the first");
}

static void
refuses_what_would_be_weaker_than_it_says(void **state)
{
	static const char *const options[] = { "{verify_fun, {m, f, []}}", "{crl_check, true}", "{crl_check, peer}",
		"{cacerts, []}", "{cert, <<1>>}", "{key, {'RSAPrivateKey', <<1>>}}", "{signature_algs, []}",
		"{stapling, staple}", "{ocsp_stapling, true}", "{cert_policy_opts, [{explicit_policy, true}]}",
		"{versions, ['tlsv1.1']}", "{versions, []}", "{versions, ['sslv3', 'tlsv1.2']}", "{ciphers, []}",
		"{ciphers, [#{cipher => x}]}", "{ciphers, \"ALL:!aNULL@STRENGTH\"}", "{verify, none}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		struct strbuf text = STRBUF_INIT;
		char name[40];

		strbuf_addf(&text, CLIENT("%s"), options[i]);
		snprintf(name, sizeof(name), "tls.conf:2: %.*s: ", (int)strcspn(options[i] + 1, ","), options[i] + 1);
		expect_error(text.data, name);
		strbuf_release(&text);
	}
}

static void
says_what_is_wrong_and_where(void **state)
{
	(void)state;
	expect_error("{client, []}.", "tls.conf:1: a tuple where [{server");
	expect_error("[{server, []}].", "tls.conf:1: there is no {client");
	expect_error("[{client, []},\n {klient, []}].", "tls.conf:2: neither {server");
	expect_error("[{client, {}}].", "tls.conf:1: a tuple where the list of client options");
	expect_error("[{client, [7]}].", "tls.conf:1: an integer where an option");
	expect_error("[{client, [{verify, verify_peer}]}].", "no cacertfile");
	expect_error(CLIENT("{keyfile, \"k\"}"), "no certfile");
	expect_error(CLIENT("{certfile, \"\"}"), "certfile: a string where a text");
	expect_error(CLIENT("{certfile, \"a\\0b\"}"), "certfile: ");
	expect_error(CLIENT("{certfile, a}"), "certfile: an atom where a text");
	expect_error(CLIENT("{certfile, \"a\"}, {certfile, \"b\"}"), "certfile is given twice");
	expect_error(CLIENT("{certfile, \"a\"}, {certs_keys, [#{certfile => \"b\"}]}"), "certfile is given twice");
	expect_error(CLIENT("{certs_keys, []}"), "certs_keys: ");
	expect_error(CLIENT("{certs_keys, [#{cert => <<>>}]}"), "\"cert\" is not known here");
	expect_error(CLIENT("{depth, 101}"), "depth: ");
	expect_error(CLIENT("{versions, '1.3'}"), "versions: it is a list");
	expect_error("[{client, [{certfile, \"a\"", "tls.conf:1: the file ends");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_client_options),
		cmocka_unit_test(has_safe_defaults),
		cmocka_unit_test(names_what_it_does_not_follow),
		cmocka_unit_test(refuses_what_would_be_weaker_than_it_says),
		cmocka_unit_test(says_what_is_wrong_and_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
