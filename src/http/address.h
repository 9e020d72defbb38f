/* SPDX-License-Identifier: Apache-2.0 */
/* The address to listen on: how it is written, whom it lets in, and the socket. */
#ifndef HTTP_ADDRESS_H
#define HTTP_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct sockaddr;

#define ADDRESS_HOST_SIZE 256
#define ADDRESS_TEXT_SIZE 320

struct address {
	char host[ADDRESS_HOST_SIZE]; /* a name or an IP literal, without brackets */
	uint16_t port;                /* 0: any free one */
};

/* address_parse reads "host:port", "127.0.0.1:port", "[::1]:port"; false with a reason that repeats the text. */
bool address_parse(struct address *a, const char *text, struct err *err) MUST_CHECK;
/* address_is_loopback: only this machine can reach it. */
bool address_is_loopback(const struct sockaddr *sa);
/* host_is_ip: an IPv4 or IPv6 literal (the latter without brackets). */
bool host_is_ip(const char *host);

/*
 * address_listen opens a listening, non-blocking socket on the first address of the host that can be had, and writes what it is, with the real port, as
 * "127.0.0.1:4900" or "[::1]:4900". Unless `public` an address beyond loopback is refused. It may ask the resolver: for the program's start only. -1
 * with a reason otherwise.
 */
int address_listen(const struct address *a, bool public, char text[ADDRESS_TEXT_SIZE], struct err *err) MUST_CHECK;

#endif
