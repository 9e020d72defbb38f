# SPDX-License-Identifier: Apache-2.0
# kill -9 at KILLS random moments under load, with a full disk, damaged files and a jumping clock in between; compares what the file has with
# what it was fed. An interrupted one goes on where it was (state in build/soak; another SEED begins anew).
KILLS ?= 1000
SEED ?=

.PHONY: soak
soak: all
	$(Q)python3 test/soak/soak.py --kills $(KILLS) $(if $(SEED),--seed $(SEED)) --state $(BUILD)/soak --arsenal $(BIN)

# A RabbitMQ and an ejabberd under ordinary traffic for SECONDS (an hour): there is nothing to be found.
SECONDS ?= 3600
.PHONY: soak-quiet
soak-quiet: all
	$(Q)python3 test/soak/quiet.py --seconds $(SECONDS) --arsenal $(BIN)
