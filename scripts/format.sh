#!/usr/bin/env bash
# format.sh --write|--check FILE... - clang-format over the C sources, with the one version whose taste is ours.
#
# Other versions lay out some code differently, so a check with them would blame the wrong people: it is skipped, and says so.
set -euo pipefail

version=14
mode=$1
shift
format=clang-format-$version
command -v "$format" >/dev/null || format=clang-format
if ! "$format" --version 2>/dev/null | grep -q "version $version\."; then
    echo "format: skipped, there is no clang-format $version (Debian 12: apt-get install clang-format)"
    [[ $mode == --check ]]
    exit
fi
if [[ $mode == --write ]]; then
    exec "$format" -i "$@"
fi
# Several files to a process: starting one takes longer than reading a file.
if complaints=$(printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -n 32 "$format" --dry-run -Werror 2>&1); then
    echo "format: $# files as clang-format writes them"
    exit
fi
files=$(sed -nE 's/^([^:]+):[0-9]+:[0-9]+: error: .*/  \1/p' <<<"$complaints" | sort -u)
if [[ -n $files ]]; then
    printf 'format: not as clang-format writes it, run "make format":\n%s\n' "$files" >&2
else
    printf '%s\n' "$complaints" >&2
fi
exit 1
