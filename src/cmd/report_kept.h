/* SPDX-License-Identifier: Apache-2.0 */
/* arsenal report's post-mortems: from their folder, a store, or an arsenal that runs. */
#ifndef CMD_REPORT_KEPT_H
#define CMD_REPORT_KEPT_H

#include "cmd/ask.h"
#include "cmd/settings.h"
#include "report/report_format.h"

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

/* report_list lists the post-mortems there are, report_show writes the one that was named. False with a reason. */
bool report_list(struct inquiry *q, struct err *err);
bool report_show(struct inquiry *q, struct err *err);

#endif
