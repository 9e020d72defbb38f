/* SPDX-License-Identifier: Apache-2.0 */
/* arsenal crashdump: an erl_crash.dump read in one pass, and what it says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmd/settings.h"
#include "crashdump/crashdump.h"
#include "os/clock.h"
#include "os/log.h"

#define PIECE (256u << 10)
#define BAR_STEP_US 100000
#define BAR_WIDTH 40

/* The exit codes. */
enum { READ_WHOLE = 0, NOT_READ = 1, CUT = 2 };

/* A bar on a terminal: how far, how fast. It shows after a moment only: most dumps are read by then. */
struct bar {
	uint64_t size; /* 0: not known, or nobody looks */
	uint64_t done;
	int64_t start_us, drawn_us;
};

static void
bar_start(struct bar *b, int fd)
{
	struct stat st;

	*b = (struct bar) { .start_us = clock_mono_us() };
	b->drawn_us = b->start_us;
	if (isatty(STDERR_FILENO) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		b->size = (uint64_t)st.st_size;
}

static void
bar_advance(struct bar *b, size_t n)
{
	int64_t now = clock_mono_us();
	double part;
	int filled;

	b->done += n;
	if (b->size == 0 || now - b->drawn_us < BAR_STEP_US)
		return;
	part = b->done < b->size ? (double)b->done / (double)b->size : 1;
	filled = (int)(part * BAR_WIDTH);
	fprintf(stderr, "\r[%.*s%*s] %3.0f %%, %.0f MiB/s ", filled, "########################################",
	    BAR_WIDTH - filled, "", part * 100, (double)b->done / 1.048576 / (double)(now - b->start_us));
	b->drawn_us = now;
}

static void
bar_end(const struct bar *b)
{
	if (b->drawn_us != b->start_us)
		fputs("\r\033[K", stderr);
}

static int
open_dump(const char *path, struct err *err)
{
	struct stat st;
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		err_set(err, "%s", strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		err_set(err, "is a folder; name the file in it, as a rule erl_crash.dump");
		close(fd);
		return -1;
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return fd;
}

/* Feeds all of it. A disk that gives errors in the midst of it ends it there: what was read is worth having. */
static bool
feed(struct crashdump *c, int fd, const char *path, struct bar *b, struct err *err)
{
	char *piece = xmalloc(PIECE);
	bool ok = true;
	ssize_t n;

	while (ok && ((n = read(fd, piece, PIECE)) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0) {
			ok = crashdump_feed(c, piece, (size_t)n, err);
			bar_advance(b, (size_t)n);
		}
	if (ok && n < 0)
		log_error("%s: %s, after %llu bytes", path, strerror(errno), (unsigned long long)b->done);
	free(piece);
	return ok;
}

static bool
print(const struct crashdump_summary *summary, bool json)
{
	struct strbuf out = STRBUF_INIT;
	struct jsonw j;
	bool ok;

	if (json) {
		jsonw_init(&j, &out);
		crashdump_json(summary, &j);
		strbuf_addc(&out, '\n');
	} else {
		crashdump_text(summary, &out);
	}
	ok = fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
	if (!ok)
		log_error("the standard output: %s", strerror(errno));
	strbuf_release(&out);
	return ok;
}

static int
analyse(const struct settings *s, const char *path, int fd)
{
	struct crashdump *c = crashdump_new((size_t)s->top);
	const struct crashdump_summary *summary = NULL;
	struct err err;
	struct bar b;
	int code = NOT_READ;

	bar_start(&b, fd);
	if (feed(c, fd, path, &b, &err))
		summary = crashdump_finish(c, &err);
	bar_end(&b);
	if (summary == NULL)
		log_error("%s: %s", path, err.text);
	else if (print(summary, s->json))
		code = summary->complete && *summary->aborted == '\0' ? READ_WHOLE : CUT;
	crashdump_free(c);
	return code;
}

static int
run(const struct settings *s)
{
	const char *path = s->nodes[0];
	struct err err;
	int fd = open_dump(path, &err);
	int code;

	if (fd < 0) {
		log_error("%s: %s", path, err.text);
		return NOT_READ;
	}
	code = analyse(s, path, fd);
	if (fd != STDIN_FILENO)
		close(fd);
	return code;
}

const struct command COMMAND_CRASHDUMP = {
	.name = "crashdump",
	.arguments = "[options] FILE",
	.summary = "what an erl_crash.dump says: the likely cause, and who had the memory",
	.help =
	    "Reads the file that a VM writes when it ends in a way it cannot help (out of memory, a full atom table, "
	    "a\n"
	    "permanent application that ended, halt(\"text\"), SIGUSR1) in one pass, whatever its size, in a few MB "
	    "of\n"
	    "memory. FILE is as a rule erl_crash.dump in the folder where the VM was started, or what $ERL_CRASH_DUMP\n"
	    "names; - is the standard input:\n"
	    "\n"
	    "  arsenal crashdump /var/lib/rabbitmq/erl_crash.dump\n"
	    "  gunzip -c erl_crash.dump.gz | arsenal crashdump -\n"
	    "  arsenal crashdump --json erl_crash.dump | jq '.causes[0].what'\n"
	    "\n"
	    "How to read what is printed: the slogan is the VM's last word. Out of memory names whoever asked last, "
	    "which\n"
	    "need not be who had the memory: the likely cause says that, with its reasons. \"memory\" of a process is "
	    "its\n"
	    "heaps and messages; binaries of 65 bytes and more lie outside and are shared. A process in a garbage\n"
	    "collection (Garbing) is in the dump without its contents.\n"
	    "\n"
	    "A VM that was killed (SIGKILL, the kernel's OOM killer) writes no dump. ERL_CRASH_DUMP_SECONDS=-1 lets "
	    "heart\n"
	    "wait for it; ERL_CRASH_DUMP_BYTES bounds its size; what is missing from a dump that was cut is said.\n"
	    "\n"
	    "Exit code: 0 read whole, 2 read, but the dump is cut (its end is missing), 1 no crash dump or not "
	    "readable,\n"
	    "64 wrong arguments.\n",
	.options = FOR_CRASHDUMP,
	.operand = "file",
	.example = "erl_crash.dump",
	.usage_exit = EXIT_USAGE,
	.min_nodes = 1,
	.max_nodes = 1,
	.run = run,
};
