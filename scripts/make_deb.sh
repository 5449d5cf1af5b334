#!/usr/bin/env bash
# make_deb.sh BUILD - a Debian package of the four programs in BUILD/: what `make install PREFIX=/usr` puts somewhere, the
# libraries it was linked with as dependencies, and scripts that make the user and start the service.
set -euo pipefail
build=$1
for tool in dpkg-deb dpkg-shlibdeps; do
    command -v $tool >/dev/null || { echo "make deb: $tool is missing: apt-get install dpkg-dev" >&2; exit 2; }
done

version=$("$build/linguad" --version | awk '{ print $NF }')-1
arch=$(dpkg --print-architecture)
stage=$build/deb
root=$stage/lingua-scheduler_${version}_$arch
rm -rf "$stage"
mkdir -p "$root/DEBIAN"
scripts/install.sh "$build" "$PWD/$root" /usr
strip --strip-unneeded "$root"/usr/bin/*
# Units and users of packages are below /lib and /usr/lib on Debian 12.
mkdir -p "$root/lib" && mv "$root/usr/lib/systemd" "$root/lib/systemd"
gzip -9n "$root"/usr/share/man/man?/*
# Debian's own changelog is of the package; the project's stands beside it.
{
    printf 'lingua-scheduler (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n' "$version"
    printf ' -- the lingua-scheduler maintainers <maintainers@users.noreply.invalid>  %s\n' "$(date -R -r CHANGELOG.md)"
} | gzip -9n >"$root/usr/share/doc/lingua-scheduler/changelog.Debian.gz"
{
    echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
    echo
    echo "Files: *"
    echo "Copyright: 2026 the lingua-scheduler maintainers"
    echo "License: Apache-2.0"
    echo " On Debian systems the text is in /usr/share/common-licenses/Apache-2.0."
} >"$root/usr/share/doc/lingua-scheduler/copyright"

# dpkg-shlibdeps wants a source package around it; the event loop's plug-in is loaded by name, so it is named here.
mkdir -p "$stage/debian" && printf 'Source: lingua-scheduler\n\nPackage: lingua-scheduler\nArchitecture: any\n' >"$stage/debian/control"
libraries=$(cd "$stage" && dpkg-shlibdeps -O "$(basename "$root")"/usr/bin/* 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@LIBRARIES@/$libraries/" \
    -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f1)/" deploy/debian/control.in >"$root/DEBIAN/control"
install -m 755 deploy/debian/postinst deploy/debian/prerm deploy/debian/postrm "$root/DEBIAN"
(cd "$root" && find etc -type f -printf '/%p\n' | sort >DEBIAN/conffiles &&
    find usr lib -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -type d -exec chmod 755 {} +

dpkg-deb --root-owner-group -Zxz --build "$root" "$build" >/dev/null
echo "$build/$(basename "$root").deb"
