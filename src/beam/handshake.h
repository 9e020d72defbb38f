/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The distribution handshake as the side that connects, in the form of OTP 23 and later. Pure: bytes in, bytes out.
 *
 *	us                            the node
 *	'N' flags creation name  →
 *	                         ←    's' ok
 *	                         ←    'N' flags challenge creation name
 *	'r' challenge digest     →
 *	                         ←    'a' digest
 *
 * A digest is MD5(cookie ++ challenge in decimal): each side shows that it knows the cookie. Source: "Distribution Protocol", ERTS User's Guide.
 */
#ifndef BEAM_HANDSHAKE_H
#define BEAM_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "model/node.h"

/*
 * Capabilities. Never DFLAG_PUBLISHED (1): we stay hidden. Not offered, so that frames stay plain: atom cache, fragments, exit payloads, SEND_SENDER,
 * and SPAWN, so that nobody spawns here.
 */
#define DFLAG_EXTENDED_REFERENCES 0x4ull
#define DFLAG_DIST_MONITOR 0x8ull
#define DFLAG_FUN_TAGS 0x10ull
#define DFLAG_DIST_MONITOR_NAME 0x20ull
#define DFLAG_NEW_FUN_TAGS 0x80ull
#define DFLAG_EXTENDED_PIDS_PORTS 0x100ull
#define DFLAG_EXPORT_PTR_TAG 0x200ull
#define DFLAG_BIT_BINARIES 0x400ull
#define DFLAG_NEW_FLOATS 0x800ull
#define DFLAG_SMALL_ATOM_TAGS 0x4000ull
#define DFLAG_UTF8_ATOMS 0x10000ull
#define DFLAG_MAP_TAG 0x20000ull
#define DFLAG_BIG_CREATION 0x40000ull
#define DFLAG_HANDSHAKE_23 0x1000000ull
#define DFLAG_UNLINK_ID 0x2000000ull
#define DFLAG_MANDATORY_25_DIGEST 0x4000000ull
#define DFLAG_SPAWN (1ull << 32)
#define DFLAG_V4_NC (1ull << 34)
#define DFLAG_ALIAS (1ull << 35)

/* What the node must be capable of: what OTP 23 is, and that it lets us spawn there. */
#define HANDSHAKE_NEEDED                                                                                      \
	(DFLAG_EXTENDED_REFERENCES | DFLAG_FUN_TAGS | DFLAG_NEW_FUN_TAGS | DFLAG_EXTENDED_PIDS_PORTS |        \
	    DFLAG_EXPORT_PTR_TAG | DFLAG_BIT_BINARIES | DFLAG_NEW_FLOATS | DFLAG_UTF8_ATOMS | DFLAG_MAP_TAG | \
	    DFLAG_BIG_CREATION | DFLAG_HANDSHAKE_23 | DFLAG_SPAWN)
/* What we offer: what OTP 26 and later demand, and real monitors, unlinking and aliases. */
#define HANDSHAKE_FLAGS                                                                                             \
	((HANDSHAKE_NEEDED & ~DFLAG_SPAWN) | DFLAG_DIST_MONITOR | DFLAG_DIST_MONITOR_NAME | DFLAG_SMALL_ATOM_TAGS | \
	    DFLAG_UNLINK_ID | DFLAG_MANDATORY_25_DIGEST | DFLAG_V4_NC | DFLAG_ALIAS)

struct handshake_options {
	const char *local_name; /* "arsenal-<8 hex>@host" */
	const char *cookie;
	const char *
	    node; /* "name@host": the part before the @ must be the node's own; the host may be written in another way */
	uint32_t creation;  /* of local_name */
	uint32_t challenge; /* random, a new one for each connection */
	bool replace_own;   /* a connection with our name that the node still knows is our own lost one: replace it */
	bool wide;          /* a packet's length has 4 bytes instead of 2, as within TLS */
};

enum handshake_result {
	HANDSHAKE_MORE,  /* wait for the node */
	HANDSHAKE_DONE,  /* linked; what was not used belongs to the first frame */
	HANDSHAKE_FAILED /* `state` and `err` say why */
};

struct handshake {                        /* read `peer_*` after DONE, `state` after FAILED; the rest is private */
	struct handshake_options options; /* the strings stay the caller's */
	int step;
	struct strbuf in;
	uint64_t peer_flags;
	uint32_t peer_creation;
	char peer_name[NODE_NAME_MAX + 1];
	enum node_state state; /* NODE_REFUSED, NODE_INCOMPATIBLE or NODE_UNREACHABLE */
};

/* handshake_init begins, and appends the first bytes to be sent. */
void handshake_init(struct handshake *h, const struct handshake_options *options, struct strbuf *out);
void handshake_release(struct handshake *h);
/* handshake_feed takes what came, in any pieces; *used is how much of it belongs to the handshake. What is to be sent is appended to out. */
enum handshake_result handshake_feed(
    struct handshake *h, const void *data, size_t len, size_t *used, struct strbuf *out, struct err *err);
/* handshake_closed: the node closed the connection, or said nothing in time. Sets state, and a reason that fits the step. */
void handshake_closed(struct handshake *h, bool timed_out, int64_t timeout_ms, struct err *err);

/* handshake_digest is MD5(cookie ++ challenge). */
void handshake_digest(const char *cookie, uint32_t challenge, uint8_t digest[16]);

#endif
