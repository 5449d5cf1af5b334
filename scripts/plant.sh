#!/usr/bin/env bash
# plant.sh KIND DIR [BUILD] - puts a regression into a copy under DIR, for whoever wants to see the gate find it.
#
#   command  DIR/*.lua: the scripts, and marking a job reads one field more (one command more per job)
#   script   DIR/*.lua: the scripts, and proposing nodes takes 15 % more instructions
#   code     DIR/lingua-bench: the program of BUILD (build), and putting candidates in order takes 15 % more
#
# The tree itself is left as it is: gate --scripts DIR, or gate --cand DIR.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=$1 dir=$2 build=${3:-build}
source=core/mechanisms/placement_best_of.c

# Behind the first line that ends with $3 comes the text $4; it must be there.
insert_behind() {
    awk -v line="$3" -v text="$4" '
        { print }
        !done && substr($0, length($0) - length(line) + 1) == line { print text; done = 1 }
        END { exit !done }' "$1" >"$2"
}

mkdir -p "$dir"
case $kind in
command)
    cp scripts/lua/*.lua "$dir"
    insert_behind scripts/lua/mark_job_dispatched.lua "$dir/mark_job_dispatched.lua" ']]' \
        "redis.call('HGET', KEYS[1], 'planted')"
    ;;
script)
    cp scripts/lua/*.lua "$dir"
    insert_behind scripts/lua/select_node.lua "$dir/select_node.lua" ']]' \
        'local planted = 0; for i = 1, 196 do planted = planted + i end'
    ;;
code)
    insert_behind $source "$dir/planted.c" 'int compared) {' \
        '    for (volatile int planted = 0; planted < 5; planted++) continue;'
    # The commands that make uses, with another source, and its object in front of the library that has the other one.
    compile=$(make -n V=1 -W $source "BUILD=$build" "$build/${source%.c}.o" | grep -m1 -e ' -c -o ')
    link=$(make -n V=1 -W bench/main.c "BUILD=$build" "$build/lingua-bench" | grep -m1 -e "-o $build/lingua-bench ")
    compile=${compile/ -MMD -MP/}
    compile=${compile/-o $build\/${source%.c}.o $source/-o "$dir/planted.o" "$dir/planted.c"}
    eval "$compile"
    eval "${link/-o $build\/lingua-bench /-o "$dir/lingua-bench" "$dir/planted.o" }"
    ;;
*)
    echo "plant.sh: $kind: expected command, script or code" >&2
    exit 2
    ;;
esac
