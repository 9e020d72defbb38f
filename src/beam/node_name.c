/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/node_name.h"

#include <stdlib.h>
#include <string.h>

#include "beam/watch.h"

static bool
all_of(const char *s, size_t len, const char *more)
{
	for (size_t i = 0; i < len; i++) {
		char c = s[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!letter && (c == '\0' || strchr(more, c) == NULL))
			return false;
	}
	return true;
}

static bool
parse_port(const char *text, const char *s, uint16_t *port, struct err *err)
{
	long v = 0;

	for (const char *c = s; *c >= '0' && *c <= '9' && v <= 65535; c++)
		v = v * 10 + (*c - '0');
	if (*s == '\0' || s[strspn(s, "0123456789")] != '\0' || v < 1 || v > 65535)
		return err_set(err, "node \"%s\": the port \"%s\" is no number from 1 to 65535", text, s);
	*port = (uint16_t)v;
	return true;
}

/* host is behind the @: sets its extent and where the port's digits begin, if any. */
static bool
split_host(const char *text, const char **host, size_t *len, const char **port, struct err *err)
{
	const char *h = *host;
	const char *end = h + strlen(h);
	const char *colon = strchr(h, ':');

	*port = NULL;
	if (*h == '[') {
		const char *close = strchr(h, ']');

		if (close == NULL || (close[1] != '\0' && close[1] != ':'))
			return err_set(err, "node \"%s\": an IPv6 host is written [address] or [address]:port", text);
		*port = close[1] == ':' ? close + 2 : NULL;
		*host = h + 1;
		*len = (size_t)(close - h - 1);
		return true;
	}
	/* More than one colon: an IPv6 address without brackets, hence without a port. */
	if (colon && strchr(colon + 1, ':') == NULL) {
		*port = colon + 1;
		end = colon;
	}
	*len = (size_t)(end - h);
	return true;
}

static bool
check_parts(const char *text, size_t alive_len, const char *host, size_t host_len, struct err *err)
{
	if (alive_len == 0)
		return err_set(err, "node \"%s\": there is no name before the @", text);
	if (host_len == 0)
		return err_set(err, "node \"%s\": there is no host behind the @", text);
	if (!all_of(text, alive_len, "_-"))
		return err_set(err, "node \"%s\": a name has letters, digits, _ and - only", text);
	if (!all_of(host, host_len, ".-_:%"))
		return err_set(err, "node \"%s\": \"%.*s\" is no host name", text, (int)host_len, host);
	if (alive_len + 1 + host_len > NODE_NAME_MAX)
		return err_set(err, "node \"%.40s…\": longer than %d bytes", text, NODE_NAME_MAX);
	return true;
}

bool
node_name_parse(const char *text, struct node_name *n, struct err *err)
{
	const char *at = strchr(text, '@');
	const char *host;
	const char *port;
	size_t host_len = 0;
	size_t alive_len;

	memset(n, 0, sizeof(*n));
	if (at == NULL)
		return err_set(err, "\"%s\" is no node name: it must be name@host or name@host:port", text);
	host = at + 1;
	alive_len = (size_t)(at - text);
	if (!split_host(text, &host, &host_len, &port, err) || !check_parts(text, alive_len, host, host_len, err))
		return false;
	if (port && !parse_port(text, port, &n->port, err))
		return false;
	memcpy(n->name, text, alive_len + 1);
	memcpy(n->name + alive_len + 1, host, host_len);
	n->alive_len = (int)alive_len;
	return true;
}

const char *
node_name_host(const struct node_name *n)
{
	return n->name + n->alive_len + 1;
}

bool
beam_parse_node(const char *text, char *name, uint16_t *port, struct err *err)
{
	struct node_name n;

	if (!node_name_parse(text, &n, err))
		return false;
	memcpy(name, n.name, sizeof(n.name));
	*port = n.port;
	return true;
}
