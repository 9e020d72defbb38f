/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/plot_png.h"

#include <math.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "replay/library.h"

#define WIDTH 1200
#define PANEL 240
#define HEAD 40
#define LEFT 90
#define RIGHT 20
#define TOP 34
#define BOTTOM 30
#define TICKS 4
#define TIME_LABELS 5
#define STAMP 16 /* "2014-04-11 09:00" */
#define NAME_MAX_BYTES 200

/* ---- cairo ---- */

struct text_extents {
	double x_bearing, y_bearing, width, height, x_advance, y_advance;
};

enum { FORMAT_RGB24 = 1, SLANT_NORMAL = 0, WEIGHT_NORMAL = 0, WEIGHT_BOLD = 1 };

/* X(name behind "cairo_", result, parameters) */
#define CAIRO_TABLE(X)                                                                      \
	X(image_surface_create, void *, (int format, int width, int height))                \
	X(surface_write_to_png, int, (void *surface, const char *path))                     \
	X(surface_destroy, void, (void *surface))                                           \
	X(create, void *, (void *surface))                                                  \
	X(destroy, void, (void *cr))                                                        \
	X(status, int, (void *cr))                                                          \
	X(status_to_string, const char *, (int status))                                     \
	X(set_source_rgb, void, (void *cr, double r, double g, double b))                   \
	X(set_source_rgba, void, (void *cr, double r, double g, double b, double a))        \
	X(set_line_width, void, (void *cr, double width))                                   \
	X(move_to, void, (void *cr, double x, double y))                                    \
	X(line_to, void, (void *cr, double x, double y))                                    \
	X(arc, void, (void *cr, double x, double y, double radius, double from, double to)) \
	X(stroke, void, (void *cr))                                                         \
	X(fill, void, (void *cr))                                                           \
	X(paint, void, (void *cr))                                                          \
	X(select_font_face, void, (void *cr, const char *family, int slant, int weight))    \
	X(set_font_size, void, (void *cr, double size))                                     \
	X(text_extents, void, (void *cr, const char *text, struct text_extents *extents))   \
	X(show_text, void, (void *cr, const char *text))

static struct {
#define CAIRO_MEMBER(name, result, parameters) result(*name) parameters;
	CAIRO_TABLE(CAIRO_MEMBER)
#undef CAIRO_MEMBER
	bool loaded;
} cairo;

bool
plot_png_ready(struct err *err)
{
	const struct symbol symbols[] = {
#define CAIRO_SYMBOL(name, result, parameters) { "cairo_" #name, &cairo.name },
		CAIRO_TABLE(CAIRO_SYMBOL)
#undef CAIRO_SYMBOL
	};

	cairo.loaded = cairo.loaded || library_load("libcairo.so.2", "libcairo2", symbols, ARRAY_LEN(symbols), err);
	return cairo.loaded;
}

/* ---- one panel ---- */

struct panel {
	void *cr;
	const struct plot_line *line;
	struct plot_scale scale;
	int64_t first_ms, last_ms;
	double top; /* of the panel */
};

static double
x_of(const struct panel *p, int64_t time_ms)
{
	double span = (double)(p->last_ms - p->first_ms), part = span > 0 ? (double)(time_ms - p->first_ms) / span : 0;

	return LEFT + (WIDTH - LEFT - RIGHT) * part;
}

static double
y_of(const struct panel *p, double v)
{
	double part = (v - p->scale.low) / (p->scale.high - p->scale.low);

	return p->top + PANEL - BOTTOM - (PANEL - TOP - BOTTOM) * part;
}

/* put_text: anchor 0 begins at x, 0.5 is centred, 1 ends there. Foreign text is made visible first. */
static void
put_text(void *cr, double x, double y, double anchor, const char *text)
{
	struct strbuf visible = STRBUF_INIT;
	struct text_extents e;

	utf8_add_visible(&visible, text, NAME_MAX_BYTES);
	cairo.text_extents(cr, strbuf_cstr(&visible), &e);
	cairo.move_to(cr, x - anchor * e.x_advance, y);
	cairo.show_text(cr, strbuf_cstr(&visible));
	strbuf_release(&visible);
}

static void
draw_axes(const struct panel *p)
{
	char text[QUANTITY_SIZE > TIME_RFC3339_SIZE ? QUANTITY_SIZE : TIME_RFC3339_SIZE];

	cairo.set_line_width(p->cr, 1);
	for (double v = p->scale.low; v <= p->scale.high + p->scale.step / 2; v += p->scale.step) {
		double y = floor(y_of(p, v)) + 0.5;

		cairo.set_source_rgb(p->cr, 0.88, 0.88, 0.9);
		cairo.move_to(p->cr, LEFT, y);
		cairo.line_to(p->cr, WIDTH - RIGHT, y);
		cairo.stroke(p->cr);
		cairo.set_source_rgb(p->cr, 0.35, 0.35, 0.4);
		put_text(
		    p->cr, LEFT - 8, y + 4, 1, plot_line_label(text, p->line, fabs(v) < p->scale.step / 1e6 ? 0 : v));
	}
	for (int i = 0; i < TIME_LABELS; i++) {
		int64_t at = p->first_ms + (p->last_ms - p->first_ms) * i / (TIME_LABELS - 1);

		time_rfc3339(text, at)[10] = ' ';
		text[STAMP] = '\0';
		put_text(p->cr, x_of(p, at), p->top + PANEL - 10, (double)i / (TIME_LABELS - 1), text);
	}
}

static void
draw_marks(const struct panel *p)
{
	for (size_t i = 0; i < p->line->mark_count; i++) {
		double x = x_of(p, p->line->marks_ms[i]);

		cairo.set_source_rgba(p->cr, 0.85, 0.1, 0.1, 0.35);
		cairo.move_to(p->cr, x, p->top + TOP);
		cairo.line_to(p->cr, x, p->top + PANEL - BOTTOM);
		cairo.stroke(p->cr);
		cairo.set_source_rgb(p->cr, 0.85, 0.1, 0.1);
		cairo.arc(p->cr, x, p->top + TOP - 3, 3.5, 0, 2 * M_PI);
		cairo.fill(p->cr);
	}
}

/* Each step of a pixel is the range of its values, joined to the one before. */
static void
draw_line(const struct panel *p)
{
	int from = (int)x_of(p, p->line->first_ms), to = (int)x_of(p, p->line->last_ms);
	double per_pixel = (double)(p->last_ms - p->first_ms) / (WIDTH - LEFT - RIGHT);
	bool begun = false;

	cairo.set_source_rgb(p->cr, 0.13, 0.35, 0.67);
	cairo.set_line_width(p->cr, 1.2);
	for (int x = from; x <= to; x++) {
		int64_t at = p->first_ms + (int64_t)((x - LEFT) * per_pixel);
		double low, high;

		/* Where samples are farther apart than pixels, the line goes straight on. */
		if (!plot_line_range(p->line, at, at + (int64_t)per_pixel + 1, &low, &high))
			continue;
		(begun ? cairo.line_to : cairo.move_to)(p->cr, x, y_of(p, high));
		cairo.line_to(p->cr, x, y_of(p, low) + (low == high ? 0.01 : 0));
		begun = true;
	}
	cairo.stroke(p->cr);
}

static void
draw_panel(const struct panel *p)
{
	cairo.select_font_face(p->cr, "sans-serif", SLANT_NORMAL, WEIGHT_BOLD);
	cairo.set_font_size(p->cr, 13);
	cairo.set_source_rgb(p->cr, 0.1, 0.1, 0.15);
	put_text(p->cr, LEFT, p->top + TOP - 14, 0, p->line->name);
	cairo.select_font_face(p->cr, "sans-serif", SLANT_NORMAL, WEIGHT_NORMAL);
	cairo.set_font_size(p->cr, 11);
	draw_axes(p);
	draw_marks(p);
	draw_line(p);
}

/* ---- the picture ---- */

static void
draw_all(void *cr, const char *title, const struct plot_line *const *lines, size_t count)
{
	struct panel p = { .cr = cr, .first_ms = INT64_MAX, .last_ms = INT64_MIN, .top = HEAD };

	for (size_t i = 0; i < count; i++) {
		p.first_ms = lines[i]->first_ms < p.first_ms ? lines[i]->first_ms : p.first_ms;
		p.last_ms = lines[i]->last_ms > p.last_ms ? lines[i]->last_ms : p.last_ms;
	}
	cairo.set_source_rgb(cr, 1, 1, 1);
	cairo.paint(cr);
	cairo.select_font_face(cr, "sans-serif", SLANT_NORMAL, WEIGHT_BOLD);
	cairo.set_font_size(cr, 16);
	cairo.set_source_rgb(cr, 0.1, 0.1, 0.15);
	put_text(cr, LEFT, 26, 0, title);
	for (size_t i = 0; i < count; i++, p.top += PANEL) {
		p.line = lines[i];
		p.scale = plot_line_scale(lines[i], TICKS);
		draw_panel(&p);
	}
}

bool
plot_png(const char *path, const char *title, const struct plot_line *const *lines, size_t count, struct err *err)
{
	struct err cause;
	void *surface, *cr;
	int status;

	if (!plot_png_ready(&cause))
		return err_set(err, "%s: %s", path, cause.text);
	surface = cairo.image_surface_create(FORMAT_RGB24, WIDTH, (int)(HEAD + PANEL * count));
	cr = cairo.create(surface);
	draw_all(cr, title, lines, count);
	status = cairo.status(cr);
	if (status == 0)
		status = cairo.surface_write_to_png(surface, path);
	if (status != 0)
		err_set(err, "%s: %s", path, cairo.status_to_string(status));
	cairo.destroy(cr);
	cairo.surface_destroy(surface);
	return status == 0;
}
