/* SPDX-License-Identifier: Apache-2.0 */
/* What HTTP clients write and we parse ourselves: paths, queries, event ids, hosts, authorizations, times, and addresses of our own options. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "http/address.h"
#include "http/assets.h"
#include "http/columns_query.h"
#include "http/guard.h"
#include "http/query.h"
#include "http/routes.h"

static void
must_be_utf8(const char *s)
{
	uint32_t cp;
	size_t n;

	for (; *s; s += n) {
		n = utf8_decode((const uint8_t *)s, strlen(s), &cp);
		if (n == 0)
			abort();
	}
}

static void
try_query(const char *text)
{
	struct query q;
	struct err err;

	if (query_parse(&q, text, &err)) {
		for (size_t i = 0; i < q.count; i++) {
			must_be_utf8(q.params[i].name);
			must_be_utf8(q.params[i].value);
			if (query_get(&q, q.params[i].name) != q.params[i].value)
				abort();
		}
	}
	query_release(&q);
}

static void
try_path(const char *text, size_t len)
{
	char *buf = xmalloc(len + 1);
	struct err err;

	if (percent_decode(buf, text, len, false, &err))
		must_be_utf8(buf);
	free(buf);
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const char *node;
		size_t node_len;

		if (route_match(ROUTES[i].pattern, text, &node, &node_len) && node && node + node_len > text + len)
			abort();
	}
}

static void
try_head(const char *text)
{
	struct head h = { .get_or_head = true, .uri_host = text, .count = 4 };
	struct err err;
	int status;

	h.headers[0] = (struct header) { "Host", text };
	h.headers[1] = (struct header) { text, text };
	h.headers[2] = (struct header) { "Content-Length", text };
	h.headers[3] = (struct header) { "Transfer-Encoding", text };
	status = guard_framing(&h, &err);
	if (status != 0 && status != 400)
		abort();
	if (!guard_host(&h, "monitor", &err) && err.text[0] == '\0')
		abort();
	if (guard_token(text, "correct horse battery staple 5f0c") && strstr(text, "correct horse") == NULL &&
	    strncasecmp(text, "Basic ", 6) != 0)
		abort();
}

/* A time that was read is written as a time that reads as the same. */
static void
try_time(const char *text)
{
	char buf[TIME_RFC3339_SIZE];
	int64_t ms, again;

	if (time_parse(text, &ms) && (!time_parse(time_rfc3339(buf, ms), &again) || again != ms))
		abort();
	/* What people say is a time near the years that there are, and nothing overflows. */
	if (time_parse_moment(text, 0, &ms) && (ms > INT64_C(253402300799999) || ms < -INT64_C(100000000000000000)))
		abort();
}

/* A step, or a list of metrics: or a reason. */
static void
try_columns(const char *text)
{
	bool metrics[METRIC_COUNT], columns[COLUMN_COUNT], shared;
	struct err err = { "" };
	unsigned digits;
	int64_t step_ms;

	if (columns_step(text, &step_ms, &err) ? step_ms < 1000 || step_ms > 366 * INT64_C(86400000)
					       : err.text[0] == '\0')
		abort();
	err.text[0] = '\0';
	if (!columns_metrics(text, metrics, &err) && err.text[0] == '\0')
		abort();
	err.text[0] = '\0';
	if (!columns_fields(text, columns, &err) && err.text[0] == '\0')
		abort();
	if (columns_digits(text, &digits, &err) && (digits == 0 || digits > COLUMNS_MAX_DIGITS))
		abort();
	if (columns_times(text, &shared, &err) && strcmp(text, shared ? "shared" : "own") != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct address a;
	struct err err;
	uint64_t id;

	try_query(text);
	assets_accept_gzip(text);
	try_path(text, strlen(text));
	try_head(text);
	try_time(text);
	try_columns(text);
	if (number_parse(text, UINT64_MAX, &id) && text[strspn(text, "0123456789")] != '\0')
		abort();
	if (address_parse(&a, text, &err) && a.host[0] == '\0')
		abort();
	free(text);
	return 0;
}
