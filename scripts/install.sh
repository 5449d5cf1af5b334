#!/usr/bin/env bash
# install.sh BUILD DESTDIR PREFIX - puts programs, manual pages, the service and its configuration where Debian has them.
#
# Below PREFIX /usr the configuration is in /etc, else in PREFIX/etc. A configuration that is there is left alone.
set -euo pipefail
build=$1 destdir=$2 prefix=$3
etc=$prefix/etc
if [[ $prefix == /usr ]]; then etc=/etc; fi
root=$destdir$prefix

install -d "$root/bin" "$root/share/man/man1" "$root/share/man/man8" "$root/lib/systemd/system" "$root/lib/sysusers.d" \
    "$root/share/lingua-scheduler" "$root/share/doc/lingua-scheduler/examples" "$destdir$etc/linguad"
install -m 755 "$build/linguad" "$build/lingua-ctl" "$build/lingua-sim" "$build/lingua-bench" "$root/bin"
install -m 644 "$build"/man/*.1 "$root/share/man/man1"
install -m 644 "$build"/man/*.8 "$root/share/man/man8"

# The service names programs and files where they are now.
sed -e "s|/usr/bin/|$prefix/bin/|" -e "s|/etc/linguad|$etc/linguad|" deploy/systemd/linguad.service \
    >"$root/lib/systemd/system/linguad.service"
chmod 644 "$root/lib/systemd/system/linguad.service"
install -m 644 deploy/systemd/linguad.sysusers "$root/lib/sysusers.d/linguad.conf"
put_config() {
    if [[ -e $3 ]]; then echo "kept: $3"; else install -m "$1" "$2" "$3"; fi
}
put_config 644 deploy/linguad.yaml "$destdir$etc/linguad/linguad.yaml"
put_config 600 deploy/systemd/secrets.env "$destdir$etc/linguad/secrets.env"

cp -R scenarios "$root/share/lingua-scheduler"
install -m 644 README.md CHANGELOG.md docs/*.md "$root/share/doc/lingua-scheduler"
cp -R deploy/nginx deploy/prometheus deploy/grafana deploy/Containerfile "$root/share/doc/lingua-scheduler/examples"
find "$root/share/lingua-scheduler" "$root/share/doc/lingua-scheduler" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
