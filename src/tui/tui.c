/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/tui.h"

#include <event2/event.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "os/clock.h"
#include "os/log.h"
#include "tui/get.h"
#include "tui/screen.h"
#include "tui/source.h"
#include "tui/standing.h"
#include "tui/view.h"

#define CLOCK_MS 1000
/* What comes within so short a time is drawn at once. */
#define DRAW_MS 20
#define PRINT_WIDTH 120
#define PRINT_HEIGHT 400
#define LOG_SIZE 400

struct tui {
	const struct tui_options *options;
	struct event_base *loop;
	struct model model;
	struct view view;
	struct cells cells;
	struct source *source;
	struct event *draw, *tick, *refresh, *input, *logged, *deadline;
	struct event *signals[6];
	bool whole;   /* the terminal may show anything */
	bool entered; /* what is shown at first is settled */
	bool settled;
};

/* Lines of the log, which come from any thread. */
static struct {
	pthread_mutex_t lock;
	struct event *wake; /* NULL: there is no screen */
	enum log_level level;
	char line[LOG_SIZE];
} last_log = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
after(struct event *timer, int64_t ms)
{
	const struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	event_add(timer, &t);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------------- */

static void
redraw(struct tui *t)
{
	int width, height;

	t->view.now_ms = clock_now_ms();
	screen_size(&width, &height);
	cells_size(&t->cells, width, height);
	view_draw(&t->view, &t->cells);
	screen_draw(&t->cells, t->whole);
	t->whole = false;
}

static void
on_draw(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	redraw(arg);
}

static void
on_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct tui *t = arg;

	if (!t->view.paused)
		redraw(t);
	after(t->tick, CLOCK_MS);
}

static void
on_refresh(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct tui *t = arg;

	if (!t->view.paused)
		source_ask(t->source);
	after(t->refresh, t->view.refresh_ms);
}

/* ---- what the source asks and tells ----------------------------------------------------------------------------------- */

static unsigned
on_wants(void *arg)
{
	const struct tui *t = arg;

	/* What is held still must not change behind the screen either. */
	return t->view.paused ? 0 : view_wants(&t->view);
}

/* The lines of nodes that are on the screen are asked for once each; from then on they grow by themselves. */
static const char *
on_wants_trend(void *arg)
{
	struct tui *t = arg;
	const struct list *l = &t->view.list;
	size_t first = t->view.choices[0].top;

	if (t->view.panel != 0 || t->view.paused || t->cells.width == 0)
		return "";
	for (size_t i = first; i < l->count && i < first + (size_t)t->view.list_height; i++) {
		struct trend *trend = model_trend_of(&t->model, l->rows[i].id);

		if (trend && !trend->asked) {
			trend->asked = true;
			return trend->name;
		}
	}
	return "";
}

/* Where there is one node only, that is what one wants to see. */
static void
enter_only_node(struct tui *t)
{
	const json_t *nodes = model_nodes(&t->model);
	const char *panel = t->options->panel;

	if (t->entered || nodes == NULL)
		return;
	t->entered = true;
	if (json_array_size(nodes) != 1 || *t->model.node || (panel && strcmp(panel, "nodes") == 0))
		return;
	view_select(&t->view, get_text(json_array_get(nodes, 0), "name"));
	if (panel && view_open(&t->view, panel) && strcmp(panel, "tree") == 0)
		source_ask_tree(t->source);
	source_ask(t->source);
}

static void
on_changed(void *arg, bool all UNUSED)
{
	struct tui *t = arg;

	enter_only_node(t);

	if (!t->view.paused && !evtimer_pending(t->draw, NULL))
		after(t->draw, DRAW_MS);
}

static int64_t
on_now(void *arg UNUSED)
{
	return clock_now_ms();
}

/* ---- keys and signals ------------------------------------------------------------------------------------------------- */

static void
take_effects(struct tui *t, unsigned effects)
{
	if (effects & EFFECT_QUIT)
		event_base_loopexit(t->loop, NULL);
	if (effects & EFFECT_ASK) {
		source_ask(t->source);
		after(t->refresh, t->view.refresh_ms);
	}
	if (effects & EFFECT_TREE)
		source_ask_tree(t->source);
	t->whole = t->whole || (effects & EFFECT_REDRAW);
}

static void
on_input(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct tui *t = arg;
	int key, left = 0;

	/* Readable, and nothing to read: the terminal is gone. */
	if (ioctl(fd, FIONREAD, &left) != 0 || left == 0) {
		event_base_loopexit(t->loop, NULL);
		return;
	}
	t->view.now_ms = clock_now_ms();
	while ((key = screen_key()) != 0)
		take_effects(t, view_key(&t->view, key));
	redraw(t);
}

static void
on_signal(evutil_socket_t number, short what UNUSED, void *arg)
{
	struct tui *t = arg;

	switch (number) {
	case SIGWINCH:
	case SIGCONT:
		t->whole = true;
		redraw(t);
		break;
	case SIGTSTP:
		screen_stop();
		break;
	default:
		event_base_loopexit(t->loop, NULL);
	}
}

static void
add_signals(struct tui *t)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT };

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		t->signals[i] = evsignal_new(t->loop, numbers[i], on_signal, t);
		event_add(t->signals[i], NULL);
	}
}

/* ---- the log ---------------------------------------------------------------------------------------------------------- */

static void
log_sink(void *arg UNUSED, enum log_level level, const char *line)
{
	pthread_mutex_lock(&last_log.lock);
	last_log.level = level;
	snprintf(last_log.line, sizeof(last_log.line), "%s", line);
	if (last_log.wake)
		event_active(last_log.wake, 0, 0);
	pthread_mutex_unlock(&last_log.lock);
}

static void
on_logged(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct tui *t = arg;

	t->view.now_ms = clock_now_ms();
	pthread_mutex_lock(&last_log.lock);
	view_note(&t->view, "%s%s", last_log.level <= LOG_WARNING ? "! " : "", last_log.line);
	pthread_mutex_unlock(&last_log.lock);
	on_changed(t, true);
}

static void
set_log_wake(struct event *wake)
{
	pthread_mutex_lock(&last_log.lock);
	last_log.wake = wake;
	pthread_mutex_unlock(&last_log.lock);
}

/* ---- the life of a view ----------------------------------------------------------------------------------------------- */

static bool
is_panel(const char *name)
{
	for (size_t i = 0; i < VIEW_PANELS; i++)
		if (strcmp(PANELS[i]->name, name) == 0)
			return true;
	return false;
}

static bool
no_panel(const char *name, struct err *err)
{
	struct strbuf names = STRBUF_INIT;

	for (size_t i = 0; i < VIEW_PANELS; i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", PANELS[i]->name);
	err_set(err, "--panel %.60s: there are %s", name, names.data);
	strbuf_release(&names);
	return false;
}

static bool
begin(struct tui *t, const struct tui_options *o, struct err *err)
{
	*t = (struct tui) { .options = o, .loop = o->loop };
	setlocale(LC_CTYPE, "");
	model_init(&t->model);
	view_init(&t->view, &t->model);
	snprintf(t->view.origin, sizeof(t->view.origin), "%s", o->origin);
	t->view.refresh_ms = o->refresh_ms;
	t->view.now_ms = clock_now_ms();
	view_select(&t->view, o->node ? o->node : "");
	t->cells.ascii = screen_is_ascii();
	if (o->panel && !view_open(&t->view, o->panel) && !is_panel(o->panel))
		return no_panel(o->panel, err);
	return true;
}

static void
begin_to_ask(struct tui *t, void (*changed)(void *arg, bool all))
{
	const struct tui_options *o = t->options;
	const struct source_options so = { o->host, o->port, o->token, on_wants, on_wants_trend, changed, on_now, t };

	t->source = source_new(t->loop, &t->model, &so);
	source_find(t->source, o->find, o->arg);
	source_ask(t->source);
	if (o->node && o->panel && strcmp(o->panel, "tree") == 0)
		source_ask_tree(t->source);
}

static void
free_event(struct event *ev)
{
	if (ev)
		event_free(ev);
}

static void
end(struct tui *t)
{
	source_free(t->source);
	for (size_t i = 0; i < ARRAY_LEN(t->signals); i++)
		free_event(t->signals[i]);
	free_event(t->draw);
	free_event(t->tick);
	free_event(t->refresh);
	free_event(t->input);
	free_event(t->logged);
	free_event(t->deadline);
	view_release(&t->view);
	model_release(&t->model);
	cells_release(&t->cells);
}

static void
run_on_screen(struct tui *t)
{
	t->draw = evtimer_new(t->loop, on_draw, t);
	t->tick = evtimer_new(t->loop, on_tick, t);
	t->refresh = evtimer_new(t->loop, on_refresh, t);
	t->input = event_new(t->loop, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, t);
	t->logged = event_new(t->loop, -1, 0, on_logged, t);
	event_add(t->input, NULL);
	after(t->tick, CLOCK_MS);
	after(t->refresh, t->view.refresh_ms);
	set_log_wake(t->logged);
	log_set_sink(log_sink, NULL);
	begin_to_ask(t, on_changed);
	redraw(t);
	event_base_dispatch(t->loop);
	log_set_sink(NULL, NULL);
	set_log_wake(NULL);
}

bool
tui_run(const struct tui_options *options, struct err *err)
{
	struct tui t;
	bool ok = begin(&t, options, err);

	/* Before the screen: ncurses leaves signals alone that are handled. */
	if (ok)
		add_signals(&t);
	if (ok && (ok = screen_open(err))) {
		run_on_screen(&t);
		screen_close();
	}
	end(&t);
	return ok;
}

/* ---- one screen as text ----------------------------------------------------------------------------------------------- */

/* Whether the answers that are wanted have come, or will not. */
static bool
is_answered(const struct tui *t)
{
	unsigned wants = view_wants(&t->view) | (t->model.answers[ASK_TREE].waiting ? 1u << ASK_TREE : 0);

	for (int ask = 0; ask < ASK_COUNT; ask++)
		if ((wants & 1u << ask) &&
		    (t->model.answers[ask].waiting || (!t->model.answers[ask].body && !*t->model.answers[ask].why)))
			return false;
	return true;
}

/* A node that has just been linked is known once its CPU use is; one that cannot be linked is known at once. */
static bool
is_settled(const struct tui *t)
{
	const json_t *node = model_node(&t->model);
	const json_t *cpu = json_object_get(node, "cpu_utilization");
	enum standing s = node ? standing_of(node) : STANDING_UNKNOWN;

	return !t->options->settle || json_is_number(cpu) || s == STANDING_DOWN;
}

static void
on_answers(void *arg, bool all)
{
	struct tui *t = arg;

	enter_only_node(t);
	t->settled = all && is_answered(t) && is_settled(t);
	if (t->settled)
		event_base_loopexit(t->loop, NULL);
}

static void
on_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct tui *t = arg;

	event_base_loopexit(t->loop, NULL);
}

static int
print_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (columns && atoi(columns) > 0)
		return atoi(columns);
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : PRINT_WIDTH;
}

static void
print_cells(struct tui *t)
{
	struct strbuf out = STRBUF_INIT;
	size_t used = 0;

	t->view.whole = true;
	t->view.now_ms = clock_now_ms();
	cells_size(&t->cells, print_width(), PRINT_HEIGHT);
	view_draw(&t->view, &t->cells);
	for (int row = 0; row < t->cells.height; row++) {
		size_t before = out.len;

		cells_text(&t->cells, row, &out);
		used = out.len > before ? out.len + 1 : used;
		strbuf_addc(&out, '\n');
	}
	strbuf_cut(&out, used);
	fwrite(strbuf_cstr(&out), 1, out.len, stdout);
	fflush(stdout);
	strbuf_release(&out);
}

bool
tui_print(const struct tui_options *options, struct err *err)
{
	struct tui t;
	bool ok = begin(&t, options, err);

	if (ok) {
		add_signals(&t);
		t.view.refresh_ms = 500;
		t.refresh = evtimer_new(t.loop, on_refresh, &t);
		t.deadline = evtimer_new(t.loop, on_deadline, &t);
		after(t.refresh, t.view.refresh_ms);
		after(t.deadline, options->timeout_ms);
		begin_to_ask(&t, on_answers);
		event_base_dispatch(t.loop);
		if (model_nodes(&t.model))
			print_cells(&t);
		else
			ok = err_set(err, "no answer from %s: %s", options->origin,
			    *t.model.lost_why ? t.model.lost_why : "not in time");
	}
	end(&t);
	return ok;
}
