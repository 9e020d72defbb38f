/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cause_code.h"

#include <string.h>

#include "store/term_code.h"

#define VERSION 1
#define ARITY 7

void
cause_code_write(struct strbuf *out, const struct restart *r)
{
	etf_put_tuple(out, ARITY);
	etf_put_int(out, VERSION);
	term_code_write(out, r->supervisor);
	term_code_write(out, r->key);
	term_code_write(out, r->child_id);
	term_code_write(out, r->reason);
	text_code_write(out, r->restart_type);
	etf_put_int(out, r->group);
}

bool
cause_code_read(const void *data, size_t len, struct restart *r)
{
	struct etf e;

	memset(r, 0, sizeof(*r));
	etf_init(&e, data, len);
	etf_tuple_of(&e, ARITY);
	if (etf_int(&e) != VERSION)
		etf_fail(&e);
	r->supervisor = term_code_read(&e);
	r->key = term_code_read(&e);
	r->child_id = term_code_read(&e);
	r->reason = term_code_read(&e);
	etf_chars(&e, r->restart_type, sizeof(r->restart_type));
	r->group = etf_int(&e) != 0;
	if (etf_done(&e) && r->supervisor && r->child_id)
		return true;
	restart_release(r);
	return false;
}

bool
cause_code_coarse(const void *data, size_t len, struct strbuf *out)
{
	struct restart r;

	if (!cause_code_read(data, len, &r))
		return false;
	term_unref(r.reason);
	r.reason = NULL;
	cause_code_write(out, &r);
	restart_release(&r);
	return true;
}
