#!/usr/bin/env bash
# docker-engine.sh start|stop WORKDIR RELEASE: the Docker Engine of a Debian release, unpacked and not installed, in a network
# namespace that all engines started so share; from trixie on with buildx and Compose v2. Needs root. Prints what a client needs
# as NAME=VALUE. Processes of this machine are not reachable from there: run them with
# `nsenter --net=/run/netns/wheelyard-engine`. (`ip netns exec` would hide the control groups from the engine.)
set -euo pipefail
usage="usage: docker-engine.sh start|stop WORKDIR RELEASE"
action=${1:?$usage} work=$(realpath -m "${2:?$usage}") release=${3:?$usage}
namespace=wheelyard-engine engine=$work/$release.engine
case $action in
start)
  export DEBIAN_FRONTEND=noninteractive
  for tool in iptables:iptables ip:iproute2 runc:runc; do # a newer runc needs a newer libc
    command -v "${tool%:*}" >/dev/null || { apt-get update -q; apt-get install -y -q --no-install-recommends "${tool#*:}"; } >&2
  done
  packages=(docker.io containerd) options=()
  case $release in
  bookworm) options=(--bridge=none --iptables=false) ;; # two engines in one namespace: the other one has the bridge
  *) packages+=(docker-cli docker-buildx docker-compose) ;;
  esac
  root=$("$(dirname "$0")/debian-packages.sh" "$work" "$release" "${packages[@]}")
  export PATH=$root/usr/bin:$root/usr/sbin:$root/sbin:$PATH
  plugins=$root/usr/libexec/docker/cli-plugins
  mkdir -p "$engine/config/cli-plugins"
  [[ ! -d $plugins ]] || ln -sf "$plugins"/* "$engine/config/cli-plugins/"
  ip netns add "$namespace" 2>/dev/null || true
  ip -n "$namespace" link set lo up
  nohup nsenter "--net=/run/netns/$namespace" dockerd --data-root "$engine/data" --exec-root "$engine/exec" \
    -H "unix://$engine/docker.sock" --pidfile "$engine/dockerd.pid" --storage-driver=overlay2 "${options[@]}" \
    >"$engine/dockerd.log" 2>&1 &
  for _ in $(seq 100); do
    docker -H "unix://$engine/docker.sock" version >/dev/null 2>&1 && break
    sleep 0.2
  done
  docker -H "unix://$engine/docker.sock" version >&2
  echo "DOCKER_HOST=unix://$engine/docker.sock"
  echo "DOCKER_CONFIG=$engine/config"
  echo "CLIENTS=$root/usr/bin"
  ;;
stop)
  kill "$(cat "$engine/dockerd.pid")" 2>/dev/null || true
  for _ in $(seq 50); do
    [[ -e $engine/dockerd.pid ]] || break
    sleep 0.2
  done
  ip netns del "$namespace" 2>/dev/null || true
  ;;
esac
