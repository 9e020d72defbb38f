/* SPDX-License-Identifier: Apache-2.0 */
#include "os/instance.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/testing.h"
#include "os/file.h"

static int
remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static int
setup(void **state)
{
	*state = strdup("/tmp/arsenal-test-XXXXXX");
	return mkdtemp(*state) == NULL;
}

static int
teardown(void **state)
{
	nftw(*state, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

static void
name_is_kept_across_runs(void **state)
{
	char first[INSTANCE_NAME_SIZE];
	struct instance in;
	struct err err;

	assert_true(instance_take(&in, *state, INSTANCE_WATCH, &err));
	assert_int_equal(strncmp(in.name, "arsenal-", 8), 0);
	assert_int_equal(in.name[16], '@');
	strcpy(first, in.name);
	instance_release(&in);
	assert_true(instance_take(&in, *state, INSTANCE_WATCH, &err));
	assert_string_equal(in.name, first);
	instance_release(&in);
}

static void
names_in_use_differ_and_are_bounded(void **state)
{
	struct instance in[INSTANCE_SLOTS], one_more;
	struct err err;

	for (int i = 0; i < INSTANCE_SLOTS; i++) {
		assert_true(instance_take(&in[i], *state, INSTANCE_ONCE, &err));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(in[i].name, in[k].name);
	}
	assert_false(instance_take(&one_more, *state, INSTANCE_ONCE, &err));
	assert_non_null(strstr(err.text, "--state-dir"));
	for (int i = 0; i < INSTANCE_SLOTS; i++)
		instance_release(&in[i]);
}

static void
running_program_is_found_by_its_lock(void **state)
{
	struct instance in;
	char address[64];
	struct err err;

	assert_false(instance_running(*state, 0, address, sizeof(address)));
	assert_true(instance_take(&in, *state, INSTANCE_WATCH, &err));
	assert_false(instance_running(*state, 0, address, sizeof(address)));
	assert_true(instance_publish(&in, "127.0.0.1:4900", &err));
	assert_true(instance_running(*state, 0, address, sizeof(address)));
	assert_string_equal(address, "127.0.0.1:4900");
	instance_release(&in);
	assert_false(instance_running(*state, 0, address, sizeof(address)));
}

static void
damaged_slot_gets_a_new_name(void **state)
{
	char path[256];
	struct instance in;
	struct err err;

	snprintf(path, sizeof(path), "%s/watch-0", (char *)*state);
	assert_true(file_write(path, 0600, "\xff\xfe junk\0\n\n\n", 12, &err));
	assert_true(instance_take(&in, *state, INSTANCE_WATCH, &err));
	assert_int_equal(strncmp(in.name, "arsenal-", 8), 0);
	instance_release(&in);
}

static void
folder_that_cannot_be_used_is_named(void **state)
{
	char path[256];
	struct instance in;
	struct err err;

	snprintf(path, sizeof(path), "%s/file", (char *)*state);
	assert_true(file_write(path, 0600, "x", 1, &err));
	strcat(path, "/below");
	assert_false(instance_take(&in, path, INSTANCE_WATCH, &err));
	assert_non_null(strstr(err.text, path));
}

static void
files_are_read_within_their_bound(void **state)
{
	struct strbuf text = STRBUF_INIT;
	char path[256];
	struct err err;

	snprintf(path, sizeof(path), "%s/f", (char *)*state);
	assert_true(file_write(path, 0600, "12345", 5, &err));
	assert_true(file_read(path, 5, &text, &err));
	assert_string_equal(text.data, "12345");
	assert_false(file_read(path, 4, &text, &err));
	assert_non_null(strstr(err.text, "larger than 4 bytes"));
	assert_false(file_read("/nonexistent/f", 4, &text, &err));
	assert_non_null(strstr(err.text, "/nonexistent/f"));
	strbuf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(name_is_kept_across_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(names_in_use_differ_and_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(running_program_is_found_by_its_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_slot_gets_a_new_name, setup, teardown),
		cmocka_unit_test_setup_teardown(folder_that_cannot_be_used_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(files_are_read_within_their_bound, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
