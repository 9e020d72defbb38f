/* SPDX-License-Identifier: Apache-2.0 */
#include "os/process.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"

static void
test_a_process_is_there_until_it_is_gone(void **state)
{
	int fds[2];
	struct process p;
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(fds[0]);
	assert_true(process_find(&p, pid, "process_test"));
	assert_int_equal(p.pid, pid);
	assert_int_equal(p.uid, geteuid());
	assert_false(process_is_gone(&p));
	close(fds[1]);
	/* Ended, but not yet waited for: gone all the same. */
	while (!process_is_gone(&p))
		usleep(1000);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(process_is_gone(&p));
}

/* That nothing can be opened is no death. */
static void
test_without_descriptors_nobody_is_gone(void **state)
{
	struct rlimit old, none;
	struct process p;

	(void)state;
	assert_true(process_find(&p, getpid(), "process_test"));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit) { 0, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_false(process_is_gone(&p));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_false(process_is_gone(&p));
}

static void
test_a_process_of_another_name_is_not_taken(void **state)
{
	struct process p;

	(void)state;
	assert_false(process_find(&p, getpid(), "beam"));
	assert_int_equal(p.pid, 0);
	assert_false(process_find(&p, 0, ""));
	assert_false(process_find(&p, -1, ""));
	/* Its pid was given again. */
	assert_true(process_find(&p, getpid(), "process_test"));
	p.started--;
	assert_true(process_is_gone(&p));
}

static void
test_hosts(void **state)
{
	char own[256] = "", longer[300];

	(void)state;
	assert_int_equal(gethostname(own, sizeof(own) - 1), 0);
	assert_true(host_is_here("localhost"));
	assert_true(host_is_here("127.0.0.1"));
	assert_true(host_is_here(own));
	snprintf(longer, sizeof(longer), "%s.example.org", own);
	assert_true(host_is_here(longer));
	snprintf(longer, sizeof(longer), "%sx", own);
	assert_false(host_is_here(longer));
	assert_false(host_is_here(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_process_is_there_until_it_is_gone),
		cmocka_unit_test(test_without_descriptors_nobody_is_gone),
		cmocka_unit_test(test_a_process_of_another_name_is_not_taken),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
