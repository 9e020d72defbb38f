/* SPDX-License-Identifier: Apache-2.0 */
/* What a watched node is, and the state of the link to it: a node that is down or refuses is a state, never an exit. */
#ifndef MODEL_NODE_H
#define MODEL_NODE_H

#include <stdbool.h>
#include <stdint.h>

#define NODE_NAME_MAX 255 /* bytes, the distribution protocol's limit for name@host */

enum node_state {
	NODE_CONNECTING,  /* no answer yet, first try or a new one */
	NODE_UP,          /* linked; samples come in */
	NODE_STALLED,     /* linked, but samples have stopped coming */
	NODE_UNREACHABLE, /* no such host, nobody listens, EPMD does not know it, or the link was lost */
	NODE_REFUSED,     /* it answers and turns us away: cookie, name in use, not allowed */
	NODE_HANGING,     /* it accepts the connection and does not speak in time */
	NODE_INCOMPATIBLE /* it speaks, but not the distribution protocol of OTP 23 and later, or it sent garbage */
};

/* node_state_name: "connecting", "up", "stalled", "unreachable", "refused", "hanging", "incompatible". */
const char *node_state_name(enum node_state s);

struct node_info {
	char otp_release[16]; /* "25"; "" while unknown, so for all texts here */
	char erts_version[32];
	char elixir[32];
	unsigned schedulers_online;
	bool injected;        /* the probe runs there; false: plain calls only */
	bool restarts_seen;   /* supervisor restarts are caught as they happen */
	char note[256];       /* what cannot be seen and why; "" if all can */
	int64_t os_pid;       /* the VM's process there; 0: not known, so for the next */
	char crash_dump[512]; /* where it would leave one: an absolute path there */
	/*
	 * "Name Version" of each application that was loaded when the probe was attached, by name, a newline behind each; as many as there is room for,
	 * and an empty line where there are more.
	 */
	char applications[4096];
};

#endif
