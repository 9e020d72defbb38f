/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that does not fail: out of memory ends the program with a line on stderr. Only for sizes that
 * we choose ourselves; a size that a peer controls is checked against its bound first.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
/* xreallocarray is xrealloc of count * size bytes; an overflow of the product ends the program. */
void *xreallocarray(void *p, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);
void *xmemdup(const void *p, size_t len);

#endif
