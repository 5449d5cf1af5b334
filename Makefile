# Builds the programs and runs their tests; `make help` lists the targets, V=1 shows the commands.
# A build folder holds one kind of build: `make BUILD=build/clang CC=clang` leaves build/ alone.
# Rules name relative paths only, so that the tree may lie in a folder with a space in its name.
BUILD   ?= build
CFLAGS  ?= -O2 -g
ONLY    ?=
FUZZ_SECONDS ?= 20
PREFIX  ?= /usr/local
DESTDIR ?=
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-6s %s\n' '$(1)' '$(2)')
# As many jobs as there are processors, unless -j was given.
jobs      = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

PC       := hiredis libuv yaml-0.1 jansson
# Of the daemon and of the load generator alone; libsystemd where it is there.
PC_WEB   := libwebsockets $(shell pkg-config --exists libsystemd && echo libsystemd)
WARN     := -std=gnu11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
# Instrumented code hides from gcc what bounds a number: -Wformat-truncation then speaks of texts that cannot be.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer $(if $(findstring clang,$(CC)),,-Wno-format-truncation)
sanitized = BUILD=$(BUILD)/asan ALLOC= CFLAGS="-O1 -g1 $(SANITIZE)"
# -ffp-contract=off: one seed gives the same bytes on CPUs with and without fused multiply-add.
FLAGS     = $(WARN) $(CFLAGS) -ffp-contract=off
CPPFLAGS := -I. -D_GNU_SOURCE $(shell pkg-config --cflags-only-I $(PC) 2>/dev/null)
ALLOC    := $(shell pkg-config --libs jemalloc 2>/dev/null)
LIBS     := $(shell pkg-config --libs $(PC) 2>/dev/null) -lm $(ALLOC)
LIBS_WEB := -Wl,--as-needed $(shell pkg-config --libs $(PC_WEB) 2>/dev/null)
CHECK    := $(shell pkg-config --libs check 2>/dev/null)

# What is there only where a library is.
systemd  := $(if $(shell pkg-config --exists libsystemd && echo yes),-DHAVE_LIBSYSTEMD)

obj       = $(patsubst %.c,$(BUILD)/%.o,$(1))
core     := $(filter-out core/daemon/% core/ctl/main.c,$(wildcard core/*/*.c))
sim      := $(wildcard sim/*/*.c)
daemon   := $(filter-out core/daemon/main.c,$(wildcard core/daemon/*.c))
bench    := $(filter-out bench/main.c bench/alloc_count.c,$(wildcard bench/*.c bench/*/*.c))
preload  := $(wildcard sim/redis_host/preload/*.c)
support  := $(wildcard tests/support/*.c)
main     := $(wildcard sim/main.c bench/main.c core/ctl/main.c core/daemon/main.c)
check    := $(wildcard tests/*/check_*.c)
tests    := $(patsubst %.c,$(BUILD)/%,$(check))
fuzz     := $(wildcard tests/fuzz/fuzz_*.c)
fuzzers  := $(patsubst %.c,$(BUILD)/%,$(fuzz))
scripted := $(wildcard tests/daemon/test_*.py)
programs := $(patsubst $(BUILD)/lingua-daemon,$(BUILD)/linguad,$(patsubst %/main.c,$(BUILD)/lingua-%,$(main:core/%=%)))
sources  := $(shell find core sim bench tests -name '*.[ch]' 2>/dev/null)

MAKEFLAGS += --no-builtin-rules --no-print-directory
.PHONY: all run check tests run-tests asan asan-tests valgrind fuzz fuzzers bench layers format format-check lint deps man install deb check-deploy check-browser clean help
.DELETE_ON_ERROR:
.SECONDARY:

all: $(programs) ## build the programs (CC=, CFLAGS=, BUILD= choose another kind of build)

run: deps ## install what is missing, build, run the quickstart scenario, say where its report is
	$(Q)$(MAKE) $(jobs) all
	$(Q)$(BUILD)/lingua-sim run scenarios/quickstart.yaml --out reports/out/quickstart

check: deps ## install what is missing, build, run all tests (ONLY=rng: those with "rng" in their name)
	$(Q)$(MAKE) layers format-check
	$(Q)$(MAKE) $(jobs) run-tests

tests: $(programs) $(tests) ## build the programs and all tests

run-tests: tests
	$(Q)ONLY='$(ONLY)' scripts/run_tests.sh $(BUILD) $(check:.c=) $(scripted)

asan: deps ## all tests under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer
	$(Q)$(MAKE) $(jobs) run-tests $(sanitized)

asan-tests: ## build what `asan` runs
	$(Q)$(MAKE) $(jobs) tests $(sanitized)

# Each parser against inputs that libFuzzer makes up, under AddressSanitizer and UndefinedBehaviorSanitizer.
fuzz: ## try to break the parsers, FUZZ_SECONDS (20) each; needs clang and libclang-rt-14-dev
	$(Q)$(MAKE) $(jobs) fuzzers BUILD=$(BUILD)/fuzz CC=clang ALLOC= CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
	$(Q)scripts/fuzz.sh $(BUILD)/fuzz $(FUZZ_SECONDS) $(fuzz:.c=)

fuzzers: $(fuzzers)

# Without the allocator of our own: valgrind knows the C library's. What it finds is the exit status, which the tests look at.
valgrind: ## end-to-end tests of linguad under valgrind (ONLY=speech: those with "speech" in their name)
	$(Q)$(MAKE) $(jobs) $(BUILD)/valgrind/linguad BUILD=$(BUILD)/valgrind ALLOC=
	$(Q)scripts/valgrind_daemon.sh $(BUILD)/valgrind $(if $(ONLY),$(ONLY),speech)

bench: all ## run the benchmarks, several minutes
	$(Q)$(BUILD)/lingua-bench run

layers: ## check which folder includes which
	$(Q)scripts/check_layers.sh

format: ## format all C sources
	$(Q)scripts/format.sh --write $(sources)

format-check: ## say which C sources are not formatted
	$(Q)scripts/format.sh --check $(sources)

lint: $(BUILD)/deps.ok ## clang-tidy and cppcheck over all C sources
	$(Q)scripts/lint.sh $(filter %.c,$(sources)) -- -std=gnu11 $(CPPFLAGS)

deps: ## install what is missing, with apt-get (ALL=1: also compiler, formatter and linters of developers)
	$(Q)scripts/deps.sh $(if $(ALL),--all)

man: $(patsubst deploy/man/%.in,$(BUILD)/man/%,$(wildcard deploy/man/*.in)) ## the manual pages, from what the programs say of themselves

install: all man ## install below DESTDIR and PREFIX (/usr/local); a configuration that is there is kept
	$(Q)scripts/install.sh $(BUILD) "$(DESTDIR)" "$(PREFIX)"

check-deploy: ## show each part of deploy/ to the program that will read it
	$(Q)$(MAKE) $(jobs) all man
	$(Q)scripts/check_deploy.sh $(BUILD)

check-browser: ## show the dashboard to chromium, on an instance with a thousand nodes; pictures are left in the build folder
	$(Q)$(MAKE) $(jobs) all
	$(Q)LINGUA_BROWSER=required ONLY=dashboard scripts/run_tests.sh $(BUILD) $(filter %dashboard.py,$(scripted))

deb: ## a Debian package in the build folder
	$(Q)$(MAKE) $(jobs) all man
	$(Q)scripts/make_deb.sh $(BUILD)

clean: ## remove the build folder
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

$(BUILD)/deps.ok: scripts/deps.sh
	$(Q)mkdir -p $(@D) && scripts/deps.sh --check && touch $@

$(BUILD)/core/daemon/notify.o: CPPFLAGS += $(systemd)
$(BUILD)/%.o: %.c Makefile | $(BUILD)/deps.ok
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(FLAGS) -MMD -MP -c -o $@ $<

# Files that travel inside the binaries: a table of core/base/embedded.h each. The folder is named so that a file that was
# removed is noticed.
$(BUILD)/gen/embedded_scripts.c: $(sort $(wildcard scripts/lua/ scripts/lua/*.lua))
$(BUILD)/gen/embedded_reports.c: $(sort $(wildcard reports/ reports/*.*))
$(BUILD)/gen/embedded_scenarios.c: scenarios/quickstart.yaml
$(BUILD)/gen/embedded_dashboard.c: $(sort $(wildcard core/daemon/dashboard/ core/daemon/dashboard/*.*))
$(BUILD)/gen/embedded_preload.c: $(patsubst sim/redis_host/%.c,$(BUILD)/gen/%.so,$(preload))
$(BUILD)/gen/embedded_%.c: scripts/embed.sh
	@mkdir -p $(@D)
	$(call say,EMBED,$(@F))
	$(Q)scripts/embed.sh embedded_$* $(filter-out %/ scripts/embed.sh,$^) > $@
$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(Q)$(CC) $(CPPFLAGS) $(FLAGS) -c -o $@ $<

# It runs inside redis-server, so it is never built with a sanitizer, whatever CFLAGS say.
$(BUILD)/gen/preload/%.so: sim/redis_host/preload/%.c Makefile | $(BUILD)/deps.ok
	@mkdir -p $(@D)
	$(call say,SO,$@)
	$(Q)$(CC) $(CPPFLAGS) $(WARN) -O2 -fPIC -shared -fvisibility=hidden -MMD -MP -o $@ $<

$(BUILD)/man/linguad.8: $(BUILD)/linguad
$(patsubst %,$(BUILD)/man/lingua-%.1,sim bench ctl): $(BUILD)/man/%.1: $(BUILD)/%
$(BUILD)/man/%: deploy/man/%.in scripts/man.sh
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)scripts/man.sh $< $(BUILD)/$(basename $*) > $@

$(BUILD)/liblingua.a: $(call obj,$(core)) $(BUILD)/gen/embedded_scripts.o
$(BUILD)/libsim.a: $(call obj,$(sim)) $(addprefix $(BUILD)/gen/embedded_,preload.o reports.o)
$(BUILD)/libdaemon.a: $(call obj,$(daemon)) $(BUILD)/gen/embedded_dashboard.o
$(BUILD)/libbench.a: $(call obj,$(bench)) $(BUILD)/gen/embedded_scenarios.o
$(BUILD)/libtest.a: $(call obj,$(support))
$(BUILD)/lib%.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && ar rcs $@ $^

$(BUILD)/lingua-sim: $(BUILD)/sim/main.o $(BUILD)/libsim.a $(BUILD)/liblingua.a
# It counts what it allocates (bench/alloc_count.c).
$(BUILD)/lingua-bench: LDFLAGS += $(foreach f,malloc calloc realloc,-Wl,--wrap=$f)
$(BUILD)/lingua-bench: $(BUILD)/bench/main.o $(BUILD)/bench/alloc_count.o $(BUILD)/libbench.a $(BUILD)/libdaemon.a $(BUILD)/libsim.a $(BUILD)/liblingua.a
$(BUILD)/lingua-ctl: $(BUILD)/core/ctl/main.o $(BUILD)/liblingua.a
$(BUILD)/linguad: $(BUILD)/core/daemon/main.o $(BUILD)/libdaemon.a $(BUILD)/liblingua.a
$(tests): LIBS += $(CHECK)
$(tests) $(BUILD)/linguad $(BUILD)/lingua-bench: LIBS += $(LIBS_WEB)
$(tests): %: %.o $(addprefix $(BUILD)/,libtest.a libbench.a libsim.a libdaemon.a liblingua.a)
$(fuzzers): LDFLAGS += -fsanitize=fuzzer
$(fuzzers): %: %.o $(addprefix $(BUILD)/,libtest.a libsim.a liblingua.a)
$(programs) $(tests) $(fuzzers):
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

-include $(patsubst %.o,%.d,$(call obj,$(core) $(daemon) $(sim) $(bench) bench/alloc_count.c $(support) $(check) $(fuzz) $(main))) $(patsubst sim/redis_host/%.c,$(BUILD)/gen/%.d,$(preload))
