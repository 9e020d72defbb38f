/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outlet_nab.h"

#include <string.h>

#define HIGHEST 0.999999 /* of what is not reported, as six digits have it */

static void
put_field(FILE *to, const char *text)
{
	if (strpbrk(text, ",\";\t\r\n") == NULL) {
		fputs(text, to);
		return;
	}
	fputc('"', to);
	for (; *text; text++)
		fputs(*text == '"' ? "\"\"" : (const char[]) { *text, '\0' }, to);
	fputc('"', to);
}

static void
on_point(void *arg, const struct replay_point *p)
{
	struct nab_outlet *o = arg;
	double score = p->usable ? p->verdict.score : 0;

	if (!o->begun)
		fputs("timestamp,value,anomaly_score\n", o->to);
	o->begun = true;
	o->unfit = o->unfit || !p->alone;
	if (o->unfit || *p->time_text == '\0')
		return;
	put_field(o->to, p->time_text);
	fputc(',', o->to);
	put_field(o->to, p->value_text);
	if (p->usable && p->verdict.reported)
		fputs(",1\n", o->to);
	else
		fprintf(o->to, ",%.6f\n", score < HIGHEST ? score : HIGHEST);
}

static void
on_end(void *arg, const char *file, const struct replay_totals *t, const struct flaws *f)
{
	struct nab_outlet *o = arg;

	(void)file;
	(void)f;
	o->unfit = o->unfit || t->kind != REPLAY_SERIES;
}

struct outlet
nab_outlet(struct nab_outlet *o)
{
	return (struct outlet) { .point = on_point, .end = on_end, .arg = o };
}
