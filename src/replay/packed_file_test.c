/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/packed_file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/testing.h"
#include "os/log.h"
#include "replay/source.h"

static const char *const NAMES[] = { "plain.jsonl", "packed.jsonl.gz", "packed.jsonl.zst" };

static char folder[] = "/tmp/arsenal-packed-XXXXXX";
static char path[200];

static void
name_file(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", folder, name);
}

static void
quiet(void *arg, enum log_level level, const char *line)
{
	(void)level;
	snprintf(arg, 500, "%s", line);
}

static struct packed_file *
begin(const char *name, uint64_t max_bytes)
{
	struct packed_file *f;
	struct err err;

	name_file(name);
	f = packed_file_new(path, max_bytes, &err);
	if (f == NULL)
		fail_msg("%s", err.text);
	return f;
}

static void
read_back(struct strbuf *out)
{
	char buf[4096];
	struct err err;
	struct source *s = source_open(path, &err);
	ssize_t n;

	assert_non_null(s);
	while ((n = source_read(s, buf, sizeof(buf), &err)) > 0)
		strbuf_add(out, buf, (size_t)n);
	assert_int_equal(n, 0);
	assert_false(source_is_cut(s));
	source_close(s);
}

static void
what_was_put_is_in_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		struct packed_file *f = begin(NAMES[i], UINT64_MAX);
		struct strbuf text = STRBUF_INIT, got = STRBUF_INIT;
		struct stat st;
		char line[100];

		for (int k = 0; k < 30000; k++) {
			int len = snprintf(line, sizeof(line), "{\"line\":%d}\n", k);

			strbuf_add(&text, line, (size_t)len);
			while (!packed_file_put(f, line, (size_t)len))
				assert_int_equal(packed_file_state(f), PACKED_FILE_OPEN);
		}
		assert_true(packed_file_close(f));
		read_back(&got);
		assert_int_equal(got.len, text.len);
		assert_memory_equal(got.data, text.data, text.len);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		unlink(path);
		strbuf_release(&text);
		strbuf_release(&got);
	}
}

static void
it_ends_at_its_bound(void **state)
{
	char told[500] = "", piece[4000];
	struct packed_file *f;
	struct strbuf got = STRBUF_INIT;

	(void)state;
	memset(piece, 'x', sizeof(piece));
	log_set_sink(quiet, told);
	f = begin("bounded", 1u << 20);
	while (packed_file_state(f) == PACKED_FILE_OPEN)
		(void)!packed_file_put(f, piece, sizeof(piece));
	assert_false(packed_file_put(f, piece, 1));
	assert_int_equal(packed_file_state(f), PACKED_FILE_FULL);
	assert_false(packed_file_close(f));
	log_set_sink(NULL, NULL);
	assert_non_null(strstr(told, "has reached its size of 1048576 bytes"));
	read_back(&got);
	assert_true(got.len >= 1u << 20);
	assert_true(got.len <= (1u << 20) + 2 * PACKED_FILE_WAITING);
	unlink(path);
	strbuf_release(&got);
}

static void
ignore(int number)
{
	(void)number;
}

/* A bound of the system stands for a full disk: both fail in write. */
static void
on_a_full_disk_it_ends_and_says_so(void **state)
{
	struct rlimit before, small = { 4096, 4096 };
	char told[500] = "", piece[10000];
	struct packed_file *f = begin("full", UINT64_MAX);

	(void)state;
	memset(piece, 'x', sizeof(piece));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, ignore);
	log_set_sink(quiet, told);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_true(packed_file_put(f, piece, sizeof(piece)));
	assert_false(packed_file_close(f));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	log_set_sink(NULL, NULL);
	signal(SIGXFSZ, SIG_DFL);
	unlink(path);
	assert_non_null(strstr(told, "full: File too large; it ends here"));
}

static void
what_may_not_be_written_is_told(void **state)
{
	struct packed_file *f = begin("there", UINT64_MAX);
	struct err err;

	(void)state;
	assert_true(packed_file_close(f));
	assert_null(packed_file_new(path, UINT64_MAX, &err));
	assert_non_null(strstr(err.text, "is there already"));
	unlink(path);
	assert_null(packed_file_new("/nowhere/to/be", UINT64_MAX, &err));
	assert_string_equal(err.text, "/nowhere/to/be: No such file or directory");
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_in_the_file),
		cmocka_unit_test(it_ends_at_its_bound),
		cmocka_unit_test(on_a_full_disk_it_ends_and_says_so),
		cmocka_unit_test(what_may_not_be_written_is_told),
	};

	return cmocka_run_group_tests_name("replay/packed_file", tests, setup, teardown);
}
