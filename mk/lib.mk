# SPDX-License-Identifier: Apache-2.0
# libarsenal: the engine as a library for C, static and shared. `make lib` builds both, `make lib-test` tries them as an installed
# library, `make install-lib` installs. LIBDIR and INCLUDEDIR say where to.
#
# Its objects are a variant of their own: position-independent, and hidden but for what include/arsenal.h names.

LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
OBJCOPY ?= objcopy
LIB_OUT := $(BUILD)/lib
LIB_SONAME := libarsenal.so.$(word 1,$(subst ., ,$(VERSION))).$(word 2,$(subst ., ,$(VERSION)))
LIB_SOURCES := $(filter-out %_test.c,$(foreach room,base model etf series analyze engine lib,$(wildcard src/$(room)/*.c)))
LIB_CFLAGS = -std=c17 -D_GNU_SOURCE -DARSENAL_VERSION='"$(VERSION)"' -Isrc -fPIC -fvisibility=hidden \
	-ffunction-sections -fdata-sections $(WARNINGS)
LIB_OBJECTS := $(LIB_SOURCES:src/%.c=$(LIB_OUT)/%.o)
LIB_ASAN_OBJECTS := $(LIB_SOURCES:src/%.c=$(LIB_OUT)/asan/%.o)

.PHONY: lib lib-test install-lib

lib: $(LIB_OUT)/libarsenal.a $(LIB_OUT)/libarsenal.so

$(LIB_OUT)/asan/%.o: src/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LIB_CFLAGS) $(FLAGS_asan) -MMD -MP -c -o $@ $<

$(LIB_OUT)/%.o: src/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LIB_CFLAGS) $(FLAGS_plain) -MMD -MP -c -o $@ $<

# One object, in which what is hidden is local: names of ours cannot clash with those of whoever links it.
$(LIB_OUT)/libarsenal.a: $(LIB_OBJECTS)
	$(call say,AR,$@)
	$(Q)$(CC) -r -nostdlib -o $(LIB_OUT)/libarsenal.o $(LIB_OBJECTS)
	$(Q)$(OBJCOPY) --localize-hidden $(LIB_OUT)/libarsenal.o
	$(Q)rm -f $@ && ar rcs $@ $(LIB_OUT)/libarsenal.o

$(LIB_OUT)/$(LIB_SONAME): $(LIB_OBJECTS) src/lib/arsenal.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(LIB_SONAME) -Wl,--version-script=src/lib/arsenal.map -Wl,-z,relro,-z,now,-z,defs \
		-Wl,-Bsymbolic-functions,--gc-sections -o $@ $(LIB_OBJECTS) -lm

$(LIB_OUT)/libarsenal.so: $(LIB_OUT)/$(LIB_SONAME)
	$(Q)ln -sf $(LIB_SONAME) $@

install: install-lib

install-lib: lib
	install -d $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 644 include/arsenal.h $(DESTDIR)$(INCLUDEDIR)/arsenal.h
	install -m 644 $(LIB_OUT)/libarsenal.a $(DESTDIR)$(LIBDIR)/libarsenal.a
	install -m 755 $(LIB_OUT)/$(LIB_SONAME) $(DESTDIR)$(LIBDIR)/$(LIB_SONAME)
	ln -sf $(LIB_SONAME) $(DESTDIR)$(LIBDIR)/libarsenal.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		src/lib/arsenal.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/arsenal.pc

# ---- tests ---------------------------------------------------------------------------------------------------------
# Calls in random order, under AddressSanitizer.
$(LIB_OUT)/random_asan: src/lib/random_test.c $(LIB_ASAN_OBJECTS)
	$(call say,TEST,$<)
	$(Q)$(CC) $(LIB_CFLAGS) $(FLAGS_asan) -o $@ $^ -lm $(shell pkg-config --libs cmocka 2>/dev/null)

lib-test: lib $(LIB_OUT)/random_asan
	$(Q)MAKE="$(MAKE)" BUILD="$(BUILD)" sh scripts/lib_test.sh

-include $(wildcard $(LIB_OUT)/*/*.d $(LIB_OUT)/asan/*/*.d)
