/* SPDX-License-Identifier: Apache-2.0 */
#include "http/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/query.h"

#define BACKLOG 128

/* host_end returns the ":" before the port, and sets where the host is; NULL if the text has another form. */
static const char *
split(const char *text, const char **host, size_t *len)
{
	const char *colon = strrchr(text, ':');

	if (colon == NULL)
		return NULL;
	*host = text;
	*len = (size_t)(colon - text);
	if (*text == '[') {
		if (*len < 2 || colon[-1] != ']')
			return NULL;
		*host = text + 1;
		*len -= 2;
	} else if (memchr(text, ':', *len)) {
		return NULL;
	}
	return colon;
}

static bool
host_is_written_well(const char *host, bool bracketed)
{
	static const char name[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_";
	static const char ipv6[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:%";

	return *host && (!bracketed || strchr(host, ':')) && host[strspn(host, bracketed ? ipv6 : name)] == '\0';
}

bool
address_parse(struct address *a, const char *text, struct err *err)
{
	const char *host = NULL;
	size_t len = 0;
	const char *colon = split(text, &host, &len);
	uint64_t port = 0;

	if (colon == NULL || len >= sizeof(a->host))
		return err_set(err, "%.100s: not an address to listen on; write 127.0.0.1:4900 or [::1]:4900", text);
	memcpy(a->host, host, len);
	a->host[len] = '\0';
	if (!host_is_written_well(a->host, *text == '['))
		return err_set(
		    err, "%.100s: the host is missing or misspelt; write 127.0.0.1:4900 or [::1]:4900", text);
	if (!number_parse(colon + 1, 65535, &port))
		return err_set(err, "%.100s: the port is not a number from 0 to 65535", text);
	a->port = (uint16_t)port;
	return true;
}

bool
address_is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr) >> 24 == 127;
	if (sa->sa_family == AF_INET6) {
		const struct in6_addr *in6 = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;

		return IN6_IS_ADDR_LOOPBACK(in6) || (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[12] == 127);
	}
	return false;
}

bool
host_is_ip(const char *host)
{
	struct in6_addr any;

	return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

static int
open_socket(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);
	int on = 1, saved;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* Accepted sockets inherit both: an event is a small write that must not wait, and a peer that is gone must be noticed. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static bool
bound_text(int fd, char text[ADDRESS_TEXT_SIZE])
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	snprintf(text, ADDRESS_TEXT_SIZE, ss.ss_family == AF_INET6 ? "[%.250s]:%s" : "%.250s:%s", host, port);
	return true;
}

static int
listen_on_one(const struct addrinfo *list, const struct address *a, bool public, struct err *err)
{
	int fd = -1;

	for (const struct addrinfo *ai = list; ai && !public; ai = ai->ai_next)
		if (!address_is_loopback(ai->ai_addr)) {
			err_set(err,
			    "%s:%u can be reached from other machines, and no token is set: give one with --token-file "
			    "FILE (in an application: http_token), or listen on 127.0.0.1",
			    a->host, (unsigned)a->port);
			return -1;
		}
	for (const struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = open_socket(ai);
	if (fd < 0)
		err_set(err, "cannot listen on %s:%u: %s", a->host, (unsigned)a->port, strerror(errno));
	return fd;
}

int
address_listen(const struct address *a, bool public, char text[ADDRESS_TEXT_SIZE], struct err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	char port[8];
	int fd, trouble;

	snprintf(port, sizeof(port), "%u", (unsigned)a->port);
	trouble = getaddrinfo(a->host, port, &hints, &list);
	if (trouble != 0) {
		err_set(err, "cannot listen on %s:%s: %s", a->host, port, gai_strerror(trouble));
		return -1;
	}
	fd = listen_on_one(list, a, public, err);
	freeaddrinfo(list);
	if (fd >= 0 && !bound_text(fd, text)) {
		err_set(err, "cannot listen on %s:%s: %s", a->host, port, strerror(errno));
		close(fd);
		fd = -1;
	}
	return fd;
}
