/* SPDX-License-Identifier: Apache-2.0 */
/* Files of --tls-conf. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "beam/tls_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf warnings = STRBUF_INIT;
	struct tls_conf conf;
	struct err err = { "" };

	if (tls_conf_read(&conf, "f", (const char *)data, size, &warnings, &err)) {
		if (!conf.verify_none && conf.cacertfile == NULL)
			abort();
		if ((conf.certfile == NULL) != (conf.keyfile == NULL) || (!conf.tls_1_2 && !conf.tls_1_3))
			abort();
	} else if (strncmp(err.text, "f:", 2) != 0) {
		abort();
	}
	tls_conf_release(&conf);
	strbuf_release(&warnings);
	return 0;
}
