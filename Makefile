# Builds the four parts and runs their tests. `make help` lists the targets.
# A build folder holds one kind of build: `make BUILD=build/clang CC=clang` leaves build/ alone.
CC      ?= gcc
BUILD   ?= build
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')

PC       := hiredis yaml-0.1 jansson
WARN     := -std=gnu11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
# -ffp-contract=off: one seed gives the same bytes on CPUs with and without fused multiply-add.
CPPFLAGS := -I. -I$(BUILD) -D_GNU_SOURCE $(shell pkg-config --cflags-only-I $(PC) 2>/dev/null)
FLAGS     = $(WARN) $(CFLAGS) -ffp-contract=off
ALLOC    ?= -ljemalloc
LIBS     := $(shell pkg-config --libs $(PC) 2>/dev/null) -lm $(ALLOC)
TESTLIBS := $(shell pkg-config --libs check 2>/dev/null)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

obj        = $(patsubst %.c,$(BUILD)/%.o,$(1))
core_src  := $(wildcard core/base/*.c core/redis/*.c core/domain/*.c core/mechanisms/*.c core/scheduler/*.c)
sim_src   := $(filter-out sim/main.c sim/redis_host/preload/%,$(wildcard sim/*.c sim/*/*.c))
bench_src := $(filter-out bench/main.c,$(wildcard bench/*.c))
lua_src   := $(sort $(wildcard scripts/lua/*.lua))
support   := $(wildcard tests/support/*.c)
tests     := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/check_*.c tests/lua/check_*.c tests/sim/check_*.c))
programs  := $(addprefix $(BUILD)/,$(if $(wildcard sim/main.c),lingua-sim) $(if $(wildcard bench/main.c),lingua-bench))
embedded  := $(call obj,$(BUILD)/gen/embedded.c)

.PHONY: all help run check asan layers format format-check lint deps clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(programs) ## build the programs

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/liblingua.a: $(call obj,$(core_src))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/gen/embedded.c: scripts/embed.sh $(lua_src)
	@mkdir -p $(@D)
	$(call say,EMBED,scripts/lua)
	$(Q)scripts/embed.sh embedded_scripts $(lua_src) > $@

$(BUILD)/libtest.a: $(call obj,$(support) $(sim_src) $(bench_src))
	$(Q)mkdir -p $(@D) && rm -f $@ && ar rcs $@ $^

$(tests): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libtest.a $(BUILD)/liblingua.a $(embedded)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(BUILD)/liblingua.a $(LIBS) $(TESTLIBS)

asan: ## all tests under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer
	$(MAKE) check BUILD=build/asan ALLOC= CFLAGS="-O1 -g $(SANITIZE)"

-include $(patsubst %.o,%.d,$(call obj,$(core_src) $(sim_src) $(bench_src) $(support) $(wildcard tests/*/check_*.c sim/main.c bench/main.c)))
