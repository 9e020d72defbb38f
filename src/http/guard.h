/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is refused before any route is looked at: requests that two servers in a row could read as different ones (request smuggling), and
 * requests that a browser was tricked into sending here (DNS rebinding). The HTTP library lets all of them through.
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

#define GUARD_MAX_HEADERS 100

struct header {
	const char *name;
	const char *value;
};

struct head {
	bool get_or_head;
	bool host_needed;     /* HTTP/1.1 */
	const char *uri_host; /* of an absolute URI, else NULL */
	size_t count;
	struct header headers[GUARD_MAX_HEADERS];
};

/* head_find returns the value of the first header of that name, in any case, or NULL. */
const char *head_find(const struct head *h, const char *name);

/* guard_framing returns 0, or the status to refuse with and a reason; the connection must be closed then. */
int guard_framing(const struct head *h, struct err *err) MUST_CHECK;

/*
 * guard_host: the host that the request is for is an IP literal, localhost, or `own_host` (what we were told to listen on): a name that a stranger
 * can point at us is none of them. False with a reason otherwise.
 */
bool guard_host(const struct head *h, const char *own_host, struct err *err) MUST_CHECK;

/*
 * guard_token: an Authorization header ("Bearer TOKEN", or "Basic" with the token as password, which browsers ask for) shows this token. NULL shows none.
 * It takes as long for a wrong token as for a right one.
 */
bool guard_token(const char *authorization, const char *token);

#endif
