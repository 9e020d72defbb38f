/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard's files, embedded in the program. */
#ifndef HTTP_ASSETS_H
#define HTTP_ASSETS_H

#include <stdbool.h>

struct call;

/* assets_accept_gzip: a client that says this of itself (NULL: nothing) takes gzip. */
bool assets_accept_gzip(const char *accept_encoding);
/* assets_serve answers "/" and the embedded files by their name, packed if the client takes that; false if there is none of that name. */
bool assets_serve(struct call *c);

#endif
