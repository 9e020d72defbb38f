/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kept names of this installation. A fresh node name per connection would fill the watched node's atom table, so a name is drawn once and kept in
 * the state folder, in one of a few slots, each under a lock: long-lived programs and one-shot commands have slots of their own kind. A running program also
 * leaves its HTTP address in its slot, so that one-shot commands can ask it.
 */
#ifndef OS_INSTANCE_H
#define OS_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

#define INSTANCE_SLOTS 8
#define INSTANCE_NAME_SIZE 128
#define INSTANCE_WATCH "watch"
#define INSTANCE_ONCE "once"

struct instance {
	char name[INSTANCE_NAME_SIZE]; /* "arsenal-<8 hex>@host" */
	int lock_fd;                   /* private */
	char path[512];                /* private */
};

/*
 * instance_take locks the first free slot of a kind (INSTANCE_*) in state_dir, and draws its name if it has none yet. False with a reason if all are taken
 * or the folder cannot be used.
 */
bool instance_take(struct instance *in, const char *state_dir, const char *kind, struct err *err) MUST_CHECK;
/* instance_publish leaves an HTTP address ("127.0.0.1:4900") in the slot, NULL takes it away. */
bool instance_publish(struct instance *in, const char *http_address, struct err *err) MUST_CHECK;
void instance_release(struct instance *in);

/*
 * instance_running copies the HTTP address of the running program in slot i of INSTANCE_WATCH; false if there is none.
 */
bool instance_running(const char *state_dir, int i, char *address, size_t size);

/* instance_state_dir is the default state folder: $ARSENAL_STATE_DIR, $STATE_DIRECTORY (systemd), $XDG_STATE_HOME/arsenal, ~/.local/state/arsenal. Caller frees. */
char *instance_state_dir(void);

#endif
