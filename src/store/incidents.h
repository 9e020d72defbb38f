/* SPDX-License-Identifier: Apache-2.0 */
/* The asking for incidents, between the loop and the writer. For the room's own files. */
#ifndef STORE_INCIDENTS_H
#define STORE_INCIDENTS_H

struct store;
struct writer;

/* incidents_answer reads what was asked for; the writer's. */
void incidents_answer(struct writer *w);
/* incidents_gone: the file had to let one go; the writer's. */
void incidents_gone(struct writer *w, const char *id);
/* incidents_deliver hands over what was read; the loop's. */
void incidents_deliver(struct store *s);
/* incidents_give_up: the store closes, and whoever still waits is told that there is nothing. */
void incidents_give_up(struct store *s);
/* incidents_release lets go what nobody waits for any more. */
void incidents_release(struct store *s);

#endif
