# What watching costs a node: bench/bench_probe.py says what its tables mean and which variables it reads (QUICK=1: two minutes).
.PHONY: bench-probe
bench-probe: all
	$(Q)python3 bench/bench_probe.py
