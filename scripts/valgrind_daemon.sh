#!/usr/bin/env bash
# valgrind_daemon.sh BUILD TEXT - runs the end-to-end tests with TEXT in their name, each linguad under valgrind.
#
# Invalid reads and writes, uses of what was never written, and leaks make linguad end with a status that is not 0, which fails the test
# that started it; its log says where. Everything takes some twenty times as long, so waits have longer limits.
set -euo pipefail

if ! command -v valgrind >/dev/null; then
    echo "valgrind is missing (Debian: apt-get install valgrind)" >&2
    exit 2
fi
export LINGUA_BUILD=$1 LINGUA_TEST_LIMIT=${LINGUA_TEST_LIMIT:-180}
export LINGUA_WRAP="valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,indirect"
shopt -s nullglob
tests=(tests/daemon/test_*"$2"*.py)
if ((${#tests[@]} == 0)); then
    echo "no end-to-end test has \"$2\" in its name" >&2
    exit 2
fi
status=0
for test in "${tests[@]}"; do
    echo "$test under valgrind"
    /usr/bin/python3 -B "$test" || status=1
done
exit $status
