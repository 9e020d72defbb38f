/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the build puts into the program (scripts/embed.sh); each list ends with a NULL name. */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include <stddef.h>

struct embedded_file {
	const char *name;
	const unsigned char *data;
	size_t len;
};

extern const struct embedded_file PROBE_FILES[]; /* one: arsenal_probe_<hash>.beam */
extern const struct embedded_file DEMO_FILES[];
extern const struct embedded_file WEB_FILES[];

#endif
