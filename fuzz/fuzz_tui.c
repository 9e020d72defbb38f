/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server tells the terminal view: a stream of events, and answers of any shape to every question. All of it is drawn, in the panel that the last byte says, on
 * a large and a small screen: whatever came, only visible characters are on it.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tui/keys.h"
#include "tui/sse.h"
#include "tui/view.h"

static void
on_event(void *arg, const char *id, const char *data, size_t len)
{
	(void)id;
	model_event(arg, data, len);
}

static void
draw(struct view *v, int width, int height)
{
	struct cells c = { 0 };

	cells_size(&c, width, height);
	view_draw(v, &c);
	for (int i = 0; i < c.width * c.height; i++)
		if (c.at[i].cp != 0 && (c.at[i].cp < 0x20 || (c.at[i].cp >= 0x7F && c.at[i].cp < 0xA0)))
			abort();
	cells_release(&c);
}

static void
look_at(struct view *v, size_t panel)
{
	v->panel = panel;
	v->mode = MODE_LIST;
	draw(v, 120, 40);
	view_key(v, KEY_CODE_F6);
	if (panel > 0)
		view_key(v, KEY_CODE_ENTER);
	draw(v, 40, 12);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool prepared;
	struct model m;
	struct view v;
	struct sse sse;

	if (!prepared)
		prepared = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
	model_init(&m);
	model_select(&m, "a@b");
	view_init(&v, &m);
	v.now_ms = 1700000000000;
	sse_init(&sse, on_event, &m);
	sse_feed(&sse, (const char *)data, size);
	for (int ask = 0; ask < ASK_COUNT; ask++)
		model_answer(&m, (enum ask)ask, 200, (const char *)data, size, v.now_ms);
	model_trend(&m, "a@b", (const char *)data, size);
	model_answer(&m, ASK_HEALTH, 500, (const char *)data, size, v.now_ms);
	look_at(&v, size ? data[size - 1] % VIEW_PANELS : 0);
	sse_release(&sse);
	view_release(&v);
	model_release(&m);
	return 0;
}
