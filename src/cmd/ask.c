/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/ask.h"

#include <curl/curl.h>

#include "os/instance.h"

#define ANSWER_MAX_BYTES (64u << 20)

static size_t
on_body(char *data, size_t size, size_t count, void *arg)
{
	struct strbuf *body = arg;

	if (body->len + size * count > ANSWER_MAX_BYTES)
		return 0;
	strbuf_add(body, data, size * count);
	return size * count;
}

static bool
get(const struct ask *a, const char *url, struct strbuf *body)
{
	struct curl_slist *headers = NULL;
	struct strbuf bearer = STRBUF_INIT;
	CURL *curl = curl_easy_init();
	long status = 0;
	bool ok;

	if (curl == NULL)
		return false;
	strbuf_reset(body);
	if (a->token) {
		strbuf_addf(&bearer, "Authorization: Bearer %s", a->token);
		headers = curl_slist_append(NULL, bearer.data);
	}
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, a->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	ok = curl_easy_perform(curl) == CURLE_OK;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	strbuf_release(&bearer);
	return ok && status == 200;
}

static bool
ask_one(const struct ask *a, const char *address, const char *path, struct strbuf *body)
{
	struct strbuf url = STRBUF_INIT;
	bool ok;

	strbuf_addf(&url, "http://%s%s", address, path);
	ok = get(a, url.data, body);
	strbuf_release(&url);
	return ok;
}

bool
ask_path(const struct ask *a, const char *path, struct strbuf *body)
{
	char address[128];

	if (a->address)
		return ask_one(a, a->address, path, body);
	for (int i = 0; i < INSTANCE_SLOTS; i++)
		if (instance_running(a->state_dir, i, address, sizeof(address)) && ask_one(a, address, path, body))
			return true;
	return false;
}

void
ask_add_escaped(struct strbuf *out, const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);

	strbuf_adds(out, escaped ? escaped : "");
	curl_free(escaped);
}

bool
ask_running(const char *state_dir, const char *node, const char *resource, struct strbuf *body)
{
	const struct ask a = { .state_dir = state_dir, .timeout_ms = 2000 };
	struct strbuf path = STRBUF_INIT;
	bool found;

	strbuf_adds(&path, "/api/v1/nodes/");
	ask_add_escaped(&path, node);
	strbuf_adds(&path, resource);
	found = ask_path(&a, path.data, body);
	strbuf_release(&path);
	return found;
}
