/* SPDX-License-Identifier: Apache-2.0 */
/* Included by unit tests only: a site over the fixture's nodes, and the reply under test. */
#ifndef HTTP_SITE_FIXTURE_H
#define HTTP_SITE_FIXTURE_H

#include "http/fixture.h"
#include "http/site.h"

static struct fixture fixture;
static struct site site;
static struct reply reply;

static int
setup(void **state)
{
	struct http_source source;

	(void)state;
	fixture_init(&fixture, 100);
	source = fixture_source(&fixture);
	site_init(&site, &source, 2);
	reply_init(&reply);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	reply_release(&reply);
	site_release(&site);
	fixture_release(&fixture);
	return 0;
}

#endif
