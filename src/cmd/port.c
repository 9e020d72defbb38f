/* SPDX-License-Identifier: Apache-2.0 */
/* arsenal port: the engine inside an application, started by its VM. */
#include <stdlib.h>

#include "application.h"
#include "beam/port.h"
#include "cmd/settings.h"
#include "os/log.h"

static int
run(const struct settings *s UNUSED)
{
	struct err err;
	int code;

	if (application_run(PORT_IN_FD, PORT_OUT_FD, &code, &err))
		return code;
	log_error("%s", err.text);
	return EXIT_USAGE;
}

const struct command COMMAND_PORT = {
	.name = "port",
	.arguments = "",
	.summary = "the engine inside an application; started by Arsenal.AnalyticsServer, not by hand",
	.help = "An Elixir or Erlang application that has Arsenal.AnalyticsServer (or arsenal:start_link/1) in its "
		"supervision tree starts this "
		"program\n"
		"as a port, and hands it everything by file descriptor 3: options, restarts, samples of the probe, "
		"calls. Answers and events go "
		"back by\n"
		"descriptor 4. It ends, having committed its history, when the application closes them; options come "
		"from there, "
		"too.\n"
		"\n"
		"In a shell there is nothing to see: use \"arsenal watch\" to watch a node from outside.\n",
	.options = FOR_PORT,
	.usage_exit = EXIT_USAGE,
	.run = run,
};
