/* SPDX-License-Identifier: Apache-2.0 */
#include "http/assets.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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
		{ ".json", TYPE_JSON },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(table); i++)
		if (strcmp(dot, table[i].suffix) == 0)
			return table[i].type;
	return "application/octet-stream";
}

/* FNV-1a, 64 bit: to see that a file of ours has changed, nothing more. */
static uint64_t
hash(const struct embedded_file *f)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < f->len; i++)
		h = (h ^ f->data[i]) * 0x100000001b3u;
	return h;
}

static void
send_file(const struct call *c, const struct embedded_file *f)
{
	char etag[24];

	snprintf(etag, sizeof(etag), "\"%016" PRIx64 "\"", hash(f));
	reply_header(c->rp, "ETag", "%s", etag);
	reply_header(c->rp, "Cache-Control", "no-cache");
	if (c->rq->if_none_match && strstr(c->rq->if_none_match, etag)) {
		c->rp->status = 304;
		return;
	}
	c->rp->type = type_of(f->name);
	c->rp->file = f->data;
	c->rp->file_len = f->len;
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
