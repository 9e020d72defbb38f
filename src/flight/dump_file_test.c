/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps that appear, and what a node may name that is none. */
#include "flight/dump_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/testing.h"
#include "os/file.h"

#define T0 INT64_C(1700000000000)

static const char HALF[] =
    "=erl_crash_dump:0.5\nThu Nov 26 00:00:00 2026\nSlogan: the disk is gone\nSystem version: Erlang/OTP 27\n";
static const char END[] = "=end\n";

static char folder[64], path[100];
static struct dump_file d;
static struct dump_words words;
static atomic_bool stop;

static int
setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/dump_file_test_XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/erl_crash.dump", folder);
	dump_file_init(&d, path, geteuid());
	atomic_store(&stop, false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	dump_words_release(&words);
	memset(&words, 0, sizeof(words));
	unlink(path);
	return rmdir(folder);
}

static void
write_parts(const char *a, const char *b)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "%s%s", a, b);
	assert_int_equal(fclose(f), 0);
}

static void
test_a_dump_is_read_once_it_is_whole(void **state)
{
	(void)state;
	assert_int_equal(dump_file_look(&d, T0), DUMP_NONE);
	write_parts(HALF, "");
	assert_int_equal(dump_file_look(&d, T0), DUMP_GROWING);
	write_parts(HALF, END);
	assert_int_equal(dump_file_look(&d, T0), DUMP_WHOLE);
	dump_file_read(&d, "a@b", &stop, &words);
	assert_string_equal(words.slogan, "the disk is gone");
	assert_string_equal(words.note, "");
	assert_non_null(strstr(words.text, "the disk is gone"));
}

static void
test_one_that_was_there_before_is_none(void **state)
{
	(void)state;
	write_parts(HALF, END);
	dump_file_init(&d, path, geteuid());
	assert_int_equal(dump_file_look(&d, T0), DUMP_NONE);
}

static void
test_one_that_grows_no_more_is_taken(void **state)
{
	(void)state;
	write_parts(HALF, "");
	assert_int_equal(dump_file_look(&d, T0), DUMP_GROWING);
	assert_int_equal(dump_file_look(&d, T0 + DUMP_SETTLED_MS), DUMP_WHOLE);
}

static void
assert_not_opened(const char *why)
{
	assert_int_equal(dump_file_look(&d, T0), DUMP_UNREADABLE);
	if (strstr(d.note, why) == NULL)
		fail_msg("%s, not %s", d.note, why);
	/* Nor when it has changed between the two. */
	dump_file_read(&d, "a@b", &stop, &words);
	assert_null(words.text);
	assert_non_null(strstr(words.note, why));
	dump_words_release(&words);
}

static void
test_devices_and_pipes_are_not_opened(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_not_opened("no regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_not_opened("no regular file");
	dump_file_init(&d, folder, geteuid());
	d.existed = false;
	assert_not_opened("no regular file");
}

/* The node may name what it could not read itself. */
static void
test_a_file_of_another_user_is_not_opened(void **state)
{
	(void)state;
	dump_file_init(&d, path, geteuid() + 1);
	write_parts(HALF, END);
	assert_not_opened("not of the user that the VM ran as");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	dump_file_init(&d, path, 12345);
	d.existed = false;
	assert_not_opened("not of the user that the VM ran as");
}

static void
test_what_is_no_dump_is_not_told(void **state)
{
	(void)state;
	write_parts("root:secret:0:0\n", "=end\n");
	dump_file_read(&d, "a@b", &stop, &words);
	assert_null(words.text);
	assert_true(words.note[0] && strstr(words.note, "secret") == NULL);
	assert_string_equal(words.slogan, "");
}

static void
test_a_path_that_is_too_long_is_none(void **state)
{
	char longer[700];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	dump_file_init(&d, longer, geteuid());
	assert_string_equal(d.path, "");
	assert_int_equal(dump_file_look(&d, T0), DUMP_NONE);
}

static void
test_reading_can_be_broken_off(void **state)
{
	(void)state;
	write_parts(HALF, END);
	/* A hole of a terabyte: nobody waits for its end. */
	assert_int_equal(truncate(path, INT64_C(1) << 40), 0);
	atomic_store(&stop, true);
	dump_file_read(&d, "a@b", &stop, &words);
	assert_null(words.text);
	assert_non_null(strstr(words.note, "broken off"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_dump_is_read_once_it_is_whole),
		TEST(test_one_that_was_there_before_is_none),
		TEST(test_one_that_grows_no_more_is_taken),
		TEST(test_devices_and_pipes_are_not_opened),
		TEST(test_a_file_of_another_user_is_not_opened),
		TEST(test_what_is_no_dump_is_not_told),
		TEST(test_a_path_that_is_too_long_is_none),
		TEST(test_reading_can_be_broken_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
