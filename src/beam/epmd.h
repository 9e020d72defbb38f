/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to EPMD, which knows the ports of a host's nodes. Pure. Source: "Distribution Protocol", ERTS User's Guide. */
#ifndef BEAM_EPMD_H
#define BEAM_EPMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

#define EPMD_PORT 4369
#define EPMD_REPLY_MAX 65536 /* bytes; a longer answer is cut (names) or refused (port) */

enum epmd_result {
	EPMD_MORE,    /* not all there yet */
	EPMD_PORT_IS, /* *port is set */
	EPMD_UNKNOWN, /* no node of that name */
	EPMD_TOO_OLD, /* a node of OTP 22 or older */
	EPMD_BAD      /* no answer of EPMD's */
};

/* epmd_ask_port appends PORT_PLEASE2_REQ for the part of a node's name before the @. */
void epmd_ask_port(struct strbuf *out, const char *alive, size_t len);
/* epmd_read_port reads what has come so far. */
enum epmd_result epmd_read_port(const void *data, size_t len, uint16_t *port);
/* epmd_ask_names appends NAMES_REQ; the answer ends with the connection. */
void epmd_ask_names(struct strbuf *out);
/* epmd_read_names appends "a, b" from a whole answer, at most max names. False if it is no answer of EPMD's. */
bool epmd_read_names(const void *data, size_t len, unsigned max, struct strbuf *out);

#endif
