/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows under titled columns, as every panel has them: sorted, filtered, searched and scrolled in one place. A panel fills the list anew whenever it is drawn; what
 * a person has chosen (the row, the order, the filter) is kept beside it, by the row's id, so that it stays with a row that moves.
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "tui/cells.h"

#define LIST_COLUMNS 8
#define LIST_ROWS 4000
#define LIST_FILTER_SIZE 64
#define LIST_ID_SIZE 320

struct column {
	const char *name; /* by which one sorts; NULL: not by this one */
	const char *title;
	int width;      /* columns on the screen; 0: what the others leave; -n: n times as much of that */
	bool right;     /* numbers */
	int from_width; /* shown on screens that are at least so wide */
};

struct list_cell {
	char *text;
	double number; /* to sort by; NAN: by the text */
	enum style style;
};

struct row {
	char id[LIST_ID_SIZE];
	const json_t *of; /* what it shows; the model's */
	int depth;        /* of a tree; 0: none */
	size_t added;     /* place in the order in which rows were added */
	int group;        /* rows of a lower group come first, whatever the order */
	struct list_cell cells[LIST_COLUMNS];
};

struct list {
	const struct column *columns;
	size_t column_count;
	struct row *rows;
	size_t count, room;
};

/* What a person has chosen. */
struct list_choice {
	char id[LIST_ID_SIZE]; /* the chosen row's; "": the first */
	size_t index;          /* where it is, or was */
	size_t top;            /* the first row on the screen */
	int sort;              /* column; -1: the order in which rows were added */
	bool inverted;
	char filter[LIST_FILTER_SIZE]; /* only rows with this in them, whatever the case */
};

/* list_begin empties the list for a panel's columns. */
void list_begin(struct list *l, const struct column *columns, size_t count);
void list_release(struct list *l);
/* list_add appends a row; NULL when there are too many. Ids are copied, a long one is cut. */
struct row *list_add(struct list *l, const char *id, const json_t *of);
/* row_text and row_number set a cell; the text is copied, and may hold anything. Numbers come with their text, and are what is sorted by. */
void row_text(struct row *r, size_t column, enum style style, const char *text);
void row_textf(struct row *r, size_t column, enum style style, const char *fmt, ...) PRINTF(4, 5);
void row_number(struct row *r, size_t column, enum style style, double number, const char *text);

/* list_settle filters and sorts by the choice, and finds the chosen row again. */
void list_settle(struct list *l, struct list_choice *choice);
/* list_move moves the choice by so many rows, as far as there are any. */
void list_move(const struct list *l, struct list_choice *choice, long by);
/* list_find chooses the next row (from the chosen one on, or behind it) that has the text in it; false if there is none. */
bool list_find(const struct list *l, struct list_choice *choice, const char *text, bool behind);
/* list_chosen is the chosen row; NULL in an empty list. */
const struct row *list_chosen(const struct list *l, const struct list_choice *choice);
/* list_sort orders by the next (by 1) or former (-1) column that can be sorted by. */
void list_sort(const struct list *l, struct list_choice *choice, int by);
/* list_draw shows titles and rows in a box of the field, and scrolls so that the chosen row is in it. */
void list_draw(const struct list *l, struct list_choice *choice, struct cells *c, int row, int height, bool cursor);
/* list_column finds a column by its name; -1: there is none. */
int list_column(const struct column *columns, size_t count, const char *name);

#endif
