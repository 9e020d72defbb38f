/* SPDX-License-Identifier: Apache-2.0 */
/* argv → command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/settings.h"
#include "cmd/setup.h"
#include "os/log.h"

/* The program of `make port`, which packages build, has only what an application needs. */
#ifdef ARSENAL_PORT
#define INTRODUCTION "arsenal port is the engine of Arsenal.AnalyticsServer, which starts it."
#define FIRST_STEPS ""
static const struct command *const COMMANDS[] = { &COMMAND_PORT };
#else
#define INTRODUCTION "arsenal watches Erlang and Elixir (OTP) nodes from outside: restarts, health, anomalies."
#define FIRST_STEPS " First steps: arsenal demo"
static const struct command *const COMMANDS[] = { &COMMAND_WATCH, &COMMAND_TOP, &COMMAND_STATUS, &COMMAND_REPORT,
	&COMMAND_REPLAY, &COMMAND_PATTERNS, &COMMAND_CRASHDUMP, &COMMAND_DEMO, &COMMAND_PORT };
#endif

static void
print_help(FILE *out)
{
	fputs(INTRODUCTION "\n\nusage: arsenal COMMAND [options]\n\n", out);
	for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
		fprintf(out, "  %-10s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
	fputs("\n\"arsenal COMMAND --help\" explains one." FIRST_STEPS "\n", out);
}

static int
run_command(const struct command *c, int argc, char **argv)
{
	struct settings s;
	struct err err;
	bool help;

	if (!settings_parse(&s, c, argc, (const char *const *)argv, &help, &err) ||
	    (!help && !setup_log_level(&s, &err))) {
		log_error("%s", err.text);
		return c->usage_exit;
	}
	if (help) {
		settings_help(c, stdout);
		return EXIT_SUCCESS;
	}
	return c->run(&s);
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
		if (strcmp(word, COMMANDS[i]->name) == 0)
			return run_command(COMMANDS[i], argc - 1, argv + 1);
	if (strcmp(word, "--version") == 0) {
		puts("arsenal " ARSENAL_VERSION);
		return EXIT_SUCCESS;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0) {
		print_help(stdout);
		return EXIT_SUCCESS;
	}
	if (*word)
		log_error("%s: no such command", word);
	print_help(stderr);
	return EXIT_USAGE;
}
