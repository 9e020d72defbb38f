/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/tls_conf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "beam/consult.h"

#define OPTIONS_MAX 64 /* more than there are */

struct reader {
	struct tls_conf *c;
	const char *name; /* of the file */
	struct strbuf *warnings;
	struct err *err;
};

struct row;
typedef bool take_fn(struct reader *r, const struct row *row, const struct consult_term *value);

/* An option with `take` is followed; with `refused`, the file is refused for it; with neither it has no meaning for us, and nothing is said. */
struct row {
	const char *name;
	take_fn *take;
	size_t offset; /* of a text's field in struct tls_conf */
	const char *refused;
};

static take_fn take_text, take_verify, take_depth, take_versions, take_server_name, take_ciphers, take_certs_keys,
    take_crl_check;

#define AT(field) offsetof(struct tls_conf, field)

static const struct row OPTIONS[] = {
	{ "certfile", take_text, AT(certfile), NULL },
	{ "keyfile", take_text, AT(keyfile), NULL },
	{ "cacertfile", take_text, AT(cacertfile), NULL },
	{ "password", take_text, AT(password), NULL },
	{ "certs_keys", take_certs_keys, 0, NULL },
	{ "verify", take_verify, 0, NULL },
	{ "depth", take_depth, 0, NULL },
	{ "versions", take_versions, 0, NULL },
	{ "server_name_indication", take_server_name, 0, NULL },
	{ "ciphers", take_ciphers, 0, NULL },
	{ "crl_check", take_crl_check, 0, NULL },
	{ "cert", NULL, 0, "give the certificate in a file of PEM (certfile)" },
	{ "key", NULL, 0, "give the key in a file of PEM (keyfile)" },
	{ "cacerts", NULL, 0, "give the CA's certificates in a file of PEM (cacertfile)" },
	{ "verify_fun", NULL, 0,
	    "that function runs on an Erlang node only, and the check that it makes would be left out" },
	{ "signature_algs", NULL, 0,
	    "not followed, so weaker ones would be accepted; leave it out for OpenSSL's own choice" },
	{ "signature_algs_cert", NULL, 0,
	    "not followed, so weaker ones would be accepted; leave it out for OpenSSL's own choice" },
	{ "cert_policy_opts", NULL, 0, "not followed, so a certificate that breaks the policy would be accepted" },
	{ "stapling", NULL, 0, "not followed, so a revoked certificate would be accepted" },
	{ "ocsp_stapling", NULL, 0, "not followed, so a revoked certificate would be accepted" }, /* until OTP 26 */
	{ "psk_identity", NULL, 0, "pre-shared keys are not supported" },
	{ "srp_identity", NULL, 0, "SRP is not supported" },
	{ "user_lookup_fun", NULL, 0, "pre-shared keys and SRP are not supported" },
	{ "client_renegotiation", NULL, 0, NULL },
	{ "crl_cache", NULL, 0, NULL },
	{ "hibernate_after", NULL, 0, NULL },
	{ "keepalive", NULL, 0, NULL },
	{ "ktls", NULL, 0, NULL },
	{ "log_alert", NULL, 0, NULL },
	{ "log_level", NULL, 0, NULL },
	{ "nodelay", NULL, 0, NULL },
	{ "receiver_spawn_opts", NULL, 0, NULL },
	{ "reuse_session", NULL, 0, NULL },
	{ "reuse_sessions", NULL, 0, NULL },
	{ "secure_renegotiate", NULL, 0, NULL },
	{ "sender_spawn_opts", NULL, 0, NULL },
	{ "session_tickets", NULL, 0, NULL },
};

/* ---- what people are told -------------------------------------------------------------------------------------------- */

static bool PRINTF(3, 4) bad(struct reader *r, const struct consult_term *at, const char *fmt, ...)
{
	char what[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(r->err, "%s:%u: %s", r->name, at->line, what);
}

static void PRINTF(3, 4) warn(struct reader *r, const struct consult_term *at, const char *fmt, ...)
{
	char what[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	strbuf_addf(r->warnings, "%s:%u: %s\n", r->name, at->line, what);
}

/* A name out of the file, short and without control characters. */
static const char *
shown(const struct consult_term *t, char buf[64])
{
	struct strbuf sb = STRBUF_INIT;

	utf8_add_printable(&sb, t->text, t->len < 40 ? t->len : 40);
	snprintf(buf, 64, "%s", strbuf_cstr(&sb));
	strbuf_release(&sb);
	return buf;
}

/* ---- values ---------------------------------------------------------------------------------------------------------- */

/* A text; an empty one is none, which only a password may be. */
static bool
read_text(struct reader *r, const char *option, const struct consult_term *value, char **field)
{
	struct strbuf sb = STRBUF_INIT;
	bool ok = consult_chars(value, &sb) && (sb.len > 0 || field == &r->c->password);

	if (ok && sb.len > 0)
		*field = xstrdup(sb.data);
	if (sb.data)
		explicit_bzero(sb.data, sb.cap);
	strbuf_release(&sb);
	return ok ||
	    bad(r, value, "%s: %s where a text should be, which is not empty", option, consult_type_name(value));
}

static bool
take_text(struct reader *r, const struct row *row, const struct consult_term *value)
{
	return read_text(r, row->name, value, (char **)((char *)r->c + row->offset));
}

static bool
take_verify(struct reader *r, const struct row *row, const struct consult_term *value)
{
	r->c->verify_none = consult_is(value, "verify_none");
	return r->c->verify_none || consult_is(value, "verify_peer") ||
	    bad(r, value, "%s: it is verify_peer or verify_none", row->name);
}

static bool
take_depth(struct reader *r, const struct row *row, const struct consult_term *value)
{
	if (value->type != CONSULT_INTEGER || value->number < 0 || value->number > TLS_CONF_DEPTH_MAX)
		return bad(r, value, "%s: it is a number from 0 to %d", row->name, TLS_CONF_DEPTH_MAX);
	r->c->depth = (int)value->number;
	return true;
}

static bool
take_versions(struct reader *r, const struct row *row, const struct consult_term *value)
{
	char name[64];

	r->c->tls_1_2 = r->c->tls_1_3 = false;
	if (value->type != CONSULT_LIST)
		return bad(r, value, "%s: it is a list, like ['tlsv1.3', 'tlsv1.2']", row->name);
	for (const struct consult_term *t = value->first; t; t = t->next) {
		if (consult_is(t, "tlsv1.3"))
			r->c->tls_1_3 = true;
		else if (consult_is(t, "tlsv1.2"))
			r->c->tls_1_2 = true;
		else if (consult_is(t, "tlsv1.1") || consult_is(t, "tlsv1"))
			warn(r, t, "%s: %s is broken and not offered", row->name, t->text);
		else
			return bad(r, t, "%s: \"%s\" is no version of TLS", row->name, shown(t, name));
	}
	return r->c->tls_1_2 || r->c->tls_1_3 ||
	    bad(r, value, "%s: neither 'tlsv1.2' nor 'tlsv1.3' is among them", row->name);
}

static bool
take_server_name(struct reader *r, const struct row *row, const struct consult_term *value)
{
	r->c->no_server_name = consult_is(value, "disable");
	if (!r->c->no_server_name)
		return read_text(r, row->name, value, &r->c->server_name);
	warn(r, value, "%s: disable: the name in a node's certificate is not checked", row->name);
	return true;
}

/* A name of a cipher suite has letters, digits, - and _; OpenSSL's whole language of cipher strings is not meant. */
static bool
is_cipher_list(const char *s)
{
	return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:")] == '\0';
}

static bool
take_ciphers(struct reader *r, const struct row *row, const struct consult_term *value)
{
	struct strbuf sb = STRBUF_INIT;
	const struct consult_term *t = value;
	bool ok;

	if (value->type == CONSULT_LIST && value->first && value->first->type != CONSULT_INTEGER) {
		for (t = value->first, ok = true; t && ok; t = t->next) {
			if (sb.len > 0)
				strbuf_addc(&sb, ':');
			ok = consult_chars(t, &sb);
		}
	} else {
		ok = consult_chars(value, &sb);
	}
	ok = ok && sb.len > 0 && is_cipher_list(sb.data);
	if (ok)
		r->c->ciphers = xstrdup(sb.data);
	strbuf_release(&sb);
	return ok || bad(r, value, "%s: they are names, like [\"ECDHE-RSA-AES256-GCM-SHA384\"]", row->name);
}

static bool
take_crl_check(struct reader *r, const struct row *row, const struct consult_term *value)
{
	return consult_is(value, "false") ||
	    bad(r, value, "%s: revocation lists are not read, so a revoked certificate would be accepted", row->name);
}

/* [#{certfile => …, keyfile => …, password => …}, …]: the first is ours. */
static bool
take_certs_keys(struct reader *r, const struct row *row, const struct consult_term *value)
{
	const struct consult_term *map = value->type == CONSULT_LIST ? value->first : NULL;

	if (map == NULL || map->type != CONSULT_MAP)
		return bad(
		    r, value, "%s: it is a list of maps, like [#{certfile => \"…\", keyfile => \"…\"}]", row->name);
	if (value->count > 1)
		warn(r, value, "%s: only the first of them is used", row->name);
	for (const struct consult_term *key = map->first; key; key = key->next->next) {
		const struct row *found = NULL;
		char name[64];

		for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
			if (OPTIONS[i].take == take_text && consult_is(key, OPTIONS[i].name))
				found = &OPTIONS[i];
		if (found == NULL)
			return bad(r, key, "%s: \"%s\" is not known here", row->name, shown(key, name));
		if (*(char **)((char *)r->c + found->offset))
			return bad(r, key, "%s is given twice", found->name);
		if (!found->take(r, found, key->next))
			return false;
	}
	return true;
}

/* ---- options --------------------------------------------------------------------------------------------------------- */

static const struct row *
find_row(const struct consult_term *name)
{
	for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
		if (consult_is(name, OPTIONS[i].name))
			return &OPTIONS[i];
	return NULL;
}

static bool
take_option(struct reader *r, const struct consult_term *t, uint64_t *seen)
{
	const struct consult_term *name = t->first;
	const struct row *row;
	char buf[64];

	if (t->type == CONSULT_ATOM) { /* short for {Name, true}, as inet6: nothing that we follow */
		warn(r, t, "\"%s\" is not known, and not followed", shown(t, buf));
		return true;
	}
	if (t->type != CONSULT_TUPLE || t->count != 2 || name->type != CONSULT_ATOM)
		return bad(r, t, "%s where an option {Name, Value} should be", consult_type_name(t));
	row = find_row(name);
	if (row == NULL) {
		warn(r, t, "\"%s\" is not known, and not followed", shown(name, buf));
		return true;
	}
	if (*seen & 1ull << (row - OPTIONS) || (row->take == take_text && *(char **)((char *)r->c + row->offset)))
		return bad(r, t, "%s is given twice", row->name);
	*seen |= 1ull << (row - OPTIONS);
	if (row->refused)
		return bad(r, t, "%s: %s", row->name, row->refused);
	return row->take == NULL || row->take(r, row, name->next);
}

static bool
take_options(struct reader *r, const struct consult_term *list)
{
	uint64_t seen = 0;

	_Static_assert(ARRAY_LEN(OPTIONS) <= OPTIONS_MAX, "a bit for each");
	if (list->type != CONSULT_LIST)
		return bad(r, list, "%s where the list of client options should be", consult_type_name(list));
	for (const struct consult_term *t = list->first; t; t = t->next)
		if (!take_option(r, t, &seen))
			return false;
	return true;
}

/* What fits together. */
static bool
check(struct reader *r, const struct consult_term *client)
{
	struct tls_conf *c = r->c;

	if (c->certfile == NULL && c->keyfile)
		return bad(r, client, "there is a keyfile and no certfile");
	if (c->certfile && c->keyfile == NULL)
		c->keyfile = xstrdup(c->certfile);
	if (c->verify_none)
		warn(r, client,
		    "verify_none: the node's certificate is not checked, so whoever is between us and the node can "
		    "read and "
		    "change everything");
	else if (c->cacertfile == NULL)
		return bad(r, client,
		    "no cacertfile: without the CA's certificate no node's can be checked (or say {verify, "
		    "verify_none})");
	return true;
}

static bool
find_client(struct reader *r, const struct consult_term *top, const struct consult_term **client)
{
	*client = NULL;
	if (top->type != CONSULT_LIST)
		return bad(r, top, "%s where [{server, […]}, {client, […]}] should be", consult_type_name(top));
	for (const struct consult_term *t = top->first; t; t = t->next) {
		if (t->type != CONSULT_TUPLE || t->count != 2 ||
		    (!consult_is(t->first, "client") && !consult_is(t->first, "server")))
			return bad(r, t, "neither {server, […]} nor {client, […]}");
		if (*client == NULL && consult_is(t->first, "client"))
			*client = t->first->next;
	}
	return *client != NULL || bad(r, top, "there is no {client, […]}, and we are a client");
}

bool
tls_conf_read(
    struct tls_conf *c, const char *name, const char *text, size_t len, struct strbuf *warnings, struct err *err)
{
	struct reader r = { c, name, warnings, err };
	const struct consult_term *client;
	struct consult terms;
	bool ok;

	memset(c, 0, sizeof(*c));
	c->depth = -1;
	c->tls_1_2 = c->tls_1_3 = true;
	ok = consult_read(&terms, name, text, len, err) && find_client(&r, terms.term, &client) &&
	    take_options(&r, client) && check(&r, client);
	consult_release(&terms);
	return ok;
}

void
tls_conf_release(struct tls_conf *c)
{
	if (c->password)
		explicit_bzero(c->password, strlen(c->password));
	free(c->certfile);
	free(c->keyfile);
	free(c->cacertfile);
	free(c->password);
	free(c->server_name);
	free(c->ciphers);
	memset(c, 0, sizeof(*c));
}
