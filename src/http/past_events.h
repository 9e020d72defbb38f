/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the past, the newest first: what the stream had before. */
#ifndef HTTP_PAST_EVENTS_H
#define HTTP_PAST_EVENTS_H

struct call;

void past_events_serve(struct call *c);

#endif
