/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A live recording: every input of the engines of a program (`arsenal watch --record`), as lines of JSON:
 *
 *	{"arsenal_recording":1,"version":"0.1.0","time":"2026-11-26T02:24:00.000Z"}
 *	{"node":0,"name":"a@h","restored":false,"options":{"interval_ms":5000,…}}
 *	{"node":0,"now":…,"sample":{…}}      replay/input_code.h
 *	{"lost":3}                           so many inputs are missing here: the disk did not keep up
 *
 * Several recordings one behind the other are read as such: each begins with new engines.
 */
#ifndef REPLAY_RECORDING_H
#define REPLAY_RECORDING_H

#include "replay/flaws.h"
#include "replay/input_code.h"
#include "replay/line_reader.h"

#define RECORDING_VERSION 1
#define RECORDING_MAX_NODES 1000

/* The lines, with their ends. */
void recording_write_head(struct strbuf *out, int64_t now_ms);
void recording_write_node(
    struct strbuf *out, unsigned node, const char *name, const struct engine_options *o, bool restored);
void recording_write_input(struct strbuf *out, unsigned node, const struct engine_input *in);
void recording_write_lost(struct strbuf *out, uint64_t count);

/* recording_is: such a file begins with these bytes. */
bool recording_is(const char *bytes, size_t len);

enum recorded_kind {
	RECORDED_HEAD, /* what came before has ended */
	RECORDED_NODE,
	RECORDED_INPUT
};

struct recorded {
	enum recorded_kind kind;
	unsigned node; /* below RECORDING_MAX_NODES; an input's was a RECORDED_NODE since the last head */
	const char *name;
	struct engine_options options;
	bool restored; /* the engine knew a history before: its first findings cannot be made again */
	const struct engine_input *in;
};

struct recording;

/* recording_new takes over the lines. */
struct recording *recording_new(struct line_reader *lines, struct flaws *f);
void recording_free(struct recording *r);
/* recording_next: *out is valid until the next call. Lines that make no sense are flaws. */
enum read_result recording_next(struct recording *r, struct recorded *out, struct err *err) MUST_CHECK;

#endif
