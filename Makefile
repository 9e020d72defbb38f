# arsenal: the build. `make help` lists the targets.
#
# Variables: CC (gcc, clang), V=1 shows the commands, VARIANT=plain|asan|tsan|cover|fuzz picks flags and a build folder of its own,
# CFLAGS and LDFLAGS are added to ours, BUILD is the build folder, PREFIX and DESTDIR for install, FUZZ_SECONDS for fuzz.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
V ?= 0
ifeq ($(V),0)
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
else
say = @:
endif

CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
VARIANT ?= plain
VERSION := 0.1.0
PREFIX ?= /usr/local
BUILD := build
# The plain build's program is build/arsenal; objects and tests of each variant have a folder.
OUT := $(BUILD)/$(VARIANT)
GEN := $(BUILD)/gen
BIN := $(if $(filter plain,$(VARIANT)),$(BUILD)/arsenal,$(OUT)/arsenal)

# PKG_CONFIG, AR, CC and PKG_CONFIG_SYSROOT_DIR are as usual in cross builds.
PKG_CONFIG ?= pkg-config
AR := $(if $(filter default,$(origin AR)),ar,$(AR))
PORT_PACKAGES := libevent libevent_pthreads sqlite3
PACKAGES := $(PORT_PACKAGES) libevent_openssl libssl libcrypto jansson ncursesw
WARNINGS := -Wall -Wextra -Wshadow -Wundef -Wmissing-prototypes -Wstrict-prototypes -Wwrite-strings -Wformat=2 \
	-Wpointer-arith -Wvla -Wswitch-enum -Werror
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2
FLAGS_plain := -O2 -g $(HARDEN)
FLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
FLAGS_cover := -O0 -g --coverage
FLAGS_fuzz := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer
# $(call cflags,PACKAGES) and $(call ldlibs,PACKAGES); the latter has to do without pkg-config, too, for the port.
cflags = -std=c17 -D_GNU_SOURCE -DARSENAL_VERSION='"$(VERSION)"' -Isrc -pthread $(WARNINGS) $(FLAGS_$(VARIANT)) \
	$(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null) $(CFLAGS)
ldlibs = $(or $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null),-levent -levent_pthreads -lsqlite3) -lm
C_FLAGS = $(call cflags,$(PACKAGES))
LDLIBS = $(call ldlibs,$(PACKAGES))
LDFLAGS_plain := -Wl,-z,relro,-z,now
LD_FLAGS = -pthread $(FLAGS_$(VARIANT)) $(LDFLAGS_$(VARIANT)) $(LDFLAGS)

SOURCES := $(filter-out %_test.c,$(wildcard src/*.c src/*/*.c))
TESTS := $(patsubst src/%.c,%,$(wildcard src/*_test.c src/*/*_test.c))
FUZZERS := $(patsubst fuzz/%.c,%,$(wildcard fuzz/fuzz_*.c))
GENERATED := $(GEN)/probe_beam.c $(GEN)/demo_beams.c $(GEN)/web_files.c
OBJECTS := $(patsubst src/%.c,$(OUT)/%.o,$(filter-out src/main.c,$(SOURCES))) $(patsubst $(GEN)/%.c,$(OUT)/gen/%.o,$(GENERATED))
ARCHIVE := $(OUT)/arsenal.a
PORT := $(if $(filter plain,$(VARIANT)),$(BUILD),$(OUT))/port
PORT_OUT ?=
PORT_SOURCES := $(filter-out %_test.c,$(wildcard $(foreach room,base os model etf series analyze engine report crashdump store http flight,src/$(room)/*.c) \
	$(foreach file,beam/probe_* beam/requests beam/port* beam/genserver* cmd/port cmd/settings cmd/setup application recorder tree_request server \
	eventlog,src/$(file).c)))
PORT_OBJECTS := $(PORT_SOURCES:src/%.c=$(PORT)/%.o) $(PORT)/gen/web_files.o

.PHONY: help all port run check check-inner check-full check-asan check-tsan check-valgrind unit unit-run probe-test system-test \
	fuzz fuzz-build bench bench-run cover format format-check lint install clean deps deps-run deps-check screenshots pictures

help:
	@echo 'make all         the program, build/arsenal'
	@echo 'make port        the engine as the port program of an application, build/port/arsenal; PORT_OUT=DIR copies it there'
	@echo 'make lib         libarsenal, static and shared; make install-lib installs it'
	@echo 'make package     the package for Mix and rebar3 as a tarball, with the C sources'
	@echo 'make run         build, then arsenal demo: a small OTP application with real faults, watched live'
	@echo 'make check       everything that must pass before a commit lands (under 10 minutes)'
	@echo 'make check-full  the rest: TSan, valgrind, long fuzzing, clang'
	@echo 'make check-asan  unit and system tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make check-tsan  the same under ThreadSanitizer'
	@echo 'make fuzz        each fuzz target for FUZZ_SECONDS (600)'
	@echo 'make bench       figures, as ratios'
	@echo "make bench-detect what the detectors find: anomalies, patterns, false alarms, foresight (mk/detect.mk)"
	@echo 'make bench-probe what watching costs a node, beside peers; an hour and more, QUICK=1 two minutes (mk/bench.mk)'
	@echo 'make bench-web   what the charts of a day cost headless Chromium: CPU, longest task, payload (mk/day.mk)'
	@echo 'make day-store   a history of a day, for tests: build/plain/day_store FILE NODE, then arsenal watch --store FILE NODE (mk/day.mk)'
	@echo 'make soak        kill -9 at KILLS (1000) random moments, and what is in the file then; goes on where it was (mk/soak.mk)'
	@echo 'make soak-quiet  an hour of a RabbitMQ and an ejabberd at work: no false anomaly (SECONDS)'
	@echo 'make cover lint format install clean deps'

# ---- the program -------------------------------------------------------------------------------------------------
all: $(BIN)

$(BIN): $(OUT)/main.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(LD_FLAGS) -o $@ $^ $(LDLIBS)

$(ARCHIVE): $(OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/%.o: src/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(C_FLAGS) -MMD -MP -c -o $@ $<

$(OUT)/gen/%.o: $(GEN)/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(C_FLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(OUT) $(PORT) -name '*.d' -type f 2>/dev/null)

# ---- the port program: the engine inside an application (doc/port.md) ----------------------------------------------------
# Only what it needs, so that a package builds it on any machine with a C compiler: no jansson, openssl, npm, erlc. Warnings
# are no errors there: the compiler is not ours to choose. PORT_OUT=DIR: a copy of the program in that folder.
port: $(PORT)/arsenal
ifneq ($(PORT_OUT),)
	$(Q)mkdir -p "$(PORT_OUT)"
# One that is running must not be written to.
	$(Q)cmp -s $< "$(PORT_OUT)/arsenal" || { cp $< "$(PORT_OUT)/arsenal.new" && mv -f "$(PORT_OUT)/arsenal.new" "$(PORT_OUT)/arsenal"; }
else
	@:
endif

$(PORT)/arsenal: $(PORT)/main.o $(PORT)/arsenal.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LD_FLAGS) -o $@ $^ $(call ldlibs,$(PORT_PACKAGES))

$(PORT)/arsenal.a: $(PORT_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(PORT)/main.o: PORT_DEFINES := -DARSENAL_PORT
$(PORT)/%.o: src/%.c | $(PORT)/checked
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -Werror,$(call cflags,$(PORT_PACKAGES))) $(PORT_DEFINES) -MMD -MP -c -o $@ $<

$(PORT)/gen/%.o: $(GEN)/%.c | $(PORT)/checked
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -Werror,$(call cflags,$(PORT_PACKAGES))) -MMD -MP -c -o $@ $<

# What is missing is found before anything is compiled, and said in one line that can be run.
PORT_HEADERS := event2/event.h event2/http.h event2/thread.h sqlite3.h
$(PORT)/checked:
	$(Q)mkdir -p $(@D)
	$(Q)for h in $(PORT_HEADERS); do echo "#include <$$h>"; done >$@.c
	$(Q)echo 'int main(void) { return sqlite3_libversion_number() == 0 || event_get_version() == 0; }' >>$@.c
	$(Q)$(CC) $(filter-out -Werror,$(call cflags,$(PORT_PACKAGES))) $(LD_FLAGS) -o $@.out $@.c $(call ldlibs,$(PORT_PACKAGES)) 2>$@.log || { \
		echo 'arsenal: cannot build the engine: a C compiler, libevent or SQLite (or their headers) are missing. On Debian and Ubuntu:' >&2; \
		echo '  sudo apt-get install gcc make pkg-config libevent-dev libsqlite3-dev' >&2; \
		echo "what the compiler ($(CC)) said is in $@.log:" >&2; head -n 3 $@.log >&2; exit 1; }
	$(Q)rm -f $@.c $@.out $@.log && touch $@

# ---- what is embedded --------------------------------------------------------------------------------------------
# The probe's module name carries a hash of its source, so that two releases of arsenal can be on one node.
PROBE_SRC := otp/src/arsenal_probe.erl
PROBE_PARTS := $(sort $(wildcard otp/src/probe/*.hrl))
PROBE_HASH = $(shell cat $(PROBE_SRC) $(PROBE_PARTS) | sha256sum | cut -c1-8)

$(GEN)/probe_beam.c: $(PROBE_SRC) $(PROBE_PARTS) scripts/embed.sh
	$(call say,ERLC,$<)
	$(Q)rm -rf $(GEN)/probe && mkdir -p $(GEN)/probe
	$(Q)sed 's/^-module(arsenal_probe)\./-module(arsenal_probe_$(PROBE_HASH))./' $< >$(GEN)/probe/arsenal_probe_$(PROBE_HASH).erl
	$(Q)cd $(GEN)/probe && erlc -I $(abspath otp/src) -Werror +deterministic +no_docs *.erl
	$(Q)sh scripts/embed.sh PROBE_FILES $(GEN)/probe/*.beam >$@.tmp && mv $@.tmp $@

DEMO_SRC := $(wildcard otp/demo/*.erl)
$(GEN)/demo_beams.c: $(DEMO_SRC) scripts/embed.sh
	$(call say,ERLC,otp/demo)
	$(Q)rm -rf $(GEN)/demo && mkdir -p $(GEN)/demo
	$(Q)erlc -Werror +deterministic -o $(GEN)/demo $(DEMO_SRC)
	$(Q)sh scripts/embed.sh DEMO_FILES $(GEN)/demo/*.beam >$@.tmp && mv $@.tmp $@

# The dashboard is built by npm. The package for Mix and rebar3 brings it ready (web/built), and a port program can do without.
WEB_SOURCES := $(wildcard web/*.* web/.npmrc web/src/*.* web/src/*/*.*)
WEB := $(or $(patsubst %/index.html,%,$(wildcard web/built/index.html)),$(if $(filter port,$(MAKECMDGOALS)),$(if $(shell command -v npm),,web/missing)),$(GEN)/web)
$(GEN)/web/index.html: $(WEB_SOURCES) scripts/web.sh
	$(call say,NPM,web)
	$(Q)rm -rf $(@D) && sh scripts/web.sh $(@D)

$(GEN)/web_files.c: $(WEB)/index.html scripts/embed.sh
	$(call say,EMBED,$(WEB))
	$(Q)mkdir -p $(@D)
	$(Q)sh scripts/embed.sh -z WEB_FILES $(WEB)/* >$@.tmp && mv $@.tmp $@

# ---- unit tests: beside their source, one program each ---------------------------------------------------------------
unit: $(TESTS:%=$(OUT)/test/%)

$(OUT)/test/%: src/%.c $(ARCHIVE)
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(C_FLAGS) -MMD -MP $(LD_FLAGS) -o $@ $< $(ARCHIVE) $(LDLIBS) $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null)

unit-run: unit
	$(Q)sh scripts/unit.sh $(TESTS:%=$(OUT)/test/%)

# ---- fuzzing: clang's libFuzzer, one target per parser of foreign bytes -------------------------------------------------
FUZZ_SECONDS ?= 600

fuzz: deps-check
	$(Q)$(MAKE) VARIANT=fuzz CC=clang fuzz-build
	$(Q)sh scripts/fuzz.sh $(FUZZ_SECONDS) $(FUZZERS:%=$(BUILD)/fuzz/fuzz/%)

fuzz-build: $(FUZZERS:%=$(OUT)/fuzz/%)

$(OUT)/fuzz/%: fuzz/%.c $(ARCHIVE)
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(C_FLAGS) -Wno-missing-prototypes -MMD -MP -fsanitize=fuzzer,address,undefined -pthread -o $@ $< $(ARCHIVE) $(LDLIBS)

# ---- the checks ----------------------------------------------------------------------------------------------------
# What a step needs is installed first (deps), then a second make sees it.
run: deps-run
	$(Q)$(MAKE) all
	$(BUILD)/arsenal demo

check: deps-check
	$(Q)sh scripts/check.sh quick

check-full: deps-check
	$(Q)sh scripts/check.sh full

check-asan: deps-check
	$(Q)$(MAKE) VARIANT=asan unit-run all
	$(Q)python3 test/system/run.py --arsenal $(BUILD)/asan/arsenal

check-tsan: deps-check
	$(Q)$(MAKE) VARIANT=tsan unit-run all
	$(Q)python3 test/system/run.py --arsenal $(BUILD)/tsan/arsenal

check-valgrind: deps-check
	$(Q)$(MAKE) unit
	$(Q)sh scripts/unit.sh --valgrind $(TESTS:%=$(OUT)/test/%)

probe-test:
	$(Q)sh scripts/probe_test.sh

system-test: all
	$(Q)python3 test/system/run.py

screenshots: all
	$(Q)sh scripts/web_test.sh build/screenshots

# Those of the README, which are kept in the repository.
pictures: all
	$(Q)PICTURES=doc/pictures sh scripts/web_test.sh '' 'pictures for the README'

BENCHES := $(patsubst bench/%.c,$(OUT)/bench/%,$(wildcard bench/bench_*.c))
bench: deps-run
	$(Q)$(MAKE) bench-run

bench-run: $(BENCHES) port
	$(Q)for b in $(BENCHES); do $$b || exit 1; done
	$(Q)sh scripts/bench_instructions.sh $(OUT)/bench/bench_series
	$(Q)sh scripts/bench_embedded.sh $(PORT)/arsenal

$(OUT)/bench/%: bench/%.c $(ARCHIVE)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(C_FLAGS) -MMD -MP $(LD_FLAGS) -o $@ $< $(ARCHIVE) $(LDLIBS)

cover: deps-check
	$(Q)$(MAKE) VARIANT=cover unit-run
	$(Q)sh scripts/cover.sh $(BUILD)/cover

C_FILES := $(wildcard include/*.h src/*.[ch] src/*/*.[ch] fuzz/*.c bench/*.[ch] bench/detect/*.[ch] examples/*.c)
format:
	clang-format -i $(C_FILES)

format-check:
	$(Q)clang-format --dry-run --Werror $(C_FILES)

lint: deps-check
	$(Q)$(MAKE) format-check
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -Isrc src
	$(Q)$(MAKE) GEN=$(BUILD)/gen VARIANT=clang CC=clang FLAGS_clang=-O1 all unit

install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BUILD)/arsenal $(DESTDIR)$(PREFIX)/bin/arsenal

# ---- the parts that have a file of their own: libarsenal --------------------------------------------------------------
-include mk/*.mk

deps-run:
	$(Q)sh scripts/deps.sh run

deps-check:
	$(Q)sh scripts/deps.sh check

deps: deps-check

clean:
	rm -rf $(BUILD)
