#!/usr/bin/env bash
# deps.sh [--check|--all] - installs the Debian packages that are missing, and says what it does.
#
# Nothing is installed, and the network is not touched, when all is there.
#   --check  only say what is missing for building; exit status 2 if anything is
#   --all    also what developers use: the other compiler, formatter, linters
# Exit status: 0 all is there, 2 something is missing and was not installed.
set -euo pipefail

redis_oldest=7

has_program() { command -v "$1" >/dev/null; }
has_library() { pkg-config --exists "$1" 2>/dev/null; }
has_header() { echo "#include <$1>" | ${CC:-cc} -E - >/dev/null 2>&1; }
has_file() { compgen -G "$1" >/dev/null; }
has_redis() {
    local version
    version=$(redis-server --version 2>/dev/null | sed -n 's/.* v=\([0-9]*\)\..*/\1/p')
    ((${version:-0} >= redis_oldest))
}
has_compiler() { has_program "${CC:-cc}"; }

# package | needed for | the test that it is there
build_packages='
gcc             | compiling              | has_compiler
libc6-dev       | compiling              | has_header stdio.h
pkg-config      | finding libraries      | has_program pkg-config
libhiredis-dev  | Redis client           | has_library hiredis
libuv1-dev      | event loop             | has_library libuv
libyaml-dev     | YAML                   | has_library yaml-0.1
libjansson-dev  | JSON                   | has_library jansson
uthash-dev      | hash tables            | has_header uthash.h
libwebsockets-dev | WebSocket and HTTP of linguad | has_library libwebsockets
'
run_packages="
libjemalloc-dev | memory allocation      | has_library jemalloc
check           | tests                  | has_library check
redis-server    | Redis $redis_oldest or later       | has_redis
gnuplot-nox     | figures of the reports | has_program gnuplot
libwebsockets-evlib-uv | linguad's loop   | has_file '/usr/lib/*/libwebsockets-evlib_uv.so'
curl            | HTTP of the tests      | has_program curl
openssl         | TLS of the tests       | has_program openssl
python3-websockets | clients of the tests | /usr/bin/python3 -c 'import websockets' 2>/dev/null
"
develop_packages='
clang           | the second compiler    | has_program clang
clang-format    | make format            | has_program clang-format
clang-tidy      | make lint              | has_program clang-tidy
cppcheck        | make lint              | has_program cppcheck
libclang-rt-14-dev | make fuzz, make asan CC=clang | has_file '/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a'
llvm            | lines in the stacks of make asan CC=clang | has_program llvm-symbolizer
dpkg-dev        | make deb               | has_program dpkg-shlibdeps
mandoc          | checking manual pages  | has_program mandoc
chromium        | make check-browser     | has_program chromium
chromium-driver | make check-browser     | has_program chromedriver
valgrind        | lingua-bench gate      | has_program valgrind
'

# Fills `missing` with the packages of the given rows whose test fails.
find_missing() {
    missing=()
    local package purpose test
    while IFS='|' read -r package purpose test; do
        [[ -z $package ]] && continue
        if ! eval "$test"; then
            missing+=("${package// /}")
            printf '  missing: %s (%s)\n' "${package// /}" "$(sed 's/^ *//; s/ *$//' <<<"$purpose")" >&2
        fi
    done <<<"$1"
}

if [[ ${1:-} == --check ]]; then
    find_missing "$build_packages"
    if ((${#missing[@]} == 0)); then exit 0; fi
    echo "run 'make deps' to install: ${missing[*]}" >&2
    exit 2
fi

wanted=$build_packages$run_packages
if [[ ${1:-} == --all ]]; then wanted+=$develop_packages; fi
find_missing "$wanted"
if ((${#missing[@]} == 0)); then
    echo "deps: all there"
    exit 0
fi
if ! has_program apt-get; then
    echo "deps: this system has no apt-get; install what these Debian packages hold: ${missing[*]}" >&2
    exit 2
fi
as_root=()
if ((EUID != 0)); then
    if ! has_program sudo; then
        echo "deps: not root, and there is no sudo; as root, run: apt-get install ${missing[*]}" >&2
        exit 2
    fi
    as_root=(sudo)
fi

run() {
    echo "+ $*"
    "$@"
}
# A fresh image has no package lists.
if ! apt-cache show "${missing[@]}" >/dev/null 2>&1; then run "${as_root[@]}" apt-get update; fi
run "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"

find_missing "$wanted"
if ((${#missing[@]})); then
    echo "deps: installed, and yet not found: ${missing[*]}" >&2
    if ! has_redis; then
        echo "deps: $(redis-server --version 2>&1 | head -1): version $redis_oldest or later is needed, see redis.io" >&2
    fi
    exit 2
fi
