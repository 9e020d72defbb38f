/* SPDX-License-Identifier: Apache-2.0 */
/* For the room's tests: a small dump as OTP 27 writes it, in parts, and how to read a text as a dump. */
#ifndef CRASHDUMP_FIXTURE_H
#define CRASHDUMP_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/testing.h"
#include "crashdump/crashdump.h"

#define HEAD(slogan, thread)                                                                                       \
	"=erl_crash_dump:0.5\nWed Nov 25 23:24:58 2026\nSlogan: " slogan                                           \
	"\nSystem version: Erlang/OTP 27 [erts-15.2.7] [source] [64-bit] [smp:2:2]\nTaints: crypto\nAtoms: 9871\n" \
	"Calling Thread: " thread "\n"

#define SCHEDULERS                                                                                                   \
	"=scheduler:1\nScheduler Sleep Info Flags: \nCurrent Port: \nRun Queue Normal Length: 3\nRun Queue Port "    \
	"Length: 1\nCurrent Process: <0.10.0>\nCurrent Process State: Running\n"                                     \
	"Current Process Program counter: 0x00007fd4c802f2c4 (shop:run/0 + 964)\n"                                   \
	"Current Process Limited Stack Trace:\n0x00007fd483ddcd40:SReturn addr 0xC7C75A6C (erlang:halt/1 + 140)\n"   \
	"0x00007fd483ddcd58:SReturn addr 0xC7C11E84 (init:start_it/1 + 476)\n"                                       \
	"0x00007fd483ddcdf8:SReturn addr 0xC7C02308 (<terminate process normally>)\n"                                \
	"=scheduler:2\nCurrent Process: \nCurrent Port: \n"                                                          \
	"=dirty_cpu_scheduler:3\nCurrent Process: <0.82.0>\nCurrent Process State: Garbing\n"                        \
	"Current Process Program counter: 0x00007f7e6d76fd48 (shop:grow/1 + 48)\n"                                   \
	"Current Process Limited Stack Trace:\n0x00007f7e2ff14aa8:SReturn addr 0x6D54A180 (gen_server:loop/7 + 1)\n" \
	"=dirty_cpu_run_queue\nRun Queue Normal Length: 0\n=dirty_io_scheduler:5\nCurrent Process: \n"

#define MEMORY(total, processes, binary, ets)                          \
	"=memory\ntotal: " total "\nprocesses: " processes             \
	"\nprocesses_used: 1\nsystem: 1\natom: 278496\natom_used: 1\n" \
	"binary: " binary "\ncode: 5498959\nets: " ets "\n"            \
	"=index_table:atom_tab\nsize: 10240\nlimit: 1048576\nentries: 9871\n=index_table:module_code\nlimit: 7\n"

#define ALLOCATORS                                                                                                   \
	"=allocated_areas\nprocess_table: 12582912\nport_table: 786432\n=allocator:eheap_alloc[1]\noption e: true\n" \
	"mbcs blocks[eheap_alloc] count: 3 5 5\nmbcs blocks[eheap_alloc] size: 600 700 800\n"                        \
	"mbcs carriers size: 1000 2000 3000\nmbcs mseg carriers size: 1000\nsbcs blocks[eheap_alloc] size: 50 1 1\n" \
	"sbcs carriers size: 200 1 1\nmbcs_pool carriers size: 10\n"

/* A process; `more` are further lines. */
#define PROC(pid, more, queue, words, memory)                                                                        \
	"=proc:" pid "\nState: Waiting\n" more "Message queue length: " queue "\nReductions: 17\nStack+heap: " words \
	"\nOldHeap: 0\nBinVHeap: 0\nOldBinVHeap: 0\nMemory: " memory                                                 \
	"\nProgram counter: 0x00007fd4c802f524 (gen_server:loop/7 + 428)\narity = 0\n"

#define PROC_LIB "Spawned as: proc_lib:init_p/5\nSpawned by: <0.10.0>\n"

/* What is in a process that proc_lib started with that function: its stack, and its dictionary with $ancestors and $initial_call. */
#define INSIDE(pid, at, module, function)                                                                             \
	"=proc_dictionary:" pid "\nH" at "10\nH" at "20\n=proc_stack:" pid                                            \
	"\ny0:N\n0x00007fd46bce55c0:SReturn addr 0xC7E37144 (proc_lib:init_p_do_apply/3 + 188)\n=proc_heap:" pid "\n" \
	"7FF0:lI1|N\n" at "10:t2:AA:$ancestors,H" at "30\n" at "30:lA6:my_sup|H" at "40\n" at "40:lP<0.10.0>|N\n" at  \
	"20:t2:AD:$initial_call,H" at "50\n" at "50:t3:" module "," function ",I1\n"

#define END "=end\n"

/* The dump, read in pieces of that size; the caller frees. NULL, with a reason, if it is refused. */
static inline struct crashdump *
read_pieces(const char *text, size_t len, size_t piece, const struct crashdump_summary **summary, struct err *err)
{
	struct crashdump *c = crashdump_new(5);
	bool ok = true;

	*summary = NULL;
	for (size_t at = 0; ok && at < len; at += piece) {
		/* A copy of its own, so that reading beyond it is seen. */
		size_t n = len - at < piece ? len - at : piece;
		char *copy = xmemdup(text + at, n);

		ok = crashdump_feed(c, copy, n, err);
		free(copy);
	}
	if (ok && (*summary = crashdump_finish(c, err)) != NULL)
		return c;
	crashdump_free(c);
	return NULL;
}

static inline struct crashdump *
read_dump(const char *text, const struct crashdump_summary **summary)
{
	struct err err;
	struct crashdump *c = read_pieces(text, strlen(text), 1 << 16, summary, &err);

	assert_non_null(c);
	return c;
}

#endif
