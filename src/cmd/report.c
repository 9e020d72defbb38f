/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arsenal report: what happened. Post-mortems come from their folder, or from an arsenal that runs; the report of a range from an arsenal that runs, for it has
 * what is not on any disk, or from a store that none writes at present.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "cmd/report_fleet.h"
#include "cmd/report_kept.h"
#include "cmd/setup.h"
#include "flight/report_files.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/log.h"
#include "report/phrases.h"
#include "store/reader.h"

#define TIMEOUT_MS 30000
#define SPAN_MS 3600000
#define OUTPUT_MODE 0600
/* ---- the range -------------------------------------------------------------------------------------------------------------- */

static bool
parse_moment(const char *option, const char *text, int64_t now_ms, int64_t *time_ms, struct err *err)
{
	return text == NULL || time_parse_moment(text, now_ms, time_ms) ||
	    err_set(err, "--%s %s: no time; give " TIME_MOMENTS, option, text);
}

static bool
take_range(const struct settings *s, int64_t now_ms, struct report_range *range, struct err *err)
{
	range->to_ms = now_ms;
	if (!parse_moment("until", s->until, now_ms, &range->to_ms, err))
		return false;
	range->from_ms = range->to_ms - SPAN_MS;
	if (!parse_moment("since", s->since, now_ms, &range->from_ms, err))
		return false;
	return range->from_ms <= range->to_ms || err_set(err, "--until is before --since");
}

static bool
parse_range(struct inquiry *q, int64_t now_ms, struct report_range *range, struct err *err)
{
	q->misused = !take_range(q->s, now_ms, range, err);
	return !q->misused;
}

/* The nodes that a report is of: those that are watched or kept, or the one that was named. */
struct node_list {
	char **names;
	size_t count;
};

static void
add_node(struct node_list *l, const char *name)
{
	l->names = xreallocarray(l->names, l->count + 1, sizeof(*l->names));
	l->names[l->count++] = xstrdup(name);
}

static void
release_nodes(struct node_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->names[i]);
	free(l->names);
}

/* write_nodes writes the report of one node as it is, and that of several as of a fleet. */
static bool
write_nodes(struct inquiry *q, const struct fleet_source *src, const struct node_list *l,
    const struct report_range *range, struct err *err)
{
	if (l->count == 1)
		return src->get(src->arg, l->names[0], range, q->format, &q->out, err);
	report_fleet(src, l->names, l->count, range, q->format, &q->out);
	return true;
}

/* ---- an arsenal that runs ------------------------------------------------------------------------------------------------------ */

static bool
find_watched(struct inquiry *q, struct node_list *l, struct err *err)
{
	struct strbuf body = STRBUF_INIT;
	json_t *nodes = NULL;
	json_error_t why;

	if (q->s->node_count > 0)
		add_node(l, q->s->nodes[0]);
	else if (ask_path(&q->ask, "/api/v1/nodes", &body))
		nodes = json_loadb(body.data, body.len, 0, &why);
	for (size_t i = 0; i < json_array_size(nodes); i++) {
		const char *name = json_string_value(json_object_get(json_array_get(nodes, i), "name"));

		if (name)
			add_node(l, name);
	}
	json_decref(nodes);
	strbuf_release(&body);
	return l->count > 0 ||
	    err_set(err,
		"no running arsenal answers%s%s; --http ADDR:PORT names one, --store FILE the history of one that "
		"has ended, and --list shows post-mortems",
		q->s->http ? " at " : "", q->s->http ? q->s->http : "");
}

static bool
get_asked(void *arg, const char *node, const struct report_range *range, enum report_format format, struct strbuf *out,
    struct err *err)
{
	struct inquiry *q = arg;
	struct strbuf path = STRBUF_INIT;
	bool ok;

	strbuf_adds(&path, "/api/v1/nodes/");
	ask_add_escaped(&path, node);
	strbuf_addf(&path, "/report?since=%" PRId64 "&until=%" PRId64 "&format=%s", range->from_ms, range->to_ms,
	    REPORT_FORMATS[format].name);
	ok = ask_path(&q->ask, path.data, out) ||
	    err_set(err, "no running arsenal that answers watches %.255s; name it with --http ADDR:PORT", node);
	strbuf_release(&path);
	return ok;
}

static bool
report_asked(struct inquiry *q, struct err *err)
{
	const struct fleet_source src = { q, get_asked };
	struct node_list l = { .count = 0 };
	struct report_range range;
	bool ok = parse_range(q, clock_now_ms(), &range, err) && find_watched(q, &l, err) &&
	    write_nodes(q, &src, &l, &range, err);

	release_nodes(&l);
	return ok;
}

/* ---- a store that no arsenal writes at present --------------------------------------------------------------------------------- */

/* Colours are for a terminal. */
static void
write_report(const struct inquiry *q, const struct report *r, enum report_format format, struct strbuf *out)
{
	if (format == FORMAT_TEXT)
		report_text(r, out, q->s->output == NULL && isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL);
	else
		report_write(r, format, out);
}

struct shelf {
	struct inquiry *q;
	struct store_reader *store;
};

/* find_kept lists the nodes of the store, or takes the one that was named; false with the names that there are if it is not there. */
static bool
find_kept(const struct shelf *s, struct node_list *l, struct err *err)
{
	const char *wanted = s->q->s->node_count > 0 ? s->q->s->nodes[0] : NULL, *name;
	struct strbuf names = STRBUF_INIT;

	for (size_t i = 0; (name = store_read_node(s->store, i)) != NULL; i++) {
		if (wanted == NULL || strcmp(name, wanted) == 0)
			add_node(l, name);
		strbuf_addf(&names, "%s%s", names.len ? ", " : "", name);
	}
	if (l->count == 0)
		err_set(err, "%s: it does not have %.200s; it has: %.200s", s->q->s->store, wanted ? wanted : "a node",
		    names.len ? strbuf_cstr(&names) : "none");
	strbuf_release(&names);
	return l->count > 0;
}

static size_t
number_of(const struct store_reader *store, const char *node)
{
	size_t i = 0;

	while (strcmp(store_read_node(store, i), node) != 0)
		i++;
	return i;
}

static bool
get_kept(void *arg, const char *node, const struct report_range *range, enum report_format format, struct strbuf *out,
    struct err *err)
{
	struct shelf *s = arg;
	struct engine_options o = engine_defaults();
	size_t i = number_of(s->store, node);
	int64_t newest_ms = store_read_newest_ms(s->store, i);
	uint64_t unread = 0;
	struct engine *e;
	bool ok;

	if (newest_ms == 0)
		return err_set(err, "%s: it has nothing of %s", s->q->s->store, node);
	o.retention_ms = o.hour_retention_ms;
	e = engine_new(node, &o);
	ok = store_read_restore(s->store, i, e, newest_ms, &unread, err);
	if (ok && unread > 0)
		log_warning("%s: %" PRIu64 " rows made no sense and are left out", s->q->s->store, unread);
	if (ok) {
		struct report *r = report_new(e, clock_now_ms(), range, NULL);

		write_report(s->q, r, format, out);
		report_free(r);
	}
	engine_free(e);
	return ok;
}

/* "Now" is when the file was last written: what is asked for is seldom the time since then. */
static int64_t
newest_of(const struct shelf *s, const struct node_list *l)
{
	int64_t newest_ms = 0;

	for (size_t i = 0; i < l->count; i++) {
		int64_t ms = store_read_newest_ms(s->store, number_of(s->store, l->names[i]));

		newest_ms = ms > newest_ms ? ms : newest_ms;
	}
	return newest_ms;
}

static bool
report_from_store(struct inquiry *q, struct err *err)
{
	struct shelf s = { q, store_read_open(q->s->store, err) };
	const struct fleet_source src = { &s, get_kept };
	struct node_list l = { .count = 0 };
	struct report_range range;
	int64_t now_ms;
	bool ok = s.store && find_kept(&s, &l, err);

	if (ok && (now_ms = newest_of(&s, &l)) == 0)
		ok = err_set(err, "%s: it has nothing of %s", q->s->store, l.names[0]);
	else if (ok)
		ok = parse_range(q, now_ms, &range, err) && write_nodes(q, &src, &l, &range, err);
	release_nodes(&l);
	store_read_close(s.store);
	return ok;
}

/* ---- the command --------------------------------------------------------------------------------------------------------------- */

static bool
put_out(const struct inquiry *q, struct err *err)
{
	if (q->s->output)
		return file_write(q->s->output, OUTPUT_MODE, q->out.data, q->out.len, err);
	if (q->out.len > 0 && fwrite(q->out.data, 1, q->out.len, stdout) != q->out.len)
		return err_set(err, "stdout: it takes no more");
	if (q->out.len > 0 && q->out.data[q->out.len - 1] != '\n')
		putchar('\n');
	return fflush(stdout) == 0 || err_set(err, "stdout: it takes no more");
}

static bool
begin(struct inquiry *q, const struct settings *s, struct err *err)
{
	q->s = s;
	q->format = s->html ? FORMAT_HTML : s->json ? FORMAT_JSON : FORMAT_TEXT;
	q->state_dir = setup_state_dir(s);
	q->folder = report_files_folder(s->reports, s->store, q->state_dir);
	q->ask = (struct ask) { .state_dir = q->state_dir, .address = s->http, .timeout_ms = TIMEOUT_MS };
	q->misused = true;
	if (s->html && s->json)
		return err_set(err, "--html and --json: one of them");
	if (s->list && s->show)
		return err_set(err, "--list and --show: one of them");
	if (s->list && s->html)
		return err_set(err, "--list is text or --json; --html goes with --show ID");
	if ((s->list || s->show) && (s->since || s->until))
		return err_set(err, "--since and --until are for the report of a range, without --list or --show");
	q->misused = false;
	if (s->token_file && !setup_secret(s->token_file, "token", &q->token, err))
		return false;
	q->ask.token = s->token_file ? q->token.data : NULL;
	return true;
}

/* The store that was named, unless a running arsenal has it: that one has more. */
static bool
report_of_range(struct inquiry *q, struct err *err)
{
	struct err none;

	if (q->s->store == NULL)
		return report_asked(q, err);
	return report_from_store(q, err) || (q->s->node_count > 0 && report_asked(q, &none));
}

static int
run(const struct settings *s)
{
	struct inquiry q = { .token = STRBUF_INIT, .out = STRBUF_INIT };
	struct err err;
	bool ok;

	ok = begin(&q, s, &err) &&
	    (s->list          ? report_list(&q, &err)
		    : s->show ? report_show(&q, &err)
			      : report_of_range(&q, &err)) &&
	    put_out(&q, &err);
	if (!ok)
		log_error("%s", err.text);
	setup_wipe(&q.token);
	strbuf_release(&q.out);
	free(q.folder);
	free(q.state_dir);
	return ok ? EXIT_SUCCESS : q.misused ? EXIT_USAGE : EXIT_FAILURE;
}

const struct command COMMAND_REPORT = {
	.name = "report",
	.arguments = "[options] [NODE]",
	.summary =
	    "what happened: a range of time, or the post-mortem of a node that died; text, JSON or one HTML file",
	.help =
	    "Says what happened: incidents with who is behind them and what to do next, what is ahead, restarts over "
	    "time\n"
	    "with their patterns, readings, what grew and who. Without --list or --show it is the report of a range "
	    "of\n"
	    "time: the last hour, or from --since to --until. An arsenal that runs is asked for it, or --store names "
	    "the\n"
	    "history of one that does not: then times ago are before its end. Without NODE it is of all nodes: a line "
	    "of\n"
	    "each, and the whole of those that had something (the first 12). For example:\n"
	    "\n"
	    "  arsenal report --since 30m\n"
	    "  arsenal report --since \"yesterday 18:00\" --html --output night.html\n"
	    "  arsenal report --since 2026-11-25T10:00:00Z --until 2026-11-25T10:20:00Z --json shop@host\n"
	    "\n"
	    "T is 90s, 30m, 1h or 7d ago; a clock (18:00: the last time it was that); today, yesterday or a date "
	    "(its\n"
	    "begin), also with a clock (\"yesterday 18:00\"); or as above. Times are UTC. The HTML is one file with "
	    "its\n"
	    "pictures in it, to be mailed as an attachment; it asks nobody for anything.\n"
	    "\n"
	    "Of each node that dies or is lost, \"arsenal watch\" keeps the last 15 minutes at full resolution, with "
	    "the\n"
	    "post-mortem:\n"
	    "\n"
	    "  arsenal report --list\n"
	    "  arsenal report --show last\n"
	    "\n"
	    "Exit code: 0, 1 there is no such report or it cannot be had, 64 wrong arguments.\n",
	.options = FOR_REPORT,
	.usage_exit = EXIT_USAGE,
	.max_nodes = 1,
	.run = run,
};
