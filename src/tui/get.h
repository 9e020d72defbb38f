/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of a JSON answer, whatever it holds: what is missing, null or of another type is "not known". Nothing here fails, so what is shown needs no checks
 * of its own. Objects may be NULL.
 */
#ifndef TUI_GET_H
#define TUI_GET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* get_text: "" if it is not known. The text belongs to the object, and may hold anything but NUL. */
const char *get_text(const json_t *object, const char *key);
/* get_number: NAN if it is not known. */
double get_number(const json_t *object, const char *key);
/* get_time: milliseconds since the epoch of an RFC 3339 time; 0 if it is not known. */
int64_t get_time(const json_t *object, const char *key);
bool get_flag(const json_t *object, const char *key);
/* get_array, get_object: NULL if it is not known; jansson takes NULL for an empty one. */
const json_t *get_array(const json_t *object, const char *key);
const json_t *get_object(const json_t *object, const char *key);

#endif
