/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/settings.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum option_type {
	OPT_TEXT,
	OPT_NUMBER,
	OPT_SIZE,       /* bytes; K, M, G, T behind it are powers of 1024 */
	OPT_HUNDREDTHS, /* a decimal number, kept in hundredths */
	OPT_SPAN,       /* a number with s, m, h or d behind it; in milliseconds */
	OPT_FLAG
};

struct option_row {
	const char *name;
	const char *argument; /* its name in the help; NULL for a flag */
	enum option_type type;
	size_t offset;        /* of the field in struct settings */
	unsigned commands;    /* FOR_* */
	const char *fallback; /* default, as text; NULL: none */
	int64_t min;
	int64_t max;
	const char *help;
};

#define AT(field) offsetof(struct settings, field)
#define LINKED (FOR_WATCH | FOR_STATUS | FOR_TOP)

static const struct option_row OPTIONS[] = {
	{ "cookie-file", "FILE", OPT_TEXT, AT(cookie_file), LINKED, NULL, 0, 0,
	    "file with the Erlang cookie (else $RELEASE_COOKIE, else ~/.erlang.cookie)" },
	{ "tls-conf", "FILE", OPT_TEXT, AT(tls_conf), LINKED, NULL, 0, 0,
	    "the nodes' distribution runs over TLS: file like OTP's ssl_dist_optfile, its client options are used" },
	{ "interval", "MS", OPT_NUMBER, AT(interval_ms), FOR_WATCH, "5000", 100, 3600000, "distance of two samples" },
	{ "interval", "MS", OPT_NUMBER, AT(interval_ms), FOR_DEMO, "1000", 100, 3600000, "distance of two samples" },
	{ "interval", "MS", OPT_NUMBER, AT(interval_ms), FOR_TOP, "2000", 100, 3600000,
	    "distance of two samples, of a node that is linked" },
	{ "anomaly-threshold", "PERCENT", OPT_NUMBER, AT(anomaly_threshold_percent), FOR_WATCH | FOR_DEMO | FOR_TOP,
	    "200", 10, 10000, "sensitivity, in hundredths of a standard deviation from the baseline" },
	{ "no-inject", NULL, OPT_FLAG, AT(no_inject), FOR_WATCH | FOR_TOP, NULL, 0, 0,
	    "load no code into the node: plain calls only; says what cannot be seen then" },
	{ "http", "ADDR:PORT", OPT_TEXT, AT(http), FOR_WATCH | FOR_DEMO, "127.0.0.1:4900", 0, 0,
	    "dashboard, API and /metrics; \"off\" for none, port 0 for a free one" },
	{ "since", "T", OPT_TEXT, AT(since), FOR_REPORT, NULL, 0, 0,
	    "begin of the range: 30m ago, \"yesterday 18:00\", 2026-11-25T10:00:00Z (else an hour before its end)" },
	{ "until", "T", OPT_TEXT, AT(until), FOR_REPORT, NULL, 0, 0, "end of the range (else now)" },
	{ "list", NULL, OPT_FLAG, AT(list), FOR_REPORT, NULL, 0, 0, "list the post-mortems that are kept" },
	{ "show", "ID", OPT_TEXT, AT(show), FOR_REPORT, NULL, 0, 0,
	    "show one of them; \"last\" is the newest, of NODE if it is named" },
	{ "html", NULL, OPT_FLAG, AT(html), FOR_REPORT, NULL, 0, 0, "one HTML file that needs nothing beside it" },
	{ "output", "FILE", OPT_TEXT, AT(output), FOR_REPORT, NULL, 0, 0, "write there instead of to stdout" },
	{ "http", "ADDR:PORT", OPT_TEXT, AT(http), FOR_REPORT | FOR_TOP, NULL, 0, 0,
	    "ask the arsenal there (else those that run with this state folder)" },
	{ "token-file", "FILE", OPT_TEXT, AT(token_file), FOR_WATCH | FOR_REPORT | FOR_TOP, NULL, 0, 0,
	    "file with the token that HTTP clients must show; needed to listen beyond loopback" },
	{ "once", NULL, OPT_FLAG, AT(once), FOR_TOP, NULL, 0, 0, "print one whole screen as text, and end" },
	{ "panel", "NAME", OPT_TEXT, AT(panel), FOR_TOP, NULL, 0, 0,
	    "begin with this panel: processes, restarts, incidents, events, tree, ahead, memory" },
	{ "refresh", "MS", OPT_NUMBER, AT(refresh_ms), FOR_TOP, "2000", 500, 3600000, "distance of two screens" },
	{ "max-events", "N", OPT_NUMBER, AT(max_events), FOR_WATCH | FOR_DEMO, "10000", 100, 1000000,
	    "events kept for clients that come back" },
	{ "timeout", "MS", OPT_NUMBER, AT(timeout_ms), FOR_STATUS, "10000", 500, 600000,
	    "how long to try before the answer is UNKNOWN" },
	{ "timeout", "MS", OPT_NUMBER, AT(timeout_ms), FOR_TOP, "10000", 500, 600000,
	    "with --once: how long to wait for answers before what is known is printed" },
	{ "store", "FILE", OPT_TEXT, AT(store), FOR_WATCH | FOR_REPORT, NULL, 0, 0,
	    "file in which the nodes' history survives; made if it is not there" },
	{ "store-max", "SIZE", OPT_SIZE, AT(store_max), FOR_WATCH, "1G", 1 << 20, INT64_C(1) << 50,
	    "how large it may get, in bytes, or with K, M, G or T; then the oldest goes, at full resolution first" },
	{ "retention", "TIME", OPT_SPAN, AT(retention_ms), FOR_WATCH, "24h", 600000, INT64_C(30) * 86400000,
	    "how long samples (64 MB a node at most), restarts and events are kept, with s, m, h or d; coarser figures "
	    "are kept for weeks" },
	{ "reports", "DIR", OPT_TEXT, AT(reports), FOR_WATCH | FOR_DEMO | FOR_REPORT, NULL, 0, 0,
	    "folder of the nodes' post-mortems, the newest 100; \"off\" for none (else STORE-reports beside the store, "
	    "else "
	    "\"reports\" in the state folder)" },
	{ "state-dir", "DIR", OPT_TEXT, AT(state_dir), FOR_WATCH | FOR_STATUS | FOR_DEMO | FOR_REPORT | FOR_TOP, NULL,
	    0, 0, "folder for the kept node name (else $ARSENAL_STATE_DIR, else ~/.local/state/arsenal)" },
	{ "record", "FILE", OPT_TEXT, AT(record), FOR_WATCH, NULL, 0, 0,
	    "record all that the nodes say, for \"arsenal replay\": a new file, packed if its name ends in .zst or "
	    ".gz" },
	{ "record-max", "SIZE", OPT_SIZE, AT(record_max), FOR_WATCH, "1G", 1 << 20, INT64_C(1) << 50,
	    "how large it may get; then the recording ends, with a warning" },
	{ "threshold", "X", OPT_HUNDREDTHS, AT(threshold_hundredths), FOR_REPLAY, NULL, 10, 10000,
	    "anomaly_threshold: larger is less sensitive (else 2.00, or the one of a live recording)" },
	{ "node", "NAME", OPT_TEXT, AT(node), FOR_REPLAY, NULL, 0, 0,
	    "only this node of a recording or store; of a table, what to call its node" },
	{ "series", NULL, OPT_FLAG, AT(series), FOR_REPLAY, NULL, 0, 0,
	    "each column is a series of its own, also if it has the name of a metric" },
	{ "scores", NULL, OPT_FLAG, AT(scores), FOR_REPLAY, NULL, 0, 0,
	    "of series each sample with its score, not only anomalies" },
	{ "all", NULL, OPT_FLAG, AT(all), FOR_REPLAY, NULL, 0, 0,
	    "of nodes every event, restarts and the link among them, not only findings" },
	{ "nab", NULL, OPT_FLAG, AT(nab), FOR_REPLAY, NULL, 0, 0,
	    "print timestamp,value,anomaly_score of one series: 1 where an anomaly is reported, less elsewhere" },
	{ "out", "DIR", OPT_TEXT, AT(out), FOR_REPLAY, NULL, 0, 0,
	    "write a file for each FILE there, in folders that are called as those of the FILEs" },
	{ "plot", "FILE.png", OPT_TEXT, AT(plot), FOR_REPLAY, NULL, 0, 0,
	    "draw what was judged, and where something was found, as a picture (needs libcairo2)" },
	{ "chart", NULL, OPT_FLAG, AT(chart), FOR_REPLAY, NULL, 0, 0,
	    "draw it as text, as is done for a single FILE on a terminal" },
	{ "strict", NULL, OPT_FLAG, AT(strict), FOR_REPLAY | FOR_PATTERNS, NULL, 0, 0,
	    "whatever is wrong in a file is an error" },
	{ "resources", "FILE", OPT_TEXT, AT(resources), FOR_PATTERNS, NULL, 0, 0,
	    "CSV or JSON lines with a column of times, and cpu, memory, queue (any unit) or some of them" },
	{ "top", "N", OPT_NUMBER, AT(top), FOR_CRASHDUMP, "5", 1, 100, "how many of each ranking" },
	{ "json", NULL, OPT_FLAG, AT(json),
	    FOR_WATCH | FOR_STATUS | FOR_DEMO | FOR_CRASHDUMP | FOR_REPORT | FOR_REPLAY | FOR_PATTERNS, NULL, 0, 0,
	    "JSON on stdout, for scripts" },
	{ "log-level", "LEVEL", OPT_TEXT, AT(log_level),
	    FOR_WATCH | FOR_STATUS | FOR_DEMO | FOR_PORT | FOR_CRASHDUMP | FOR_REPORT | FOR_REPLAY | FOR_PATTERNS |
		FOR_TOP,
	    "info", 0, 0, "error, warning, info or debug" },
};

static void *
field(struct settings *s, const struct option_row *o)
{
	return (char *)s + o->offset;
}

static bool
set_number(int64_t *field_out, const struct option_row *o, const char *text, struct err *err)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || *end || errno || v < o->min || v > o->max)
		return err_set(
		    err, "--%s %s: not a whole number from %" PRId64 " to %" PRId64, o->name, text, o->min, o->max);
	*field_out = v;
	return true;
}

static bool
set_hundredths(int64_t *field_out, const struct option_row *o, const char *text, struct err *err)
{
	char *end;
	double v = strtod(text, &end) * 100;

	if (strspn(text, "0123456789.") != strlen(text) || end == text || *end || !(v >= (double)o->min) ||
	    !(v <= (double)o->max))
		return err_set(err, "--%s %s: not a number from %.2f to %.2f", o->name, text, (double)o->min / 100,
		    (double)o->max / 100);
	*field_out = (int64_t)(v + 0.5);
	return true;
}

/* What may stand behind a number, and what it means; "" is nothing. */
struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit SIZES[] = { { "", 1 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
	{ "T", INT64_C(1) << 40 } };
static const struct unit SPANS[] = { { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };

static int64_t
factor_of(const struct unit *units, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(units[i].name, name) == 0)
			return units[i].factor;
	return 0;
}

/* print_quantity writes a bound as people would: in the largest unit that it is a multiple of. */
static void
print_quantity(char *buf, size_t size, const struct unit *units, size_t count, int64_t v)
{
	size_t i = count - 1;

	while (i > 0 && v % units[i].factor != 0)
		i--;
	snprintf(buf, size, "%" PRId64 "%s", v / units[i].factor, units[i].name);
}

static bool
set_quantity(int64_t *field_out, const struct option_row *o, const char *text, struct err *err)
{
	bool is_size = o->type == OPT_SIZE;
	const struct unit *units = is_size ? SIZES : SPANS;
	size_t count = is_size ? ARRAY_LEN(SIZES) : ARRAY_LEN(SPANS);
	char *end, min[32], max[32];
	int64_t factor, v;

	errno = 0;
	v = strtoll(text, &end, 10);
	factor = end == text || errno ? 0 : factor_of(units, count, end);
	if (factor > 0 && v >= 0 && v <= o->max / factor && v * factor >= o->min) {
		*field_out = v * factor;
		return true;
	}
	print_quantity(min, sizeof(min), units, count, o->min);
	print_quantity(max, sizeof(max), units, count, o->max);
	return err_set(err, "--%s %s: not a whole number with %s behind it, from %s to %s", o->name, text,
	    is_size ? "nothing, K, M, G or T" : "s, m, h or d", min, max);
}

static bool
set_option(struct settings *s, const struct option_row *o, const char *value, struct err *err)
{
	if (o->type == OPT_NUMBER)
		return set_number(field(s, o), o, value, err);
	if (o->type == OPT_HUNDREDTHS)
		return set_hundredths(field(s, o), o, value, err);
	if (o->type == OPT_SIZE || o->type == OPT_SPAN)
		return set_quantity(field(s, o), o, value, err);
	if (o->type == OPT_FLAG)
		*(bool *)field(s, o) = true;
	else
		*(const char **)field(s, o) = value;
	return true;
}

static const struct option_row *
find_option(const struct command *c, const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
		if ((OPTIONS[i].commands & c->options) && strlen(OPTIONS[i].name) == len &&
		    memcmp(OPTIONS[i].name, name, len) == 0)
			return &OPTIONS[i];
	return NULL;
}

/* One "--name value", "--name=value" or "--flag" at argv[*i]; *i is left on its last word. */
static bool
parse_option(struct settings *s, const struct command *c, int argc, const char *const *argv, int *i, struct err *err)
{
	const char *name = argv[*i] + 2;
	const char *equals = strchr(name, '=');
	const struct option_row *o = find_option(c, name, equals ? (size_t)(equals - name) : strlen(name));
	const char *value = equals ? equals + 1 : NULL;

	if (o == NULL)
		return err_set(err, "%s: no such option of \"%s\"; see arsenal %s --help", argv[*i], c->name, c->name);
	if (o->type == OPT_FLAG && equals)
		return err_set(err, "--%s takes no value", o->name);
	if (o->type != OPT_FLAG && value == NULL && ++*i < argc)
		value = argv[*i];
	if (o->type != OPT_FLAG && (value == NULL || *value == '\0'))
		return err_set(err, "--%s needs a value: --%s %s", o->name, o->name, o->argument);
	s->http_given = s->http_given || o->offset == AT(http);
	return set_option(s, o, value, err);
}

static void
set_defaults(struct settings *s, const struct command *c)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++) {
		const struct option_row *o = &OPTIONS[i];
		bool ok = !(o->commands & c->options) || o->fallback == NULL || set_option(s, o, o->fallback, NULL);

		assert(ok);
		(void)ok;
	}
}

static const char *
operand(const struct command *c)
{
	return c->operand ? c->operand : "node";
}

static bool
add_node(struct settings *s, const struct command *c, const char *node, struct err *err)
{
	if (s->node_count >= c->max_nodes)
		return err_set(err, "%s: \"arsenal %s\" takes at most %zu %s%s", node, c->name, c->max_nodes,
		    operand(c), c->max_nodes == 1 ? "" : "s");
	s->nodes[s->node_count++] = node;
	return true;
}

bool
settings_parse(
    struct settings *s, const struct command *c, int argc, const char *const *argv, bool *help, struct err *err)
{
	bool only_nodes = false;

	*help = false;
	set_defaults(s, c);
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return *help = true;
	for (int i = 1; i < argc; i++) {
		bool ok;

		if (strcmp(argv[i], "--") == 0 && !only_nodes) {
			only_nodes = true;
			continue;
		}
		if (!only_nodes && strncmp(argv[i], "--", 2) == 0)
			ok = parse_option(s, c, argc, argv, &i, err);
		else if (!only_nodes && argv[i][0] == '-' && !(c->operand && argv[i][1] == '\0'))
			ok = err_set(err, "%s: options are written in full, with two dashes; see arsenal %s --help",
			    argv[i], c->name);
		else
			ok = add_node(s, c, argv[i], err);
		if (!ok)
			return false;
	}
	if (s->node_count < c->min_nodes)
		return err_set(err, "which %s? For example: arsenal %s %s", operand(c), c->name,
		    c->example ? c->example : "rabbit@myhost");
	return true;
}

static void
print_option(const struct option_row *o, FILE *out)
{
	char left[48];

	snprintf(left, sizeof(left), "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
	fprintf(out, "  %-28s %s", left, o->help);
	if (o->fallback)
		fprintf(out, " [%s]", o->fallback);
	fputc('\n', out);
}

void
settings_help(const struct command *c, FILE *out)
{
	fprintf(out, "usage: arsenal %s %s\n\n%s\nOptions:\n", c->name, c->arguments, c->help);
	for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
		if (OPTIONS[i].commands & c->options)
			print_option(&OPTIONS[i], out);
	fprintf(out, "  %-28s %s\n", "--help", "this text");
}
