# SPDX-License-Identifier: MIT
#
# make            build everything into build/
# make demo       install what is missing, build, run models/tales
# make check      every test
# make install    DESTDIR=... prefix=...
# make modules    qaic_sim.ko for the running kernel; then make modules_install
#
# One non-recursive makefile. A room is a directory; its .c and .proto files are
# found, not listed. SAN=1 builds with AddressSanitizer and UBSan into build/asan.

VERSION	:= 0.1.0
SOVER	:= 0

prefix	?= /usr/local
bindir	?= $(prefix)/bin
libdir	?= $(prefix)/lib
includedir ?= $(prefix)/include
mandir	?= $(prefix)/share/man

CC	?= gcc
OPT	?= -O2 -g
WARN	:= -Wall -Wextra -Wno-unused-parameter -Wmissing-prototypes \
	   -Wstrict-prototypes -Wpointer-arith -Wvla
ifdef CI
WARN	+= -Werror
endif
ifdef SAN
BUILD	?= build/asan
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	   -fno-omit-frame-pointer
endif
BUILD	?= build

PKGS	:= jansson libmd libprotobuf-c yaml-0.1 libpcre2-8 libelf libutf8proc libudev libdrm \
	   libnl-3.0 libnl-genl-3.0
# asked lazily: "make demo" installs the packages first. OpenBLAS is loaded when it
# is needed (soc/nsp_blas.c).
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS) openblas))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)

CPPFLAGS_ALL = -I. -I$(BUILD)/gen -D_GNU_SOURCE -DQAIC_VERSION='"$(VERSION)"' \
	   $(PKG_CFLAGS) $(CPPFLAGS)
CFLAGS_ALL = -std=gnu11 $(OPT) -fPIC -pthread -fno-strict-aliasing \
	   -ffp-contract=off $(WARN) $(SANFLAGS) $(CFLAGS)
LDLIBS_ALL = $(PKG_LIBS) -lm -pthread
LDFLAGS_ALL = $(SANFLAGS) $(LDFLAGS)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# ---- rooms ----

ROOMS	:= base qpc soc libqaic compiler libqeff
room-src = $(wildcard $(1)/*.c $(1)/*/*.c)
room-proto = $(wildcard $(1)/*.proto)
room-obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(call room-src,$(1))) \
	   $(patsubst %.proto,$(BUILD)/obj/gen/%.pb-c.o,$(call room-proto,$(1)))

define room-rule
$(BUILD)/lib/room-$(1).a: $(call room-obj,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call cmd,AR) ar rcs $$@ $$^
endef

# V=1 shows commands
cmd	= $(if $(V),,@echo "  $(1)	$(patsubst $(BUILD)/%,%,$@)" &&)

$(foreach r,$(ROOMS),$(eval $(call room-rule,$(r))))

ROOMLIB = $(patsubst %,$(BUILD)/lib/room-%.a,$(1))

# kernels that are built for one instruction set and chosen at run time
$(BUILD)/obj/soc/%_portable.o: CFLAGS_ALL += -O3
$(BUILD)/obj/soc/%_avx2.o: CFLAGS_ALL += -O3 -mavx2 -mfma -mf16c
$(BUILD)/obj/soc/%_avx512.o: CFLAGS_ALL += -O3 -mavx512f -mavx512bw \
	-mavx512vl -mavx512dq -mavx2 -mfma -mf16c
$(BUILD)/obj/soc/kern_mx_avx512.o: CFLAGS_ALL += -mavx512vnni -mavx512vbmi
$(BUILD)/obj/gen/%.o: WARN :=

GENHDRS := $(foreach r,$(ROOMS),$(patsubst %.proto,$(BUILD)/gen/%.pb-c.h,$(call room-proto,$(r))))

$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h: %.proto
	@mkdir -p $(BUILD)/gen
	$(call cmd,PROTOC) protoc-c --c_out=$(BUILD)/gen $<

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c
	@mkdir -p $(@D)
	$(call cmd,CC) $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/obj/%.o: %.c | $(GENHDRS)
	@mkdir -p $(@D)
	$(call cmd,CC) $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# ---- libraries ----
#
# base, qpc and soc have no life of their own outside: each public library carries
# what it needs of them, and exports what its .map names.

LIB_qaic_ROOMS := libqaic soc qpc base
LIB_qaicc_ROOMS := compiler qpc base
LIB_qeff_ROOMS := libqeff base
LIB_qeff_LIBS := qaic qaicc
# it writes ONNX; libqaicc.so keeps its codec to itself
LIB_qeff_GEN := compiler/onnx
PUBLIC_LIBS := qaic qaicc qeff

# What models see, in the tree and from outside. Programs that load plugins export
# the functions that these headers declare; scripts/install installs the headers.
MODEL_HDRS := libqeff/model.h libqeff/config.h libqeff/blocks.h libqeff/arch.h
MODEL_SYMS := $(BUILD)/gen/model.syms
LIB_qeff_SYMS := $(MODEL_SYMS)

$(MODEL_SYMS): $(MODEL_HDRS)
	@mkdir -p $(@D)
	@sed -nE 's/^[a-z].*[ *](qf_[a-z0-9_]+)\(.*/\t\1;/p' $^ >$@.list
	@{ echo "LIBQEFF_MODEL_1 {"; echo "global:"; cat $@.list; echo "};"; } >$@
	@{ echo "{"; cat $@.list; echo "};"; } >$@.dynamic

lib-gen	= $(patsubst %,$(BUILD)/obj/gen/%.pb-c.o,$(LIB_$(1)_GEN))
lib-map	= $(wildcard $(word 1,$(LIB_$(1)_ROOMS))/lib$(1).map)

define lib-rule
$(BUILD)/lib/lib$(1).so.$(VERSION): $(call ROOMLIB,$(LIB_$(1)_ROOMS)) \
	$(foreach l,$(LIB_$(1)_LIBS),$(BUILD)/lib/lib$(l).so) $(call lib-map,$(1)) $(LIB_$(1)_SYMS) $(call lib-gen,$(1))
	$$(call cmd,LD) $(CC) -shared $$(LDFLAGS_ALL) -Wl,-soname,lib$(1).so.$(SOVER) \
		$(if $(call lib-map,$(1)),-Wl$(COMMA)--version-script=$(call lib-map,$(1))) \
		$(if $(LIB_$(1)_SYMS),-Wl$(COMMA)--version-script=$(LIB_$(1)_SYMS)) \
		-Wl,--no-undefined -Wl,--as-needed -o $$@ \
		-Wl,--whole-archive $(call ROOMLIB,$(word 1,$(LIB_$(1)_ROOMS))) \
		-Wl,--no-whole-archive $(call lib-gen,$(1)) \
		$(call ROOMLIB,$(wordlist 2,9,$(LIB_$(1)_ROOMS))) \
		-L$(BUILD)/lib $(patsubst %,-l%,$(LIB_$(1)_LIBS)) $$(LDLIBS_ALL)
$(BUILD)/lib/lib$(1).so: $(BUILD)/lib/lib$(1).so.$(VERSION)
	@ln -sf lib$(1).so.$(VERSION) $(BUILD)/lib/lib$(1).so.$(SOVER)
	@ln -sf lib$(1).so.$(SOVER) $$@
$(BUILD)/lib/lib$(1).a: $(foreach r,$(LIB_$(1)_ROOMS),$(call room-obj,$(r)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call cmd,AR) ar rcs $$@ $$^
endef
COMMA	:= ,
$(foreach l,$(PUBLIC_LIBS),$(eval $(call lib-rule,$(l))))

LIBS	= $(foreach l,$(PUBLIC_LIBS),$(BUILD)/lib/lib$(l).so $(BUILD)/lib/lib$(l).a)

# ---- commands: tools/NAME.c is a main, tools/common/ is shared ----

TOOLS	:= $(patsubst tools/%.c,%,$(wildcard tools/*.c))
TOOL_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tools/common/*.c))
TOOL_ROOMS := libqeff compiler libqaic soc qpc base
BINS	= $(addprefix $(BUILD)/bin/,$(TOOLS))

$(BUILD)/lib/tool-common.a: $(TOOL_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(call cmd,AR) ar rcs $@ $^

$(BUILD)/bin/%: $(BUILD)/obj/tools/%.o $(BUILD)/lib/tool-common.a $(call ROOMLIB,$(TOOL_ROOMS))
	@mkdir -p $(@D)
	$(call cmd,LD) $(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o %.a,$^) $(LDLIBS_ALL)

# they load models: all that those may call is in them, and exported
MODEL_BINS := $(BUILD)/bin/qeff $(BUILD)/bin/qaic-run
$(MODEL_BINS): $(MODEL_SYMS)
$(MODEL_BINS): LDFLAGS_ALL += -Wl,--dynamic-list=$(MODEL_SYMS).dynamic \
	-Wl,--whole-archive $(BUILD)/lib/room-libqeff.a -Wl,--no-whole-archive

all: $(BINS) $(LIBS)

# ---- tests ----
#
# tests/unit/ROOM/test_X.c is a cmocka program linked with ROOM and what is below;
# tests/fuzz/fuzz_X.c feeds a loader mutated files (built with SAN=1);
# tests/bench/X.c is run by hand; tests/*/run* are the larger ones.

UNIT_SRC := $(wildcard tests/unit/*/test_*.c)
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(UNIT_SRC))
BENCH_BIN := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(wildcard tests/bench/*.c))
GOLDEN_BIN := $(patsubst tests/golden/%.c,$(BUILD)/tests/golden/%,$(wildcard tests/golden/*.c))
TOKENIZER_BIN := $(BUILD)/tests/tokenizers/tok
KERNEL_BIN := $(patsubst tests/kernel/%.c,$(BUILD)/tests/kernel/%,$(wildcard tests/kernel/*.c))
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

BELOW_base := base
BELOW_qpc := qpc base
BELOW_soc := soc qpc base
BELOW_libqaic := libqaic soc qpc base
BELOW_compiler := compiler qpc base
BELOW_libqeff := libqeff compiler libqaic soc qpc base
BELOW_tools := $(TOOL_ROOMS)

define unit-rule
$(BUILD)/tests/unit/$(1)/%: $(BUILD)/obj/tests/unit/$(1)/%.o \
		$(if $(filter tools,$(1)),$(BUILD)/lib/tool-common.a) \
		$(call ROOMLIB,$(BELOW_$(1)))
	@mkdir -p $$(@D)
	$$(call cmd,LD) $$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ -lcmocka $$(LDLIBS_ALL)
endef
$(foreach r,$(ROOMS) tools,$(eval $(call unit-rule,$(r))))

$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(call ROOMLIB,$(TOOL_ROOMS))
	@mkdir -p $(@D)
	$(call cmd,LD) $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

$(BUILD)/tests/golden/%: $(BUILD)/obj/tests/golden/%.o $(call ROOMLIB,$(TOOL_ROOMS))
	@mkdir -p $(@D)
	$(call cmd,LD) $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

$(BUILD)/tests/tokenizers/%: $(BUILD)/obj/tests/tokenizers/%.o $(call ROOMLIB,$(TOOL_ROOMS))
	@mkdir -p $(@D)
	$(call cmd,LD) $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

# programs of the driver's tests, which run in a guest kernel
$(BUILD)/tests/kernel/%: $(BUILD)/obj/tests/kernel/%.o $(call ROOMLIB,libqaic soc qpc base)
	@mkdir -p $(@D)
	$(call cmd,LD) $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

# libqaic's own tests run there as well, on the kernel's card
KERNEL_BIN += $(addprefix $(BUILD)/tests/kernel/,test_exec test_profile test_transport)
$(BUILD)/tests/kernel/test_%: $(BUILD)/tests/unit/libqaic/test_%
	@mkdir -p $(@D)
	$(call cmd,CP) cp $< $@

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/mutate.o \
		$(call ROOMLIB,$(TOOL_ROOMS))
	@mkdir -p $(@D)
	$(call cmd,LD) $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

tests: $(UNIT_BIN) $(GOLDEN_BIN) $(KERNEL_BIN) $(TOKENIZER_BIN)
bench: $(BENCH_BIN)
fuzzers: $(FUZZ_BIN)

# recursive, since what it installs is needed to read this makefile's package flags
check:
	scripts/deps build test kernel
	$(MAKE) --no-print-directory all tests
	tests/run-all

# ---- the kernel module ----
#
# Built in a copy of its sources, one for each kernel: KDIR=... for another kernel's
# headers, C=1 for sparse. INSTALL_MOD_PATH=... installs below another root.

KDIR	?= /lib/modules/$(shell uname -r)/build
KMOD_SRC = Kbuild $(wildcard kmod/*.[ch]) $(wildcard uapi/*.h)
KMOD_OUT = $(BUILD)/kmod/$(notdir $(patsubst %/build,%,$(KDIR:/=)))
KMOD_MAKE = $(MAKE) -C $(KDIR) M=$(abspath $(KMOD_OUT))
DKMS_DIR = $(DESTDIR)/usr/src/qaic-sim-$(VERSION)

modules:
	@test -d $(KDIR) || { echo "$(KDIR) is missing: install the headers" \
		"of your kernel (Debian: linux-headers-amd64)" \
		"or give KDIR=..." >&2; exit 1; }
	@mkdir -p $(KMOD_OUT)/kmod $(KMOD_OUT)/uapi
	@rm -f $(filter-out $(KMOD_SRC:%=$(KMOD_OUT)/%),$(wildcard $(KMOD_OUT)/kmod/*.[ch]))
	@for f in $(KMOD_SRC); do \
		cmp -s $$f $(KMOD_OUT)/$$f || cp $$f $(KMOD_OUT)/$$f; done
	$(KMOD_MAKE) modules

modules_install:
	@test -e $(KMOD_OUT)/qaic_sim.ko || { echo "qaic_sim.ko is not built:" \
		"make modules" >&2; exit 1; }
	$(KMOD_MAKE) modules_install

# the source where DKMS looks for it: dkms install qaic-sim/VERSION
dkms:
	install -d $(DKMS_DIR)/kmod $(DKMS_DIR)/uapi
	install -m 644 Kbuild $(DKMS_DIR)
	install -m 644 $(wildcard kmod/*.[ch]) $(DKMS_DIR)/kmod
	install -m 644 $(wildcard uapi/*.h) $(DKMS_DIR)/uapi
	sed 's/@VERSION@/$(VERSION)/' kmod/dkms.conf.in >$(DKMS_DIR)/dkms.conf

# ---- people ----

deps:
	scripts/deps build
deps-test:
	scripts/deps build test kernel
demo:
	scripts/demo

install: all
	scripts/install "$(BUILD)" "$(DESTDIR)" "$(bindir)" "$(libdir)" \
		"$(includedir)" "$(mandir)" "$(VERSION)" "$(SOVER)" "$(prefix)"

clean:
	rm -rf build

# the kernel's own makefiles want their built-in rules
modules modules_install: MAKEFLAGS :=

.PHONY: modules modules_install dkms
.PHONY: all check tests bench fuzzers deps deps-test demo install clean

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
