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
unformatted=()
for file in "$@"; do
    "$format" --dry-run -Werror "$file" 2>/dev/null || unformatted+=("$file")
done
if ((${#unformatted[@]})); then
    printf 'format: not as clang-format writes it, run "make format":\n' >&2
    printf '  %s\n' "${unformatted[@]}" >&2
    exit 1
fi
echo "format: $# files as clang-format writes them"
