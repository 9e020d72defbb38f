/* SPDX-License-Identifier: Apache-2.0 */
/* The heads of reports, as files of the folder have them: anybody may have written there. What is read must be texts that fit, and must be written as JSON. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "report/report_head.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf out = STRBUF_INIT;
	struct report_head head;
	struct jsonw j;

	if (!report_head_read((const char *)data, size, &head))
		return 0;
	must_be_utf8(head.id);
	must_be_utf8(head.node);
	must_be_utf8(head.title);
	if (!(head.confidence >= 0 && head.confidence <= 1))
		abort();
	jsonw_init(&j, &out);
	report_head_json(&head, &j);
	strbuf_release(&out);
	return 0;
}
