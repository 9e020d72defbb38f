# SPDX-License-Identifier: Apache-2.0
# The package for Mix and rebar3, as a tarball that needs nothing beside it: otp/, with the C sources of the engine in c_src, and the dashboard ready.
PACKAGE := arsenal-$(VERSION)
PACKAGE_FILES := lib src mix.exs rebar.config engine.sh README.md
PACKAGE_C_FILES = Makefile LICENSE scripts/embed.sh $(filter-out %_test.c,$(wildcard src/*.[ch] src/*/*.[ch]))

.PHONY: package

package: $(WEB)/index.html
	$(call say,TAR,$(BUILD)/$(PACKAGE).tar.gz)
	$(Q)rm -rf $(BUILD)/$(PACKAGE) && mkdir -p $(BUILD)/$(PACKAGE)/c_src
	$(Q)cd otp && cp -a $(PACKAGE_FILES) $(abspath $(BUILD))/$(PACKAGE)
	$(Q)cp -a --parents $(PACKAGE_C_FILES) $(BUILD)/$(PACKAGE)/c_src
	$(Q)mkdir -p $(BUILD)/$(PACKAGE)/c_src/web && cp -a $(WEB) $(BUILD)/$(PACKAGE)/c_src/web/built
	$(Q)tar -C $(BUILD) --sort=name --owner=0 --group=0 --numeric-owner -czf $(BUILD)/$(PACKAGE).tar.gz.tmp $(PACKAGE)
	$(Q)mv $(BUILD)/$(PACKAGE).tar.gz.tmp $(BUILD)/$(PACKAGE).tar.gz && rm -rf $(BUILD)/$(PACKAGE)
