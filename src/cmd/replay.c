/* SPDX-License-Identifier: Apache-2.0 */
/* arsenal replay: recorded data through the detectors, as if it came now. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmd/settings.h"
#include "os/file.h"
#include "os/log.h"
#include "replay/outlet_json.h"
#include "replay/outlet_nab.h"
#include "replay/outlet_plot.h"
#include "replay/outlet_text.h"
#include "replay/plot_png.h"
#include "replay/plot_terminal.h"
#include "replay/replay.h"
#include "replay/unpack.h"

#define CHART_ROWS 9
#define CHARTS 4   /* drawn as text at most */
#define PANELS 12  /* of a picture */
#define COLUMNS 80 /* of what is no terminal */

/* ---- where the results of one file go ---- */

/* One file's results, in the form that was asked for. */
struct results {
	FILE *to;
	char *path; /* NULL: stdout */
	struct text_outlet text;
	struct json_outlet json;
	struct nab_outlet nab;
	struct plot_outlet plot;
	bool chart;
	struct outlets outlets;
};

static const char *
extension(const struct settings *s)
{
	return s->nab ? ".csv" : s->json ? ".jsonl" : ".txt";
}

/* base_length is that of a file's name without what says how it is packed, and what it is. */
static size_t
base_length(const char *name)
{
	size_t len = strlen(name);
	const char *dot;

	if (packing_of_name(name) == PACKING_GZIP)
		len -= strlen(".gz");
	else if (packing_of_name(name) == PACKING_ZSTD)
		len -= strlen(".zst");
	dot = memrchr(name, '.', len);
	return dot && dot > name ? (size_t)(dot - name) : len;
}

/* result_path is DIR/<its folder's name>/<its name>.<extension>, as a corpus is laid out. */
static char *
result_path(const struct settings *s, const char *file)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	struct strbuf path = STRBUF_INIT;

	strbuf_addf(&path, "%s/", s->out);
	if (slash && slash > file) {
		const char *before = memrchr(file, '/', (size_t)(slash - file));
		const char *folder = before ? before + 1 : file;

		if (*folder != '.')
			strbuf_addf(&path, "%.*s/", (int)(slash - folder), folder);
	}
	strbuf_addf(&path, "%.*s%s", (int)base_length(name), name, extension(s));
	return strbuf_detach(&path);
}

static bool
make_folder(const char *path, struct err *err)
{
	char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	bool ok = folder_make(folder, err);

	free(folder);
	return ok;
}

/* wants_chart: a terminal gets one without asking, but not for each of many files. */
static bool
wants_chart(const struct settings *s)
{
	return s->chart || (s->out == NULL && !s->nab && !s->json && s->node_count == 1 && isatty(STDOUT_FILENO));
}

static bool
open_results(struct results *r, const struct settings *s, const char *file, struct err *err)
{
	bool colour = s->out == NULL && isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;

	memset(r, 0, sizeof(*r));
	r->to = stdout;
	if (s->out) {
		r->path = result_path(s, file);
		if (!make_folder(r->path, err))
			return false;
		r->to = fopen(r->path, "we");
	}
	if (r->to == NULL)
		return err_set(err, "%s: %s", r->path, strerror(errno));
	r->text = (struct text_outlet) { .to = r->to, .colour = colour, .all = s->all, .scores = s->scores };
	r->json = (struct json_outlet) { .to = r->to, .all = s->all, .scores = s->scores };
	r->nab = (struct nab_outlet) { .to = r->to };
	const struct outlet one = s->nab ? nab_outlet(&r->nab)
	    : s->json                    ? json_outlet(&r->json)
					 : text_outlet(&r->text);
	outlets_add(&r->outlets, &one);
	r->chart = wants_chart(s);
	if (r->chart || s->plot) {
		const struct outlet plot = plot_outlet_init(&r->plot);

		outlets_add(&r->outlets, &plot);
	}
	return true;
}

/* close_results: false with a reason if not all could be written. A file of an input that failed is not left behind. */
static bool
close_results(struct results *r, bool ok, struct err *err)
{
	bool written;

	plot_outlet_release(&r->plot);
	written = r->to == NULL || (fflush(r->to) == 0 && !ferror(r->to));

	if (!written)
		err_set(err, "%s: %s", r->path ? r->path : "standard output", strerror(errno));
	if (r->to && r->to != stdout)
		fclose(r->to);
	if (r->path && !(ok && written))
		unlink(r->path);
	free(r->path);
	return written;
}

/* ---- what is drawn ---- */

static unsigned
terminal_columns(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return columns && atoi(columns) > 0 ? (unsigned)atoi(columns) : COLUMNS;
}

/* Of a node only what something was found in: it has two dozen metrics. */
static void
print_charts(struct results *r)
{
	const struct plot_line *lines[CHARTS];
	size_t count = plot_outlet_pick(&r->plot, lines, CHARTS);
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < count; i++)
		if (lines[i]->mark_count > 0 || !lines[i]->has_unit)
			plot_terminal(&out, lines[i], terminal_columns(), CHART_ROWS, r->text.colour);
	fwrite(strbuf_cstr(&out), 1, out.len, r->to);
	strbuf_release(&out);
}

static bool
draw(struct results *r, const struct settings *s, const char *file, struct err *err)
{
	const struct plot_line *lines[PANELS];
	size_t count = plot_outlet_pick(&r->plot, lines, PANELS);

	if (r->chart)
		print_charts(r);
	if (s->plot == NULL)
		return true;
	if (count == 0)
		return err_set(err, "%s: there is nothing that could be drawn", file);
	return plot_png(s->plot, file, lines, count, err);
}

/* ---- one file ---- */

static bool
replay_file(const struct settings *s, const char *file)
{
	const struct replay_options o = {
		.threshold = (double)s->threshold_hundredths / 100,
		.node = s->node,
		.series = s->series,
	};
	static struct results r; /* large */
	struct flaws flaws;
	struct err err;
	bool ok, written;

	flaws_init(&flaws, strcmp(file, "-") == 0 ? "standard input" : file, s->strict);
	ok = open_results(&r, s, file, &err) && replay_run(file, &o, &r.outlets, &flaws, &err);
	if (ok && r.nab.unfit)
		ok = err_set(&err, "%s: --nab is for files of one series: this has %s", file,
		    r.nab.begun ? "several" : "a node's metrics");
	ok = ok && draw(&r, s, file, &err);
	if (!ok)
		log_error("%s", err.text);
	written = close_results(&r, ok, &err);
	if (!written)
		log_error("%s", err.text);
	flaws_warn(&flaws);
	return ok && written;
}

/* ---- the command ---- */

/* spares_inputs: what is to be read is not written over, by whatever name. */
static bool
spares_inputs(const struct settings *s, const char *result, struct err *err)
{
	struct stat to, from;

	if (stat(result, &to) < 0)
		return true;
	for (size_t i = 0; i < s->node_count; i++)
		if (stat(s->nodes[i], &from) == 0 && to.st_dev == from.st_dev && to.st_ino == from.st_ino)
			return err_set(err, "%s: is to be read, and would be written over", s->nodes[i]);
	return true;
}

/* has_room: the result of the file of that index spares all inputs, and is not where another one's goes. */
static bool
has_room(const struct settings *s, size_t index, struct err *err)
{
	char *path = result_path(s, s->nodes[index]);
	bool ok = spares_inputs(s, path, err);

	for (size_t i = 0; ok && i < index; i++) {
		char *other = result_path(s, s->nodes[i]);

		if (strcmp(path, other) == 0)
			ok = err_set(err, "%s and %s would both go to %s", s->nodes[i], s->nodes[index], path);
		free(other);
	}
	free(path);
	return ok;
}

static bool
check(const struct settings *s, struct err *err)
{
	if (s->nab && (s->json || s->scores || s->all))
		return err_set(err, "--nab has a form of its own, without --json, --scores and --all");
	if (s->chart && (s->nab || s->json))
		return err_set(err, "--chart goes with text, not with --nab or --json");
	if (s->plot && s->node_count > 1)
		return err_set(err, "--plot is of one FILE");
	if (s->plot && (!plot_png_ready(err) || !spares_inputs(s, s->plot, err)))
		return false;
	for (size_t i = 0; s->out && i < s->node_count; i++)
		if (!has_room(s, i, err))
			return false;
	return true;
}

static int
run(const struct settings *s)
{
	bool ok = true;
	struct err err;

	if (!check(s, &err)) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < s->node_count; i++)
		ok = replay_file(s, s->nodes[i]) && ok;
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command COMMAND_REPLAY = {
	.name = "replay",
	.arguments = "[options] FILE...",
	.summary = "recorded data through the detectors, as if it came now: anomalies, scores",
	.help =
	    "Judges recorded data by the very code and defaults by which a node that is watched is judged, and "
	    "causally:\n"
	    "what is said of a sample knows nothing of what comes behind it. The same file gives the same findings, to "
	    "the\n"
	    "byte. FILE may be (- is the standard input; gzip and zstd are unpacked):\n"
	    "\n"
	    "  series               CSV with a column of times and one or more of values, or JSON lines like\n"
	    "                       {\"time\":\"2014-04-01T00:00:00Z\",\"value\":20.5}: each series is judged by "
	    "itself\n"
	    "  a node's metrics     the same, where columns or fields have names of metrics (run_queue, process_count, "
	    "…:\n"
	    "                       those of /metrics without \"arsenal_\"): all are judged together, as those of a "
	    "node\n"
	    "  a live recording     of \"arsenal watch --record\": everything that the nodes said, with what restarted "
	    "and\n"
	    "                       who was large; the findings are those that were made live\n"
	    "  a store              of \"arsenal watch --store\", while no arsenal writes it: samples and restarts\n"
	    "\n"
	    "A header is not needed if times come first. They may be \"2014-04-01 00:00:00\" (UTC without a zone), RFC "
	    "3339,\n"
	    "or numbers since the epoch: seconds, or what they must be by their size or the column's name (t_ms, "
	    "time_us).\n"
	    "\n"
	    "  arsenal replay cpu.csv\n"
	    "  arsenal replay --scores --json cpu.csv | jq -c 'select(.score > 0.5)'\n"
	    "  arsenal replay --nab --out results nab/data/*/*.csv\n"
	    "  arsenal replay --plot incident.png incident.jsonl.zst\n"
	    "\n"
	    "A score of 0.5 is the limit. Of a series an incident is reported once, at its first sample beyond.\n"
	    "\n"
	    "What is wrong in a file is passed over, counted and told at the end, with the first place of each kind; "
	    "with\n"
	    "--strict it is an error:\n"
	    "\n"
#define FLAW_HELP(id, name, what, done) "  " what ":\n      " done "\n"
	FLAW_TABLE(FLAW_HELP)
#undef FLAW_HELP
	    "\n"
	    "Binary data, lines beyond 8 MB, empty files, tables without times, and files of which not even half can "
	    "be used\n"
	    "are errors always. Exit code: 0, 1 a file could not be judged to its end, 64 wrong arguments.\n",
	.options = FOR_REPLAY,
	.operand = "file",
	.example = "cpu.csv",
	.usage_exit = EXIT_USAGE,
	.min_nodes = 1,
	.max_nodes = SETTINGS_MAX_NODES,
	.run = run,
};
