/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/library.h"

#include <dlfcn.h>
#include <string.h>

bool
library_load(const char *library, const char *package, const struct symbol *symbols, size_t count, struct err *err)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; handle && i < count; i++) {
		void *found = dlsym(handle, symbols[i].name);

		if (found == NULL)
			return err_set(err, "%s is too old: it has no %s", library, symbols[i].name);
		memcpy(symbols[i].at, &found, sizeof(found));
	}
	return handle || err_set(err, "%s cannot be loaded; it comes with the package %s", library, package);
}
