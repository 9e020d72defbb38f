/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/epmd.h"

#include <string.h>

#include "base/utf8.h"

#define PORT_PLEASE2_REQ 122
#define PORT2_RESP 119
#define NAMES_REQ 110
#define PORT2_RESP_SIZE 10 /* up to and with the lowest version */
#define DIST_VERSION_HANDSHAKE_23 6
#define NAME_MAX_SHOWN 64

void
epmd_ask_port(struct strbuf *out, const char *alive, size_t len)
{
	size_t size = len + 1;

	strbuf_addc(out, (char)(size >> 8));
	strbuf_addc(out, (char)size);
	strbuf_addc(out, PORT_PLEASE2_REQ);
	strbuf_add(out, alive, len);
}

enum epmd_result
epmd_read_port(const void *data, size_t len, uint16_t *port)
{
	const uint8_t *p = data;

	if (len > 0 && p[0] != PORT2_RESP)
		return EPMD_BAD;
	if (len < 2)
		return EPMD_MORE;
	if (p[1] != 0)
		return EPMD_UNKNOWN;
	if (len < PORT2_RESP_SIZE)
		return EPMD_MORE;
	/* tag, result, port 2, node type, protocol, highest version 2, lowest version 2 */
	*port = (uint16_t)(p[2] << 8 | p[3]);
	if (p[5] != 0 || *port == 0)
		return EPMD_BAD;
	return (p[6] << 8 | p[7]) < DIST_VERSION_HANDSHAKE_23 ? EPMD_TOO_OLD : EPMD_PORT_IS;
}

void
epmd_ask_names(struct strbuf *out)
{
	strbuf_add(out, "\0\1", 2);
	strbuf_addc(out, NAMES_REQ);
}

static const char *
find(const char *p, const char *end, const char *what)
{
	return p < end ? memmem(p, (size_t)(end - p), what, strlen(what)) : NULL;
}

/* Behind EPMD's own port number come lines "name NAME at port PORT\n". */
bool
epmd_read_names(const void *data, size_t len, unsigned max, struct strbuf *out)
{
	const char *p = (const char *)data + (len < 4 ? 0 : 4);
	const char *end = (const char *)data + len;
	const char *line_end;

	for (unsigned n = 0; len >= 4 && (line_end = find(p, end, "\n")) != NULL; p = line_end + 1) {
		const char *name_end = find(p, line_end, " at port ");

		if (name_end == NULL || name_end - p < 5 || memcmp(p, "name ", 5) != 0)
			return false;
		if (n == max) {
			strbuf_adds(out, ", …");
			break;
		}
		strbuf_adds(out, n++ ? ", " : "");
		p += 5;
		utf8_add_clean(out, p, name_end - p < NAME_MAX_SHOWN ? (size_t)(name_end - p) : NAME_MAX_SHOWN);
	}
	return len >= 4;
}
