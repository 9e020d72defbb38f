/* SPDX-License-Identifier: Apache-2.0 */
#include "http/exchange.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE 2048

void
reply_init(struct reply *rp)
{
	memset(rp, 0, sizeof(*rp));
	rp->status = 200;
	rp->type = TYPE_JSON;
}

void
reply_release(struct reply *rp)
{
	strbuf_release(&rp->body);
}

void
reply_header(struct reply *rp, const char *name, const char *fmt, ...)
{
	va_list ap;

	assert(rp->header_count < REPLY_MAX_HEADERS);
	rp->headers[rp->header_count].name = name;
	va_start(ap, fmt);
	vsnprintf(rp->headers[rp->header_count++].value, REPLY_HEADER_SIZE, fmt, ap);
	va_end(ap);
}

void
reply_json(struct reply *rp, struct jsonw *j)
{
	rp->type = TYPE_JSON;
	strbuf_reset(&rp->body);
	jsonw_init(j, &rp->body);
}

void
reply_error(struct reply *rp, int status, const char *fmt, ...)
{
	char message[MESSAGE_SIZE];
	struct jsonw j;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	rp->status = status;
	reply_json(rp, &j);
	jsonw_object(&j);
	jsonw_key(&j, "error");
	jsonw_object(&j);
	jsonw_key(&j, "status");
	jsonw_int(&j, status);
	jsonw_key(&j, "message");
	jsonw_str(&j, message);
	jsonw_end(&j);
	jsonw_end(&j);
}
