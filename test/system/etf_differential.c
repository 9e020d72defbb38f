/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads pairs from stdin, each part behind a 4-byte length: a term in external format (version byte first) and its text as a VM printed it.
 * Prints every pair that arsenal prints otherwise, and fails if there was one; and if the canonical form does not come back as itself.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "etf/etf_canonical.h"
#include "etf/etf_text.h"

#define PART_MAX (1u << 24)

static char *
read_part(uint32_t *len)
{
	uint32_t n;
	char *part;

	if (fread(&n, sizeof(n), 1, stdin) != 1)
		return NULL;
	*len = ntohl(n);
	if (*len > PART_MAX)
		return NULL;
	part = xmalloc(*len + (size_t)1);
	if (fread(part, 1, *len, stdin) != *len) {
		free(part);
		return NULL;
	}
	part[*len] = '\0';
	return part;
}

static bool
check(const char *ext, uint32_t ext_len, const char *expected)
{
	struct strbuf canonical = STRBUF_INIT;
	struct strbuf again = STRBUF_INIT;
	struct strbuf text = STRBUF_INIT;
	struct etf e;
	bool ok;

	etf_init_versioned(&e, ext, ext_len);
	ok = etf_canonical(&e, PART_MAX, &canonical) && etf_done(&e);
	etf_init(&e, canonical.data, canonical.len);
	ok = ok && etf_text(&e, PART_MAX, &text) && etf_done(&e) && strcmp(text.data, expected) == 0;
	etf_init(&e, canonical.data, canonical.len);
	ok = ok && etf_canonical(&e, PART_MAX, &again) && again.len == canonical.len &&
	    memcmp(again.data, canonical.data, again.len) == 0;
	if (!ok && strlen(expected) < 2000)
		printf("expected: %s\n     got: %s\n", expected, strbuf_cstr(&text));
	strbuf_release(&canonical);
	strbuf_release(&again);
	strbuf_release(&text);
	return ok;
}

int
main(void)
{
	unsigned long total = 0;
	unsigned long wrong = 0;
	uint32_t ext_len;
	uint32_t text_len;
	char *ext;

	while ((ext = read_part(&ext_len)) != NULL) {
		char *text = read_part(&text_len);

		if (text == NULL)
			break;
		total++;
		wrong += !check(ext, ext_len, text);
		free(ext);
		free(text);
	}
	printf("%lu terms, %lu differ\n", total, wrong);
	return total == 0 || wrong > 0;
}
