#!/usr/bin/env bash
# validate.sh [OPTION...] SCENARIO LEVELS - is the simulator right about a scenario? Each load is measured on a Redis and a linguad of its
# own by lingua-bench load, then lingua-sim validate runs it in simulated and in real time and puts the three side by side.
#
#   LEVELS          by commas: factors of the scenario's sessions, as for lingua-sim validate
#   --profile FILE  costs as lingua-bench calibrate measured them on this machine
#   --set P=V       another value for one setting of the scenario, such as duration=60s; may be repeated
#   --build DIR     where the programs are; build
#   --out DIR       folder of the validation; reports/out/NAME-validate
#
# Takes an idle machine. Exit status as that of lingua-sim validate.
set -euo pipefail

cd "$(dirname "$0")/.."
build=build out='' settings=() words=()
while (($#)); do
    case $1 in
    --profile) settings+=(--set "redis.profile=$2"); shift ;;
    --set) settings+=(--set "$2"); shift ;;
    --build) build=$2; shift ;;
    --out) out=$2; shift ;;
    --help | -h) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit ;;
    -*) echo "validate.sh: $1 is no option (see --help)" >&2; exit 2 ;;
    *) words+=("$1") ;;
    esac
    shift
done
if ((${#words[@]} != 2)); then
    echo "validate.sh: expected a scenario and its loads (see --help)" >&2
    exit 2
fi
scenario=${words[0]} levels=${words[1]}
name=$(basename "$scenario" .yaml)
out=${out:-reports/out/$name-validate}

folder=$(mktemp -d)
running=()
end_all() {
    if ((${#running[@]})); then kill "${running[@]}" 2>/dev/null || true; fi
    wait
    running=()
}
trap 'end_all; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# shellcheck source=scripts/found_in.sh
source scripts/found_in.sh

# The settings of one load as further arguments; its result becomes $folder/N.json.
measure() {
    local number=$1 port
    shift
    redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' --appendonly no --dir "$folder" >"$folder/redis.log" &
    running+=($!)
    found_in "$folder/redis.log" '(ready to accept connections)' >/dev/null
    LINGUAD_REDIS_URL=unix://$folder/redis.sock "$build/linguad" --port 0 2>"$folder/linguad.log" >&2 &
    running+=($!)
    port=$(found_in "$folder/linguad.log" 'event=listening .*port=([0-9]+)')
    found_in "$folder/linguad.log" 'event=(instance_up)' >/dev/null
    "$build/lingua-bench" load --target "ws://127.0.0.1:$port" --scenario "$scenario" "$@" --out "$folder/$number" >&2
    end_all
    mv "$folder/$number/load.json" "$folder/$number.json"
}

mapfile -t commands < <("$build/lingua-sim" validate "$scenario" --levels "$levels" "${settings[@]}" --commands)
loads=()
for i in "${!commands[@]}"; do
    read -ra level <<<"${commands[i]}"
    echo "== linguad, load $((i + 1)) of ${#commands[@]}: ${level[*]}" >&2
    measure "$i" "${settings[@]}" "${level[@]}"
    loads+=(--load "$folder/$i.json")
done
if ((${#loads[@]} == 0)); then exit 2; fi
"$build/lingua-sim" validate "$scenario" --levels "$levels" "${settings[@]}" "${loads[@]}" --out "$out" --fresh
