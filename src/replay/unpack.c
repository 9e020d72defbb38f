/* SPDX-License-Identifier: Apache-2.0 */
/* The declarations below are those of zlib.h and zstd.h: their ABI has been the same since zlib 1.0 and zstd 1.4. */
#include "replay/unpack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "replay/library.h"

#define PIECE 65536
#define ZSTD_LEVEL 3
#define ZLIB_LEVEL 6

/* ---- zlib ---- */

struct z_stream {
	const unsigned char *next_in;
	unsigned avail_in;
	unsigned long total_in;
	unsigned char *next_out;
	unsigned avail_out;
	unsigned long total_out;
	const char *msg;
	void *state, *zalloc, *zfree, *opaque;
	int data_type;
	unsigned long adler, reserved;
};

enum { Z_NO_FLUSH = 0, Z_SYNC_FLUSH = 2, Z_FINISH = 4, Z_OK = 0, Z_STREAM_END = 1, Z_BUF_ERROR = -5, Z_DEFLATED = 8 };
#define Z_GZIP_BITS (15 + 16) /* the largest window, and gzip's head and tail */
#define Z_VERSION "1"         /* only the first digit is compared */

static struct {
	int (*inflate_init)(struct z_stream *, int, const char *, int);
	int (*inflate)(struct z_stream *, int);
	int (*inflate_reset)(struct z_stream *);
	int (*inflate_end)(struct z_stream *);
	int (*deflate_init)(struct z_stream *, int, int, int, int, int, const char *, int);
	int (*deflate)(struct z_stream *, int);
	int (*deflate_end)(struct z_stream *);
} z;

/* ---- zstd ---- */

struct zstd_in {
	const void *src;
	size_t size, pos;
};

struct zstd_out {
	void *dst;
	size_t size, pos;
};

enum { ZSTD_CONTINUE, ZSTD_FLUSH, ZSTD_END };

static struct {
	void *(*new_decoder)(void);
	size_t (*free_decoder)(void *);
	size_t (*decode)(void *, struct zstd_out *, struct zstd_in *);
	void *(*new_encoder)(void);
	size_t (*free_encoder)(void *);
	size_t (*encode)(void *, struct zstd_out *, struct zstd_in *, int);
	size_t (*set)(void *, int, int);
	unsigned (*is_error)(size_t);
	const char *(*error_name)(size_t);
} zs;

#define ZSTD_COMPRESSION_LEVEL 100 /* ZSTD_c_compressionLevel */

/* ---- loading ---- */

static bool
load_zlib(struct err *err)
{
	const struct symbol symbols[] = { { "inflateInit2_", &z.inflate_init }, { "inflate", &z.inflate },
		{ "inflateReset", &z.inflate_reset }, { "inflateEnd", &z.inflate_end },
		{ "deflateInit2_", &z.deflate_init }, { "deflate", &z.deflate }, { "deflateEnd", &z.deflate_end } };

	return z.deflate_end || library_load("libz.so.1", "zlib1g", symbols, ARRAY_LEN(symbols), err);
}

static bool
load_zstd(struct err *err)
{
	const struct symbol symbols[] = { { "ZSTD_createDCtx", &zs.new_decoder }, { "ZSTD_freeDCtx", &zs.free_decoder },
		{ "ZSTD_decompressStream", &zs.decode }, { "ZSTD_createCCtx", &zs.new_encoder },
		{ "ZSTD_freeCCtx", &zs.free_encoder }, { "ZSTD_compressStream2", &zs.encode },
		{ "ZSTD_CCtx_setParameter", &zs.set }, { "ZSTD_isError", &zs.is_error },
		{ "ZSTD_getErrorName", &zs.error_name } };

	return zs.error_name || library_load("libzstd.so.1", "libzstd1", symbols, ARRAY_LEN(symbols), err);
}

static bool
load_for(enum packing packing, struct err *err)
{
	return packing == PACKING_GZIP ? load_zlib(err) : load_zstd(err);
}

/* ---- telling them apart ---- */

enum packing
packing_of(const void *data, size_t len)
{
	if (len >= 3 && memcmp(data, "\x1f\x8b\x08", 3) == 0)
		return PACKING_GZIP;
	if (len >= 4 && memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0)
		return PACKING_ZSTD;
	return PACKING_NONE;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len > n && strcmp(text + len - n, end) == 0;
}

enum packing
packing_of_name(const char *path)
{
	return ends_with(path, ".gz") ? PACKING_GZIP : ends_with(path, ".zst") ? PACKING_ZSTD : PACKING_NONE;
}

/* ---- unpacking ---- */

struct stream_unpacker {
	enum packing packing;
	struct z_stream z;
	void *zstd;
	bool whole;
};

struct stream_unpacker *
stream_unpacker_new(enum packing packing, struct err *err)
{
	struct stream_unpacker *u;

	if (!load_for(packing, err))
		return NULL;
	u = xcalloc(1, sizeof(*u));
	u->packing = packing;
	if (packing == PACKING_ZSTD)
		u->zstd = zs.new_decoder();
	if (packing == PACKING_ZSTD ? u->zstd != NULL
				    : z.inflate_init(&u->z, Z_GZIP_BITS, Z_VERSION, sizeof(u->z)) == Z_OK)
		return u;
	free(u);
	err_set(err, "there is no memory to unpack it");
	return NULL;
}

void
stream_unpacker_free(struct stream_unpacker *u)
{
	if (u == NULL)
		return;
	if (u->packing == PACKING_ZSTD)
		zs.free_decoder(u->zstd);
	else
		z.inflate_end(&u->z);
	free(u);
}

static bool
unpack_gzip(struct stream_unpacker *u, const void **in, size_t *in_len, void *out, size_t *out_len, struct err *err)
{
	unsigned given = (unsigned)(*in_len < PIECE ? *in_len : PIECE), room = (unsigned)*out_len;
	int result;

	u->z.next_in = *in;
	u->z.avail_in = given;
	u->z.next_out = out;
	u->z.avail_out = room;
	if (u->whole && z.inflate_reset(&u->z) != Z_OK)
		return err_set(err, "gzip: there is no memory to unpack it");
	result = z.inflate(&u->z, Z_NO_FLUSH);
	*in = u->z.next_in;
	*in_len -= given - u->z.avail_in;
	*out_len = room - u->z.avail_out;
	u->whole = result == Z_STREAM_END;
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ||
	    err_set(err, "gzip: damaged: %s", u->z.msg ? u->z.msg : "what is packed cannot be read");
}

static bool
unpack_zstd(struct stream_unpacker *u, const void **in, size_t *in_len, void *out, size_t *out_len, struct err *err)
{
	struct zstd_in from = { *in, *in_len, 0 };
	struct zstd_out to = { out, *out_len, 0 };
	size_t result = zs.decode(u->zstd, &to, &from);

	*in = (const char *)*in + from.pos;
	*in_len -= from.pos;
	*out_len = to.pos;
	u->whole = result == 0;
	return !zs.is_error(result) || err_set(err, "zstd: damaged: %s", zs.error_name(result));
}

bool
stream_unpacker_run(
    struct stream_unpacker *u, const void **in, size_t *in_len, void *out, size_t *out_len, struct err *err)
{
	return u->packing == PACKING_ZSTD ? unpack_zstd(u, in, in_len, out, out_len, err)
					  : unpack_gzip(u, in, in_len, out, out_len, err);
}

bool
stream_unpacker_is_whole(const struct stream_unpacker *u)
{
	return u->whole;
}

/* ---- packing ---- */

struct stream_packer {
	enum packing packing;
	struct z_stream z;
	void *zstd;
};

static bool
begin_packing(struct stream_packer *p)
{
	if (p->packing == PACKING_GZIP)
		return z.deflate_init(&p->z, ZLIB_LEVEL, Z_DEFLATED, Z_GZIP_BITS, 8, 0, Z_VERSION, sizeof(p->z)) ==
		    Z_OK;
	p->zstd = zs.new_encoder();
	return p->zstd && !zs.is_error(zs.set(p->zstd, ZSTD_COMPRESSION_LEVEL, ZSTD_LEVEL));
}

struct stream_packer *
stream_packer_new(enum packing packing, struct err *err)
{
	struct stream_packer *p;

	if (!load_for(packing, err))
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->packing = packing;
	if (begin_packing(p))
		return p;
	stream_packer_free(p);
	err_set(err, "there is no memory to pack it");
	return NULL;
}

void
stream_packer_free(struct stream_packer *p)
{
	if (p == NULL)
		return;
	if (p->packing == PACKING_GZIP && p->z.state)
		z.deflate_end(&p->z);
	if (p->zstd)
		zs.free_encoder(p->zstd);
	free(p);
}

/* Each call of the library fills one piece; it has done what it was asked for when it leaves room in it. */
static bool
pack_gzip(struct stream_packer *p, const void *data, size_t len, int flush, struct strbuf *out, struct err *err)
{
	int result = Z_OK;

	p->z.next_in = data;
	p->z.avail_in = (unsigned)len;
	do {
		strbuf_reserve(out, PIECE);
		p->z.next_out = (unsigned char *)out->data + out->len;
		p->z.avail_out = PIECE;
		result = z.deflate(&p->z, flush);
		strbuf_grown(out, PIECE - p->z.avail_out);
	} while (p->z.avail_out == 0 && result == Z_OK);
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ||
	    err_set(err, "gzip: error %d", result);
}

static bool
pack_zstd(struct stream_packer *p, const void *data, size_t len, int flush, struct strbuf *out, struct err *err)
{
	struct zstd_in from = { data, len, 0 };
	size_t left;

	do {
		struct zstd_out to;

		strbuf_reserve(out, PIECE);
		to = (struct zstd_out) { out->data + out->len, PIECE, 0 };
		left = zs.encode(p->zstd, &to, &from, flush);
		strbuf_grown(out, to.pos);
		if (zs.is_error(left))
			return err_set(err, "zstd: %s", zs.error_name(left));
	} while (flush == ZSTD_CONTINUE ? from.pos < from.size : left > 0);
	return true;
}

bool
stream_packer_add(
    struct stream_packer *p, const void *data, size_t len, bool flush, struct strbuf *out, struct err *err)
{
	return p->packing == PACKING_ZSTD ? pack_zstd(p, data, len, flush ? ZSTD_FLUSH : ZSTD_CONTINUE, out, err)
					  : pack_gzip(p, data, len, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH, out, err);
}

bool
stream_packer_end(struct stream_packer *p, struct strbuf *out, struct err *err)
{
	return p->packing == PACKING_ZSTD ? pack_zstd(p, "", 0, ZSTD_END, out, err)
					  : pack_gzip(p, "", 0, Z_FINISH, out, err);
}
