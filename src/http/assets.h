/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard's files, embedded in the program. */
#ifndef HTTP_ASSETS_H
#define HTTP_ASSETS_H

#include <stdbool.h>

struct call;

/* assets_serve answers "/" and the embedded files by their name; false if there is none of that name. */
bool assets_serve(struct call *c);

#endif
