/* SPDX-License-Identifier: Apache-2.0 */
#include "store/wal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

#define HEADER_BYTES 32
#define FRAME_HEADER_BYTES 24
#define MAGIC 0x377f0682u /* the last bit: checksums are of big-endian words */
#define VERSION 3007000u
#define MAX_FRAMES (1u << 20) /* 4 GB: no log of ours */

struct sum {
	uint32_t a, b;
};

struct reader {
	struct wal *w;
	unsigned char header[HEADER_BYTES];
	bool big_endian;
	unsigned char salt[8];
	struct sum before; /* the checksum stored in the frame before, or in the header */
	unsigned char *frame;
	bool chain_holds;
};

static uint32_t
word(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t
word_reversed(const unsigned char *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static struct sum
stored_sum(const unsigned char *p)
{
	return (struct sum) { word(p), word(p + 4) };
}

/* len is a multiple of 8. */
static struct sum
add_bytes(struct sum s, const unsigned char *p, size_t len, bool big_endian)
{
	uint32_t (*const read)(const unsigned char *p) = big_endian ? word : word_reversed;

	for (size_t i = 0; i < len; i += 8) {
		s.a += read(p + i) + s.b;
		s.b += read(p + i + 4) + s.a;
	}
	return s;
}

static bool
same(struct sum x, struct sum y)
{
	return x.a == y.a && x.b == y.b;
}

int64_t
wal_offset(const struct wal *w, uint32_t frame)
{
	return HEADER_BYTES + (int64_t)frame * (FRAME_HEADER_BYTES + w->page_size) + FRAME_HEADER_BYTES;
}

static bool
read_frame(struct reader *r, uint32_t i)
{
	size_t len = FRAME_HEADER_BYTES + r->w->page_size;

	return pread(r->w->fd, r->frame, len, wal_offset(r->w, i) - FRAME_HEADER_BYTES) == (ssize_t)len;
}

static bool
frame_holds(const struct reader *r)
{
	struct sum s = add_bytes(r->before, r->frame, 8, r->big_endian);

	s = add_bytes(s, r->frame + FRAME_HEADER_BYTES, r->w->page_size, r->big_endian);
	return word(r->frame) > 0 && memcmp(r->frame + 8, r->salt, sizeof(r->salt)) == 0 &&
	    same(s, stored_sum(r->frame + 16));
}

/* A header that does not hold is made up for: the salt is that of the first frame, the order of bytes this machine's. */
static void
judge_header(struct reader *r)
{
	static const uint16_t one = 1;
	const unsigned char *h = r->header;
	bool known = (word(h) & ~1u) == MAGIC, holds;

	r->big_endian = known ? word(h) & 1 : *(const unsigned char *)&one == 0;
	holds = known && word(h + 4) == VERSION && word(h + 8) == r->w->page_size &&
	    same(add_bytes((struct sum) { 0, 0 }, h, 24, r->big_endian), stored_sum(h + 24));
	r->chain_holds = holds;
	r->before = stored_sum(h + 24);
	memcpy(r->salt, h + 16, sizeof(r->salt));
	if (!holds && r->w->frames > 0 && read_frame(r, 0))
		memcpy(r->salt, r->frame + 8, sizeof(r->salt));
}

static void
take_frame(struct reader *r, uint32_t i)
{
	struct wal *w = r->w;
	bool holds = read_frame(r, i) && frame_holds(r), commits = holds && word(r->frame + 4) > 0;

	w->page_of[i] = holds ? word(r->frame) : 0;
	r->chain_holds = r->chain_holds && holds;
	r->before = stored_sum(r->frame + 16);
	if (commits)
		w->usable = i + 1;
	if (commits && r->chain_holds)
		w->chained = i + 1;
}

static bool
is_zero(const unsigned char *p, size_t len)
{
	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

static void
read_all(struct wal *w, int64_t size)
{
	struct reader r = { .w = w, .frame = xcalloc(1, FRAME_HEADER_BYTES + w->page_size) };
	int64_t frames = (size - HEADER_BYTES) / (FRAME_HEADER_BYTES + w->page_size);

	w->frames = frames < MAX_FRAMES ? (uint32_t)frames : MAX_FRAMES;
	w->page_of = xcalloc(w->frames + 1, sizeof(*w->page_of));
	if (pread(w->fd, r.header, sizeof(r.header), 0) == (ssize_t)sizeof(r.header)) {
		judge_header(&r);
		w->garbage = !r.chain_holds;
		for (uint32_t i = 0; i < w->frames; i++)
			take_frame(&r, i);
	}
	/* A power cut leaves zeros where something was to be written. */
	if (w->garbage && is_zero(r.header, sizeof(r.header)) && w->usable == 0)
		w->garbage = false;
	free(r.frame);
}

void
wal_open(struct wal *w, const char *path, uint32_t page_size)
{
	struct stat st;

	memset(w, 0, sizeof(*w));
	w->page_size = page_size;
	w->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (w->fd >= 0 && fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= HEADER_BYTES)
		read_all(w, st.st_size);
}

void
wal_release(struct wal *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->page_of);
	memset(w, 0, sizeof(*w));
	w->fd = -1;
}

bool
wal_is_damaged(const struct wal *w)
{
	return w->garbage || w->usable > w->chained;
}
