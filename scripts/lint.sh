#!/usr/bin/env bash
# lint.sh FILE... -- FLAG... - clang-tidy (rules in .clang-tidy) and cppcheck; silent when there is nothing to say.
set -euo pipefail

files=()
while (($#)) && [[ $1 != -- ]]; do
    files+=("$1")
    shift
done
shift
for tool in clang-tidy cppcheck; do
    if ! command -v "$tool" >/dev/null; then
        echo "lint: $tool is missing (Debian: apt-get install $tool)" >&2
        exit 2
    fi
done

status=0
# tidy FLAGS CONFIG FILE...: CONFIG is how hard clang's analyzer tries, which is most of the time.
tidy() {
    local flags="$1 -Xclang -analyzer-config -Xclang $2"
    shift 2
    (($#)) || return 0
    # shellcheck disable=SC2016  # the inner shell expands
    printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -n 4 sh -c '
        flags=$1; shift
        clang-tidy --quiet "$@" -- $flags 2>/dev/null' sh "$flags"
}
# Tests are executed under sanitizers: their functions are looked at one by one, so what is wrong only behind a call is not found in
# them. In the others calls are followed, in a third of the steps that clang takes by itself, which halves the time.
tests=() others=()
for file in "${files[@]}"; do
    if [[ $file == tests/* ]]; then tests+=("$file"); else others+=("$file"); fi
done
tidy "$*" max-nodes=75000 "${others[@]}" || status=1
tidy "$*" mode=shallow "${tests[@]}" || status=1
# cppcheck reads no system headers, but must know what the loops of uthash are.
loops=()
for header in /usr/include/uthash.h /usr/include/utlist.h; do
    if [[ -e $header ]]; then loops+=("--include=$header"); fi
done
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j "$(nproc)" \
    --suppress=missingIncludeSystem --suppress=uninitvar --suppress=uninitStructMember --suppress=varFuncNullUB --suppress='*:/usr/include/*' \
    "${loops[@]}" -I. -D_GNU_SOURCE -DEND_TEST= "${files[@]}" || status=1
if ((status == 0)); then echo "lint: ${#files[@]} files without a complaint"; fi
exit $status
