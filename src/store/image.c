/* SPDX-License-Identifier: Apache-2.0 */
#include "store/image.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"

#define PAGE_BYTES 4096 /* of our files, unless their header says something else that can be */
#define HEADER_BYTES 100
#define LEAF 13
#define MAX_PAGES (1u << 26) /* 256 GB */
#define MIN_PAGES 64         /* a file that was cut is as long as tables may begin, or SQLite would read none of them */

/* ---- pages ---- */

static void
put_word(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

static void
put_half(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

/* read_at: what is behind the end of a file, or cannot be read, is zero, which is no page of any kind. */
static void
read_at(int fd, void *to, size_t len, int64_t at)
{
	ssize_t n = pread(fd, to, len, at);

	memset((char *)to + (n > 0 ? n : 0), 0, len - (n > 0 ? (size_t)n : 0));
}

static void
read_page(const struct image *image, uint32_t page, unsigned from, void *to, size_t len)
{
	uint32_t frame = page <= image->pages ? image->frame_of[page] : 0;

	if (page == 1)
		memcpy(to, image->first + from, len);
	else if (page == image->pages + 1)
		memcpy(to, image->schema + from, len);
	else if (frame > 0)
		read_at(image->wal.fd, to, len, wal_offset(&image->wal, frame - 1) + from);
	else
		read_at(image->fd, to, len, (int64_t)(page - 1) * image->page_size + from);
}

/* ---- the first page: a header, and a row for each table (https://www.sqlite.org/fileformat2.html) ---- */

static void
make_header(unsigned char *p, uint32_t page_size)
{
	memset(p, 0, HEADER_BYTES);
	memcpy(p, "SQLite format 3", 16);
	put_half(p + 16, page_size == 65536 ? 1 : page_size);
	p[18] = p[19] = 1; /* no log of its own */
	p[21] = 64;
	p[22] = p[23] = 32;
	put_word(p + 24, 1); /* not what is at 92: then the number of pages is what the file's size says */
	put_word(p + 44, 4);
	put_word(p + 56, 1);
}

/* Numbers up to 2^14 - 1 as SQLite writes them. */
static void
add_varint(struct strbuf *sb, unsigned v)
{
	if (v >= 128)
		strbuf_addc(sb, (char)(128 | v >> 7));
	strbuf_addc(sb, (char)(v & 127));
}

static unsigned
type_of_text(const char *text)
{
	return 13 + 2 * (unsigned)strlen(text);
}

static void
add_record(struct strbuf *record, const struct image_table *t, const char *sql)
{
	struct strbuf types = STRBUF_INIT;
	unsigned char root[4];

	add_varint(&types, type_of_text("table"));
	add_varint(&types, type_of_text(t->name));
	add_varint(&types, type_of_text(t->name));
	add_varint(&types, 4);
	add_varint(&types, type_of_text(sql));
	add_varint(record, (unsigned)types.len + 1);
	strbuf_add(record, types.data, types.len);
	put_word(root, t->root);
	strbuf_addf(record, "table%s%s", t->name, t->name);
	strbuf_add(record, root, sizeof(root));
	strbuf_adds(record, sql);
	strbuf_release(&types);
}

static void
add_cell(struct strbuf *cell, unsigned id, const struct image_table *t)
{
	struct strbuf sql = STRBUF_INIT, record = STRBUF_INIT;

	strbuf_addf(&sql, "CREATE TABLE %s(%s)%s", t->name, t->columns, t->without_rowid ? "WITHOUT ROWID" : "");
	add_record(&record, t, sql.data);
	add_varint(cell, (unsigned)record.len);
	add_varint(cell, id);
	strbuf_add(cell, record.data, record.len);
	strbuf_release(&sql);
	strbuf_release(&record);
}

static void
make_first(struct image *image, const struct image_table *tables, unsigned count)
{
	unsigned char *p = image->first, *node = p + HEADER_BYTES;
	unsigned at = image->page_size;

	make_header(p, image->page_size);
	memset(node, 0, image->page_size - HEADER_BYTES);
	for (unsigned i = 0; i < count; i++) {
		struct image_table t = tables[i];
		struct strbuf cell = STRBUF_INIT;

		if (strcmp(t.name, IMAGE_SCHEMA) == 0)
			t.root = image->pages + 1;
		add_cell(&cell, i + 1, &t);
		assert(at > cell.len && at - cell.len >= HEADER_BYTES + 8 + 2 * count);
		at -= (unsigned)cell.len;
		memcpy(p + at, cell.data, cell.len);
		put_half(node + 8 + 2 * i, at);
		strbuf_release(&cell);
	}
	node[0] = LEAF;
	put_half(node + 3, count);
	put_half(node + 5, at);
}

/* On another page than the first a tree's node begins at the page's start. */
static void
take_schema(struct image *image)
{
	unsigned char *p = image->schema, *node = p + HEADER_BYTES;
	unsigned cells = (unsigned)(node[3] << 8 | node[4]), head = node[0] == LEAF ? 8 : 12;

	if (head + 2 * cells > image->page_size - HEADER_BYTES)
		cells = (image->page_size - HEADER_BYTES - head) / 2;
	memmove(p, node, head + 2 * cells);
}

/* ---- the file as SQLite sees it ---- */

struct image_file {
	sqlite3_file base;
	const struct image *image;
};

static int
file_close(sqlite3_file *f UNUSED)
{
	return SQLITE_OK;
}

static int
file_read(sqlite3_file *f, void *to, int amount, sqlite3_int64 offset)
{
	const struct image *image = ((struct image_file *)f)->image;
	int64_t size = (int64_t)(image->pages + 1) * image->page_size;
	uint32_t page = (uint32_t)(offset / image->page_size) + 1;
	unsigned from = (unsigned)(offset % image->page_size);

	if (offset + amount > size || from + (unsigned)amount > image->page_size) {
		memset(to, 0, (size_t)amount);
		return SQLITE_IOERR_SHORT_READ;
	}
	read_page(image, page, from, to, (size_t)amount);
	return SQLITE_OK;
}

static int
file_write(sqlite3_file *f UNUSED, const void *data UNUSED, int amount UNUSED, sqlite3_int64 offset UNUSED)
{
	return SQLITE_READONLY;
}

static int
file_truncate(sqlite3_file *f UNUSED, sqlite3_int64 size UNUSED)
{
	return SQLITE_READONLY;
}

static int
file_flags(sqlite3_file *f UNUSED, int flags UNUSED)
{
	return SQLITE_OK; /* sync, lock, unlock: nobody else has it */
}

static int
file_size(sqlite3_file *f, sqlite3_int64 *size)
{
	const struct image *image = ((struct image_file *)f)->image;

	*size = (int64_t)(image->pages + 1) * image->page_size;
	return SQLITE_OK;
}

static int
file_reserved(sqlite3_file *f UNUSED, int *reserved)
{
	*reserved = 0;
	return SQLITE_OK;
}

static int
file_control(sqlite3_file *f UNUSED, int operation UNUSED, void *arg UNUSED)
{
	return SQLITE_NOTFOUND;
}

static int
file_sector(sqlite3_file *f UNUSED)
{
	return PAGE_BYTES;
}

static int
file_characteristics(sqlite3_file *f UNUSED)
{
	return SQLITE_IOCAP_IMMUTABLE;
}

static const sqlite3_io_methods METHODS = { .iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_flags,
	.xFileSize = file_size,
	.xLock = file_flags,
	.xUnlock = file_flags,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_characteristics };

static int
vfs_open(sqlite3_vfs *vfs, const char *name UNUSED, sqlite3_file *f, int flags, int *out)
{
	f->pMethods = NULL;
	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return SQLITE_CANTOPEN;
	((struct image_file *)f)->image = vfs->pAppData;
	f->pMethods = &METHODS;
	if (out)
		*out = flags;
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs UNUSED, const char *name UNUSED, int sync UNUSED)
{
	return SQLITE_READONLY;
}

static int
vfs_access(sqlite3_vfs *vfs UNUSED, const char *name UNUSED, int flags UNUSED, int *there)
{
	*there = 0;
	return SQLITE_OK;
}

static int
vfs_full_path(sqlite3_vfs *vfs UNUSED, const char *name, int size, char *out)
{
	sqlite3_snprintf(size, out, "%s", name);
	return SQLITE_OK;
}

/* ---- */

static bool
fill_frames(struct image *image)
{
	const struct wal *w = &image->wal;
	uint32_t most = image->pages;
	bool has_pages;

	/* A log holds at most what has been added to the file, page by page. */
	for (uint32_t i = 0; i < w->usable; i++)
		if (w->page_of[i] > most && w->page_of[i] <= image->pages + w->frames)
			most = w->page_of[i];
	has_pages = most > 0;
	image->pages = most < MIN_PAGES ? MIN_PAGES : most < MAX_PAGES ? most : MAX_PAGES;
	image->frame_of = xcalloc(image->pages + 1, sizeof(*image->frame_of));
	for (uint32_t i = 0; i < w->usable; i++)
		if (w->page_of[i] <= image->pages)
			image->frame_of[w->page_of[i]] = i + 1;
	return has_pages;
}

/* The file's own page size, if it can be one. */
static uint32_t
judge_page_size(int fd)
{
	unsigned char header[18];
	uint32_t size;

	read_at(fd, header, sizeof(header), 0);
	size = (uint32_t)header[16] << 8 | header[17];
	return size >= PAGE_BYTES && (size & (size - 1)) == 0 ? size : PAGE_BYTES;
}

static void
read_own_first(struct image *image)
{
	uint32_t frame = image->frame_of[1];

	if (frame > 0)
		read_at(image->wal.fd, image->schema, image->page_size, wal_offset(&image->wal, frame - 1));
	else
		read_at(image->fd, image->schema, image->page_size, 0);
	take_schema(image);
}

static void
make_vfs(struct image *image)
{
	static atomic_uint count;
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);

	snprintf(image->vfs_name, sizeof(image->vfs_name), "arsenal-image-%u", atomic_fetch_add(&count, 1));
	image->vfs = (sqlite3_vfs) { .iVersion = 1,
		.szOsFile = sizeof(struct image_file),
		.mxPathname = 64,
		.zName = image->vfs_name,
		.pAppData = image,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = real->xRandomness,
		.xSleep = real->xSleep,
		.xCurrentTime = real->xCurrentTime };
	sqlite3_vfs_register(&image->vfs, 0);
}

static bool
open_file(struct image *image, const char *path, struct err *err)
{
	struct stat st;

	image->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (image->fd < 0)
		return err_set(err, "%s: %s", path, strerror(errno));
	if (fstat(image->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		image->page_size = judge_page_size(image->fd);
		image->pages = (uint32_t)((st.st_size + image->page_size - 1) / image->page_size);
		return true;
	}
	close(image->fd);
	return err_set(err, "%s: is no regular file", path);
}

bool
image_open(struct image *image, const char *path, struct err *err)
{
	struct strbuf log = STRBUF_INIT;

	memset(image, 0, sizeof(*image));
	if (!open_file(image, path, err))
		return false;
	strbuf_addf(&log, "%s-wal", path);
	wal_open(&image->wal, log.data, image->page_size);
	strbuf_release(&log);
	image->first = xcalloc(2, image->page_size);
	image->schema = image->first + image->page_size;
	make_vfs(image);
	if (fill_frames(image)) {
		read_own_first(image);
		return true;
	}
	image_release(image);
	return err_set(err, "%s: has nothing in it", path);
}

int
image_show(struct image *image, const struct image_table *tables, unsigned count, sqlite3 **sql)
{
	int result;

	make_first(image, tables, count);
	result = sqlite3_open_v2("image", sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, image->vfs_name);
	if (result == SQLITE_OK)
		result = sqlite3_exec(*sql,
		    "PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON", NULL, NULL,
		    NULL);
	if (result != SQLITE_OK) {
		sqlite3_close(*sql);
		*sql = NULL;
	}
	return result;
}

void
image_release(struct image *image)
{
	sqlite3_vfs_unregister(&image->vfs);
	wal_release(&image->wal);
	close(image->fd);
	free(image->frame_of);
	free(image->first);
}
