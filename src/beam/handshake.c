/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/handshake.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define DIGEST_SIZE 16
#define PACKET_MAX 1024 /* the largest has a name of 255 bytes */

enum step { WAIT_STATUS, WAIT_CHALLENGE, WAIT_ACK, FINISHED, BROKEN };

/* ---- writing --------------------------------------------------------------------------------------------------------- */

static void
put_uint(struct strbuf *out, uint64_t v, unsigned bytes)
{
	for (unsigned i = bytes; i > 0; i--)
		strbuf_addc(out, (char)(v >> 8 * (i - 1)));
}

static unsigned
length_bytes(const struct handshake *h)
{
	return h->options.wide ? 4 : 2;
}

static void
put_name(struct handshake *h, struct strbuf *out)
{
	size_t len = strlen(h->options.local_name);

	put_uint(out, 1 + 8 + 4 + 2 + len, length_bytes(h));
	strbuf_addc(out, 'N');
	put_uint(out, HANDSHAKE_FLAGS, 8);
	put_uint(out, h->options.creation, 4);
	put_uint(out, len, 2);
	strbuf_add(out, h->options.local_name, len);
}

static void
put_reply(struct handshake *h, uint32_t challenge, struct strbuf *out)
{
	uint8_t digest[DIGEST_SIZE];

	handshake_digest(h->options.cookie, challenge, digest);
	put_uint(out, 1 + 4 + DIGEST_SIZE, length_bytes(h));
	strbuf_addc(out, 'r');
	put_uint(out, h->options.challenge, 4);
	strbuf_add(out, digest, DIGEST_SIZE);
}

void
handshake_digest(const char *cookie, uint32_t challenge, uint8_t digest[16])
{
	char decimal[12];
	int len = snprintf(decimal, sizeof(decimal), "%" PRIu32, challenge);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_md5(), NULL) && EVP_DigestUpdate(ctx, cookie, strlen(cookie)) &&
	    EVP_DigestUpdate(ctx, decimal, (size_t)len) && EVP_DigestFinal_ex(ctx, digest, NULL);

	EVP_MD_CTX_free(ctx);
	/* No MD5 (a FIPS provider): then no cookie can be right, ours or theirs. */
	if (!ok)
		memset(digest, 0, DIGEST_SIZE);
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static uint64_t
get_uint(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

static enum handshake_result
fail(struct handshake *h, enum node_state state)
{
	h->step = BROKEN;
	h->state = state;
	return HANDSHAKE_FAILED;
}

/* A peer's bytes within a message for a person. */
static void
printable(char *buf, size_t size, const void *data, size_t len)
{
	struct strbuf sb = STRBUF_INIT;

	utf8_add_printable(&sb, data, len < 40 ? len : 40);
	snprintf(buf, size, "%s", strbuf_cstr(&sb));
	strbuf_release(&sb);
}

static enum handshake_result
alive(struct handshake *h, struct strbuf *out, struct err *err)
{
	const char *answer = h->options.replace_own ? "true" : "false";

	put_uint(out, 1 + strlen(answer), length_bytes(h));
	strbuf_addc(out, 's');
	strbuf_adds(out, answer);
	if (h->options.replace_own) {
		h->step = WAIT_CHALLENGE;
		return HANDSHAKE_MORE;
	}
	err_set(err,
	    "another program uses our node name %s there: give this one a state folder of its own, or stop the other",
	    h->options.local_name);
	return fail(h, NODE_REFUSED);
}

static enum handshake_result
on_status(struct handshake *h, const uint8_t *p, size_t len, struct strbuf *out, struct err *err)
{
	char status[128];

	if (len < 1 || p[0] != 's') {
		printable(status, sizeof(status), p, len);
		err_set(err, "sent what is no distribution protocol (\"%s\")", status);
		return fail(h, NODE_INCOMPATIBLE);
	}
	printable(status, sizeof(status), p + 1, len - 1);
	if (strcmp(status, "ok") == 0 || strcmp(status, "ok_simultaneous") == 0) {
		h->step = WAIT_CHALLENGE;
		return HANDSHAKE_MORE;
	}
	if (strcmp(status, "alive") == 0)
		return alive(h, out, err);
	if (strcmp(status, "nok") == 0) {
		err_set(err, "is busy with another connection attempt of our name %s", h->options.local_name);
		return fail(h, NODE_REFUSED);
	}
	if (strcmp(status, "not_allowed") == 0) {
		err_set(err, "does not allow connections from %s (net_kernel:allow/1 there, or a host name it refuses)",
		    h->options.local_name);
		return fail(h, NODE_REFUSED);
	}
	if (strncmp(status, "named:", 6) == 0)
		err_set(err, "wants to give us another node name, which we did not ask for");
	else
		err_set(err, "answered our name with the unknown status \"%s\"", status);
	return fail(h, NODE_INCOMPATIBLE);
}

static bool
same_alive(const char *a, const char *b)
{
	size_t len = strcspn(a, "@");

	return strncmp(a, b, len) == 0 && b[len] == '@';
}

static bool
take_peer_name(struct handshake *h, const uint8_t *name, size_t len, struct err *err)
{
	if (len == 0 || len > NODE_NAME_MAX || memchr(name, 0, len))
		return err_set(err, "sent a node name that is none");
	memcpy(h->peer_name, name, len);
	h->peer_name[len] = '\0';
	return true;
}

static enum handshake_result
check_peer(struct handshake *h, struct err *err)
{
	if ((h->peer_flags & HANDSHAKE_NEEDED) != HANDSHAKE_NEEDED) {
		err_set(err, "is too old or no Erlang node: it lacks capabilities %#" PRIx64 " of OTP 23",
		    (uint64_t)(HANDSHAKE_NEEDED & ~h->peer_flags));
		return fail(h, NODE_INCOMPATIBLE);
	}
	if (!same_alive(h->options.node, h->peer_name)) {
		char name[128];

		printable(name, sizeof(name), h->peer_name, strlen(h->peer_name));
		err_set(err, "the node that answers there is %s: watch it by that name", name);
		return fail(h, NODE_REFUSED);
	}
	return HANDSHAKE_MORE;
}

static enum handshake_result
on_challenge(struct handshake *h, const uint8_t *p, size_t len, struct strbuf *out, struct err *err)
{
	const size_t head = 1 + 8 + 4 + 4 + 2; /* 'N' flags challenge creation name length */

	if (len > 0 && p[0] == 'n') {
		err_set(err, "is a node of OTP 22 or older: OTP 23 is the oldest that can be watched");
		return fail(h, NODE_INCOMPATIBLE);
	}
	if (len < head || p[0] != 'N' || len < head + get_uint(p + 17, 2)) {
		err_set(err, "sent a malformed challenge");
		return fail(h, NODE_INCOMPATIBLE);
	}
	h->peer_flags = get_uint(p + 1, 8);
	h->peer_creation = (uint32_t)get_uint(p + 13, 4);
	if (!take_peer_name(h, p + head, (size_t)get_uint(p + 17, 2), err))
		return fail(h, NODE_INCOMPATIBLE);
	if (check_peer(h, err) == HANDSHAKE_FAILED)
		return HANDSHAKE_FAILED;
	put_reply(h, (uint32_t)get_uint(p + 9, 4), out);
	h->step = WAIT_ACK;
	return HANDSHAKE_MORE;
}

static enum handshake_result
on_ack(struct handshake *h, const uint8_t *p, size_t len, struct err *err)
{
	uint8_t digest[DIGEST_SIZE];

	if (len != 1 + DIGEST_SIZE || p[0] != 'a') {
		err_set(err, "sent a malformed challenge acknowledgement");
		return fail(h, NODE_INCOMPATIBLE);
	}
	handshake_digest(h->options.cookie, h->options.challenge, digest);
	if (CRYPTO_memcmp(digest, p + 1, DIGEST_SIZE) != 0) {
		err_set(err, "cookie rejected: the node does not prove that it knows ours");
		return fail(h, NODE_REFUSED);
	}
	h->step = FINISHED;
	return HANDSHAKE_DONE;
}

static enum handshake_result
on_packet(struct handshake *h, const uint8_t *p, size_t len, struct strbuf *out, struct err *err)
{
	switch ((enum step)h->step) {
	case WAIT_STATUS:
		return on_status(h, p, len, out, err);
	case WAIT_CHALLENGE:
		return on_challenge(h, p, len, out, err);
	case WAIT_ACK:
		return on_ack(h, p, len, err);
	case FINISHED:
	case BROKEN:
		break;
	}
	return HANDSHAKE_FAILED;
}

static enum handshake_result
no_protocol(struct handshake *h, struct err *err)
{
	const uint8_t *p = (const uint8_t *)h->in.data;
	char text[128];

	printable(text, sizeof(text), p, h->in.len);
	if (p[0] == 0x15 && p[1] == 3)
		err_set(err, "answers with a TLS alert: its distribution runs over TLS: give --tls-conf FILE");
	else
		err_set(err, "sent what is no distribution protocol (\"%s\")", text);
	return fail(h, NODE_INCOMPATIBLE);
}

/*
 * One byte after the other: a packet is found before anything of the next is taken, so that what is not used is the link's. A handshake has a
 * hundred bytes.
 */
enum handshake_result
handshake_feed(struct handshake *h, const void *data, size_t len, size_t *used, struct strbuf *out, struct err *err)
{
	enum handshake_result result = h->step == BROKEN ? HANDSHAKE_FAILED : HANDSHAKE_MORE;
	const size_t head = length_bytes(h);
	const char *p = data;
	size_t packet;

	assert(h->step != FINISHED);
	for (*used = 0; *used < len && result == HANDSHAKE_MORE;) {
		strbuf_addc(&h->in, p[(*used)++]);
		if (h->in.len < head)
			continue;
		packet = (size_t)get_uint((const uint8_t *)h->in.data, (unsigned)head);
		if (packet > PACKET_MAX) {
			strbuf_add(&h->in, p + *used, len - *used < 40 ? len - *used : 40);
			return no_protocol(h, err);
		}
		if (h->in.len < packet + head)
			continue;
		result = on_packet(h, (const uint8_t *)h->in.data + head, packet, out, err);
		strbuf_reset(&h->in);
	}
	return result;
}

void
handshake_init(struct handshake *h, const struct handshake_options *options, struct strbuf *out)
{
	memset(h, 0, sizeof(*h));
	h->options = *options;
	h->step = WAIT_STATUS;
	put_name(h, out);
}

void
handshake_release(struct handshake *h)
{
	strbuf_release(&h->in);
}

static void
silent(struct handshake *h, int64_t timeout_ms, struct err *err)
{
	h->state = NODE_HANGING;
	if (h->step == WAIT_STATUS && h->in.len == 0)
		err_set(err, "accepted the connection and said nothing for %.3g s", (double)timeout_ms / 1000);
	else
		err_set(err, "fell silent in the handshake for %.3g s", (double)timeout_ms / 1000);
}

void
handshake_closed(struct handshake *h, bool timed_out, int64_t timeout_ms, struct err *err)
{
	if (timed_out) {
		silent(h, timeout_ms, err);
	} else if (h->step == WAIT_ACK) {
		h->state = NODE_REFUSED;
		err_set(err,
		    "cookie rejected: give the cookie of that node (--cookie-file; its ~/.erlang.cookie or "
		    "-setcookie)");
	} else if (h->step == WAIT_STATUS && h->in.len == 0) {
		h->state = NODE_UNREACHABLE;
		err_set(err,
		    "closed the connection when it had our name: it is just ending, or no distribution port, or OTP 22 "
		    "or older");
	} else {
		h->state = NODE_UNREACHABLE;
		err_set(err, "closed the connection in the middle of the handshake");
	}
}
