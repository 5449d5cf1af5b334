# found_in.sh - for scripts that start servers: `source` it.
# shellcheck shell=bash

# Waits until a line of a file matches, and prints what the expression's group found.
found_in() {
    local file=$1 expression=$2 found tries
    for ((tries = 0; tries < 200; tries++)); do
        found=$(sed -nE "s/.*$expression.*/\1/p" "$file" 2>/dev/null | head -1)
        if [[ $found ]]; then echo "$found"; return; fi
        sleep 0.05
    done
    echo "$(basename "$0"): nothing like \"$expression\" in $file:" >&2
    tail -5 "$file" >&2
    return 1
}
