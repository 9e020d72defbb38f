/* SPDX-License-Identifier: Apache-2.0 */
/* What listens where a node should: its answers in the handshake, in pieces that the input chooses; and EPMD's. */
#include <stdlib.h>
#include <string.h>

#include "beam/epmd.h"
#include "beam/handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
shake(const uint8_t *data, size_t size, size_t piece, bool replace_own, bool wide)
{
	const struct handshake_options o = { .local_name = "me@x",
		.cookie = "secret",
		.node = "a@h",
		.creation = 7,
		.challenge = 9,
		.replace_own = replace_own,
		.wide = wide };
	enum handshake_result result = HANDSHAKE_MORE;
	struct strbuf out = STRBUF_INIT;
	struct handshake h;
	struct err err;

	handshake_init(&h, &o, &out);
	for (size_t i = 0; i < size && result == HANDSHAKE_MORE; i += piece) {
		size_t len = size - i < piece ? size - i : piece;
		size_t used;

		result = handshake_feed(&h, data + i, len, &used, &out, &err);
		if (used > len || out.len > 200)
			abort();
	}
	if (result == HANDSHAKE_FAILED && strlen(err.text) == 0)
		abort();
	if (result == HANDSHAKE_MORE)
		handshake_closed(&h, size & 1, 5000, &err);
	handshake_release(&h);
	strbuf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf names = STRBUF_INIT;
	uint16_t port = 1;

	if (size < 1)
		return 0;
	shake(data + 1, size - 1, data[0] % 32 + (size_t)1, data[0] & 0x80, data[0] & 0x40);
	if (epmd_read_port(data, size, &port) == EPMD_PORT_IS && port == 0)
		abort();
	(void)!epmd_read_names(data, size, 20, &names);
	strbuf_release(&names);
	return 0;
}
