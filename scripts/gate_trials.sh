#!/usr/bin/env bash
# gate_trials.sh [SERIES,...] [RUNS] [BUILD] - how often is the gate right? Runs it RUNS (20) times in each series and counts.
#
#   same     nothing has changed: all layers, the program of BUILD (build) against itself. Each FAIL is a false alarm
#   command  one command more per job (scripts/plant.sh): counters against a baseline. Each pass is one missed
#   script   15 % more instructions in the script that proposes nodes: instructions against a baseline
#   code     15 % more where candidates are put in order: the same
#
# The baseline is made here and now. One line for each run, with its exit status; then the sum of the series. Exit status 1 unless
# the gate was right every time.
set -euo pipefail
cd "$(dirname "$0")/.."

series=${1:-same,command,script,code} runs=${2:-20} build=${3:-build}

# The program may be built anew meanwhile: a copy is what is tried.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/base"
cp "$build/lingua-bench" "$folder/base"
gate=("$folder/base/lingua-bench" gate --baseline "$folder/baseline.json")
# What the series compare with.
case $series in
command) needs=counters ;;
*same* | *command*) needs=counters,instructions ;;
*) needs=instructions ;;
esac
"${gate[@]}" --layers $needs --bless "a trial" 2>/dev/null

# try_series NAME STATUS OPTION...: the exit status that is right, and what the gate is given.
try_series() {
    local name=$1 expected=$2 right=0 run status began
    shift 2
    for ((run = 1; run <= runs; run++)); do
        status=0 began=$SECONDS
        "${gate[@]}" "$@" >"$folder/verdict" 2>"$folder/progress" || status=$?
        if ((status == expected)); then
            right=$((right + 1))
        else
            cat "$folder/verdict" >&2
            tail -1 "$folder/progress" >&2
        fi
        printf '%s %d: exit status %d, %d s; load %s\n' "$name" "$run" $status $((SECONDS - began)) \
            "$(cut -d ' ' -f 1 /proc/loadavg)"
    done
    echo "$name: right in $right of $runs"
    ((right == runs))
}

all_right=0
for one in ${series//,/ }; do
    plant=$folder/$one
    if [[ $one != same ]]; then scripts/plant.sh "$one" "$plant" "$build"; fi
    case $one in
    same) try_series same 0 --base "$folder/base" ;;
    command) try_series command 3 --layers counters --scripts "$plant" ;;
    script) try_series script 3 --layers instructions --scripts "$plant" ;;
    code) try_series code 3 --layers instructions --cand "$plant" ;;
    esac || all_right=1
done
exit $all_right
