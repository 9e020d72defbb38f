# SPDX-License-Identifier: Apache-2.0
# A history of a whole day, for tests of what shows one: `make day-store`, then build/plain/day_store FILE NODE; `arsenal watch --store FILE NODE` serves it.
C_FILES += $(wildcard test/day/*.c)

.PHONY: day-store
day-store: $(OUT)/day_store

$(OUT)/day_store: test/day/day_store.c $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(C_FLAGS) -MMD -MP $(LD_FLAGS) -o $@ $< $(ARCHIVE) $(LDLIBS)

# What the charts of such a day cost a browser; test/web/bench.mjs says what its table means.
.PHONY: bench-web
bench-web: all day-store
	$(Q)sh scripts/bench_web.sh $(OUT)/day_store
