/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the view share. */
#ifndef TUI_VIEW_PARTS_H
#define TUI_VIEW_PARTS_H

#include "tui/view.h"

#define PANEL_TREE_AT 5 /* in PANELS */

/* view_leave_detail goes back to the rows, from a detail or the help. */
void view_leave_detail(struct view *v);
/* view_is_open_to: the panel can be shown, of the selected node or of all. */
bool view_is_open_to(const struct view *v, size_t panel);
/* view_show_panel shows it; enum view_effect, as bits. */
unsigned view_show_panel(struct view *v, size_t panel);
/* view_fill settles the rows of the panel that is shown, so that what is chosen is known. */
void view_fill(struct view *v);
/* view_choice is what is chosen in that panel. */
struct list_choice *view_choice(struct view *v);
/* view_scroll_page scrolls the text that is shown by so many lines, as far as there are any. */
void view_scroll_page(struct view *v, long by);

#endif
