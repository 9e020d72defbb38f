/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option table: every option of every command, with its default, its bounds and its help. Parsing, --help and the documentation come from it.
 */
#ifndef CMD_SETTINGS_H
#define CMD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"

#define SETTINGS_MAX_NODES 200

struct settings {
	const char *nodes[SETTINGS_MAX_NODES]; /* or what else the command's operands are */
	size_t node_count;
	const char *cookie_file; /* NULL: the usual places */
	const char *tls_conf;    /* NULL: plain distribution */
	const char *http;        /* "host:port" or "off" */
	bool http_given;         /* the user said so: take no other port */
	const char *token_file;
	const char *state_dir; /* NULL: the usual place */
	const char *reports;   /* folder of the post-mortems, or "off"; NULL: the usual place */
	const char *store;     /* file of the history on disk; NULL: none */
	int64_t store_max;     /* bytes */
	int64_t retention_ms;
	int64_t interval_ms;
	int64_t anomaly_threshold_percent; /* hundredths of a standard deviation */
	int64_t timeout_ms;
	int64_t max_events;
	const char *since, *until; /* of a report; NULL: as --help says */
	const char *show;          /* a post-mortem's id */
	const char *output;        /* file; NULL: stdout */
	bool list;
	bool html;
	bool no_inject;
	bool json;
	int64_t top;
	/* of the terminal view */
	const char *panel; /* NULL: the usual one */
	int64_t refresh_ms;
	bool once;
	const char *record; /* file of the live recording; NULL: none */
	int64_t record_max; /* bytes */
	/* of a replay */
	int64_t threshold_hundredths; /* 0: not given */
	const char *node;             /* NULL: all */
	const char *out;              /* folder; NULL: stdout */
	const char *plot;             /* file of a picture; NULL: none */
	bool chart;
	bool nab;
	bool scores;
	bool all;
	bool series;
	bool strict;
	const char *resources; /* file with the resources beside restarts; NULL: none */
	const char *log_level;
};

/* Commands that take an option, as bits. */
enum {
	FOR_WATCH = 1,
	FOR_STATUS = 2,
	FOR_DEMO = 4,
	FOR_PORT = 8,
	FOR_REPORT = 16,
	FOR_CRASHDUMP = 32,
	FOR_TOP = 64,
	FOR_REPLAY = 256,
	FOR_PATTERNS = 512
};

struct command {
	const char *name;
	const char *arguments; /* as in the usage line */
	const char *summary;   /* one line */
	const char *help;      /* paragraphs for --help, ended by a newline */
	unsigned options;      /* FOR_* */
	const char *operand;   /* what is named behind the options; NULL: a node */
	const char *example;   /* of one */
	int usage_exit;        /* exit code for wrong arguments */
	size_t min_nodes;
	size_t max_nodes;
	int (*run)(const struct settings *s); /* the exit code */
};

extern const struct command COMMAND_WATCH, COMMAND_STATUS, COMMAND_DEMO, COMMAND_PORT, COMMAND_CRASHDUMP,
    COMMAND_REPORT, COMMAND_REPLAY, COMMAND_PATTERNS, COMMAND_TOP;

#define EXIT_USAGE 64 /* sysexits.h: EX_USAGE */

/*
 * settings_parse fills *s with the defaults and then from the arguments (argv[0] is the command's name). False with a reason that names the argument;
 * *help is set, and nothing else, if --help is among them. Strings point into argv.
 */
bool settings_parse(struct settings *s, const struct command *c, int argc, const char *const *argv, bool *help,
    struct err *err) MUST_CHECK;
/* settings_help prints the usage, the command's help and its options. */
void settings_help(const struct command *c, FILE *out);

#endif
