/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/report_kept.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "flight/report_files.h"
#include "os/log.h"
#include "report/phrases.h"
#include "store/reader.h"

/* The next step of whoever finds none. */
#define ELSEWHERE "give the --store or --reports that \"arsenal watch\" was given"

/* What there is: in the folder, and, if a store was named that can be read, in the store. */
struct kept {
	struct report_head *heads; /* newest first */
	size_t count, room;
	struct store_reader *store; /* NULL: none */
};

static int
newest_first(const void *a, const void *b)
{
	return strcmp(((const struct report_head *)b)->id, ((const struct report_head *)a)->id);
}

static bool
has_head(const struct kept *k, const char *id)
{
	for (size_t i = 0; i < k->count; i++)
		if (strcmp(k->heads[i].id, id) == 0)
			return true;
	return false;
}

static void
add_stored(struct kept *k)
{
	const struct store_incident *row;
	struct strbuf body = STRBUF_INIT;
	struct report_head head;

	for (size_t age = 0; (row = store_read_incident_at(k->store, age)) != NULL; age++) {
		if (has_head(k, row->id))
			continue;
		strbuf_reset(&body);
		if (!store_read_incident(k->store, row->id, &body, NULL) ||
		    !report_head_read(body.data, body.len, &head))
			continue;
		if (k->count == k->room)
			k->heads = xreallocarray(k->heads, k->room *= 2, sizeof(head));
		k->heads[k->count++] = head;
	}
	strbuf_release(&body);
	qsort(k->heads, k->count, sizeof(head), newest_first);
}

/* An arsenal that runs has the store for itself; its folder is for everybody. */
static void
open_kept(const struct inquiry *q, struct kept *k)
{
	struct err err;

	k->room = REPORT_FILES_KEPT;
	k->heads = xcalloc(k->room, sizeof(*k->heads));
	k->count = q->folder ? report_files_list(q->folder, k->heads, k->room) : 0;
	k->store = q->s->store ? store_read_open(q->s->store, &err) : NULL;
	if (q->s->store && k->store == NULL)
		log_warning("%s", err.text);
	if (k->store)
		add_stored(k);
}

static void
close_kept(struct kept *k)
{
	store_read_close(k->store);
	free(k->heads);
}

static void
list_line(struct strbuf *out, const struct report_head *h)
{
	utf8_add_visible(out, h->id, sizeof(h->id));
	strbuf_addf(out, "\n    %-6s  ", h->confidence > 0 ? phrase_confidence(h->confidence) : "-");
	utf8_add_visible(out, h->title, sizeof(h->title));
	strbuf_addc(out, '\n');
}

static bool
is_wanted(const struct inquiry *q, const struct report_head *h)
{
	return q->s->node_count == 0 || strcmp(q->s->nodes[0], h->node) == 0;
}

bool
report_list(struct inquiry *q, struct err *err UNUSED)
{
	struct kept k = { .count = 0 };
	struct jsonw j;

	open_kept(q, &k);
	jsonw_init(&j, &q->out);
	if (q->s->json)
		jsonw_array(&j);
	for (size_t i = 0; i < k.count; i++)
		if (is_wanted(q, &k.heads[i]) && q->s->json)
			report_head_json(&k.heads[i], &j);
		else if (is_wanted(q, &k.heads[i]))
			list_line(&q->out, &k.heads[i]);
	if (q->s->json)
		jsonw_end(&j);
	else if (q->out.len == 0)
		strbuf_addf(&q->out, "no post-mortems in %s; %s\n", q->folder ? q->folder : "any folder", ELSEWHERE);
	close_kept(&k);
	return true;
}

/* text_of_record takes the text out of a record; false if that is none. */
static bool
text_of_record(const struct strbuf *record, struct strbuf *out)
{
	json_error_t why;
	json_t *root = json_loadb(record->data, record->len, 0, &why);
	const char *text = json_string_value(json_object_get(root, "text"));

	if (text)
		strbuf_adds(out, text);
	json_decref(root);
	return text != NULL;
}

/* The store has records: what is a page was made of them when the node died. */
static bool
show_stored(struct inquiry *q, struct kept *k, const char *id)
{
	struct strbuf record = STRBUF_INIT;
	bool ok = k->store && q->format != FORMAT_HTML && store_read_incident(k->store, id, &record, NULL);

	if (ok && q->format == FORMAT_JSON)
		strbuf_add(&q->out, record.data, record.len);
	else if (ok)
		ok = text_of_record(&record, &q->out);
	strbuf_release(&record);
	return ok;
}

static bool
show_asked(struct inquiry *q, const char *id)
{
	struct strbuf path = STRBUF_INIT;
	bool ok;

	strbuf_adds(&path, "/api/v1/reports/");
	ask_add_escaped(&path, id);
	strbuf_addf(&path, "?format=%s", REPORT_FORMATS[q->format].name);
	ok = ask_path(&q->ask, path.data, &q->out);
	strbuf_release(&path);
	return ok;
}

static bool
show_one(struct inquiry *q, struct kept *k, const char *id, struct err *err)
{
	struct err cause = { .text = "there is no folder of them" };

	if (q->folder && report_files_read(q->folder, id, q->format, &q->out, &cause))
		return true;
	strbuf_reset(&q->out);
	return show_stored(q, k, id) || show_asked(q, id) ||
	    err_set(
		err, "no post-mortem %.160s: %.250s; \"arsenal report --list\" has those there are", id, cause.text);
}

bool
report_show(struct inquiry *q, struct err *err)
{
	struct kept k = { .count = 0 };
	size_t i = 0;
	bool ok;

	open_kept(q, &k);
	if (strcmp(q->s->show, "last") != 0) {
		ok = show_one(q, &k, q->s->show, err);
	} else {
		while (i < k.count && !is_wanted(q, &k.heads[i]))
			i++;
		ok = i < k.count
		    ? show_one(q, &k, k.heads[i].id, err)
		    : err_set(err, "no post-mortems in %s; %s", q->folder ? q->folder : "any folder", ELSEWHERE);
	}
	close_kept(&k);
	return ok;
}
