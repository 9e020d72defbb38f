/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and things of a dump as people read them. What comes from the dump is made printable. */
#ifndef CRASHDUMP_WORDS_H
#define CRASHDUMP_WORDS_H

#include "base/strbuf.h"
#include "crashdump/summary.h"

#define PERCENT(part, whole) ((whole) ? (double)(part)*100 / (double)(whole) : 0.0)

/* words_bytes: "17 bytes", "81.6 MiB" */
void words_bytes(struct strbuf *out, uint64_t bytes);
/* words_count: "5,000,000" */
void words_count(struct strbuf *out, uint64_t n);
/* words_text: a text of the dump. */
void words_text(struct strbuf *out, const char *text);
/* words_process: "the_hog <0.82.0> (mk:hog/0)"; with a label where there is no name. */
void words_process(struct strbuf *out, const struct crash_process *p);
/* words_pid: "the_hog <0.82.0>" */
void words_pid(struct strbuf *out, const char *name, const char *pid);
/* words_heap: "5,000,001 list cells, 4 tuples": the two commonest of what its heap consists of; nothing if it was not seen. */
void words_heap(struct strbuf *out, const struct crash_process *p);
/* words_stack: "a:f/1 < b:g/2 (3 times)", at most max different frames. */
void words_stack(struct strbuf *out, const struct crash_stack *s, size_t max);

#endif
