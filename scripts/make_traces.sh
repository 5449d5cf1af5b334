#!/usr/bin/env bash
# make_traces.sh [DIR] - writes the small tables of scenarios/traces (or of DIR), the same bytes each time.
#
#   replay.csv      1,800 calls in about five minutes: a quiet line with bursts, sizes in tokens
#   parliament.csv  weights of 210 language pairs: three languages that most is said in, fifteen that it is interpreted into
#
# Both are our own making in the shape of what one finds in the world; no line is taken from anywhere.
set -euo pipefail

out=${1:-scenarios/traces}

# A multiplicative congruential generator (Park and Miller): exact in the doubles of every awk.
random='
    function uniform() { seed = (16807 * seed) % 2147483647; return seed / 2147483647 }
    function exponential(mean) { return -mean * log(uniform()) }
    function normal(    i, sum) { for (i = 0; i < 12; i++) sum += uniform(); return sum - 6 }
'
LC_ALL=C awk "$random"'
    BEGIN {
        seed = 20260101; changes = exponential(20)
        print "arrival_s,tokens"
        for (n = 0; n < 1800; n++) {
            at += exponential(bursting ? 0.05 : 0.25)
            while (at > changes) { bursting = !bursting; changes += exponential(bursting ? 4 : 20) }
            tokens = int(128 * exp(0.7 * normal()) + 0.5)
            if (tokens < 8) tokens = 8
            if (tokens > 1000) tokens = 1000
            printf "%.3f,%d\n", at, tokens
        }
    }' > "$out/replay.csv"

LC_ALL=C awk "$random"'
    BEGIN {
        seed = 20260102
        n = split("en de fr it es pl ro hu cs nl sk fi hr sl lt", tag, " ")
        print "src,tgt,weight"
        for (s = 1; s <= n; s++)
            for (t = 1; t <= n; t++)
                if (s != t) printf "%s,%s,%.1f\n", tag[s], tag[t], 400 / s ^ 1.2 * (0.5 + 0.5 / t) * exp(0.3 * normal()) + 1
    }' > "$out/parliament.csv"
