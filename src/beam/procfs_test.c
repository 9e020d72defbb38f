/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/testing.h"
#include "beam/procfs.h"

static struct etf_span
text(const char *s)
{
	return (struct etf_span) { (const uint8_t *)s, strlen(s) };
}

static void
reads_proc(void **state)
{
	double load[3];
	double v;

	(void)state;
	assert_true(procfs_loadavg(text("0.52 1.25 2.00 1/234 5678\n"), load));
	assert_true(load[0] == 0.52 && load[1] == 1.25 && load[2] == 2.0);
	assert_true(procfs_field(text("MemTotal:       100 kB\nMemAvailable:   50 kB\n"), "MemAvailable:", &v));
	assert_true(v == 51200);
	assert_true(procfs_field(text("active_file 1\ninactive_file 7\n"), "inactive_file", &v));
	assert_true(v == 7);
	assert_true(procfs_max_fds(
	    text("Limit   Soft\nMax open files            1024                 4096                 files\n"), &v));
	assert_true(v == 1024);
	assert_true(procfs_number(text("2147483648\n"), &v));
	assert_true(v == 2147483648.0);
}

static void
says_no_to_what_is_not_there(void **state)
{
	double load[3];
	double v;

	(void)state;
	assert_false(procfs_loadavg(text("0.52 1.25\n"), load));
	assert_false(procfs_loadavg(text(""), load));
	assert_false(procfs_field(text("MemTotal:"), "MemTotal:", &v));
	assert_false(procfs_field(text("MemTotalX: 1\n"), "MemTotal:", &v));
	assert_false(procfs_field(text("MemTotal: x\n"), "MemTotal:", &v));
	assert_false(procfs_max_fds(text("Max open files            unlimited            unlimited\n"), &v));
	assert_false(procfs_number(text("max\n"), &v));
	assert_false(procfs_number(text("-1\n"), &v));
}

static void
walks_up_the_groups(void **state)
{
	struct procfs_group g[PROCFS_GROUPS_MAX];

	(void)state;
	assert_int_equal(procfs_groups(text("0::/system.slice/rabbit.service\n"), g), 3);
	assert_string_equal(g[0].folder, "/sys/fs/cgroup/system.slice/rabbit.service");
	assert_string_equal(g[1].folder, "/sys/fs/cgroup/system.slice");
	assert_string_equal(g[2].folder, "/sys/fs/cgroup");
	assert_false(g[0].v1);
	assert_int_equal(procfs_groups(text("0::/\n"), g), 1);
	assert_string_equal(g[0].folder, "/sys/fs/cgroup");
	assert_int_equal(procfs_groups(text("3:cpu,cpuacct:/x\n2:memory:/docker/1\n1:name=systemd:/y\n0::/z\n"), g), 3);
	assert_string_equal(g[0].folder, "/sys/fs/cgroup/memory/docker/1");
	assert_true(g[0].v1);
	assert_int_equal(procfs_groups(text("0::/a/b/c/d/e/f/g/h\n"), g), PROCFS_GROUPS_MAX);
	assert_int_equal(procfs_groups(text("nonsense\n::\n0::relative\n"), g), 0);
	assert_int_equal(procfs_groups(text(""), g), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_proc),
		cmocka_unit_test(says_no_to_what_is_not_there),
		cmocka_unit_test(walks_up_the_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
