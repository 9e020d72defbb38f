/* SPDX-License-Identifier: Apache-2.0 */
#include "http/assets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/embed.h"
#include "http/site.h"

static const char *
type_of(const char *name)
{
	static const struct {
		const char *suffix;
		const char *type;
	} table[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".json", TYPE_JSON },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(table); i++)
		if (strcmp(dot, table[i].suffix) == 0)
			return table[i].type;
	return "application/octet-stream";
}

/* is_word: the first word of the text is that one. */
static bool
is_word(const char *text, const char *word)
{
	size_t len = strcspn(text, " \t;,");

	return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

/* is_refused: a quality of 0, as in "gzip;q=0.0". */
static bool
is_refused(const char *parameters)
{
	const char *q = parameters + strspn(parameters, " \t;");

	return (*q == 'q' || *q == 'Q') && q[1] == '=' && strtod(q + 2, NULL) <= 0;
}

/* RFC 9110, 12.5.3, but for "*": who means gzip says so. */
bool
assets_accept_gzip(const char *accept_encoding)
{
	for (const char *p = accept_encoding; p && *p; p += *p == ',') {
		p += strspn(p, " \t");
		if (is_word(p, "gzip"))
			return !is_refused(p + strlen("gzip"));
		p += strcspn(p, ",");
	}
	return false;
}

static void
send_file(const struct call *c, const struct embedded_file *f)
{
	bool packed = f->packed && assets_accept_gzip(c->rq->accept_encoding);
	char etag[32];

	snprintf(etag, sizeof(etag), "\"%s%s\"", f->hash, packed ? "-gzip" : "");
	reply_header(c->rp, "ETag", "%s", etag);
	reply_header(c->rp, "Cache-Control", "no-cache");
	reply_header(c->rp, "Vary", "Accept-Encoding");
	if (c->rq->if_none_match && strstr(c->rq->if_none_match, etag)) {
		c->rp->status = 304;
		return;
	}
	if (packed)
		reply_header(c->rp, "Content-Encoding", "gzip");
	c->rp->type = type_of(f->name);
	c->rp->file = packed ? f->packed : f->data;
	c->rp->file_len = packed ? f->packed_len : f->len;
}

bool
assets_serve(struct call *c)
{
	const char *name = strcmp(c->rq->path, "/") == 0 ? "index.html" : c->rq->path + 1;

	for (const struct embedded_file *f = WEB_FILES; f->name; f++)
		if (strcmp(f->name, name) == 0) {
			send_file(c, f);
			return true;
		}
	return false;
}
