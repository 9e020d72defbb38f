# What the detectors find, and what they find where nothing is: a table for each of bench/detect/, in order. Data: ../shared/yardsticks (skipped where it is absent).
DETECT := $(patsubst %.c,$(OUT)/%,$(wildcard bench/detect/*.c))
.PHONY: bench-detect
bench-detect: all $(DETECT)
	$(Q)for part in bench/detect/[0-9][0-9]-*; do OUT=$(OUT) "$$part" || exit 1; done
