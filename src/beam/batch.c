/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/batch.h"

#include "etf/etf_write.h"

struct strbuf *
batch_add(struct batch *b, const char *module, const char *function)
{
	etf_put_atom(&b->modules, module);
	etf_put_atom(&b->functions, function);
	b->count++;
	return &b->arguments;
}

void
batch_add_atom(struct batch *b, const char *module, const char *function, const char *argument)
{
	struct strbuf *out = batch_add(b, module, function);

	if (argument) {
		etf_put_list(out, 1);
		etf_put_atom(out, argument);
	}
	etf_put_nil(out);
}

static void
put_list_of(struct strbuf *out, uint32_t count, struct strbuf *elements)
{
	etf_put_list(out, count);
	strbuf_add(out, elements->data, elements->len);
	etf_put_nil(out);
	strbuf_release(elements);
}

void
batch_arguments(struct batch *b, struct strbuf *out)
{
	etf_put_list(out, 4);
	etf_put_export(out, "erlang", "apply", 3);
	put_list_of(out, b->count, &b->modules);
	put_list_of(out, b->count, &b->functions);
	put_list_of(out, b->count, &b->arguments);
	etf_put_nil(out);
}
