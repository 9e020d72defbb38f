/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/flaws.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "os/log.h"

static const struct {
	const char *name, *what, *done;
} FLAWS[FLAW_COUNT] = {
#define FLAW_ROW(id, name, what, done) { name, what, done },
	FLAW_TABLE(FLAW_ROW)
#undef FLAW_ROW
};

const char *
flaw_name(enum flaw kind)
{
	return FLAWS[kind].name;
}

void
flaws_init(struct flaws *f, const char *file, bool strict)
{
	memset(f, 0, sizeof(*f));
	f->file = file;
	f->strict = strict;
}

static void
add_place(struct strbuf *out, uint64_t line, size_t column)
{
	if (line > 0)
		strbuf_addf(out, "line %" PRIu64, line);
	if (line > 0 && column > 0)
		strbuf_addf(out, ", column %zu", column);
	if (line > 0)
		strbuf_adds(out, ": ");
}

/* add_found writes the place and what was there, of which the file may have anything. */
static void PRINTF(4, 0) add_found(struct strbuf *out, uint64_t line, size_t column, const char *fmt, va_list args)
{
	char text[200];

	add_place(out, line, column);
	vsnprintf(text, sizeof(text), fmt, args);
	utf8_add_visible(out, text, sizeof(text));
}

bool
flaws_note(struct flaws *f, enum flaw kind, uint64_t line, size_t column, struct err *err, const char *fmt, ...)
{
	struct strbuf found = STRBUF_INIT;
	va_list args;

	if (f->count[kind]++ == 0 || f->strict) {
		va_start(args, fmt);
		add_found(&found, line, column, fmt, args);
		va_end(args);
	}
	if (f->strict)
		err_set(err, "%s: %s", f->file, strbuf_cstr(&found));
	else if (f->count[kind] == 1)
		snprintf(f->first[kind], sizeof(f->first[kind]), "%s", strbuf_cstr(&found));
	strbuf_release(&found);
	return !f->strict;
}

bool
flaws_fail(const struct flaws *f, uint64_t line, size_t column, struct err *err, const char *fmt, ...)
{
	struct strbuf found = STRBUF_INIT;
	va_list args;

	va_start(args, fmt);
	add_found(&found, line, column, fmt, args);
	va_end(args);
	err_set(err, "%s: %s", f->file, strbuf_cstr(&found));
	strbuf_release(&found);
	return false;
}

void
flaws_add(const struct flaws *f, struct strbuf *out)
{
	for (int kind = 0; kind < FLAW_COUNT; kind++)
		if (f->count[kind] > 0)
			strbuf_addf(out, "%s: %" PRIu64 " %s: %s (the first: %s)\n", f->file, f->count[kind],
			    FLAWS[kind].what, FLAWS[kind].done, f->first[kind]);
}

void
flaws_warn(const struct flaws *f)
{
	struct strbuf lines = STRBUF_INIT;

	flaws_add(f, &lines);
	log_lines(LOG_WARNING, strbuf_cstr(&lines));
	strbuf_release(&lines);
}
