/* SPDX-License-Identifier: Apache-2.0 */
#include "http/exposition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
exposition_escape(struct strbuf *out, const char *value)
{
	for (size_t n; *value; value += n) {
		n = strcspn(value, "\\\"\n");
		strbuf_add(out, value, n);
		if (value[n]) {
			strbuf_adds(out, value[n] == '\n' ? "\\n" : value[n] == '"' ? "\\\"" : "\\\\");
			n++;
		}
	}
}

void
exposition_label(struct strbuf *labels, const char *name, const char *value)
{
	if (labels->len)
		strbuf_addc(labels, ',');
	strbuf_addf(labels, "%s=\"", name);
	exposition_escape(labels, value);
	strbuf_addc(labels, '"');
}

static void
add_number(struct strbuf *out, double v)
{
	char text[40];

	if (v == trunc(v) && fabs(v) < 1e15) {
		snprintf(text, sizeof(text), "%.0f", v == 0 ? 0.0 : v);
	} else {
		snprintf(text, sizeof(text), "%.15g", v);
		if (strtod(text, NULL) != v)
			snprintf(text, sizeof(text), "%.17g", v);
	}
	strbuf_adds(out, text);
}

void
exposition_sample(struct strbuf *out, const char *name, const char *node_label, const char *labels, double v)
{
	if (!isfinite(v))
		return;
	strbuf_adds(out, name);
	if (*node_label || *labels) {
		strbuf_addc(out, '{');
		strbuf_adds(out, node_label);
		if (*node_label && *labels)
			strbuf_addc(out, ',');
		strbuf_adds(out, labels);
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ' ');
	add_number(out, v);
	strbuf_addc(out, '\n');
}

void
exposition_head(struct strbuf *out, const char *name, enum metric_kind kind, const char *help)
{
	strbuf_adds(out, "# HELP ");
	strbuf_adds(out, name);
	strbuf_addc(out, ' ');
	strbuf_adds(out, help);
	strbuf_adds(out, "\n# TYPE ");
	strbuf_adds(out, name);
	strbuf_adds(out, kind == KIND_COUNTER ? " counter\n" : " gauge\n");
}
