#!/usr/bin/env bash
# debian-packages.sh WORKDIR RELEASE PACKAGE...: unpack packages of a Debian release, which may be a newer one than this
# machine's, into WORKDIR/RELEASE. Nothing is installed. Prints that folder.
set -euo pipefail
usage="usage: debian-packages.sh WORKDIR RELEASE PACKAGE..."
work=${1:?$usage} release=${2:?$usage}
shift 2
root=$work/$release apt=$work/$release.apt
options=(-qq -o "Dir::Etc::sourcelist=$apt/debian.sources" -o Dir::Etc::sourceparts=/dev/null
  -o APT::Sandbox::User=root -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt")
mkdir -p "$root" "$apt/lists/partial" "$apt/downloads"
for package in "$@"; do
  [[ -e $apt/$package.done ]] && continue
  if [[ ! -e $apt/debian.sources ]]; then
    sed "s/$(. /etc/os-release && echo "$VERSION_CODENAME")/$release/g" /etc/apt/sources.list.d/debian.sources >"$apt/debian.sources"
  fi
  [[ -n ${updated:-} ]] || apt-get "${options[@]}" update >&2
  updated=1
  (cd "$apt/downloads" && apt-get "${options[@]}" download "$package" >&2)
  dpkg -x "$apt/downloads/$package"_*.deb "$root"
  rm "$apt/downloads/$package"_*.deb
  touch "$apt/$package.done"
done
echo "$root"
