/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
checked(void *p, size_t size)
{
	if (p == NULL && size != 0) {
		fprintf(stderr, "arsenal: out of memory (%zu bytes)\n", size);
		abort();
	}
	return p;
}

void *
xmalloc(size_t size)
{
	return checked(malloc(size), size);
}

void *
xcalloc(size_t count, size_t size)
{
	return checked(calloc(count, size), count && size);
}

void *
xrealloc(void *p, size_t size)
{
	return checked(realloc(p, size), size);
}

void *
xreallocarray(void *p, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return checked(NULL, SIZE_MAX);
	return xrealloc(p, count * size);
}

void *
xmemdup(const void *p, size_t len)
{
	void *copy = xmalloc(len ? len : 1);

	if (len)
		memcpy(copy, p, len);
	return copy;
}

char *
xstrndup(const char *s, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}
