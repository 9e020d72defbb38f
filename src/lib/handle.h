/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of libarsenal share: the handle, its errors, and how figures and texts cross the border. Nobody else includes this. */
#ifndef LIB_HANDLE_H
#define LIB_HANDLE_H

/* By its place, so that whoever builds this room needs no path for one header. */
#include "../../include/arsenal.h"

#include "base/attr.h"
#include "base/err.h"
#include "base/ring.h"
#include "engine/engine.h"

struct subscription {
	unsigned id; /* 0: free */
	unsigned types;
	uint64_t after; /* the last event that was there before it */
	arsenal_filter filter;
	arsenal_callback callback;
	void *arg;
};

struct arsenal {
	struct engine *engine;
	struct selection *selection;
	int64_t now_ms;       /* of the last input; 0: none yet */
	int64_t started_ms;   /* of the first */
	struct sample sample; /* that is being filled */
	bool sample_is_set;
	/* events */
	struct ring queue;
	unsigned types; /* that are queued */
	uint64_t last_id;
	uint64_t dropped;        /* in all */
	uint64_t dropped_before; /* since the last event was taken out */
	struct subscription subscriptions[ARSENAL_SUBSCRIPTIONS_MAX];
	unsigned last_subscription;
	bool delivering; /* a callback runs */
	bool doomed;     /* and has freed the handle */
	struct err err;
};

struct arsenal_event {
	struct node_event *ev;
	uint64_t dropped;
};

/* ---- handle.c ---- */

/* fail notes the reason in the handle (NULL: nowhere) and returns the code. */
int fail(struct arsenal *a, enum arsenal_error code, const char *fmt, ...) PRINTF(3, 4);
/* input_check: whether input is taken at all at present. */
int input_check(struct arsenal *a);
/* time_check: whether that is a time for an input or a question. */
int time_check(struct arsenal *a, int64_t now_ms);
/* range_check: whether that is a range of times for a question. */
int range_check(struct arsenal *a, const char *what, int64_t start_ms, int64_t end_ms);
/* input_begin is both; on success it takes the time over, so that nothing may fail after it. */
int input_begin(struct arsenal *a, int64_t now_ms);
/* input_end hands out the events of the input. The handle may be gone afterwards. Returns ARSENAL_OK. */
int input_end(struct arsenal *a);

/* ---- border.c: structs with their sizes, texts ---- */

/* struct_check: whether that can be a caller's struct, or the first of several. */
int struct_check(struct arsenal *a, const void *p, size_t size);
/*
 * take_struct copies a caller's struct of size bytes over ours. What it has more must be zero, for we do not know what it says. This is the
 * first version, so none has less; the next one that adds a field leaves it as it is here.
 */
int take_struct(struct arsenal *a, void *to, size_t to_size, const void *from, size_t size);
/* give_struct copies ours to a caller's struct; what that has more becomes zero. */
int give_struct(struct arsenal *a, void *to, size_t size, const void *from, size_t from_size);
/* text_check: UTF-8 of 1 to max bytes. what names it in the error. */
int text_check(struct arsenal *a, const char *what, const char *text, size_t max);
/* ranking_check: whether that names a ranking of processes, and which. */
int ranking_check(struct arsenal *a, const char *by, enum top_kind *kind);
/* text_term makes a term of a text: as a term it is a binary, as text what it was. The caller owns a reference. */
struct term *text_term(const char *text, size_t len, bool truncated);

/* ---- options.c ---- */

/* options_take makes an engine's options and what is selected (the caller's, NULL: everything) from a caller's (NULL: the defaults). The errors
 * go to a->err. */
int options_take(struct arsenal *a, const struct arsenal_options *from, struct engine_options *to, size_t *max_events);

/* ---- events.c ---- */

/* events_deliver takes the engine's events, and hands them to the callbacks and the queue. */
void events_deliver(struct arsenal *a);
void subscriptions_release(struct arsenal *a);
unsigned subscription_count(const struct arsenal *a);

/* ---- numbers.c ---- */

/* anomaly_take and health_take write what programs branch on. */
void anomaly_take(const struct anomaly *from, struct arsenal_anomaly *to);
void health_take(const struct health *from, struct arsenal_health *to);

#endif
