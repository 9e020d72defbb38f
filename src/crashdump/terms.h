/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few terms of a heap that are wanted, out of millions. A heap in a dump is a list of "ADDRESS:body" lines; what a line points to comes behind it, as
 * a rule. So an address that is wanted is put on a list; its line, when it comes, is kept, and the addresses in that are wanted, too, to a depth. A part that came
 * earlier, for another term also refers to it, is missed, and printed as "…".
 *
 * Bodies: "lELEMENT|ELEMENT" a list's cell, "tARITY:E,E,…" a tuple, "Mf…" a map, "Yh…" a small binary, "Yc…" a reference to a large one, "F…" a float, "B…" a big
 * integer, "E…" in the external format. Elements: "Hhex" a pointer, "Ahex:name" an atom, "I17", "P<0.1.0>", "p<0.5>", "N" the empty list. Lengths are hexadecimal.
 */
#ifndef CRASHDUMP_TERMS_H
#define CRASHDUMP_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

#define TERMS_MAX 2048 /* wanted at a time */
#define TERMS_SLOTS 4096
#define TERMS_BODY 1024 /* bytes of a body that are kept */

struct terms { /* private */
	struct terms_slot {
		uint64_t address;
		uint32_t at; /* of the body */
		uint16_t len;
		uint8_t depth;
		bool used, found;
	} slots[TERMS_SLOTS];
	uint64_t sieve[64]; /* a bit per low part of an address that is wanted: most lines need no look-up */
	uint16_t order[TERMS_MAX];
	size_t count;
	struct strbuf bodies;
	bool hex_binaries; /* small binaries are in hexadecimal, not in base64: dumps before version 0.5 */
};

void terms_reset(struct terms *t);
void terms_release(struct terms *t);
/* terms_want: depth is how many levels below it are wanted, too. Nothing happens when too many are wanted already. */
void terms_want(struct terms *t, uint64_t address, unsigned depth);
/* terms_line takes the line's address and body. */
void terms_line(struct terms *t, uint64_t address, const char *body, size_t len);
/* terms_body is the body at an address, or NULL if it is not there. */
const char *terms_body(const struct terms *t, uint64_t address, size_t *len);

/* terms_each calls back with each body that was found, in the order in which they were wanted. */
void terms_each(const struct terms *t, void (*each)(void *arg, const char *body, size_t len), void *arg);

/* terms_pair: whether the body is that of a tuple of an atom and something; *value is that element. */
bool terms_pair(const char *body, size_t len, const char **key, size_t *key_len, const char **value, size_t *value_len);
/* terms_pointer is the address in an element, or 0 if it is not a pointer. */
uint64_t terms_pointer(const char *element, size_t len);
/* terms_print appends an element as Erlang writes it, up to some max bytes. */
void terms_print(const struct terms *t, const char *element, size_t len, size_t max, struct strbuf *out);
/* terms_list prints the elements of a list with ", " between them and no brackets. */
void terms_list(const struct terms *t, const char *element, size_t len, size_t max, struct strbuf *out);
/*
 * terms_export appends the lines of an element and its parts, to be taken again by terms_import, which wants what is missing in them. For parts that are literals, which
 * stand far behind. Returns whether anything is missing; then out has at most max bytes more.
 */
bool terms_export(const struct terms *t, const char *element, size_t len, size_t max, struct strbuf *out);
void terms_import(
    struct terms *t, const char *element, size_t len, unsigned depth, const char *lines, size_t lines_len);
/* terms_mfa prints {Module, Function, Arity} as "module:function/arity"; false if it is not one, or not all of it is there. */
bool terms_mfa(const struct terms *t, const char *element, size_t len, struct strbuf *out);

static inline bool
terms_may_want(const struct terms *t, uint64_t address)
{
	return t->sieve[address >> 9 & 63] >> (address >> 3 & 63) & 1;
}

#endif
