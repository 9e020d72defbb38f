/* SPDX-License-Identifier: Apache-2.0 */
#include "http/guard.h"

#include <string.h>
#include <strings.h>

#include "http/address.h"

/* Longest base64 that is looked at. */
#define BASIC_MAX 1024

const char *
head_find(const struct head *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (strcasecmp(h->headers[i].name, name) == 0)
			return h->headers[i].value;
	return NULL;
}

/* RFC 9110, section 5.6.2. */
static bool
is_token(const char *s)
{
	static const char chars[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *s && s[strspn(s, chars)] == '\0';
}

static bool
names_are_sound(const struct head *h, struct err *err)
{
	static const char *const once[] = { "Content-Length", "Transfer-Encoding", "Host", "Authorization" };
	size_t seen[4] = { 0 };

	for (size_t i = 0; i < h->count; i++) {
		if (!is_token(h->headers[i].name))
			return err_set(err, "a header field's name has a space or another character that no name has");
		for (size_t k = 0; k < ARRAY_LEN(once); k++)
			if (strcasecmp(h->headers[i].name, once[k]) == 0 && seen[k]++)
				return err_set(err, "header field %s is given twice", once[k]);
	}
	return true;
}

/* A body is of no use here; one that the library has not read would be taken for the next request. */
static bool
body_is_sound(const struct head *h, struct err *err)
{
	const char *length = head_find(h, "Content-Length");
	const char *coding = head_find(h, "Transfer-Encoding");

	if (coding && strcasecmp(coding, "chunked") != 0)
		return err_set(err, "Transfer-Encoding \"%.60s\": only \"chunked\" is understood", coding);
	if (coding && length)
		return err_set(err, "Content-Length together with Transfer-Encoding");
	if (length && (*length == '\0' || length[strspn(length, "0123456789")] != '\0'))
		return err_set(err, "Content-Length \"%.60s\" is not a number", length);
	if (h->get_or_head && (coding || (length && length[strspn(length, "0")] != '\0')))
		return err_set(err, "a GET or HEAD request has no body here");
	return true;
}

int
guard_framing(const struct head *h, struct err *err)
{
	if (!names_are_sound(h, err) || !body_is_sound(h, err))
		return 400;
	if (h->host_needed && head_find(h, "Host") == NULL) {
		err_set(err, "header field Host is missing");
		return 400;
	}
	return 0;
}

/* bare_host copies a Host header's value without port and brackets; false if it is no host. */
static bool
bare_host(const char *value, char host[ADDRESS_HOST_SIZE])
{
	const char *end;

	if (*value == '[')
		end = strchr(++value, ']');
	else
		end = value + strcspn(value, ":");
	if (end == NULL || end == value || end - value >= ADDRESS_HOST_SIZE)
		return false;
	memcpy(host, value, (size_t)(end - value));
	host[end - value] = '\0';
	return true;
}

static bool
host_is_ours(const char *value, const char *own_host)
{
	char host[ADDRESS_HOST_SIZE];

	return bare_host(value, host) &&
	    (host_is_ip(host) || strcasecmp(host, "localhost") == 0 || strcasecmp(host, own_host) == 0);
}

bool
guard_host(const struct head *h, const char *own_host, struct err *err)
{
	const char *host = head_find(h, "Host");
	const char *wrong = NULL;

	if (host && !host_is_ours(host, own_host))
		wrong = host;
	else if (h->uri_host && !host_is_ours(h->uri_host, own_host))
		wrong = h->uri_host;
	if (wrong)
		return err_set(err,
		    "this server does not go by the name \"%.100s\": use its IP address or localhost, or start it with "
		    "a "
		    "token",
		    wrong);
	return true;
}

static int
base64_value(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(alphabet, c) : NULL;

	return p ? (int)(p - alphabet) : -1;
}

/* base64_decode stops at the first character that is none of base64's. It returns the number of bytes. */
static size_t
base64_decode(const char *text, unsigned char out[BASIC_MAX])
{
	unsigned bits = 0;
	unsigned held = 0;
	size_t n = 0;

	for (; base64_value(*text) >= 0 && n < BASIC_MAX; text++) {
		bits = bits << 6 | (unsigned)base64_value(*text);
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[n++] = (unsigned char)(bits >> held);
		}
	}
	return n;
}

static bool
same_secret(const void *shown, size_t len, const char *token)
{
	const unsigned char *a = shown;
	size_t token_len = strlen(token);
	size_t diff = len ^ token_len;

	if (token_len == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		diff |= (size_t)(a[i] ^ (unsigned char)token[i % token_len]);
	return diff == 0;
}

static bool
basic_password(const char *text, const char *token)
{
	unsigned char plain[BASIC_MAX];
	size_t len = base64_decode(text, plain);
	const unsigned char *colon = memchr(plain, ':', len);

	return colon && same_secret(colon + 1, len - (size_t)(colon + 1 - plain), token);
}

bool
guard_token(const char *authorization, const char *token)
{
	if (authorization == NULL)
		return false;
	if (strncasecmp(authorization, "Bearer ", 7) == 0)
		return same_secret(authorization + 7, strlen(authorization + 7), token);
	if (strncasecmp(authorization, "Basic ", 6) == 0)
		return basic_password(authorization + 6, token);
	return false;
}
