/* SPDX-License-Identifier: Apache-2.0 */
#include "crashdump/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void
words_bytes(struct strbuf *out, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		strbuf_addf(out, "%" PRIu64 " bytes", bytes);
		return;
	}
	for (; v >= 1024 && i + 1 < ARRAY_LEN(units); i++)
		v /= 1024;
	strbuf_addf(out, v < 99.95 ? "%.1f %s" : "%.0f %s", v, units[i]);
}

void
words_count(struct strbuf *out, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			strbuf_addc(out, ',');
		strbuf_addc(out, digits[i]);
	}
}

void
words_text(struct strbuf *out, const char *text)
{
	utf8_add_printable(out, text, strlen(text));
}

void
words_pid(struct strbuf *out, const char *name, const char *pid)
{
	if (*name) {
		words_text(out, name);
		strbuf_addc(out, ' ');
	}
	words_text(out, pid);
}

void
words_process(struct strbuf *out, const struct crash_process *p)
{
	words_pid(out, *p->name ? p->name : p->label, p->pid);
	if (*p->initial_call == '\0')
		return;
	strbuf_adds(out, " (");
	words_text(out, p->initial_call);
	strbuf_addc(out, ')');
}

static void
add_terms(struct strbuf *out, const struct crash_process *p, int kind)
{
	static const char *const one[CRASH_TERMS] = { "list cell", "tuple", "map", "binary", "other term" };
	static const char *const many[CRASH_TERMS] = { "list cells", "tuples", "maps", "binaries", "other terms" };

	words_count(out, p->terms[kind]);
	strbuf_addf(out, " %s", p->terms[kind] == 1 ? one[kind] : many[kind]);
}

void
words_heap(struct strbuf *out, const struct crash_process *p)
{
	int first = 0;
	int second = -1;

	for (int i = 1; i < CRASH_TERMS; i++)
		if (p->terms[i] > p->terms[first])
			first = i;
	for (int i = 0; i < CRASH_TERMS; i++)
		if (i != first && p->terms[i] > 0 && (second < 0 || p->terms[i] > p->terms[second]))
			second = i;
	if (p->terms[first] == 0)
		return;
	add_terms(out, p, first);
	if (second >= 0) {
		strbuf_adds(out, ", ");
		add_terms(out, p, second);
	}
}

void
words_stack(struct strbuf *out, const struct crash_stack *s, size_t max)
{
	for (size_t i = 0, again; i < s->count && max > 0; i = again, max--) {
		for (again = i + 1; again < s->count && strcmp(s->frame[i], s->frame[again]) == 0;)
			again++;
		strbuf_adds(out, i ? " < " : "");
		words_text(out, s->frame[i]);
		if (again - i > 1)
			strbuf_addf(out, " (%zu times)", again - i);
	}
}
