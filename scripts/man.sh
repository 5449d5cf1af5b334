#!/usr/bin/env bash
# man.sh TEMPLATE PROGRAM - a manual page on standard output: the template, in which
#
#   @HELP@      becomes what PROGRAM --help prints
#   @COMMANDS@  becomes a section for each command that it lists, with what PROGRAM COMMAND --help prints
#   @VERSION@   becomes its version
#
# So what a page says of options is what the program says itself.
set -euo pipefail
template=$1 program=$2

# Text as it is: backslashes and lines that begin like a request are protected.
verbatim() {
    printf '.nf\n'
    sed -e 's/\\/\\e/g' -e "s/^[.']/\\\\\&&/" -e 's/-/\\-/g'
    printf '.fi\n'
}

commands() {
    "$program" --help | awk '/^  [a-z]+ +[^ ]/ && $1 != "lingua" { print $1 }'
}

while IFS= read -r line; do
    case $line in
    @HELP@) "$program" --help | verbatim ;;
    @COMMANDS@)
        for command in $(commands); do
            if ! help=$("$program" "$command" --help 2>/dev/null); then continue; fi
            printf '.SS %s %s\n' "$(basename "$program")" "$command"
            verbatim <<<"$help"
        done
        ;;
    *) printf '%s\n' "${line//@VERSION@/$("$program" --version | awk '{ print $NF }')}" ;;
    esac
done <"$template"
