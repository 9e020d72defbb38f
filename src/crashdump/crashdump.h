/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads an erl_crash.dump in one pass: bytes in any pieces go in, a summary comes out. Memory does not grow with the dump (some 30 MB for a million
 * processes, 2 MB for few). Format: OTP's "How to interpret the Erlang crash dumps", versions 0.1 to 0.5.
 */
#ifndef CRASHDUMP_CRASHDUMP_H
#define CRASHDUMP_CRASHDUMP_H

#include "base/attr.h"
#include "base/err.h"
#include "crashdump/summary.h"

struct crashdump;

/* crashdump_new: top is how many of each ranking are kept, 1 to CRASH_TOP_MAX. */
struct crashdump *crashdump_new(size_t top);
void crashdump_free(struct crashdump *c);
/*
 * crashdump_feed takes the next piece. False, with what it is instead, if the file is no crash dump, which its first bytes say: no more must be fed then. All
 * else is taken as it comes; what is not understood is passed over.
 */
bool crashdump_feed(struct crashdump *c, const void *data, size_t len, struct err *err) MUST_CHECK;
/*
 * crashdump_finish ends the input and judges it. False as above, also for a file too short to be one. The summary lives as long as c does.
 */
const struct crashdump_summary *crashdump_finish(struct crashdump *c, struct err *err) MUST_CHECK;

/*
 * crashdump_is_written says whether the VM has finished writing, given the last bytes of the file (128 will do): they end in "=end" or "=abort:…". A dump may
 * also be left without either for good, when the VM was killed or the disk was full.
 */
bool crashdump_is_written(const void *tail, size_t len) MUST_CHECK;

#endif
