/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with the router of an application (doc/port.md): messages become inputs of the engine, calls are answered from it. Pure: bytes in, bytes
 * out through a packet writer, time as an argument (`clock_ms`: clock_now_ms); what is beyond is the host's.
 */
#ifndef BEAM_GENSERVER_H
#define BEAM_GENSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "beam/genserver_init.h"
#include "beam/port_packet.h"
#include "beam/requests.h"
#include "engine/engine.h"
#include "model/event.h"

/* Calls that wait for a sample: so many at a time, and not for ever. */
#define GENSERVER_HELD_MAX 20000
#define GENSERVER_HELD_BYTES (16u << 20)
#define GENSERVER_SAMPLE_MS 2000
#define GENSERVER_CHECK_MS 1000

struct genserver;

/* What the host has made of the options. */
struct genserver_started {
	const struct engine *engine;
	uint64_t last;    /* cast that is safe already */
	bool confirms;    /* the host confirms casts by genserver_confirm; else they are when they are in the engine */
	const char *http; /* NULL: none */
};

/* The program's own figures, for get_server_stats. */
struct genserver_figures {
	uint64_t cpu_ms;
	uint64_t max_rss_bytes;
	bool store;
	uint64_t store_committed;
	uint64_t store_dropped;
	uint64_t store_bytes;
	bool store_failing;
};

/* Inputs for the engine, in the order in which they came. `now_ms` is the VM's time (genserver_now). */
struct genserver_host {
	/* Once. init->selection must be left where it is as long as the engine lives. False with a reason for a person: nothing more comes. */
	bool (*start)(void *arg, const struct genserver_init *init, int64_t now_ms, struct genserver_started *started,
	    struct err *err);
	void (*state)(void *arg, int64_t now_ms, enum node_state state, const char *detail);
	void (*info)(void *arg, const struct node_info *info);
	void (*sample)(void *arg, int64_t now_ms, const struct sample *s);
	void (*restart)(void *arg, int64_t now_ms, const struct restart *r);
	void (*lost_restarts)(void *arg, int64_t now_ms, uint64_t count);
	/* Taken over: the callee releases it. */
	void (*survey)(void *arg, int64_t now_ms, struct survey *s);
	void (*supervisor)(void *arg, int64_t now_ms, const struct supervisor_facts *f);
	/* The router, or the VM, ends in order: that its pipe ends then is no sign of the VM's death. */
	void (*goodbye)(void *arg);
	/* All casts up to this number were handed over. */
	void (*mark)(void *arg, uint64_t last);
	void (*figures)(void *arg, struct genserver_figures *figures);
	/* Whether the router is behind: events are dropped then. */
	bool (*is_slow)(void *arg);
};

struct genserver *genserver_new(
    const struct genserver_host *host, void *arg, struct packet_writer *out, uint32_t os_pid);
void genserver_free(struct genserver *g);

/* genserver_receive takes one packet (131, a list of messages). What is no message is logged to the router and passed by. */
void genserver_receive(struct genserver *g, struct etf_span packet, int64_t clock_ms);
/* genserver_settle is called when a burst of packets is over: casts are confirmed or marked. */
void genserver_settle(struct genserver *g);
/*
 * Large answers are written a part at a time, between other packets: genserver_turn writes one (some hundreds of us of work), if genserver_has_turn: one is
 * owed, and what was written before has been taken, nearly. That changes with packets, with genserver_expire, and as packets are sent.
 */
bool genserver_has_turn(const struct genserver *g);
void genserver_turn(struct genserver *g);
/* genserver_failed: the options were refused, and the router knows why. */
bool genserver_failed(const struct genserver *g);
/* genserver_now is the VM's time: ours, corrected by the ticks' times; but it goes on where it was when the VM's clock is set back. */
int64_t genserver_now(const struct genserver *g, int64_t clock_ms);
/* genserver_deadline is when genserver_expire must be called (clock_ms), INT64_MAX: never. It answers calls that waited long enough. */
int64_t genserver_deadline(const struct genserver *g);
void genserver_expire(struct genserver *g, int64_t clock_ms);
/*
 * genserver_request asks the probe, by way of the router, for something. The callback comes once if, and only if, this is REQUEST_UNDER_WAY, but not
 * from genserver_free.
 */
enum request_result genserver_request(
    struct genserver *g, int64_t clock_ms, const struct strbuf *what, request_cb *cb, void *arg);
/* genserver_event hands an event to the router if anybody subscribed to its type. */
void genserver_event(struct genserver *g, const struct node_event *ev);
/* genserver_confirm: casts up to this number are on disk. */
void genserver_confirm(struct genserver *g, uint64_t last);
/* genserver_log: level is one of error, warning, notice, info. */
void genserver_log(struct genserver *g, const char *level, const char *text);

#endif
