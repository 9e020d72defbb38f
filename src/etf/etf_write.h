/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the external term format, in the forms that every OTP since 23 reads. A tuple or list is its head, then the elements, then, for a
 * list that is not empty, etf_put_nil.
 */
#ifndef BEAM_ETF_WRITE_H
#define BEAM_ETF_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "etf/etf.h"

void etf_put_version(struct strbuf *out);
void etf_put_int(struct strbuf *out, int64_t v);
void etf_put_float(struct strbuf *out, double v);
/* etf_put_atom: UTF-8 text of at most 255 characters, ours. */
void etf_put_atom(struct strbuf *out, const char *text);
void etf_put_atomn(struct strbuf *out, const char *text, size_t len);
void etf_put_binary(struct strbuf *out, const void *data, size_t len);
/* etf_put_string writes a list of bytes: at most 65535. */
void etf_put_string(struct strbuf *out, const void *data, size_t len);
void etf_put_tuple(struct strbuf *out, uint32_t arity);
/* etf_put_list: n > 0 elements follow, and the tail. */
void etf_put_list(struct strbuf *out, uint32_t n);
void etf_put_nil(struct strbuf *out);
void etf_put_map(struct strbuf *out, uint32_t pairs);
void etf_put_pid(struct strbuf *out, const char *node, uint32_t id, uint32_t serial, uint32_t creation);
/* etf_put_ref writes a reference of three words; the lowest holds 18 bits at most. */
void etf_put_ref(struct strbuf *out, const char *node, uint32_t creation, const uint32_t word[3]);
/* etf_put_export writes `fun module:function/arity`. */
void etf_put_export(struct strbuf *out, const char *module, const char *function, uint8_t arity);
void etf_put_raw(struct strbuf *out, struct etf_span term);

#endif
