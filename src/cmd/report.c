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
#include "cmd/ask.h"
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
/* The next step of whoever finds none. */
#define ELSEWHERE "give the --store or --reports that \"arsenal watch\" was given"

/* What a run has to do with. */
struct inquiry {
	const struct settings *s;
	enum report_format format;
	char *state_dir;
	char *folder; /* of the post-mortems; NULL: none */
	struct strbuf token;
	struct ask ask;
	struct strbuf out;
	bool misused; /* wrong arguments, which another exit code says */
};

/* ---- the range -------------------------------------------------------------------------------------------------------------- */

static bool
parse_moment(const char *option, const char *text, int64_t now_ms, int64_t *time_ms, struct err *err)
{
	return text == NULL || time_parse_ago(text, now_ms, time_ms) ||
	    err_set(err, "--%s %s: no time; give 2026-11-25T10:00:00Z, or 90s, 30m, 1h, 7d ago", option, text);
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

/* the_node is the one that was named, or the only one that is watched. The caller frees it. */
static char *
the_node(struct inquiry *q, struct err *err)
{
	struct strbuf body = STRBUF_INIT, names = STRBUF_INIT;
	json_t *nodes = NULL;
	char *node = NULL;
	json_error_t why;

	if (q->s->node_count > 0)
		return xstrdup(q->s->nodes[0]);
	if (ask_path(&q->ask, "/api/v1/nodes", &body))
		nodes = json_loadb(body.data, body.len, 0, &why);
	for (size_t i = 0; i < json_array_size(nodes); i++) {
		const char *name = json_string_value(json_object_get(json_array_get(nodes, i), "name"));

		if (name)
			strbuf_addf(&names, "%s%s", names.len ? ", " : "", name);
	}
	if (json_array_size(nodes) == 1 && names.len > 0)
		node = xstrdup(names.data);
	else if (names.len > 0)
		err_set(err, "which node? There are: %.400s", names.data);
	else
		err_set(err,
		    "no running arsenal answers%s%s; --http ADDR:PORT names one, --store FILE the history of one that "
		    "has ended, and --list shows post-mortems",
		    q->s->http ? " at " : "", q->s->http ? q->s->http : "");
	json_decref(nodes);
	strbuf_release(&names);
	strbuf_release(&body);
	return node;
}

static bool
report_asked(struct inquiry *q, struct err *err)
{
	struct strbuf path = STRBUF_INIT;
	struct report_range range;
	char *node = parse_range(q, clock_now_ms(), &range, err) ? the_node(q, err) : NULL;
	bool ok;

	if (node == NULL)
		return false;
	strbuf_adds(&path, "/api/v1/nodes/");
	ask_add_escaped(&path, node);
	strbuf_addf(&path, "/report?since=%" PRId64 "&until=%" PRId64 "&format=%s", range.from_ms, range.to_ms,
	    REPORT_FORMATS[q->format].name);
	ok = ask_path(&q->ask, path.data, &q->out) ||
	    err_set(err, "no running arsenal that answers watches %.255s; name it with --http ADDR:PORT", node);
	strbuf_release(&path);
	free(node);
	return ok;
}

/* Colours are for a terminal. */
static void
write_out(struct inquiry *q, const struct report *r)
{
	if (q->format == FORMAT_TEXT)
		report_text(r, &q->out, q->s->output == NULL && isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL);
	else
		report_write(r, q->format, &q->out);
}

/* ---- a store that no arsenal writes at present --------------------------------------------------------------------------------- */

/* find_node is the number of the node that was named, or of the only one; false with the names that there are. */
static bool
find_node(const struct inquiry *q, const struct store_reader *store, size_t *i, struct err *err)
{
	const char *wanted = q->s->node_count > 0 ? q->s->nodes[0] : NULL, *name;
	struct strbuf names = STRBUF_INIT;
	bool found = false;
	size_t count = 0;

	for (; !found && (name = store_read_node(store, count)) != NULL; count++) {
		found = wanted && strcmp(name, wanted) == 0;
		*i = count;
		strbuf_addf(&names, "%s%s", names.len ? ", " : "", name);
	}
	found = found || (wanted == NULL && count == 1);
	if (!found)
		err_set(err, "%s: %s%.200s; it has: %.200s", q->s->store, wanted ? "it does not have " : "which node?",
		    wanted ? wanted : "", count ? strbuf_cstr(&names) : "none");
	strbuf_release(&names);
	return found;
}

/* "Now" is when the file was last written: what is asked for is seldom the time since then. */
static bool
report_of_node(struct inquiry *q, struct store_reader *store, size_t i, struct err *err)
{
	struct engine_options o = engine_defaults();
	int64_t now_ms = store_read_newest_ms(store, i);
	struct report_range range;
	struct engine *e;
	uint64_t unread;
	bool ok;

	if (now_ms == 0)
		return err_set(err, "%s: it has nothing of %s", q->s->store, store_read_node(store, i));
	if (!parse_range(q, now_ms, &range, err))
		return false;
	o.retention_ms = o.hour_retention_ms;
	e = engine_new(store_read_node(store, i), &o);
	ok = store_read_restore(store, i, e, now_ms, &unread, err);
	if (ok && unread > 0)
		log_warning("%s: %" PRIu64 " rows made no sense and are left out", q->s->store, unread);
	if (ok) {
		struct report *r = report_new(e, clock_now_ms(), &range, NULL);

		write_out(q, r);
		report_free(r);
	}
	engine_free(e);
	return ok;
}

static bool
report_from_store(struct inquiry *q, struct err *err)
{
	struct store_reader *store = store_read_open(q->s->store, err);
	size_t i = 0;
	bool ok = store && find_node(q, store, &i, err) && report_of_node(q, store, i, err);

	store_read_close(store);
	return ok;
}

/* ---- post-mortems ------------------------------------------------------------------------------------------------------------- */

/* What there is: in the folder, and, if a store was named that can be read, in the store. */
struct kept {
	struct report_head *heads; /* newest first */
	size_t count, room;
	struct store_reader *store; /* NULL: none */
};

static int
newest_first(const void *a, const void *b)
{
	return strcmp(((const struct report_head *)b)->id, ((const struct report_head *)a)->id);
}

static bool
has_head(const struct kept *k, const char *id)
{
	for (size_t i = 0; i < k->count; i++)
		if (strcmp(k->heads[i].id, id) == 0)
			return true;
	return false;
}

static void
add_stored(struct kept *k)
{
	const struct store_incident *row;
	struct strbuf body = STRBUF_INIT;
	struct report_head head;

	for (size_t age = 0; (row = store_read_incident_at(k->store, age)) != NULL; age++) {
		if (has_head(k, row->id))
			continue;
		strbuf_reset(&body);
		if (!store_read_incident(k->store, row->id, &body, NULL) ||
		    !report_head_read(body.data, body.len, &head))
			continue;
		if (k->count == k->room)
			k->heads = xreallocarray(k->heads, k->room *= 2, sizeof(head));
		k->heads[k->count++] = head;
	}
	strbuf_release(&body);
	qsort(k->heads, k->count, sizeof(head), newest_first);
}

/* An arsenal that runs has the store for itself; its folder is for everybody. */
static void
open_kept(const struct inquiry *q, struct kept *k)
{
	struct err err;

	k->room = REPORT_FILES_KEPT;
	k->heads = xcalloc(k->room, sizeof(*k->heads));
	k->count = q->folder ? report_files_list(q->folder, k->heads, k->room) : 0;
	k->store = q->s->store ? store_read_open(q->s->store, &err) : NULL;
	if (q->s->store && k->store == NULL)
		log_warning("%s", err.text);
	if (k->store)
		add_stored(k);
}

static void
close_kept(struct kept *k)
{
	store_read_close(k->store);
	free(k->heads);
}

static void
list_line(struct strbuf *out, const struct report_head *h)
{
	utf8_add_visible(out, h->id, sizeof(h->id));
	strbuf_addf(out, "\n    %-6s  ", h->confidence > 0 ? phrase_confidence(h->confidence) : "-");
	utf8_add_visible(out, h->title, sizeof(h->title));
	strbuf_addc(out, '\n');
}

static bool
is_wanted(const struct inquiry *q, const struct report_head *h)
{
	return q->s->node_count == 0 || strcmp(q->s->nodes[0], h->node) == 0;
}

static bool
list(struct inquiry *q, struct err *err UNUSED)
{
	struct kept k = { .count = 0 };
	struct jsonw j;

	open_kept(q, &k);
	jsonw_init(&j, &q->out);
	if (q->s->json)
		jsonw_array(&j);
	for (size_t i = 0; i < k.count; i++)
		if (is_wanted(q, &k.heads[i]) && q->s->json)
			report_head_json(&k.heads[i], &j);
		else if (is_wanted(q, &k.heads[i]))
			list_line(&q->out, &k.heads[i]);
	if (q->s->json)
		jsonw_end(&j);
	else if (q->out.len == 0)
		strbuf_addf(&q->out, "no post-mortems in %s; %s\n", q->folder ? q->folder : "any folder", ELSEWHERE);
	close_kept(&k);
	return true;
}

/* text_of_record takes the text out of a record; false if that is none. */
static bool
text_of_record(const struct strbuf *record, struct strbuf *out)
{
	json_error_t why;
	json_t *root = json_loadb(record->data, record->len, 0, &why);
	const char *text = json_string_value(json_object_get(root, "text"));

	if (text)
		strbuf_adds(out, text);
	json_decref(root);
	return text != NULL;
}

/* The store has records: what is a page was made of them when the node died. */
static bool
show_stored(struct inquiry *q, struct kept *k, const char *id)
{
	struct strbuf record = STRBUF_INIT;
	bool ok = k->store && q->format != FORMAT_HTML && store_read_incident(k->store, id, &record, NULL);

	if (ok && q->format == FORMAT_JSON)
		strbuf_add(&q->out, record.data, record.len);
	else if (ok)
		ok = text_of_record(&record, &q->out);
	strbuf_release(&record);
	return ok;
}

static bool
show_asked(struct inquiry *q, const char *id)
{
	struct strbuf path = STRBUF_INIT;
	bool ok;

	strbuf_adds(&path, "/api/v1/reports/");
	ask_add_escaped(&path, id);
	strbuf_addf(&path, "?format=%s", REPORT_FORMATS[q->format].name);
	ok = ask_path(&q->ask, path.data, &q->out);
	strbuf_release(&path);
	return ok;
}

static bool
show_one(struct inquiry *q, struct kept *k, const char *id, struct err *err)
{
	struct err cause = { .text = "there is no folder of them" };

	if (q->folder && report_files_read(q->folder, id, q->format, &q->out, &cause))
		return true;
	strbuf_reset(&q->out);
	return show_stored(q, k, id) || show_asked(q, id) ||
	    err_set(
		err, "no post-mortem %.160s: %.250s; \"arsenal report --list\" has those there are", id, cause.text);
}

static bool
show(struct inquiry *q, struct err *err)
{
	struct kept k = { .count = 0 };
	size_t i = 0;
	bool ok;

	open_kept(q, &k);
	if (strcmp(q->s->show, "last") != 0) {
		ok = show_one(q, &k, q->s->show, err);
	} else {
		while (i < k.count && !is_wanted(q, &k.heads[i]))
			i++;
		ok = i < k.count
		    ? show_one(q, &k, k.heads[i].id, err)
		    : err_set(err, "no post-mortems in %s; %s", q->folder ? q->folder : "any folder", ELSEWHERE);
	}
	close_kept(&k);
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
	    (s->list          ? list(&q, &err)
		    : s->show ? show(&q, &err)
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
	    "Says what grew, who did it, what restarted, and the most likely cause. Without --list or --show it is "
	    "the\n"
	    "report of a range of time: the last hour, or from --since to --until. An arsenal that runs is asked for "
	    "it, or\n"
	    "--store names the history of one that does not: then times ago are before its end. NODE may be left out "
	    "if\n"
	    "there is only one. For example:\n"
	    "\n"
	    "  arsenal report --since 30m\n"
	    "  arsenal report --since 2026-11-25T10:00:00Z --until 2026-11-25T10:20:00Z --html --output incident.html\n"
	    "\n"
	    "Of each node that dies or is lost, \"arsenal watch\" keeps the last 15 minutes at full resolution, with "
	    "the\n"
	    "post-mortem:\n"
	    "\n"
	    "  arsenal report --list\n"
	    "  arsenal report --show last\n"
	    "\n"
	    "Times are UTC. Exit code: 0, 1 there is no such report or it cannot be had, 64 wrong arguments.\n",
	.options = FOR_REPORT,
	.usage_exit = EXIT_USAGE,
	.max_nodes = 1,
	.run = run,
};
