/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/genserver_init.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "etf/etf_term.h"

#define TEXT_MAX 4096
#define HISTORY_MAX 1000000
#define SPAN_MAX_MS (INT64_C(1) << 53)

/* ---- single values: each reads one term, and returns false if it is not what it must be ---- */

static bool
read_node(struct etf *e, struct genserver_init *init)
{
	struct etf_atom name;

	if (!etf_atom(e, &name) || name.len == 0 || strlen(name.text) != name.len)
		return false;
	memcpy(init->node, name.text, (size_t)name.len + 1);
	return true;
}

static bool
read_session(struct etf *e, struct genserver_init *init)
{
	init->session = (uint64_t)etf_int(e);
	return etf_ok(e);
}

static bool
read_started(struct etf *e, struct genserver_init *init)
{
	init->started_ms = etf_int(e);
	return etf_ok(e);
}

static bool
read_interval(struct etf *e, struct genserver_init *init)
{
	init->interval_ms = etf_int(e);
	return init->interval_ms > 0 && init->interval_ms < SPAN_MAX_MS;
}

static bool
read_retention(struct etf *e, struct genserver_init *init)
{
	init->retention_ms = etf_int(e);
	return init->retention_ms > 0 && init->retention_ms < SPAN_MAX_MS;
}

static bool
read_threshold(struct etf *e, struct genserver_init *init)
{
	init->threshold = etf_number(e);
	return init->threshold > 0;
}

static bool
read_max_history(struct etf *e, struct genserver_init *init)
{
	int64_t n = etf_int(e);

	init->max_history = n > 0 && n <= HISTORY_MAX ? (uint32_t)n : 0;
	return init->max_history > 0;
}

/* A binary without a NUL, or the atom `undefined`. */
static bool
read_text(struct etf *e, char **text)
{
	struct etf_span s;

	if (etf_is_atom(etf_peek(e)))
		return etf_atom_is(e, "undefined");
	s = etf_binary(e);
	if (!etf_ok(e) || s.len == 0 || s.len > TEXT_MAX || memchr(s.data, 0, s.len))
		return false;
	free(*text);
	*text = xstrndup((const char *)s.data, s.len);
	return true;
}

static bool
read_store(struct etf *e, struct genserver_init *init)
{
	return read_text(e, &init->store);
}

static bool
read_reports(struct etf *e, struct genserver_init *init)
{
	return read_text(e, &init->reports);
}

static bool
read_http(struct etf *e, struct genserver_init *init)
{
	return read_text(e, &init->http);
}

static bool
read_http_token(struct etf *e, struct genserver_init *init)
{
	return read_text(e, &init->http_token);
}

static const struct {
	const char *key;
	bool (*read)(struct etf *e, struct genserver_init *init);
	bool needed;
} OPTIONS[] = {
	{ "node", read_node, true },
	{ "session", read_session, true },
	{ "started", read_started, false },
	{ "interval", read_interval, true },
	{ "retention", read_retention, true },
	{ "threshold", read_threshold, true },
	{ "max_history", read_max_history, true },
	{ "store", read_store, false },
	{ "reports", read_reports, false },
	{ "http", read_http, false },
	{ "http_token", read_http_token, false },
};

/* ---- selective monitoring ---- */

struct choice {
	struct selection *selection;
	bool except;
	struct err *err;
};

typedef bool add_cb(const struct choice *c, struct etf *e);

static bool
add_term(const struct choice *c, enum selection_kind kind, struct etf *e)
{
	struct term *t = etf_term(e);

	if (t)
		selection_term(c->selection, kind, c->except, t);
	term_unref(t);
	return t != NULL;
}

static bool
add_supervisor(const struct choice *c, struct etf *e)
{
	return add_term(c, SELECT_SUPERVISOR, e);
}

static bool
add_child(const struct choice *c, struct etf *e)
{
	return add_term(c, SELECT_CHILD, e);
}

static bool
add_metric(const struct choice *c, struct etf *e)
{
	struct etf_atom name;

	return etf_atom(e, &name) && selection_metric(c->selection, c->except, name.text, c->err);
}

/* A list of small integers comes as a string. */
static bool
add_bytes(const struct choice *c, struct etf *e, add_cb *add)
{
	struct etf_span s = etf_string(e);
	bool ok = etf_ok(e);

	for (size_t i = 0; ok && i < s.len; i++) {
		const uint8_t small[] = { ETF_SMALL_INTEGER, s.data[i] };
		struct etf one;

		etf_init(&one, small, sizeof(small));
		ok = add(c, &one);
	}
	return ok;
}

static bool
add_list(const struct choice *c, struct etf *e, add_cb *add)
{
	uint32_t n;

	if (etf_peek(e) == ETF_STRING)
		return add_bytes(c, e, add);
	n = etf_list(e);
	for (uint32_t i = 0; i < n; i++)
		if (!add(c, e))
			return false;
	etf_list_end(e, n);
	return etf_ok(e);
}

/* #{supervisors | children | metrics => List} */
static bool
read_choice(struct etf *e, const struct choice *c)
{
	static const struct {
		const char *key;
		add_cb *add;
	} lists[] = { { "supervisors", add_supervisor }, { "children", add_child }, { "metrics", add_metric } };
	uint32_t n = etf_map(e);
	struct etf_atom key;

	for (uint32_t i = 0; i < n && etf_atom(e, &key); i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(lists) && strcmp(lists[k].key, key.text) != 0)
			k++;
		if (k == ARRAY_LEN(lists) || !add_list(c, e, lists[k].add))
			return false;
	}
	return etf_ok(e);
}

static bool
read_selection(struct etf *e, struct genserver_init *init, const char *key, struct err *err)
{
	struct etf at = *e;
	struct choice c = { init->selection, strcmp(key, "except") == 0, err };

	if (etf_map(&at) == 0 && etf_ok(&at)) {
		*e = at;
		return true;
	}
	if (c.selection == NULL)
		c.selection = init->selection = selection_new();
	err->text[0] = '\0';
	return read_choice(e, &c) ||
	    (err->text[0] != '\0' ? false
				  : err_set(err, "option %s is no map of lists: supervisors, children, metrics", key));
}

/* ---- the map ---- */

static bool
read_option(struct genserver_init *init, struct etf *e, const char *key, uint32_t *seen, struct err *err)
{
	if (strcmp(key, "only") == 0 || strcmp(key, "except") == 0)
		return read_selection(e, init, key, err);
	for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
		if (strcmp(key, OPTIONS[i].key) == 0) {
			*seen |= 1u << i;
			return (OPTIONS[i].read(e, init) && etf_ok(e)) ||
			    err_set(err, "option %s is not what it must be", key);
		}
	return etf_skip(e) || err_set(err, "option %s is no term", key);
}

bool
genserver_init_read(struct genserver_init *init, struct etf *e, struct err *err)
{
	uint32_t n = etf_map(e);
	uint32_t seen = 0;
	struct etf_atom key;

	memset(init, 0, sizeof(*init));
	if (!etf_ok(e))
		return err_set(err, "the options are no map");
	for (uint32_t i = 0; i < n; i++) {
		if (!etf_atom(e, &key))
			return err_set(err, "an option's name is no atom");
		if (!read_option(init, e, key.text, &seen, err))
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
		if (OPTIONS[i].needed && !(seen & 1u << i))
			return err_set(err, "option %s is missing", OPTIONS[i].key);
	return true;
}

void
genserver_init_release(struct genserver_init *init)
{
	free(init->store);
	free(init->reports);
	free(init->http);
	if (init->http_token)
		explicit_bzero(init->http_token, strlen(init->http_token));
	free(init->http_token);
	selection_free(init->selection);
	memset(init, 0, sizeof(*init));
}
