#!/usr/bin/env bash
# fuzz.sh BUILD SECONDS TARGET... - runs the fuzz targets (tests/fuzz/fuzz_speech ...), each for so long; one line for each.
#
# Seeds are what lies in the tree anyway: the examples of docs/PROTOCOL.md, the scenarios. What a run discovers stays in
# BUILD/corpus for the next one; an input that breaks a promise stays in BUILD/findings. Exit status 1 when there was one.
set -euo pipefail

build=$1 seconds=$2
shift 2

# examples WHO DIR - the examples of PROTOCOL.md that WHO says, one file each
examples() {
    awk -v who="$1" -v dir="$2" '
        /^```json/ { on = (who == "" || $2 == who); n++; next }
        /^```/ { on = 0 }
        on { print > (dir "/example-" n) }' docs/PROTOCOL.md
}

seed() {
    case ${1##*/fuzz_} in
    wire_client) examples client "$2" ;;
    wire_node) examples node "$2" ;;
    wire_json) examples "" "$2" ;;
    wire_peer)
        printf '{"type":"job","from":"i-1","job":"j","attempt":1,"src":"zh","tgt":"en","duration":9,"sound":3,"about":2}\0sssaa' >"$2/job"
        printf '{"type":"result","from":"i-1","job":"j","outcome":1,"content":4}\0cccc' >"$2/result"
        ;;
    scenario) find scenarios -name '*.yaml' -size -8k -exec cp {} "$2" \; ;;
    redis_reply)
        printf '*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:7000\r\n$2\r\nid\r\n' >"$2/slots"
        printf -- '-MOVED 3999 127.0.0.1:6381\r\n' >"$2/moved"
        ;;
    esac
}

status=0
for target in "$@"; do
    name=${target##*/fuzz_}
    seeds=$build/seeds/$name corpus=$build/corpus/$name findings=$build/findings log=$build/fuzz_$name.log
    rm -rf "$seeds"
    mkdir -p "$seeds" "$corpus" "$findings"
    seed "$target" "$seeds"
    if "$build/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 \
        -artifact_prefix="$findings/$name-" "$corpus" "$seeds" >"$log" 2>&1; then
        printf '  ok    fuzz_%s: %s inputs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    else
        printf '  FOUND fuzz_%s: see %s\n' "$name" "$log"
        grep -m3 -E 'not so:|ERROR:|Assertion|runtime error' "$log" || true
        status=1
    fi
done
exit $status
