#!/bin/sh
# embed.sh TABLE FILE... - writes a C source that holds the files as a table of embedded_file (core/base/embedded.h),
# in the order given, closed by an entry without a name. The binaries then need no file at run time.
set -eu
table=$1
shift
printf '#include "core/base/embedded.h"\n'
n=0
for file in "$@"; do
    printf 'static const unsigned char data_%d[] = {\n' "$n"
    od -An -v -tx1 "$file" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
    printf '0};\n'
    n=$((n + 1))
done
printf 'const embedded_file %s[] = {\n' "$table"
n=0
for file in "$@"; do
    printf '    {"%s", data_%d, sizeof data_%d - 1},\n' "$(basename "$file")" "$n" "$n"
    n=$((n + 1))
done
printf '    {0, 0, 0},\n};\n'
