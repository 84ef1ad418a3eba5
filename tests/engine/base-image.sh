#!/usr/bin/env bash
# base-image.sh WORKDIR: docker.io/library/python:3.11-slim in buildah's store, without a registry for images:
# a minimal Debian with a CPython 3.11 copied to /usr/local, as the official image has it.
# Needs root and Debian's packages; takes 1-2 minutes, later WORKDIR/rootfs.tar is used again.
set -euo pipefail
work=${1:?usage: base-image.sh WORKDIR}
python=${PYTHON:-python3}
mkdir -p "$work"
export DEBIAN_FRONTEND=noninteractive
for tool in debootstrap buildah skopeo; do
  command -v "$tool" >/dev/null || { apt-get update -q; apt-get install -y -q --no-install-recommends "$tool"; }
done
if [[ ! -f $work/rootfs.tar ]]; then
  prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  [[ $version == 3.11 ]] || { echo "$python is Python $version; name a 3.11 with PYTHON=" >&2; exit 3; }
  root=$work/rootfs
  rm -rf "$root"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$work/debootstrap.log"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
  chroot "$root" apt-get update -q
  chroot "$root" apt-get install -y -q --no-install-recommends libssl3 libffi8 libsqlite3-0 libbz2-1.0 liblzma5 \
    zlib1g libreadline8 libncursesw6 libuuid1 libgdbm6 libdb5.3 tzdata netbase
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb
  cp -a "$prefix/." "$root/usr/local/"
  lib=$root/usr/local/lib/python$version
  find "$lib" -depth -type d \( -name test -o -name tests -o -name __pycache__ -o -name idlelib \) -exec rm -rf {} +
  rm -rf "$root"/usr/local/lib/libpython*.a "$lib"/config-*/libpython*.a "$lib/site-packages" "$root"/usr/local/bin/pip*
  mkdir -p "$lib/site-packages"
  grep -lI "^#!$prefix" "$root"/usr/local/bin/* 2>/dev/null | xargs -r rm -f || true
  chroot "$root" ldconfig
  chroot "$root" "/usr/local/bin/python$version" -m ensurepip >/dev/null
  ln -sf "python$version" "$root/usr/local/bin/python3"
  ln -sf python3 "$root/usr/local/bin/python"
  ln -sf pip3 "$root/usr/local/bin/pip"
  tar -C "$root" -cf "$work/rootfs.tar" . && rm -rf "$root"
fi
container=$(buildah from scratch)
buildah add -q "$container" "$work/rootfs.tar" / >/dev/null
buildah config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin --env LANG=C.UTF-8 \
  --cmd python3 "$container"
buildah commit -q --format docker "$container" docker.io/library/python:3.11-slim
buildah rm "$container" >/dev/null
