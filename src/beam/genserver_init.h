/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a server inside an application, as the router's first message brings them. Pure. */
#ifndef BEAM_GENSERVER_INIT_H
#define BEAM_GENSERVER_INIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/selection.h"
#include "etf/etf.h"
#include "model/node.h"

struct genserver_init {
	char node[ETF_ATOM_SIZE];
	uint64_t session;
	int64_t started_ms;
	int64_t interval_ms;
	int64_t retention_ms;
	double threshold;
	uint32_t max_history; /* entries of each list of the state */
	char *store;          /* path; NULL: none, as for http and http_token */
	char *reports;        /* folder of post-mortems, or "off"; NULL: the usual place */
	char *http;           /* "127.0.0.1:4900" */
	char *http_token;
	struct selection *selection; /* NULL: everything */
};

/*
 * genserver_init_read reads the map. False with a reason that names the option otherwise; release it in either case. Keys that are not known are
 * passed by.
 */
bool genserver_init_read(struct genserver_init *init, struct etf *e, struct err *err) MUST_CHECK;
void genserver_init_release(struct genserver_init *init);

#endif
