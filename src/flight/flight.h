/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flight recorder: when a node's link is lost, or the VM around the program dies, the report of the minutes before is made, kept, and amended as more
 * becomes known: that the VM's process is gone, that the node is back (as the same VM or a new one), what its crash dump says.
 *
 * A link that is lost again within five minutes of an end that the VM survived goes on in the same post-mortem; a node has no more than 20 an hour.
 */
#ifndef FLIGHT_H
#define FLIGHT_H

#include <stdbool.h>

#include "engine/engine.h"
#include "report/report_head.h"

struct event_base;
struct flight;
struct flight_node;

struct flight_options {
	const char *folder; /* of the reports (report_files.h); NULL: none */
	bool here;          /* the nodes are on this machine, whatever their names say */
	int64_t (*now_ms)(void *arg);
	/* A line for a person. */
	void (*notice)(void *arg, bool warning, const char *text);
	void *arg; /* of these two */
	/* For a node; `arg` is the one it was added with. */
	/* The record is to be kept elsewhere, too; again, under the same id, when it was amended. May be NULL. */
	void (*keep)(void *arg, const char *id, int64_t time_ms, const struct strbuf *json);
	/* The engine has events. */
	void (*changed)(void *arg);
};

/* flight_new copies the options. Handlers come from the loop. */
struct flight *flight_new(struct event_base *base, const struct flight_options *options);
/* flight_free waits for what is being written. NULL is fine. */
void flight_free(struct flight *f);

/* flight_add: a node of this engine, which must outlive the flight. */
struct flight_node *flight_add(struct flight *f, struct engine *e, void *arg);
/* Inputs, each after the engine's own; n may be NULL. */
/* flight_state: gone: nobody is there any more, as the host's EPMD or kernel says. */
void flight_state(struct flight_node *n, enum node_state state, const char *detail, bool gone);
void flight_info(struct flight_node *n, const struct node_info *info);
void flight_sample(struct flight_node *n);
/* flight_stopping: the node said that it stops in order. */
void flight_stopping(struct flight_node *n);
/*
 * flight_vm_ended: the pipe to the VM around this program has ended without a goodbye. If the VM's process is gone, or writes a crash dump, within
 * patience_ms, the post-mortem is written before this returns true. Otherwise it was the router that was killed, not the VM: false.
 */
bool flight_vm_ended(struct flight_node *n, int64_t patience_ms);
/* flight_vm_dump waits for the VM's crash dump, if it leaves one, and amends the post-mortem: as long as the VM writes, ten minutes at most. */
void flight_vm_dump(struct flight_node *n);

/* The reports in the folder, newest first, those of former runs, too. */
size_t flight_reports(const struct flight *f, const struct report_head **heads);
/* flight_folder is where they are, or NULL. */
const char *flight_folder(const struct flight *f);

#endif
