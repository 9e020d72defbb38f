/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the build puts into the program (scripts/embed.sh); each list ends with a NULL name. */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include <stddef.h>

struct embedded_file {
	const char *name;
	const unsigned char *data;
	size_t len;
	/* The same in the form of gzip, which is shorter; NULL: there is none. */
	const unsigned char *packed;
	size_t packed_len;
	const char *hash; /* of the data, and its length: of other data it is another, as good as surely */
};

extern const struct embedded_file PROBE_FILES[]; /* one: arsenal_probe_<hash>.beam */
extern const struct embedded_file DEMO_FILES[];
extern const struct embedded_file WEB_FILES[];

#endif
