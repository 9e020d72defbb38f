/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the external term format in place, within its bounds, whatever the bytes are. A cursor with a sticky error: read what you
 * expect, one get after another, and ask once at the end.
 *
 *	struct etf e;
 *	etf_init(&e, bytes, len);
 *	if (etf_tuple(&e) == 2 && etf_atom_is(&e, "ack"))
 *		seq = etf_int(&e);
 *	if (!etf_ok(&e)) …;
 *
 * After an error every get returns 0, false or an empty span, and nothing moves any more. Nothing here recurses.
 * Source: "External Term Format", ERTS User's Guide.
 */
#ifndef BEAM_ETF_H
#define BEAM_ETF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tags of the format; those that OTP 23 and later send over a link without atom cache. */
enum etf_tag {
	ETF_VERSION = 131,
	ETF_NEW_FLOAT = 70,
	ETF_BIT_BINARY = 77,
	ETF_NEW_PID = 88,
	ETF_NEW_PORT = 89,
	ETF_NEWER_REFERENCE = 90,
	ETF_SMALL_INTEGER = 97,
	ETF_INTEGER = 98,
	ETF_FLOAT = 99,
	ETF_ATOM = 100,
	ETF_REFERENCE = 101,
	ETF_PORT = 102,
	ETF_PID = 103,
	ETF_SMALL_TUPLE = 104,
	ETF_LARGE_TUPLE = 105,
	ETF_NIL = 106,
	ETF_STRING = 107,
	ETF_LIST = 108,
	ETF_BINARY = 109,
	ETF_SMALL_BIG = 110,
	ETF_LARGE_BIG = 111,
	ETF_NEW_FUN = 112,
	ETF_EXPORT = 113,
	ETF_NEW_REFERENCE = 114,
	ETF_SMALL_ATOM = 115,
	ETF_MAP = 116,
	ETF_ATOM_UTF8 = 118,
	ETF_SMALL_ATOM_UTF8 = 119,
	ETF_V4_PORT = 120
};

/* What a reader that descends into terms must not exceed. */
#define ETF_MAX_DEPTH 256
/* Terms within one term that etf_skip goes through before it calls the term absurd. */
#define ETF_MAX_TERMS 4000000
#define ETF_ATOM_CHARS 255
#define ETF_ATOM_SIZE (4 * ETF_ATOM_CHARS + 1)

struct etf { /* private, but for `p` and `end` after etf_ok: what is left */
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

struct etf_span {
	const uint8_t *data;
	size_t len;
};

struct etf_atom {
	uint16_t len;
	char text[ETF_ATOM_SIZE]; /* UTF-8, terminated; an atom may hold a NUL inside */
};

/* A term that names a process, a port or a reference, taken apart. Words as on the wire: the least significant first. */
struct etf_id {
	uint8_t tag;
	struct etf_span node; /* the atom term */
	uint32_t creation;
	unsigned count; /* pid: id and serial; port: low and high word */
	uint32_t word[5];
};

/* A big integer: magnitude, least significant byte first. */
struct etf_big {
	bool negative;
	struct etf_span digits;
};

/* A fun; its text is all that is ever made of it. */
struct etf_fun {
	struct etf_span module; /* the atom term */
	int64_t index;
	int64_t uniq;
};

/* etf_init starts at a term (no version byte). */
void etf_init(struct etf *e, const void *data, size_t len);
/* etf_init_versioned starts behind the version byte 131; without it the cursor is bad. */
void etf_init_versioned(struct etf *e, const void *data, size_t len);
bool etf_ok(const struct etf *e);
/* etf_fail marks the cursor bad and returns false: what was read does not make sense to the caller. */
bool etf_fail(struct etf *e);
/* etf_done: no error, and nothing is left. */
bool etf_done(const struct etf *e);
/* etf_peek is the next term's tag, 0 at the end or after an error. */
uint8_t etf_peek(const struct etf *e);

/* etf_int reads an integer of any encoding that fits int64. */
int64_t etf_int(struct etf *e);
/* etf_number reads an integer of any size or a float. A finite number or an error. */
double etf_number(struct etf *e);
bool etf_atom(struct etf *e, struct etf_atom *atom);
/* etf_atom_is reads an atom; true if it is this one. */
bool etf_atom_is(struct etf *e, const char *text);
/* etf_tuple opens a tuple and returns its arity: the elements follow. */
uint32_t etf_tuple(struct etf *e);
/* etf_tuple_of opens a tuple that must have this arity. */
bool etf_tuple_of(struct etf *e, uint32_t arity);
/* etf_list opens a list of terms and returns its length: the elements follow, and then, if the length is not 0, the tail
 * (etf_list_end). A STRING_EXT is an error: see etf_chars. */
uint32_t etf_list(struct etf *e);
/* etf_list_end reads the tail of a list of that length; an improper one is an error. */
void etf_list_end(struct etf *e, uint32_t length);
/* etf_map opens a map and returns the number of pairs: key, value, key, value … follow. */
uint32_t etf_map(struct etf *e);
/* etf_binary reads a binary; the span points into the input. */
struct etf_span etf_binary(struct etf *e);
/* etf_bits reads a binary or a bit string; *last_bits (1 to 8) is how many of the last byte count, from the top. */
struct etf_span etf_bits(struct etf *e, unsigned *last_bits);
/* etf_string reads STRING_EXT, the compact form of a list of bytes. */
struct etf_span etf_string(struct etf *e);
/* etf_chars reads an iolist-less string (a list of code points, or a binary of UTF-8) as terminated UTF-8, cut to size. */
bool etf_chars(struct etf *e, char *buf, size_t size);
/* etf_utf8_cut is how much of a text of len bytes fits into max bytes without cutting through a code point. */
size_t etf_utf8_cut(const char *text, size_t len, size_t max);
struct etf_big etf_big(struct etf *e);
double etf_float(struct etf *e);
/* etf_identifier reads a pid, port or reference. */
bool etf_identifier(struct etf *e, struct etf_id *id);
bool etf_fun(struct etf *e, struct etf_fun *fun);
/* etf_skip passes one whole term, of any depth. */
bool etf_skip(struct etf *e);
/* etf_raw passes one whole term and returns its bytes. */
struct etf_span etf_raw(struct etf *e);

bool etf_is_integer(uint8_t tag);
bool etf_is_atom(uint8_t tag);
bool etf_is_pid(uint8_t tag);
bool etf_is_reference(uint8_t tag);
bool etf_is_port(uint8_t tag);

#endif
