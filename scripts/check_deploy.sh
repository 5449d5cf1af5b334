#!/usr/bin/env bash
# check_deploy.sh BUILD - is what deploy/ holds right? Each part is shown to the program that will read it; what is not on this machine is
# named and left out. Needs `make all man` before. Exit status 1 when something is wrong.
set -uo pipefail
build=$1
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say() { printf '  %-6s %s\n' "$1" "$2"; }
# NAME PROGRAM COMMAND...: what the command prints is shown when it fails.
check() {
    local name=$1 program=$2
    shift 2
    if ! command -v "$program" >/dev/null; then
        say left "$name: there is no $program here"
    elif "$@" >"$scratch/said" 2>&1; then
        say ok "$name"
    else
        say FAILED "$name"
        sed 's/^/         /' "$scratch/said"
        failed=1
    fi
}

installs() {
    make --no-print-directory install BUILD="$build" DESTDIR="$scratch/root" PREFIX=/usr &&
        local file && for file in usr/bin/{linguad,lingua-sim,lingua-bench,lingua-ctl} usr/share/man/man8/linguad.8 \
        usr/share/man/man1/lingua-{sim,bench,ctl}.1 usr/lib/systemd/system/linguad.service usr/lib/sysusers.d/linguad.conf \
        etc/linguad/linguad.yaml etc/linguad/secrets.env; do
        [[ -s $scratch/root/$file ]] || { echo "$file is missing"; return 1; }
    done
}
keeps_settings() {
    echo "drain_limit: 77s" >"$scratch/root/etc/linguad/linguad.yaml"
    make --no-print-directory install BUILD="$build" DESTDIR="$scratch/root" PREFIX=/usr &&
        grep -qx "drain_limit: 77s" "$scratch/root/etc/linguad/linguad.yaml"
}
# The unit as it is, but for programs and pages that are not installed here.
unit() {
    sed -e "s|/usr/bin/linguad|$PWD/$build/linguad|" -e '/^Documentation=/d' deploy/systemd/linguad.service >"$scratch/linguad.service"
    systemd-analyze verify "$scratch/linguad.service"
}
hardened() {
    systemd-analyze security --offline=true --threshold=20 deploy/systemd/linguad.service
}
nginx_reads() {
    sed -e "s|/etc/nginx/linguad_ws.inc|$PWD/deploy/nginx/linguad_ws.inc|" -e 's/listen 443 ssl/listen 18443/' -e '/ssl_certificate/d' \
        -e "s|/var/log/nginx|$scratch|" deploy/nginx/linguad.conf >"$scratch/linguad.conf"
    printf 'pid %s/pid;\nerror_log %s/errors;\nevents {}\nhttp { include %s/linguad.conf; }\n' "$scratch" "$scratch" "$scratch" \
        >"$scratch/nginx.conf"
    nginx -t -c "$scratch/nginx.conf"
}
pages() {
    local page
    for page in "$build"/man/*.[18]; do mandoc -T lint -W error "$page" || return 1; done
}
# Every command that a program lists has a section.
pages_tell_commands() {
    local program command
    for program in lingua-sim lingua-bench lingua-ctl; do
        for command in $("$build/$program" --help | awk '/^  [a-z]+ +[^ ]/ { print $1 }'); do
            grep -q "^.SS $program $command\$" "$build/man/$program.1" || { echo "$program.1: nothing of $command"; return 1; }
        done
    done
}
package() {
    local deb
    deb=$(scripts/make_deb.sh "$build") && dpkg-deb -c "$deb" >"$scratch/contents" && dpkg-deb -f "$deb" Depends >"$scratch/depends" &&
        grep -q ' ./usr/bin/linguad$' "$scratch/contents" && grep -q libwebsockets "$scratch/depends" && grep -q libhiredis "$scratch/depends"
}
image_packages() {
    local wanted
    wanted=$(dpkg-deb -f "$build"/lingua-scheduler_*.deb Depends | tr ',' '\n' | awk '/^ *lib/ { print $1 }' | grep -v '^libc6$')
    for wanted in $wanted; do
        grep -qw "$wanted" deploy/Containerfile || { echo "Containerfile: $wanted is not installed in the image"; return 1; }
    done
}

check "make install puts everything in its place" make installs
check "make install keeps a configuration" make keeps_settings
check "the shipped configuration is right" "$build/linguad" "$build/linguad" --config deploy/linguad.yaml --check-config
check "systemd reads the unit" systemd-analyze unit
check "the unit's exposure is at most 2.0" systemd-analyze hardened
check "nginx reads its configuration" nginx nginx_reads
check "manual pages are well-formed" mandoc pages
check "manual pages tell every command" make pages_tell_commands
check "a Debian package is made" dpkg-shlibdeps package
check "the image has what the programs are linked with" dpkg-shlibdeps image_packages
check "Prometheus reads its alerts" promtool promtool check rules deploy/prometheus/alerts.yml
check "each alert fires when it should, none while all is well" promtool promtool test rules deploy/prometheus/alerts_test.yml
exit $failed
