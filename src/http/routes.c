/* SPDX-License-Identifier: Apache-2.0 */
#include "http/routes.h"

#include <string.h>

#include "http/assets.h"
#include "http/past_events.h"
#include "http/reports.h"
#include "http/resources.h"

#define NODE_SEGMENT "{node}" /* any other in braces is an id */

/* Long answers at a time; each holds a part, and at most half a MB of points. */
#define MAX_DOWNLOADS 16

static void serve_index(struct call *c);

static void
serve_root(struct call *c)
{
	if (!assets_serve(c))
		reply_error(c->rp, 404, "this build has no dashboard; /api/v1 lists what there is");
}

const struct route ROUTES[] = {
	{ "/", serve_root, NULL, false, "The dashboard." },
	{ "/healthz", resource_healthz, NULL, true, "200 while the program's loop turns." },
	{ "/readyz", resource_readyz, NULL, true, "200 when at least one node is up, else 503 with the reasons." },
	{ "/metrics", prometheus_serve, "node", false,
	    "Prometheus text format: all nodes with a node label, or one node without." },
	{ "/api/v1", serve_index, "", false, "This list." },
	{ "/api/v1/nodes", resource_nodes, "", false, "The nodes: state and why, since when, overall status." },
	{ "/api/v1/nodes/{node}", resource_node, "", false, "One node." },
	{ "/api/v1/nodes/{node}/health", resource_health, "", false,
	    "Overall status, every criterion with value and thresholds, anomalies, recommendations." },
	{ "/api/v1/nodes/{node}/performance", resource_performance, "", false, "The last sample." },
	{ "/api/v1/nodes/{node}/restarts", resource_restarts, "supervisor", false,
	    "Restart statistics, patterns, and the newest restarts." },
	{ "/api/v1/nodes/{node}/patterns", resource_patterns, "type", false,
	    "Patterns among restarts (of one type, or all), the one that restarted last first: storms, cascades, "
	    "regular "
	    "restarts, restarts after spikes." },
	{ "/api/v1/nodes/{node}/predictions", resource_predictions, "", false,
	    "Who will fail next, and when: children that fail at intervals or after spikes, supervisors whose restart "
	    "budget runs out." },
	{ "/api/v1/nodes/{node}/capacity", resource_capacity, "", false,
	    "Of every limit: what is used, how fast it grows, and the time left, with intervals; no trend, no date." },
	{ "/api/v1/nodes/{node}/anomalies", resource_anomalies, "", false, "Anomalies found, newest first." },
	{ "/api/v1/nodes/{node}/incidents", resource_incidents, "open", false,
	    "Findings that belong together, with their root; the one that opened last first. open is true or false." },
	{ "/api/v1/nodes/{node}/history", resource_history, "start end step metric fields times digits", false,
	    "Samples, restarts, health checks and events from start to end (the last hour), oldest first; with step, "
	    "metrics in steps of that time, as columns." },
	{ "/api/v1/nodes/{node}/marks", resource_marks, "start end", false,
	    "What happened from start to end (the last day), as marks for time lines: boots, incidents, anomalies, "
	    "changes of "
	    "health, patterns, and restarts by child." },
	{ "/api/v1/nodes/{node}/report", resource_report, "since until format", false,
	    "What happened from since to until (the last hour): what grew, who, what restarted, the most likely cause; "
	    "format is "
	    "json (the default), text or html." },
	{ "/api/v1/reports", resource_reports, "", false, "The post-mortems that are kept, newest first." },
	{ "/api/v1/reports/{id}", resource_kept_report, "format", false,
	    "One post-mortem; format is json (the default), text or html." },
	{ "/api/v1/nodes/{node}/top", resource_top, "by n", false,
	    "The largest processes by memory, queue (the default), reductions or binary memory." },
	{ "/api/v1/nodes/{node}/tree", resource_tree, "", false,
	    "The supervision tree, asked of the node when this is: who supervises whom, with restarts, queues and "
	    "heaps." },
	{ "/api/v1/nodes/{node}/memory", resource_memory, "", false,
	    "One account of its memory that adds up: limit, resident set, carriers, blocks, and who owns the most." },
	{ "/api/v1/nodes/{node}/tables", resource_tables, "", false,
	    "The largest ETS tables, and how fast they grow." },
	{ "/api/v1/nodes/{node}/links", resource_links, "", false,
	    "The distribution's links: state, queue, bytes in and out." },
	{ "/api/v1/nodes/{node}/allocators", resource_allocators, "", false,
	    "The allocators: carriers against blocks." },
	{ "/api/v1/nodes/{node}/groups", resource_groups, "", false,
	    "Processes counted together: by who started them, and by the function that they began with." },
	{ "/api/v1/nodes/{node}/ports", resource_ports, "", false,
	    "Ports counted together: by the process that owns them, and by who started that." },
	{ "/api/v1/nodes/{node}/vm_events", resource_vm_events, "", false,
	    "What the VM tells by itself: long collections, schedulings and message queues, busy links; the newest "
	    "first." },
	{ "/api/v1/events", events_serve, "types severity node last_event_id", false,
	    "Server-sent events from now on, or after the event that Last-Event-ID names. severity is the least." },
	{ "/api/v1/events/past", past_events_serve, "before n types severity node", false,
	    "Events that are kept, the newest first: the n (100) before the id. before in the answer is for the next "
	    "page." },
	{ "/api/v1/stats", resource_stats, "", false, "arsenal's own figures." },
};

const size_t ROUTE_COUNT = ARRAY_LEN(ROUTES);

static void
write_route(struct jsonw *j, const struct route *r)
{
	jsonw_object(j);
	jsonw_key(j, "method");
	jsonw_str(j, "GET");
	jsonw_key(j, "path");
	jsonw_str(j, r->pattern);
	jsonw_key(j, "parameters");
	jsonw_array(j);
	for (const char *p = r->params ? r->params : ""; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		jsonw_strn(j, p, len);
		p += len;
	}
	jsonw_end(j);
	jsonw_key(j, "help");
	jsonw_str(j, r->help);
	jsonw_end(j);
}

static void
serve_index(struct call *c)
{
	struct jsonw j;

	reply_json(c->rp, &j);
	jsonw_object(&j);
	jsonw_key(&j, "openapi");
	jsonw_str(&j, "/openapi.json");
	jsonw_key(&j, "routes");
	jsonw_array(&j);
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		write_route(&j, &ROUTES[i]);
	jsonw_end(&j);
	jsonw_end(&j);
}

/* ---- dispatch ---------------------------------------------------------------------------------------------------- */

static bool
segment_match(
    const char *pattern, size_t pattern_len, const char *path, size_t len, const char **node, size_t *node_len)
{
	if (*pattern != '{')
		return len == pattern_len && memcmp(path, pattern, len) == 0;
	*node = path;
	*node_len = len;
	return len > 0;
}

bool
route_match(const char *pattern, const char *path, const char **node, size_t *node_len)
{
	*node = NULL;
	while (*pattern == '/' && *path == '/') {
		size_t pattern_len = strcspn(++pattern, "/");
		size_t len = strcspn(++path, "/");

		if (!segment_match(pattern, pattern_len, path, len, node, node_len))
			return false;
		pattern += pattern_len;
		path += len;
	}
	return *pattern == '\0' && (*path == '\0' || strcmp(path, "/") == 0);
}

static const struct route *
find_route(const char *path, const char **node, size_t *node_len)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		if (route_match(ROUTES[i].pattern, path, node, node_len))
			return &ROUTES[i];
	return NULL;
}

static bool
is_param(const struct route *r, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = r->params; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && memcmp(p, name, n) == 0)
			return true;
		p += n;
	}
	return false;
}

static bool
take_query(struct call *c, const struct route *r)
{
	struct err err;

	if (r->params == NULL)
		return true;
	if (!query_parse(&c->query, c->rq->query, &err)) {
		reply_error(c->rp, 400, "%s", err.text);
		return false;
	}
	for (size_t i = 0; i < c->query.count; i++)
		if (!is_param(r, c->query.params[i].name)) {
			reply_error(c->rp, 400, "%s has no parameter \"%.64s\"; it takes: %s", r->pattern,
			    c->query.params[i].name, *r->params ? r->params : "none");
			return false;
		}
	return true;
}

/* take_node finds the node that the path or the query names. */
static bool
take_node(struct call *c, const char *segment, size_t len)
{
	const char *name = query_get(&c->query, "node");
	char decoded[4 * NODE_NAME_MAX];
	struct err err;

	if (segment) {
		if (len >= sizeof(decoded) || !percent_decode(decoded, segment, len, false, &err)) {
			reply_error(c->rp, 400, "the node's name in the path: %s",
			    len >= sizeof(decoded) ? "it is too long" : err.text);
			return false;
		}
		name = decoded;
	}
	if (name == NULL)
		return true;
	c->node = site_find(c->site, name);
	if (c->node == NULL)
		site_no_node(c->site, name, c->rp);
	return c->node != NULL;
}

/* take_segment makes of the segment what the route calls it. */
static bool
take_segment(struct call *c, const struct route *r, const char *segment, size_t len)
{
	struct err err;

	if (segment == NULL || strstr(r->pattern, NODE_SEGMENT))
		return take_node(c, segment, len);
	if (len < sizeof(c->id) && percent_decode(c->id, segment, len, false, &err))
		return true;
	reply_error(c->rp, 404, "there is no report of that id; /api/v1/reports lists them");
	return false;
}

static void
refuse_unauthorized(struct reply *rp)
{
	/* Basic as well, so that a browser asks: any user name, the token as password. */
	reply_header(rp, "WWW-Authenticate", "Bearer realm=\"arsenal\"");
	reply_header(rp, "WWW-Authenticate", "Basic realm=\"arsenal\", charset=\"UTF-8\"");
	reply_error(rp, 401,
	    "this server wants its token: send \"Authorization: Bearer TOKEN\", or the token as the password in a "
	    "browser");
}

void
site_serve(void *site, const struct request *rq, struct reply *rp)
{
	struct call c = { .site = site, .rq = rq, .rp = rp };
	const char *segment = NULL;
	size_t len = 0;
	const struct route *r = find_route(rq->path, &segment, &len);

	if (!rq->authorized && (r == NULL || !r->open))
		refuse_unauthorized(rp);
	else if (r == NULL && (*rq->path != '/' || !assets_serve(&c)))
		reply_error(rp, 404, "there is nothing at \"%.200s\"; /api/v1 lists what there is", rq->path);
	else if (r && take_query(&c, r) && take_segment(&c, r, segment, len))
		r->serve(&c);
	query_release(&c.query);
}

void
site_init(struct site *site, const struct http_source *source, size_t max_streams)
{
	memset(site, 0, sizeof(*site));
	site->source = *source;
	events_init(&site->events, source->events(source->arg), max_streams);
	prometheus_init(&site->prometheus);
	waiters_init(&site->tree_waiters);
	downloads_init(&site->downloads, MAX_DOWNLOADS);
}

void
site_release(struct site *site)
{
	waiters_release(&site->tree_waiters);
	prometheus_release(&site->prometheus);
	events_release(&site->events);
}
