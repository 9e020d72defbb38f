/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: SQLite's way to the disk, which fails at the n-th call that changes something (open, write, truncate, sync, delete), once or from then
 * on. faulty_install makes it what every file is opened by.
 */
#ifndef STORE_FAULTY_VFS_H
#define STORE_FAULTY_VFS_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

static struct {
	sqlite3_vfs vfs, *real;
	atomic_int calls; /* that change something, so far */
	int fail_at;      /* the number of the one that fails, 0: none */
	bool for_ever;
	bool full; /* writes say that the disk is full, not that they failed */
	atomic_int failed;
} faulty;

struct faulty_file {
	sqlite3_file base;
	sqlite3_file *real;
};

static bool
faulty_fails(void)
{
	int call = atomic_fetch_add(&faulty.calls, 1) + 1;
	bool fails = faulty.fail_at > 0 && (faulty.for_ever ? call >= faulty.fail_at : call == faulty.fail_at);

	atomic_fetch_add(&faulty.failed, fails);
	return fails;
}

static sqlite3_file *
faulty_real(sqlite3_file *f)
{
	return ((struct faulty_file *)f)->real;
}

static int
faulty_close(sqlite3_file *f)
{
	return faulty_real(f)->pMethods ? faulty_real(f)->pMethods->xClose(faulty_real(f)) : SQLITE_OK;
}

static int
faulty_read(sqlite3_file *f, void *to, int amount, sqlite3_int64 at)
{
	return faulty_real(f)->pMethods->xRead(faulty_real(f), to, amount, at);
}

/* Half of it is written: a torn page. */
static int
faulty_write(sqlite3_file *f, const void *data, int amount, sqlite3_int64 at)
{
	if (!faulty_fails())
		return faulty_real(f)->pMethods->xWrite(faulty_real(f), data, amount, at);
	(void)faulty_real(f)->pMethods->xWrite(faulty_real(f), data, amount / 2, at);
	return faulty.full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int
faulty_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return faulty_fails() ? SQLITE_IOERR_TRUNCATE : faulty_real(f)->pMethods->xTruncate(faulty_real(f), size);
}

static int
faulty_sync(sqlite3_file *f, int flags)
{
	return faulty_fails() ? SQLITE_IOERR_FSYNC : faulty_real(f)->pMethods->xSync(faulty_real(f), flags);
}

static int
faulty_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return faulty_real(f)->pMethods->xFileSize(faulty_real(f), size);
}

static int
faulty_lock(sqlite3_file *f, int level)
{
	return faulty_real(f)->pMethods->xLock(faulty_real(f), level);
}

static int
faulty_unlock(sqlite3_file *f, int level)
{
	return faulty_real(f)->pMethods->xUnlock(faulty_real(f), level);
}

static int
faulty_reserved(sqlite3_file *f, int *is)
{
	return faulty_real(f)->pMethods->xCheckReservedLock(faulty_real(f), is);
}

static int
faulty_control(sqlite3_file *f, int operation, void *arg)
{
	return faulty_real(f)->pMethods->xFileControl(faulty_real(f), operation, arg);
}

static int
faulty_sector(sqlite3_file *f)
{
	return faulty_real(f)->pMethods->xSectorSize(faulty_real(f));
}

static int
faulty_characteristics(sqlite3_file *f)
{
	return faulty_real(f)->pMethods->xDeviceCharacteristics(faulty_real(f));
}

static const sqlite3_io_methods FAULTY_METHODS = { .iVersion = 1,
	.xClose = faulty_close,
	.xRead = faulty_read,
	.xWrite = faulty_write,
	.xTruncate = faulty_truncate,
	.xSync = faulty_sync,
	.xFileSize = faulty_size,
	.xLock = faulty_lock,
	.xUnlock = faulty_unlock,
	.xCheckReservedLock = faulty_reserved,
	.xFileControl = faulty_control,
	.xSectorSize = faulty_sector,
	.xDeviceCharacteristics = faulty_characteristics };

static int
faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct faulty_file *file = (struct faulty_file *)f;
	int result;

	(void)vfs;
	file->base.pMethods = NULL;
	file->real = (sqlite3_file *)(file + 1);
	if ((flags & SQLITE_OPEN_CREATE) && faulty_fails())
		return SQLITE_CANTOPEN;
	result = faulty.real->xOpen(faulty.real, name, file->real, flags, out);
	if (result == SQLITE_OK)
		file->base.pMethods = &FAULTY_METHODS;
	return result;
}

static int
faulty_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	return faulty_fails() ? SQLITE_IOERR_DELETE : faulty.real->xDelete(faulty.real, name, sync);
}

static inline void
faulty_install(void)
{
	faulty.real = sqlite3_vfs_find(NULL);
	faulty.vfs = *faulty.real;
	faulty.vfs.zName = "faulty";
	faulty.vfs.szOsFile = (int)sizeof(struct faulty_file) + faulty.real->szOsFile;
	faulty.vfs.xOpen = faulty_open;
	faulty.vfs.xDelete = faulty_delete;
	sqlite3_vfs_register(&faulty.vfs, 1);
}

#endif
