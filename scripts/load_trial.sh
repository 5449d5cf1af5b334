#!/usr/bin/env bash
# load_trial.sh [OPTION...] [TRIAL...] - what one linguad carries: starts a Redis and a linguad of its own, lets lingua-bench load
# speak to them, and holds the figures against what is promised. Without a TRIAL: all of them.
#
#   throughput_1k   more than 3,000 jobs per second with 1 KiB each way: all answered
#   dispatch_1500   1,500 jobs per second: 99 of 100 are at a node's connection within 10 ms
#   throughput_15k  1,500 jobs per second with 15 KiB each way: reported
#   idle_sessions   15,000 silent sessions: 12 KiB of memory each and 5 % of a core at most
#   registered_10k  10,000 nodes under load: /metrics and /api/v1/stats within 5 ms
#
#   --alone         real-time priority for Redis, linguad and the load (root, chrt): figures as on a machine that does nothing else
#   --soak TIME     one load of 500 jobs per second for so long (30min) instead; fails when linguad's memory grows by more than 1 % per
#                   ten minutes behind the warm-up
#   --build DIR     where the programs are; build
#   --out DIR       keeps logs and results there; else they go with the run
#
# Exit status 1: a promise was not kept, or an utterance was lost, doubled or out of order.
set -euo pipefail

cd "$(dirname "$0")/.."
build=build alone= soak= out= trials=()
while (($#)); do
    case $1 in
    --alone) alone=1 ;;
    --soak) soak=$2; shift ;;
    --build) build=$2; shift ;;
    --out) out=$2; shift ;;
    --help | -h) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit ;;
    -*) echo "load_trial.sh: $1 is no option (see --help)" >&2; exit 2 ;;
    *) trials+=("$1") ;;
    esac
    shift
done
((${#trials[@]})) || trials=(throughput_1k dispatch_1500 throughput_15k idle_sessions registered_10k)

folder=$(mktemp -d)
redis= linguad= load= sampler=
end_all() {
    local pid
    for pid in $sampler $load $linguad $redis; do kill "$pid" 2>/dev/null || true; done
    wait
    sampler='' load='' linguad='' redis=''
}
clean_up() {
    end_all
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# Whoever comes second on a busy machine waits for milliseconds, which then pass for the daemon's.
first=()
if [[ $alone ]]; then first=(chrt --fifo 1); fi
go_first() { if [[ $alone ]]; then chrt --fifo --all-tasks --pid 1 "$1"; fi; }

# shellcheck source=scripts/found_in.sh
source scripts/found_in.sh

start_all() {
    local socket=$folder/redis.sock
    redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$folder" >"$folder/redis.log" &
    redis=$!
    found_in "$folder/redis.log" '(ready to accept connections)' >/dev/null
    LINGUAD_REDIS_URL=unix://$socket "$build/linguad" --port 0 >"$folder/linguad.out" 2>"$folder/linguad.log" &
    linguad=$!
    port=$(found_in "$folder/linguad.log" 'event=listening .*port=([0-9]+)')
    found_in "$folder/linguad.log" 'event=(instance_up)' >/dev/null
    go_first "$redis"
    go_first "$linguad"
}

# The load's own words; its results lie in $folder/result.
run_load() {
    local scenario=$1
    shift
    "${first[@]}" "$build/lingua-bench" load --target "ws://127.0.0.1:$port" --scenario "scenarios/load/$scenario.yaml" \
        --watch "linguad=$linguad" --watch "redis=$redis" --out "$folder/result" "$@" &
    load=$!
    wait "$load" || status=$?
    load=
}

keep() {
    if [[ $out ]]; then
        mkdir -p "$out/$1"
        cp -r "$folder/result/." "$folder"/*.log "$out/$1/"
    fi
}

# Prints each figure of a result beside its promise; fails when one is not kept.
judge() {
    python3 - "$1" "$folder/result/load.json" <<'PYTHON'
import json, sys

trial, result = sys.argv[1], json.load(open(sys.argv[2]))
outcomes, process = result["outcomes"], result["processes"]["linguad"]
connected = result["connections"]["nodes"] + result["connections"]["sessions"]
dispatch, pages = result["dispatch_ms"] or {}, result["pages_ms"]
answered = (outcomes["ok"] + outcomes["no_text"]) / max(outcomes["said"], 1)
rows = {
    "throughput_1k": [("answered per second", result["answered_per_s"], ">=", 3000), ("share answered", answered, ">=", 0.999)],
    "dispatch_1500": [("dispatch p99, ms", dispatch.get("p99"), "<=", 10), ("share answered", answered, ">=", 0.999)],
    "throughput_15k": [("answered per second", result["answered_per_s"], None, None), ("dispatch p99, ms", dispatch.get("p99"), None, None)],
    "idle_sessions": [("sessions", result["connections"]["sessions"], ">=", 15000),
                      ("KiB per session", (process["rss_end"] - process["rss_before"]) / 1024 / connected, "<=", 12),
                      ("share of a core", process["cpu_share"], "<=", 0.05)],
    "registered_10k": [("nodes", result["connections"]["nodes"], ">=", 10000)] +
                      [(page + " p99, ms", took["took"] and took["took"]["p99"], "<=", 5) for page, took in pages.items()],
}
kept = True
for name, value, relation, bound in rows[trial]:
    good = relation is None or (value is not None and (value >= bound if relation == ">=" else value <= bound))
    kept &= good
    print("  %-28s %10s   %s" % (name, "none" if value is None else "%.4g" % value,
          "reported" if relation is None else "%s %g: %s" % (relation, bound, "kept" if good else "NOT KEPT")))
sys.exit(not kept)
PYTHON
}

failed=0
trial() {
    local name=$1 status=0 more=()
    case $name in
    throughput_1k | dispatch_1500 | idle_sessions) ;;
    throughput_15k) more=(--result 15KiB) ;;
    registered_10k) more=(--poll /metrics --poll /api/v1/stats) ;;
    *) echo "load_trial.sh: no trial \"$name\" (see --help)" >&2; exit 2 ;;
    esac
    echo "== $name"
    start_all
    run_load "$name" "${more[@]}"
    keep "$name"
    echo
    if [[ -e $folder/result/load.json ]]; then judge "$name" || status=1; else status=1; fi
    end_all
    rm -rf "$folder/result"
    if ((status)); then failed=1; fi
    echo
}

# Resident memory by the clock: seconds, KiB.
sample_memory() {
    local began=$SECONDS
    while [[ -e /proc/$linguad/statm ]]; do
        echo "$((SECONDS - began)) $(awk '/^VmRSS/ { print $2 }' "/proc/$linguad/status")"
        sleep 5
    done >"$folder/memory.log"
}

# The median of the slopes between any two samples behind the warm-up: a burst, or a pause of the machine, does not tilt it.
judge_memory() {
    python3 - "$folder/memory.log" <<'PYTHON'
import statistics, sys

samples = [tuple(map(int, line.split())) for line in open(sys.argv[1]) if len(line.split()) == 2]
last = samples[-1][0] if samples else 0
kept = [(t, kib) for t, kib in samples if max(last / 5, 20) <= t <= last - 5]
if len(kept) < 3:
    sys.exit("  too few samples of memory: %d" % len(kept))
slope = statistics.median((b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(kept) for b in kept[i + 1:] if b[0] > a[0])
usual = statistics.median(kib for t, kib in kept)
growth = 100 * slope * 600 / usual
print("  memory %.1f MiB, growth per ten minutes %+.2f %%   <= 1 %%: %s" % (usual / 1024, growth, "kept" if growth <= 1 else "NOT KEPT"))
sys.exit(growth > 1)
PYTHON
}

soak() {
    local status=0
    echo "== soak, $soak"
    start_all
    sample_memory &
    sampler=$!
    run_load throughput_1k --rate 500/s --duration "$soak"
    keep soak
    judge_memory || status=1
    if ((status)); then failed=1; fi
}

if [[ $soak ]]; then
    soak
else
    for name in "${trials[@]}"; do trial "$name"; done
fi
exit $failed
