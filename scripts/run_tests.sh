#!/usr/bin/env bash
# run_tests.sh BUILD TEST... - runs test programs (tests/unit/check_rng, tests/daemon/test_speech.py ...), one line for each, then the
# sum of all. Those in Python are run by Debian's interpreter, which has the WebSocket library, and meet the programs in BUILD.
#
# Each test starts servers of its own, in a fresh folder, so tests run side by side: one more than there are processors, because most
# ask a server and wait for its answer; and beside them a few of those whose source says "Mostly waits" (for timeouts, restarts, real
# time). Those that say "Runs alone", because they compare with the time that passes, come last, one after the other. CPU is that of a
# program and of what it waited for. What it printed is kept in BUILD/<test>.log and shown when it fails. A program that crashes, hangs
# or prints no sum counts as one failed test more.
# Environment: ONLY=text keeps the tests with that text in their name; TEST_TIMEOUT=seconds bounds each program (300).
set -euo pipefail

build=$1
shift
# Check's own limit of 4 s for a test is meant for an idle machine without sanitizers.
export CK_TIMEOUT_MULTIPLIER=${CK_TIMEOUT_MULTIPLIER:-15}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=tests/lsan.supp:print_suppressions=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
limit=${TEST_TIMEOUT:-300}
waiting=3 # of those that mostly wait, side by side

# Check's sums, or unittest's, as "checks failed".
read_sum() {
    sed -nE 's/^[0-9]+%: Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+)$/\1 \2 \3/p
        s/^Ran ([0-9]+) tests? in .*/\1/p
        s/^FAILED \(failures=([0-9]+)(, errors=([0-9]+))?.*/0 \1 \3/p
        s/^FAILED \(errors=([0-9]+).*/0 \1/p' "$1" |
        awk '{ checks += $1; failed += $2 + $3 } END { print checks + 0, failed + 0 }'
}

# Runs one program; its log, and a result "passed failed" beside it.
run_one() {
    local test=$1 program=$build/$1 began=$EPOCHREALTIME status=0
    local words=("$program")
    if [[ $test == *.py ]]; then words=(/usr/bin/python3 -B "$test"); fi
    mkdir -p "${program%/*}"
    LINGUA_BUILD=$build timeout --kill-after=5 "$limit" "${words[@]}" >"$program.log" 2>&1 </dev/null &
    local child=$!
    trap 'kill "$child" 2>/dev/null; exit 130' INT TERM
    { wait "$child" || status=$?; } 2>/dev/null
    local took cpu checks failed
    took=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
    times >"$program.times"
    cpu=$(awk -F '[ ms]+' 'NR == 2 { printf "%.1f", $1 * 60 + $2 + $3 * 60 + $4 }' "$program.times")
    read -r checks failed < <(read_sum "$program.log")
    local passed=$((checks - failed)) note=
    if ((checks == 0 || (status != 0 && failed == 0))); then
        failed=$((failed + 1))
        note=", exit status $status"
        if ((status == 124 || status == 137)); then note=", stopped after $limit s"; fi
    fi
    echo "$passed $failed" >"$program.result"
    if ((failed == 0)); then
        printf '  ok    %-36s %4d passed %6s s, %5s s of CPU\n' "${test#tests/}" "$passed" "$took" "$cpu"
    else
        # One write, so that programs that fail at the same time do not mix their lines.
        printf '%s\n' "$(
            printf '  FAIL  %-36s %4d passed %6s s, %5s s of CPU, %d failed%s\n' "${test#tests/}" "$passed" "$took" "$cpu" "$failed" "$note"
            grep -vE ':P:[^:]*:[^:]*:[0-9]+: ' "$program.log" | tail -n 200 | sed 's/^/        /'
        )"
    fi
}

# computes, waits or alone
lane_of() {
    local source=$1
    if [[ $source != *.py ]]; then source+=.c; fi
    case $(grep -om1 -e 'Mostly waits' -e 'Runs alone' "$source") in
    Mostly*) echo waits ;;
    Runs*) echo alone ;;
    *) echo computes ;;
    esac
}

# run_lane SIDE_BY_SIDE TEST...
run_lane() {
    local side_by_side=$1 test
    trap 'kill $(jobs -p) 2>/dev/null || true; exit 130' INT TERM
    shift
    for test; do
        while (($(jobs -rp | wc -l) >= side_by_side)); do wait -n || true; done
        run_one "$test" &
    done
    wait
}

ONLY=${ONLY:-}
computes=() waits=() alone=()
for test; do
    [[ $test == *$ONLY* ]] || continue
    rm -f "$build/$test.result"
    declare -n lane="$(lane_of "$test")"
    lane+=("$test")
done
ran=("${computes[@]}" "${waits[@]}" "${alone[@]}")
if ((${#ran[@]} == 0)); then
    echo "no test has \"$ONLY\" in its name" >&2
    exit 2
fi
trap 'kill $(jobs -p) 2>/dev/null || true; exit 130' INT TERM
run_lane $(($(nproc) + 1)) "${computes[@]}" &
run_lane "$waiting" "${waits[@]}" &
wait
run_lane 1 "${alone[@]}" &
wait

passed=0 failed=0
for test in "${ran[@]}"; do
    read -r p f <"$build/$test.result" || { p=0 f=1; }
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
((failed == 0))
