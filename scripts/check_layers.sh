#!/usr/bin/env bash
# check_layers.sh [ROOT] - verifies which folder includes which, from the #include lines of all C sources.
#
# Quoted includes are written from the root, so each arrow of docs/ARCHITECTURE.md is visible in the text. A folder that has
# no row may not exist: whoever adds one says here what it stands on. Exit status 1 and one line per violation.
set -euo pipefail

cd "${1:-.}"

# folder          | may include, beside itself
folders='
core/base        |
core/redis       | core/base
core/domain      | core/base
core/instance    | core/base core/redis core/domain
core/mechanisms  | core/base core/redis core/domain core/instance
core/scheduler   | core/base core/redis core/domain core/instance core/mechanisms
core/wire        | core/base core/domain core/instance core/scheduler
core/view        | core/base core/redis core/domain core/instance core/mechanisms
core/ctl         | core/base core/redis core/domain core/instance core/mechanisms core/scheduler core/view
core/daemon      | core/base core/redis core/domain core/instance core/mechanisms core/scheduler core/view core/wire
sim/engine       | core/base
sim              | core/base core/redis core/domain core/instance core/mechanisms core/scheduler core/view core/ctl
bench            | core/base core/redis core/domain core/instance core/mechanisms core/scheduler core/view core/ctl core/wire core/daemon sim
tests            | core sim bench
'
# header          | only in
libraries='
hiredis          | core/redis sim/redis_host tests
uv.h             | core/daemon core/redis/link_uv.c core/redis/uv_attach.c core/redis/cluster_nodes.c core/redis/router_cluster.c sim/redis_host/clock_wall.c bench/load bench/bench_server.c bench/crew.c tests
libwebsockets.h  | core/daemon bench/load tests
yaml.h           | core/base
check.h          | tests
'

roots=()
for root in core sim bench tests; do if [[ -d $root ]]; then roots+=("$root"); fi; done
find "${roots[@]}" -name '*.[ch]' -print0 | sort -z |
    xargs -0 grep -nHE '^[[:space:]]*#[[:space:]]*include' |
    awk -v folders="$folders" -v libraries="$libraries" '
    function within(path, folder) { return path == folder || index(path, folder "/") == 1 || index(path, folder ".") == 1 }
    function bad(why) { printf "%s:%s: %s\n", file, line, why; violations++ }
    function trim(s) { gsub(/^ +| +$/, "", s); return s }
    # The row with the longest folder that holds `path`.
    function home(path,    best, f) {
        for (f in allowed) if (within(path, f) && length(f) > length(best)) best = f
        return best
    }
    BEGIN {
        rows = split(folders, row, "\n")
        for (i = 1; i <= rows; i++) if (split(row[i], cell, "|") == 2) allowed[trim(cell[1])] = trim(cell[2])
        rows = split(libraries, row, "\n")
        for (i = 1; i <= rows; i++) if (split(row[i], cell, "|") == 2) only[trim(cell[1])] = trim(cell[2])
    }
    {
        includes++
        file = $0; sub(/:[0-9]+:.*/, "", file)
        line = substr($0, length(file) + 2); sub(/:.*/, "", line)
        from = home(file)
        if (from == "") { bad("this folder has no row in scripts/check_layers.sh"); next }
    }
    /include[[:space:]]*"/ {
        target = $0; sub(/.*include[[:space:]]*"/, "", target); sub(/".*/, "", target)
        if (target !~ /\//) { bad("\"" target "\" is not written from the root"); next }
        if (within(target, from)) next
        n = split(allowed[from], may, " ")
        for (i = 1; i <= n; i++) if (within(target, may[i])) next
        bad(from " may not include \"" target "\"")
        next
    }
    /include[[:space:]]*</ {
        target = $0; sub(/.*include[[:space:]]*</, "", target); sub(/>.*/, "", target)
        for (library in only) {
            if (!within(target, library)) continue
            n = split(only[library], may, " ")
            for (i = 1; i <= n; i++) if (within(file, may[i])) next
            bad("<" target "> belongs into " only[library] " only")
        }
    }
    END {
        if (!violations) printf "layers: %d includes follow the arrows\n", includes
        exit (violations > 0)
    }'
