/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed streams: gzip by zlib, zstd by libzstd, each loaded with dlopen when a file needs it. Both libraries are on nearly every Linux machine, but
 * linking them would cost every `watch` memory that never reads a packed file. What is used of them is their stable interface, declared here.
 */
#ifndef REPLAY_UNPACK_H
#define REPLAY_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

/* packing_of tells by the first bytes; packing_of_name by how a file's name ends (".gz", ".zst"). */
enum packing packing_of(const void *data, size_t len);
enum packing packing_of_name(const char *path);

struct stream_unpacker;

/* stream_unpacker_new: NULL with a reason, without the name of the file: a library is missing. */
struct stream_unpacker *stream_unpacker_new(enum packing packing, struct err *err) MUST_CHECK;
void stream_unpacker_free(struct stream_unpacker *u);
/*
 * stream_unpacker_run turns *in_len bytes at *in into at most *out_len bytes at out, and sets *in, *in_len to what is left of the input, *out_len to what was
 * written. Several streams one behind the other are one. False with a reason if the bytes are damaged.
 */
bool stream_unpacker_run(
    struct stream_unpacker *u, const void **in, size_t *in_len, void *out, size_t *out_len, struct err *err) MUST_CHECK;
/* stream_unpacker_is_whole: the input so far ends where a stream ends. */
bool stream_unpacker_is_whole(const struct stream_unpacker *u);

struct stream_packer;

/* stream_packer_new: as stream_unpacker_new. */
struct stream_packer *stream_packer_new(enum packing packing, struct err *err) MUST_CHECK;
void stream_packer_free(struct stream_packer *p);
/* stream_packer_add appends to *out what len bytes at data become; `flush`: all of it, so that whoever reads the file now can read up to here. */
bool stream_packer_add(
    struct stream_packer *p, const void *data, size_t len, bool flush, struct strbuf *out, struct err *err) MUST_CHECK;
/* stream_packer_end ends the stream. */
bool stream_packer_end(struct stream_packer *p, struct strbuf *out, struct err *err) MUST_CHECK;

#endif
