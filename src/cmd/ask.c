/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/ask.h"

#include <curl/curl.h>

#include "os/instance.h"

#define ANSWER_MAX_BYTES (4u << 20)

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
get(const char *url, struct strbuf *body)
{
	CURL *curl = curl_easy_init();
	long status = 0;
	bool ok;

	if (curl == NULL)
		return false;
	strbuf_reset(body);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 2000L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	ok = curl_easy_perform(curl) == CURLE_OK;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	return ok && status == 200;
}

bool
ask_running(const char *state_dir, const char *node, const char *resource, struct strbuf *body)
{
	char *escaped = curl_easy_escape(NULL, node, 0);
	struct strbuf url = STRBUF_INIT;
	char address[128];
	bool found = false;

	for (int i = 0; escaped && !found && i < INSTANCE_SLOTS; i++) {
		if (!instance_running(state_dir, i, address, sizeof(address)))
			continue;
		strbuf_reset(&url);
		strbuf_addf(&url, "http://%s/api/v1/nodes/%s%s", address, escaped, resource);
		found = get(url.data, body);
	}
	strbuf_release(&url);
	curl_free(escaped);
	return found;
}
