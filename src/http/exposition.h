/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of Prometheus' text format 0.0.4. Pure. */
#ifndef HTTP_EXPOSITION_H
#define HTTP_EXPOSITION_H

#include "base/strbuf.h"
#include "model/metric.h"

/* exposition_head appends HELP and TYPE of a family, which come before its samples and once only. */
void exposition_head(struct strbuf *out, const char *name, enum metric_kind kind, const char *help);
/* exposition_sample appends one sample, nothing if v is not finite. Labels are as in a="1",b="2", without braces; both texts of them may be empty. */
void exposition_sample(struct strbuf *out, const char *name, const char *node_label, const char *labels, double v);
/* exposition_label appends name="value" to labels, behind a comma if there are any; of value, all bytes may be anything. */
void exposition_label(struct strbuf *labels, const char *name, const char *value);
/* exposition_escape appends a label's value: \, " and newline are escaped. */
void exposition_escape(struct strbuf *out, const char *value);

#endif
