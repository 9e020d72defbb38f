/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/pairing.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define LOOK_AHEAD 64 /* reports of a bucket at the edge of the span that are looked at */

static int64_t
bucket_of(int64_t time_ms)
{
	return time_ms / PAIRING_BUCKET_MS;
}

/* lower_bound is the index of the first bucket that is not before number; the end is looked at first, where most go. */
static uint32_t
lower_bound(const struct pairing_queue *q, int64_t number)
{
	uint32_t low = 0, high = q->count;

	if (high > 0 && q->buckets[high - 1].number < number)
		return high;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (q->buckets[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- reports in a bucket ---- */

static void
link_report(struct pairing_queue *q, struct pairing_bucket *b, struct pairing_report *r)
{
	r->in = q;
	r->before = b->last;
	r->after = NULL;
	if (b->last)
		b->last->after = r;
	else
		b->first = r;
	b->last = r;
}

static void
unlink_report(struct pairing_bucket *b, struct pairing_report *r)
{
	*(r->before ? &r->before->after : &b->first) = r->after;
	*(r->after ? &r->after->before : &b->last) = r->before;
	r->in = NULL;
}

/* ---- buckets ---- */

/* remove_buckets takes n of them out; those who wait in them wait no more. */
static void
remove_buckets(struct pairing_queue *q, uint32_t at, uint32_t n)
{
	for (uint32_t i = at; i < at + n; i++)
		for (struct pairing_report *r = q->buckets[i].first; r; r = r->after)
			r->in = NULL;
	q->count -= n;
	memmove(q->buckets + at, q->buckets + at + n, (q->count - at) * sizeof(*q->buckets));
	if (q->count > 0)
		return;
	free(q->buckets);
	memset(q, 0, sizeof(*q));
}

static void
remove_if_empty(struct pairing_queue *q, uint32_t at)
{
	if (q->buckets[at].forgotten == 0 && q->buckets[at].first == NULL)
		remove_buckets(q, at, 1);
}

static struct pairing_bucket *
insert_bucket(struct pairing_queue *q, uint32_t at, int64_t number)
{
	if (q->count == PAIRING_MAX_BUCKETS) {
		remove_buckets(q, 0, 1);
		at -= at > 0;
	}
	if (q->count == q->room) {
		q->room = q->room ? 2 * q->room : 1;
		q->buckets = xreallocarray(q->buckets, q->room, sizeof(*q->buckets));
	}
	memmove(q->buckets + at + 1, q->buckets + at, (q->count - at) * sizeof(*q->buckets));
	q->buckets[at] = (struct pairing_bucket) { .number = number };
	q->count++;
	return &q->buckets[at];
}

static struct pairing_bucket *
bucket_at(struct pairing_queue *q, int64_t time_ms)
{
	int64_t number = bucket_of(time_ms);
	uint32_t at = lower_bound(q, number);

	if (at < q->count && q->buckets[at].number == number)
		return &q->buckets[at];
	return insert_bucket(q, at, number);
}

/* ---- the whole ---- */

void
pairing_release(struct pairing *p)
{
	for (int side = 0; side < PAIRING_SIDE_COUNT; side++)
		if (p->sides[side].count > 0)
			remove_buckets(&p->sides[side], 0, p->sides[side].count);
}

void
pairing_expire(struct pairing *p, int64_t now_ms)
{
	for (int side = 0; side < PAIRING_SIDE_COUNT; side++) {
		struct pairing_queue *q = &p->sides[side];
		uint32_t n = 0;

		while (n < q->count && q->buckets[n].number < bucket_of(now_ms - PAIRING_LATE_MS))
			n++;
		if (n > 0)
			remove_buckets(q, 0, n);
	}
}

static struct pairing_report *
first_within(const struct pairing_bucket *b, int64_t time_ms)
{
	struct pairing_report *r = b->first;

	for (int i = 0; r && i < LOOK_AHEAD; i++, r = r->after)
		if (llabs(r->time_ms - time_ms) <= PAIRING_SPAN_MS)
			return r;
	return NULL;
}

/* meet_in takes from one bucket, which goes if it is empty then. */
static uint64_t
meet_in(struct pairing_queue *q, uint32_t at, int64_t time_ms, uint64_t n, struct pairing_report **met)
{
	struct pairing_bucket *b = &q->buckets[at];
	uint64_t *left = &b->forgotten;

	*met = b->forgotten > 0 ? NULL : first_within(b, time_ms);
	if (*met)
		left = &(*met)->left;
	n = n < *left ? n : *left;
	*left -= n;
	if (*met && *left == 0)
		unlink_report(b, *met);
	if (n > 0)
		remove_if_empty(q, at);
	return n;
}

uint64_t
pairing_meet(struct pairing *p, enum pairing_side side, int64_t time_ms, uint64_t n, struct pairing_report **met)
{
	struct pairing_queue *q = &p->sides[side];
	int64_t last = bucket_of(time_ms + PAIRING_SPAN_MS);
	uint64_t taken;

	for (uint32_t at = q->count ? lower_bound(q, bucket_of(time_ms - PAIRING_SPAN_MS)) : 0;
	     at < q->count && q->buckets[at].number <= last; at++)
		if ((taken = meet_in(q, at, time_ms, n, met)) > 0)
			return taken;
	return 0;
}

void
pairing_wait(struct pairing *p, enum pairing_side side, struct pairing_report *r, int64_t time_ms, uint64_t n)
{
	struct pairing_queue *q = &p->sides[side];

	r->time_ms = time_ms;
	r->left = n;
	link_report(q, bucket_at(q, time_ms), r);
}

void
pairing_forget(struct pairing_report *r)
{
	struct pairing_queue *q = r->in;
	struct pairing_bucket *b;

	if (q == NULL)
		return;
	b = &q->buckets[lower_bound(q, bucket_of(r->time_ms))];
	unlink_report(b, r);
	b->forgotten += r->left;
}
