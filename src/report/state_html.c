/* SPDX-License-Identifier: Apache-2.0 */
#include "report/state_html.h"

#include <math.h>

#include "report/html.h"
#include "report/phrases.h"

static void
process_row(struct strbuf *out, enum top_kind kind, const struct top_process *p)
{
	/* A process whose queue is deep is not asked for its memory; its rank is from before. */
	double memory = isnan(p->memory) && kind == TOP_MEMORY ? p->value : p->memory;
	char text[QUANTITY_SIZE], name[PHRASE_NAME];

	strbuf_adds(out, "<tr>");
	html_row_head(out, phrase_process(name, p));
	html_cell(out, "n", isnan(memory) ? "" : quantity_text(text, UNIT_BYTES, memory));
	html_cell(out, "n", isnan(p->queue_len) ? "" : quantity_text(text, UNIT_COUNT, p->queue_len));
	html_cell(out, "n", isnan(p->binary) ? "" : quantity_text(text, UNIT_BYTES, p->binary));
	html_cell(out, "n", isnan(p->reductions) ? "" : quantity_text(text, UNIT_COUNT, p->reductions));
	html_cell(out, "", p->current_function);
	html_cell(out, "", p->application);
	strbuf_adds(out, "</tr>");
}

static void
tops(struct strbuf *out, const struct report *r)
{
	static const enum top_kind order[] = { TOP_MEMORY, TOP_MESSAGE_QUEUE, TOP_BINARY, TOP_REDUCTIONS };

	strbuf_adds(out, "<h2>Largest processes at the end</h2>");
	for (size_t k = 0; k < ARRAY_LEN(order); k++) {
		const struct report_top *top = &r->top[order[k]];

		if (top->count == 0 || !(top->rows[0].value > 0))
			continue;
		strbuf_addf(out, "<details%s><summary>by %s</summary>", k < 2 ? " open" : "", phrase_top(order[k]));
		html_begin_table(
		    out, "Largest processes", "Process|#memory|#messages|#binaries|#reductions/s|in|application");
		for (unsigned i = 0; i < top->count && top->rows[i].value > 0; i++)
			process_row(out, order[k], &top->rows[i]);
		html_end_table(out);
		strbuf_adds(out, "</details>");
	}
}

static void
tables(struct strbuf *out, const struct report *r)
{
	char text[QUANTITY_SIZE];

	if (r->table_count == 0)
		return;
	strbuf_adds(out, "<h2>Largest ETS tables</h2>");
	html_begin_table(out, "Largest ETS tables", "Table|owner|#memory|#objects|#an hour");
	for (unsigned i = 0; i < r->table_count; i++) {
		const struct survey_table *t = &r->tables[i];

		strbuf_adds(out, "<tr>");
		html_row_head(out, t->name);
		html_cell(out, "", t->owner);
		html_cell(out, "n", quantity_text(text, UNIT_BYTES, t->memory));
		html_cell(out, "n", quantity_text(text, UNIT_COUNT, t->size));
		html_cell(out, "n",
		    fabs(t->growth.per_hour) >= 1024 ? quantity_text(text, UNIT_BYTES, t->growth.per_hour) : "");
		strbuf_adds(out, "</tr>");
	}
	html_end_table(out);
}

/* The bar says nothing that the words below do not. */
static void
memory_bar(struct strbuf *out, const struct memory_level_account *l)
{
	char text[QUANTITY_SIZE];

	strbuf_adds(out, "<div class=\"bar\" aria-hidden=\"true\">");
	for (unsigned k = 0; k < l->part_count; k++)
		strbuf_addf(out, "<div class=\"c%u\" style=\"width:%.2f%%\" title=\"%s\"></div>", k % 8,
		    isfinite(l->parts[k].bytes / l->bytes) ? 100 * l->parts[k].bytes / l->bytes : 0, l->parts[k].name);
	strbuf_adds(out, "</div><p class=\"soft parts\">");
	for (unsigned k = 0; k < l->part_count; k++)
		strbuf_addf(out, "<span class=\"part\"><span class=\"swatch c%u\"></span>%s %s</span>", k % 8,
		    l->parts[k].name, quantity_text(text, UNIT_BYTES, l->parts[k].bytes));
	strbuf_adds(out, "</p>");
}

static void
memory(struct strbuf *out, const struct report *r)
{
	char text[QUANTITY_SIZE];

	if (r->last == NULL)
		return;
	strbuf_adds(out, "<h2>Memory at the end</h2>");
	for (unsigned i = 0; i < MEMORY_LEVEL_COUNT; i++) {
		const struct memory_level_account *l = &r->memory.levels[i];

		if (isnan(l->bytes) || l->part_count == 0 || isnan(l->parts[0].bytes))
			continue;
		strbuf_addf(out, "<h3>%s %s</h3>", l->name, quantity_text(text, UNIT_BYTES, l->bytes));
		memory_bar(out, l);
	}
	if (r->memory_old)
		strbuf_addf(out, "<p class=\"soft\">%s.</p>", PHRASE_MEMORY_OLD);
}

void
state_html(const struct report *r, struct strbuf *out)
{
	tops(out, r);
	tables(out, r);
	memory(out, r);
}
