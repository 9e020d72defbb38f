/* SPDX-License-Identifier: Apache-2.0 */
#include "os/child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT_POLL_MS 20

/* In the child: never returns. A failure's errno goes through `report`, which a successful exec closes. */
static void
exec_child(const char *const *argv, const char *home, int in, int report)
{
	int cause;

	/* A group of its own: Ctrl-C in the terminal is for us; we end the child in order. */
	setpgid(0, 0);
	if (dup2(in, STDIN_FILENO) >= 0 && setenv("HOME", home, 1) == 0)
		execvp(argv[0], (char *const *)(uintptr_t)argv);
	cause = errno;
	if (write(report, &cause, sizeof(cause)) < 0)
		_exit(126);
	_exit(127);
}

static bool
wait_for_exec(struct child *c, int report, const char *name, struct err *err)
{
	int cause = 0;
	ssize_t n;

	do
		n = read(report, &cause, sizeof(cause));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return true;
	waitpid(c->pid, NULL, 0);
	return err_set(err, "cannot run %s: %s", name, strerror(cause));
}

bool
child_start(struct child *c, const char *const *argv, const char *home, struct err *err)
{
	int in[2], report[2];
	bool ok;

	if (pipe2(in, O_CLOEXEC) != 0)
		return err_set(err, "cannot run %s: %s", argv[0], strerror(errno));
	if (pipe2(report, O_CLOEXEC) != 0) {
		close(in[0]), close(in[1]);
		return err_set(err, "cannot run %s: %s", argv[0], strerror(errno));
	}
	c->pid = fork();
	if (c->pid == 0)
		exec_child(argv, home, in[0], report[1]);
	c->stdin_fd = in[1];
	close(in[0]);
	close(report[1]);
	ok = c->pid > 0 ? wait_for_exec(c, report[0], argv[0], err)
			: err_set(err, "cannot run %s: %s", argv[0], strerror(errno));
	close(report[0]);
	if (ok) {
		c->exit_fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
		ok = c->exit_fd >= 0 || err_set(err, "cannot watch %s: %s", argv[0], strerror(errno));
	}
	if (!ok)
		close(in[1]);
	return ok;
}

void
child_stop(struct child *c, int grace_ms)
{
	struct pollfd gone = { .fd = c->exit_fd, .events = POLLIN };

	close(c->stdin_fd);
	if (poll(&gone, 1, grace_ms) <= 0)
		kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(c->exit_fd);
}

uint16_t
port_unused(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(a);
	bool ok =
	    fd >= 0 && bind(fd, (struct sockaddr *)&a, len) == 0 && getsockname(fd, (struct sockaddr *)&a, &len) == 0;

	if (fd >= 0)
		close(fd);
	return ok ? ntohs(a.sin_port) : 0;
}

bool
port_wait(uint16_t port, const struct child *c, int timeout_ms)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_port = htons(port)
	};
	struct pollfd gone = { .fd = c->exit_fd, .events = POLLIN };

	for (; timeout_ms > 0; timeout_ms -= PORT_POLL_MS) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool open = fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

		if (fd >= 0)
			close(fd);
		if (open)
			return true;
		if (poll(&gone, 1, PORT_POLL_MS) != 0)
			break;
	}
	return false;
}
