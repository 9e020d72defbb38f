/* SPDX-License-Identifier: Apache-2.0 */
/* arsenal patterns: the patterns among recorded restarts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/jsonw.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "cmd/settings.h"
#include "os/log.h"
#include "replay/restart_replay.h"

#define MAX_CHILDREN 20000
#define MAX_PATTERNS 100000 /* the last ones */
#define NAME_MAX_BYTES 100

/* ---- reading ---- */

static struct line_reader *
open_lines(const char *path, struct err *err)
{
	struct source *s = source_open(path, err);

	return s ? line_reader_new(s) : NULL;
}

/* Everything that is found is kept: nothing is too old for a file. */
static struct engine *
new_engine(void)
{
	struct engine_options o = engine_defaults();

	o.max_children = MAX_CHILDREN;
	o.max_patterns = MAX_PATTERNS;
	o.retention_ms = INT64_MAX / 4;
	o.max_history_bytes = 1u << 20;
	o.max_restarts = o.max_past_events = 1000;
	return engine_new("file", &o);
}

/* source_title is what messages call a file. */
static const char *
source_title(const char *path)
{
	return path == NULL ? "" : strcmp(path, "-") == 0 ? "standard input" : path;
}

static bool
open_resources(struct restart_replay *r, const char *path, struct flaws *flaws, struct err *err)
{
	struct line_reader *lines;

	if (path == NULL)
		return true;
	lines = open_lines(path, err);
	r->resources = lines ? table_new(lines, flaws, err) : NULL;
	r->resources_name = flaws->file;
	return r->resources != NULL;
}

/* ---- JSON lines ---- */

static void
member_json(struct jsonw *j, const struct pattern_member *m)
{
	jsonw_object(j);
	jsonw_key(j, "supervisor");
	jsonw_str(j, term_text(m->supervisor));
	jsonw_key(j, "child");
	jsonw_str(j, term_text(m->child_id));
	jsonw_end(j);
}

static void
who_json(struct jsonw *j, const struct pattern *p)
{
	jsonw_key(j, "supervisor");
	jsonw_str(j, term_text(p->supervisor));
	if (p->type != PATTERN_CASCADE) {
		jsonw_key(j, "child");
		jsonw_str(j, term_text(p->child_id));
		return;
	}
	jsonw_key(j, "children");
	jsonw_array(j);
	for (unsigned i = 0; i < p->member_count; i++)
		member_json(j, &p->members[i]);
	jsonw_end(j);
	jsonw_key(j, "root");
	jsonw_str(j, term_text(p->child_id));
}

static void
number_json(struct jsonw *j, const char *key, double value)
{
	jsonw_key(j, key);
	jsonw_rounded(j, value);
}

static void
integer_json(struct jsonw *j, const char *key, int64_t value)
{
	jsonw_key(j, key);
	jsonw_int(j, value);
}

static void
own_json(struct jsonw *j, const struct pattern *p)
{
	if (p->type == PATTERN_PERIODIC) {
		integer_json(j, "period_ms", (int64_t)(p->interval_ms + 0.5));
		number_json(j, "jitter", p->jitter);
		integer_json(j, "missed", (int64_t)p->missed);
	}
	if (p->type == PATTERN_RESOURCE) {
		jsonw_key(j, "resource");
		jsonw_str(j, resource_column_name(p->resource));
		number_json(j, "threshold", p->resource_threshold);
		number_json(j, "fired", p->fired);
	}
	if (p->type == PATTERN_CASCADE || p->type == PATTERN_RESOURCE)
		integer_json(j, "delay_ms", (int64_t)(p->delay_ms + 0.5));
}

static void
pattern_json(struct strbuf *out, const struct pattern *p)
{
	struct jsonw j;

	jsonw_init(&j, out);
	jsonw_object(&j);
	jsonw_key(&j, "type");
	jsonw_str(&j, PATTERNS[p->type].short_name);
	who_json(&j, p);
	integer_json(&j, "start_ms", p->first_ms);
	integer_json(&j, "end_ms", p->last_ms);
	integer_json(&j, "detected_ms", p->detected_ms);
	integer_json(&j, "count", (int64_t)p->frequency);
	number_json(&j, "confidence", p->confidence);
	own_json(&j, p);
	jsonw_key(&j, "pattern");
	jsonw_str(&j, p->text);
	jsonw_end(&j);
	strbuf_addc(out, '\n');
}

/* ---- text ---- */

/* A time to the second. */
static const char *
clock_text(char buf[TIME_RFC3339_SIZE], int64_t time_ms)
{
	char *dot = strchr(time_rfc3339(buf, time_ms), '.');

	if (dot)
		memcpy(dot, "Z", 2);
	return buf;
}

static void
pattern_text(struct strbuf *out, const struct pattern *p)
{
	char from[TIME_RFC3339_SIZE], to[TIME_RFC3339_SIZE];

	strbuf_addf(out, "%s - %s  %-8s  %3.0f %%  ", clock_text(from, p->first_ms), clock_text(to, p->last_ms),
	    PATTERNS[p->type].short_name, 100 * p->confidence);
	utf8_add_visible(out, p->text, sizeof(p->text));
	strbuf_adds(out, "  (");
	utf8_add_visible(out, term_text(p->supervisor), NAME_MAX_BYTES);
	strbuf_adds(out, ")\n");
}

/* ---- the command ---- */

static int
by_beginning(const void *a, const void *b)
{
	const struct pattern *x = a, *y = b;
	int order = (x->first_ms > y->first_ms) - (x->first_ms < y->first_ms);

	order = order ? order : (x->last_ms > y->last_ms) - (x->last_ms < y->last_ms);
	order = order ? order : (int)x->type - (int)y->type;
	order = order ? order : strcmp(term_text(x->supervisor), term_text(y->supervisor));
	return order ? order : strcmp(term_text(x->child_id), term_text(y->child_id));
}

static void
tell(const struct restart_replay *r, bool json, struct strbuf *out)
{
	struct pattern *list = NULL;
	size_t max = 256, count = 0;

	do {
		max *= 2;
		list = xreallocarray(list, max, sizeof(*list));
		count = engine_patterns(r->engine, r->end_ms, list, max);
	} while (count == max);
	qsort(list, count, sizeof(*list), by_beginning);
	for (size_t i = 0; i < count; i++)
		(json ? pattern_json : pattern_text)(out, &list[i]);
	if (!json && count == 0)
		strbuf_addf(out, "no pattern among %llu restarts\n", (unsigned long long)r->count);
	free(list);
}

static bool
print(struct strbuf *out, struct err *err)
{
	bool ok = fwrite(strbuf_cstr(out), 1, out->len, stdout) == out->len && fflush(stdout) == 0;

	return ok || err_set(err, "standard output: %s", strerror(errno));
}

static int
run(const struct settings *s)
{
	struct restart_replay r = { .engine = NULL };
	struct strbuf out = STRBUF_INIT;
	struct flaws flaws;
	struct err err;
	bool ok;

	if (s->resources && strcmp(s->resources, "-") == 0 && strcmp(s->nodes[0], "-") == 0) {
		log_error("the standard input cannot be both restarts and resources");
		return EXIT_USAGE;
	}
	flaws_init(&flaws, source_title(s->resources), s->strict);
	r.engine = new_engine();
	r.restarts = open_lines(s->nodes[0], &err);
	ok = r.restarts && open_resources(&r, s->resources, &flaws, &err) && restart_replay_run(&r, &err);
	flaws_warn(&flaws);
	if (ok) {
		tell(&r, s->json, &out);
		ok = print(&out, &err);
	}
	if (!ok)
		log_error("%s", err.text);
	strbuf_release(&out);
	table_free(r.resources);
	line_reader_free(r.restarts);
	engine_free(r.engine);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command COMMAND_PATTERNS = {
	.name = "patterns",
	.arguments = "[options] FILE",
	.summary = "the patterns among recorded restarts: storms, cascades, periodic ones, those after spikes",
	.help =
	    "Judges recorded restarts by the very code by which those of a watched node are judged. FILE has a restart "
	    "on each\n"
	    "line (- is the standard input; gzip and zstd are unpacked), sorted by time to a minute:\n"
	    "\n"
	    "  "
	    "{\"t_ms\":1700432101157,\"supervisor\":\"queue_sup\",\"child\":\"queue_gc\",\"reason\":\"case_clause\"}\n"
	    "\n"
	    "t_ms is in milliseconds since the epoch; the reason may be left out. Each pattern is told once, as it was "
	    "in the\n"
	    "end:\n"
	    "\n"
	    "  storm     5 restarts or more of a child within 60 s\n"
	    "  cascade   children that fail after each other, three times or more, and more often than chance allows\n"
	    "  periodic  restarts of a child at a regular interval, with jitter and missed beats\n"
	    "  resource  restarts of a child that follow spikes of a resource, four times or more (--resources)\n"
	    "\n"
	    "With --json each is a line with type, supervisor, child (of a cascade children and root), start_ms, "
	    "end_ms,\n"
	    "detected_ms (when the evidence was enough), count, confidence (0 to 1), and period_ms, jitter, missed; "
	    "resource,\n"
	    "threshold, fired; delay_ms where they apply.\n"
	    "\n"
	    "  arsenal patterns restarts.jsonl\n"
	    "  arsenal patterns --resources load.csv --json restarts.jsonl | jq 'select(.confidence > 0.95)'\n"
	    "\n"
	    "A line that is none ends it with an error that names it. What is wrong with the resources is passed over, "
	    "counted and\n"
	    "told at the end; with --strict it is an error. Exit code: 0, 1 something could not be read, 64 wrong "
	    "arguments.\n",
	.options = FOR_PATTERNS,
	.operand = "file",
	.example = "restarts.jsonl",
	.usage_exit = EXIT_USAGE,
	.min_nodes = 1,
	.max_nodes = 1,
	.run = run,
};
