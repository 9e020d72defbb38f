/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers of the routes that answer in JSON: what they say comes from engine/answer.h. resource_history is in history.c, resource_marks in marks.c. */
#ifndef HTTP_RESOURCES_H
#define HTTP_RESOURCES_H

#include "model/request.h"

struct call;
struct engine;
struct site;

void resource_healthz(struct call *c);
void resource_readyz(struct call *c);
void resource_nodes(struct call *c);
void resource_node(struct call *c);
void resource_health(struct call *c);
void resource_performance(struct call *c);
void resource_restarts(struct call *c);
void resource_patterns(struct call *c);
void resource_predictions(struct call *c);
void resource_capacity(struct call *c);
void resource_anomalies(struct call *c);
void resource_incidents(struct call *c);
void resource_history(struct call *c);
void resource_marks(struct call *c);
void resource_groups(struct call *c);
void resource_ports(struct call *c);
void resource_vm_events(struct call *c);
void resource_top(struct call *c);
void resource_tree(struct call *c);
void resource_memory(struct call *c);
void resource_tables(struct call *c);
void resource_links(struct call *c);
void resource_allocators(struct call *c);
void resource_stats(struct call *c);

/* resource_tree_came answers those who wait for the node's tree. */
void resource_tree_came(struct site *site, const struct engine *e, enum request_result result, const char *why);

#endif
